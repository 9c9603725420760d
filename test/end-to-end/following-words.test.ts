// What the function says of a secret that it does not follow, in whole sentences: they stand in docs/errors.md.
import { ACCOUNT, DOMAIN, FollowingScene, HOUR, MINUTE, REGION, valueOf } from './following-scene';
import { PEM } from './scene';

let following: FollowingScene;

beforeEach(async () => {
  following = await FollowingScene.deployed();
});
afterEach(() => following.stop());

/** What the last invocations have failed with. */
const reasons = () => following.cloud.lambda.logs(following.function).filter((line) => line.includes('"decision":"failed"'))
  .map((line) => String(JSON.parse(line).message));

const base64 = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '');

test('a value without a selector', async () => {
  following.cloud.secretsManager.put(following.arn, JSON.stringify({ privateKey: PEM.one, selector: PEM.one }));
  await following.clock.pass(2 * MINUTE);
  expect(reasons()).toContain(`The secret ${following.arn} (stage AWSCURRENT, field 'selector') has no selector. Write it beside the key: `
    + '1 to 63 letters in lower case, digits and inner hyphens, as a JSON string. A new key has a new one.');
});

test('a key that was taken back', async () => {
  const { settings } = following.cloud.ses;
  settings.firstLook = 10 * HOUR;
  following.store('s2');
  await following.clock.pass(4 * HOUR);
  const said = reasons().join('\n');
  expect(said).toContain('SES has not verified the next key yet: status PENDING');
  expect(said).toContain('It is published, so mail that is signed with it can be verified. It is looked at again.');
  expect(said).toMatch(new RegExp('The key was not changed: SES has not verified it in time: .*; the selector of the key is s2\\. SES has the '
    + 'key before it again\\. See what the public name servers answer for the selector\\. Then store the key under another selector\\.'));
  expect(said).toContain('SES did not verify the key with the selector s2, and it was taken back. See what the public name servers answer '
    + 'for that selector. Then store the key under another selector.');
});

test('SES has a key of somebody else', async () => {
  following.cloud.ses.signIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN }, 'EXTERNAL', {
    DomainSigningSelector: 'theirs', DomainSigningPrivateKey: base64(PEM.one),
  });
  following.store('s2');
  await following.clock.pass(2 * MINUTE);
  expect(reasons()).toContain(`SES signs ${DOMAIN} by EXTERNAL with the selector theirs, and no version of the secret ${following.arn} has `
    + 'that key. Nothing was changed. Deploy the stack with a change of the construct, so that it says how the domain is signed.');
  expect(following.published).toEqual(['s1']);
});

test('SES is told by somebody else while the key is tried', async () => {
  following.cloud.ses.settings.firstLook = 10 * HOUR;
  following.store('s2');
  await following.clock.until('SES to be told', () => following.selector === 's2', HOUR);
  await following.clock.pass(MINUTE);
  following.cloud.ses.signIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN }, 'EXTERNAL', {
    DomainSigningSelector: 'theirs', DomainSigningPrivateKey: base64(PEM.one),
  });
  await following.clock.pass(10 * MINUTE);
  expect(reasons().join('\n')).toContain('The key was not changed: SES signs otherwise meanwhile: ');
  expect(following.selector).toBe('theirs');
});

test('the registry record is gone', async () => {
  const [registry] = following.scene.all().filter((line) => line.includes(' cdk-ses-dkim-'));
  following.scene.erase(registry.split(' ')[1].replace(/\.$/, ''));
  following.store('s2');
  await following.clock.pass(2 * MINUTE);
  expect(reasons()).toContain(`The registry record of this stack in the hosted zone ${following.scene.zoneId} does not list the key of `
    + `${DOMAIN}. Nothing was changed. The secret or the records were changed by hand, or the stack signs otherwise now. Deploy the stack `
    + 'again.');
  expect(following.published).toEqual(['s1']);
});

test('the key before it is gone', async () => {
  const { cloud, clock } = following;
  cloud.ses.settings.firstLook = 10 * HOUR;
  following.store('s2');
  await clock.until('SES to be told', () => following.selector === 's2', HOUR);
  const { versions } = cloud.secretsManager.described().find(({ arn }) => arn === following.arn)!;
  versions.all().find(({ stages }) => stages.has('AWSPREVIOUS'))!.value = valueOf('other');
  await clock.pass(3 * HOUR);
  expect(reasons().join('\n')).toContain(`SES has not verified the key with the selector s2, and no version of the secret ${following.arn} `
    + 'has the key before it. Store a key under another selector.');
});

test('a newer key comes before a call', async () => {
  const { cloud, clock } = following;
  cloud.route53.settings.insyncAfter = 5 * MINUTE;
  following.store('s2');
  await clock.until('s2 to be published', () => following.published.includes('s2'), HOUR);
  following.store('s3');
  await clock.pass(7 * MINUTE);
  expect(reasons()).toContain(`The secret ${following.arn} has another key, or ${DOMAIN} is signed otherwise now. Nothing more was changed.`);
  await clock.pass(HOUR);
  expect(following.selector).toBe('s3');
});

test('the versions cannot be listed', async () => {
  const { cloud, clock } = following;
  cloud.faults.add({ service: 'secretsmanager', operation: 'ListSecretVersionIds', kind: 'access-denied', times: 100 });
  following.store('s2');
  following.store('s3');
  await clock.pass(5 * MINUTE);
  expect(reasons().join('\n')).toMatch(/no version of the secret .* has that key/);
});

test('an event that somebody has made up', async () => {
  const stack = `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/mail/1`;
  const signing = { Method: 'EASY_DKIM' };
  await following.clock.until('the first hourly run, which names the function', () => !!following.function, 2 * HOUR);
  for (const identity of [7, { Identity: DOMAIN, Signing: signing, LogicalResourceId: '../x' }]) {
    await following.run({ StackId: stack, Identities: [identity] });
  }
  await following.run({ StackId: 'x', Identities: [] });
  expect(reasons().join('\n')).toContain("The event's Identities are not of their form.");
  expect(reasons().join('\n')).toContain("The event's LogicalResourceId is missing, or not of its form.");
  expect(reasons().join('\n')).toContain("The event's StackId is missing, or not of its form.");
});
