// The life cycle of one CloudFormation request: from event to answer, which is always given.
import { Answer, giveAnswer, requestedAt } from './cloudformation';
import { ANSWER_MS, HandlerEvent, Invocation, Outside, shortPatience } from './outside';
import { againUntilQuiet } from './overtaken';
import { identityOf, parsePhysicalId, renderPhysicalId } from './physical-id';
import { parseProperties } from './properties';
import { attributesAfterRollback, isMadeAgain, isOver } from './stack';
import { serviceTimeout } from '../../src/private/contract';
import { Desired } from '../base/desired';
import { Log, logTo, withoutKeys } from '../base/log';
import { Owner, ownerOf } from '../base/owner';
import { OutOfTimeError, Patience, Timekeeper } from '../base/patience';
import { reasonOf } from '../base/reason';
import { bring } from '../signing/reconcile';
import { release } from '../signing/release';
import { Progress, World } from '../signing/task';

/** A call that is begun takes up to 20 seconds (`index.ts`). One that does not end by its own time-outs is given up after this. */
const HANG_MS = 25_000;
/** New policies are known everywhere after seconds, rarely minutes. When a resource that was made is deleted they are old, and a refusal is one. */
const ACCESS_GRACE_MS = 120_000;
const ACCESS_GRACE_ON_DELETE_MS = 15_000;
/** Less than this is not worth a further invocation. */
const WORTH_SENDING_ON_MS = 60_000;

/** Until when an invocation works. */
interface Ends {
  readonly invocation: number;
  readonly cloudFormation: number;
}

export async function onEvent(event: HandlerEvent, invocation: Invocation, outside: Outside): Promise<void> {
  const { RequestType, StackId, LogicalResourceId, RequestId } = event;
  const log = logTo(outside.write, { requestType: RequestType, stackId: StackId, logicalResourceId: LogicalResourceId, requestId: RequestId });
  log('received', { physicalResourceId: event.PhysicalResourceId });
  if (await isOver(event, outside, log)) return log('over');
  const invocationEnd = outside.time.now() + invocation.getRemainingTimeInMillis() - ANSWER_MS;
  const answer = await work(event, invocationEnd, outside, log);
  if (answer !== 'sent on') await giveAnswer(event, answer, outside.time, log);
}

async function work(event: HandlerEvent, invocationEnd: number, outside: Outside, log: Log): Promise<Answer | 'sent on'> {
  const progress: Progress = { signingPut: false, ...event.Progress };
  let desired: Desired | undefined;
  let ends: Ends = { invocation: invocationEnd, cloudFormation: Infinity };
  try {
    desired = parseProperties(event.ResourceProperties, outside.region);
    ends = { ...ends, cloudFormation: requestedAt(event, outside.time.now()) + serviceTimeout(desired.wait) * 1000 - ANSWER_MS };
    return await unlessItHangs(reconcile(event, desired, outside, ends, progress, log), Math.min(ends.invocation, ends.cloudFormation), outside.time);
  } catch (error) {
    if (error instanceof OutOfTimeError && isWorthSendingOn(ends)) {
      const problem = await sendOn({ ...event, Progress: progress }, outside, log);
      if (problem === undefined) return 'sent on';
      error.message += ` The function could not start itself again: ${problem}.`;
    }
    return failure(event, desired, error as Error, progress, outside, log);
  }
}

