// One rotating key for a domain in several Regions: changed in one after the other, all back when one fails for good,
// and the old record retired when the last has moved.
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { FURTHER, IN_ALL, REGIONS, RegionsScene } from './regions-scene';
import { ACCOUNT, DOMAIN, HOUR, REGION, SHORT } from './rotating-scene';
import { Scene } from './scene';
import { nextReport, WATCHED } from './watched';
import { EmailIdentityDkimProps } from '../../src';
import { part } from '../whole-size';

let rotating: RegionsScene;

afterEach(() => rotating.stop());

async function deployed(props?: Partial<EmailIdentityDkimProps>): Promise<void> {
  rotating = await RegionsScene.inAll(props);
}

const selectorIn = (region: string) => rotating.selectorIn(region);
const selectors = () => new Set(REGIONS.map(selectorIn));
const expectMailPasses = () => rotating.expectMailPasses();

/** The Regions in which SES was told a key, in that order, since a point of the call log. */
function toldSince(since: number): string[] {
  return rotating.cloud.calls.slice(since)
    .filter(({ operation, status }) => operation === 'PutEmailIdentityDkimSigningAttributes' && status === 200)
    .map(({ region }) => region);
}

/** SES takes no further key in that Region. */
function close(region: string): void {
  rotating.cloud.faults.add({
    service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', region, kind: Scene.refusal(), times: 1000,
  });
}

test('the deployment has all Regions sign with one key, under one record', async () => {
  await deployed();
  expect(selectors()).toEqual(new Set([rotating.selectorOf('AWSCURRENT')]));
  expect(rotating.published).toEqual([rotating.selector]);
  await expectMailPasses();
});

test('a change goes from one Region to the next when SES has verified it, and the old record is retired', async () => {
  await deployed();
  const first = rotating.selector;
  const before = await Promise.all(REGIONS.map((region) => rotating.scene.sent(region)));
  const since = rotating.cloud.calls.length;
  rotating.rotate();
  for (const [index, region] of REGIONS.entries()) {
    await rotating.clock.until(`SES to be told in ${region}`, () => selectorIn(region) !== first);
    for (const earlier of REGIONS.slice(0, index)) expect(rotating.scene.identity(earlier)!.status).toBe('SUCCESS');
    for (const later of REGIONS.slice(index + 1)) expect(selectorIn(later)).toBe(first);
    expect(rotating.published).toContain(first);
  }
  await rotating.clock.until('the change to end', () => rotating.labels.AWSPENDING === undefined);
  expect(toldSince(since)).toEqual(REGIONS);
  expect(selectors()).toEqual(new Set([rotating.selectorOf('AWSCURRENT')]));
  await expectMailPasses();
  await rotating.clock.pass(23 * HOUR);
  for (const message of before) expect(await rotating.scene.verdictOn(message)).toMatchObject({ result: 'pass' });
  await rotating.clock.pass(3 * HOUR);
  expect(rotating.published).toEqual([rotating.selector]);
  await expectMailPasses();
});

test.each(part(REGIONS, 0))('all have the old key again when %s fails for good', async (region) => {
  await deployed();
  const first = rotating.selector;
  close(region);
  rotating.rotate();
  await rotating.clock.pass(6 * HOUR);
  expect(selectors()).toEqual(new Set([first]));
  expect(rotating.labels.AWSPENDING).toBeUndefined();
  expect(rotating.selectorOf('AWSCURRENT')).toBe(first);
  for (const each of REGIONS) await rotating.scene.verified(each);
  await expectMailPasses();
  rotating.cloud.faults.clear();
  await rotating.clock.pass(24 * HOUR);
  expect(rotating.published).toEqual([first]);
  await rotating.rotated();
  expect(selectors().has(first)).toBe(false);
  await expectMailPasses();
});

