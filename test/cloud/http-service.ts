// What all services of the local cloud share: an HTTP server on loopback, who calls, the call log and the faults.
import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import { AddressInfo } from 'node:net';
import { Clock } from './clock';
import { Credentials, Principal } from './credentials';
import { Faults } from './faults';
import { ServiceError } from './service-error';

export interface Request {
  readonly method: string;
  /** Path, still percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Call extends Request {
  readonly service: string;
  readonly operation: string;
  /** From the signature's credential scope. */
  readonly region: string;
  readonly principal: Principal;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

/** One line of the call log, for tests that count calls or look at their order. */
export interface CallRecord {
  readonly at: number;
  readonly service: string;
  readonly operation: string;
  readonly region: string;
  readonly principal: Principal;
  readonly body: string;
  status: number;
  /** The error's code when it was not a success. */
  error?: string;
}

/** What every service needs from the cloud around it. */
export interface CloudContext {
  readonly clock: Clock;
  readonly faults: Faults;
  readonly credentials: Credentials;
  readonly calls: CallRecord[];
  /** Kill the process of a function (fault kinds `kill-*`). */
  readonly killProcess: (processId: string) => void;
  /** Throws a ServiceError `AccessDenied…` (403) when the principal's policies do not allow the call. */
  readonly authorize: (principal: Principal, action: string, resource: string, context?: Record<string, string[]>) => void;
}

export abstract class HttpService {
  private server?: Server;
  private port = 0;

  /** @param name the service's name in `faults`, in the call log and in the endpoint variable (`ses`, `route53`, …) */
  constructor(readonly name: string, protected readonly context: CloudContext) {}

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    // A caller that is killed in the middle of its request is not this service's problem.
    const server = createServer((req, res) => void this.serve(req, res).catch(() => req.socket.destroy()));
    server.keepAliveTimeout = 30_000;
    this.server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.server;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** The API operation that a request means, such as `GetEmailIdentity`. */
  protected abstract operationOf(request: Request): string;
  /** Do it. Throws ServiceError for what the service would refuse. */
  protected abstract handle(call: Call): Reply | Promise<Reply>;
  /** An error in the service's wire format. */
  protected abstract renderError(error: ServiceError): Reply;
  /** What this service answers when it is called too often. */
  protected abstract throttled(): ServiceError;

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const url = new URL(req.url ?? '/', this.endpoint);
    const request: Request = {
      method: req.method ?? 'GET', path: url.pathname, query: url.searchParams, headers: req.headers, body: Buffer.concat(chunks),
    };
    const [accessKeyId, region] = credentialScope(req.headers.authorization);
    const operation = this.operationOf(request);
    const principal = this.context.credentials.find(accessKeyId);
    const record: CallRecord = {
      at: this.context.clock.now(),
      service: this.name,
      operation,
      region,
      principal: principal ?? { account: 'unknown' },
      body: request.body.toString('utf8'),
      status: 0,
    };
    this.context.calls.push(record);
    const fault = this.context.faults.take(this.name, operation);
    const kill = () => principal?.processId && this.context.killProcess(principal.processId);
    if (fault === 'hang') return;
    if (fault === 'cut-before' || fault === 'kill-before') {
      record.error = fault;
      if (fault === 'kill-before') kill();
      return void req.socket.destroy();
    }
    const reply = await this.answer({ ...request, service: this.name, operation, region, principal: record.principal }, principal, fault, record);
    record.status = reply.status;
    if (fault === 'cut-after' || fault === 'kill-after') {
      record.error = fault;
      if (fault === 'kill-after') kill();
      return void req.socket.destroy();
    }
    // SDK clients take another date for a skewed clock and sign again: it has to be the cloud's, which is the functions' too.
    const date = this.context.clock.date().toUTCString();
    res.writeHead(reply.status, { date, 'x-amzn-requestid': `local-${this.context.calls.length}`, ...reply.headers });
    res.end(reply.body);
  }

  private async answer(call: Call, principal: Principal | undefined, fault: unknown, record: CallRecord): Promise<Reply> {
    try {
      if (!principal) throw new ServiceError('UnrecognizedClientException', 403, 'The security token included in the request is invalid.');
      if (fault === 'throttle') throw this.throttled();
      if (fault === 'error') throw new ServiceError('InternalFailure', 500, 'Internal failure (a fault of the test).');
      if (fault === 'access-denied') {
        throw new ServiceError('AccessDeniedException', 403, `User is not authorized to perform: ${this.name}:${call.operation} (a fault of the test)`);
      }
      if (fault instanceof ServiceError) throw fault;
      return await this.handle(call);
    } catch (error) {
      const known = error instanceof ServiceError ? error
        : new ServiceError('InternalFailure', 500, `the local ${this.name} broke: ${(error as Error).stack}`);
      record.error = known.code;
      return this.renderError(known);
    }
  }
}

/** Access key id and Region of an AWS Signature Version 4 header. */
function credentialScope(authorization: string | undefined): [string, string] {
  const match = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(authorization ?? '');
  return match ? [match[1], match[2]] : ['', ''];
}
