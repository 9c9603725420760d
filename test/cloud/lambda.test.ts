// The Lambda service of the local cloud, with real functions in real processes and the real SDK client.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { Clock } from './clock';
import { NatEntry } from './dns/nat';
import { Credentials, Principal } from './credentials';
import { Faults } from './faults';
import { CloudContext } from './http-service';
import { FunctionConfiguration, Lambda } from './lambda';
import { ServiceError } from './service-error';

const ACCOUNT = '111111111111';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/function`;

let clock: Clock;
let context: CloudContext;
let authorize: jest.Mock;
let lambda: Lambda;
let directory: string;
const nat: Record<string, NatEntry> = {};

beforeEach(async () => {
  clock = Clock.running(10);
  authorize = jest.fn();
  context = {
    clock,
    authorize,
    faults: new Faults(),
    credentials: new Credentials(),
    calls: [],
    killProcess: (id) => lambda.kill(id),
  };
  lambda = new Lambda(context, {
    dns: { resolverAddress: '127.0.0.1:53535', natOfFunctions: () => ({ ...nat }) },
    endpointEnvironment: () => ({ AWS_ENDPOINT_URL_SESV2: 'http://127.0.0.1:1234' }),
  });
  await lambda.start();
  directory = mkdtempSync(join(tmpdir(), 'lambda-'));
});

afterEach(async () => {
  await lambda.stop();
  rmSync(directory, { recursive: true });
});

function put(code: string, overrides: Partial<FunctionConfiguration> = {}): string {
  writeFileSync(join(directory, 'index.js'), code);
  return lambda.putFunction({
    account: ACCOUNT,
    region: 'eu-west-1',
    name: 'worker',
    assetPath: directory,
    handler: 'index.handler',
    environment: {},
    timeout: 900,
    memory: 256,
    roleArn: ROLE,
    ...overrides,
  });
}

/** What the handler returned, parsed. */
async function result(arn: string, event: unknown = {}) {
  const { payload, error } = await lambda.invoke(arn, JSON.stringify(event));
  if (error) throw new Error(error.errorMessage);
  return JSON.parse(payload!);
}

function client(principal: Principal = { account: ACCOUNT }): LambdaClient {
  return new LambdaClient({
    region: 'eu-west-1', endpoint: lambda.endpoint, credentials: context.credentials.issue(principal), maxAttempts: 1,
  });
}

/** Resolves when the condition holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

const finishedRuns = () => lambda.invocations.filter((invocation) => invocation.result !== undefined);

test('a function has the environment of real Lambda, its own variables, and nothing of this process', async () => {
  process.env.SECRET_OF_THE_TEST = 'inherited';
  const arn = put('exports.handler = async () => process.env;', { environment: { OWN: 'yes' } });

  const environment = await result(arn);

  delete process.env.SECRET_OF_THE_TEST;
  expect(environment).toMatchObject({
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_LAMBDA_FUNCTION_NAME: 'worker',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/worker',
    AWS_ENDPOINT_URL_SESV2: 'http://127.0.0.1:1234',
    LAMBDA_TASK_ROOT: directory,
    OWN: 'yes',
  });
  expect(Object.keys(environment).filter((name) => !/^(AWS_|LAMBDA_TASK_ROOT$|_HANDLER$|PATH$|LANG$|TZ$|OWN$)/.test(name))).toEqual([]);
});

test('the credentials of a process are those of the role, and name the process', async () => {
  const arn = put('exports.handler = async () => process.env.AWS_ACCESS_KEY_ID;');

  const accessKeyId = await result(arn);

  expect(context.credentials.find(accessKeyId)).toEqual({
    account: ACCOUNT, roleArn: ROLE, processId: lambda.invocations[0].processId,
  });
});

test('the handler gets the context that Lambda gives, with the remaining time in cloud time', async () => {
  const arn = put(`exports.handler = async (event, context) => {
    const before = context.getRemainingTimeInMillis();
    await require('node:timers/promises').setTimeout(5000);
    return { ...context, event, before, after: context.getRemainingTimeInMillis() };
  };`);

  const seen = await result(arn, { a: 1 });

  expect(seen).toMatchObject({
    event: { a: 1 },
    functionName: 'worker',
    invokedFunctionArn: arn,
    logGroupName: '/aws/lambda/worker',
    awsRequestId: lambda.invocations[0].requestId,
    memoryLimitInMB: '256',
  });
  expect(seen.before).toBeLessThanOrEqual(900_000);
  expect(seen.before - seen.after).toBeGreaterThanOrEqual(5000);
});

test('a function lives in the time of the cloud, also when a test moves the clock while it sleeps', async () => {
  clock.advance(365 * 24 * 3600_000);
  const arn = put(`const { setTimeout } = require('node:timers/promises');
    exports.handler = async () => {
      const before = Date.now();
      console.log('sleeping');
      const value = await setTimeout(600_000, 'woken');
      return { value, before, slept: new Date().getTime() - before, parsed: new Date(0).toISOString(), real: new Date() instanceof Date };
    };`);

  const running = result(arn);
  await until(() => lambda.logs('worker').length > 0);
  clock.advance(600_000);
  const seen = await running;

  expect(seen).toMatchObject({ value: 'woken', parsed: '1970-01-01T00:00:00.000Z', real: true });
  expect(seen.before).toBeGreaterThan(Date.now() + 364 * 24 * 3600_000);
  expect(seen.slept).toBeGreaterThanOrEqual(600_000);
});

test('a function runs on the Node that LOCAL_CLOUD_NODE names', async () => {
  const node = join(directory, 'another-node');
  writeFileSync(node, `#!/bin/sh\nANOTHER_NODE=yes exec '${process.execPath}' "$@"\n`, { mode: 0o755 });
  const { env } = process;
  process.env = { ...env, LOCAL_CLOUD_NODE: node };
  try {
    expect(await result(put('exports.handler = async () => process.env.ANOTHER_NODE;'))).toBe('yes');
  } finally {
    process.env = env;
  }
});

