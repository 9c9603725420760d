// Tests of what a verifier reads from a key record, beside the texts of dkim-record.test.ts: real keys, and flaws.
import crypto, { createHash, generateKeyPairSync } from 'node:crypto';
import { flawOf, hasKey, hasUsableKey, isRevoked, keyText, publicKeysIn } from '../../../lambda/records/key-record';

const [OURS, THEIRS] = [1024, 1536].map((modulusLength) => generateKeyPairSync('rsa', { modulusLength }).publicKey);
const spki = (key: typeof OURS) => key.export({ format: 'der', type: 'spki' }).toString('base64');
const pkcs1 = (key: typeof OURS) => key.export({ format: 'der', type: 'pkcs1' }).toString('base64');
const ED25519 = Buffer.alloc(32, 1).toString('base64');
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
  .export({ format: 'der', type: 'spki' }).toString('base64');

describe('the key of a record', () => {
  test.each([
    ['written as we do', [keyText(spki(OURS))]],
    ['as the bare RSA key of RFC 6376', [`p=${pkcs1(OURS)}`]],
    ['in a record that harms mail', [`t=y; h=sha1; s=x; k=ed25519; v=DKIM2; p=${spki(OURS)}`]],
    ['in a list of tags that is none', [`hello; p=${spki(OURS)}; p=${spki(OURS)}`]],
    ['beside a value without a key', ['v=spf1 -all', keyText(spki(OURS))]],
    ['in two values', [`p=${spki(OURS)}`, keyText(spki(OURS))]],
  ])('is the same key, %s', (_, texts) => {
    expect(hasKey(keyText(spki(OURS)), texts)).toBe(true);
  });

  test('is the same without the padding of base64', () => {
    expect(spki(THEIRS)).toMatch(/=$/);
    expect(hasKey(keyText(spki(THEIRS)), [`p=${spki(THEIRS).replace(/=+$/, '')}`])).toBe(true);
  });

  test.each([
    ['another one', [keyText(spki(THEIRS))]],
    ['another bare one', [`p=${pkcs1(THEIRS)}`]],
    ['another one beside it', [keyText(spki(OURS)), keyText(spki(THEIRS))]],
    ['revoked', ['v=DKIM1; p=']],
    ['none', ['v=spf1 -all', '']],
    ['no value', []],
  ])('is not the same key: %s', (_, texts) => {
    expect(hasKey(keyText(spki(OURS)), texts)).toBe(false);
  });

  test('a text that is no record is nobody\'s key', () => {
    expect(hasKey('hello', ['hello', 'p=', 'p=x'])).toBe(false);
  });
});

test.each([
  ['an RSA key', `k=rsa; p=${spki(THEIRS)}`, true],
  ['a bare RSA key', `p=${pkcs1(THEIRS)}`, true],
  ['a key of Ed25519', `k=ed25519; p=${ED25519}`, true],
  ['a key of a kind that DKIM does not have', `p=${EC}`, false],
  ['a revoked key', 'v=DKIM1; p=', false],
  ['something that is no key', 'p=somebodyElses', false],
  ['no tag p', `P=${spki(THEIRS)}`, false],
])('mail can be signed with %s: %s', (_, text, expected) => {
  expect(hasUsableKey([text])).toBe(expected);
});

test.each([
  ['an empty p=', 'v=DKIM1; p= ', true], ['a key', 'p=abc', false], ['no p=', 'v=DKIM1', false],
])('%s: revoked or not', (_, text, expected) => {
  expect(isRevoked([text])).toBe(expected);
});

test.each([
  ['t=y', 't=y', /^t=y says/],
  ['t=Y, which some read likewise', 't=Y', /^t=y says/],
  ['an empty h=', 'h=', /^h= lacks sha256/],
  ['an empty s=', 's=', /^s= is not for mail/],
  ['g=, by which some verifiers go still', 'g=news', /^g=news limits it to some senders/],
  ['an empty g=', 'g=', /^g= limits it to some senders/],
  ['a long value, cut', `h=${'x'.repeat(500)}`, /^h=x{40} lacks sha256/],
])('the flaw of %s is named', (_, tag, expected) => {
  expect(flawOf([`${keyText(spki(OURS))}; ${tag}`])?.what).toMatch(expected);
});

