// Who answers at which address of the cloud, and one way for a request to be answered: over HTTP,
// or within the test's own process.
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

/** What becomes of a request. */
export type Outcome =
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** The connection drops. */
  | { readonly kind: 'cut' }
  /** No answer ever comes. */
  | { readonly kind: 'hang'; readonly processId?: string };

export type Exchange = (request: Request) => Promise<Outcome>;

/** Tells a function that nobody will answer on the connection from that port of its own. */
export type LetGo = (processId: string, port: number) => void;

/** By origin, such as `http://127.0.0.1:1234`. */
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

/** An HTTP server on loopback for one exchange. */
export class Listener {
  private server?: Server;
  private port = 0;

  constructor(private readonly exchange: Exchange, private readonly network: Network, private readonly letGo: LetGo) {}

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    // A caller that is killed in the middle of its request is no trouble of ours.
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
        if (outcome.processId !== undefined) this.letGo(outcome.processId, req.socket.remotePort!);
    }
  }
}

export function requestOf(method: string, target: string, headers: IncomingHttpHeaders, body: Buffer): Request {
  const url = new URL(target, 'http://localhost');
  return { method, path: url.pathname, query: url.searchParams, headers, body };
}
