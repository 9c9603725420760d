// Where identity and key are: another Region, another account, a stack that knows neither, and many identities at once.
import { Duration, Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { READABLE } from './hand-made';
import { ACCOUNT, DNS_ACCOUNT, DOMAIN, newKey, PEM, REGION, Scene } from './scene';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim } from '../../src';

const WAIT = { waitForVerification: Duration.minutes(30) };
const OTHER_REGION = 'eu-central-2'; // one whose Easy DKIM keys are in a zone of their own

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.start();
});
afterEach(() => scene.stop());

describe('an identity in another Region than the stack', () => {
  const identities: [string, (stack: Stack) => { identity: ses.IEmailIdentity; region?: string }][] = [
    ['by region', (stack) => ({
      identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', 'example.com'), region: OTHER_REGION,
    })],
    ['by its ARN', (stack) => ({
      identity: ses.EmailIdentity.fromEmailIdentityArn(
        stack, 'Identity', `arn:aws:ses:${OTHER_REGION}:${ACCOUNT}:identity/example.com`,
      ),
    })],
  ];

  test.each(identities)('%s: that one is signed for, and only that one', async (_, which) => {
    scene.identityExists(REGION);
    scene.identityExists(OTHER_REGION);
    await scene.deployed('Mail', (stack) =>
      void new EmailIdentityDkim(stack, 'Dkim', { ...which(stack), hostedZone: scene.zoneIn(stack), ...WAIT }));
    const { tokens } = scene.identity(OTHER_REGION)!;
    expect(scene.records()).toEqual(tokens.map((token) =>
      `CNAME ${token}._domainkey.example.com. ${token}.dkim.${OTHER_REGION}.amazonses.com`).sort());
    expect(await scene.send(OTHER_REGION)).toMatchObject({ result: 'pass' });
    await scene.destroy('Mail');
    expect(scene.all()).toEqual([]);
  });

  test('with BYODKIM, from a secret in the stack\'s own Region', async () => {
    scene.identityExists(OTHER_REGION);
    const secret = scene.secret(PEM.one);
    await scene.deployed('Mail', scene.byo('s1', secret, { ...WAIT, region: OTHER_REGION }));
    expect(await scene.send(OTHER_REGION)).toMatchObject({ result: 'pass', selector: 's1' });
    await scene.destroy('Mail');
    expect(scene.identity(OTHER_REGION)?.origin).toBe('AWS_SES');
    expect(scene.all()).toEqual([]);
  });

  test('that is not there fails and names domain and Region', async () => {
    const result = await scene.deploy('Mail', scene.easy({ region: OTHER_REGION }));
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reason).toContain(`SES has no identity example.com in ${OTHER_REGION}`);
  });
});

test('a stack that knows neither account nor Region is deployed wherever it is sent', async () => {
  const app = Scene.newApp();
  scene.easy(WAIT)(new Stack(app, 'Mail'));
  const assembly = app.synth();
  for (const region of [REGION, 'eu-west-1']) {
    scene.identityExists(region);
    const result = await scene.cloud.cloudFormation.deployAssembly(assembly, 'Mail', { account: ACCOUNT, region });
    expect(result).toMatchObject({ status: 'CREATE_COMPLETE' });
    expect(await scene.send(region)).toMatchObject({ result: 'pass' });
  }
  for (const region of [REGION, 'eu-west-1']) await scene.destroy('Mail', { region });
  expect(scene.all()).toEqual([]);
});

test('a dozen identities of one stack are deployed at once, within the limits of SES and Route 53', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `d${index + 1}.example.com`);
  const secret = scene.secret(PEM.one);
  await scene.deployed('Mail', (stack) => {
    const key = DkimPrivateKey.fromSecret(secretsmanager.Secret.fromSecretCompleteArn(stack, 'Secret', secret));
    names.forEach((name, index) => new EmailIdentityDkim(stack, `Dkim${index}`, {
      identity: new ses.EmailIdentity(stack, `Identity${index}`, { identity: ses.Identity.domain(name) }),
      hostedZone: zoneOf(stack),
      signing: index % 2 === 0 ? DkimSigning.easyDkim() : DkimSigning.byoDkim({ selector: 's1', privateKey: key }),
      ...WAIT,
    }));
  });
  expect(names.map((name) => scene.identity(REGION, name)?.status)).toEqual(names.map(() => 'SUCCESS'));
  expect(scene.records()).toHaveLength(6 * 3 + 6);
  expect(new Set(scene.cloud.lambda.invocations.map(({ functionName }) => functionName)).size).toBe(1);
  expect(scene.cloud.calls.some(({ error }) => error === 'TooManyRequestsException')).toBe(true);

  expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
  expect(scene.all()).toEqual([]);
});

function zoneOf(stack: Stack) {
  const id = `Zone${scene.zoneId}`;
  return stack.node.tryFindChild(id) as ReturnType<Scene['zoneIn']> | undefined ?? scene.zoneIn(stack);
}

