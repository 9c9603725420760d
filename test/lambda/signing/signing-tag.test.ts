// What an owner's tag says of how an identity signs. Tags are on users' identities, so their form never changes.
import { DesiredSigning } from '../../../lambda/base/desired-state';
import { IdentityState } from '../../../lambda/base/ports';
import {
  canHaveSigned, hasOthers, inSlotSince, isLastTold, isLeft, isSameSigning, isToldBy, isToldByAnother, leavingOf,
  renderTag, selectorsNow, selectorsOfAny, SigningTag, successorOf, tagAfter, tagOf, tagOfSlot, tagsWithRetained,
  wasTold, wasToldLast,
} from '../../../lambda/signing/signing-tag';
import { byo, DEED, EASY, owner, SHORTER } from '../fixtures/aws-in-memory';

const OWN = owner();
const [SECOND, THIRD] = [owner('Second').label, owner('Third').label];

/** An identity that signs with these selectors, with the tags of owners. */
const identityOf = (tags: Record<string, string> = {}, more: Partial<IdentityState> = {}): IdentityState =>
  ({ status: 'SUCCESS', signingEnabled: true, origin: 'EXTERNAL', tokens: ['s1'], tags, ...more });

const easy = (tags: Record<string, string> = {}): IdentityState => identityOf(tags, { origin: 'AWS_SES', tokens: ['a', 'b', 'c'] });
const unnamed = (tags: Record<string, string> = {}): IdentityState => identityOf(tags, { tokens: [] });
const tagWith = (value: string): SigningTag => tagOf(identityOf({ [OWN.label]: value }), OWN);

describe('the value of a tag', () => {
  test.each<[string, SigningTag]>([
    ['told=EXTERNAL:s2 told=EXTERNAL:s1 replaced=EXTERNAL:mail follows=1a2b3c', {
      told: ['EXTERNAL:s2', 'EXTERNAL:s1'], replaced: 'EXTERNAL:mail', leaves: false, follows: '1a2b3c', inSlot: undefined,
    }],
    ['told=EXTERNAL:dkim-a slot=1a2b3c:1767600000', {
      told: ['EXTERNAL:dkim-a'], replaced: undefined, leaves: false, follows: undefined, inSlot: '1a2b3c:1767600000',
    }],
    ['told=AWS_SES_EU_WEST_1 replaced=AWS_SES', {
      told: ['AWS_SES_EU_WEST_1'], replaced: 'AWS_SES', leaves: false, follows: undefined, inSlot: undefined,
    }],
    ['told=EXTERNAL:s1 leaves', {
      told: ['EXTERNAL:s1'], replaced: undefined, leaves: true, follows: undefined, inSlot: undefined,
    }],
  ])('is read as it was written: %s', (value, tag) => {
    expect(tagWith(value)).toEqual(tag);
    expect(renderTag(tag)).toBe(value);
  });

  test.each([
    'told=', 'xtold=EXTERNAL:s1', 'told=EXTERNAL:s1,', 'told=EXTERNAL:S1', 'told=external:s1', `told=EXTERNAL:${'a'.repeat(64)}`,
    `told=${'A'.repeat(41)}`, 'tells=EXTERNAL:s1', 'leaving', 'follows=1a2b3', 'xfollows=1a2b3c', 'follows=1a2b3c4', 'follows=1a2b3z',
    'slot=1a2b3c', 'xslot=1a2b3c:1767600000', 'slot=1a2b3c:17676000001', 'slot=1a2b3c:176760000', 'slot=1a2b3z:1767600000', '',
  ])('is passed over where it is not exactly of the form: %s', (word) => {
    const nothing = { told: [], replaced: undefined, leaves: false, follows: undefined, inSlot: undefined };
    expect(tagWith(word)).toEqual(nothing);
    expect(tagWith(`${word} told=EXTERNAL:s1`)).toEqual({ ...nothing, told: ['EXTERNAL:s1'] });
  });

  test('has no secret that is followed once its owner leaves, as there is no room', () => {
    expect(renderTag({ told: ['EXTERNAL:s1'], leaves: true, follows: '1a2b3c' })).toBe('told=EXTERNAL:s1 leaves');
  });

  test('has the longest names that there can be', () => {
    const told = [`EXTERNAL:${'a'.repeat(63)}`, `EXTERNAL:${'b'.repeat(63)}`];
    const value = renderTag({ told, replaced: `EXTERNAL:${'c'.repeat(63)}`, leaves: true });
    expect(value.length).toBeLessThanOrEqual(256);
    expect(tagWith(value).told).toEqual(told);
  });
});