test('where the way back fails in one Region, the others have the old key, and it is tried again', async () => {
  await deployed();
  const [, sydney, europe] = REGIONS;
  const first = rotating.selector;
  close(europe);
  rotating.rotate();
  await rotating.clock.until('SES to be told in Sydney', () => selectorIn(sydney) !== first);
  close(sydney); // it has the next key, and takes no other one
  await rotating.clock.pass(4 * HOUR);
  expect(selectorIn(REGION)).toBe(first);
  expect(selectorIn(sydney)).not.toBe(first);
  expect(rotating.labels.AWSPENDING).toBeDefined();
  await expectMailPasses();
  rotating.cloud.faults.clear();
  await rotating.clock.pass(2 * HOUR);
  expect(selectors()).toEqual(new Set([first]));
  expect(rotating.labels.AWSPENDING).toBeUndefined();
});

test('nothing is written where SES signs otherwise in one Region', async () => {
  await deployed();
  const [, , europe] = REGIONS;
  rotating.cloud.ses.signIdentity({ account: ACCOUNT, region: europe, name: DOMAIN }, 'AWS_SES', {});
  const since = rotating.cloud.calls.length;
  const first = rotating.selector;
  rotating.rotate();
  await rotating.clock.pass(6 * HOUR);
  expect(toldSince(since)).toEqual([]);
  expect(selectorIn(REGION)).toBe(first);
  expect(rotating.published).toEqual([first]);
  expect(rotating.rotationLog.join('\n')).toContain(`SES in ${europe} has AWS_SES`);
});

test('a leaked key is revoked when no Region signs with it any more', async () => {
  await deployed();
  const first = rotating.selector;
  const message = await rotating.scene.sent(FURTHER[0]);
  rotating.rotate();
  await rotating.clock.until('the first Region to have the next key', () => selectorIn(REGION) !== first);
  const revoke = () => rotating.run({ SecretId: rotating.arn, Revoke: first });
  expect((await revoke()).error?.errorMessage).toContain('is signed with the selector');
  await rotating.clock.until('the change to end', () => rotating.labels.AWSPENDING === undefined);
  expect((await revoke()).error).toBeUndefined();
  expect(await rotating.scene.verdictOn(message)).not.toMatchObject({ result: 'pass' });
  await expectMailPasses();
  await rotating.clock.pass(26 * HOUR);
  expect(rotating.published).toEqual([rotating.selector]);
  expect(rotating.scene.all().join('\n')).not.toContain(first);
});

test('a Region comes, and goes again', async () => {
  const [, sydney, europe] = REGIONS;
  rotating = await RegionsScene.started();
  await rotating.deployIn([europe]);
  expect(selectorIn(sydney)).not.toBe(rotating.selector);
  await rotating.deployIn(FURTHER);
  expect(selectors()).toEqual(new Set([rotating.selector]));
  await rotating.rotated();
  await rotating.clock.until('the change to end', () => rotating.labels.AWSPENDING === undefined);
  expect(selectors().size).toBe(1);
  await rotating.deployIn([sydney]);
  expect(rotating.scene.identity(europe)).toMatchObject({ origin: 'AWS_SES', tags: [] });
  await rotating.rotated();
  expect(selectorIn(sydney)).toBe(rotating.selector);
  for (const region of [REGION, sydney]) expect(await rotating.scene.send(region)).toMatchObject({ result: 'pass' });
});

test.each(part(REGIONS, 1))('a Region leaves while a change has come to %s: the others end with one key', async (region) => {
  await deployed();
  const first = rotating.selector;
  const [, sydney, europe] = REGIONS;
  rotating.rotate();
  await rotating.clock.until('SES to be told', () => selectorIn(region) !== first);
  await rotating.deploy({ ...SHORT, furtherRegions: [europe] });
  await rotating.clock.pass(5 * HOUR);
  expect(rotating.labels.AWSPENDING).toBeUndefined();
  expect(new Set([REGION, europe].map(selectorIn))).toEqual(new Set([rotating.selectorOf('AWSCURRENT')]));
  expect(rotating.scene.identity(sydney)).toMatchObject({ origin: 'AWS_SES', tags: [] });
  for (const each of [REGION, europe]) expect(await rotating.scene.send(each)).toMatchObject({ result: 'pass' });
});

