// The pre-signed URLs that custom resources answer to: one PUT each, as strict as S3 is about what was signed.
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import { AddressInfo } from 'node:net';
import { Principal } from '../credentials';
import { CallRecord, CloudContext } from '../http-service';

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
  private server?: Server;
  private port = 0;

  constructor(private readonly context: CloudContext, private readonly settings: ResponseUrlSettings) {}

  async start(): Promise<void> {
    const server = createServer((req, res) => void this.serve(req, res).catch(() => req.socket.destroy()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server ? this.server.close(resolve) : resolve(undefined));
  }

  /** @param processId the process that answers, for the faults that kill it */
  expect(region: string, stackId: string, logicalId: string, processId: () => string | undefined): ExpectedResponse {
    const now = this.context.clock.now();
    const signature = randomBytes(32).toString('hex');
    const body = new Promise<string>((resolve) => {
      this.waiting.set(signature, { region, until: now + VALID_SECONDS * 1000, resolve, processId });
    });
    const key = encodeURIComponent(`${stackId}|${logicalId}|${randomUUID()}`);
    const bucket = `cloudformation-custom-resource-response-${region.replaceAll('-', '')}`;
    const url = new URL(`http://127.0.0.1:${this.port}/${bucket}/${key}`);
    const sign = this.settings.responseUrlSignature === 'version 4' ? signedByVersion4 : signedByVersion2;
    url.search = new URLSearchParams(sign(signature, now, region)).toString();
    return { url: url.toString(), body };
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const { searchParams } = new URL(req.url!, `http://127.0.0.1:${this.port}`);
    const waiting = this.waiting.get(searchParams.get('X-Amz-Signature') ?? searchParams.get('Signature') ?? '');
    const body = Buffer.concat(chunks).toString('utf8');
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
    const fault = this.context.faults.take('s3', 'PutObject');
    const kill = () => this.context.killProcess(waiting?.processId() ?? '');
    if (fault === 'cut-before' || fault === 'kill-before') {
      record.error = fault;
      if (fault === 'kill-before') kill();
      return void req.socket.destroy();
    }
    if (fault === 'error' || fault === 'throttle') return answer(res, record, 503, 'SlowDown');
    const refusal = this.refusal(req, waiting);
    if (refusal) return answer(res, record, 403, refusal);
    waiting!.resolve(body);
    if (fault === 'cut-after' || fault === 'kill-after') {
      record.error = fault;
      if (fault === 'kill-after') kill();
      return void req.socket.destroy();
    }
    return answer(res, record, 200);
  }

  private refusal(req: IncomingMessage, waiting: Waiting | undefined): string | undefined {
    if (req.method !== 'PUT' || !waiting) return 'SignatureDoesNotMatch';
    // The URL is signed for an empty content type; HTTP clients like to add one.
    if (req.headers['content-type']) return 'SignatureDoesNotMatch';
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

function answer(res: ServerResponse, record: CallRecord, status: number, code?: string): void {
  record.status = status;
  record.error = code;
  res.writeHead(status, { 'content-type': 'application/xml' });
  res.end(code ? `<Error><Code>${code}</Code></Error>` : '');
}