describe('without a tag', () => {
  test.each<[string, DesiredSigning, string[]]>([
    ['BYODKIM', byo('S1'), ['EXTERNAL:s1']], ['a replica', DEED, ['AWS_SES_EU_WEST_1']], ['Easy DKIM, which can be the default', EASY, []],
  ])('an owner has told SES what CloudFormation knows: %s', (_, toldBefore, told) => {
    expect(tagOf(identityOf(), OWN, toldBefore)).toEqual({ told, leaves: false });
  });

  test('and without that, nothing', () => {
    expect(tagOf(identityOf({ [SECOND]: 'told=EXTERNAL:s1' }), OWN)).toEqual({ told: [], leaves: false });
  });

  test('but an empty one says that it has told SES nothing, whatever CloudFormation knows', () => {
    expect(tagOf(identityOf({ [OWN.label]: '' }), OWN, byo('s1')).told).toEqual([]);
  });
});

describe('whether an owner has told SES what is there', () => {
  test.each<[string, string, IdentityState, boolean]>([
    ['the last that it told', 'told=EXTERNAL:s1 told=EXTERNAL:s0', identityOf(), true],
    ['the one before, if its last call did not arrive', 'told=EXTERNAL:s2 told=EXTERNAL:s1', identityOf(), true],
    ['the same in upper case', 'told=EXTERNAL:s1', identityOf({}, { tokens: ['S1'] }), true],
    ['another selector', 'told=EXTERNAL:s2', identityOf(), false],
    ['what it has only given back', 'told=EXTERNAL:s1 replaced=EXTERNAL:s1', identityOf(), false],
    ['any selector, where SES names none', 'told=EXTERNAL:s2', unnamed(), true],
    ['any selector beside another method, where SES names none', 'told=AWS_SES told=EXTERNAL:s2', unnamed(), true],
    ['Easy DKIM, where SES names no selector', 'told=AWS_SES', unnamed(), false],
    ['Easy DKIM', 'told=AWS_SES', easy(), true],
    ['another method', 'told=EXTERNAL:s1', easy(), false],
    ['a replica', 'told=AWS_SES_EU_WEST_1', identityOf({}, { origin: 'AWS_SES_EU_WEST_1' }), true],
    ['an identity whose origin SES does not say', 'told=EXTERNAL:s1', identityOf({}, { origin: undefined }), false],
  ])('%s', (_, value, identity, isTold) => {
    expect(isToldBy(tagWith(value), identity)).toBe(isTold);
  });

  test('a selector, ever and last', () => {
    const tag = tagWith('told=EXTERNAL:s2 told=EXTERNAL:s1');
    expect(['s1', 's2', 's3'].map((selector) => wasTold(tag, selector))).toEqual([true, true, false]);
    expect(['s1', 's2', 's3'].map((selector) => wasToldLast(tag, selector))).toEqual([false, true, false]);
    expect(wasToldLast(tagWith(''), 's1')).toBe(false);
  });

  test('mail can have been signed with a record that was told, and with any CNAME', () => {
    const tag = tagWith('told=EXTERNAL:s1');
    expect(canHaveSigned(tag, { label: 's1', type: 'TXT' })).toBe(true);
    expect(canHaveSigned(tag, { label: 's2', type: 'TXT' })).toBe(false);
    expect(canHaveSigned(tag, { label: 'token', type: 'CNAME' })).toBe(true);
  });

  test('two signings that a tag cannot tell apart', () => {
    expect(isSameSigning(byo('s1'), byo('S1', 'two'))).toBe(true);
    expect(isSameSigning(byo('s1'), byo('s2'))).toBe(false);
    expect(isSameSigning(EASY, SHORTER)).toBe(true);
    expect(isSameSigning(EASY, DEED)).toBe(false);
  });
});

