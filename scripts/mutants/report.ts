// What Stryker's report says about each mutant (the schema of mutation-testing-elements).

export interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly ReportedMutant[] }>>;
}

interface Position {
  readonly line: number;
  readonly column: number;
}

interface ReportedMutant {
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: Readonly<Record<'start' | 'end', Position>>;
}

export interface Mutant {
  readonly file: string;
  /** As Stryker takes it: `file:line:column-line:column`, with columns from 0. */
  readonly place: string;
  /** Where it is, and what became of the code there. */
  readonly name: string;
  /** A test failed, ended late, or could not even load the code. */
  readonly isSeen: boolean;
}

const NOT_SEEN = new Set(['Survived', 'NoCoverage']);
/** More of the code says no more. */
const SHOWN = 100;

/** Mutants that are no code, or that nobody made, count for nothing. */
export function mutantsOf({ files }: Report): Mutant[] {
  return Object.entries(files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n');
    return mutants.filter(({ status }) => !['Ignored', 'CompileError'].includes(status))
      .map(({ status, mutatorName, replacement = '', location: { start, end } }) => {
        const codeEnds = end.line === start.line ? end.column - 1 : undefined;
        const code = lines[start.line - 1].slice(start.column - 1, codeEnds);
        return {
          file,
          place: `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`,
          name: `${file}:${start.line}:${start.column} ${mutatorName}: ${short(code)} -> ${short(replacement)}`,
          isSeen: !NOT_SEEN.has(status),
        };
      });
  });
}

function short(code: string): string {
  const line = code.replace(/\s+/g, ' ');
  return line.length > SHOWN ? `${line.slice(0, SHOWN)} …` : line;
}
