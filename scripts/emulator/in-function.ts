// Loaded into each function before the handler: it sends all traffic to loopback, makes pauses shorter, and says of a
// resource what MiniStack does not say.
import { createServer } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { AddressInfo } from 'node:net';
import timers from 'node:timers/promises';
import { resolveThrough } from '../../test/cloud/behind-nat';

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
const { AWS_ENDPOINT_URL_CLOUDFORMATION: own, AWS_ENDPOINT_URL: ministack = own } = process.env;
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', async () => {
    const body = Buffer.concat(chunks).toString();
    if (body.includes('Action=DescribeStackResource&')) {
      response.end('<DescribeStackResourceResponse><DescribeStackResourceResult><StackResourceDetail>'
        + '</StackResourceDetail></DescribeStackResourceResult></DescribeStackResourceResponse>');
      return;
    }
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers;
    const answer = await fetch(ministack!, { method: 'POST', headers: headers as Record<string, string>, body });
    response.writeHead(answer.status).end(await answer.text());
  });
}).listen(0);
server.unref();
process.env.AWS_ENDPOINT_URL_CLOUDFORMATION = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