describe('a secret', () => {
  const KEY_ARN = `arn:aws:kms:${REGION}:${ACCOUNT}:key/00000000-0000-4000-8000-000000000001`;
  const FOREIGN_KEY_ARN = `arn:aws:kms:${REGION}:${DNS_ACCOUNT}:key/00000000-0000-4000-8000-000000000002`;

  type Imported = (stack: Stack) => DkimPrivateKey;
  const byArn = (stack: Stack, secretCompleteArn: string, encryptionKeyArn?: string) =>
    secretsmanager.Secret.fromSecretAttributes(stack, 'Secret', {
      secretCompleteArn,
      encryptionKey: encryptionKeyArn ? kms.Key.fromKeyArn(stack, 'Key', encryptionKeyArn) : undefined,
    });
  const create = (props: Partial<Parameters<typeof scene.cloud.secretsManager.create>[0]> = {}) =>
    scene.cloud.secretsManager.create({
      account: ACCOUNT, region: REGION, name: 'mail/dkim-key', value: PEM.one, ...props,
    });

  const secrets: [string, () => Imported][] = [
    ['encrypted with a customer key', () => {
      const { arn } = create({ kmsKeyArn: KEY_ARN });
      return (stack) => DkimPrivateKey.fromSecret(byArn(stack, arn, KEY_ARN));
    }],
    ['with the key in a JSON field', () => {
      const { arn } = create({ value: JSON.stringify({ note: 'of 2026', privateKey: PEM.one }) });
      return (stack) => DkimPrivateKey.fromSecret(byArn(stack, arn), { jsonField: 'privateKey' });
    }],
    ['pinned to a version that is not the current one', () => {
      const { arn, versionId } = create();
      scene.cloud.secretsManager.put(arn, PEM.two);
      scene.cloud.secretsManager.put(arn, PEM.two);
      return (stack) => DkimPrivateKey.fromSecret(byArn(stack, arn), { versionId });
    }],
    ['pinned to the stage before', () => {
      const { arn } = create();
      scene.cloud.secretsManager.put(arn, PEM.two);
      return (stack) => DkimPrivateKey.fromSecret(byArn(stack, arn), { versionStage: 'AWSPREVIOUS' });
    }],
    ['known by its name only', () => {
      create();
      return (stack) =>
        DkimPrivateKey.fromSecret(secretsmanager.Secret.fromSecretNameV2(stack, 'Secret', 'mail/dkim-key'));
    }],
    ['in another Region', () => {
      const { arn } = create({ region: 'eu-west-1' });
      return (stack) => DkimPrivateKey.fromSecret(byArn(stack, arn));
    }],
    ['in another account, with a policy that lets us in and a customer key', () => {
      const { arn } = create({
        account: DNS_ACCOUNT,
        kmsKeyArn: FOREIGN_KEY_ARN,
        resourcePolicy: READABLE,
      });
      return (stack) => DkimPrivateKey.fromSecret(byArn(stack, arn, FOREIGN_KEY_ARN));
    }],
  ];

  beforeEach(() => scene.identityExists());

  const deploy = (key: Imported) => scene.deploy('Mail', (stack) =>
    void scene.dkim(() => DkimSigning.byoDkim({ selector: 's1', privateKey: key(stack) }), WAIT)(stack));

  test.each(secrets)('%s', async (_, make) => {
    expect(await deploy(make())).toMatchObject({ status: 'CREATE_COMPLETE' });
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(scene.all()).toEqual([]);
  });

  test('that the same stack makes is used by it', async () => {
    await scene.deployed('Mail', (stack) => {
      const encryptionKey = new kms.Key(stack, 'Key');
      const secret = new secretsmanager.CfnSecret(stack, 'Raw', {
        kmsKeyId: encryptionKey.keyArn, secretString: PEM.one,
      });
      const imported = secretsmanager.Secret.fromSecretAttributes(stack, 'Secret', {
        secretCompleteArn: secret.ref, encryptionKey,
      });
      scene.dkim(() =>
        DkimSigning.byoDkim({ selector: 's1', privateKey: DkimPrivateKey.fromSecret(imported) }), WAIT)(stack);
    });
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  const refused: [string, () => Imported, RegExp][] = [
    ['with a customer key that we were not told of', () => {
      const { arn } = create({ kmsKeyArn: KEY_ARN });
      return (stack) => DkimPrivateKey.fromSecret(byArn(stack, arn));
    }, /Access to KMS is not allowed.*key policy/],
    ['in another account without a policy for us', () => {
      const { arn } = create({ account: DNS_ACCOUNT, kmsKeyArn: FOREIGN_KEY_ARN });
      return (stack) => DkimPrivateKey.fromSecret(byArn(stack, arn, FOREIGN_KEY_ARN));
    }, /no resource-based policy allows the action.*needs a resource policy/],
    ['in a version that there is not', () => {
      const { arn } = create();
      return (stack) =>
        DkimPrivateKey.fromSecret(byArn(stack, arn), { versionId: '00000000-0000-4000-8000-000000000009' });
    },
    /version 00000000-0000-4000-8000-000000000009\) could not be read.*Check the ARN, and that this version or stage exists/],
    ['that was deleted', () => {
      const { arn } = create();
      scene.cloud.secretsManager.delete(arn, { recoveryWindowInDays: 7 });
      return (stack) => DkimPrivateKey.fromSecret(byArn(stack, arn));
    }, /marked for deletion has to be restored/],
  ];

  test.each(refused)('%s: the deployment fails and says why; nothing is written', async (_, make, reason) => {
    const result = await deploy(make());
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reason).toMatch(reason);
    expect(scene.writes()).toEqual([]);
  });

  describe('whose value is replaced, with no version named', () => {
    let arn: string;
    const using = (selector: string, props = {}) => scene.byo(selector, arn, { ...WAIT, ...props });
    const neverVerified = () =>
      scene.cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', skip: 1, kind: Scene.refusal() });

    beforeEach(async () => {
      ({ arn } = create());
      await scene.deployed('Mail', using('s1'));
      scene.cloud.secretsManager.put(arn, PEM.two);
    });

    test('a failed change to the new key is rolled back to the old one', async () => {
      neverVerified();
      expect((await scene.deploy('Mail', using('s2'))).status).toBe('UPDATE_ROLLBACK_COMPLETE');
      await scene.verified();
      expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
      expect(scene.log().join('\n')).toContain('previous-key-used');
    });

    test('the same when the record is in a zone of somebody else, who has published both', async () => {
      await scene.destroy('Mail');
      scene.publishKey('s1', PEM.one);
      scene.publishKey('s2', PEM.two);
      const elsewhere = { hostedZone: undefined };
      ({ arn } = create({ name: 'mail/other-key' }));
      await scene.deployed('Mail', using('s1', elsewhere));
      scene.cloud.secretsManager.put(arn, PEM.two);
      neverVerified();
      expect((await scene.deploy('Mail', using('s2', elsewhere))).status).toBe('UPDATE_ROLLBACK_COMPLETE');
      await scene.verified();
      expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    });

    test('the same while the domain is not delegated to the zone, and nobody can look the record up', async () => {
      await scene.destroy('Mail');
      const nameServers = scene.cloud.dns.delegation(DOMAIN)!;
      scene.cloud.dns.undelegate(DOMAIN);
      ({ arn } = create({ name: 'mail/early-key' }));
      await scene.deployed('Mail', scene.byo('s1', arn));
      scene.cloud.secretsManager.put(arn, PEM.two);
      expect((await scene.deploy('Mail', using('s2'))).status).toBe('UPDATE_ROLLBACK_COMPLETE');
      scene.cloud.dns.delegate(DOMAIN, [...nameServers]);
      await scene.verified();
      expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    });

    // It may have been replaced because it has leaked, and its record is still there.
    test('the old key is not taken again when the selector comes back, after another one or Easy DKIM', async () => {
      for (const between of [scene.byo('s3', scene.secret(PEM.one), WAIT), scene.easy(WAIT)]) {
        await scene.deployed('Mail', between);
        const { status, reason } = await scene.deploy('Mail', using('s1'));
        expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
        expect(reason).toContain('holds the key of mail that is still on its way');
        expect(scene.identity()!.tokens).not.toContain('s1');
      }
    });

    test('a change to what is no key is refused and rolled back', async () => {
      scene.cloud.secretsManager.put(arn, PEM.one);
      scene.cloud.secretsManager.put(arn, 'not a key');
      const result = await scene.deploy('Mail', using('s2'));
      expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
      expect(result.reason).toMatch(/holds no private key that SES can use/);
      expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    });

    test('a change of something else keeps the old key, as its selector is still the same', async () => {
      const calls = scene.cloud.calls.length;
      await scene.deployed('Mail', using('s1', { waitForVerification: Duration.minutes(31) }));
      expect(scene.writes(calls)).toEqual([]);
      expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    });

    test('a new stack with it takes the new key only, and fails when the old one is published', async () => {
      await scene.destroy('Mail');
      scene.publishKey('s1', PEM.one);
      const result = await scene.deploy('Mail', using('s1'));
      expect(result.status).toBe('ROLLBACK_COMPLETE');
      expect(result.reason).toMatch(/exists and was not written by this construct/);
    });

    test('replaced twice, the old key is gone: a change is refused, and signing is not touched', async () => {
      scene.cloud.secretsManager.put(arn, newKey());
      const result = await scene.deploy('Mail', using('s1', { waitForVerification: Duration.minutes(31) }));
      expect(result.status).toBe('UPDATE_ROLLBACK_FAILED');
      expect(result.reason).toMatch(/Give the new key a new selector/);
      expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    });
  });
});
