// What the hourly care, and a deployment, do with a secret of the user that they follow, by what it holds.
import { WantedState } from '../../../lambda/base/desired-state';
import { SecretGoneError } from '../../../lambda/base/errors';
import { Services, TAKEN_BACK } from '../../../lambda/base/ports';
import { withKey } from '../../../lambda/signing/rotating-key';
import { followsOf, renderTag } from '../../../lambda/signing/signing-tag';
import { textOfFollowed } from '../../../lambda/signing/stored-key';
import { SecretVersions } from '../../cloud/secrets-manager/secret-versions';
import { byo, DOMAIN, keyLine, KEYS, REGION, wanting } from '../fixtures/aws-in-memory';
import { CURRENT, HOUR, KEYS_ARN, KeysInMemory, MINUTE, PEM, ROTATING_OWNER } from '../fixtures/keys-in-memory';

const ARN = 'arn:aws:secretsmanager:us-east-1:111111111111:secret:own';
const FOLLOWS = { arn: `${ARN}-AbCdEf`, jsonField: 'key', selectorField: 'selector' };
const WORD = followsOf([KEYS_ARN, FOLLOWS.arn, FOLLOWS.jsonField, FOLLOWS.selectorField].join(' '));

/** The user's secret: what each version has; the last one is the current one. */
let own: Map<string, string>;
let keys: KeysInMemory;

function userStores(versionId: string, selector: string, key: keyof typeof PEM): void {
  own.set(versionId, JSON.stringify({ selector, key: PEM[key] }));
}

const withOwnSecret = (services: Services): Services => ({
  ...services,
  secrets: {
    read: async (source) => {
      if (source.arn === KEYS_ARN) return services.secrets.read(source);
      const versionId = source.versionId ?? [...own.keys()].at(-1)!;
      const text = own.get(versionId);
      if (text === undefined) throw new SecretGoneError('The secret has no such version');
      return { text, versionId };
    },
  },
});

const care = () => keys.rotate({ Secrets: [KEYS_ARN] }, withOwnSecret);
const setTag = (follows: string | undefined, told = ['EXTERNAL:s1']) =>
  keys.aws.set({ tags: { [ROTATING_OWNER.label]: renderTag({ told, leaves: false, follows }) } });

/** The domain is signed with what the user's secret has, as `s1`. */
beforeEach(async () => {
  own = new Map();
  userStores('v1', 's1', 'one');
  keys = await KeysInMemory.deployed();
  keys.versions = new SecretVersions();
  const { publicKey } = KEYS.one;
  keys.store(CURRENT, 'AWSCURRENT', textOfFollowed(FOLLOWS, { selector: 's1', publicKey, madeAt: keys.aws.time, versionId: 'v1' }));
  setTag(WORD);
  keys.sesVerifies();
  keys.aws.puts.length = 0;
});

const saysOf = (label: string) => JSON.parse(String(keys.versions.holderOf(label)?.value));

