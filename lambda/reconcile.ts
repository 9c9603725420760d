// Brings an identity's signing and its records to what is desired, from whatever is there; or lets go of them.
//
// Level, not edge: every step looks first and does only what is missing, so it can be run again after a crash at any point.
import { cnameRecords, DkimRecord, domainKeyName, saysTheSame, txtRecord } from './dkim-record';
import { Log, withoutKeys } from './log';
import { isAccessDenied, Patience } from './patience';
import { HostedZone, IdentityState, Keys, PublicDns, Ses, SigningAttributes, ZoneGoneError } from './ports';
import { Desired, ZoneProperties } from './properties';
import { isAnswered, requireAnswered } from './public-answer';
import { digestOf } from './registry';
import { deedOrigin, easyDkimHostedZone } from './ses-rules';
import { openZone, settle } from './settle';
import { awaitVerification } from './verification';
import { Owner, planLeaving, planPublication, planReaffirmation, planRelease, planRetention, RecordSet, registryName, signsForAnother } from './zone-plan';
import { EasyDkimProperties, ByoDkimProperties, DeedProperties, ResourceAttributes, SigningProperties } from '../src/private/contract';

/** How long a superseded record stays: mail is delivered for days after it was signed. Practice is 3 to 14 days. */
const OVERLAP_DAYS = 14;

export interface World {
  readonly ses: Ses;
  readonly dns: PublicDns;
  readonly keys: Keys;
  readonly zone: (zone: ZoneProperties) => HostedZone;
  readonly patience: Patience;
  readonly log: Log;
}

/** What has happened in this deployment so far. A further invocation goes on with it. */
export interface Progress {
  /** SES was told how to sign. */
  signingPut: boolean;
  /** Records were written where this owner had none. */
  recordsBegun?: boolean;
  /** Since when verification is awaited, in ms since 1970. */
  waitingSince?: number;
}

interface Task {
  readonly desired: Desired;
  readonly owner: Owner;
  readonly identity: IdentityState;
  readonly zone?: HostedZone;
  readonly world: World;
  readonly progress: Progress;
}

interface Signing {
  readonly records: readonly DkimRecord[];
  readonly status: string;
  readonly attributes: Partial<ResourceAttributes>;
}

export interface Brought {
  readonly attributes: ResourceAttributes;
  /** False when the identity did not sign as the previous properties say: their deployment failed, or is still at work. */
  readonly previousHeld: boolean;
}

/** Create and Update. Throws with what is wrong and what to do. */
export async function bring(desired: Desired, previous: Desired | undefined, owner: Owner, world: World, progress: Progress): Promise<Brought> {
  const { signing } = desired;
  // Everything that can be refused is looked at before anything is written.
  const [key, identity, zone] = await Promise.all([
    signing.Method === 'BYODKIM' ? world.keys.read(signing) : undefined,
    world.ses.read(),
    desired.zone && openZone(world.zone(desired.zone), desired.zone, desired.identity),
  ]);
  if (key) world.log('key-checked', { publicKeySha256: key.publicKeySha256 });
  if (!identity) {
    throw new Error(`SES has no identity ${desired.identity} in ${desired.region}. Create it there, or set the region where it is.`);
  }
  world.log('identity-read', { status: identity.status, method: identity.origin });
  const task: Task = { desired, owner, identity, zone, world, progress };

  let result: Signing;
  switch (signing.Method) {
    case 'BYODKIM': result = await signWithOwnKey(task, signing, key!); break;
    case 'EASY_DKIM': result = await signWithEasyDkim(task, signing); break;
    case 'DEED': result = await signAsReplica(task, signing); break;
  }
  if (!identity.signingEnabled) world.log('signing-disabled', { message: 'DKIM signing is switched off for this identity: SES signs nothing' });
  await leavePreviousZone(task, previous);
  const status = await awaitVerification(desired, result.status, result.records, world, progress);
  return {
    attributes: { DkimStatus: status, ...result.attributes, ...recordAttributes(result.records) },
    previousHeld: previous === undefined || signsAs(previous.signing, identity),
  };
}

