// Plans the changes of a hosted zone from its records. Pure. Every plan is one atomic batch: all changes, or the first
// part of them if they are too many for Route 53 (docs/adr/0019-several-batches.md).
//
// What holds:
// - A plan has CREATE and DELETE only. CREATE fails if somebody has made the record since the zone was read, DELETE if
//   somebody has changed it. Then the batch changes nothing, and is planned again. So no record is overwritten unseen.
// - A record that this library did not write is neither changed nor deleted, unless OVERWRITE was asked for.
// - A record that another owner lists is neither deleted nor overwritten, nor one that a name in its list leads to.
// - What somebody else wrote is noted in the registry record before it is used or overwritten (planNote).
// - The registry record changes in the same batch as the records it lists. What is left to do is listed in it.
//
// What planPublication does with a wanted record:
//
// | in the zone is          | and that is                        | then                                            |
// | ----------------------- | ---------------------------------- | ----------------------------------------------- |
// | nothing                 |                                    | it is created; ours                             |
// | a wildcard that fits    |                                    | nothing is written                              |
// | what fits               | ours alone, with another TTL       | it is created again with our TTL; ours          |
// | what fits               | anything else                      | it stays; ours if an owner wrote it, else found |
// | something else          | another owner's, too               | SelectorInUseError                              |
// | something else          | ours, and mail on its way needs it | SelectorInUseError                              |
// | something else          | ours alone                         | it is replaced; ours                            |
// | something else          | somebody else's                    | RecordConflictError; replaced with OVERWRITE    |
//
// What fits: a record that means the same, or leads to one that does. Also a record with the same key that SES signs
// with already, with any other tags.
//
// What happens with a record that is listed already:
//
// | it is                             | not wanted, zone left | released; retired if due  | retained             |
// | --------------------------------- | --------------------- | ------------------------- | -------------------- |
// | ours                              | stays, marked         | deleted                   | stays; the user's    |
// | ours and another owner's          | stays, marked         | stays with that owner     | stays; found there   |
// | ours, and SES signs with it still | stays, marked         | stays, or is handed over  | stays; the user's    |
// | ours, and mail on its way needs   | stays, marked         | deleted; handed over if   | stays; the user's    |
// | it                                |                       | another owner stays       |                      |
// | found, changed since, or gone     | forgotten             | stays as it is            | stays as it is       |
// | one of several that are routed    | forgotten             | stays as it is            | stays as it is       |
import { changesForMost, charactersOf, isOneBatch, MAX_CHARACTERS } from './batch';
import { RecordConflictError, SelectorInUseError } from './conflicts';
import { DkimRecord, holdsTheKey, recordName, recordsAt, RecordType, serves, textsOf } from './dkim-record';
import { isRevoked, REVOKED_KEY } from './key-record';
import { namesFrom } from './led-to';
import { digestOf, Entry, Origin, Registry } from './registry';
import {
  changeEntries, changeOwnRegistry, changePage, create, dropEntries, makeRoom, remove, touch, touchOthers,
} from './registry-changes';
import { Page, ZoneView } from './zone-view';
import { quote } from '../base/dns-text';
import { HandlerError } from '../base/errors';
import { Owner } from '../base/owner';
import { Change, RecordSet } from '../base/ports';

const HOUR_MS = 3_600_000;
/** Anybody who may write to the zone can make any number of them. So many that are short fit into half a batch. */
const MOST_NEWCOMERS = 8;
const REVOKED = [quote(REVOKED_KEY)];
const REVOKED_DIGEST = digestOf('TXT', REVOKED);

export interface Publication {
  /** The records that have to be there. Empty: the registry record alone, while Easy DKIM's tokens are unknown. */
  readonly wanted: readonly DkimRecord[];
  readonly ttl: number;
  /** Undefined where nobody can ask for it: a deployment can, and a change of the key cannot. */
  readonly overwrite?: boolean;
  /** SES signs with what is there, so a record with the same key is right, whatever else it says. */
  readonly inUse?: boolean;
  /** Selectors are slots: each is used again when the overlap of its key is over, and resolvers have forgotten it. */
  readonly takesTurns?: boolean;
  /** The registry records that listed such a record when `planNote` was carried out. Absent: nothing was noted. */
  readonly notedAmong?: readonly string[];
  /** ISO time until which what is superseded now must stay. Absent: nothing is superseded yet. */
  readonly supersededUntil?: string;
  /** Selectors, or tokens of Easy DKIM, that SES signs with until now. */
  readonly usedUntilNow?: readonly string[];
  /** ISO time. */
  readonly now: string;
}

