// The network of the local cloud: which service answers at which address.
//
// A service handles a request in the same way whether it came over HTTP or from a function in the test's own process.
import { createServer, IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { AddressInfo } from 'node:net';

export interface Request {
  readonly method: string;
  /** Path, still percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

/** How a request ends. */
export type Outcome =
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** The connection drops. */
  | { readonly kind: 'cut' }
  /** No answer ever comes. */
  | { readonly kind: 'hang'; readonly processId?: string };

/** A service's own code for one request. */
export type Exchange = (request: Request) => Promise<Outcome>;

/** Tells a function that no answer will come on its connection from that port. */
export type AbandonConnection = (processId: string, port: number) => void;

/** The services by their origin, such as `http://127.0.0.1:1234`. */
export class Network {
  private readonly exchanges = new Map<string, Exchange>();

  add(origin: string, exchange: Exchange): void {
    this.exchanges.set(origin, exchange);
  }

  remove(origin: string): void {
    this.exchanges.delete(origin);
  }

  find(origin: string): Exchange | undefined {
    return this.exchanges.get(origin);
  }
}

/** The HTTP server of one service, on loopback. */
export class Listener {
  private server?: Server;
  private port = 0;

  constructor(
    private readonly exchange: Exchange,
    private readonly network: Network,
    private readonly abandonConnection: AbandonConnection,
  ) {}

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    // A caller may be killed in the middle of its request. That is no error of the service.
    const server = createServer((req, res) => void this.serve(req, res).catch(() => req.socket.destroy()));
    server.keepAliveTimeout = 30_000;
    this.server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.network.add(this.endpoint, this.exchange);
  }

  async stop(): Promise<void> {
    const server = this.server;
    if (!server) return;
    this.network.remove(this.endpoint);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const { method = 'GET', headers } = req;
    const outcome = await this.exchange(requestOf(method, req.url ?? '/', headers, Buffer.concat(chunks)));
    switch (outcome.kind) {
      case 'reply':
        res.writeHead(outcome.reply.status, outcome.reply.headers);
        return void res.end(outcome.reply.body);
      case 'cut': return void req.socket.destroy();
      case 'hang':
        if (outcome.processId !== undefined) this.abandonConnection(outcome.processId, req.socket.remotePort!);
    }
  }
}

export function requestOf(method: string, target: string, headers: IncomingHttpHeaders, body: Buffer): Request {
  const url = new URL(target, 'http://localhost');
  return { method, path: url.pathname, query: url.searchParams, headers, body };
}

/** What an SDK client asks its request handler for. */
interface SdkRequest extends Pick<Request, 'method' | 'path'> {
  readonly hostname: string;
  readonly port?: number;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
}

/** The request handler of a test's own SDK client: no sockets, as each deployment makes four calls or more. */
export function withoutSockets(network: Network) {
  return {
    async handle({ method, hostname, port, path, headers, body = '' }: SdkRequest) {
      const exchange = network.find(`http://${hostname}:${port}`);
      const outcome = await exchange?.(requestOf(method, path, headers, Buffer.from(body as string)));
      if (outcome?.kind !== 'reply') throw new Error(`A call of the test has no answer: ${method} ${path}`);
      const { reply } = outcome;
      return { response: { statusCode: reply.status, headers: reply.headers ?? {}, body: Buffer.from(reply.body) } };
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}
