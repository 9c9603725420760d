// Loaded into each function before the handler: it sends all traffic to loopback, makes pauses shorter, and says of a
// resource what MiniStack does not say.
import { createServer } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import timers from 'node:timers/promises';
import { resolveThrough } from '../../test/cloud/behind-nat';
import { NOTHING_SAID } from '../nothing-said';

const { EMULATOR_RESOLVER: resolver, EMULATOR_NAT: nat } = process.env;
resolveThrough(resolver!, () => JSON.parse(nat!));

// After a failed update the handler waits minutes for requests that can still be at work. Pauses are a tenth
// as long here. The clock is that of the machine, so the time-out of a call that hangs is a tenth as long
// too.
const pause = timers.setTimeout;
timers.setTimeout = <T>(ms?: number, value?: T, options?: Parameters<typeof pause>[2]) =>
  pause((ms ?? 0) / 10, value, options) as Promise<T>;
syncBuiltinESMExports();

// MiniStack gives a resource a status only when it is done. So it cannot say that CloudFormation still waits for a
// request, which the handler asks before it writes. Here nothing is said of it, so every request stands. What a request
// does that no longer stands, the local cloud shows.
bridge('CLOUDFORMATION', (body) => body.includes('Action=DescribeStackResource&') ? { answer: NOTHING_SAID } : { body });

// What waits for minutes is called again by a schedule, and a tenth of that time is enough here too.
bridge('SCHEDULER', (body) => ({
  body: body.replace(/at\(([\d:T-]+)\)/, (_, at) => {
    const soon = Date.now() + (Date.parse(`${at}Z`) - Date.now()) / 10;
    return `at(${new Date(soon).toISOString().slice(0, 19)})`;
  }),
}));

/** Puts a server between the function and a service of MiniStack, which changes a call or answers it. */
function bridge(service: string, change: (body: string) => { answer: string } | { body: string }): void {
  const variable = `AWS_ENDPOINT_URL_${service}`;
  const ministack = process.env[variable] ?? process.env.AWS_ENDPOINT_URL;
  const server = createServer(async (request, response) => {
    const call = change(await text(request));
    if ('answer' in call) {
      response.end(call.answer);
      return;
    }
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers;
    const answer = await fetch(`${ministack}${request.url}`, {
      method: request.method, headers: headers as Record<string, string>, body: call.body,
    });
    response.writeHead(answer.status).end(await answer.text());
  }).listen(0);
  server.unref();
  process.env[variable] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