export interface Retirement extends Pick<Publication, 'now' | 'supersededUntil'> {
  /** Selectors, or tokens of Easy DKIM, that SES signs with. */
  readonly selectorsInUse: readonly string[];
  /** What was revoked is retired before its time: no mail needs it. */
  readonly revokedToo?: boolean;
  /** So are selectors that SES was never told of. */
  readonly neverTold?: readonly string[];
}

/** Records that SES goes on signing with. They stay, whoever has set the signing. */
export interface StillUsed {
  readonly names: readonly string[];
  /** The label of the owner that needs them from now on. */
  readonly successor?: string;
  /** The labels of owners that are being removed at this moment, and leave everything to this one. */
  readonly leaving?: readonly string[];
  /** What was told to SES before. The successor keeps it for the mail that is on its way. */
  readonly before?: Before;
}

interface Before extends Pick<Publication, 'now' | 'supersededUntil'> {
  readonly wasTold: (entry: Pick<Entry, 'label' | 'type'>) => boolean;
}

/** What is done for one wanted record. */
interface Step {
  readonly changes: readonly Change[];
  readonly origin: Origin;
  /** As it is in the zone afterwards. */
  readonly record: RecordSet;
  /** The record was there, and the owner's registry record did not say this of it. */
  readonly isAdopted?: boolean;
}

/** Makes the wanted records hold, keeps what is superseded, and writes down whose they are. */
export function planPublication(
  records: readonly RecordSet[], owner: Owner, publication: Publication, room = MAX_CHARACTERS,
): Change[] {
  const view = new ZoneView(records, owner);
  const steps = publication.wanted.flatMap((wanted) => planRecord(wanted, view, publication) ?? []);
  const entries = steps.map(({ record, origin }) => entryOf(view, record, origin));
  const changes = steps.flatMap((step) => step.changes);
  const made = changes.flatMap(({ action, record }) => action === 'CREATE' ? [record] : []);
  // Somebody removed a record that another owner had found, and it is made again now: it is ours, for that owner too.
  const claimed = pagesWithout('ours', view, made);
  const adopted = steps.flatMap(({ isAdopted, record }) => isAdopted ? [record] : []);
  const found = steps.flatMap(({ origin, record }) => origin === 'found' ? [record] : []);
  const newcomers = view.others.filter((page) => publication.notedAmong?.includes(page.record.name) === false
    && isShort(page) && !claimed.includes(page) && found.some((record) => view.entryIn(page.registry, record)))
    .slice(0, MOST_NEWCOMERS);
  const registry: Registry = {
    entries: [...entries, ...superseded(view, entries, publication)],
  };
  const isWantedAgain = ({ label }: Entry) => entries.some((entry) => entry.label === label);
  const ofPages = view.ownPages.flatMap((page) => page.registry.entries.some(isWantedAgain)
    ? changePage(page, page.registry.entries.filter((entry) => !isWantedAgain(entry))) : []);
  const ofOwn = changeOwnRegistry(view, registry, publication.ttl);
  return inTurn(view, claimed.map((page) => changeOrigin(view, page, made, 'ours')), [
    ...changes,
    ...newcomers.flatMap(({ record }) => touch(record)),
    ...touchOthers(view, [...adopted, ...made], [...claimed, ...newcomers]),
    // The registry record can list a record already that is made again. A touch makes other owners plan again, too.
    ...made.length > 0 && ofOwn.length === 0 ? planTouch(records, owner) : ofOwn,
    ...ofPages,
  ], room);
}

/**
 * Notes what somebody else wrote, before it is used or overwritten. Two owners can come upon it at the same moment, the
 * one to use it, the other to overwrite it, and neither has a registry record yet that the other's batch could touch.
 * So each notes it, looks again, and touches the registry records that have come: either the batch that overwrites is
 * refused then, or the other owner sees that the record has gone.
 */
