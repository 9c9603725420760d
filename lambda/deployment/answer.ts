// The answer that CloudFormation always gets: at most 4096 bytes, to a URL that nobody else may see.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
import { CloudFormationEvent } from './event';
import { ResourceAttributes } from '../../src/private/contract';
import { detailsOf } from '../base/describe-error';
import { HandlerError } from '../base/errors';
import { Log } from '../base/log';
import { Redactor } from '../base/redaction';
import { Timekeeper } from '../base/retry';

export type Answer =
  | { readonly status: 'SUCCESS'; readonly physicalId: string; readonly attributes?: ResourceAttributes }
  | { readonly status: 'FAILED'; readonly physicalId: string; readonly reason: string };

export interface AnswerOptions {
  readonly time: Timekeeper;
  readonly log: Log;
  readonly redactor: Redactor;
}

const MAX_ANSWER_BYTES = 4096;
/** With their time-outs and pauses they fit into the half minute that is kept for them. */
const TRIES = 4;
const TIMEOUT_MS = 5_000;
const FIRST_PAUSE_MS = 1_000;

/** PUTs the answer. A connection can fail once, so it is tried again. */
export async function giveAnswer(
  event: CloudFormationEvent, answer: Answer, { time, log, redactor }: AnswerOptions,
): Promise<void> {
  redactor.show(answer.physicalId);
  const body = renderAnswer(event, answer, redactor);
  for (let tries = 1; ; tries++) {
    const problem = await put(event.ResponseURL, body);
    if (problem === undefined) return log('answered', { status: answer.status, physicalResourceId: answer.physicalId });
    log('answer-retried', { attempt: tries, message: problem });
    // It is thrown, so that Lambda repeats the whole event. The work is done already and is only found again.
    if (tries === TRIES) {
      throw new HandlerError(`CloudFormation could not be answered after ${TRIES} tries: ${problem}`);
    }
    await time.sleep(FIRST_PAUSE_MS * 2 ** (tries - 1));
  }
}

/** What went wrong, or nothing. Never the URL: whoever has it can answer in our place. */
async function put(url: string, body: Buffer): Promise<string | undefined> {
  // The URL is signed without a content type, so that has to be sent empty.
  const headers = { 'content-type': '' };
  try {
    const response = await fetch(url, { method: 'PUT', body, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok ? undefined : `HTTP status ${response.status}`;
  } catch (error) {
    const { cause, name } = detailsOf(error);
    return `connection failed: ${detailsOf(cause).code ?? name}`;
  }
}

function renderAnswer(event: CloudFormationEvent, answer: Answer, redactor: Redactor): Buffer {
  const common = {
    Status: answer.status,
    PhysicalResourceId: answer.physicalId,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
  };
  const render = (more: { readonly Reason: string } | { readonly Data?: ResourceAttributes }) =>
    Buffer.from(JSON.stringify({ ...common, ...more }));
  if (answer.status === 'SUCCESS') return render({ Data: answer.attributes });
  // CloudFormation takes no answer above 4096 bytes. The start of a reason says what was wrong, so the end is cut.
  const whole = redactor.redact(answer.reason);
  let reason = whole;
  for (let length = whole.length; length > 0 && render({ Reason: reason }).length > MAX_ANSWER_BYTES;) {
    length = Math.floor(length * 0.9);
    // Half a surrogate pair is no text that every JSON parser takes.
    reason = `${whole.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…`;
  }
  return render({ Reason: reason });
}
