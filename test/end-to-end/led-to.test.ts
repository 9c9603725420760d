// A record that mail is signed with under another name: a CNAME beside it leads there.
import { Duration } from 'aws-cdk-lib';
import { WAIT } from './methods';
import { DOMAIN, PEM, REGION, Scene } from './scene';
import { RecordConflict } from '../../src';

const EUROPE = 'eu-west-1';
const TWO_WEEKS = 15 * 24 * 3_600_000;
const OTHER_TTL = { ...WAIT, recordTtl: Duration.minutes(7) };

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

const lead = (selector: string, target: string) =>
  scene.write(`${selector}._domainkey.${DOMAIN}`, 'CNAME', `${target}._domainkey.${DOMAIN}`);

describe.each([['at once', 'mail'], ['in two steps', 'step']])('a name leads to it %s, and another stack signs with that', (_, first) => {
  beforeEach(async () => {
    await scene.deployed('Writer', scene.byo('s1', scene.secrets.one, WAIT));
    lead(first, 's1');
    if (first !== 'mail') lead('mail', first);
    scene.identityExists(EUROPE);
    await scene.deployed('Reader', scene.byo('mail', scene.secrets.one, { ...WAIT, region: EUROPE }));
  });
  const readersMail = async () => {
    await scene.cloud.clock.pass(3_600_000);
    return scene.send(EUROPE);
  };

  test('10 the stack that wrote it is deleted: it stays', async () => {
    await scene.destroy('Writer');
    expect(await readersMail()).toMatchObject({ result: 'pass', selector: 'mail' });
  });

  test('10 the stack that wrote it has another key: it is not retired', async () => {
    await scene.deployed('Writer', scene.byo('s2', scene.secrets.two, WAIT));
    await scene.cloud.clock.pass(TWO_WEEKS);
    await scene.deployed('Writer', scene.byo('s2', scene.secrets.two, OTHER_TTL));
    expect(await readersMail()).toMatchObject({ result: 'pass', selector: 'mail' });
  });

  test('10 when both are gone, so is the record', async () => {
    await scene.destroy('Reader');
    await scene.destroy('Writer');
    expect(scene.cloud.route53.recordSets(scene.zoneId).map(({ Name }) => Name))
      .not.toContain(`s1._domainkey.${DOMAIN}.`);
  });
});

test('6 a construct goes from its selector to a name that leads there: its record is not retired', async () => {
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  lead('mail', 's1');
  await scene.deployed('Mail', scene.byo('mail', scene.secrets.one, WAIT));
  await scene.cloud.clock.pass(TWO_WEEKS);
  await scene.deployed('Mail', scene.byo('mail', scene.secrets.one, OTHER_TTL));
  await scene.cloud.clock.pass(3_600_000);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'mail' });
});

test('10 OVERWRITE does not take what another stack signs with under another name', async () => {
  scene.publishKey('s1', PEM.one);
  lead('mail', 's1');
  await scene.deployed('Reader', scene.byo('mail', scene.secrets.one, WAIT));
  scene.identityExists(EUROPE);
  const { reason } = await scene.deploy('Writer',
    scene.byo('s1', scene.secrets.two, { recordConflict: RecordConflict.OVERWRITE, region: EUROPE }));
  expect(reason).toContain('Another stack, or the same domain in another Region, uses the record');
  expect(await scene.send(REGION)).toMatchObject({ result: 'pass', selector: 'mail' });
});

test('10 OVERWRITE does not take what the stack itself signs with under another name', async () => {
  scene.publishKey('s1', PEM.one);
  lead('mail', 's1');
  await scene.deployed('Mail', scene.byo('mail', scene.secrets.one, WAIT));
  const { reason } = await scene.deploy('Mail',
    scene.byo('s1', scene.secrets.two, { ...WAIT, recordConflict: RecordConflict.OVERWRITE }));
  expect(reason).toContain('Mail may be signed with another key under this selector now');
  await scene.cloud.clock.pass(3_600_000);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'mail' });
});

test('4 what another stack signs with under another name is not put off hour by hour', async () => {
  const retires = { ...WAIT, retireBetweenDeployments: true };
  await scene.deployed('Writer', scene.byo('s1', scene.secrets.one, retires));
  lead('mail', 's1');
  scene.identityExists(EUROPE);
  await scene.deployed('Reader', scene.byo('mail', scene.secrets.one, { ...WAIT, region: EUROPE }));
  await scene.deployed('Writer', scene.byo('s2', scene.secrets.two, retires));
  const since = scene.cloud.calls.length;
  await scene.cloud.clock.pass(2 * 24 * 3_600_000);
  expect(scene.writes(since)).toEqual([]);
});

test('4 nor what its own selector leads to', async () => {
  const retires = { ...WAIT, retireBetweenDeployments: true };
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, retires));
  lead('mail', 's1');
  await scene.deployed('Mail', scene.byo('mail', scene.secrets.one, retires));
  const since = scene.cloud.calls.length;
  await scene.cloud.clock.pass(2 * 24 * 3_600_000);
  expect(scene.writes(since)).toEqual([]);
  await scene.cloud.clock.pass(2 * TWO_WEEKS);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'mail' });
});

test('6 a superseded record that the selector of SES led to until now stays for an overlap from now', async () => {
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  lead('mail', 's1');
  await scene.deployed('Mail', scene.byo('mail', scene.secrets.one, WAIT));
  await scene.cloud.clock.pass(13 * 24 * 3_600_000);
  const onItsWay = await scene.sent();
  await scene.deployed('Mail', scene.byo('s2', scene.secrets.two, WAIT));
  await scene.cloud.clock.pass(2 * 24 * 3_600_000);
  await scene.deployed('Mail', scene.byo('s2', scene.secrets.two, OTHER_TTL));
  await scene.cloud.clock.pass(3_600_000);
  expect(await scene.verdictOn(onItsWay)).toMatchObject({ result: 'pass', selector: 'mail' });
});

test.each(['key.corp.internal', 'mail-key'])('OVERWRITE takes a CNAME to %s, a name that public DNS does not have', async (target) => {
  scene.write(`s1._domainkey.${DOMAIN}`, 'CNAME', target);
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, { ...WAIT, recordConflict: RecordConflict.OVERWRITE }));
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});
