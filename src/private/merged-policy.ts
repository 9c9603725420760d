// One IAM policy document for many permissions: permissions of one kind become one statement, and its
// size is estimated.
import { Stack } from 'aws-cdk-lib';
import { compared, comparisonKey } from './comparison-key';
import { aroundDynamicReferences, hasDynamicReference } from './dynamic-reference';
import { partitionOf } from './known-region';
import { withStandIns } from './late-value';
import { Permission } from './permissions';

/**
 * IAM's limit for a managed policy, in characters without white space:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const MAX_POLICY_SIZE = 6144;

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html */
const MAX_DESCRIPTION = 1000;

interface Statement {
  readonly Effect: 'Allow';
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: { [operator: string]: { [key: string]: string | string[] } };
}

interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: Statement[];
}

/**
 * The document for these permissions. It has a resource that several identities need, such as a shared
 * zone, once.
 */
export function policyDocument(stack: Stack, permissions: readonly Permission[]): PolicyDocument {
  return render(merge(stack, permissions));
}

/**
 * A description with the names that only the deployment knows, such as a domain from a parameter.
 *
 * Another value of a parameter does not change the template. CloudFormation would change the policy in
 * place, and the handler could not release the old name. Another description makes it replace the policy.
 * What finds no room does without: three domains of the longest kind do.
 */
export function policyDescription(stack: Stack, permissions: readonly Permission[]): string | undefined {
  const names = permissions.flatMap(({ namesToRelease = [], maxTokenInResource }) =>
    namesToRelease.filter(name => isOfDeployment(stack.resolve(name))).map(text => ({ text, maxTokenInResource })));
  let room = MAX_DESCRIPTION;
  const different = new Map(names.map(each => [comparisonKey(stack, each.text), each])).values();
  const texts = [...different].filter(({ text, maxTokenInResource }) => {
    const length = maxLength(stack, stack.resolve(text), maxTokenInResource) + ' '.length;
    if (length > room) return false;
    room -= length;
    return true;
  }).map(({ text }) => text);
  return texts.length > 0 ? texts.join(' ') : undefined;
}

/** Account, Region and partition of a stack never change. */
function isOfDeployment(resolved: any): boolean {
  if (typeof resolved === 'string') return hasDynamicReference(resolved);
  return typeof resolved === 'object' && !PSEUDO_PARAMETERS.has(resolved.Ref);
}

/** Permissions as they count in the size of a document. */
export interface Measured {
  /** By kind: characters of the statement without the resources and the values of conditions. */
  readonly statements: ReadonlyMap<string, number>;
  /** The resources and values, each once. */
  readonly texts: ReadonlyMap<string, { readonly list: string; readonly length: number }>;
}

/**
 * Measures permissions as they can be at deployment at the most. Synthesis does not know the value of a token, so each
 * token counts with the longest value of its kind.
 */
export function measure(stack: Stack, permissions: readonly Permission[]): Measured {
  const statements = new Map<string, number>();
  const texts = new Map<string, { list: string; length: number }>();
  for (const { kind, actions, resources, conditions = {}, maxTokenInResource, maxTokenInCondition } of permissions) {
    const add = (list: string, values: string[], maxToken: number) => values.map(withStandIns).forEach(text => {
      const { key, resolved: [resolved] } = comparedOnce(stack, text);
      texts.set(`${list} ${key}`, { list, length: maxLength(stack, resolved, maxToken) });
    });
    add(kind, resources, maxTokenInResource);
    const names = mapConditions(conditions, (values, operator, key) => {
      add(`${kind} ${operator} ${key}`, values, maxTokenInCondition ?? MAX_REGION);
      return NOTHING;
    });
    const isEmpty = Object.keys(names).length === 0;
    const statement = JSON.stringify({
      Effect: 'Allow',
      Action: withoutListOfOne(actions),
      Resource: NOTHING,
      Condition: isEmpty ? undefined : names,
    });
    statements.set(kind, statement.replaceAll(`"${NOTHING}"`, '').length);
  }
  return { statements, texts };
}

const comparedTexts = new WeakMap<Stack, Map<string, ReturnType<typeof compared>>>();

/** Many identities have the same texts, such as a shared zone, and tokens are slow. */
function comparedOnce(stack: Stack, text: string): ReturnType<typeof compared> {
  if (!comparedTexts.has(stack)) comparedTexts.set(stack, new Map());
  const known = comparedTexts.get(stack)!;
  if (!known.has(text)) known.set(text, compared(stack, [text]));
  return known.get(text)!;
}

/** Stands for values that are counted elsewhere. */
const NOTHING = '<nothing>';

