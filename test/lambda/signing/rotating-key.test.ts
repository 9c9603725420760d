// Which key a deployment finds in the secret: of a new secret there is one first key, and a rotation that goes on is
// neither disturbed nor told twice.
import { RotatingByoDkim, WantedState } from '../../../lambda/base/desired-state';
import { OvertakenError } from '../../../lambda/base/errors';
import { Retry } from '../../../lambda/base/retry';
import { endRotation, forbidRotation, withKey, withKnownKey } from '../../../lambda/signing/rotating-key';
import { followsOf } from '../../../lambda/signing/signing-tag';
import { followedByOf } from '../../../lambda/signing/stored-key';
import { byo, Crash, DOMAIN, owner, REGION, wanting } from '../fixtures/aws-in-memory';
import { CURRENT, HOUR, KEYS_ARN, KeysInMemory, NEXT } from '../fixtures/keys-in-memory';

const rotating = (more: Partial<RotatingByoDkim> = {}): WantedState => ({
  ...wanting(byo('s1')),
  signing: { method: 'ROTATING_BYODKIM', secretArn: KEYS_ARN, selectorPrefix: 'dkim', keyLength: 1024, ...more },
});
const ROTATES = rotating();
const OWN = { arn: 'arn:aws:secretsmanager:us-east-1:111111111111:secret:own', jsonField: 'key', selectorField: 'name' };
const FOLLOWS = rotating({ follows: OWN });
/** What a tag says of that. */
const FOLLOWED = `follows=${followsOf(followedByOf(KEYS_ARN, OWN))}`;

const OWNER = owner();

let keys: KeysInMemory;

const services = (secret = keys, more: { seconds?: number; fence?: () => Promise<void> } = {}) => {
  const made = secret.aws.services({ domain: DOMAIN, region: REGION });
  const { aws } = secret;
  const retry = new Retry({
    time: { now: () => aws.time, sleep: async (ms) => void (aws.time += ms) },
    log: made.log,
    end: aws.time + (more.seconds ?? 840) * 1000,
    accessGraceMs: 0,
    fence: more.fence,
  });
  return secret.among({ ...made, retry });
};
const now = () => withKey(ROTATES, OWNER, services());
const known = () => withKnownKey(ROTATES, services());
const signsWith = (selector: string, versionId: string) => ({
  signing: { method: 'BYODKIM', selector, secret: { arn: KEYS_ARN, jsonField: 'privateKey', versionId } },
});

describe('a new secret', () => {
  beforeEach(() => void (keys = new KeysInMemory()));

  test('gets its first key, which is current', async () => {
    const { signing } = await now();
    expect(signing).toMatchObject({ method: 'BYODKIM', selector: keys.selectorOf('AWSCURRENT') });
    expect(keys.bitsOf('AWSCURRENT')).toBe(1024);
    expect(await now()).toMatchObject({ signing });
  });

  test('gets one first key only, wherever the process dies, and however many do it at once', async () => {
    const calls = keys.aws.calls;
    await now();
    const count = keys.aws.calls - calls;
    expect(count).toBeGreaterThan(3);
    for (let call = 1; call <= count; call++) {
      keys = new KeysInMemory();
      keys.aws.crashAt = call;
      await expect(keys.aws.inProcess(now)).rejects.toThrow(Crash);
      const [one, other] = await Promise.all([now(), now()]);
      expect(one).toEqual(other);
      expect(keys.versions.all()).toHaveLength(1);
    }
  });

  test('another app that names a secret of its own keeps its key', async () => {
    const wanted = { ...ROTATES, signing: byo('mine') };
    expect(await withKey(wanted, OWNER, services())).toEqual(wanted);
    expect(await withKnownKey(wanted, services())).toEqual(wanted);
    expect(keys.versions.all()).toEqual([]);
  });

  test('where Secrets Manager does not show the first key yet, the deployment says so', async () => {
    const shows = services();
    const empty = { rotates: true, tags: {}, versions: {} };
    const stale = { ...shows, keyStore: (arn: string) => ({ ...shows.keyStore(arn), describe: async () => empty }) };
    await expect(withKey(ROTATES, OWNER, stale)).rejects.toThrow('does not show its first key yet. Deploy again in a minute.');
  });

  test('where it was left empty, nobody knows the key that was before: nothing is made for that', async () => {
    expect(await known()).toMatchObject({ signing: { method: 'BYODKIM', selector: '' } });
    expect(keys.versions.all()).toEqual([]);
  });
});

