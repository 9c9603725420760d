// How a change that was left half-way comes to its end, by what SES has, and by what is left of the key before it.
import { TAKEN_BACK } from '../../../lambda/base/ports';
import { DOMAIN, keyLine, record } from '../fixtures/aws-in-memory';
import { CURRENT, HOUR, KeysInMemory, NEXT, ROTATING_OWNER } from '../fixtures/keys-in-memory';

const REVOKED = `TXT s1._domainkey.${DOMAIN} "v=DKIM1; k=rsa; p="`;

let keys: KeysInMemory;

beforeEach(async () => {
  keys = await KeysInMemory.deployed();
  keys.sesVerifies();
  keys.addNext();
});

const logged = () => keys.aws.lines.map((line) => JSON.parse(line).decision);

/** Somebody empties the record of the key before, as that has leaked. */
function revokeByHand(): void {
  const revoked = record(`s1._domainkey.${DOMAIN}`, 'TXT', '"v=DKIM1; k=rsa; p="');
  keys.aws.zone.records = keys.aws.zone.records.map((each) => each.name === revoked.name ? revoked : each);
}

describe('a next key that SES gives up, where somebody has revoked the one before', () => {
  const notVerified = () => expect(keys.step('testSecret')).rejects;

  beforeEach(async () => {
    await keys.step('setSecret');
    keys.aws.set({ status: 'FAILED' });
    keys.aws.onPause = undefined;
    keys.aws.puts.length = 0;
  });

  test('stays, so that another one can follow it, and the record is not published again', async () => {
    revokeByHand();
    await notVerified().toThrow('SES keeps the key with the selector n1, as the one before it is gone: '
      + 'SES gave up verifying the next key');
    expect(keys.aws.puts).toEqual([]);
    expect(keys.aws.zone.contents).toEqual([keyLine('n1', 'two'), REVOKED]);
    expect(keys.idOf('AWSCURRENT')).toBe(NEXT);
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
    expect(keys.idOf(TAKEN_BACK)).toBeUndefined();
    keys.sesVerifies();
    await keys.rotated('f'.repeat(32));
    expect(keys.aws.identity).toMatchObject({ tokens: [keys.selectorOf('AWSCURRENT')], status: 'SUCCESS' });
  });

  test('stays also where it was being taken back: no label is left of that', async () => {
    revokeByHand();
    keys.versions.move(TAKEN_BACK, undefined, NEXT);
    keys.aws.time += HOUR;
    await keys.care();
    expect(keys.idOf('AWSCURRENT')).toBe(NEXT);
    expect(keys.idOf(TAKEN_BACK)).toBeUndefined();
    expect(logged()).toContain('next-key-kept');
  });

  test('stays where SES names no selector, and was told of it last', async () => {
    revokeByHand();
    keys.aws.set({ tokens: [] });
    keys.aws.time += HOUR;
    await notVerified().toThrow('SES keeps the key with the selector n1');
    expect(keys.idOf('AWSCURRENT')).toBe(NEXT);
  });

  test('is taken back where SES has the one before again', async () => {
    revokeByHand();
    keys.aws.set({ tokens: ['s1'] });
    await notVerified().toThrow('The key was not changed: SES signs otherwise meanwhile');
    expect(keys.idOf('AWSCURRENT')).toBe(CURRENT);
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
  });

  test('is taken back where the record of the one before is only gone: that is published again', async () => {
    keys.aws.zone.records = keys.aws.zone.records.filter(({ name }) => !name.startsWith('s1.'));
    await notVerified().toThrow('The key was not changed');
    expect(keys.aws.puts).toMatchObject([{ selector: 's1' }]);
    expect(keys.aws.zone.contents).toContain(keyLine('s1'));
  });
});

