// A rotating key in a world that pushes back: steps that come twice, labels that stay, deployments in the middle, and
// what people change by hand. Afterwards mail passes, and no rotation is left half-way.
import { Duration } from 'aws-cdk-lib';
import { ACCOUNT, HOUR, MINUTE, REGION, RotatingScene, SHORT } from './rotating-scene';
import { DkimSigning } from '../../src';
import { SecretsManagerSettings } from '../cloud/secrets-manager/settings';
import { part, WHOLE } from '../whole-size';

/** In seconds after a rotation has begun. */
const MOMENTS = [2, 20, 45, 90, 150];

const ROTATIONS = WHOLE ? 10 : 3;

let rotating: RotatingScene;

afterEach(() => rotating.stop());

async function started(options: Partial<SecretsManagerSettings> = {}): Promise<string> {
  rotating = await RotatingScene.deployed(SHORT);
  Object.assign(rotating.cloud.secretsManager.settings, options);
  return rotating.selector;
}

/** SES signs with the current key, mail passes, and there is no rotation that is not complete. */
async function expectSettled(): Promise<void> {
  expect(rotating.labels.AWSPENDING).toBeUndefined();
  expect(rotating.selectorOf('AWSCURRENT')).toBe(rotating.selector);
  expect(rotating.scene.identity()).toMatchObject({ origin: 'EXTERNAL', status: 'SUCCESS' });
  expect(await rotating.scene.send()).toMatchObject({ result: 'pass', selector: rotating.selector });
}

describe('Secrets Manager', () => {
  test.each<Partial<SecretsManagerSettings>>([
    { secondCalls: 'afterwards' }, { secondCalls: 'at the same time' }, { staleReads: 'sometimes' },
  ])('calls and shows as it likes: %j', async (settings) => {
    const first = await started(settings);
    await rotating.rotated();
    await rotating.clock.pass(5 * MINUTE);
    await expectSettled();
    expect(rotating.selector).not.toBe(first);
  });

  test.each<SecretsManagerSettings['repeatWithoutLabel']>(['unlabelled', 'labelled again', 'none'])(
    'repeats a rotation that was taken back: %s', async (repeatWithoutLabel) => {
      const first = await started({ repeatWithoutLabel });
      const { settings } = rotating.cloud.ses;
      const { firstLook } = settings;
      settings.firstLook = 10 * HOUR;
      rotating.rotate();
      await rotating.clock.pass(50 * MINUTE);
      settings.firstLook = firstLook;
      await rotating.clock.pass(4 * HOUR);
      await expectSettled();
      expect(rotating.selector).toBe(first);
      await rotating.rotated();
      await expectSettled();
      expect(rotating.selector).not.toBe(first);
    });

  test.each<SecretsManagerSettings['failedTrial']>(['leaves AWSPENDING', 'leaves nothing'])(
    'tries a new schedule, which %s where it fails', async (failedTrial) => {
      await started({ failedTrial });
      for (const schedule of ['cron(0 3 1 * ? *)', 'cron(0 4 2 * ? *)']) await rotating.deploy({ ...SHORT, schedule });
      await expectSettled();
      await rotating.rotated();
      await expectSettled();
    });

  test(`rotates on schedule, ${ROTATIONS} times, and no selector is used twice`, async () => {
    const selectors = [await started()];
    await rotating.deploy({ ...SHORT, interval: Duration.days(1) });
    while (selectors.length <= ROTATIONS) {
      const last = rotating.selector;
      await rotating.clock.pass(30 * HOUR);
      if (rotating.selector !== last) selectors.push(rotating.selector);
    }
    expect(new Set(selectors).size).toBe(ROTATIONS + 1);
    expect(rotating.published.length).toBeLessThan(5);
    await rotating.clock.until('no rotation to go on', () => rotating.labels.AWSPENDING === undefined);
    await expectSettled();
  });
});

describe('a deployment while a rotation goes on', () => {
  test.each(part(MOMENTS, 0))('that changes nothing of the key, after %d seconds', async (seconds) => {
    const first = await started();
    rotating.rotate();
    await rotating.clock.pass(seconds * 1000);
    await rotating.deploy(SHORT, { recordTtl: Duration.minutes(10) });
    await rotating.clock.pass(3 * HOUR);
    await expectSettled();
    expect(rotating.selector).not.toBe(first);
  });

  test.each(part(MOMENTS, 1))('that changes the schedule, after %d seconds', async (seconds) => {
    await started();
    rotating.rotate();
    await rotating.clock.pass(seconds * 1000);
    await rotating.deploy({ ...SHORT, schedule: 'cron(0 3 1 * ? *)' });
    await rotating.clock.pass(3 * HOUR);
    await expectSettled();
  });

  test.each(part(MOMENTS, 2))('that goes back to Easy DKIM, after %d seconds', async (seconds) => {
    await started();
    rotating.rotate();
    await rotating.clock.pass(seconds * 1000);
    const { scene } = rotating;
    await scene.deployed('mail', scene.easy());
    await rotating.clock.pass(3 * HOUR);
    expect(scene.identity()).toMatchObject({ origin: 'AWS_SES', status: 'SUCCESS' });
    expect(await scene.send()).toMatchObject({ result: 'pass' });
    expect(scene.cloud.secretsManager.described().length).toBe(2); // those of the scene
  });

  test.each(part(MOMENTS, 3))('that removes it, after %d seconds', async (seconds) => {
    await started();
    rotating.rotate();
    await rotating.clock.pass(seconds * 1000);
    const { scene } = rotating;
    expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
    await rotating.clock.pass(3 * HOUR);
    expect(scene.identity()).toMatchObject({ origin: 'AWS_SES', tags: [] });
    expect(scene.all()).toEqual([]);
  });
});

