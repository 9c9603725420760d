// The life cycle of one CloudFormation request: from event to answer, which is always given.
import { Answer, CloudFormationEvent, giveAnswer, requestedAt } from './cloudformation';
import { Log, logTo, withoutKeys } from './log';
import { againUntilQuiet } from './overtaken';
import { OutOfTimeError, Patience, Timekeeper } from './patience';
import { Desired, parseProperties } from './properties';
import { reasonOf } from './reason';
import { bring } from './reconcile';
import { registryLabel } from './registry';
import { release, SigningTouched } from './release';
import { Progress, World } from './task';
import { Owner } from './zone-plan';
import { serviceTimeout } from '../src/private/contract';

/** An event of CloudFormation, or the same event sent on by an earlier invocation that had no time left. */
export type HandlerEvent = CloudFormationEvent & { readonly Progress?: Progress };

export interface Invocation {
  readonly getRemainingTimeInMillis: () => number;
}

export interface Outside {
  /** The function's own Region. */
  readonly region: string;
  readonly time: Timekeeper;
  readonly write: (line: string) => void;
  readonly world: (desired: Desired, patience: Patience, log: Log) => World;
  /** Starts this function once more, with this event. */
  readonly sendOn: (event: HandlerEvent, patience: Patience) => Promise<void>;
}

/** Left of an invocation and of CloudFormation's time for the answer itself, with its repeats. */
const ANSWER_MS = 30_000;
/** A call that does not end by its own time-outs is given up this much later than a pause would be. */
const HANG_MS = 5_000;
/** New policies are known everywhere after seconds, rarely minutes. On Delete they are old, and a refusal is one. */
const ACCESS_GRACE_MS = 120_000;
const ACCESS_GRACE_ON_DELETE_MS = 15_000;
/** Less than this is not worth a further invocation. */
const WORTH_SENDING_ON_MS = 60_000;

/** Marks the physical id of a Create that failed before SES was told anything, so that the Delete that follows leaves signing alone. */
const UNTOUCHED = 'untouched';

export async function onEvent(event: HandlerEvent, invocation: Invocation, outside: Outside): Promise<void> {
  const { RequestType, StackId, LogicalResourceId, RequestId } = event;
  const log = logTo(outside.write, { requestType: RequestType, stackId: StackId, logicalResourceId: LogicalResourceId, requestId: RequestId });
  log('received', { physicalResourceId: event.PhysicalResourceId });
  const invocationEnd = outside.time.now() + invocation.getRemainingTimeInMillis() - ANSWER_MS;
  const answer = await work(event, invocationEnd, outside, log);
  if (answer !== 'sent on') await giveAnswer(event, answer, outside.time, log);
}

async function work(event: HandlerEvent, invocationEnd: number, outside: Outside, log: Log): Promise<Answer | 'sent on'> {
  const progress: Progress = { signingPut: false, ...event.Progress };
  let desired: Desired | undefined;
  let cloudFormationEnd = Infinity;
  try {
    desired = parseProperties(event.ResourceProperties, outside.region);
    cloudFormationEnd = requestedAt(event, outside.time.now()) + serviceTimeout(desired.wait) * 1000 - ANSWER_MS;
    const grace = event.RequestType === 'Delete' ? ACCESS_GRACE_ON_DELETE_MS : ACCESS_GRACE_MS;
    const patience = new Patience(outside.time, log, Math.min(invocationEnd, cloudFormationEnd) - HANG_MS, grace);
    return await unlessItHangs(reconcile(event, desired, outside, patience, progress, log), invocationEnd, outside.time);
  } catch (error) {
    if (error instanceof OutOfTimeError && outside.time.now() + WORTH_SENDING_ON_MS < cloudFormationEnd) {
      const problem = await sendOn({ ...event, Progress: progress }, outside, log);
      if (problem === undefined) return 'sent on';
      error.message += ` The function could not start itself again: ${problem}.`;
    }
    return failure(event, desired, error as Error, progress, log);
  }
}

/** Should a call hang in spite of its own time-outs, CloudFormation hears of it before Lambda kills the process. */
async function unlessItHangs<T>(result: Promise<T>, end: number, time: Timekeeper): Promise<T> {
  const done = new AbortController();
  const hung = time.sleep(Math.max(0, end - time.now()), done.signal).then(() => {
    throw new Error('A call hung until the time was over. Deploy again.');
  });
  try {
    return await Promise.race([result, hung]);
  } finally {
    hung.catch(() => undefined); // aborted
    done.abort();
  }
}

