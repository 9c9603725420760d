// The value of a secret is replaced, and its selector comes back: with the key of before, or not at all.
import { Duration } from 'aws-cdk-lib';
import { ACCOUNT, DOMAIN, PEM, REGION, Scene } from './scene';

const WAIT = { waitForVerification: Duration.minutes(30) };
let scene: Scene;
afterEach(() => scene.stop());

/** Signs with the selector `s1`. Gives the secret, in which the key can be replaced. */
async function deployedFromSecret(): Promise<string> {
  const { arn } = scene.cloud.secretsManager.create({ account: ACCOUNT, region: REGION, name: 'mail/dkim-key', value: PEM.one });
  await scene.deployed('Mail', scene.byo('s1', arn, WAIT));
  return arn;
}

test('SES names no selector: the old key is not taken again when the selector comes back after another one', async () => {
  scene = await Scene.withIdentity({ ses: { byoDkimTokens: 'none' } });
  const arn = await deployedFromSecret();
  scene.cloud.secretsManager.put(arn, PEM.two); // it has leaked
  await scene.deployed('Mail', scene.byo('s3', scene.secret(PEM.two), WAIT));
  const { status, reason } = await scene.deploy('Mail', scene.byo('s1', arn, WAIT));
  expect({ status, reason }).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE', reason: expect.stringContaining('still on its way') });
});

test('6 SES was set to Easy DKIM by hand, and the next key is in the secret already: mail on its way still verifies', async () => {
  scene = await Scene.withIdentity();
  const arn = await deployedFromSecret();
  scene.cloud.secretsManager.put(arn, PEM.two);
  const early = await scene.sent();
  scene.cloud.ses.signIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN }, 'AWS_SES', {});
  await scene.deploy('Mail', scene.byo('s1', arn, { waitForVerification: Duration.minutes(31) }));
  expect(await scene.verdictOn(early)).toMatchObject({ result: 'pass' });
});

test('5 a failed change to the new key is rolled back to the old one, although the function may not ask CloudFormation', async () => {
  scene = await Scene.withIdentity();
  const arn = await deployedFromSecret();
  scene.cloud.secretsManager.put(arn, PEM.two);
  scene.cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', skip: 1, kind: Scene.refusal() });
  const deploying = scene.deploy('Mail', scene.byo('s2', arn, WAIT));
  await scene.cloud.clock.until('SES to be told', () => scene.identity()!.tokens.includes('s2'));
  scene.cloud.faults.add({ service: 'cloudformation', operation: 'DescribeStacks', kind: 'access-denied', forMs: 8 * 60_000 });
  await scene.cloud.clock.until('SES to be told again', () => scene.identity()!.tokens.includes('s1')
    || scene.log().some((line) => /rollback-not-in-place|holds the key of mail/.test(line)), 40 * 60_000);
  scene.cloud.faults.clear();
  const { status } = await deploying;
  expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
});
