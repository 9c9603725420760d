// What the function of rotations refuses: the exact message, nothing changed, and no key text anywhere.
import { Duration } from 'aws-cdk-lib';
import { AtRotation, Refusal, wholeMessage } from './refusal';
import { ROTATIONS } from './rotations';
import { stateOf } from './world';
import { DkimSigning } from '../../src';
import { HOUR, RotatingScene, SHORT } from '../end-to-end/rotating-scene';
import { Scene } from '../end-to-end/scene';

interface Case extends AtRotation {
  readonly refusal: Refusal;
}

const CASES = ROTATIONS.flatMap((refusal) => (refusal.atRotation ?? []).map((each): Case => ({ ...each, refusal })));

let rotating: RotatingScene;

afterEach(() => rotating.stop());

const withoutTimes = (text: string) => text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>');

/** Messages of the last run of the function, by what was decided. */
function said(decision: string): string | undefined {
  const lines = rotating.rotationLog.flatMap((line) => line.startsWith('{"') ? JSON.parse(line) : []);
  return lines.filter((line) => line.decision === decision).at(-1)?.message;
}

/** Pieces of the private halves of all keys, which come after what the public key has too. */
function expectNoKey(): void {
  const texts = rotating.scene.log().join('\n');
  const keys = rotating.cloud.secretsManager.described().flatMap(({ versions }) => versions.all())
    .flatMap(({ value }) => /-----BEGIN.*?-----(.*?)-----END/s.exec(`${value ?? ''}`)?.[1].replace(/\\n|\n/g, '') ?? []);
  expect(keys.length).toBeGreaterThan(2);
  const pieces = keys.flatMap((key) => key.slice(420).match(/.{16}/g)!);
  expect(pieces.filter((piece) => texts.includes(piece))).toEqual([]);
  expect(texts).not.toContain('-----BEGIN');
}

test.each(CASES)('$title', async ({ ses, before, event, parts, isTakenBack, refusal }) => {
  rotating = await RotatingScene.deployed();
  Object.assign(rotating.cloud.ses.settings, ses);
  await before?.(rotating);
  const message = wholeMessage(refusal, parts?.(rotating));
  const state = stateOf(rotating.cloud);
  const { AWSCURRENT } = rotating.labels;
  const { error } = await rotating.run(event(rotating)) as { error?: unknown };

  expect(withoutTimes(said('failed') ?? 'nothing failed')).toBe(message);
  expect(JSON.stringify(error ?? '')).not.toMatch(/-----BEGIN|MII/);
  if (isTakenBack) {
    const selector = rotating.selectorOf('AWSCURRENT');
    expect(rotating.labels).toMatchObject({ AWSCURRENT });
    expect(rotating.labels.AWSPENDING).toBeUndefined();
    expect(rotating.scene.identity()?.tokens ?? [selector]).toEqual([selector]);
  } else {
    expect(stateOf(rotating.cloud)).toBe(state);
  }
  expectNoKey();
});

/** The message of the table that begins so, with these parts. */
const messageOf = (start: string, parts: Record<string, string>) =>
  wholeMessage(ROTATIONS.find(({ says }) => says.startsWith(start))!, parts);

test('what a rotation has left half-way is taken back by the hourly run', async () => {
  rotating = await RotatingScene.deployed();
  const { arn, selector } = rotating;
  const ClientRequestToken = 'e'.repeat(32);
  secretOf(arn).versions.begin(ClientRequestToken, rotating.clock.now());
  await rotating.run({ Step: 'createSecret', SecretId: arn, ClientRequestToken });
  expect(rotating.labels.AWSPENDING).toBe(ClientRequestToken);
  await rotating.clock.pass(3 * HOUR);

  expect(said('next-key-taken-back')).toBe('it was left half-way');
  expect([rotating.labels.AWSPENDING, rotating.selectorOf('AWSCURRENT')]).toEqual([undefined, selector]);
  expectNoKey();
});

test('the secret with the rotating key is gone: an update fails, and says how to go on', async () => {
  rotating = await RotatingScene.deployed();
  const { arn: secret, scene } = rotating;
  secretOf(secret).deletedAt = rotating.clock.now();
  const props = { waitForVerification: Duration.minutes(5) };
  const { reason } = await scene.deploy('mail', scene.dkim(() => DkimSigning.rotatingByoDkim(SHORT), props));

  expect(reason).toContain(messageOf('The secret {secret} with', { secret }));
});

test('the secret with the rotating key is gone: there is a new one as the message says', async () => {
  rotating = await RotatingScene.deployed();
  const { scene, cloud } = rotating;
  const { selector } = rotating;
  cloud.secretsManager.delete(rotating.arn);
  await scene.deployed('mail', scene.easy());
  await rotating.deploy(SHORT);
  await scene.verified();
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: rotating.selector });
  expect(rotating.selector).not.toBe(selector);
});

test('a secret that does not show its first key yet fails the deployment, and nothing is left', async () => {
  rotating = new RotatingScene(await Scene.withIdentity());
  const { scene, cloud } = rotating;
  const before = stateOf(cloud);
  let secret = '';
  Object.assign(cloud.secretsManager, { put: (arn: string) => ({ id: secret = arn, stages: [] }) });
  const { status, reason } = await scene.deploy('mail', scene.dkim(() => DkimSigning.rotatingByoDkim()));

  expect(status).toBe('ROLLBACK_COMPLETE');
  expect(reason).toContain(messageOf('The secret {secret} does not show', { secret }));
  expect(stateOf(cloud)).toBe(before);
});

function secretOf(arn: string) {
  return rotating.cloud.secretsManager.described().find((each) => each.arn === arn)!;
}
