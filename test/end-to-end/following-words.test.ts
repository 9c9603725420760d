// What the function says of a secret that it cannot follow, in whole sentences: they stand in docs/errors.md.
import { ACCOUNT, DOMAIN, FollowingScene, HOUR, MINUTE, REGION } from './following-scene';
import { bareKey } from './hand-made';
import { PEM } from './scene';

let following: FollowingScene;

beforeEach(async () => {
  following = await FollowingScene.deployed();
});
afterEach(() => following.stop());

/** Why the care for the secret failed, each time. */
const reasons = () => following.cloud.lambda.logs(following.function).filter((line) => line.includes('"decision":"care-failed"'))
  .map((line) => String(JSON.parse(line).message)).join('\n');

const signsOtherwise = () => following.cloud.ses.signIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN }, 'EXTERNAL', {
  DomainSigningSelector: 'theirs', DomainSigningPrivateKey: bareKey(PEM.one),
});

test.each([{ selector: PEM.one }, { selector: 's_2' }, { selector: 7 }, {}])('a value without a selector: %#', async (more) => {
  following.cloud.secretsManager.put(following.arn, JSON.stringify({ privateKey: PEM.one, ...more }));
  await following.clock.pass(2 * MINUTE);
  expect(reasons()).toContain(`The secret ${following.arn} (field 'selector') has no selector. Write it beside the key: `
    + '1 to 63 letters in lower case, digits and inner hyphens, as a JSON string. A new key has a new one.');
  expect(reasons()).not.toContain(PEM.one.slice(40, 60));
});

test('a key that was taken back', async () => {
  following.cloud.ses.settings.firstLook = 10 * HOUR;
  following.store('s2');
  await following.clock.pass(4 * HOUR);
  expect(reasons()).toContain('SES has not verified the next key yet: SES in us-east-1 has EXTERNAL with the selector s2, status PENDING');
  expect(reasons()).toContain('It is published, so mail that is signed with it can be verified. It is tried again.');
  expect(reasons()).toMatch(/The key was not changed: SES has not verified the next key in time: .*; the selector of the key is s2\. SES has /);
  expect(reasons()).toContain('SES has the key before it again. See what the public name servers answer for the selector, then store the '
    + 'key again.');
  expect(reasons()).toContain('SES did not verify the key with the selector s2, and it was taken back. See what the public name servers '
    + 'answer for that selector. Then store the key again.');
});

test('SES has a key of somebody else', async () => {
  signsOtherwise();
  following.store('s2');
  await following.clock.pass(2 * MINUTE);
  expect(reasons()).toContain(`SES signs ${DOMAIN} otherwise than this secret says: SES in us-east-1 has EXTERNAL with the selector theirs`);
  expect(reasons()).toContain('Nothing was changed. Deploy the stack again with a change of the construct, so that it says how the domain is signed.');
  expect(following.published).toEqual(['s1']);
});

test('SES is told by somebody else while the key is tried', async () => {
  following.cloud.ses.settings.firstLook = 10 * HOUR;
  following.store('s2');
  await following.clock.until('SES to be told', () => following.selector === 's2', HOUR);
  await following.clock.pass(MINUTE);
  signsOtherwise();
  await following.clock.pass(10 * MINUTE);
  expect(reasons()).toContain('The key was not changed: SES signs otherwise meanwhile: ');
  expect(following.selector).toBe('theirs');
});

test('the registry record is gone', async () => {
  const [registry] = following.scene.all().filter((line) => line.includes(' cdk-ses-dkim-'));
  following.scene.erase(registry.split(' ')[1].replace(/\.$/, ''));
  following.store('s2');
  await following.clock.pass(2 * MINUTE);
  expect(reasons()).toContain(`The registry record of this stack in the hosted zone ${following.scene.zoneId} does not list the key of `);
  expect(following.published).toEqual(['s1']);
});

test('another key is stored under the selector that mail is signed with, or was', async () => {
  following.store('s1');
  await following.clock.pass(2 * MINUTE);
  expect(reasons()).toContain('Mail may be signed with another key under this selector now, and its record s1._domainkey.example.com has '
    + 'to stay for the mail on its way. Give the new key a new selector.');
  await following.changed('s2');
  following.store('s1');
  await following.clock.pass(2 * MINUTE);
  expect(following.published).toEqual(['s1', 's2']);
});

test('the key before it is gone, while another one is tried', async () => {
  const { cloud, clock } = following;
  cloud.ses.settings.firstLook = 10 * HOUR;
  following.store('s2');
  await clock.until('SES to be told', () => following.selector === 's2', HOUR);
  const { versions } = cloud.secretsManager.described().find(({ arn }) => arn === following.arn)!;
  versions.forget(versions.holderOf('AWSPREVIOUS')!.id);
  await clock.pass(3 * HOUR);
  expect(reasons()).toMatch(new RegExp('SES keeps the key with the selector s2, as the one before it is gone: SES has not verified '
    + 'the next key in time: .*\\. Store a key under another selector\\.'));
});
