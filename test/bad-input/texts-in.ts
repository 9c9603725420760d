// The texts in TypeScript sources, with what is joined by `+` or cut by `${…}` put together.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';

/** What stands where the program puts a value in. */
export const VALUE = '\u0000';

/** Where an error is made: its source, and its texts. */
export interface MadeError {
  readonly source: string;
  readonly texts: readonly string[];
}

/** All texts in the sources of a folder, but for some files, each in one piece. */
export function textsIn(folder: string, except?: RegExp): string[] {
  return filesIn(folder, except).flatMap(textsOf);
}

/** All errors that the sources of a folder make. */
export function errorsIn(folder: string): MadeError[] {
  const found: MadeError[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && /Error$/.test(node.expression.getText())) {
      found.push({ source: node.getText().replace(/\s+/g, ' '), texts: (node.arguments ?? []).flatMap(textsOf) });
    }
    node.forEachChild(look);
  };
  filesIn(folder).forEach(look);
  return found;
}

function filesIn(folder: string, except = /^$/): ts.SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !except.test(file))
    .map((file) => ts.createSourceFile(file, readFileSync(join(folder, file), 'utf8'), ts.ScriptTarget.Latest, true));
}

function textsOf(node: ts.Node): string[] {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return [];
  const text = ts.isExpression(node) ? joined(node) : undefined;
  const inner = (parent: ts.Node): string[] => {
    const found: string[] = [];
    parent.forEachChild((child) => void found.push(...textsOf(child)));
    return found;
  };
  return text === undefined ? inner(node) : [text, ...valuesIn(node).flatMap(textsOf)];
}

/** Undefined for what is no text. */
function joined(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map(({ literal }) => VALUE + literal.text).join('');
  }
  if (ts.isParenthesizedExpression(node)) return joined(node.expression);
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [joined(node.left), joined(node.right)];
    return left === undefined && right === undefined ? undefined : (left ?? VALUE) + (right ?? VALUE);
  }
  return undefined;
}

/** The values that a text has in it, which can have texts of their own. */
function valuesIn(node: ts.Node): ts.Node[] {
  if (ts.isTemplateExpression(node)) return node.templateSpans.map(({ expression }) => expression);
  if (ts.isParenthesizedExpression(node)) return valuesIn(node.expression);
  if (ts.isBinaryExpression(node)) {
    return [node.left, node.right].flatMap((side) => joined(side) === undefined ? [side] : valuesIn(side));
  }
  return [];
}