async function reconcile(
  event: HandlerEvent, desired: Desired, outside: Outside, patience: Patience, progress: Progress, log: Log,
): Promise<Answer> {
  const physicalId = physicalIdOf(desired);
  const owner = ownerOf(event, desired);
  const world = outside.world(desired, patience, log);
  if (event.RequestType === 'Delete') {
    await remove(event, desired, owner, world);
    return { status: 'SUCCESS', physicalId: event.PhysicalResourceId ?? physicalId };
  }
  // Another identity is another resource: it starts from nothing, and CloudFormation deletes the old one afterwards.
  const previous = event.PhysicalResourceId === physicalId ? parsePrevious(event, outside.region, log) : undefined;
  let brought = await bring(desired, previous, owner, world, progress);
  if (!brought.previousHeld) brought = await againUntilQuiet(world, (counting) => bring(desired, previous, owner, counting, progress));
  return { status: 'SUCCESS', physicalId, attributes: brought.attributes };
}

async function remove({ PhysicalResourceId }: HandlerEvent, desired: Desired, owner: Owner, world: World): Promise<void> {
  if (PhysicalResourceId === physicalIdOf(desired)) return void await release(desired, owner, world, 'yes');
  if (PhysicalResourceId?.startsWith(UNTOUCHED)) return void await release(desired, owner, world, 'no');
  // An id that CloudFormation made up: the Create was cancelled, or never answered. What it did only the world knows, and it may go on.
  let touched: SigningTouched = 'unless unregistered';
  const letGo = async (within: World) => {
    if (await release(desired, owner, within, touched)) touched = 'yes';
  };
  await letGo(world);
  await againUntilQuiet(world, letGo);
}

async function sendOn(event: HandlerEvent, outside: Outside, log: Log): Promise<string | undefined> {
  try {
    await outside.sendOn(event, new Patience(outside.time, log, outside.time.now() + ANSWER_MS / 2, ANSWER_MS));
    log('sent-on');
    return undefined;
  } catch (error) {
    return withoutKeys((error as Error).message);
  }
}

function failure(event: HandlerEvent, desired: Desired | undefined, error: Error, progress: Progress, log: Log): Answer {
  log('failed', { errorName: error.name, message: error.message });
  const physicalId = physicalIdForFailure(event, desired, progress);
  // Delete of what could never be read: the Create before it failed for the same reason and did nothing.
  if (event.RequestType === 'Delete' && !desired && physicalId.startsWith(UNTOUCHED)) return { status: 'SUCCESS', physicalId };
  return { status: 'FAILED', physicalId, reason: reasonOf(error) };
}

/** The Region and the domain: changing those replaces the resource, changing anything else updates it. */
function physicalIdOf({ region, identity }: Desired): string {
  return `${region}/${identity}`;
}

/** CloudFormation sends a Delete for the id of a failed answer, on Create always, on Update if it is not the one it knew. */
function physicalIdForFailure(event: HandlerEvent, desired: Desired | undefined, { signingPut, recordsBegun }: Progress): string {
  const id = desired ? physicalIdOf(desired) : event.LogicalResourceId;
  if (event.RequestType === 'Create') return signingPut ? id : `${UNTOUCHED}/${id}`;
  const known = event.PhysicalResourceId ?? UNTOUCHED;
  if (event.RequestType === 'Delete' || known === id) return known;
  // Another identity: what was begun for it has to go. On the way back to the old one nothing is begun, so that its Delete never comes.
  if (signingPut) return id;
  return recordsBegun ? `${UNTOUCHED}/${id}` : known;
}

function ownerOf({ StackId, LogicalResourceId }: HandlerEvent, desired: Desired): Owner {
  return { domain: desired.identity, label: registryLabel(StackId, LogicalResourceId, physicalIdOf(desired)) };
}

/** An older version may have had other properties; then what is there has to speak for itself. */
function parsePrevious({ OldResourceProperties }: HandlerEvent, region: string, log: Log): Desired | undefined {
  try {
    return OldResourceProperties && parseProperties(OldResourceProperties, region);
  } catch (error) {
    log('previous-properties-unreadable', { message: (error as Error).message });
    return undefined;
  }
}