describe('the selectors that mail can be signed with', () => {
  const tag = tagWith('told=EXTERNAL:s2 told=AWS_SES told=EXTERNAL:s1');

  test('are those that SES names', () => {
    expect(selectorsNow(tag, identityOf({}, { tokens: ['S3'] }))).toEqual(['s3']);
    expect(selectorsNow(tag, easy())).toEqual(['a', 'b', 'c']);
  });

  test('are those that were told, where SES names none', () => {
    expect(selectorsNow(tag, unnamed())).toEqual(['s2', 's1']);
    expect(selectorsNow(tag, identityOf({}, { origin: 'AWS_SES', tokens: [] }))).toEqual([]);
  });

  test('by what any owner has told last', () => {
    const tags = { [OWN.label]: 'told=EXTERNAL:s2 told=EXTERNAL:s1', [SECOND]: 'told=EXTERNAL:s3', [THIRD]: 'told=EXTERNAL:s2' };
    expect(selectorsOfAny(unnamed(tags))).toEqual(['s2', 's3']);
    expect(selectorsOfAny(identityOf(tags))).toEqual(['s1']);
    expect(selectorsOfAny(unnamed({ project: 'told=EXTERNAL:s9' }))).toEqual([]);
  });
});

describe('other owners', () => {
  const TOLD = 'told=EXTERNAL:s1';

  test('one that has told SES the same is left the signing, or else any one that stays', () => {
    expect(successorOf(identityOf({ [SECOND]: 'told=EXTERNAL:s2', [THIRD]: TOLD }), OWN)).toBe(THIRD);
    expect(successorOf(identityOf({ [SECOND]: 'told=EXTERNAL:s2', [THIRD]: 'told=EXTERNAL:s3' }), OWN)).toBe(SECOND);
  });

  test.each([
    ['its own tag', { [OWN.label]: TOLD }], ['one that leaves', { [SECOND]: `${TOLD} leaves` }],
    ['one that has told SES nothing', { [SECOND]: 'follows=1a2b3c' }], ['a tag of the user', { project: TOLD }],
  ])('nothing is left to %s', (_, tags: Record<string, string>) => {
    expect(successorOf(identityOf(tags), OWN)).toBeUndefined();
  });

  test('those that leave', () => {
    const tags = { [OWN.label]: `${TOLD} leaves`, [SECOND]: `${TOLD} leaves`, [THIRD]: TOLD, project: 'leaves' };
    expect(leavingOf(identityOf(tags), OWN)).toEqual([SECOND]);
  });

  test('there are none but those of this library', () => {
    expect(hasOthers(identityOf({ [OWN.label]: TOLD, project: 'x' }), OWN)).toBe(false);
    expect(hasOthers(identityOf({ [SECOND]: 'leaves' }), OWN)).toBe(true);
  });

  test('have told SES what is there, also one that has left it', () => {
    expect(isToldByAnother(identityOf({ [OWN.label]: TOLD, [SECOND]: 'told=EXTERNAL:s2' }), OWN)).toBe(false);
    expect(isToldByAnother(identityOf({ [SECOND]: 'told=EXTERNAL:s2', [THIRD]: `${TOLD} leaves` }), OWN)).toBe(true);
    expect(isLeft(identityOf({ [SECOND]: TOLD, [THIRD]: 'told=EXTERNAL:s2 leaves', [OWN.label]: `${TOLD} leaves` }), OWN)).toBe(false);
    expect(isLeft(identityOf({ [SECOND]: `${TOLD} leaves`, [THIRD]: TOLD }), OWN)).toBe(true);
  });

  test('what an owner has told last is there, or is not', () => {
    expect(isLastTold(identityOf({ [OWN.label]: `${TOLD} told=EXTERNAL:s0`, [SECOND]: 'told=EXTERNAL:s3' }))).toBe(true);
    expect(isLastTold(identityOf({ [OWN.label]: `told=EXTERNAL:s2 ${TOLD}` }))).toBe(false);
  });

  test('what stays for good is nobody’s to take back', () => {
    const tags = { [OWN.label]: TOLD, [SECOND]: `${TOLD} told=EXTERNAL:s0`, [THIRD]: `${TOLD} leaves`, [owner('Other').label]: 'told=EXTERNAL:s2' };
    const retained = tagsWithRetained(identityOf(tags), OWN);
    expect(retained.map(({ label, tag }) => [label, renderTag(tag)]))
      .toEqual([[SECOND, 'told=EXTERNAL:s1 told=EXTERNAL:s0 replaced=EXTERNAL:s1']]);
  });
});

