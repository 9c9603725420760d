// A canary private key is looked for everywhere but in its secret and in the one call that hands it
// to SES; so is the ResponseURL.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { byoDkim, newKey, Scene } from './scene';
import { ServiceError, StackResult } from '../cloud';

/** Shorter runs of base64 come by chance; 24 characters are 144 bits. */
const RUN = 24;
const CANARY = newKey();

let scene: Scene;
let assembly: string;

beforeEach(async () => {
  scene = await Scene.withIdentity({ functions: 'process' });
});
afterEach(() => scene.stop());

/** Base64 of the key in the forms that it can be written in, and whatever text was stored. */
function formsOf(pem: string, stored: string): string[] {
  const key = createPrivateKey(pem);
  const forms = key.asymmetricKeyType === 'rsa' ? ['pkcs1', 'pkcs8'] as const : ['sec1', 'pkcs8'] as const;
  const ders = forms.map((type) => key.export({ type: type as 'pkcs8', format: 'der' }));
  const pems = forms.map((type) => key.export({ type: type as 'pkcs8', format: 'pem' }) as string);
  return [
    ...ders.map((der) => der.toString('base64')),
    ...ders.map((der) => der.toString('hex')),
    ...pems.map((text) => Buffer.from(text).toString('base64')),
    stored.replace(/\\n|-----[A-Z ]+-----|\s/g, ''),
  ];
}

/** All runs of 24 characters in the forms of the key that are not in its public half, too: that one is published. */
function runsOf(pem: string, stored: string): Set<string> {
  const publicForms = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  const published = publicForms.toString('base64') + publicForms.toString('hex');
  const runs = formsOf(pem, stored).flatMap((form) =>
    Array.from({ length: Math.max(0, form.length - RUN + 1) }, (_, at) => form.slice(at, at + RUN)));
  return new Set(runs.filter((run) => !published.includes(run)));
}

/** Where a run of the key is in the text; line breaks and escapes do not hide it. */
function leak(text: string, runs: Set<string>): string | undefined {
  for (const form of [text, text.replace(/\\+[nr]|\s|"/g, '')]) {
    for (let at = 0; at + RUN <= form.length; at++) {
      if (runs.has(form.slice(at, at + RUN))) return `at ${at} of ${form.length}`;
    }
  }
  return undefined;
}

/** Everything that somebody other than Secrets Manager and SES gets to see, by place. */
function places(results: readonly StackResult[]): Record<string, string> {
  const calls = scene.cloud.calls.filter(({ service, operation }) =>
    service !== 'secretsmanager' && operation !== 'PutEmailIdentityDkimSigningAttributes');
  return {
    'cloud assembly': filesIn(assembly).join('\n'),
    'events, outputs, properties and attributes': JSON.stringify(results),
    'logs': scene.log().join('\n'),
    'calls and answers to CloudFormation': JSON.stringify(calls),
    'events and results of the function': JSON.stringify(scene.cloud.lambda.invocations),
    'zone': scene.all().join('\n'),
  };
}

/** The template and all that is beside it; the code of the function is the same for everybody. */
function filesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('asset.'))
    .flatMap((entry) =>
      entry.isDirectory() ? filesIn(join(directory, entry.name)) : [readFileSync(join(directory, entry.name), 'utf8')]);
}

function expectNoLeak(results: readonly StackResult[], pem: string, stored: string): void {
  const runs = runsOf(pem, stored);
  expect(runs.size).toBeGreaterThan(100);
  const found = Object.entries(places(results)).flatMap(([place, text]) =>
    leak(text, runs) ? [`${place} ${leak(text, runs)}`] : []);
  expect(found).toEqual([]);
}

const FIELDS = new Set([
  'decision', 'requestType', 'requestId', 'stackId', 'logicalResourceId', 'physicalResourceId', 'identity', 'region',
  'method', 'selector',
  'publicKeySha256', 'hostedZoneId', 'records', 'status', 'errorType', 'errorName', 'message', 'call', 'attempt',
  'seconds',
]);

