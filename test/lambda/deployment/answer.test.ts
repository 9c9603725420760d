// Tests of the answer to CloudFormation, against a real HTTP server on loopback.
import { createServer, IncomingHttpHeaders, Server, ServerResponse } from 'node:http';
import { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { Log, logTo } from '../../../lambda/base/log';
import { Redactor } from '../../../lambda/base/redaction';
import { Timekeeper } from '../../../lambda/base/retry';
import { Answer, giveAnswer } from '../../../lambda/deployment/answer';
import { CloudFormationEvent } from '../../../lambda/deployment/event';
import { Request } from '../../../lambda/deployment/request';
import { putAnswer } from '../../../lambda/services/put-answer';
import { JumpingClock, jumpingTime } from '../fixtures/jumping-time';

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What the server does with one request. */
type Reaction = (response: ServerResponse) => unknown;
const takes: Reaction = (response) => response.writeHead(200).end();
const says = (status: number): Reaction => (response) =>
  response.writeHead(status).end('<Error><Message>SignatureDoesNotMatch</Message></Error>');
const cuts: Reaction = (response) => response.socket!.destroy();
const hangs: Reaction = () => undefined;

const SIGNATURE = 'X-Amz-Date=20260501T120000Z&X-Amz-Signature=0123456789abcdef';

let server: Server;
let received: Received[];
let reactions: Reaction[];
let lines: string[];
let log: Log;
let redactor: Redactor;
let time: Timekeeper;

beforeEach(async () => {
  received = [];
  reactions = [];
  lines = [];
  redactor = new Redactor();
  log = logTo((line) => lines.push(line), redactor);
  time = jumpingTime(new JumpingClock());
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method, url, headers } = request;
    received.push({ method: method!, url: url!, headers, body: Buffer.concat(chunks) });
    (reactions.shift() ?? takes)(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  jest.restoreAllMocks();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function event(more: Partial<CloudFormationEvent> = {}): CloudFormationEvent {
  const { port } = server.address() as AddressInfo;
  return {
    RequestType: 'Create',
    ResponseURL: `http://127.0.0.1:${port}/bucket/arn%3Aaws%3Acloudformation?${SIGNATURE}`,
    StackId: 'arn:aws:cloudformation:us-east-1:111111111111:stack/Mail/0a1b2c3d',
    RequestId: 'request-1',
    LogicalResourceId: 'Dkim',
    ResourceProperties: {},
    ...more,
  };
}

/** All of a request that its answer needs. */
const request = (more: Partial<CloudFormationEvent>) =>
  ({ event: event(more), environment: { time, putAnswer }, log, redactor }) as unknown as Request;

const SUCCESS: Answer = {
  status: 'SUCCESS', physicalId: 'us-east-1/example.com', attributes: { DkimStatus: 'SUCCESS', Selector: 'dkim2026' },
};
const failed = (reason: string): Answer => ({ status: 'FAILED', physicalId: 'us-east-1/example.com', reason });
const SAME = {
  PhysicalResourceId: 'us-east-1/example.com',
  StackId: 'arn:aws:cloudformation:us-east-1:111111111111:stack/Mail/0a1b2c3d',
  RequestId: 'request-1',
  LogicalResourceId: 'Dkim',
};

const give = (answer: Answer, more: Partial<CloudFormationEvent> = {}) =>
  giveAnswer(request(more), answer);
const body = ({ body: bytes }: Received) => JSON.parse(bytes.toString('utf8'));

describe('the answer', () => {
  test('of a success has the attributes', async () => {
    await give(SUCCESS);
    expect(received.map(body))
      .toEqual([{ Status: 'SUCCESS', ...SAME, Data: { DkimStatus: 'SUCCESS', Selector: 'dkim2026' } }]);
    expect(lines)
      .toEqual(['{"decision":"answered","status":"SUCCESS","physicalResourceId":"us-east-1/example.com"}\n']);
  });

  test('is logged with its physical id, however long that is', async () => {
    const physicalId = `untouched/us-gov-west-1/${'a'.repeat(63)}.example.com`;
    await give({ ...SUCCESS, physicalId });
    expect(JSON.parse(lines[0])).toMatchObject({ decision: 'answered', physicalResourceId: physicalId });
  });

  test('of a Delete has no attributes', async () => {
    await give({ status: 'SUCCESS', physicalId: 'us-east-1/example.com' });
    expect(received.map(body)).toEqual([{ Status: 'SUCCESS', ...SAME }]);
  });

  test('of a failure has the reason', async () => {
    await give(failed('Schlüssel fehlt'));
    expect(received.map(body)).toEqual([{ Status: 'FAILED', Reason: 'Schlüssel fehlt', ...SAME }]);
  });

  test('is a PUT to the very URL, with an empty content type and its length', async () => {
    await give(SUCCESS);
    const [{ method, url, headers, body: bytes }] = received;
    expect(method).toBe('PUT');
    expect(url).toBe(`/bucket/arn%3Aaws%3Acloudformation?${SIGNATURE}`);
    expect(headers['content-type']).toBe('');
    expect(headers['content-length']).toBe(String(bytes.length));
    expect(headers['transfer-encoding']).toBeUndefined();
  });
});

describe('a reason that is too long', () => {
  test.each([
    ['ASCII', '.'.repeat(10_000)],
    ['quotes that JSON escapes', '"\\'.repeat(5_000)],
    ['control characters that JSON writes as six', '\u0001'.repeat(5_000)],
    ['two bytes a letter', 'ü'.repeat(5_000)],
    ['three bytes a letter', '署名'.repeat(5_000)],
    ['four bytes a letter', '🔑'.repeat(5_000)],
  ])('of %s keeps its start within 4096 bytes', async (_, reason) => {
    // WHEN
    await give(failed(reason));
    // THEN
    expect(received[0].body.length).toBeLessThanOrEqual(4096);
    expect(received[0].body.length).toBeGreaterThan(3000);
    const given: string = body(received[0]).Reason;
    expect(given.endsWith('…')).toBe(true);
    expect(reason.startsWith(given.slice(0, -1))).toBe(true);
  });

  test('is never cut in the middle of a letter', async () => {
    await fc.assert(fc.asyncProperty(fc.string({
      unit: fc.constantFrom('a', 'ü', '🔑', '"'), minLength: 2500, maxLength: 4000,
    }), async (reason) => {
      received = [];
      await give(failed(`${reason}${'.'.repeat(2000)}`));
      expect(body(received[0]).Reason).not.toMatch(/\p{Surrogate}/u);
      expect(received[0].body.length).toBeLessThanOrEqual(4096);
    }), { numRuns: 20 });
  });

  test('that just fits is not cut', async () => {
    const room = 4096 - Buffer.byteLength(JSON.stringify({ Status: 'FAILED', Reason: '', ...SAME }));
    await give(failed('.'.repeat(room)));
    await give(failed('.'.repeat(room + 1)));
    expect(received[0].body.length).toBe(4096);
    expect(body(received[0]).Reason).toBe('.'.repeat(room));
    expect(body(received[1]).Reason.endsWith('…')).toBe(true);
  });

  test('is given up for an id that leaves no room, and the answer is sent all the same', async () => {
    await give({ ...failed('because'), physicalId: 'i'.repeat(5000) });
    expect(body(received[0])).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(/^.?…$/) });
  });
});

describe('an answer that does not arrive', () => {
  test.each<[string, Reaction, string]>([
    ['a 500', says(500), 'HTTP status 500'],
    ['a 503', says(503), 'HTTP status 503'],
    ['a 403', says(403), 'HTTP status 403'],
    ['a cut connection', cuts, 'connection failed: ECONNRESET'],
  ])('is given again after %s', async (_, reaction, message) => {
    // GIVEN
    reactions = [reaction, reaction];
    // WHEN
    await give(SUCCESS);
    // THEN
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ body: bytes }) => bytes.toString())).size).toBe(1);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { decision: 'answer-retried', attempt: 1, message }, { decision: 'answer-retried', attempt: 2, message },
      { decision: 'answered' },
    ]);
  });

  test('is given again when the server says nothing', async () => {
    const real = setTimeout;
    const timeout = jest.spyOn(globalThis, 'setTimeout').mockImplementation((run, ms) =>
      real(run, ms === 5_000 ? 100 : ms));
    reactions = [hangs];
    await give(SUCCESS);
    expect(received).toHaveLength(2);
    expect(timeout).toHaveBeenCalledWith(expect.any(Function), 5_000);
    expect(JSON.parse(lines[0]))
      .toMatchObject({ decision: 'answer-retried', message: 'connection failed: TimeoutError' });
  });

  test('is an error in the end, so that Lambda repeats the event', async () => {
    reactions = Array.from({ length: 10 }, () => says(500));
    await expect(give(failed('no key')))
      .rejects.toThrow('CloudFormation could not be answered after 4 tries: HTTP status 500');
    expect(received).toHaveLength(4);
  });

  test('is waited for longer each time, and not after the last', async () => {
    const pauses: number[] = [];
    reactions = Array.from({ length: 4 }, () => cuts);
    time = { now: () => 0, sleep: async (ms) => void pauses.push(ms) };
    await expect(give(SUCCESS)).rejects.toThrow();
    expect(pauses).toEqual([1000, 2000, 4000]);
  });
});

test.each([
  ['is cut', () => event().ResponseURL, [cuts, says(500), cuts, cuts, cuts, cuts]],
  ['cannot be made', () => `http://127.0.0.1:9/?${SIGNATURE}`, []],
  ['has a URL that is none', () => `//not a url?${SIGNATURE}`, []],
])('the ResponseURL is in no log line and no error when the connection %s', async (_, url, reaction) => {
  reactions = reaction;
  const error = await give(SUCCESS, { ResponseURL: url() }).catch((thrown: Error) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect(lines).toHaveLength(4);
  expect(lines.join('') + (error as Error).stack).not.toMatch(/X-Amz|0123456789abcdef|127\.0\.0\.1/);
});
