// Secrets that hold no usable key, or hold one in an unexpected form: kind F of the faults that are known.
import { createPrivateKey } from 'node:crypto';
import { CfnParameter, Stack } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { bareKey } from './hand-made';
import { WAIT } from './methods';
import { ACCOUNT, byoDkim, DNS_ACCOUNT, PEM, publicKeyOf, REGION, Scene } from './scene';
import { DkimPrivateKey, DkimSigning } from '../../src';
import { rsaKey } from '../lambda/fixtures/rsa-numbers';

/** What JavaScript says when something is wrong. No user can do anything with it. */
const RUNTIME_ERROR = /BigInt|Division by zero|regular expression|(Syntax|Range|Type)Error/i;

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

/** Deploys with a secret of this value, which has to be refused, and gives the reason. */
async function refusalOf(value: string, jsonField?: string): Promise<string> {
  const secretArn = scene.secret(value);
  const build = scene.dkim((stack) => byoDkim(stack, 's1', secretArn, { jsonField }), WAIT);
  const result = await scene.deploy('Mail', build);
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(scene.writes()).toEqual([]);
  return result.reason!;
}

describe('an RSA key whose numbers do not make a whole key', () => {
  const { n, e, d, p, q, qi } = createPrivateKey(PEM.one).export({ format: 'jwk' });
  const numbers = (...all: (string | undefined)[]) =>
    rsaKey(all.map((number) => BigInt(`0x${Buffer.from(number!, 'base64url').toString('hex')}`)));
  const ZERO = 'AA';
  const ONE = 'AQ';

  test.each([
    ['zeros in place of primes and exponents', numbers(n, e, d, ZERO, ZERO, ZERO, ZERO, ZERO)],
    ['a prime that is 1', numbers(n, e, d, ONE, n, ONE, d, ONE)],
  ])('F1 %s: the reason is not an error of the runtime', async (_, value) => {
    const reason = await refusalOf(value);
    expect(reason).toMatch(/holds no private key that SES can use/);
    expect(reason).not.toMatch(RUNTIME_ERROR);
  });

  // A signature would be the padded hash itself, so anybody could make one.
  test('F1 a public exponent of 1 is refused', async () => {
    expect(await refusalOf(numbers(n, ONE, ONE, p, q, ONE, ONE, qi))).toMatch(/exponent/);
  });
});

test('F2 a PEM label of 64 kB is refused without quoting what the secret holds', async () => {
  const reason = await refusalOf(`-----BEGIN ${'HUSH '.repeat(13_000)}-----\nAAAA\n`);
  expect(reason).toMatch(/holds no private key that SES can use/);
  expect(reason).not.toMatch(RUNTIME_ERROR);
  expect(reason).not.toContain('HUSH '.repeat(20));
  expect(scene.log().join('\n')).not.toContain('HUSH '.repeat(20));
});

