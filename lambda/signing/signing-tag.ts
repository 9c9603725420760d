// The signing tag: what an owner has told SES, in a tag on the identity (docs/adr/0022-who-set-the-signing.md). Pure.
//
// SES does not say who has set how an identity signs. So each owner writes it down before it tells SES, in a tag of its
// own beside the signing itself: in the same account and Region, with or without a hosted zone.
//
// The value is words: `told=EXTERNAL:s2 told=EXTERNAL:s1 replaced=EXTERNAL:mail follows=1a2b3c`, or with a slot
// `slot=1a2b3c:1767600000` in the last place. Tags of this form are on users' identities, so it never changes.
import { deedOrigin, isUnnamed, signsNow } from './ses-rules';
import { DesiredSigning } from '../base/desired-state';
import { isRegistryLabel, Owner } from '../base/owner';
import { IdentityState } from '../base/ports';
import { sha256 } from '../base/sha256';
import { Entry } from '../records/registry';

export interface SigningTag {
  /** How the owner has told SES to sign, newest first. A call need not arrive, so SES may sign in any of these ways. */
  readonly told: readonly string[];
  /** How the identity signed mail before, set by somebody who is no owner. SES cannot give that back. */
  readonly replaced?: string;
  /** The owner is being removed, or has been. It leaves the signing to others, which find here who has set it. */
  readonly leaves: boolean;
  /** The stack has the signing follow a secret. Without this word, nobody changes the key without a deployment. */
  readonly follows?: string;
  /** Which key is published in a slot, and since when, in seconds since 1970, until SES is told of it. */
  readonly inSlot?: string;
}

const BYODKIM = 'EXTERNAL:';
/** Two of the longest names. */
const MOST_TOLD = 2 * (BYODKIM.length + 63) + ' told='.length;
const NAME = '([A-Z0-9_]{1,40}(?::[a-z0-9-]{0,63})?)';
const TOLD = new RegExp(`^told=${NAME}$`);
const REPLACED = new RegExp(`^replaced=${NAME}$`);
const FOLLOWS = /^follows=([0-9a-f]{6})$/;
const IN_SLOT = /^slot=([0-9a-f]{6}:\d{10})$/;

/** The tag, with a note of a key that was published in a slot at that moment, in ms since 1970. */
export function tagOfSlot(tag: SigningTag, publicKeySha256: string, since: number): SigningTag {
  return { ...tag, inSlot: `${publicKeySha256.slice(0, 6)}:${Math.ceil(since / 1000)}` };
}

/** What such a note says of this key. */
export function inSlotSince({ inSlot = '' }: SigningTag, publicKeySha256: string): number | undefined {
  const [key, seconds] = inSlot.split(':');
  return key === publicKeySha256.slice(0, 6) ? Number(seconds) * 1000 : undefined;
}

/** One way of signing, as a tag names it. A selector is compared as DNS compares names. */
function nameOf(signing: DesiredSigning): string {
  switch (signing.method) {
    case 'EASY_DKIM': return 'AWS_SES';
    case 'DEED': return deedOrigin(signing.parentRegion);
    case 'BYODKIM': return BYODKIM + signing.selector.toLowerCase();
  }
}

/** What stands in the tag for a followed secret. */
export function followsOf(followedBy: string | undefined): string | undefined {
  return followedBy && sha256(followedBy).slice(0, 6);
}

/** True when a tag cannot tell one from the other. */
export function isSameSigning(one: DesiredSigning, other: DesiredSigning): boolean {
  return nameOf(one) === nameOf(other);
}

/** How the identity signs now. SES need not name the selector. */
function nameNow({ origin = '', tokens }: IdentityState): string {
  return origin === 'EXTERNAL' ? BYODKIM + (tokens.at(0)?.toLowerCase() ?? '') : origin;
}

/** The selectors that mail can be signed with. If SES names none, those that the owner of the tag has set. */
export function selectorsNow({ told }: SigningTag, { origin, tokens }: IdentityState): string[] {
  if (tokens.length > 0 || origin !== 'EXTERNAL') return tokens.map((token) => token.toLowerCase());
  return told.flatMap((name) => name.startsWith(BYODKIM) ? [name.slice(BYODKIM.length)] : []);
}

/** The same, by what any owner has told SES last. With several that differ, nobody knows which it is. */
export function selectorsOfAny(identity: IdentityState): string[] {
  return [...new Set(lastTold(identity).flatMap((tag) => selectorsNow(tag, identity)))];
}

/**
 * The owner's tag. Without a tag, `toldBefore` is used: what the owner has set in SES, as far as CloudFormation knows.
 * There is no tag if an older version wrote none, or if somebody removed it. Easy DKIM is not taken from there: it can
 * be the default of SES, and nothing must be set back.
 */
export function tagOf({ tags }: IdentityState, { label }: Pick<Owner, 'label'>, toldBefore?: DesiredSigning): SigningTag {
  if (tags[label] !== undefined) return parse(tags[label]);
  return { told: !toldBefore || toldBefore.method === 'EASY_DKIM' ? [] : [nameOf(toldBefore)], leaves: false };
}

/** True when the identity signs as this tag's owner has told SES. What it has only given back is not its own. */
export function isToldBy({ told, replaced }: SigningTag, identity: IdentityState): boolean {
  if (isUnnamed(identity)) return told.some((name) => name.startsWith(BYODKIM));
  const now = nameNow(identity);
  return told.includes(now) && now !== replaced;
}

/** True when the tag's owner has told SES a key under this selector, as far back as the tag says. */
export function wasTold({ told }: SigningTag, selector: string): boolean {
  return told.includes(BYODKIM + selector);
}