/** What the SDK prints on Node 20, and only there: the function runs on 24. */
function withoutNodeWarning(lines: readonly string[]): string[] {
  const warning = /NodeVersionSupportWarning[\s\S]*?\(Use `node --trace-warnings[^\n]*(\n|$)/g;
  return lines.join('\n').replace(/\(node:\d+\) (Warning: )?/g, '').replace(warning, '').split('\n').filter((line) =>
    line !== '');
}

/** Every line is JSON of allowed fields, and none has what is needed to answer CloudFormation in our place. */
function expectCleanLogs(): void {
  const lines = withoutNodeWarning(scene.log());
  expect(lines.length).toBeGreaterThan(0);
  const fields = new Set(lines.flatMap((line) => Object.keys(JSON.parse(line))));
  expect([...fields].filter((field) => !FIELDS.has(field))).toEqual([]);
  const urls = scene.cloud.lambda.invocations.map(({ event }) => new URL(JSON.parse(event).ResponseURL));
  const secrets = urls.flatMap((url) => [url.searchParams.get('X-Amz-Signature')!, url.pathname]);
  expect(lines.filter((line) => secrets.some((secret) => line.includes(secret)) || line.includes('X-Amz-')))
    .toEqual([]);
}

async function deploy(selector: string, secret: string, jsonField?: string): Promise<StackResult> {
  const app = new App({ outdir: assembly = Scene.newDirectory(), analyticsReporting: false });
  const stack = new Stack(app, 'Mail', { env: { account: '111111111111', region: 'us-east-1' } });
  const dkim = scene.dkim(() => byoDkim(stack, selector, secret, { jsonField }), {
    waitForVerification: Duration.minutes(30),
  })(stack);
  dkim.dkimRecords.forEach(({ name, value, data }, index) => {
    new CfnOutput(stack, `Record${index}`, { value: [name, value, data].join(' ') });
  });
  new CfnOutput(stack, 'Sha', { value: dkim.publicKeySha256! });
  return scene.cloud.cloudFormation.deployAssembly(app.synth(), 'Mail');
}

const der = (pem: string) => createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' }).toString('base64');

test('the search finds what it is for', () => {
  const runs = runsOf(CANARY, CANARY);
  const body = der(CANARY);
  expect(leak(`x ${body.slice(700, 730)} y`, runs)).toBeDefined();
  expect(leak(JSON.stringify({ lines: CANARY.split('\n').slice(9, 11).join('\n') }), runs)).toBeDefined();
  expect(leak(createPublicKey(CANARY).export({ type: 'spki', format: 'pem' }) as string, runs)).toBeUndefined();
});

test.each([
  ['PEM', CANARY, undefined],
  ['base64', der(CANARY), undefined],
  ['a JSON field', JSON.stringify({ key: CANARY }), 'key'],
])('a good key (%s) is nowhere, through create, update, delete and every repeat', async (_, stored, jsonField) => {
  const secret = scene.secret(stored);
  for (const [service, operation] of [
    ['ses', 'PutEmailIdentityDkimSigningAttributes'], ['secretsmanager', 'GetSecretValue'],
  ]) {
    scene.cloud.faults.add({ service, operation, kind: 'throttle' });
    scene.cloud.faults.add({ service, operation, kind: 'kill-after' });
  }
  const created = await deploy('s1', secret, jsonField);
  expect(created.status).toBe('CREATE_COMPLETE');
  expect(await scene.send()).toMatchObject({ result: 'pass' });
  const updated = await deploy('s2', secret, jsonField);
  expect(updated.status).toBe('UPDATE_COMPLETE');
  const zone = scene.all();
  const deleted = await scene.destroy('Mail');
  expectNoLeak([created, updated, deleted], CANARY, stored);
  expect(leak(zone.join('\n'), runsOf(CANARY, stored))).toBeUndefined();
  expectCleanLogs();
  const handedOver = scene.cloud.calls.filter(({ body }) => body.includes(der(CANARY)));
  expect(new Set(handedOver.map(({ operation }) => operation)))
    .toEqual(new Set(['PutEmailIdentityDkimSigningAttributes']));
});

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const EC = ec.export({ type: 'pkcs8', format: 'pem' }) as string;
const LONG = newKey(3072);
const ENCRYPTED = createPrivateKey(CANARY)
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'pass' }) as string;
const damaged = () => {
  const bytes = createPrivateKey(CANARY).export({ type: 'pkcs1', format: 'der' });
  bytes[bytes.length - 10] = 255 - bytes[bytes.length - 10];
  return bytes.toString('base64');
};

test.each<{ problem: string; stored: string; jsonField?: string; pem?: string; reason: RegExp }>([
  {
    problem: 'no JSON though a field is asked for', stored: CANARY, jsonField: 'key', reason: /it is not a JSON object/,
  },
  {
    problem: 'JSON that breaks off in the key',
    stored: JSON.stringify({ key: CANARY }).slice(0, 900),
    jsonField: 'key',
    reason: /it is not a JSON object/,
  },
  {
    problem: 'the key under another field',
    stored: JSON.stringify({ other: CANARY }),
    jsonField: 'key',
    reason: /it has no such field/,
  },
  {
    problem: 'the key as the name of a field',
    stored: JSON.stringify({ [CANARY]: 1 }),
    jsonField: 'key',
    reason: /it has no such field/,
  },
  {
    problem: 'the key inside an object',
    stored: JSON.stringify({ key: { pem: CANARY } }),
    jsonField: 'key',
    reason: /not a string/,
  },
  {
    problem: 'a JSON object though no field is asked for',
    stored: JSON.stringify({ der: der(CANARY) }),
    reason: /neither PEM nor base64/,
  },
  {
    problem: 'PEM encoded once more',
    stored: Buffer.from(CANARY).toString('base64'),
    reason: /encoded in base64 once more/,
  },
  { problem: 'a PEM that is cut off', stored: CANARY.slice(0, 1000), reason: /cut off/ },
  { problem: 'a PEM twice', stored: CANARY + CANARY, reason: /2 PEM blocks/ },
  { problem: 'an encrypted PEM', stored: ENCRYPTED, reason: /encrypted with a passphrase/ },
  { problem: 'an elliptic-curve key', stored: EC, pem: EC, reason: /type 'ec'|elliptic-curve/ },
  { problem: 'a key that is too long', stored: LONG, pem: LONG, reason: /3072 bits/ },
  { problem: 'a damaged key', stored: damaged(), reason: /holds no private key that SES can use/ },
  {
    problem: 'the key with a stray character',
    stored: `${der(CANARY).slice(0, 500)}!${der(CANARY).slice(500)}`,
    reason: /neither PEM nor base64/,
  },
])('a secret that holds $problem is refused, and nothing of it is shown', async (row) => {
  const { stored, jsonField, pem = CANARY, reason } = row;
  const result = await deploy('s1', scene.secret(stored), jsonField);
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toMatch(reason);
  expectNoLeak([result], pem, stored);
  expectCleanLogs();
  expect(scene.writes()).toEqual([]);
});

test.each<[string, (key: string) => string]>([
  ['as a whole', (key) =>
    `1 validation error detected: Value '${key}' at 'signingAttributes.domainSigningPrivateKey' failed to satisfy `
      + 'constraint'],
  ['in lines', (key) => `The value\n${key.match(/.{1,64}/g)!.join('\n')}\nis not a key`],
  ['in short lines', (key) => `The value ${key.match(/.{1,40}/g)!.join(' ')} is not a key`],
  ['a part of it', (key) => `The DomainSigningPrivateKey value is not valid near '${key.slice(900, 940)}...'.`],
  ['after a name', (key) => `DomainSigningPrivateKey=${key}, DomainSigningSelector=s1`],
])('SES refuses the key and quotes it %s: the reason is shown, the key is not', async (_, message) => {
  scene.cloud.faults.add({
    service: 'ses',
    operation: 'PutEmailIdentityDkimSigningAttributes',
    kind: new ServiceError('BadRequestException', 400, message(der(CANARY))),
  });
  const result = await deploy('s1', scene.secret(CANARY));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toMatch(/BadRequestException: .*SES does not take this signing/s);
  expectNoLeak([result], CANARY, CANARY);
  expectCleanLogs();
});

test('Secrets Manager fails and quotes the value: the reason is shown, the key is not', async () => {
  scene.cloud.faults.add({
    service: 'secretsmanager',
    operation: 'GetSecretValue',
    kind: new ServiceError('DecryptionFailure', 400, `cannot decrypt ${der(CANARY)}`),
  });
  const result = await deploy('s1', scene.secret(CANARY));
  expect(result.reason).toContain('DecryptionFailure: cannot decrypt');
  expectNoLeak([result], CANARY, CANARY);
  expectCleanLogs();
});

test('no log line has what it takes to answer CloudFormation, also when the answer itself fails', async () => {
  scene.cloud.faults.add({ service: 's3', operation: 'PutObject', kind: 'cut-before', times: 2 });
  scene.cloud.faults.add({ service: 's3', operation: 'PutObject', kind: 'error', times: 6 });
  expect((await deploy('s1', scene.secret(CANARY))).status).toBe('CREATE_COMPLETE');
  expect(scene.log().join('\n')).toContain('CloudFormation could not be answered after');
  expect(scene.log().filter((line) => /X-Amz-|Signature|cloudformation-custom-resource-response/.test(line)))
    .toEqual([]);
});