describe('the hourly care', () => {
  test('changes nothing while the secret has the same key', async () => {
    const before = keys.versions.digests();
    await care();
    expect(keys.versions.digests()).toEqual(before);
    expect(keys.aws.puts).toEqual([]);
  });

  test('has SES sign with a key that the user has stored, and keeps the record of the one before', async () => {
    userStores('v2', 's2', 'two');
    await care();
    expect(keys.aws.identity).toMatchObject({ tokens: ['s2'], status: 'SUCCESS' });
    expect(saysOf('AWSCURRENT')).toMatchObject({ selector: 's2', follows: { ...FOLLOWS, versionId: 'v2' } });
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
    expect(keys.aws.zone.contents).toEqual([keyLine('s1'), keyLine('s2', 'two')]);
    expect(JSON.stringify([...keys.versions.all()].map(({ value }) => String(value)))).not.toContain('PRIVATE KEY');
  });

  test('notes the version where the user has stored the same key again, as the old one will be forgotten', async () => {
    const { made } = saysOf('AWSCURRENT');
    userStores('v2', 's1', 'one');
    await care();
    expect(saysOf('AWSCURRENT')).toMatchObject({ selector: 's1', made, follows: { versionId: 'v2' } });
    expect(keys.aws.puts).toEqual([]);
  });

  test.each<[string, () => void, string]>([
    ['another key has the selector of the one that signs', () => userStores('v2', 's1', 'two'), 'new selector'],
    ['the tag does not say that the stack follows it', () => {
      userStores('v2', 's2', 'two');
      setTag(undefined);
    }, 'do not say that this stack follows the secret'],
    ['SES signs with a key of somebody else', () => {
      userStores('v2', 's2', 'two');
      keys.aws.set({ tokens: ['mail'] });
    }, 'SES signs example.com otherwise than this secret says'],
    ['it holds no selector', () => own.set('v2', JSON.stringify({ key: PEM.two })), 'has no selector'],
    ['its selector is too long', () => userStores('v2', 's'.repeat(64), 'two'), 'has no selector'],
  ])('uses no key where %s, and notes since when it fails', async (_, happens, why) => {
    happens();
    await expect(care()).rejects.toThrow('The care for 1 of 1 secrets failed');
    expect(keys.aws.lines.join('\n')).toContain(why);
    expect(keys.aws.puts).toEqual([]);
    expect(keys.aws.zone.contents).toEqual([keyLine('s1')]);
    expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
    const noted = [...keys.versions.holderOf('AWSCURRENT')!.stages];
    expect(noted).toContain(`cdk-ses-dkim:fails-since:${new Date(keys.aws.time).toISOString()}`);
  });

  test('keeps the first time since which it fails, and takes the note off when it works again', async () => {
    const notes = () => [...keys.versions.holderOf('AWSCURRENT')!.stages].filter((label) => label.includes('fails-since'));
    const before = own.get('v1')!;
    own.set('v1', '{}');
    await expect(care()).rejects.toThrow('failed');
    const first = notes();
    keys.aws.time += HOUR;
    await expect(care()).rejects.toThrow('failed');
    expect(notes()).toEqual(first);
    own.set('v1', before);
    await care();
    expect(notes()).toEqual([]);
  });

  describe('of a key that SES does not verify', () => {
    beforeEach(async () => {
      userStores('v2', 's2', 'two');
      keys.aws.onPause = () => {
        if (keys.aws.identity.tokens.includes('s2')) keys.aws.set({ status: 'FAILED' });
      };
      await expect(care()).rejects.toThrow('failed');
    });

    test('SES gets the one before again, and its record stays', () => {
      expect(keys.aws.identity.tokens).toEqual(['s1']);
      expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
      expect(keys.selectorOf(TAKEN_BACK)).toBe('s2');
      expect(keys.aws.zone.contents).toContain(keyLine('s1'));
    });

    test('it is not tried again, and the reason says what to do', async () => {
      keys.aws.puts.length = 0;
      await expect(care()).rejects.toThrow('failed');
      expect(keys.aws.lines.join('\n')).toContain('SES did not verify the key with the selector s2, and it was taken back. '
        + 'See what the public name servers answer for that selector. Then store the key again');
      expect(keys.aws.puts).toEqual([]);
    });

    test('it is tried once more when the user stores it again', async () => {
      userStores('v3', 's2', 'two');
      keys.sesVerifies();
      await care();
      expect(keys.selectorOf('AWSCURRENT')).toBe('s2');
      expect(keys.aws.identity.tokens).toEqual(['s2']);
    });

    test('when the user goes back to the key before, nothing is held against the other one', async () => {
      userStores('v3', 's1', 'one');
      keys.sesVerifies();
      await care();
      expect(keys.idOf(TAKEN_BACK)).toBeUndefined();
      expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
    });
  });

  test('a key that waits for its turn begins anew when the user stores another one meanwhile', async () => {
    userStores('v2', 's2', 'two');
    keys.aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
    await expect(care()).rejects.toThrow('failed');
    expect(keys.selectorOf('AWSPENDING')).toBe('s2');
    userStores('v3', 's3', 'two');
    keys.aws.publicAnswer = undefined;
    await care();
    expect(keys.selectorOf('AWSCURRENT')).toBe('s3');
    expect(keys.aws.identity.tokens).toEqual(['s3']);
  });

  test('a key that SES has not verified yet is taken back when the user stores another one, and that is used', async () => {
    userStores('v2', 's2', 'two');
    keys.aws.onPause = undefined;
    await expect(care()).rejects.toThrow('failed');
    expect(keys.aws.identity).toMatchObject({ tokens: ['s2'], status: 'PENDING' });
    userStores('v3', 's3', 'two');
    keys.sesVerifies();
    await care();
    expect(keys.selectorOf('AWSCURRENT')).toBe('s3');
    expect(keys.aws.puts.slice(-2)).toMatchObject([{ selector: 's1' }, { selector: 's3' }]);
  });

  test('a key that SES was never told of is taken back without a note, so that it can come again', async () => {
    userStores('v2', 's2', 'two');
    keys.aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
    await expect(care()).rejects.toThrow('failed');
    userStores('v3', 's3', 'two');
    keys.aws.publicAnswer = undefined;
    await care();
    expect(keys.selectorOf('AWSCURRENT')).toBe('s3');
    expect(keys.idOf(TAKEN_BACK)).toBeUndefined();
    own.delete('v2');
    userStores('v2', 's2', 'two'); // the user moves the label back
    await care();
    expect(keys.selectorOf('AWSCURRENT')).toBe('s2');
  });

  test('a key that SES has verified stays while SES cannot look it up, and is used when SES can again', async () => {
    userStores('v2', 's2', 'two');
    keys.aws.onPause = undefined;
    await expect(care()).rejects.toThrow('failed');
    keys.aws.set({ status: 'TEMPORARY_FAILURE' });
    keys.aws.time += 2 * HOUR;
    await expect(care()).rejects.toThrow('failed');
    expect(keys.aws.identity.tokens).toEqual(['s2']);
    expect(keys.selectorOf('AWSPENDING')).toBe('s2');
    expect(keys.idOf(TAKEN_BACK)).toBeUndefined();
    keys.aws.set({ status: 'SUCCESS' });
    await care();
    expect(keys.selectorOf('AWSCURRENT')).toBe('s2');
  });

  test.each<[string, () => void]>([
    ['has the key before again', () => keys.aws.set({ status: 'TEMPORARY_FAILURE', tokens: ['s1'] })],
    ['has no identity any more, and the user goes back to the key before', () => {
      keys.aws.identities.clear();
      userStores('v3', 's1', 'one');
    }],
  ])('a key loses its label where SES %s, whatever it can look up', async (_, happens) => {
    userStores('v2', 's2', 'two');
    keys.aws.onPause = undefined;
    await expect(care()).rejects.toThrow('failed');
    happens();
    keys.aws.time += 2 * HOUR;
    await care().catch(() => undefined); // a key that was taken back is a failure
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
    expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
  });

  test('what has the label of the next key, and is no key, loses it', async () => {
    keys.store('f'.repeat(32), 'AWSPENDING', 'no key');
    await care();
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
    expect(keys.aws.lines.join('\n')).toContain('"empty-version-cleared"');
    expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
    expect(keys.aws.puts).toEqual([]);
  });

  test('a key that is being taken back does not begin anew, however late it is', async () => {
    userStores('v2', 's2', 'two');
    keys.aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
    await expect(care()).rejects.toThrow('failed');
    keys.versions.move(TAKEN_BACK, undefined, keys.idOf('AWSPENDING')!);
    keys.aws.time += HOUR;
    keys.aws.publicAnswer = undefined;
    await care();
    expect(keys.aws.puts).toEqual([]);
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
    expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
  });

  test('a key that SES could not be told of for half an hour has its whole time again', async () => {
    userStores('v2', 's2', 'two');
    keys.aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
    await expect(care()).rejects.toThrow('failed');
    const first = keys.idOf('AWSPENDING');
    const { made } = saysOf('AWSPENDING');
    keys.aws.time = Date.parse(made) + 29 * MINUTE;
    await expect(care()).rejects.toThrow('failed');
    expect(keys.idOf('AWSPENDING')).toBe(first);
    keys.aws.time += 15 * MINUTE;
    keys.aws.publicAnswer = undefined;
    await care();
    expect(keys.selectorOf('AWSCURRENT')).toBe('s2');
    expect(keys.idOf('AWSCURRENT')).not.toBe(first);
  });

  test('where the user has deleted the key before, SES keeps the one that it has', async () => {
    userStores('v2', 's2', 'two');
    keys.aws.onPause = () => {
      if (!keys.aws.identity.tokens.includes('s2')) return;
      own.delete('v1');
      keys.aws.set({ status: 'FAILED' });
    };
    await expect(care()).rejects.toThrow('failed');
    expect(keys.aws.lines.join('\n')).toContain('SES keeps the key with the selector s2, as the one before it is gone');
    expect(keys.aws.identity.tokens).toEqual(['s2']);
    expect(keys.selectorOf('AWSCURRENT')).toBe('s2');
  });
});