/** Only when it is the invocation that ends. Where CloudFormation's time ends, a further invocation has no more of it. */
function isWorthSendingOn({ invocation, cloudFormation }: Ends): boolean {
  return invocation + WORTH_SENDING_ON_MS < cloudFormation;
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
  event: HandlerEvent, desired: Desired, outside: Outside, ends: Ends, progress: Progress, log: Log,
): Promise<Answer> {
  const now = outside.time.now();
  // Lambda keeps an event for hours. Whoever asked has been answered by CloudFormation itself, and has gone on.
  if (now >= ends.cloudFormation) throw new Error('The request was too old to be carried out, and nothing was done. Deploy again.');
  const id = parsePhysicalId(event.PhysicalResourceId ?? '');
  const grace = event.RequestType === 'Delete' && id.course !== 'made-up' ? ACCESS_GRACE_ON_DELETE_MS : ACCESS_GRACE_MS;
  const world = outside.world(desired, new Patience(outside.time, log, Math.min(ends.invocation, ends.cloudFormation) - HANG_MS, grace), log);
  const owner = ownerOf({ stackId: event.StackId, logicalId: event.LogicalResourceId, region: desired.region, domain: desired.identity });
  const identity = identityOf(desired);
  const mayEnd = !isWorthSendingOn(ends);
  if (event.RequestType === 'Delete') {
    if (await isMadeAgain(event, outside, log)) log('made-again');
    else await remove(event, desired, owner, world, mayEnd);
    return { status: 'SUCCESS', physicalId: event.PhysicalResourceId ?? identity };
  }
  // Another identity is another resource: it starts from nothing, and CloudFormation deletes the old one afterwards.
  const previous = id.identity === identity ? parsePrevious(event, outside.region, log) : undefined;
  const bringing = (within: World) => bring(desired, previous, owner, within, progress);
  const first = await bringing(world);
  const brought = first.previousHeld ? first : await againUntilQuiet(world, first, bringing, mayEnd);
  const course = brought.signingFound && !progress.signingPut ? 'found' : 'told';
  const physicalId = id.identity === identity ? event.PhysicalResourceId! : renderPhysicalId(course, identity);
  return { status: 'SUCCESS', physicalId, attributes: brought.attributes };
}

async function remove({ PhysicalResourceId = '' }: HandlerEvent, desired: Desired, owner: Owner, world: World, mayEnd: boolean): Promise<void> {
  const { course, identity } = parsePhysicalId(PhysicalResourceId);
  if (identity !== undefined && identity !== identityOf(desired)) return world.log('other-identity', { physicalResourceId: PhysicalResourceId });
  if (course !== 'made-up') return void await release(desired, owner, world, course);
  // The Create was cancelled, or never answered. What it did only the world knows, and it may go on.
  let begun = false;
  const letGo = async (within: World) => {
    begun = await release(desired, owner, within, course, begun);
  };
  await againUntilQuiet(world, await letGo(world), letGo, mayEnd);
}

async function sendOn(event: HandlerEvent, outside: Outside, log: Log): Promise<string | undefined> {
  try {
    await outside.sendOn(event, shortPatience(outside, log));
    log('sent-on');
    return undefined;
  } catch (error) {
    return withoutKeys((error as Error).message);
  }
}

async function failure(
  event: HandlerEvent, desired: Desired | undefined, error: Error, progress: Progress, outside: Outside, log: Log,
): Promise<Answer> {
  log('failed', { errorName: error.name, message: error.message });
  const physicalId = physicalIdForFailure(event, desired, progress);
  // Delete of what could never be read: the Create before it failed for the same reason and did nothing.
  if (event.RequestType === 'Delete' && !desired && parsePhysicalId(physicalId).course === 'untouched') return { status: 'SUCCESS', physicalId };
  const attributes = desired && await attributesAfterRollback(event, desired, outside, log);
  return attributes ? { status: 'SUCCESS', physicalId, attributes } : { status: 'FAILED', physicalId, reason: reasonOf(error) };
}

/** CloudFormation sends a Delete for the id of a failed answer, on Create always, on Update if it is not the one it knew. */
function physicalIdForFailure(event: HandlerEvent, desired: Desired | undefined, { signingPut, recordsBegun }: Progress): string {
  const identity = desired ? identityOf(desired) : event.LogicalResourceId;
  const ended = renderPhysicalId(signingPut ? 'failed' : 'untouched', identity);
  if (event.RequestType === 'Create') return ended;
  const known = event.PhysicalResourceId ?? renderPhysicalId('untouched', event.LogicalResourceId);
  if (event.RequestType === 'Delete' || parsePhysicalId(known).identity === identity) return known;
  // Another identity: what was begun for it has to go. On the way back to the old one nothing is begun, so that its Delete never comes.
  return signingPut || recordsBegun ? ended : known;
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
