// Compiles every TypeScript example in the guides, and checks what they say about the log and permissions.
//
// `jsii-rosetta extract --strict` compiles the examples of the README and the API reference, but reads no
// other files. So this test compiles those of the guides with the same fixtures (rosetta/).
import { readdirSync, readFileSync } from 'fs';
import { basename, join } from 'path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { EmailIdentity } from 'aws-cdk-lib/aws-ses';
import * as ts from 'typescript';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps } from '../src';

const ROOT = join(__dirname, '..');
const GUIDES = readdirSync(join(ROOT, 'docs'))
  .filter((file) => file.endsWith('.md'))
  .map((file) => join(ROOT, 'docs', file));

interface Example {
  /** From here TypeScript finds modules: the root, or the `folder=` of the example. The file exists only in memory. */
  readonly file: string;
  readonly from: string;
  readonly source: string;
}

function examplesIn(markdown: string, name: string): Example[] {
  return [...markdown.matchAll(/^```ts\b(.*)\n([^]*?)^```$/gm)].map(([, info, code], index) => ({
    file: join(ROOT, /folder=(\S+)/.exec(info)?.[1] ?? '', `example-${basename(name, '.md')}-${index + 1}.ts`),
    from: `${basename(name)}, example ${index + 1}`,
    source: info.includes('nofixture') ? code : inFixture(code, /fixture=(\w+)/.exec(info)?.[1] ?? 'default'),
  }));
}

/**
 * Puts an example into a fixture as jsii-rosetta does: imports and declarations at the top, the rest at the
 * line `/// here`.
 */
function inFixture(code: string, name: string): string {
  const fixture = readFileSync(join(ROOT, 'rosetta', `${name}.ts-fixture`), 'utf8');
  const forTop = /^(import|declare) .*$/gm;
  return [...code.match(forTop) ?? [], fixture.replace('/// here', () => code.replace(forTop, ''))].join('\n');
}

/** One program for all examples, because reading the types of aws-cdk-lib takes most of the time. */
function problemsOf(examples: readonly Example[]): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.dev.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson({
    ...config.compilerOptions,
    noEmit: true,
    noUnusedLocals: false, // a fixture has more imports than each example uses
    noUnusedParameters: false,
    incremental: false,
    paths: { ...config.compilerOptions.paths, 'cdk-ses-dkim': [join(ROOT, 'src', 'index.ts')] },
  }, ROOT);
  const inMemory = new Map(examples.map(({ file, source }) => [file, source]));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => inMemory.has(file) || fileExists.call(host, file);
  host.readFile = (file) => inMemory.get(file) ?? readFile.call(host, file);
  const program = ts.createProgram([...inMemory.keys()], options, host);
  return examples.flatMap(({ file, from }) => {
    const source = program.getSourceFile(file)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText, start = 0 }) => {
        const line = source.text.slice(0, start).split('\n').length - 1;
        const message = ts.flattenDiagnosticMessageText(messageText, '\n');
        return `${from}: ${message}\n    ${source.text.split('\n')[line].trim()}`;
      },
    );
  });
}

const BROKEN = [
  '```ts',
  'declare const identity: ses.IEmailIdentity;',
  'new EmailIdentityDkim(this, "Dkim", { identity, zone: 1 });',
  '```',
  '',
].join('\n');

let examples: Example[];
let problems: string[];

beforeAll(() => {
  examples = GUIDES.flatMap((guide) => examplesIn(readFileSync(guide, 'utf8'), guide));
  problems = problemsOf([...examples, ...examplesIn(BROKEN, 'broken.md')]);
});

test('every example in the guides compiles', () => {
  expect(examples.length).toBeGreaterThan(10);
  expect(problems.filter((problem) => !problem.startsWith('broken.md'))).toEqual([]);
});

test('an example that does not compile is reported, with the line that is wrong', () => {
  expect(problems.filter((problem) => problem.startsWith('broken.md')))
    .toEqual([expect.stringMatching(/example 1: .*'zone' does not exist[^]*new EmailIdentityDkim/)]);
});

test('the sizes in the README are those that were measured', () => {
  const [readme, measured] = ['README.md', join('docs', 'performance.md')].map((file) => readFileSync(join(ROOT, file), 'utf8'));
  const others = ['cdk-ses-dkim', 'ses.EmailIdentity', 'AwsCustomResource'];
  const rows = ['1 identity', '150 identities'].map((count) =>
    [`resources for ${count}`, ...others.map((other) => {
      const [, resources, size] = new RegExp(`^\\| ${count}, ${other} \\| (\\d+ resources).*?, ([\\d.]+ kB) `, 'm').exec(measured)!;
      return `${resources}, ${size}`;
    })]);
  for (const row of rows) expect(readme).toContain(`| ${row.join(' | ')} |`);
});

const ZONE_ID = 'Z0123456789ABC';