describe('by hand', () => {
  test.each([
    ['Identity', 'example.org'], ['LogicalResourceId', 'Another'], ['Region', 'eu-west-1'],
    ['StackId', `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/other/00000000-0000-0000-0000-000000000000`],
    ['RecordTtl', 'soon'], ['HostedZoneId', 'ZELSEWHERE'],
  ])('a tag that says otherwise stops a rotation, and redirects none: %s', async (name, value) => {
    const first = await started();
    const before = rotating.scene.all();
    rotating.tag(name, value);
    rotating.rotate();
    await rotating.clock.pass(HOUR);
    expect(rotating.selector).toBe(first);
    expect(rotating.scene.all()).toEqual(before);
  });

  test('rotation that is switched off stops a rotation that goes on', async () => {
    const first = await started();
    rotating.rotate();
    await rotating.clock.pass(2_000);
    rotating.cloud.secretsManager.cancelRotation(rotating.arn);
    await rotating.clock.pass(HOUR);
    expect(rotating.selector).toBe(first);
    expect(await rotating.scene.send()).toMatchObject({ result: 'pass' });
  });

  test('an identity that somebody signs otherwise is left alone', async () => {
    await started();
    const { scene } = rotating;
    scene.cloud.ses.signIdentity({ account: ACCOUNT, region: REGION, name: 'example.com' }, 'AWS_SES', {});
    rotating.rotate();
    await rotating.clock.pass(3 * HOUR);
    expect(scene.identity()).toMatchObject({ origin: 'AWS_SES' });
    expect(rotating.labels.AWSPENDING).toBeUndefined();
  });

  test('a key that somebody stores by hand is used by the next deployment, if it is one', async () => {
    await started();
    rotating.cloud.secretsManager.put(rotating.arn, 'not a key');
    const failed = await rotating.scene.deploy('mail', rotating.scene.dkim(
      () => DkimSigning.rotatingByoDkim({ ...SHORT, schedule: 'cron(0 3 1 * ? *)' })));
    expect(failed.reason).toMatch(/is no key of cdk-ses-dkim/);
    expect(await rotating.scene.send()).toMatchObject({ result: 'pass' });
  });

  test('a leaked key is revoked, but not while mail is signed with it', async () => {
    const first = await started();
    const revoke = (selector: string) => rotating.cloud.lambda.invoke(rotating.rotationFunctionArn,
      JSON.stringify({ Revoke: selector, SecretId: rotating.arn }));
    expect((await revoke(first)).error).toMatchObject({ errorMessage: expect.stringMatching(/is signed with the selector .* now/) });
    const before = await rotating.scene.sent();
    await rotating.rotated();
    expect((await revoke(first)).error).toBeUndefined();
    expect(rotating.scene.records()).toContainEqual(expect.stringContaining(`TXT ${first}._domainkey.example.com. "v=DKIM1; k=rsa; p="`));
    expect(await rotating.scene.verdictOn(before)).not.toMatchObject({ result: 'pass' });
    await expectSettled();
    expect((await revoke('stranger')).error).toMatchObject({ errorMessage: expect.stringMatching(/no superseded record/) });
    await rotating.clock.pass(26 * HOUR);
    expect(rotating.published).toEqual([rotating.selector]);
  });

  test('a rotation begins while a leaked key is revoked: the answer says to try again, and that helps', async () => {
    const leaked = await started();
    await rotating.rotated();
    const { clock, cloud, arn } = rotating;
    await clock.pass(MINUTE);
    const revoke = () => rotating.run({ SecretId: arn, Revoke: leaked });
    cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', kind: 'hang' });
    const revoking = revoke();
    await clock.pass(5_000);
    rotating.rotate();
    expect(await revoking).toMatchObject({
      error: {
        errorMessage: `A change of the key in the secret ${arn} has begun or ended meanwhile. Nothing more was changed. Try again.`,
      },
    });
    expect(await revoke()).toMatchObject({ payload: 'null' });
    await clock.pass(10 * MINUTE);
    await expectSettled();
  });
});

test('SES that names no selector', async () => {
  rotating = await RotatingScene.deployed(SHORT, {}, { ses: { byoDkimTokens: 'none' } });
  const first = rotating.selectorOf('AWSCURRENT');
  await rotating.rotated();
  expect(rotating.selectorOf('AWSCURRENT')).not.toBe(first);
  expect(await rotating.scene.send()).toMatchObject({ result: 'pass', selector: rotating.selectorOf('AWSCURRENT') });
});
