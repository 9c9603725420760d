// Somebody has changed a record by hand, an update of something else is refused for it, and has changed nothing: its
// roll-back is done. Invariant 5.
import { Duration, Stack } from 'aws-cdk-lib';
import { thenFails } from './hand-made';
import { PARENT, parentExists, WAIT } from './methods';
import { ACCOUNT, DOMAIN, PEM, publicKeyOf, REGION, Scene } from './scene';
import { EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';

const AGAIN = { ...WAIT, recordTtl: Duration.minutes(7) };

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

function say(Type: 'TXT' | 'CNAME', Value: string): void {
  const stays = Type === 'CNAME' ? [scene.identity()!.tokens[0]] : []; // SES signs with the first one of three
  const record = scene.cloud.route53.recordSets(scene.zoneId).find((each) => each.Type === Type
    && !['cdk-ses-dkim-', ...stays].some((start) => each.Name!.startsWith(start)))!;
  scene.cloud.route53.change(scene.zoneId, [
    { Action: 'UPSERT', ResourceRecordSet: { ...record, ResourceRecords: [{ Value }] } },
  ]);
}

type Build = (props: Partial<EmailIdentityDkimProps>) => (stack: Stack) => EmailIdentityDkim;

test.each<[string, Build, () => void]>([
  ['Easy DKIM', (props) => scene.easy(props), () => say('CNAME', 'elsewhere.example.net')],
  ['BYODKIM, a text that is no key', (props) => scene.byo('s1', scene.secrets.one, props), () => say('TXT', '"mine"')],
  ['BYODKIM, another key', (props) => scene.byo('s1', scene.secrets.one, props), () =>
    say('TXT', `"p=${publicKeyOf(PEM.two).slice(0, 200)}" "${publicKeyOf(PEM.two).slice(200)}"`)],
])('5 %s: the update is rolled back, and SES is told nothing', async (_, build, edit) => {
  await scene.deployed('Mail', build(WAIT));
  edit();
  const before = scene.all();
  const since = scene.cloud.calls.length;
  const { status, reason } = await scene.deploy('Mail', build(AGAIN));
  expect(reason).toMatch(new RegExp(`_domainkey\\.${DOMAIN}`));
  expect(scene.writes(since)).not.toContain('ses:PutEmailIdentityDkimSigningAttributes');
  expect(scene.all()).toEqual(before);
  expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
});

test('5 a CNAME that was found leads to something else: the update is rolled back', async () => {
  scene.publishKey('key', PEM.one);
  scene.write(`s1._domainkey.${DOMAIN}`, 'CNAME', `key._domainkey.${DOMAIN}`);
  const build: Build = (props) => scene.byo('s1', scene.secrets.one, props);
  await scene.deployed('Mail', build(WAIT));
  say('TXT', '"mine"');
  const since = scene.cloud.calls.length;
  expect((await scene.deploy('Mail', build(AGAIN))).status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(scene.writes(since)).not.toContain('ses:PutEmailIdentityDkimSigningAttributes');
});

test('5 Easy DKIM: one record was changed and another one deleted: the update is rolled back', async () => {
  await scene.deployed('Mail', scene.easy(WAIT));
  say('CNAME', 'elsewhere.example.net');
  scene.erase(`${scene.identity()!.tokens.find((token) => scene.records().includes(
    `CNAME ${token}._domainkey.${DOMAIN}. ${token}.dkim.amazonses.com`))}._domainkey.${DOMAIN}`);
  const before = scene.all();
  expect((await scene.deploy('Mail', scene.easy(AGAIN))).status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(scene.all()).toEqual(before);
});

// SES was told Easy DKIM again, and looks anew. It signed with the key that it had verified before.
test('5 Easy DKIM: a record was changed, and SES was told another signing: nobody says that it is rolled back', async () => {
  await scene.deployed('Mail', scene.easy(WAIT));
  say('CNAME', 'elsewhere.example.net');
  expect(await scene.send()).toMatchObject({ result: 'pass' });
  const { status } = await scene.deploy('Mail', thenFails(scene.byo('s1', scene.secrets.one, WAIT)));
  expect(await scene.send()).toMatchObject({ result: 'none' });
  expect(status).toBe('UPDATE_ROLLBACK_FAILED');
});

test('5 Easy DKIM: SES has noticed that a record was changed, and was told nothing: the update is rolled back', async () => {
  await scene.deployed('Mail', scene.easy(WAIT));
  say('CNAME', 'elsewhere.example.net');
  await scene.cloud.clock.pass(10 * 86_400_000);
  expect(scene.identity()?.status).toBe('FAILED');
  const { status } = await scene.deploy('Mail', scene.byo('s1', scene.secret('no key'), WAIT));
  expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
});

// The tag says, too, which key SES had before Easy DKIM.
const toAnotherKey = () => scene.byo('s2', scene.secret('no key'), WAIT);
test.each<[string, Partial<EmailIdentityDkimProps>, () => void, () => (stack: Stack) => EmailIdentityDkim]>([
  ['signing was switched off', WAIT, () =>
    scene.cloud.ses.setSigningEnabled({ account: ACCOUNT, region: REGION, name: DOMAIN }, false), toAnotherKey],
  ['SES has not verified Easy DKIM yet', {}, () => undefined, toAnotherKey],
  ['SES has not verified it yet, there is no parent to replicate', {}, () => undefined, () => scene.replicaOf(PARENT)],
])('5 Easy DKIM: a record was changed, %s, and SES was told nothing: the update is rolled back', async (_, props, happens, next) => {
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  if (props !== WAIT) Object.assign(scene.cloud.ses.settings, { firstLook: 5 * 3_600_000 });
  await scene.deployed('Mail', scene.easy(props));
  say('CNAME', 'elsewhere.example.net');
  happens();
  const { status } = await scene.deploy('Mail', next());
  expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
});

test('5 Easy DKIM: a record was changed, and SES was told a replica: nobody says that it is rolled back', async () => {
  await parentExists(scene);
  await scene.deployed('Mail', scene.easy(WAIT));
  const [, token] = scene.identity()!.tokens;
  const name = `${token}._domainkey.${DOMAIN}`;
  scene.erase(name);
  scene.write(name, 'CNAME', 'elsewhere.example.net');
  const { status } = await scene.deploy('Mail', thenFails(scene.replicaOf(PARENT, WAIT)));
  expect(status).toBe('UPDATE_ROLLBACK_FAILED');
});
