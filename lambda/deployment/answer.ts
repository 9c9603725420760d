// The answer that CloudFormation always gets: at most 4096 bytes, to a URL that nobody else may see.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
import { CloudFormationEvent } from './event';
import { Environment, Request } from './request';
import { ResourceAttributes } from '../../src/private/contract';
import { describeError } from '../base/describe-error';
import { HandlerError } from '../base/errors';

export type Answer =
  | { readonly status: 'SUCCESS'; readonly physicalId: string; readonly attributes?: ResourceAttributes }
  | { readonly status: 'FAILED'; readonly physicalId: string; readonly reason: string };

const MAX_ANSWER_BYTES = 4096;
/** With their pauses, and five seconds each, they fit into the half minute that is kept for them. */
const TRIES = 4;
const FIRST_PAUSE_MS = 1_000;

/** PUTs the answer. A connection can fail once, so it is tried again. */
export async function giveAnswer({ event, environment, log, redactor }: Request, answer: Answer): Promise<void> {
  const { status, physicalId } = answer;
  redactor.show(physicalId);
  const body = answer.status === 'FAILED' ? renderFailure(event, physicalId, redactor.redact(answer.reason))
    : render(event, { Status: status, PhysicalResourceId: physicalId, Data: answer.attributes });
  for (let tries = 1; ; tries++) {
    const problem = await put(environment, event.ResponseURL, body);
    if (problem === undefined) return log('answered', { status, physicalResourceId: physicalId });
    log('answer-retried', { attempt: tries, message: problem });
    // It is thrown, so that Lambda repeats the whole event. The work is done already and is only found again.
    if (tries === TRIES) {
      throw new HandlerError(`CloudFormation could not be answered after ${TRIES} tries: ${problem}`);
    }
    await environment.time.sleep(FIRST_PAUSE_MS * 2 ** (tries - 1));
  }
}

/** What went wrong, or nothing. Never the URL: whoever has it can answer in our place. */
async function put({ putAnswer }: Environment, url: string, body: Buffer): Promise<string | undefined> {
  try {
    const status = await putAnswer(url, body);
    return status >= 200 && status < 300 ? undefined : `HTTP status ${status}`;
  } catch (error) {
    return `connection failed: ${describeError(error).name}`;
  }
}

function render({ StackId, RequestId, LogicalResourceId }: CloudFormationEvent, fields: object): Buffer {
  return Buffer.from(JSON.stringify({ ...fields, StackId, RequestId, LogicalResourceId }));
}

/** CloudFormation takes no answer above 4096 bytes. The start of a reason says what was wrong, so the end is cut. */
function renderFailure(event: CloudFormationEvent, PhysicalResourceId: string, whole: string): Buffer {
  const body = (Reason: string) => render(event, { Status: 'FAILED', PhysicalResourceId, Reason });
  let cut = body(whole);
  for (let length = whole.length; length > 0 && cut.length > MAX_ANSWER_BYTES;) {
    length = Math.floor(length * 0.9);
    // Half a surrogate pair is no text that every JSON parser takes.
    cut = body(`${whole.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…`);
  }
  return cut;
}
