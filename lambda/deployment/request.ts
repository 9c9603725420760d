// One request at work: its event, what surrounds it, and what it has done so far.
import { ANSWER_MS, Deadlines, lastCallOf } from './deadlines';
import { HandlerEvent, Progress, requestedAt } from './event';
import { fenceOf } from './fence';
import { Log, logTo } from '../base/log';
import { CloudFormation, Scheduler, ServicesFor, Surroundings } from '../base/ports';
import { Redactor } from '../base/redaction';
import { Retry } from '../base/retry';

/** What surrounds the function, and the services that it calls. */
export interface Environment extends Surroundings {
  readonly services: ServicesFor;
  readonly cloudFormation: CloudFormation;
  /** Sends an answer to its URL, and gives the HTTP status. */
  readonly putAnswer: (url: string, body: Buffer) => Promise<number>;
  /** Starts this function once more, with this event. */
  readonly startInvocation: (event: HandlerEvent, retry: Retry) => Promise<void>;
  readonly scheduler: (retry: Retry) => Scheduler;
  /** How many identities of the stack wait for verification, when all of them are made at once. */
  readonly waitingIdentities: number;
}

export interface Request {
  readonly event: HandlerEvent;
  readonly environment: Environment;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly progress: Progress;
  /** Throws OvertakenError when the request no longer stands. */
  readonly fence: () => Promise<void>;
}

export function requestOf(event: HandlerEvent, environment: Environment): Request {
  const { RequestType, RequestId, StackId, LogicalResourceId, PhysicalResourceId } = event;
  const redactor = new Redactor();
  redactor.show(RequestId, StackId, LogicalResourceId, PhysicalResourceId);
  const log = logTo(environment.write, redactor, {
    requestType: RequestType, stackId: StackId, logicalResourceId: LogicalResourceId, requestId: RequestId,
  });
  const progress: Progress = {
    signingPut: false,
    ...event.Progress,
    requestedAt: requestedAt(event) ?? environment.time.now(),
  };
  const request = { event, environment, log, redactor, progress };
  return { ...request, fence: fenceOf(request) };
}

/**
 * For calls after the work is over: in the time that is left, and at the end of it in the time that is kept for the
 * answer. Hundreds of identities can share SES's one call a second, and each has to wait for its turn.
 */
export function lateRetry({ environment: { time }, log }: Request, deadlines: Deadlines): Retry {
  const end = Math.max(time.now() + ANSWER_MS / 3, lastCallOf(deadlines));
  return new Retry({ time, log, end, accessGraceMs: ANSWER_MS });
}
