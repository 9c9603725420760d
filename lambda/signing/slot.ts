// Which of its two slots a key gets where the DNS of its domain is elsewhere, and when SES may be told of it.
//
// Plain rotating keys have a new selector each. These two are used again and again, so
// - a slot is free when its record is retired: it was superseded for the overlap, and SES does not sign with it;
// - a key in it is used only when resolvers have forgotten what the slot had before.
import { signsWith } from './ses-rules';
import { inSlotSince, renderTag, tagOfSlot } from './signing-tag';
import { StoredKey } from './stored-key';
import { Task } from './task';
import { MAX_SLOT_TTL } from '../../src/private/contract';
import { WantedState, ZoneSettings } from '../base/desired-state';
import { HandlerError } from '../base/errors';
import { Owner } from '../base/owner';
import { HostedZone, OpenZone, Services } from '../base/ports';
import { domainKeyName, recordName } from '../records/dkim-record';
import { openZone } from '../records/open-zone';
import { retire } from '../records/publication';
import { requireLedHere } from '../records/slots';
import { entriesOf, otherListing } from '../records/zone-view';

/** The longest TTL of a record in a slot, and the longest that resolvers may remember that there is none. */
const REMEMBERED_MS = MAX_SLOT_TTL * 1000;
const A_MINUTE_MS = 60_000;

/** The selector of the first key, if it has to be one of two: one that no mail needs. */
export async function firstSlot(
  { domain, zone: settings }: WantedState, owner: Owner, { hostedZone, retry }: Pick<Services, 'hostedZone' | 'retry'>,
): Promise<string | undefined> {
  if (!settings?.delegation) return undefined;
  const { place, slots } = settings.delegation;
  await requireShortMemory(hostedZone(settings), settings, slots.map((slot) => recordName(slot, place)));
  const zone = await openZone(hostedZone(settings), settings, place);
  const records = await zone.list(domainKeyName(place));
  const where = `${slots.join(' and ')} of ${domain} in the hosted zone ${settings.id}`;
  if (otherListing(records, owner, slots.map((slot) => recordName(slot, place)))) {
    throw new HandlerError(`Another stack, or the same domain in another Region, has its keys in the slots ${where}`,
      'Give the key another selectorPrefix, and publish the CNAMEs of its slots');
  }
  const now = new Date(retry.now()).toISOString();
  const until = (slot: string) => entriesOf(records, owner, [slot]).at(0)?.until;
  const isThere = (slot: string) => records.some(({ name }) => name === recordName(slot, place));
  const free = slots.find((slot) => !isThere(slot)) ?? slots.find((slot) => (until(slot) ?? now) < now);
  if (free !== undefined) return free;
  throw new HandlerError(
    `The slots ${where} both hold keys that mail may need: ${slots.map((slot) => until(slot) ?? 'for good').join(', ')}`,
    'Deploy again after that, or give the key another selectorPrefix');
}

/** The same for the next key: the slot that the current one does not have. Frees it, or throws. */
export async function nextSlot(
  { wanted, owner, services }: { readonly wanted: WantedState; readonly owner: Owner; readonly services: Services },
  zone: OpenZone, current: StoredKey | undefined,
): Promise<string | undefined> {
  const { domain, zone: settings } = wanted;
  const { delegation } = settings ?? {};
  const slot = delegation?.slots.find((each) => each !== current?.selector);
  if (!settings || !delegation || slot === undefined) return undefined;
  await requireLedHere(wanted, services);
  await requireShortMemory(services.hostedZone(settings), settings, [recordName(slot, delegation.place)]);
  const identity = await services.ses.read();
  if (identity && signsWith(identity, { selector: slot })) {
    throw new HandlerError(`SES signs ${domain} with the selector ${slot}, and the key of this secret has another one`,
      'Nothing was changed. Deploy the stack again with a change of the construct, so that it says how the domain is signed');
  }
  const inUse = [...identity?.tokens ?? [], current?.selector ?? ''];
  const listed = await zone.list(domainKeyName(owner.domain));
  const records = await retire({ ...services, owner, zone, settings }, listed, inUse, { revokedToo: true });
  const [entry] = entriesOf(records, owner, [slot]);
  if (entry) {
    throw new HandlerError(
      `The slot ${slot} of ${domain} holds the key before this one, for mail that is still on its way`
      + (entry.until ? `, until ${entry.until}` : ''),
      'Rotate again after that. If the current key has leaked, revoke the one before it now, which makes the mail that '
      + 'was signed with it fail, and rotate again');
  }
  return slot;
}

async function requireShortMemory(zone: HostedZone, { id }: ZoneSettings, names: readonly string[]): Promise<void> {
  const times = [await zone.negativeTtl()];
  for (const name of names) { // a record takes its name from a wildcard, if that has answered
    const wildcard = await zone.wildcardFor(name);
    times.push(...wildcard.flatMap(({ type, ttl = 0 }) => ['TXT', 'CNAME'].includes(type) ? [ttl] : []));
  }
  const seconds = Math.max(...times);
  if (seconds <= MAX_SLOT_TTL) return;
  throw new HandlerError(
    `By the SOA record or a wildcard of the hosted zone ${id}, resolvers may remember for ${seconds} seconds that a slot had no `
    + `key, and SES is told of a key in a slot after ${MAX_SLOT_TTL} seconds`,
    `Nothing was changed. Give that record a TTL of ${MAX_SLOT_TTL} seconds`);
}

/** How much longer than another key one in a slot takes. */
export function leadOf({ zone }: Pick<WantedState, 'zone'>): number {
  return zone?.delegation ? REMEMBERED_MS + A_MINUTE_MS : 0;
}

/**
 * Returns when no resolver remembers any more what the slot had before, or that it had nothing. Waits so long at the
 * most, and then throws.
 *
 * The step that has published the key notes when, in the tag of the identity, for those that repeat it. Without a note,
 * it may have been a moment ago: the function can have died right after.
 */
export async function awaitForgotten(
  { owner, signingTag, services: { ses, retry } }: Pick<Task, 'owner' | 'signingTag' | 'services'>,
  { selector, publicKeySha256 }: StoredKey, wasPublished: boolean, mostMs: number,
): Promise<void> {
  const noted = wasPublished ? inSlotSince(signingTag, publicKeySha256) : undefined;
  const since = noted ?? retry.now();
  if (noted === undefined) await ses.tag(owner.label, renderTag(tagOfSlot(signingTag, publicKeySha256, since)));
  const left = since + REMEMBERED_MS - retry.now();
  if (left > 0) await retry.pause(Math.min(left, mostMs), 'resolvers to forget what the slot had before');
  if (left <= mostMs) return;
  throw new HandlerError(
    `The next key is published in the slot ${selector}, and resolvers may remember for ${REMEMBERED_MS / 60_000} minutes `
    + 'what was there before', 'SES was not told of it yet. Secrets Manager tries again');
}

/**
 * The same for a deployment, which goes on in further invocations. One that Lambda repeats waits again from its start.
 * Mail that goes out signed now would fail where a resolver remembers what the slot had before. Mail that goes out
 * unsigned loses nothing.
 */
export async function awaitForgottenHere(
  { progress, services: { retry } }: Pick<Task, 'progress' | 'services'>,
): Promise<void> {
  progress.forgottenAt ??= retry.now() + REMEMBERED_MS;
  for (;;) {
    const left = progress.forgottenAt - retry.now();
    if (left <= 0) break;
    await retry.pause(Math.min(left, A_MINUTE_MS), 'resolvers to forget what the slot had before');
  }
  progress.waitingSince = undefined; // SES has its own time
}
