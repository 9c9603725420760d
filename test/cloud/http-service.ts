// What every service of the local cloud does with a request: finds the caller, logs the call and applies a fault.
import { Credentials, Principal } from './credentials';
import { Faults, STALE_MS } from './faults';
import { AbandonConnection, Listener, Network, Outcome, Reply, Request } from './network';
import { ServiceError } from './service-error';
import { Clock } from './time/clock';
import { Random } from './time/random';

export type { Reply, Request } from './network';

export interface Call extends Request {
  readonly service: string;
  readonly operation: string;
  /** From the signature's credential scope. */
  readonly region: string;
  readonly principal: Principal;
  /** A read shows what was so then: now, unless a fault makes it stale. */
  readonly asOf: number;
}

/** A call in the cloud's log of calls. Tests count the calls and check their order. */
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

/** What the cloud gives to each of its services. */
export interface CloudContext {
  readonly clock: Clock;
  readonly faults: Faults;
  readonly credentials: Credentials;
  readonly calls: CallRecord[];
  /** For ids, names and tokens, so that one seed always gives the same. */
  readonly random: Random;
  readonly network: Network;
  readonly abandonConnection: AbandonConnection;
  /** Is told of each request, as it is on the wire. */
  readonly onRequest?: (record: CallRecord, request: Request) => void;
  /** Kills the process of a function, for the faults `kill-before` and `kill-after`. */
  readonly killProcess: (processId: string) => void;
  /** Throws a ServiceError `AccessDenied…` (403) when the principal's policies do not allow the call. */
  readonly authorize: (
    principal: Principal, action: string, resource: string, context?: Record<string, string[]>,
  ) => void;
}

export abstract class HttpService {
  private readonly listener: Listener;

  /** @param name of the service in the faults and in the call log, such as `ses` */
  constructor(readonly name: string, protected readonly context: CloudContext) {
    this.listener = new Listener((request) => this.exchange(request), context.network, context.abandonConnection);
  }

  get endpoint(): string {
    return this.listener.endpoint;
  }

  start(): Promise<void> {
    return this.listener.start();
  }

  stop(): Promise<void> {
    return this.listener.stop();
  }

  /** The API operation that a request means, such as `GetEmailIdentity`. */
  protected abstract operationOf(request: Request): string;
  /** Does what the call asks for. Throws a ServiceError for what the service refuses. */
  protected abstract handle(call: Call): Reply | Promise<Reply>;
  /** An error in the service's wire format. */
  protected abstract renderError(error: ServiceError): Reply;
  /** What this service answers when it is called too often. */
  protected abstract throttled(): ServiceError;

  protected isLogged(_record: CallRecord): boolean {
    return true;
  }

  private async exchange(request: Request): Promise<Outcome> {
    const [accessKeyId, region] = credentialScope(request.headers.authorization);
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
    if (this.isLogged(record)) this.context.calls.push(record);
    this.context.onRequest?.(record, request);
    const { kind: fault, refused } = this.context.faults.next(this.name, operation, record.at, region);
    const cut = (by: string): Outcome => {
      record.error = by;
      if (by.startsWith('kill-') && principal?.processId) this.context.killProcess(principal.processId);
      return { kind: 'cut' };
    };
    if (fault === 'hang') return { kind: 'hang', processId: principal?.processId };
    if (fault === 'cut-before' || fault === 'kill-before') return cut(fault);
    const asOf = record.at - (fault === 'stale' ? STALE_MS : 0);
    const call: Call = { ...request, service: this.name, operation, region, principal: record.principal, asOf };
    const reply = await this.answer(call, principal, fault, record);
    record.status = reply.status;
    if (reply.status >= 400) refused();
    if (fault === 'cut-after' || fault === 'kill-after') return cut(fault);
    if (fault === 'hang-after') return { kind: 'hang', processId: principal?.processId };
    // An SDK client compares this date with its own, and signs again when they differ. So it is the cloud's.
    const date = this.context.clock.date().toUTCString();
    const headers = { date, 'x-amzn-requestid': `local-${this.context.calls.length}`, ...reply.headers };
    return { kind: 'reply', reply: { ...reply, headers } };
  }

  private async answer(
    call: Call, principal: Principal | undefined, fault: unknown, record: CallRecord,
  ): Promise<Reply> {
    try {
      if (!principal) {
        throw new ServiceError(
          'UnrecognizedClientException', 403, 'The security token included in the request is invalid.',
        );
      }
      if (fault === 'throttle') throw this.throttled();
      if (fault === 'error') throw new ServiceError('InternalFailure', 500, 'Internal failure (a fault of the test).');
      if (fault === 'unavailable') throw new ServiceError('ServiceUnavailable', 503, 'Unavailable (a fault of the test).');
      if (fault === 'access-denied') {
        throw new ServiceError(
          'AccessDeniedException',
          403,
          `User is not authorized to perform: ${this.name}:${call.operation} (a fault of the test)`,
        );
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
