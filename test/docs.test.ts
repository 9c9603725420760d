// Every TypeScript example in the guides compiles. The README and the API reference are compiled by `jsii-rosetta extract --strict`, which
// reads no other files; so its rules for examples (the fixtures in rosetta/) are followed here, with TypeScript's checker.
import { readdirSync, readFileSync } from 'fs';
import { basename, join } from 'path';
import * as ts from 'typescript';

const ROOT = join(__dirname, '..');
const GUIDES = readdirSync(join(ROOT, 'docs')).filter((file) => file.endsWith('.md')).map((file) => join(ROOT, 'docs', file));

interface Example {
  /** Where it would be, so that modules are found from there. It is in memory only. */
  readonly file: string;
  readonly from: string;
  readonly source: string;
}

function examplesIn(markdown: string, name: string): Example[] {
  return [...markdown.matchAll(/^```ts\b(.*)\n([^]*?)^```$/gm)].map(([, info, code], index) => ({
    file: join(ROOT, `example-${basename(name, '.md')}-${index + 1}.ts`),
    from: `${basename(name)}, example ${index + 1}`,
    source: info.includes('nofixture') ? code : inFixture(code, /fixture=(\w+)/.exec(info)?.[1] ?? 'default'),
  }));
}

/** As jsii-rosetta does it: imports and declarations go to the top, the rest to the place that the fixture has for it. */
function inFixture(code: string, name: string): string {
  const fixture = readFileSync(join(ROOT, 'rosetta', `${name}.ts-fixture`), 'utf8');
  const forTop = /^(import|declare) .*$/gm;
  return [...code.match(forTop) ?? [], fixture.replace('/// here', () => code.replace(forTop, ''))].join('\n');
}

/** One program for all, as reading the types of aws-cdk-lib takes most of the time. */
function problemsOf(examples: readonly Example[]): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.dev.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson({
    ...config.compilerOptions,
    noEmit: true,
    noUnusedLocals: false, // a fixture brings more than each example uses
    noUnusedParameters: false,
    incremental: false,
    paths: { 'cdk-ses-dkim': [join(ROOT, 'src', 'index.ts')] },
  }, ROOT);
  const inMemory = new Map(examples.map(({ file, source }) => [file, source]));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => inMemory.has(file) || fileExists.call(host, file);
  host.readFile = (file) => inMemory.get(file) ?? readFile.call(host, file);
  const program = ts.createProgram([...inMemory.keys()], options, host);
  return examples.flatMap(({ file, from }) => {
    const source = program.getSourceFile(file)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(({ messageText, start = 0 }) => {
      const line = source.text.slice(0, start).split('\n').length - 1;
      return `${from}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}\n    ${source.text.split('\n')[line].trim()}`;
    });
  });
}

const BROKEN = ['```ts', 'declare const identity: ses.IEmailIdentity;', 'new EmailIdentityDkim(this, "Dkim", { identity, zone: 1 });', '```', ''].join('\n');

let examples: Example[];
let problems: string[];

beforeAll(() => {
  examples = GUIDES.flatMap((guide) => examplesIn(readFileSync(guide, 'utf8'), guide));
  problems = problemsOf([...examples, ...examplesIn(BROKEN, 'broken.md')]);
}, 300_000);

test('every example in the guides compiles', () => {
  expect(examples.length).toBeGreaterThan(10);
  expect(problems.filter((problem) => !problem.startsWith('broken.md'))).toEqual([]);
});

test('an example that does not compile is found, with the line that is wrong', () => {
  expect(problems.filter((problem) => problem.startsWith('broken.md')))
    .toEqual([expect.stringMatching(/example 1: .*'zone' does not exist[^]*new EmailIdentityDkim/)]);
});

test('the guide to the log knows every decision, and no other', () => {
  const lambda = join(ROOT, 'lambda');
  const logged = readdirSync(lambda)
    .flatMap((file) => [...readFileSync(join(lambda, file), 'utf8').matchAll(/\blog\('([a-z-]+)'/g)].map(([, decision]) => decision));
  const section = /^## The log$([^]*?)^## /m.exec(readFileSync(join(ROOT, 'docs', 'trouble.md'), 'utf8'))![1];
  const explained = [...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, decision]) => decision).filter((word) => word !== 'decision');
  expect([...explained].sort()).toEqual([...new Set(logged)].sort());
});