export function planNote(
  records: readonly RecordSet[], owner: Owner, publication: Publication, room?: number,
): Change[] {
  planPublication(records, owner, publication, room); // throws what cannot be done
  const view = new ZoneView(records, owner);
  const theirs = publication.wanted.flatMap((wanted) => excluding(wanted, view))
    .filter((record) => !view.entryFor(record) && view.originOf(record) === 'found');
  if (theirs.length === 0) return [];
  const entries = theirs.map((record) => entryOf(view, record, 'found'));
  const registry = { ...view.head, entries: [...view.head.entries, ...entries] };
  return makeRoom(view, [...touchOthers(view, theirs), ...changeOwnRegistry(view, registry, publication.ttl)], room);
}

/** As that of every owner that has just come. */
function isShort({ record: { values } }: Page): boolean {
  return values.length < 25 && charactersOf(values) < 1_000;
}

/** Nothing where a wildcard answers what is wanted: then there is no record to note. */
function planRecord(
  wanted: DkimRecord, view: ZoneView, { ttl, overwrite, inUse, takesTurns, now }: Publication,
): Step | undefined {
  const target: RecordSet = { name: wanted.name, type: wanted.type, ttl, values: [wanted.data] };
  const existing = excluding(wanted, view);
  const isRight = (record: RecordSet) => serves(wanted, record) || (inUse === true && holdsTheKey(wanted, record));
  if (existing.length === 0) {
    if (recordsAt(wanted.name, view.records).some(isRight)) return undefined;
    return { changes: [create(target)], origin: 'ours', record: target };
  }
  const [only] = existing;
  const isListed = view.ledTo().has(wanted.name) || existing.some((record) => view.isListedByAnother(record));
  if (existing.every(isRight)) {
    const origin = view.originOf(only);
    const hasOtherTtl = origin === 'ours' && only.ttl !== ttl && !isListed;
    const changes = hasOtherTtl ? [remove(only), create({ ...target, values: only.values })] : [];
    return { changes, origin, record: only, isAdopted: view.entryFor(only)?.origin !== origin };
  }

  if (isListed) throw SelectorInUseError.byAnother(wanted, existing);
  // What says that the key of the name was revoked stays: whoever has written it must not find the key there again.
  const mayOverwrite = overwrite && !isRevoked(existing.flatMap(textsOf));
  if (!mayOverwrite && !existing.every((record) => view.isOurs(record))) {
    throw RecordConflictError.foreign(wanted, existing, overwrite !== undefined);
  }
  const [until] = existing.flatMap((record) => view.entryFor(record)?.until ?? []);
  if (until && (until > now || !takesTurns)) throw SelectorInUseError.superseded(wanted, existing, { until, now });
  return { changes: [...existing.map(remove), create(target)], origin: 'ours', record: target };
}

/** The registry records of others that list one of these records, but not as this. */
function pagesWithout(origin: Origin, view: ZoneView, records: readonly RecordSet[]): readonly Page[] {
  return [...new Set(records.flatMap((record) =>
    view.listersOf(record).filter(({ registry }) => view.entryIn(registry, record)?.origin !== origin)))];
}

function changeOrigin(view: ZoneView, page: Page, records: readonly RecordSet[], origin: Origin): Change[] {
  return changePage(page, page.registry.entries.map((entry): Entry =>
    records.some((record) => view.speaksOf(entry, record)) ? { ...entry, origin } : entry));
}

/** Where one batch does not hold all, the first go first, as many as it holds. Anybody can make any number of these. */
function inTurn(
  view: ZoneView, first: readonly Change[][], others: readonly Change[], room = MAX_CHARACTERS,
): Change[] {
  const all = [...first.flat(), ...others];
  const now = isOneBatch(all, room) || first.length === 0 ? all : changesForMost(first, (most) => most.flat(), room);
  return makeRoom(view, now, room);
}

/** The records that a wanted one cannot stand beside: a CNAME stands alone, other types may share a name. */
function excluding(wanted: DkimRecord, view: ZoneView): RecordSet[] {
  return view.records.filter(({ name, type }) =>
    name === wanted.name && (type === wanted.type || type === 'CNAME' || wanted.type === 'CNAME'));
}

function entryOf(view: ZoneView, { name, type, values }: RecordSet, origin: Origin): Entry {
  return { label: view.labelOf(name), type: type as RecordType, origin, digest: digestOf(type, values) };
}

/**
 * Entries of records that are ours and no longer wanted. The first time until which one must stay is put off only if
 * SES signs with it again: somebody has set that by hand.
 */