/** For BYODKIM SES may name no selector. */
function signsAs(signing: SigningProperties, { origin, tokens }: IdentityState): boolean {
  switch (signing.Method) {
    case 'EASY_DKIM': return origin === 'AWS_SES';
    case 'DEED': return origin === deedOrigin(signing.ParentRegion);
    case 'BYODKIM': return origin === 'EXTERNAL' && (tokens.length === 0 || tokens.includes(signing.Selector));
  }
}

async function signWithOwnKey(
  task: Task, signing: ByoDkimProperties, key: { privateKey: string; publicKey: string; publicKeySha256: string },
): Promise<Signing> {
  const { desired, identity, world } = task;
  const record = txtRecord(desired.identity, signing.Selector, key.publicKey);
  const attributes = { Selector: signing.Selector, PublicKeySha256: key.publicKeySha256 };
  const usesSelector = identity.origin === 'EXTERNAL' && identity.tokens.includes(signing.Selector);
  const isRight = (values: readonly string[]) => saysTheSame(record, 'TXT', values);
  // SES never gives a key back. But it has verified its key against what public DNS says under this selector: if that is our key, it has it.
  // And while it still looks, it has what this deployment gave it: telling it once more in each invocation would make it begin anew.
  const told = task.progress.waitingSince !== undefined;
  const holds = usesSelector && (told || (signsNow(identity) && isAnswered(await world.dns.ask(record.name), isRight)));
  if (task.zone) {
    await publish(task, task.zone, [record], {
      guard: (records) => usesSelector && signsNow(identity) && refuseOtherKey(record, records),
      inSync: !holds,
    });
  }
  if (holds) {
    world.log('signing-held', { selector: signing.Selector });
    return { records: [record], status: identity.status, attributes };
  }
  if (signsNow(identity)) await requireAnswered(record, isRight, desired, world);
  const { status } = await put(task, { origin: 'EXTERNAL', selector: signing.Selector, privateKey: key.privateKey });
  return { records: [record], status, attributes };
}

/**
 * A selector has one key. Changing the key under a selector that signs would break the mail on its way and the mail until SES has noticed, so
 * a new key gets a new selector (RFC 6376 section 3.1).
 */
function refuseOtherKey(record: DkimRecord, records: readonly RecordSet[]): void {
  const other = records.find(({ name, type, values }) =>
    name === record.name && ['TXT', 'CNAME'].includes(type) && !saysTheSame(record, type, values));
  if (!other) return;
  throw new Error(`Mail is signed with another key under this selector now, and its record ${record.name} has to stay for the mail on its way. `
    + 'Give the new key a new selector.');
}

async function signWithEasyDkim(task: Task, signing: EasyDkimProperties): Promise<Signing> {
  const { desired, identity, zone, world } = task;
  const lengthHolds = identity.nextKeyLength === undefined || identity.nextKeyLength === signing.KeyLength;
  let state: Pick<IdentityState, 'status' | 'tokens' | 'signingHostedZone'> = identity;
  if (identity.origin === 'AWS_SES' && lengthHolds && !needsRearming(task)) {
    world.log('signing-held', { method: identity.origin });
  } else {
    // The new tokens come with the change itself. Before a domain that signs is touched, the registry record shows whether what is
    // written to this zone can be looked up at all.
    if (zone && signsNow(identity)) await requireZoneIsPublic(task, zone);
    state = await putEasyDkim(task, signing, lengthHolds);
  }
  if (state.tokens.length === 0) throw new Error(`SES has made no DKIM tokens for ${desired.identity} yet. Deploy again in a minute.`);
  const signingHostedZone = state.signingHostedZone ?? easyDkimHostedZone(desired.region);
  const records = cnameRecords(desired.identity, state.tokens, signingHostedZone);
  if (zone) await publish(task, zone, records);
  return { records, status: state.status, attributes: { SigningHostedZone: signingHostedZone } };
}

async function requireZoneIsPublic(task: Task, zone: HostedZone): Promise<void> {
  const records = await publish(task, zone, [], { supersedes: false });
  const name = registryName(task.owner);
  const values = records.find((record) => record.name === name)?.values ?? [];
  const registry: DkimRecord = { name, type: 'TXT', value: 'the registry record', data: '' };
  await requireAnswered(registry, (found) => digestOf('TXT', found) === digestOf('TXT', values), task.desired, task.world);
}