test('a sleep of the function that is aborted rejects as in Node', async () => {
  const arn = put(`exports.handler = async () => {
    try { await require('node:timers/promises').setTimeout(1e6, undefined, { signal: AbortSignal.timeout(10) }); } catch (e) { return [e.name, e.code]; }
  };`);

  await expect(result(arn)).resolves.toEqual(['AbortError', 'ABORT_ERR']);
});

test('name servers are reached through the NAT, and the public resolver is the default', async () => {
  nat['192.0.2.1'] = { at: '127.0.0.1:5301' };
  const arn = put(`const dns = require('node:dns');
    const promises = require('node:dns/promises');
    exports.handler = async () => [dns.Resolver, dns.promises.Resolver, promises.Resolver].map((Resolver) => {
      const resolver = new Resolver({ timeout: 1000 });
      const servers = [resolver.getServers()];
      for (const server of ['192.0.2.1', '192.0.2.1:53', '203.0.113.77', '127.0.0.1:5302']) {
        resolver.setServers([server]);
        servers.push(resolver.getServers());
      }
      return servers.flat().concat(dns.getServers(), dns.promises.getServers());
    });`);

  const servers = await result(arn);

  const expected = [
    '127.0.0.1:53535', '127.0.0.1:5301', '127.0.0.1:5301', '127.0.0.1:9', '127.0.0.1:5302', '127.0.0.1:53535', '127.0.0.1:53535',
  ];
  expect(servers).toEqual([expected, expected, expected]);
});

test('stdout and stderr are in the log when the result is there, line by line, and after the function is gone', async () => {
  const arn = put(`exports.handler = async () => {
    console.log('one'); console.error('two\\nthree'); process.stdout.write('no line end');
  };`);

  await result(arn);
  lambda.deleteFunction(arn);

  expect(lambda.logs('worker').sort()).toEqual(['no line end', 'one', 'three', 'two']);
});