function superseded(
  view: ZoneView, wanted: readonly Entry[], { supersededUntil, usedUntilNow = [] }: Publication,
): Entry[] {
  const used = signedWith(view, usedUntilNow);
  const untilOf = (entry: Entry) =>
    used(entry) && isLonger(supersededUntil, entry.until) ? supersededUntil : entry.until ?? supersededUntil;
  return view.head.entries
    .filter(({ origin, label }) => origin === 'ours' && !wanted.some((entry) => entry.label === label))
    .filter((entry) => view.records.some((record) => !record.isRouted && view.speaksOf(entry, record)))
    .map((entry) => ({ ...entry, until: untilOf(entry) }));
}

/** Tells the entries of what mail is signed with: selectors, and what they lead to. */
function signedWith({ owner, records }: ZoneView, selectors: readonly string[]): (entry: Entry) => boolean {
  const names = namesFrom(selectors, owner.domain, records);
  return ({ label }) => names.includes(recordName(label, owner.domain));
}

/** By more than an hour: a request that is repeated has nothing to put off. */
function isLonger(one = '', other = ''): boolean {
  return Date.parse(one) - Date.parse(other) > HOUR_MS; // never without a date
}

/** Marks everything as superseded, in a zone that the owner no longer uses. */
export function planLeaving(
  records: readonly RecordSet[], owner: Owner, settings: Omit<Publication, 'wanted'>, room?: number,
): Change[] {
  const view = new ZoneView(records, owner);
  if (!records.some((record) => view.isOurs(record))) return planRelease(records, owner, undefined, room); // all found
  return planPublication(records, owner, { ...settings, wanted: [] }, room);
}

/**
 * Deletes the records that are ours, that still have our value and that nobody else needs, and the registry record.
 *
 * An owner that stays gets the others. Its next change supersedes the record that SES still signs with. What is
 * superseded already, or was told until now, is retired there after its overlap.
 */
export function planRelease(
  records: readonly RecordSet[], owner: Owner, stillUsed?: StillUsed, room?: number,
): Change[] {
  const view = new ZoneView(records, owner);
  const ledTo = view.ledTo(stillUsed?.names, stillUsed?.leaving);
  return letGo(view, view.entries, (ours) => {
    const shared = ours.filter((record) =>
      ledTo.has(record.name) || view.isListedByAnother(record, stillUsed?.leaving));
    const used = ours.filter((record) => stillUsed?.names.includes(record.name));
    const pages = view.others.filter((page) => view.ownerLabelOf(page) === stillUsed?.successor);
    const before = pages.length > 0 ? stillUsed?.before : undefined;
    const kept = new Map(ours.flatMap((record) => {
      const entry = view.entryFor(record)!;
      const needed = used.includes(record) ? entry : before && neededAfter(entry, before);
      return needed ? [[record, needed] as const] : [];
    }));
    const deleted = ours.filter((record) => !shared.includes(record) && !kept.has(record));
    const entries = [...kept].flatMap(([record, entry]) =>
      pages.some(({ registry }) => view.entryIn(registry, record)) ? [] : [entry]);
    const successors = entries.length > 0 ? pages.filter(({ registry }) => registry.of === undefined) : [];
    // Only leaving owners list these. An owner that adopts one now touches one of their registry records, or ours.
    const leavers = new Set(deleted.flatMap((record) => view.listersOf(record)));
    return [
      ...deleted.map(remove),
      ...[...leavers].flatMap(({ record }) => touch(record)),
      ...touchOthers(view, shared, [...successors, ...leavers]),
      ...successors.flatMap((page) => changePage(page, [...page.registry.entries, ...entries])),
    ];
  }, room);
}

/** The entry of a record that mail on its way needs, with the time until which it does. */
function neededAfter(entry: Entry, { now, supersededUntil, wasTold }: Before): Entry | undefined {
  const until = entry.until ?? (wasTold(entry) ? supersededUntil : undefined);
  return until !== undefined && until > now ? { ...entry, until } : undefined;
}

/**
 * Releases superseded records whose overlap is over. A record that SES signs with again stays for another overlap from
 * now on, because its mail is on its way.
 */