/** True when the tag's owner has made the identity a replica, as far back as the tag says. */
export function wasToldReplica({ told }: SigningTag): boolean {
  return told.some((name) => name.startsWith('AWS_SES_'));
}

/** True when the tag's owner has told SES a key under this selector, and no other one since. */
export function wasToldLast({ told: [last] }: SigningTag, selector: string): boolean {
  return last === BYODKIM + selector;
}

/**
 * True when mail can have been signed with this record, as far back as the tag says. A CNAME is one of Easy DKIM, which
 * SES signs with as soon as it finds it.
 */
export function canHaveSigned(tag: SigningTag, { label, type }: Pick<Entry, 'label' | 'type'>): boolean {
  return type === 'CNAME' || wasTold(tag, label);
}

/** The label of another owner, to which the signing can be left: one that has told SES the same, or else any one. */
export function successorOf(identity: IdentityState, owner: Owner): string | undefined {
  const others = othersOf(identity, owner);
  return (others.find(({ tag }) => isToldBy(tag, identity)) ?? others.at(0))?.label;
}

/** The labels of other owners that are being removed at this moment, or have left the signing. */
export function leavingOf({ tags }: IdentityState, { label: own }: Owner): string[] {
  return othersIn(tags, own).filter(({ tag }) => tag.leaves).map(({ label }) => label);
}

/** True when there are other owners, staying or not. */
export function hasOthers({ tags }: IdentityState, { label }: Owner): boolean {
  return othersIn(tags, label).length > 0;
}

/** True when another owner has told SES the signing that is there, also one that has been removed and has left it. */
export function isToldByAnother(identity: IdentityState, { label: own }: Owner): boolean {
  return othersIn(identity.tags, own).some(({ tag }) => isToldBy(tag, identity));
}

/** True when what is there is what an owner has told SES last. */
export function isLastTold(identity: IdentityState): boolean {
  return lastTold(identity).some((tag) => isToldBy(tag, identity));
}

/** True when an owner that has been removed, or is at this moment, has told SES the signing that is there. */
export function isLeft(identity: IdentityState, { label: own }: Owner): boolean {
  return othersIn(identity.tags, own).some(({ tag }) => tag.leaves && isToldBy(tag, identity));
}

/** The tags of other owners that have told SES the same, when that stays for good: it is nobody's to take back. */
export function tagsWithRetained(identity: IdentityState, { label: own }: Owner) {
  return othersIn(identity.tags, own).filter(({ tag }) => !tag.leaves && isToldBy(tag, identity))
    .map(({ label, tag }) => ({ label, tag: { ...tag, replaced: nameNow(identity) } }));
}

/** All other owners that have told SES anything and stay. */
function othersOf({ tags }: IdentityState, { label: own }: Owner) {
  return othersIn(tags, own).filter(({ tag }) => tag.told.length > 0 && !tag.leaves);
}

function othersIn(tags: IdentityState['tags'], own: string) {
  return Object.entries(tags)
    .filter(([label]) => label !== own && isRegistryLabel(label))
    .map(([label, value]) => ({ label, tag: parse(value) }));
}

/** The tags of all owners, with what each of them has told SES last. */
function lastTold({ tags }: IdentityState): SigningTag[] {
  return othersIn(tags, '').map(({ tag }) => tagWhenTaken(tag));
}

/** The tag when SES is told a signing next. */
export function tagAfter(tag: SigningTag, signing: DesiredSigning, identity: IdentityState, owner: Owner): SigningTag {
  const [next, now] = [nameOf(signing), nameNow(identity)];
  const isTold = isToldBy(tag, identity);
  const isStrangers = signsNow(identity) && now !== 'AWS_SES' && !isTold && !isToldByAnother(identity, owner);
  const before = isUnnamed(identity) ? tag.told : [now];
  return {
    told: isTold ? fitting([next, ...before.filter((name) => name !== next)]) : [next],
    replaced: tag.replaced ?? (isStrangers ? now : undefined),
    leaves: false,
    follows: signing.method === 'BYODKIM' ? followsOf(signing.followedBy) : undefined,
  };
}

/**
 * Where SES names no selector, each that it was told in vain is kept, as far as a tag has room: 256 characters. The
 * last one is what SES has if it has taken none of the others.
 */
function fitting(names: readonly string[]): readonly string[] {
  const [newest, , ...others] = names;
  return names.join(' told=').length <= MOST_TOLD ? names : fitting([newest, ...others]);
}

/** The tag when SES, which names no selector, has taken the last one that it was told. */
export function tagWhenTaken(tag: SigningTag): SigningTag {
  return { ...tag, told: tag.told.slice(0, 1) };
}

export function renderTag({ told, replaced, leaves, follows, inSlot }: SigningTag): string {
  const words = [
    ...told.map((name) => `told=${name}`), replaced && `replaced=${replaced}`, leaves && 'leaves',
    follows && !leaves && `follows=${follows}`, // a tag has room for 256 characters
    inSlot && `slot=${inSlot}`,
  ];
  return words.filter(Boolean).join(' ');
}

/** Anybody who may tag the identity can write one. So what is not exactly of the form is passed over. */
function parse(value: string): SigningTag {
  const words = value.split(' ');
  const valuesOf = (form: RegExp) => words.flatMap((word) => form.exec(word)?.slice(1) ?? []);
  return {
    told: valuesOf(TOLD),
    replaced: valuesOf(REPLACED).at(0),
    leaves: words.includes('leaves'),
    follows: valuesOf(FOLLOWS).at(0),
    inSlot: valuesOf(IN_SLOT).at(0),
  };
}