describe('a secret in another form than expected', () => {
  const key = PEM.one;
  const jwk = createPrivateKey(key).export({ format: 'jwk' });

  test.each<{ form: string; value: string; jsonField?: string; says: RegExp }>([
    { form: 'JSON with raw line breaks', value: `{ "key": "${key}" }`, jsonField: 'key', says: /line breaks?/ },
    { form: 'JSON encoded twice', value: JSON.stringify(JSON.stringify({ key })), jsonField: 'key', says: /twice/ },
    { form: 'a field in another case', value: JSON.stringify({ Key: key }), jsonField: 'key', says: /\bKey\b/ },
    { form: 'JSON, and no field is named', value: JSON.stringify({ key: bareKey(key) }), says: /JSON.*jsonField/ },
    { form: 'a JWK', value: JSON.stringify(jwk), says: /JWK/ },
    { form: 'a PuTTY key', value: 'PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nComment: mail\n', says: /PuTTY/ },
    { form: 'a JSON array', value: JSON.stringify([key]), jsonField: 'key', says: /JSON array/ },
    { form: 'JSON with single quotes', value: `{'key': '${bareKey(key)}'}`, says: /begins like JSON/ },
    { form: 'JSON encoded twice, and no field', value: JSON.stringify(JSON.stringify({ key: bareKey(key) })), says: /twice/ },
    { form: 'a JWK in a field', value: JSON.stringify({ key: JSON.stringify(jwk) }), jsonField: 'key', says: /JWK/ },
    { form: 'an SSH public key', value: 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC', says: /SSH public key/ },
    { form: 'PKCS #12', value: 'MIIG2gIBAzCCBpAGCSqGSIb3DQEHAaCCBoEEggZ9MIIGeTCCA', says: /PKCS #12/ },
    { form: 'hex', value: Buffer.from(bareKey(key), 'base64').toString('hex'), says: /hex/ },
    { form: 'base64url', value: Buffer.from(bareKey(key), 'base64').toString('base64url'), says: /base64url/ },
    { form: 'a key in single quotes', value: `'${bareKey(key)}'`, says: /quotes/ },
    { form: 'thousands of PEM blocks', value: '-----BEGIN PRIVATE KEY-----\n'.repeat(2_300), says: /2300 PEM blocks/ },
    { form: 'a DKIM record', value: `v=DKIM1; k=rsa; p=${publicKeyOf(key)}`, says: /DKIM record/ },
  ])('F3 $form: the reason says what it is', async ({ value, jsonField, says }) => {
    const reason = await refusalOf(value, jsonField);
    expect(reason).toMatch(/holds no private key that SES can use/);
    expect(reason).not.toMatch(/leave jsonField out/);
    expect(reason).toMatch(says);
  });
});

describe('a secret whose name ends in a hyphen and six characters', () => {
  const NAME = 'mail/dkim-secret';
  const OTHER_REGION = 'eu-west-1';
  const inRegion = (region = REGION) => `arn:aws:secretsmanager:${region}:${ACCOUNT}:secret:${NAME}`;
  const exists = (region = REGION, account = ACCOUNT) =>
    scene.cloud.secretsManager.create({ account, region, name: NAME, value: PEM.one });
  const using = (secret: (stack: Stack) => secretsmanager.ISecret) => scene.dkim((stack) =>
    DkimSigning.byoDkim({ selector: 's1', privateKey: DkimPrivateKey.fromSecret(secret(stack)) }), WAIT);

  // By the partial ARN that CDK makes of the name it is not found: Secrets Manager takes that for a complete one.
  test.each<[string, string, (stack: Stack) => secretsmanager.ISecret]>([
    ['its name', REGION, (stack) => secretsmanager.Secret.fromSecretNameV2(stack, 'Secret', NAME)],
    ['a name that a parameter gives', REGION, (stack) =>
      secretsmanager.Secret.fromSecretNameV2(
        stack, 'Secret', new CfnParameter(stack, 'Name', { default: NAME }).valueAsString)],
    ['its partial ARN', REGION, (stack) =>
      secretsmanager.Secret.fromSecretPartialArn(stack, 'Secret', inRegion())],
    ['a partial ARN that a parameter gives', REGION, (stack) =>
      secretsmanager.Secret.fromSecretPartialArn(
        stack, 'Secret', new CfnParameter(stack, 'Arn', { default: inRegion() }).valueAsString)],
    ['its partial ARN in another Region', OTHER_REGION, (stack) =>
      secretsmanager.Secret.fromSecretPartialArn(stack, 'Secret', inRegion(OTHER_REGION))],
  ])('F4 is read by %s', async (_, region, secret) => {
    exists(region);
    const { status, reason } = await scene.deploy('Mail', using(secret));
    expect({ status, reason }).toEqual({ status: 'CREATE_COMPLETE', reason: undefined });
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test('F4 is read where the app makes it, in a stack of another Region', async () => {
    exists(OTHER_REGION);
    const app = Scene.newApp();
    const keys = new Stack(app, 'Keys', { env: { account: ACCOUNT, region: OTHER_REGION } });
    const secret = new secretsmanager.Secret(keys, 'Secret', { secretName: NAME });
    using(() => secret)(new Stack(app, 'Mail', { env: { account: ACCOUNT, region: REGION } }));
    const { status, reason } = await scene.cloud.cloudFormation.deployAssembly(app.synth(), 'Mail');
    expect({ status, reason }).toEqual({ status: 'CREATE_COMPLETE', reason: undefined });
  });

  test('F4 is not taken for one of the own account that has the same name', async () => {
    exists();
    exists(REGION, DNS_ACCOUNT);
    const app = Scene.newApp();
    const stack = new Stack(app, 'Mail'); // only a stack that does not know its account may ask that
    using(() => secretsmanager.Secret.fromSecretPartialArn(
      stack, 'Secret', inRegion().replace(ACCOUNT, DNS_ACCOUNT)))(stack);
    const result = await scene.cloud.cloudFormation.deployAssembly(
      app.synth(), 'Mail', { account: ACCOUNT, region: REGION });
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reason).toMatch(/could not be read|is not in the account/);
    expect(scene.writes()).toEqual([]);
  });

  test('F4 is imported wrongly as complete: the reason names the way out', async () => {
    exists();
    const result = await scene.deploy('Mail', using((stack) =>
      secretsmanager.Secret.fromSecretCompleteArn(stack, 'Secret', inRegion())));
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reason).toMatch(/one whose own name ends like that, by its name/);
  });
});