describe('what was left half-way', () => {
  const later = () => {
    keys.aws.time += HOUR;
    return keys.care();
  };

  test('is finished by the care where SES has verified the next key', async () => {
    await keys.step('setSecret');
    keys.aws.set({ status: 'SUCCESS' });
    keys.aws.puts.length = 0;
    await later();
    expect(keys.aws.puts).toEqual([]);
    expect(keys.idOf('AWSCURRENT')).toBe(NEXT);
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
  });

  test.each<[string, () => void]>([
    ['it was being taken back already', () => keys.versions.move(TAKEN_BACK, undefined, NEXT)],
    ['SES names no selector: nobody knows that it is this one', () => keys.aws.set({ tokens: [] })],
    ['SES has not verified it', () => keys.aws.set({ status: 'PENDING' })],
  ])('is taken back where %s', async (_, happens) => {
    await keys.step('setSecret');
    keys.aws.set({ status: 'SUCCESS' });
    keys.aws.onPause = undefined;
    keys.aws.puts.length = 0;
    happens();
    await later();
    expect(keys.aws.puts).toMatchObject([{ selector: 's1' }]);
    expect(keys.idOf('AWSCURRENT')).toBe(CURRENT);
    expect([keys.idOf('AWSPENDING'), keys.idOf(TAKEN_BACK)]).toEqual([undefined, undefined]);
    expect(keys.aws.lines.join('')).toMatch(/"next-key-taken-back",.*"selector":"n1","message":"it was left half-way"/);
  });

  test('fails where it could not be taken back, and the label stays, so that it is tried again', async () => {
    await keys.step('setSecret');
    keys.aws.onPause = undefined;
    keys.aws.putRefused = new Error('SES refuses');
    await expect(later()).rejects.toThrow('failed');
    expect(keys.idOf('AWSPENDING')).toBe(NEXT);
    keys.aws.putRefused = undefined;
    await later();
    expect(keys.aws.identity.tokens).toEqual(['s1']);
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
  });

  test('before SES was told, where somebody else has given SES a key since: the tag claims nothing of that', async () => {
    const { tags } = keys.aws.identity;
    keys.aws.set({ tokens: ['mail'] });
    await later();
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
    expect(keys.aws.identity.tags).toEqual(tags);
  });

  test('before SES was told: the tag that was written for it does not say so any more', async () => {
    keys.aws.putRefused = new Error('SES refuses');
    await expect(keys.step('setSecret')).rejects.toThrow('SES refuses');
    const tag = () => keys.aws.identity.tags[ROTATING_OWNER.label];
    expect(tag()).toContain('told=EXTERNAL:n1');
    keys.aws.putRefused = undefined;
    await later();
    expect(keys.aws.puts).toEqual([]);
    expect(tag()).toMatch(/^told=EXTERNAL:s1/);
  });

  test('is not taken back where SES could not be asked in that moment', async () => {
    await keys.step('setSecret');
    keys.aws.set({ status: 'SUCCESS' });
    keys.aws.onCall = (call) => {
      if (call !== 'Get') return;
      keys.aws.onCall = undefined;
      throw new Error('no answer');
    };
    await expect(later()).rejects.toThrow('failed');
    expect(keys.aws.identity.tokens).toEqual(['n1']);
    expect(keys.idOf('AWSPENDING')).toBe(NEXT);
    await keys.care();
    expect(keys.idOf('AWSCURRENT')).toBe(NEXT);
  });

  test('is finished by another run at the same moment: this one has nothing to do any more', async () => {
    await keys.step('setSecret');
    keys.aws.set({ status: 'SUCCESS' });
    keys.endsElsewhereAt('Get');
    await later();
    expect(keys.aws.onCall).toBeUndefined(); // it has happened
    expect(keys.idOf('AWSCURRENT')).toBe(NEXT);
    expect(keys.aws.identity.tokens).toEqual(['n1']);
  });

  test('is not told to SES once more where a deployment begins while the record of the key before is published', async () => {
    await keys.step('setSecret');
    keys.aws.onPause = undefined;
    keys.aws.puts.length = 0;
    keys.aws.zone.records = keys.aws.zone.records.filter(({ name }) => !name.startsWith('s1.'));
    keys.aws.onCall = (call) => {
      if (call === 'Changed') keys.aws.set({ origin: 'AWS_SES', tokens: ['t1', 't2', 't3'] });
    };
    await later();
    expect(keys.aws.puts).toEqual([]);
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
  });

  test.each<[string, () => void]>([
    ['SES signs otherwise', () => keys.aws.set({ origin: 'AWS_SES', tokens: ['t1', 't2', 't3'] })],
    ['the identity is gone', () => keys.aws.identities.clear()],
  ])('loses its label where %s, and no record is written', async (_, happens) => {
    await keys.step('setSecret');
    keys.aws.onPause = undefined;
    happens();
    const { records } = keys.aws.zone;
    await later();
    expect(keys.aws.zone.records).toBe(records);
    expect([keys.idOf('AWSPENDING'), keys.idOf(TAKEN_BACK)]).toEqual([undefined, undefined]);
  });
});
