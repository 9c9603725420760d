// The pre-signed URLs that custom resources answer to: one PUT each, as strict as S3 is about what was signed.
import { Principal } from '../credentials';
import { CallRecord, CloudContext } from '../http-service';
import { Listener, Outcome, Request } from '../network';
import { randomText, randomUuid } from '../time/random';

/**
 * What CloudFormation reads of an answer:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
 */
export const MAXIMUM_RESPONSE_BYTES = 4096;
const VALID_SECONDS = 7200;
/** Who answers shows no credentials: the URL is all it needs. */
const ANONYMOUS: Principal = { account: 'anonymous' };

export interface ResponseUrlSettings {
  /**
   * How the URLs are signed. Version 4 names the moment, version 2 only the end of validity. Both are seen in events
   * that people have published; which one a Region sends is written nowhere.
   */
  responseUrlSignature: 'version 4' | 'version 2';
}

interface ExpectedResponse {
  readonly url: string;
  /** The body of the first PUT. */
  readonly body: Promise<string>;
}

interface Waiting {
  readonly region: string;
  readonly until: number;
  readonly resolve: (body: string) => void;
  /** For faults that kill the function. */
  readonly processId: () => string | undefined;
}

export class ResponseEndpoint {
  private readonly waiting = new Map<string, Waiting>();
  private readonly listener: Listener;

  constructor(private readonly context: CloudContext, private readonly settings: ResponseUrlSettings) {
    this.listener = new Listener(async (request) => this.exchange(request), context.network, context.abandonConnection);
  }

  start(): Promise<void> {
    return this.listener.start();
  }

  stop(): Promise<void> {
    return this.listener.stop();
  }

  /** @param processId the process that answers, for the faults that kill it */
  expect(region: string, stackId: string, logicalId: string, processId: () => string | undefined): ExpectedResponse {
    const now = this.context.clock.now();
    const signature = randomText(this.context.random, '0123456789abcdef', 64);
    const body = new Promise<string>((resolve) => {
      this.waiting.set(signature, { region, until: now + VALID_SECONDS * 1000, resolve, processId });
    });
    const key = encodeURIComponent(`${stackId}|${logicalId}|${randomUuid(this.context.random)}`);
    const bucket = `cloudformation-custom-resource-response-${region.replaceAll('-', '')}`;
    const url = new URL(`${this.listener.endpoint}/${bucket}/${key}`);
    const sign = this.settings.responseUrlSignature === 'version 4' ? signedByVersion4 : signedByVersion2;
    url.search = new URLSearchParams(sign(signature, now, region)).toString();
    return { url: url.toString(), body };
  }

  private exchange(request: Request): Outcome {
    const { query } = request;
    const waiting = this.waiting.get(query.get('X-Amz-Signature') ?? query.get('Signature') ?? '');
    const body = request.body.toString('utf8');
    const record: CallRecord = {
      at: this.context.clock.now(),
      service: 's3',
      operation: 'PutObject',
      region: waiting?.region ?? '',
      principal: ANONYMOUS,
      body,
      status: 0,
    };
    this.context.calls.push(record);
    const { kind: fault } = this.context.faults.next('s3', 'PutObject', record.at);
    const cut = (by: string): Outcome => {
      record.error = by;
      if (by.startsWith('kill-')) this.context.killProcess(waiting?.processId() ?? '');
      return { kind: 'cut' };
    };
    if (fault === 'hang') return { kind: 'hang', processId: waiting?.processId() };
    if (fault === 'cut-before' || fault === 'kill-before') return cut(fault);
    if (fault === 'error') return answer(record, 500, 'InternalError');
    if (fault === 'throttle' || fault === 'unavailable') return answer(record, 503, 'SlowDown');
    if (fault === 'access-denied') return answer(record, 403, 'AccessDenied');
    const refusal = this.refusal(request, waiting);
    if (refusal) return answer(record, 403, refusal);
    waiting!.resolve(body);
    record.status = 200;
    if (fault === 'cut-after' || fault === 'kill-after') return cut(fault);
    if (fault === 'hang-after') return { kind: 'hang', processId: waiting!.processId() };
    return answer(record, 200);
  }

  private refusal({ method, headers }: Request, waiting: Waiting | undefined): string | undefined {
    if (method !== 'PUT' || !waiting) return 'SignatureDoesNotMatch';
    // The URL is signed for an empty content type; HTTP clients like to add one.
    if (headers['content-type']) return 'SignatureDoesNotMatch';
    return this.context.clock.now() > waiting.until ? 'AccessDenied: Request has expired' : undefined;
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
function signedByVersion4(signature: string, now: number, region: string): Record<string, string> {
  const date = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  return {
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Date': date,
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Expires': String(VALID_SECONDS),
    'X-Amz-Credential': `AKIALOCALCLOUD/${date.slice(0, 8)}/${region}/s3/aws4_request`,
    'X-Amz-Signature': signature,
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html */
function signedByVersion2(signature: string, now: number): Record<string, string> {
  const expires = Math.floor(now / 1000) + VALID_SECONDS;
  return { AWSAccessKeyId: 'AKIALOCALCLOUD', Expires: String(expires), Signature: signature };
}

function answer(record: CallRecord, status: number, code?: string): Outcome {
  record.status = status;
  record.error = code;
  const body = code ? `<Error><Code>${code}</Code></Error>` : '';
  return { kind: 'reply', reply: { status, headers: { 'content-type': 'application/xml' }, body } };
}