test.each(part(REGIONS, 2))('a new schedule while a change has come to %s: all Regions end with one key', async (region) => {
  await deployed();
  const first = rotating.selector;
  rotating.rotate();
  await rotating.clock.until('SES to be told', () => selectorIn(region) !== first);
  await rotating.deploy({ ...IN_ALL, interval: Duration.days(90) });
  await rotating.clock.pass(5 * HOUR);
  expect(selectors()).toEqual(new Set([rotating.selectorOf('AWSCURRENT')]));
  expect(rotating.labels.AWSPENDING).toBeUndefined();
  await expectMailPasses();
});

test('a step whose settings somebody changes stops, and the next try goes on', async () => {
  await deployed();
  const first = rotating.selector;
  rotating.rotate();
  await rotating.clock.until('SES to be told', () => rotating.selector !== first);
  rotating.tag('RecordTtl', '600');
  await rotating.clock.until('the change to end', () => rotating.labels.AWSPENDING === undefined);
  expect(rotating.rotationLog.join('\n')).toContain(`The tags of the secret ${rotating.arn} were changed during this step`);
  expect(selectors()).toEqual(new Set([rotating.selectorOf('AWSCURRENT')]));
  expect(rotating.selector).not.toBe(first);
  await expectMailPasses();
});

test('removing the construct leaves nothing of it, also in the middle of a change', async () => {
  await deployed();
  const first = rotating.selector;
  rotating.rotate();
  await rotating.clock.until('SES to be told', () => selectorIn(FURTHER[0]) !== first);
  expect(await rotating.scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  await rotating.clock.pass(HOUR);
  expect(rotating.scene.all()).toEqual([]);
  for (const region of REGIONS) expect(rotating.scene.identity(region)).toMatchObject({ origin: 'AWS_SES', tags: [] });
});

test('with RETAIN all of it stays', async () => {
  await deployed({ removalPolicy: RemovalPolicy.RETAIN });
  const { selector } = rotating;
  expect(await rotating.scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  expect(selectors()).toEqual(new Set([selector]));
  expect(rotating.published).toEqual([selector]);
  await expectMailPasses();
});

test('an identity that is missing in one Region fails the deployment, and nothing stays of it', async () => {
  rotating = new RegionsScene(await Scene.withIdentity());
  const { status, reason } = await rotating.scene.deploy('mail', rotating.dkim(IN_ALL));
  expect(status).toBe('ROLLBACK_COMPLETE');
  expect(reason).toContain(`SES has no identity ${DOMAIN} in ${FURTHER[0]}`);
  expect(rotating.scene.all()).toEqual([]);
  expect(rotating.scene.identity()).toMatchObject({ origin: 'AWS_SES', tags: [] });
});

test('each Region is watched', async () => {
  await deployed(WATCHED);
  const { scene } = rotating;
  for (const region of REGIONS) {
    expect(await nextReport(scene, DOMAIN, region)).toMatchObject({ Problem: 0, Verified: 1 });
  }
  const [, , europe] = REGIONS;
  rotating.cloud.ses.signIdentity({ account: ACCOUNT, region: europe, name: DOMAIN }, 'AWS_SES', {});
  expect(await nextReport(scene, DOMAIN, europe)).toMatchObject({ Problem: 1 });
  expect(await nextReport(scene)).toMatchObject({ Problem: 0 });
});

test('an alarm for more Regions than CloudWatch takes in one is deployed', async () => {
  const many = [
    ...FURTHER, 'us-east-2', 'us-west-1', 'us-west-2', 'ca-central-1', 'sa-east-1', 'eu-west-2', 'eu-central-1', 'ap-south-1',
  ];
  rotating = await RegionsScene.started();
  const { scene } = rotating;
  for (const region of many) if (!scene.identity(region)) scene.identityExists(region);
  await scene.deployed('mail', (stack) => {
    const dkim = rotating.dkim({ ...SHORT, furtherRegions: many }, WATCHED)(stack);
    dkim.addProblemAlarm('Alarm');
    dkim.onProblem('Rule');
  });
  for (const region of [REGION, ...many]) await scene.verified(region);
  expect(await nextReport(scene, DOMAIN, many.at(-1))).toMatchObject({ Problem: 0, Verified: 1 });
});
