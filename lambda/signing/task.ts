// The task of making an identity sign as desired, and the steps that all methods of signing share.
import { noted } from './noted';
import { isUnnamed } from './ses-rules';
import { renderTag, selectorsNow, SigningTag, tagAfter, tagWhenTaken } from './signing-tag';
import { ResourceAttributes } from '../../src/private/contract';
import { DesiredState } from '../base/desired-state';
import { Owner } from '../base/owner';
import { IdentityState, OpenZone, RecordSet, Services, SigningAnswer, SigningAttributes } from '../base/ports';
import { DkimRecord } from '../records/dkim-record';
import { publish, PublicationRequest, Publisher, retire } from '../records/publication';

/** What a request has done so far for the signing. */
export interface Progress {
  /** SES was told how to sign, or may have been. Noted before the call: it may arrive even when the answer does not. */
  signingPut: boolean;
  /** When SES had been told, in ms since 1970. */
  signingPutAt?: number;
  /** The owner's tag on the identity, as far as this request has seen or written it. */
  signingTag?: string;
  /** The selector, and the SHA-256 of the public key, that SES has accepted. */
  acceptedKey?: string;
  /** Records were written where this owner had none. */
  recordsBegun?: boolean;
  /** Since when verification is awaited, in ms since 1970. */
  waitingSince?: number;
  /** When no resolver remembers what a slot had before its key, in ms since 1970. */
  forgottenAt?: number;
  /** Set when all is done but SES's part: a further invocation only looks whether SES has verified this. */
  awaited?: Signed;
  /** How often a further invocation was asked for, to look. */
  looks?: number;
  /** When CloudFormation made the request, in ms since 1970: its URL need not say it. */
  requestedAt?: number;
}

export interface Task {
  readonly desired: DesiredState;
  /** What the stack wanted before, on update. */
  readonly previous?: DesiredState;
  readonly owner: Owner;
  /** As SES described it before anything was changed. */
  readonly identity: IdentityState;
  /** What this owner has told SES before. */
  readonly signingTag: SigningTag;
  readonly zone?: OpenZone;
  readonly services: Services;
  readonly progress: Progress;
}

/** What a method of signing needs in DNS, and what SES says of it. */
export interface SigningResult {
  readonly records: readonly DkimRecord[];
  readonly status: string;
  readonly attributes: Partial<ResourceAttributes>;
  /** The identity signed so before, and SES was not told. */
  readonly isUnchanged?: boolean;
}

/** An identity that signs as desired, verified or not. */
export interface Signed extends SigningResult {
  /** False when the identity signed so before, and nobody of this library has told SES. */
  readonly isSigningOurs: boolean;
}

/** What the construct hands out. */
export function attributesOf({ records, status, attributes }: SigningResult): ResourceAttributes {
  const ofRecords = Object.fromEntries(records.flatMap(({ name, value, data }, index) => [
    [`RecordName${index + 1}`, name], [`RecordValue${index + 1}`, value], [`RecordData${index + 1}`, data],
  ]));
  return { DkimStatus: status, ...attributes, ...ofRecords };
}

/** As `Progress` has it. */
export function acceptedKeyOf({ attributes: { Selector, PublicKeySha256 } }: Pick<SigningResult, 'attributes'>): string {
  return `${Selector} ${PublicKeySha256}`;
}

export async function putSigning(task: Task, attributes: SigningAttributes): Promise<SigningAnswer> {
  const { services: { ses, retry, log }, progress } = task;
  await writeSigningTag(task);
  progress.signingPut = true; // before the call: it may arrive even when the answer does not
  const answer = await ses.putSigning(attributes);
  progress.signingPutAt = retry.now();
  log('signing-put', { method: attributes.origin, status: answer.status });
  if (attributes.origin !== 'AWS_SES') await noteTaken(task);
  return answer;
}

/** Where SES names no selector, the tag says no more what it was told before. */
export async function noteTaken(task: Task): Promise<void> {
  if (isUnnamed(task.identity)) await noted(writeTag(task, tagWhenTaken(nextTag(task))), task.services);
}

/** Writes down on the identity what SES is told by this owner, or was told by another owner and is wanted here, too. */
export async function writeSigningTag(task: Task): Promise<void> {
  await writeTag(task, nextTag(task));
}

function nextTag({ desired, owner, identity, signingTag }: Task): SigningTag {
  return tagAfter(signingTag, desired.signing, identity, owner);
}

async function writeTag({ owner, services: { ses, log }, progress }: Task, tag: SigningTag): Promise<void> {
  const value = renderTag(tag);
  if (value === progress.signingTag) return;
  await ses.tag(owner.label, value);
  progress.signingTag = value;
  log('signing-tag-written', { method: value });
}

/** Publishes records in the task's zone. Gives the records that are there then; none where there is no zone. */
export async function publishRecords(
  task: Task, request: Omit<PublicationRequest, 'beforeFirstChange' | 'usedUntilNow'>,
): Promise<readonly RecordSet[]> {
  const publisher = publisherOf(task);
  if (!publisher) return [];
  const beforeFirstChange = () => {
    task.progress.recordsBegun = true; // before the call, as above
  };
  const records = await publish(publisher, { ...request, usedUntilNow: usedIn(task), beforeFirstChange });
  return request.supersedes === false ? records : retireRecords(task, records);
}

/** Undefined where there is no zone. */
function publisherOf({ desired, owner, zone, services: { retry, log } }: Task): Publisher | undefined {
  return zone && desired.zone && { owner, zone, settings: desired.zone, retry, log };
}

/**
 * Retires records that are due. SES may not name the selector that it signs with. Then none is retired until SES has
 * accepted another selector in this request.
 */
export async function retireRecords(task: Task, records: readonly RecordSet[]): Promise<readonly RecordSet[]> {
  const { identity, progress } = task;
  const publisher = publisherOf(task);
  if (!publisher || (isUnnamed(identity) && !progress.acceptedKey)) return records;
  return retire(publisher, records, usedIn(task));
}

/** The selectors, or tokens of Easy DKIM, that SES names, or else those that it may have. */
function usedIn({ identity, signingTag }: Task): string[] {
  return selectorsNow(signingTag, identity);
}

/**
 * After FAILED, SES looks again only after a new call. The function makes one such call in a deployment. With more, it
 * would never report FAILED.
 */
export function needsRestart({ identity, progress }: Task): boolean {
  return identity.status === 'FAILED' && !progress.signingPut;
}
