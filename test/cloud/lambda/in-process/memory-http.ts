// `node:http` and `fetch` without sockets, for functions in the test's own process.
//
// They have only what the handler, its SDK clients and the functions of tests use. A request is a call of the service's
// own code.
import { EventEmitter } from 'node:events';
import { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { systemError } from './system-error';
import { Network, Outcome, requestOf } from '../../network';
import { FunctionTime } from '../../time/function-time';

/** What a request of the function needs. */
export interface Sandbox {
  readonly network: Network;
  readonly time: FunctionTime;
  readonly isAlive: () => boolean;
}

interface RequestOptions {
  readonly host: string;
  readonly port?: number;
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
}

type OnResponse = (response: Readable) => void;

export function memoryHttp(sandbox: Sandbox) {
  return {
    Agent: MemoryAgent,
    request: (options: RequestOptions, onResponse: OnResponse) => new MemoryRequest(sandbox, options, onResponse),
  };
}

export function memoryFetch({ network, time, isAlive }: Sandbox) {
  return async (url: string, { method = 'GET', headers = {}, body = '', signal }: RequestInit = {}) => {
    await time.delayCall();
    signal?.throwIfAborted();
    const { origin, pathname, search } = new URL(url);
    const request = requestOf(
      method, pathname + search, lowerCased(headers as Record<string, string>), Buffer.from(body as string),
    );
    const outcome = await network.find(origin)?.(request);
    if (isAlive() && outcome?.kind === 'reply') {
      return new Response(outcome.reply.body, { status: outcome.reply.status });
    }
    if (!isAlive() || outcome?.kind === 'hang') {
      return new Promise<Response>((_, reject) => whenAborted(signal, reject));
    }
    throw new TypeError('fetch failed', { cause: connectionError(outcome) });
  };
}

class MemoryAgent {
  destroy(): void {
    // It holds no connections.
  }
}

class MemoryRequest extends EventEmitter {
  destroyed = false;
  /** Says that it is connected. Its settings have no effect. */
  readonly socket = {
    connecting: false, setKeepAlive: () => undefined, setTimeout: () => undefined, removeListener: () => undefined,
  };
  private body = Buffer.alloc(0);

  constructor(
    private readonly sandbox: Sandbox,
    private readonly options: RequestOptions,
    private readonly onResponse: OnResponse,
  ) {
    super();
    void this.exchange();
  }

  end(body: Buffer | string = ''): void {
    this.body = Buffer.from(body as string);
  }

  destroy(error?: Error): void {
    if (this.destroyed) return;
    this.destroyed = true;
    process.nextTick(() => {
      if (error) this.emit('error', error);
      this.emit('close');
    });
  }

  private async exchange(): Promise<void> {
    const { network, time, isAlive } = this.sandbox;
    const { host, port = 80, method, path, headers = {} } = this.options;
    await time.delayCall();
    if (this.destroyed) return;
    this.emit('socket', this.socket);
    const outcome =
      await network.find(`http://${host}:${port}`)?.(requestOf(method, path, lowerCased(headers), this.body));
    if (this.destroyed || !isAlive() || outcome?.kind === 'hang') return;
    if (outcome?.kind === 'reply') this.respond(outcome);
    else this.destroy(connectionError(outcome));
  }

  private respond({ reply: { status, headers = {}, body } }: Extract<Outcome, { kind: 'reply' }>): void {
    const response = Object.assign(Readable.from(body ? [Buffer.from(body)] : []), {
      statusCode: status, statusMessage: '', headers: lowerCased(headers), complete: true,
    });
    this.emit('response', response);
    this.onResponse(response);
    response.once('end', () => this.emit('close'));
  }
}

function whenAborted(signal: AbortSignal | null | undefined, reject: (reason: unknown) => void): void {
  signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
}

/** Node's error when nobody listens at the address (no outcome), or when the connection was cut. */
function connectionError(outcome: Outcome | undefined): NodeJS.ErrnoException {
  return outcome ? systemError('socket hang up', 'ECONNRESET') : systemError('connect ECONNREFUSED', 'ECONNREFUSED');
}

function lowerCased(headers: Record<string, string>): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
