// Reads the text of a picture: one statement per line, `word rest`. Empty lines and lines with # are ignored.

export interface Statement {
  readonly word: string;
  readonly rest: string;
  /** The number of the line, for an error. */
  readonly line: number;
}

export interface Description {
  readonly title: string;
  readonly description: string;
  readonly statements: readonly Statement[];
}

export function readDescription(source: string): Description {
  const statements = source.split('\n')
    .map((line, index) => ({ line: index + 1, content: line.trim() }))
    .filter(({ content }) => content !== '' && !content.startsWith('#'))
    .map(({ line, content }): Statement => {
      const [, word, rest] = /^(\S+)\s+(.+)$/.exec(content) ?? fail(line, content);
      return { word, rest, line };
    });
  const only = (word: string) =>
    statements.find((statement) => statement.word === word)?.rest ?? fail(0, `${word} …`, 'is missing');
  return {
    title: only('title'),
    description: only('description'),
    statements: statements.filter(({ word }) => !['picture', 'title', 'description'].includes(word)),
  };
}

/** Splits a text into its lines, which `|` separates. */
export function linesOf(content: string): string[] {
  return content.split('|').map((line) => line.trim());
}

export function fail(line: number, content: string, problem = 'is not understood'): never {
  throw new Error(`Line ${line} of the picture ${problem}: ${content}`);
}