/** SES refuses the length that an identity already has, so it is only sent when it differs; after BYODKIM that cannot be known. */
async function putEasyDkim(task: Task, signing: EasyDkimProperties, lengthHolds: boolean) {
  const { identity, world } = task;
  const wasEasy = identity.origin === 'AWS_SES';
  if (wasEasy && lengthHolds) return put(task, { origin: 'AWS_SES' });
  try {
    return await put(task, { origin: 'AWS_SES', keyLength: signing.KeyLength });
  } catch (error) {
    if ((error as Error).name !== 'BadRequestException') throw error;
    if (!wasEasy) {
      const state = await put(task, { origin: 'AWS_SES' });
      if ((await world.ses.read())?.nextKeyLength === signing.KeyLength) return state;
    }
    const last = identity.lastKeyGeneration ? ` The last key was made at ${identity.lastKeyGeneration.toISOString()}.` : '';
    throw new Error(`SES refused to change the key length of ${task.desired.identity} to ${signing.KeyLength}: ${withoutKeys((error as Error).message)} `
      + `SES allows that once in 24 hours, the first change to 1024 bits excepted.${last} Deploy again later.`);
  }
}

async function signAsReplica(task: Task, signing: DeedProperties): Promise<Signing> {
  const { identity, world } = task;
  const origin = deedOrigin(signing.ParentRegion);
  if (identity.origin === origin && !needsRearming(task)) {
    world.log('signing-held', { method: origin });
    return { records: [], status: identity.status, attributes: {} };
  }
  await requireParent(task, signing.ParentRegion);
  const { status } = await put(task, { origin });
  return { records: [], status, attributes: {} };
}

/** SES would say only later, and less clearly, that the parent cannot be replicated; by then the replica would sign nothing. */
async function requireParent({ desired, identity, world }: Task, parentRegion: string): Promise<void> {
  const parent = await world.ses.readIn(parentRegion);
  const problem = !parent ? `there is no identity ${desired.identity}`
    : parent.origin === 'EXTERNAL' ? 'it signs with BYODKIM, and only Easy DKIM is replicated'
      : parent.origin?.startsWith('AWS_SES_') ? 'it is a replica itself'
        : parent.status !== 'SUCCESS' && signsNow(identity) ? `its DKIM status is ${parent.status}, and the replica signs mail now`
          : undefined;
  if (problem) {
    throw new Error(`${desired.identity} cannot replicate its parent in ${parentRegion}: ${problem}. `
      + 'The parent has to be an identity of the same domain with Easy DKIM, verified. Signing was not touched.');
  }
}

async function put(task: Task, attributes: SigningAttributes) {
  task.progress.signingPut = true; // before the call: it may arrive even when the answer does not
  const state = await task.world.ses.putSigning(attributes);
  task.world.log('signing-put', { method: attributes.origin, status: state.status });
  return state;
}

/** True when mail goes out signed now, so that a change could break it. */
function signsNow(identity: IdentityState): boolean {
  return identity.status === 'SUCCESS' && identity.signingEnabled;
}

/** After FAILED SES looks no more until it is told again; but once in a deployment is enough, or a failure would never be seen. */
function needsRearming({ identity, progress }: Task): boolean {
  return identity.status === 'FAILED' && !progress.signingPut;
}

interface PublishOptions {
  /** Looks at the records before anything is written. */
  readonly guard?: (records: readonly RecordSet[]) => unknown;
  /** What is no longer wanted is marked as superseded. @default true */
  readonly supersedes?: boolean;
  /** The records have to be in sync in the end, even when a run before this one wrote them. */
  readonly inSync?: boolean;
}

async function publish(task: Task, zone: HostedZone, wanted: readonly DkimRecord[], options: PublishOptions = {}) {
  const { desired, owner, world, progress } = task;
  const { supersededUntil, ...publication } = publicationOf(desired.zone!, world);
  const plan = (records: readonly RecordSet[]) => {
    options.guard?.(records);
    const changes = planPublication(records, owner, {
      wanted, signs: desired.region, ...publication, ...(options.supersedes === false ? {} : { supersededUntil }),
    });
    progress.recordsBegun ||= !records.some(({ name }) => name === registryName(owner));
    return changes;
  };
  const reaffirm = options.inSync ? (records: readonly RecordSet[]) => planReaffirmation(records, owner) : undefined;
  return settle(zone, domainKeyName(desired.identity), plan, world, reaffirm);
}