describe('a secret with keys', () => {
  beforeEach(async () => void (keys = await KeysInMemory.deployed()));

  test.each([['what is wanted', now], ['what was before', known]])('%s: the current key', async (_, read) => {
    expect(await read()).toMatchObject(signsWith('s1', CURRENT));
  });

  test.each([['what is wanted', now], ['what was before', known]])(
    '%s, while a rotation goes on: the next key from when SES has been told it', async (_, read) => {
      keys.begin();
      expect(await read()).toMatchObject(signsWith('s1', CURRENT));
      keys.addNext();
      expect(await read()).toMatchObject(signsWith('s1', CURRENT));
      await keys.step('setSecret');
      expect(await read()).toMatchObject(signsWith('n1', NEXT));
      keys.aws.set({ origin: 'AWS_SES' });
      expect(await read()).toMatchObject(signsWith('s1', CURRENT));
      keys.aws.identities.clear();
      expect(await read()).toMatchObject(signsWith('s1', CURRENT));
    });

  test('what was before, where the secret is gone: a key that nobody knows, and the deployment goes on', async () => {
    keys.isGone = true;
    await expect(now()).rejects.toThrow('with the rotating key is gone');
    expect(await known()).toMatchObject({ signing: { selector: '', secret: { arn: KEYS_ARN } } });
    expect(keys.aws.lines.join('\n')).toContain('"key-unknown"');
  });

  test('what was before, where no time is left: that is said, as it says nothing of the key', async () => {
    await expect(withKnownKey(ROTATES, services(keys, { seconds: 0 }))).rejects.toThrow('there was no time left');
  });
});

describe('ending a rotation', () => {
  beforeEach(async () => void (keys = await KeysInMemory.deployed()));
  const end = (given = services(), wanted = ROTATES) => endRotation(wanted, undefined, given);

  test.each([['with a key', () => keys.addNext()], ['with an empty version', () => keys.begin()]])(
    'takes its label off, %s', async (_, begin) => {
      begin();
      expect(await end()).toBe(true);
      expect(keys.idOf('AWSPENDING')).toBeUndefined();
      expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
      expect(await end()).toBe(false);
    });

  test.each<[string, () => void]>([
    ['none goes on', () => undefined],
    ['it has come to its end, but for the label', () => {
      keys.addNext();
      keys.versions.move('AWSCURRENT', CURRENT, NEXT);
    }],
    ['the secret is gone', () => void (keys.isGone = true)],
  ])('is nothing where %s', async (_, prepare) => {
    prepare();
    const before = keys.versions.digests();
    expect(await end()).toBe(false);
    expect(keys.versions.digests()).toEqual(before);
  });

  test('is nothing for a key that does not rotate', async () => {
    keys.addNext();
    expect(await end(services(), { ...ROTATES, signing: byo('s1') })).toBe(false);
    expect(keys.idOf('AWSPENDING')).toBe(NEXT);
  });

  test('hinders no deployment where the secret cannot be read: a last call can be under way', async () => {
    keys.addNext();
    keys.aws.failAt = keys.aws.calls + 1;
    expect(await end()).toBe(true);
    expect(keys.aws.lines.join('\n')).toContain('"rotation-unknown"');
  });

  test('that goes on in other Regions when this one leaves the stack is none of its business, but may go on', async () => {
    keys.addNext();
    const further = rotating({ isFurther: true });
    expect(await end(services(), further)).toBe(true);
    expect(keys.idOf('AWSPENDING')).toBe(NEXT);
    keys.tags[`cdk-ses-dkim:FurtherRegion:${REGION}`] = 'Dkim'; // the stack has it still
    expect(await end(services(), further)).toBe(true);
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
  });

  test.each<[string, string | undefined, string | undefined]>([
    ['keeps what else the tag says', `told=EXTERNAL:s1 ${FOLLOWED}`, 'told=EXTERNAL:s1'],
    ['takes off a tag that says nothing else', FOLLOWED, undefined],
    ['leaves one that says another secret', 'told=EXTERNAL:s2 follows=1a2b3c', 'told=EXTERNAL:s2 follows=1a2b3c'],
    ['writes none where there is none', undefined, undefined],
  ])('of a key that follows a secret: the tag says that no more, and %s', async (_, tag, after) => {
    keys.aws.set({ tags: tag === undefined ? {} : { [OWNER.label]: tag } });
    await endRotation(FOLLOWS, OWNER, services());
    expect(keys.aws.identity.tags[OWNER.label]).toBe(after);
  });

  test('of another identity leaves the tag alone, and so does that of a key which follows no secret', async () => {
    const tags = { [OWNER.label]: `told=EXTERNAL:s1 ${FOLLOWED}` };
    keys.aws.set({ tags });
    await endRotation(FOLLOWS, undefined, services());
    await endRotation(ROTATES, OWNER, services());
    expect(keys.aws.identity.tags).toEqual(tags);
  });

  test('a request that no longer stands ends none', async () => {
    keys.addNext();
    const fence = () => Promise.reject(new OvertakenError());
    await expect(end(services(keys, { fence }))).rejects.toThrow(OvertakenError);
    await expect(end(services(keys, { seconds: 0 }))).rejects.toThrow('there was no time left');
    expect(keys.idOf('AWSPENDING')).toBe(NEXT);
  });

  test('what goes on of it then tells SES nothing, and makes no key the current one', async () => {
    keys.addNext();
    await keys.step('setSecret');
    keys.aws.set({ status: 'SUCCESS' });
    await end();
    keys.aws.puts.length = 0;
    for (const step of ['setSecret', 'testSecret', 'finishSecret'] as const) {
      await expect(keys.step(step)).rejects.toThrow('has no label of a rotation');
    }
    expect(keys.aws.puts).toEqual([]);
    expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
  });
});