export function planRetirement(
  records: readonly RecordSet[], owner: Owner, retirement: Retirement, room?: number,
): Change[] {
  const { now, supersededUntil, selectorsInUse, revokedToo, neverTold = [] } = retirement;
  const view = new ZoneView(records, owner);
  const isUseless = ({ digest, label }: Entry) =>
    (revokedToo && digest === REVOKED_DIGEST) || neverTold.includes(label);
  const isSignedWith = signedWith(view, selectorsInUse);
  const ledTo = view.ledTo();
  const isInUse = (entry: Entry) => isSignedWith(entry) || ledTo.has(view.recordOf(entry)?.name ?? '');
  const isOver = ({ until }: Entry) => until !== undefined && until <= now;
  const marked = view.entries.filter(({ until }) => until);
  // What another owner needs, or the selector leads to, is put off when its time is over, and not hour by hour. The
  // change to another selector puts it off once more.
  const inUse = marked.filter((entry) => isOver(entry) ? isInUse(entry)
    : selectorsInUse.includes(entry.label) && isLonger(supersededUntil, entry.until));
  if (inUse.length > 0) {
    const prolonged = new Map(inUse.map((entry) => [entry, [{ ...entry, until: supersededUntil }]]));
    return makeRoom(view, changeEntries(view, prolonged), room);
  }
  const due = marked.filter((entry) => (isOver(entry) || isUseless(entry)) && !isInUse(entry));
  return due.length > 0 ? letGo(view, due, (ours) => {
    const shared = ours.filter((record) => view.isListedByAnother(record));
    return [...ours.filter((record) => !shared.includes(record)).map(remove), ...touchOthers(view, shared)];
  }, room) : [];
}

/**
 * Puts an empty key in the place of a superseded one that nobody signs with. Throws when the record is not that. A
 * record that says it already stays.
 */
export function planRevocation(
  records: readonly RecordSet[], owner: Owner,
  { label, until, partners }: Pick<Entry, 'label' | 'until'> & { readonly partners: readonly string[] }, room?: number,
): Change[] {
  const view = new ZoneView(records, owner);
  if (view.recordsNamed(label).some(({ type, values }) => digestOf(type, values) === REVOKED_DIGEST)) return [];
  const entry = view.entries.find((each) => each.label === label && each.origin === 'ours' && view.recordOf(each));
  const record = entry && view.recordOf(entry);
  const isNeeded = (of: RecordSet) => view.ledTo().has(of.name) || view.listersOf(of).some((page) =>
    !partners.includes(view.ownerLabelOf(page)) && !view.entryIn(page.registry, of)?.until);
  if (!entry?.until || record?.type !== 'TXT' || record.isRouted || isNeeded(record)) {
    throw new HandlerError(`The hosted zone has no superseded record of the selector ${label} that is this construct's alone`,
      'Nothing was changed. A record of somebody else is theirs to revoke');
  }
  const { name, type, ttl } = record;
  return makeRoom(view, [
    remove(record), create({ name, type, ttl, values: REVOKED }),
    ...changeEntries(view, new Map([[entry, [{ ...entry, digest: REVOKED_DIGEST, until }]]])),
  ], room);
}

/**
 * Deletes the registry record only: records that were ours are the user's from now on. Another owner that lists one
 * must not delete it either, so it becomes *found* there.
 */
export function planRetention(records: readonly RecordSet[], owner: Owner, room?: number): Change[] {
  const view = new ZoneView(records, owner);
  const kept = records.filter((record) => view.isOurs(record));
  const theirs = pagesWithout('found', view, kept).map((page) => changeOrigin(view, page, kept, 'found'));
  return inTurn(view, theirs, letGo(view, view.entries, () => [], room), room);
}

/**
 * Removes entries from the owner's registry, as many as one batch holds, and adds the changes that `changesFor` gives
 * for their records. The other entries stay in the list, so the next batch or request continues with them.
 */
function letGo(
  view: ZoneView, entries: readonly Entry[], changesFor: (ours: readonly RecordSet[]) => Change[],
  room = MAX_CHARACTERS,
): Change[] {
  const changes = changesForMost(entries, (first) => {
    const ours = first.flatMap((entry) => entry.origin === 'ours' ? view.recordOf(entry) ?? [] : [])
      .filter(({ isRouted }) => !isRouted);
    return [...changesFor([...new Set(ours)]), ...dropEntries(view, first)];
  }, room);
  return makeRoom(view, changes, room);
}

/** A change without effect: the owner's registry record is touched. */
export function planTouch(records: readonly RecordSet[], owner: Owner): Change[] {
  return new ZoneView(records, owner).ownRegistryRecords.flatMap((record) => touch(record));
}
