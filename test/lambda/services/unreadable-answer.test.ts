// Tests with the real SDK clients of a proxy that answers with a web page in place of AWS.
import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { Route53Client } from '@aws-sdk/client-route-53';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { reasonOf } from '../../../lambda/base/describe-error';
import { Redactor } from '../../../lambda/base/redaction';
import { Retry } from '../../../lambda/base/retry';
import { hostedZone } from '../../../lambda/services/route53';
import { secretsFrom } from '../../../lambda/services/secrets-manager';
import { sesOf } from '../../../lambda/services/ses';

const PAGE = '<html><head><title>Blocked</title></head><body><p>Ask your administrator<br></body></html>';
const SECRET = 'arn:aws:secretsmanager:us-east-1:111111111111:secret:dkim-AbCdEf';

let server: Server;
let status: number;
let lines: string[];
const clients: { destroy(): void }[] = [];

beforeEach(async () => {
  lines = [];
  status = 403;
  server = createServer((_, response) => response.writeHead(status, { 'content-type': 'text/html' }).end(PAGE));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

/** The error of a first read of the service. */
async function errorOf(service: string): Promise<unknown> {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret' };
  const options = { region: 'us-east-1', endpoint, credentials, maxAttempts: 1 };
  let now = 0;
  const time = { now: () => now, sleep: async (ms: number) => void (now += ms) };
  const log = (decision: string, fields = {}) => void lines.push(JSON.stringify({ decision, ...fields }));
  const retry = new Retry({ time, log, end: 60_000, accessGraceMs: 0 });
  const keep = <T extends { destroy(): void }>(client: T): T => (clients.push(client), client);
  const read = async () => {
    switch (service) {
      case 'SES': {
        const clientFor = () => keep(new SESv2Client(options));
        return sesOf({ domain: 'example.com', region: 'us-east-1' }, 'arn:aws:cloudformation:us-east-1:111111111111:stack/Mail/1', clientFor, retry).read();
      }
      case 'Route 53': {
        const zone = { id: 'Z1', ttl: 60, overwrite: false };
        return hostedZone(zone, async () => keep(new Route53Client(options)), retry).describe('example.com');
      }
      default: {
        const clientFor = () => keep(new SecretsManagerClient(options));
        return secretsFrom(clientFor, retry, new Redactor()).read({ arn: SECRET });
      }
    }
  };
  return read().then(() => { throw new Error('it was read'); }, (error: unknown) => error);
}

test.each([
  'SES', 'Route 53', 'Secrets Manager',
])('a web page in place of an answer of %s is said in words for users', async (service) => {
  const reason = reasonOf(await errorOf(service));
  expect(reason).toContain(
    "UnreadableAnswer: the answer is not of the service's protocol (HTTP status 403). Something between the "
      + 'function and AWS',
  );
  expect(reason).not.toMatch(/Unexpected token|hidden field|XML|Blocked/);
});

test('a web page with a status of trouble is asked for again, and said when the time is over', async () => {
  status = 503;
  expect(reasonOf(await errorOf('SES')))
    .toBe('there was no time left for: GetEmailIdentity, which last answered UnreadableAnswer: '
      + "the answer is not of the service's protocol (HTTP status 503). Deploy again.");
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.join('')).not.toMatch(/Unexpected token|hidden field/);
});