test('the guide to permissions names each action that a role of the construct may have', () => {
  const app = new App();
  const stack = new Stack(app, 'Mail', { env: { account: '111111111111', region: 'us-east-1' } });
  const hostedZone = (name: string) => HostedZone.fromHostedZoneAttributes(stack, `Zone ${name}`, {
    hostedZoneId: ZONE_ID, zoneName: name,
  });
  const options: Record<string, Omit<EmailIdentityDkimProps, 'identity'>> = {
    'easy.example': { hostedZone: hostedZone('easy.example'), waitForVerification: Duration.minutes(15), watch: true },
    'own.example': {
      hostedZone: hostedZone('own.example'),
      hostedZoneRole: Role.fromRoleArn(stack, 'DnsRole', 'arn:aws:iam::222222222222:role/dns'),
      signing: DkimSigning.byoDkim({
        selector: 'mail',
        privateKey: DkimPrivateKey.fromSecret(Secret.fromSecretAttributes(stack, 'Key', {
          secretCompleteArn: 'arn:aws:secretsmanager:us-east-1:111111111111:secret:mail/dkim-AbCdEf',
          encryptionKey: new Key(stack, 'SecretKey'),
        })),
      }),
    },
    'followed.example': {
      hostedZone: hostedZone('followed.example'),
      signing: DkimSigning.byoDkim({
        privateKey: DkimPrivateKey.fromSecret(Secret.fromSecretNameV2(stack, 'Followed', 'followed'), { jsonField: 'privateKey' }),
        followSecret: true,
      }),
    },
    'retired.example': { hostedZone: hostedZone('retired.example'), retireBetweenDeployments: true },
    'rotating.example': {
      hostedZone: hostedZone('rotating.example'),
      signing: DkimSigning.rotatingByoDkim({ encryptionKey: new Key(stack, 'RotatingKey') }),
    },
    'replica.example': { signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }) },
  };
  for (const [domain, props] of Object.entries(options)) {
    const identity = EmailIdentity.fromEmailIdentityName(stack, domain, domain);
    new EmailIdentityDkim(stack, `Dkim ${domain}`, { identity, ...props });
  }
  const template = Template.fromStack(stack);
  const documents = [
    ...Object.values(template.findResources('AWS::IAM::ManagedPolicy')).map(({ Properties }) => Properties.PolicyDocument),
    ...Object.values(template.findResources('AWS::IAM::Policy')).map(({ Properties }) => Properties.PolicyDocument),
  ];
  const actions = new Set(documents.flatMap(({ Statement }) => Statement.flatMap(({ Action }: any) => Action)));
  expect(actions.size).toBeGreaterThan(20);
  const guide = readFileSync(join(ROOT, 'docs', 'permissions.md'), 'utf8');
  expect([...actions].filter((action) => !guide.includes(`\`${action}\``))).toEqual([]);
});

test('the README fits two screens before "More"', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const before = readme.slice(0, readme.indexOf('\n## More')).split('\n');
  expect(before.length).toBeGreaterThan(50);
  expect(before.length).toBeLessThanOrEqual(110);
  expect(before.filter((line) => !line.startsWith('|') && line.length > 120)).toEqual([]);
});

test('the guide explains every decision that the handler logs, and no other', () => {
  const lambda = join(ROOT, 'lambda');
  const logged = readdirSync(lambda, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(join(lambda, file), 'utf8').matchAll(/\blog\('([a-z-]+)'/g)])
    .map(([, decision]) => decision);
  const section = /^## The log$([^]*?)^## /m.exec(readFileSync(join(ROOT, 'docs', 'trouble.md'), 'utf8'))![1];
  const explained = [...section.matchAll(/^\| `([a-z-]+)` \|/gm)]
    .map(([, decision]) => decision)
    .filter((word) => word !== 'decision');
  expect([...explained].sort()).toEqual([...new Set(logged)].sort());
});

test('the guide has every reason that a rotation, the hourly care or a revocation gives', () => {
  const section = /^## A rotation failed$([^]*?)^## /m.exec(readFileSync(join(ROOT, 'docs', 'trouble.md'), 'utf8'))![1];
  const files = [
    ...readdirSync(join(ROOT, 'lambda', 'rotation')).map((file) => `rotation/${file}`),
    'signing/rotation.ts', 'signing/rotation-member.ts', 'signing/taking-back.ts', 'signing/stored-key.ts',
    'signing/superseded.ts',
  ];
  // A reason is the first text of an error that is thrown, or what is put together for one. What has failed for good
  // stands within another reason.
  const reasons = files
    .map((file) => readFileSync(join(ROOT, 'lambda', file), 'utf8'))
    .flatMap((source) => [...source.matchAll(/(?<!FailedForGood)Error\(\s*([`'])([A-Z].+?)\1|[?:] ([`'])(The .+?)\3/g)])
    .map(([, , thrown, , composed]) => (thrown ?? composed).replace(/\$\{[^}]*\}/g, '…'));
  const explained = [...section.matchAll(/^\| (`.+?`) \| /gm)].flatMap(([, cell]) => cell.split('`'));
  expect(reasons.length).toBeGreaterThan(18);
  expect(reasons.filter((reason) => !explained.includes(reason))).toEqual([]);
});