function publicationOf({ ttl, overwrite }: ZoneProperties, { patience }: World) {
  const now = patience.now();
  return { ttl, overwrite, now: isoSeconds(now), supersededUntil: isoSeconds(now + OVERLAP_DAYS * 86_400_000) };
}

function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * The zone was changed or taken away. What is in the old one stays for the mail on its way, marked with its time. It is a courtesy to the
 * next reader: when the old zone cannot be reached any more, the deployment goes on.
 */
async function leavePreviousZone({ desired, owner, world }: Task, previous: Desired | undefined): Promise<void> {
  const left = previous?.zone;
  if (!left || left.id === desired.zone?.id) return;
  try {
    await settle(world.zone(left), domainKeyName(desired.identity), (records) => planLeaving(records, owner, publicationOf(left, world)), world);
    world.log('previous-zone-left', { hostedZoneId: left.id });
  } catch (error) {
    world.log('previous-zone-unreachable', { hostedZoneId: left.id, message: withoutKeys((error as Error).message) });
  }
}

function recordAttributes(records: readonly DkimRecord[]): Partial<ResourceAttributes> {
  return Object.fromEntries(records.flatMap(({ name, value, data }, index) => [
    [`RecordName${index + 1}`, name], [`RecordValue${index + 1}`, value], [`RecordData${index + 1}`, data],
  ]));
}

/** Whether SES was told how to sign by us. `unless unregistered`: if the zone has our registry record, which is written before that. */
export type SigningTouched = 'yes' | 'no' | 'unless unregistered';

/** Delete. What is gone already is fine; what is not ours is left alone. True when there was a registry record of ours. */
export async function release(previous: Desired, owner: Owner, world: World, touched: SigningTouched): Promise<boolean> {
  const zone = previous.zone && world.zone(previous.zone);
  const records = zone && await listOrGone(zone, previous, world, touched);
  const registered = records?.some(({ name }) => name === registryName(owner)) ?? false;
  const ours = touched === 'yes' || (touched === 'unless unregistered' && (!records || registered));
  // First SES forgets the key, then the record goes: never the other way round.
  if (!previous.retain && ours) await returnToEasyDkim(previous, owner, world, records ?? []);
  if (zone && records) {
    const plan = previous.retain ? planRetention : planRelease;
    await settle(zone, domainKeyName(previous.identity), (found) => plan(found, owner), world);
  }
  return registered;
}

/** A zone that a failed Create had no access to either has nothing of ours, and must not keep the rollback from its end. */
async function listOrGone(
  zone: HostedZone, { identity, zone: properties }: Desired, world: World, touched: SigningTouched,
): Promise<RecordSet[] | undefined> {
  try {
    return await zone.list(domainKeyName(identity));
  } catch (error) {
    if (!(error instanceof ZoneGoneError) && (touched === 'yes' || !isAccessDenied(error))) throw error;
    world.log('zone-gone', { hostedZoneId: properties?.id, message: (error as Error).message });
    return undefined;
  }
}

async function returnToEasyDkim(previous: Desired, owner: Owner, { ses, log }: World, records: readonly RecordSet[]): Promise<void> {
  const { signing, region } = previous;
  if (signing.Method === 'EASY_DKIM') return;
  const identity = await ses.read();
  if (!identity) return log('identity-gone');
  if (!signsAs(signing, identity) || signsForAnother(records, owner, region)) return log('signing-left-alone', { method: identity.origin });
  try {
    const { status } = await ses.putSigning({ origin: 'AWS_SES' });
    log('signing-returned', { status });
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'NotFoundException') return log('identity-gone');
    // Nobody documents whether a replica can be led back by this call. It has neither a key nor records of ours, so it may stay one.
    if (name !== 'BadRequestException' || signing.Method !== 'DEED') throw error;
    log('signing-left-alone', { method: identity.origin, message: withoutKeys(message) });
  }
}