test('a function that is deleted while it runs comes to its end, and its process with it', async () => {
  const arn = put(`exports.handler = async () => {
    console.log('begun');
    await require('node:timers/promises').setTimeout(2000);
    return process.pid;
  };`);

  const running = result(arn);
  await until(() => lambda.logs('worker').includes('begun'));
  lambda.deleteFunction(arn);

  const pid: number = await running;
  expect(pid).toEqual(expect.any(Number));
  await until(() => !isAlive(pid));
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('an idle process is used again, a busy one is not waited for', async () => {
  const arn = put(`let count = 0;
    exports.handler = async (event) => { count++; if (event.sleep) await require('node:timers/promises').setTimeout(event.sleep); return count; };`);

  const first = await result(arn);
  const second = await result(arn);
  const together = await Promise.all([result(arn, { sleep: 2000 }), result(arn)]);

  expect([first, second, ...together]).toEqual([1, 2, 3, 1]);
  expect(new Set(lambda.invocations.map(({ processId }) => processId)).size).toBe(2);
});

test('changed code runs in a new process', async () => {
  const arn = put('exports.handler = async () => "old";');
  const before = await result(arn);

  put('exports.handler = async () => "new";');

  expect([before, await result(arn)]).toEqual(['old', 'new']);
});

test('an error of the handler is the result, and is in the log', async () => {
  const arn = put('exports.handler = async () => { throw new TypeError("broken"); };');

  const { error } = await lambda.invoke(arn, '{}');

  expect(error).toMatchObject({ errorType: 'TypeError', errorMessage: 'broken' });
  expect(lambda.logs('worker').join()).toContain('broken');
});

test('a function that is out of time is killed', async () => {
  const arn = put('exports.handler = () => new Promise(() => undefined);', { timeout: 3 });

  const { error } = await lambda.invoke(arn, '{}');

  expect(error).toMatchObject({ errorType: 'Sandbox.Timedout', errorMessage: expect.stringContaining('Task timed out after 3.00 seconds') });
});

test('an asynchronous invocation that fails is repeated after 1 and 2 minutes with the same request id, and then given up', async () => {
  const arn = put('exports.handler = async () => { throw new Error("again"); };');

  const requestId = lambda.invokeAsync(arn, '{}');
  for (const runs of [1, 2, 3]) {
    await until(() => finishedRuns().length === runs);
    clock.advance(runs * 60_000);
  }
  await clock.sleep(1000);

  expect(lambda.invocations.map((run) => [run.requestId, run.attempt])).toEqual([[requestId, 1], [requestId, 2], [requestId, 3]]);
  expect(lambda.invocations[1].at - lambda.invocations[0].at).toBeGreaterThanOrEqual(60_000);
  expect(lambda.invocations[2].at - lambda.invocations[1].at).toBeGreaterThanOrEqual(120_000);
});

test('a killed process is a failure, and the event is given to another one', async () => {
  const arn = put('exports.handler = async () => { console.log("started"); await require("node:timers/promises").setTimeout(3600_000); return 1; };');

  lambda.invokeAsync(arn, '{}');
  await until(() => lambda.logs('worker').length === 1);
  context.killProcess(lambda.invocations[0].processId);
  await until(() => finishedRuns().length === 1);
  clock.advance(60_000);
  await until(() => lambda.logs('worker').length === 2);

  expect(lambda.invocations[0].result?.error?.errorType).toBe('Runtime.ExitError');
  expect(lambda.invocations[1].processId).not.toBe(lambda.invocations[0].processId);
});

test('a function that ends its own process fails, and one that cannot be loaded as well', async () => {
  const exits = put('exports.handler = async () => process.exit(3);');
  const ended = await lambda.invoke(exits, '{}');
  const broken = put('throw new Error("cannot start");');
  const unloaded = await lambda.invoke(broken, '{}');

  expect(ended.error?.errorMessage).toContain('exit status 3');
  expect(unloaded.error?.errorType).toBe('Runtime.ExitError');
  expect(lambda.logs('worker').join()).toContain('cannot start');
});

test('the number of repeats can be set to none', async () => {
  const arn = put('exports.handler = async () => { throw new Error("once"); };');
  lambda.putEventInvokeConfig(arn, { maximumRetryAttempts: 0 });

  lambda.invokeAsync(arn, '{}');
  await until(() => finishedRuns().length === 1);
  clock.advance(3600_000);
  await clock.sleep(1000);

  expect(lambda.invocations).toHaveLength(1);
});

test('only so many run at once: further events wait for a place, further callers are refused', async () => {
  lambda.settings.concurrency = 2;
  const arn = put('exports.handler = async () => { await require("node:timers/promises").setTimeout(1000); return Date.now(); };');

  for (let count = 0; count < 4; count++) lambda.invokeAsync(arn, '{}');
  await expect(client().send(new InvokeCommand({ FunctionName: arn }))).rejects.toMatchObject({ name: 'TooManyRequestsException' });
  await until(() => finishedRuns().length === 4);

  const ends = lambda.invocations.map(({ result: done }) => Number(done!.payload)).sort();
  expect(lambda.invocations[2].at).toBeGreaterThanOrEqual(ends[0]);
  expect(lambda.invocations[3].at).toBeGreaterThanOrEqual(ends[1]);
});

test('the real SDK client invokes it, and waits only when it asks for the answer', async () => {
  put('exports.handler = async (event) => ({ doubled: event.n * 2 });');

  const answered = await client().send(new InvokeCommand({ FunctionName: 'worker', Payload: '{"n":21}' }));
  const accepted = await client().send(new InvokeCommand({ FunctionName: 'worker', InvocationType: 'Event', Payload: '{"n":1}' }));
  await until(() => finishedRuns().length === 2);

  expect(JSON.parse(Buffer.from(answered.Payload!).toString())).toEqual({ doubled: 42 });
  expect(accepted.StatusCode).toBe(202);
  expect(finishedRuns()[1].result).toEqual({ payload: '{"doubled":2}' });
});

test('an event that is too large is refused, and a dry run only says whether the function could be called', async () => {
  const arn = put('exports.handler = async () => 1;');

  const dry = await client().send(new InvokeCommand({ FunctionName: arn, InvocationType: 'DryRun' }));

  expect(dry.StatusCode).toBe(204);
  expect(() => lambda.invokeAsync(arn, JSON.stringify('x'.repeat(1024 * 1024)))).toThrow('Request must be smaller than 1048576 bytes');
  expect(lambda.invocations).toEqual([]);
});

test('an operation that the local Lambda does not have is refused by name', async () => {
  await expect(client().send(new GetFunctionCommand({ FunctionName: 'worker' }))).rejects.toMatchObject({
    name: 'UnknownOperationException', message: 'The local Lambda has no GET /2015-03-31/functions/worker',
  });
});

test('throttled calls and events that come too late are given up', async () => {
  context.faults.add({ service: 'lambda', operation: 'Invoke', kind: 'throttle' });
  const arn = put('exports.handler = async () => { throw new Error("late"); };');
  lambda.putEventInvokeConfig(arn, { maximumEventAge: 60 });

  await expect(client().send(new InvokeCommand({ FunctionName: arn }))).rejects.toMatchObject({ name: 'TooManyRequestsException' });
  lambda.invokeAsync(arn, '{}');
  await until(() => finishedRuns().length === 1);
  clock.advance(120_000);
  await clock.sleep(1000);

  expect(lambda.invocations).toHaveLength(1);
});

test('the SDK client sees a failed function, an unknown one and a refusal', async () => {
  const arn = put('exports.handler = async () => { throw new Error("no"); };');

  const failed = await client().send(new InvokeCommand({ FunctionName: arn }));
  await expect(client().send(new InvokeCommand({ FunctionName: 'nobody' }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  authorize.mockImplementation(() => {
    throw new ServiceError('AccessDeniedException', 403, 'User is not authorized');
  });
  await expect(client({ account: ACCOUNT, roleArn: ROLE }).send(new InvokeCommand({ FunctionName: arn })))
    .rejects.toMatchObject({ name: 'AccessDeniedException' });

  expect(failed.FunctionError).toBe('Unhandled');
  expect(JSON.parse(Buffer.from(failed.Payload!).toString()).errorMessage).toBe('no');
  expect(authorize).toHaveBeenLastCalledWith({ account: ACCOUNT, roleArn: ROLE }, 'lambda:InvokeFunction', arn);
});
