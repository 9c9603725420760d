// One deployment's task: what is wanted, what is there, and what the methods of signing have in common.
import { ResourceAttributes } from '../../src/private/contract';
import { Desired, ZoneProperties } from '../base/desired';
import { Log } from '../base/log';
import { Owner } from '../base/owner';
import { Patience } from '../base/patience';
import { HostedZone, IdentityState, OpenZone, PublicDns, Secrets, Ses, SigningAttributes } from '../base/ports';
import { DkimRecord } from '../records/dkim-record';
import { PublicationRequest, publish } from '../records/publication';

export interface World {
  readonly ses: Ses;
  readonly dns: PublicDns;
  readonly secrets: Secrets;
  readonly zone: (zone: ZoneProperties) => HostedZone;
  readonly patience: Patience;
  readonly log: Log;
}

/** What has happened in this deployment so far. A further invocation goes on with it. */
export interface Progress {
  /** SES was told how to sign, or may have been: it is noted before the call. */
  signingPut: boolean;
  /** The selector and the SHA-256 of the public key that SES has taken. */
  taken?: string;
  /** Records were written where this owner had none. */
  recordsBegun?: boolean;
  /** Since when verification is awaited, in ms since 1970. */
  waitingSince?: number;
}

export interface Task {
  readonly desired: Desired;
  /** What the stack wanted before, on update. */
  readonly previous?: Desired;
  readonly owner: Owner;
  readonly identity: IdentityState;
  readonly zone?: OpenZone;
  readonly world: World;
  readonly progress: Progress;
}

/** What a method comes to. */
export interface Signing {
  readonly records: readonly DkimRecord[];
  readonly status: string;
  readonly attributes: Partial<ResourceAttributes>;
  /** The identity signs so already. */
  readonly held?: boolean;
}

/** What the construct hands out. */
export function attributesOf({ records, status, attributes }: Signing): ResourceAttributes {
  const ofRecords = Object.fromEntries(records.flatMap(({ name, value, data }, index) => [
    [`RecordName${index + 1}`, name], [`RecordValue${index + 1}`, value], [`RecordData${index + 1}`, data],
  ]));
  return { DkimStatus: status, ...attributes, ...ofRecords };
}

export async function put(task: Task, attributes: SigningAttributes) {
  task.progress.signingPut = true; // before the call: it may arrive even when the answer does not
  const state = await task.world.ses.putSigning(attributes);
  task.world.log('signing-put', { method: attributes.origin, status: state.status });
  return state;
}

/** Publishes records in the zone of the task, if it has one. Gives the records that are there then. */
export async function publishInZone({ desired, owner, zone, world, progress }: Task, request: Omit<PublicationRequest, 'signs' | 'beforeFirstChange'>) {
  if (!zone || !desired.zone) return undefined;
  const publisher = { owner, zone, settings: desired.zone, now: () => world.patience.now(), log: world.log };
  return publish(publisher, {
    ...request,
    signs: desired.region,
    beforeFirstChange: () => void (progress.recordsBegun = true), // before the call: it may be carried out even when the answer is lost
  });
}

/** True when mail goes out signed now, so that a change could break it. After a temporary failure SES still has the key that it verified. */
export function signsNow(identity: IdentityState): boolean {
  return ['SUCCESS', 'TEMPORARY_FAILURE'].includes(identity.status) && identity.signingEnabled;
}

/** After FAILED SES looks no more until it is told again; but once in a deployment is enough, or a failure would never be seen. */
export function needsRearming({ identity, progress }: Task): boolean {
  return identity.status === 'FAILED' && !progress.signingPut;
}