describe('the tag when SES is told a signing next', () => {
  const after = (value: string, identity: IdentityState, signing: DesiredSigning = byo('S2')) =>
    renderTag(tagAfter(tagWith(value), signing, identity, OWN));

  test('has what was told before while SES signs so: the next call need not arrive', () => {
    expect(after('told=EXTERNAL:s1 told=EXTERNAL:s0', identityOf())).toBe('told=EXTERNAL:s2 told=EXTERNAL:s1');
    expect(after('told=EXTERNAL:s0', identityOf({ [SECOND]: 'told=EXTERNAL:s1' }))).toBe('told=EXTERNAL:s2');
    expect(after('told=EXTERNAL:s1', identityOf(), byo('s1'))).toBe('told=EXTERNAL:s1');
  });

  test('has what somebody else has set, where mail is signed so', () => {
    expect(after('', identityOf())).toBe('told=EXTERNAL:s2 replaced=EXTERNAL:s1');
    expect(after('', identityOf({}, { origin: 'AWS_SES_EU_WEST_1' }), EASY)).toBe('told=AWS_SES replaced=AWS_SES_EU_WEST_1');
  });

  test.each<[string, string, IdentityState]>([
    ['it signs nothing', '', identityOf({}, { status: 'PENDING' })],
    ['it signs with Easy DKIM, which SES has by itself', '', easy()],
    ['another owner has set it', '', identityOf({ [SECOND]: 'told=EXTERNAL:s1' })],
  ])('has nothing of before where %s', (_, value, identity) => {
    expect(after(value, identity)).toBe('told=EXTERNAL:s2');
  });

  test('keeps what was replaced first, and no word that it leaves', () => {
    expect(after('told=EXTERNAL:s1 replaced=EXTERNAL:mail leaves slot=1a2b3c:1767600000', identityOf()))
      .toBe('told=EXTERNAL:s2 told=EXTERNAL:s1 replaced=EXTERNAL:mail');
  });

  test('says which secret is followed, and no longer when none is', () => {
    expect(after('', easy(), { ...byo('s2'), followedBy: 'arn' })).toMatch(/^told=EXTERNAL:s2 follows=[0-9a-f]{6}$/);
    expect(after('told=EXTERNAL:s1 follows=1a2b3c', identityOf(), byo('s1'))).toBe('told=EXTERNAL:s1');
  });
});

describe('a note of a key in a slot', () => {
  const note = tagOfSlot(tagWith('told=EXTERNAL:dkim-a'), '1a2b3c4d5e', 1_767_600_000_001);

  test('says since when, rounded up so that no resolver remembers anything at its end', () => {
    expect(renderTag(note)).toBe('told=EXTERNAL:dkim-a slot=1a2b3c:1767600001');
    expect(inSlotSince(note, '1a2b3c4d5e')).toBe(1_767_600_001_000);
  });

  test('says nothing of another key, and without it nothing is known', () => {
    expect(inSlotSince(note, 'ffffff4d5e')).toBeUndefined();
    expect(inSlotSince(tagWith(''), '1a2b3c4d5e')).toBeUndefined();
  });
});