test('the form of p= is a flaw only where it is not the one that all read', () => {
  expect(flawOf([`p=${spki(OURS)}`])).toBeUndefined();
  expect(flawOf([`p=${pkcs1(OURS)}`])?.what).toMatch(/form of its p=/);
});

test('the padding of base64 belongs to the form that all read', () => {
  expect(flawOf([`p=${spki(THEIRS)}`])).toBeUndefined();
  expect(flawOf([`p=${spki(THEIRS).replace(/=+$/, '')}`])?.what).toMatch(/form of its p=/);
});

test('what is not there has no flaw', () => {
  expect(flawOf([])).toBeUndefined();
});

test.each([
  ['two values', [keyText(spki(OURS)), 'hello'], 'it has 2 values, of which a verifier takes any', 'Leave it the value with the key'],
  [
    'a tag twice', [`${keyText(spki(OURS))}; n=a; n=b`], 'it is not a list of tags, each with a name and there once', 'Correct its tags',
  ],
  [
    'a version in another place', [`p=${spki(OURS)}; v=DKIM1`],
    'its version is not v=DKIM1 in the first place', 'Begin it with v=DKIM1',
  ],
  ['another type', [`k=ed25519; p=${spki(OURS)}`], 'k=ed25519 is not the type of the key', 'Write k=rsa'],
  ['another hash', [`p=${spki(OURS)}; h=sha1`], 'h=sha1 lacks sha256, by which SES signs', 'Add sha256 to h=, or take h= out'],
  ['another service', [`p=${spki(OURS)}; s=x`], 's=x is not for mail', 'Add email to s=, or take s= out'],
  [
    'some senders', [`p=${spki(OURS)}; g=a*`], 'g=a* limits it to some senders, for verifiers that know g=', 'Take g= out',
  ],
  [
    'a test', [`p=${spki(OURS)}; t=s:y`], 't=y says that DKIM is only tested, and mail counts as unsigned', 'Take y out of t=',
  ],
  [
    'another form', [`p=${pkcs1(OURS)}`],
    'not every verifier can read the form of its p=', 'Write p= as base64 of a SubjectPublicKeyInfo',
  ],
])('what is to be done about %s is said', (_, texts, what, remedy) => {
  expect(flawOf(texts)).toEqual({ what, remedy });
});

test.each(['g=*', 's=*', 's=x : email', 'h=sha1 : sha256', 't=s', 't=', 'n=', 'v1=x'])('%s is no flaw', (tag) => {
  expect(flawOf([`${keyText(spki(OURS))}; ${tag}`])).toBeUndefined();
});

test('a key is one in whichever form it is, with its digest; what is no RSA key is none', () => {
  const digest = createHash('sha256').update(OURS.export({ format: 'der', type: 'spki' })).digest('hex');
  const texts = [keyText(spki(OURS)), `p=${pkcs1(OURS)}`, 'p=', 'p=abc', `p=${EC}`, `p=${ED25519}`, 'hello'];
  expect(publicKeysIn(texts)).toEqual([{ publicKey: spki(OURS), publicKeySha256: digest }]);
  expect(publicKeysIn([`p=${spki(THEIRS)}`])).toEqual([expect.objectContaining({ publicKey: spki(THEIRS) })]);
});

// By a lint rule, no pattern goes back over them: this took seconds.
test('9 a record with 64 kB of spaces is read', () => {
  expect(flawOf([`p=${spki(OURS)};${' '.repeat(65_000)}x`])?.remedy).toBe('Correct its tags');
});

test('9 of a record with thousands of texts in place of a key, none is parsed that is too short for one', () => {
  const parsing = jest.spyOn(crypto, 'createPublicKey');
  expect(hasUsableKey([`${'p=A;'.repeat(16_000)}p=${pkcs1(OURS)}`])).toBe(true);
  expect(parsing.mock.calls.length).toBeLessThan(4);
});
