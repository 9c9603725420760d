// The life cycle of one CloudFormation request, from event to answer.
//
// What holds: CloudFormation gets exactly one answer, also on a bug, unreadable properties or a call that hangs. It
// comes from this invocation, or from a further one that this one has started. A request that CloudFormation no longer
// waits for gets none.
import { Answer, giveAnswer } from './answer';
import { carryOut } from './carry-out';
import { ANSWER_MS, cloudFormationDeadline, Deadlines, unlessItHangs } from './deadlines';
import { HandlerEvent } from './event';
import { failureAnswer } from './failure';
import { furtherInvocation } from './further-invocation';
import { Environment, Request, requestOf } from './request';
import { isForgotten } from './stack';
import { reasonOf, textOf } from '../base/describe-error';
import { WantedState } from '../base/desired-state';
import { HandlerError, OutOfTimeError, OvertakenError, sentence } from '../base/errors';
import { parseProperties } from '../base/properties';

/** Lambda waits for up to two minutes before it runs an event again, and such a run takes up to 15. */
const REPEAT_MS = 17 * 60_000;

const CLEAN_UP_TRIES = 3;

/** What Lambda says of the running invocation. */
export interface Invocation {
  readonly getRemainingTimeInMillis: () => number;
  readonly invokedFunctionArn: string;
}

export async function onEvent(event: HandlerEvent, invocation: Invocation, environment: Environment): Promise<void> {
  const request = requestOf(event, environment);
  const { log } = request;
  log('received', { physicalResourceId: event.PhysicalResourceId });
  const invocationEnd = environment.time.now() + invocation.getRemainingTimeInMillis() - ANSWER_MS;
  const answer = await answerTo(request, invocationEnd);
  if (answer) await giveAnswer(request, answer);
}

/** Undefined when a further invocation will answer, or nobody waits for an answer. */
async function answerTo(request: Request, invocationEnd: number): Promise<Answer | undefined> {
  const { event, environment: { region, time } } = request;
  let desired: WantedState | undefined;
  let deadlines: Deadlines = { invocation: invocationEnd, cloudFormation: Infinity };
  try {
    desired = parseProperties(event.ResourceProperties, region);
    deadlines = { ...deadlines, cloudFormation: cloudFormationDeadline(event, time.now()) };
    return await unlessItHangs(carryOutInTries(request, desired, deadlines), deadlines, time);
  } catch (error) {
    return answerAfter(error, request, desired, deadlines);
  }
}

/** In a clean-up CloudFormation would try a Delete three times. It is told of success, so all of them are here. */
async function carryOutInTries(
  request: Request, desired: WantedState, deadlines: Deadlines, left = CLEAN_UP_TRIES,
): Promise<Answer> {
  try {
    return await carryOut(request, desired, deadlines);
  } catch (error) {
    const mayGoOn = request.event.RequestType === 'Delete' && left > 1
      && !(error instanceof OutOfTimeError || error instanceof OvertakenError);
    if (!mayGoOn || !await isForgotten(request, deadlines)) throw error;
    request.log('clean-up-tried-again', { message: reasonOf(error) });
    return carryOutInTries(request, desired, deadlines, left - 1);
  }
}

async function answerAfter(
  error: unknown, request: Request, desired: WantedState | undefined, deadlines: Deadlines,
): Promise<Answer | undefined> {
  if (error instanceof OvertakenError) return overtaken(request);
  const goOn = error instanceof OutOfTimeError && furtherInvocation(request, error, deadlines);
  if (!goOn) {
    return failureAnswer(request, desired, error, deadlines)
      .catch((problem: unknown) => answerAfter(problem, request, desired, deadlines));
  }
  try {
    return void await goOn();
  } catch (problem) {
    if (problem instanceof OvertakenError) return overtaken(request);
    // Whoever fails is run again by Lambda, and that one can answer still.
    const canBeRepeated = request.environment.time.now() + REPEAT_MS < deadlines.cloudFormation;
    if (problem instanceof OutOfTimeError && canBeRepeated) throw problem;
    const whatHappened = `${sentence(error.whatHappened)} The function could not start itself again: ${textOf(problem)}`;
    const noFurther = { ...deadlines, cloudFormation: deadlines.invocation };
    return failureAnswer(request, desired, new HandlerError(whatHappened, 'Deploy again'), noFurther);
  }
}

function overtaken({ log }: Request): undefined {
  log('overtaken');
}
