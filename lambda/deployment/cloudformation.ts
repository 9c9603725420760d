// CloudFormation's protocol for custom resources: the event, and the answer that it always gets.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
import { ResourceAttributes } from '../../src/private/contract';
import { Log } from '../base/log';
import { Timekeeper } from '../base/patience';

export interface CloudFormationEvent {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: Record<string, unknown>;
  readonly OldResourceProperties?: Record<string, unknown>;
}

export type Answer =
  | { readonly status: 'SUCCESS'; readonly physicalId: string; readonly attributes?: ResourceAttributes }
  | { readonly status: 'FAILED'; readonly physicalId: string; readonly reason: string };

const MAX_ANSWER_BYTES = 4096;
/** With their time-outs and pauses they fit into the half minute that is kept for them. */
const TRIES = 4;

/** PUTs the answer. A connection can fail once, so it is tried again; an answer that cannot be given at all is an error. */
export async function giveAnswer(event: CloudFormationEvent, answer: Answer, time: Timekeeper, log: Log): Promise<void> {
  const body = renderAnswer(event, answer);
  for (let tries = 1; ; tries++) {
    const problem = await put(event.ResponseURL, body);
    if (problem === undefined) return log('answered', { status: answer.status, physicalResourceId: answer.physicalId });
    log('answer-repeated', { attempt: tries, message: problem });
    // Thrown on, so that Lambda repeats the whole event: the work is done already and is only found again.
    if (tries === TRIES) throw new Error(`CloudFormation could not be answered after ${TRIES} tries: ${problem}`);
    await time.sleep(500 * 2 ** tries);
  }
}

/** What went wrong, or nothing. Never the URL: whoever has it can answer in our place. */
async function put(url: string, body: Buffer): Promise<string | undefined> {
  try {
    // The URL is signed without a content type, so it has to be sent empty.
    const response = await fetch(url, { method: 'PUT', body, headers: { 'content-type': '' }, signal: AbortSignal.timeout(5_000) });
    return response.ok ? undefined : `HTTP status ${response.status}`;
  } catch (error) {
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    return `connection failed: ${cause?.code ?? (error as Error).name}`;
  }
}

function renderAnswer(event: CloudFormationEvent, answer: Answer): Buffer {
  const render = (reason?: string) => Buffer.from(JSON.stringify({
    Status: answer.status,
    ...(reason !== undefined ? { Reason: reason } : {}),
    PhysicalResourceId: answer.physicalId,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    ...(answer.status === 'SUCCESS' && answer.attributes ? { Data: answer.attributes } : {}),
  }));
  if (answer.status === 'SUCCESS') return render();
  // CloudFormation takes no answer above 4096 bytes. The start of a reason says what was wrong, so the end is cut.
  let { reason } = answer;
  for (let length = reason.length; length > 0 && render(reason).length > MAX_ANSWER_BYTES; length = Math.floor(length * 0.9)) {
    // Half a surrogate pair is no text that every JSON parser takes.
    reason = `${answer.reason.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…`;
  }
  return render(reason);
}

/**
 * When CloudFormation's clock started, in ms since 1970. The event has no time of its own, and this invocation may be a repeat, a
 * continuation, or have stood in Lambda's queue; but the ResponseURL was signed when the request was made.
 */
export function requestedAt(event: CloudFormationEvent, now: number): number {
  const date = /[?&]X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(event.ResponseURL)?.slice(1).map(Number);
  if (!date) return now;
  const [year, month, day, hour, minute, second] = date;
  const signed = Date.UTC(year, month - 1, day, hour, minute, second);
  return Math.min(signed, now);
}