describe('a deployment', () => {
  const wanted = (follows: { arn: string; jsonField: string; selectorField: string } = FOLLOWS): WantedState => ({
    ...wanting(byo('unused')),
    signing: { method: 'ROTATING_BYODKIM', secretArn: KEYS_ARN, selectorPrefix: 'dkim', keyLength: 2048, follows },
  });
  const deploy = (state = wanted()) =>
    withKey(state, ROTATING_OWNER, withOwnSecret(keys.among(keys.aws.services({ domain: DOMAIN, region: REGION }))));

  test('of a new stack takes what the secret has, and notes where it is', async () => {
    keys.versions = new SecretVersions();
    expect(await deploy()).toMatchObject({
      signing: { method: 'BYODKIM', selector: 's1', secret: { arn: FOLLOWS.arn, jsonField: 'key', versionId: 'v1' } },
    });
    expect(saysOf('AWSCURRENT')).toMatchObject({ selector: 's1', publicKey: KEYS.one.publicKey, follows: { versionId: 'v1' } });
  });

  test('keeps the key that SES has, whatever the user has stored since: the care changes it', async () => {
    userStores('v2', 's2', 'two');
    const before = keys.versions.digests();
    expect(await deploy()).toMatchObject({ signing: { selector: 's1', secret: { versionId: 'v1' } } });
    expect(keys.versions.digests()).toEqual(before);
  });

  test.each<[string, () => void]>([
    ['that SES was never told', () => {
      setTag(undefined, []);
      keys.aws.set({ origin: 'AWS_SES', tokens: ['a', 'b', 'c'] });
    }],
    ['that the user’s secret has forgotten', () => void own.delete('v1')],
    ['of which there is no identity', () => keys.aws.identities.clear()],
  ])('takes what the secret has now in place of a key %s', async (_, happens) => {
    userStores('v2', 's2', 'two');
    happens();
    expect(await deploy()).toMatchObject({ signing: { selector: 's2', secret: { versionId: 'v2' } } });
  });

  test('that is repeated before SES was told writes nothing that is there', async () => {
    setTag(undefined, []);
    keys.aws.set({ origin: 'AWS_SES', tokens: ['a', 'b', 'c'] });
    const before = keys.versions.digests();
    expect(await deploy()).toMatchObject({ signing: { selector: 's1', secret: { versionId: 'v1' } } });
    expect(keys.versions.digests()).toEqual(before);
  });

  test.each([
    ['the tag says so', () => keys.aws.set({ origin: 'AWS_SES', tokens: ['a', 'b', 'c'] })],
    ['SES says so', () => setTag(undefined, [])],
  ])('keeps a key that SES was told: %s', async (_, happens) => {
    userStores('v2', 's2', 'two');
    happens();
    expect(await deploy()).toMatchObject({ signing: { selector: 's1' } });
  });

  test('that imports the same secret by an ARN without its end keeps the key, and notes the ARN', async () => {
    const short = { ...FOLLOWS, arn: ARN };
    const { made } = saysOf('AWSCURRENT');
    userStores('v2', 's2', 'two');
    expect(await deploy(wanted(short))).toMatchObject({ signing: { selector: 's1', secret: { arn: short.arn } } });
    expect(saysOf('AWSCURRENT')).toMatchObject({ made, follows: { arn: short.arn, versionId: 'v1' } });
  });

  test.each([
    ['another one', `${ARN.replace(/own$/, 'new')}-AbCdEf`], ['a longer name', `${FOLLOWS.arn}-more`],
    ['a longer name without a hyphen', `${FOLLOWS.arn}x123456`], ['a name that is as much longer', `${ARN.replace(/own$/, 'any-other2')}-AbCdEf`],
  ])('takes the key of another secret: %s', async (_, arn) => {
    userStores('v2', 's2', 'two');
    expect(await deploy(wanted({ ...FOLLOWS, arn }))).toMatchObject({ signing: { selector: 's2', secret: { arn, versionId: 'v2' } } });
  });

  test.each([
    ['another field', { ...FOLLOWS, selectorField: 'name' }], ['another field for the key', { ...FOLLOWS, jsonField: 'pem' }],
  ])('takes what %s has, also where the key is the same', async (_, follows) => {
    own.set('v1', JSON.stringify({ selector: 's1', key: PEM.one, name: 's9', pem: PEM.two }));
    const { signing } = await deploy(wanted(follows));
    expect(signing).toMatchObject({ selector: follows.selectorField === 'name' ? 's9' : 's1', secret: { jsonField: follows.jsonField } });
    expect(saysOf('AWSCURRENT')).toMatchObject({ follows });
  });
});
