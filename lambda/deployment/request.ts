// One request at work: its event, what surrounds it, and what it has done so far.
import { ANSWER_MS } from './deadlines';
import { Environment } from './environment';
import { HandlerEvent } from './event';
import { Log, logTo } from '../base/log';
import { Redactor } from '../base/redaction';
import { Retry } from '../base/retry';
import { Progress } from '../signing/progress';

export interface Request {
  readonly event: HandlerEvent;
  readonly environment: Environment;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly progress: Progress;
}

export function requestOf(event: HandlerEvent, environment: Environment): Request {
  const { RequestType, RequestId, StackId, LogicalResourceId, PhysicalResourceId } = event;
  const redactor = new Redactor();
  redactor.show(RequestId, StackId, LogicalResourceId, PhysicalResourceId);
  const log = logTo(environment.write, redactor, {
    requestType: RequestType, stackId: StackId, logicalResourceId: LogicalResourceId, requestId: RequestId,
  });
  const progress: Progress = { signingPut: false, acceptedKey: event.Progress?.taken, ...event.Progress };
  return { event, environment, log, redactor, progress };
}

/** For calls in the time that is kept for the answer. */
export function shortRetry({ environment: { time }, log }: Request): Retry {
  return new Retry({ time, log, end: time.now() + ANSWER_MS / 3, accessGraceMs: ANSWER_MS });
}