/** The largest size that a document can have at deployment, in characters. It grows as permissions are added. */
export class DocumentSize {
  private size = JSON.stringify(render([])).length;
  private readonly kinds = new Set<string>();
  private readonly texts = new Set<string>();
  private readonly counts = new Map<string, number>();

  public get characters(): number {
    return this.size;
  }

  /** Adds them, and returns true, if the document then is no larger than the limit. Otherwise it stays as it is. */
  public add({ statements, texts }: Measured, limit = Infinity): boolean {
    let { size } = this;
    let statementsBefore = this.kinds.size;
    for (const [kind, length] of statements) {
      if (this.kinds.has(kind)) continue;
      size += length + (statementsBefore > 0 ? ','.length : 0);
      statementsBefore += 1;
    }
    const counts = new Map<string, number>();
    const added: string[] = [];
    for (const [text, { list, length }] of texts) {
      if (this.texts.has(text)) continue;
      const before = counts.get(list) ?? this.counts.get(list) ?? 0;
      size += length + '""'.length + (before > 0 ? ','.length : 0) + (before === 1 ? '[]'.length : 0);
      counts.set(list, before + 1);
      added.push(text);
    }
    if (size > limit) return false;
    this.size = size;
    for (const kind of statements.keys()) this.kinds.add(kind);
    for (const text of added) this.texts.add(text);
    for (const [list, count] of counts) this.counts.set(list, count);
    return true;
  }
}

/**
 * Gives one permission for each kind, with the resources and the condition values of all permissions of
 * that kind.
 */
function merge(stack: Stack, permissions: readonly Permission[]): Permission[] {
  const kinds = new Map<string, Permission[]>();
  for (const permission of permissions) {
    const sameKind = kinds.get(permission.kind);
    if (sameKind) sameKind.push(permission);
    else kinds.set(permission.kind, [permission]);
  }
  return [...kinds.values()].map(sameKind => sameKind.length === 1 ? sameKind[0] : { // the usual case; tokens are slow
    ...sameKind[0],
    resources: distinct(stack, sameKind.flatMap(permission => permission.resources)),
    conditions: sameKind[0].conditions && mapConditions(sameKind[0].conditions, (_, operator, key) =>
      distinct(stack, sameKind.flatMap(permission => permission.conditions?.[operator][key] ?? []))),
  });
}

/** Equal texts, of which a shared zone gives many, are compared once: keys are slow. */
function distinct(stack: Stack, texts: string[]): string[] {
  return [...new Map([...new Set(texts)].map(text => [comparisonKey(stack, text), text])).values()];
}

function render(permissions: Permission[]): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: permissions.map(permission => ({
      Effect: 'Allow',
      Action: withoutListOfOne(permission.actions),
      Resource: withoutListOfOne(permission.resources),
      Condition: permission.conditions && mapConditions(permission.conditions, withoutListOfOne),
    })),
  };
}

/** IAM takes one value without a list, which makes the document shorter. */
function withoutListOfOne(values: string[]): string | string[] {
  return values.length === 1 ? values[0] : values;
}

function mapConditions<T>(
  conditions: NonNullable<Permission['conditions']>,
  change: (values: string[], operator: string, key: string) => T,
): { [operator: string]: { [key: string]: T } } {
  return Object.fromEntries(Object.entries(conditions).map(([operator, keys]) => [
    operator,
    Object.fromEntries(Object.entries(keys).map(([key, values]) => [key, change(values, operator, key)])),
  ]));
}

/**
 * `ap-northeast-1` and `us-isob-east-1` have 14 characters. Two more are for Regions that AWS opens
 * later.
 */
const MAX_REGION = 16;

/** They never change in a stack. */
const PSEUDO_PARAMETERS = new Set(['AWS::Partition', 'AWS::Region', 'AWS::AccountId']);

/** The partition of a Region that synthesis knows is known, too. */
function maxPartition({ region }: Stack): number {
  return (partitionOf(region) ?? 'aws-us-gov').length;
}

/**
 * The longest that a resolved text can be at deployment. @param maxToken for a token that is no pseudo
 * parameter
 */
function maxLength(stack: Stack, resolved: any, maxToken: number): number {
  if (typeof resolved === 'string') return aroundDynamicReferences(resolved).join('x'.repeat(maxToken)).length;
  const [delimiter, parts] = resolved?.['Fn::Join'] ?? [];
  if (Array.isArray(parts)) {
    const delimiters = delimiter.length * (parts.length - 1);
    return parts.reduce((sum, part) => sum + maxLength(stack, part, maxToken), delimiters);
  }
  switch (resolved?.Ref) {
    case 'AWS::Partition': return maxPartition(stack);
    case 'AWS::Region': return MAX_REGION;
    case 'AWS::AccountId': return 12;
    default: return maxToken;
  }
}