describe('forbidding a rotation', () => {
  beforeEach(async () => void (keys = await KeysInMemory.deployed()));
  const forbid = (wanted = ROTATES) => forbidRotation(wanted, services());
  const labels = () => keys.versions.all().flatMap(({ stages }) => [...stages]).sort();
  const endedAt = (ms: number) => `cdk-ses-dkim:ended:${new Date(ms).toISOString()}`;

  test('says on the current key since when, once, and anew when that was a day ago', async () => {
    const began = keys.aws.time;
    await forbid();
    expect(labels()).toEqual(['AWSCURRENT', endedAt(began)]);
    expect(keys.idOf(endedAt(began))).toBe(CURRENT);
    keys.aws.time += 23 * HOUR;
    await forbid();
    expect(labels()).toEqual(['AWSCURRENT', endedAt(began)]);
    keys.aws.time += HOUR;
    await forbid();
    expect(labels()).toEqual(['AWSCURRENT', endedAt(began + 24 * HOUR)]);
  });

  test('is over when the stack is back', async () => {
    await forbid();
    await now();
    expect(labels()).toEqual(['AWSCURRENT']);
  });

  test.each<[string, WantedState]>([
    ['does not rotate', wanting(byo('s1'))],
    ['follows a secret, as the tag of the identity says that', FOLLOWS],
    ['is of a further Region, as it goes on in the others', rotating({ isFurther: true })],
  ])('is nothing for a key that %s', async (_, wanted) => {
    const { calls } = keys.aws;
    await forbid(wanted);
    expect(keys.aws.calls).toBe(calls);
    expect(labels()).toEqual(['AWSCURRENT']);
  });

  test.each<[string, () => void]>([
    ['is gone', () => void (keys.isGone = true)], ['has no key yet', () => void (keys = new KeysInMemory())],
  ])('is nothing where the secret %s', async (_, prepare) => {
    prepare();
    const before = labels();
    await forbid();
    expect(labels()).toEqual(before);
    expect(keys.aws.lines.join('')).not.toContain('rotation-unknown');
  });

  test('hinders no deployment where the secret cannot be read', async () => {
    keys.aws.failAt = keys.aws.calls + 1;
    await forbid();
    expect(keys.aws.lines.join('\n')).toContain('"rotation-unknown"');
  });
});
