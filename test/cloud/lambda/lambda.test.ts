// Functions of the local cloud, in processes of their own: what they are given, and how they live, fail and end.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetFunctionCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import { ACCOUNT, LambdaFixture, ROLE } from './lambda-fixture';
import { ServiceError } from '../service-error';

let fixture: LambdaFixture;

beforeEach(async () => {
  fixture = await LambdaFixture.start();
});
afterEach(() => fixture.stop());

test('a function has the environment of real Lambda, its own variables, and nothing of this process', async () => {
  process.env.SECRET_OF_THE_TEST = 'inherited';
  const arn = fixture.put('exports.handler = async () => process.env;', { environment: { OWN: 'yes' } });

  const environment = await fixture.result(arn);

  delete process.env.SECRET_OF_THE_TEST;
  expect(environment).toMatchObject({
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_LAMBDA_FUNCTION_NAME: 'worker',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/worker',
    AWS_ENDPOINT_URL_SESV2: 'http://127.0.0.1:1234',
    LAMBDA_TASK_ROOT: fixture.directory,
    OWN: 'yes',
  });
  expect(Object.keys(environment)
    .filter((name) => !/^(AWS_|LAMBDA_TASK_ROOT$|_HANDLER$|PATH$|LANG$|TZ$|OWN$)/.test(name))).toEqual([]);
});

test('the credentials of a process are those of the role, and name the process and the function', async () => {
  const arn = fixture.put('exports.handler = async () => process.env.AWS_ACCESS_KEY_ID;');

  const accessKeyId = await fixture.result(arn);

  expect(fixture.context.credentials.find(accessKeyId)).toEqual({
    account: ACCOUNT, roleArn: ROLE, processId: fixture.lambda.invocations[0].processId, functionArn: arn,
  });
});

test('the handler gets the context that Lambda gives, with the remaining time in cloud time', async () => {
  const arn = fixture.put(`exports.handler = async (event, context) => {
    const before = context.getRemainingTimeInMillis();
    await require('node:timers/promises').setTimeout(5000);
    return { ...context, event, before, after: context.getRemainingTimeInMillis() };
  };`);

  const seen = await fixture.result(arn, { a: 1 });

  expect(seen).toMatchObject({
    event: { a: 1 },
    functionName: 'worker',
    invokedFunctionArn: arn,
    logGroupName: '/aws/lambda/worker',
    awsRequestId: fixture.lambda.invocations[0].requestId,
    memoryLimitInMB: '256',
  });
  expect([seen.before, seen.after]).toEqual([900_000, 895_000]);
});

test('a function lives in the time of the cloud: it sleeps for ten minutes, and its dates say so', async () => {
  const began = fixture.clock.now();
  const arn = fixture.put(`const { setTimeout } = require('node:timers/promises');
    exports.handler = async () => {
      const before = Date.now();
      const value = await setTimeout(600_000, 'woken');
      const slept = new Date().getTime() - before;
      const parsed = new Date(0).toISOString();
      return { value, before, slept, parsed, real: new Date() instanceof Date };
    };`);

  const seen = await fixture.result(arn);

  expect(seen)
    .toEqual({ value: 'woken', before: began, slept: 600_000, parsed: '1970-01-01T00:00:00.000Z', real: true });
  expect(fixture.clock.now()).toBe(began + 600_000);
});

test('each call of a function takes time by the seed, and a hung one ends by its own time-out', async () => {
  const began = fixture.clock.now();
  const arn = fixture.put(`exports.handler = async ({ url, ms }) => {
      const credential = process.env.AWS_ACCESS_KEY_ID + '/20260105/eu-west-1/lambda/aws4_request';
      const headers = { authorization: 'AWS4-HMAC-SHA256 Credential=' + credential };
      const error = await fetch(url, { headers, signal: AbortSignal.timeout(ms) }).catch((error) => error);
      return [error.name, Date.now()];
    };`);
  fixture.context.faults.add({ service: 'lambda', kind: 'hang' });

  const [name, at] = await fixture.result(arn, { url: `${fixture.lambda.endpoint}/hangs`, ms: 20_000 });

  expect(name).toBe('TimeoutError');
  expect(at).toBe(began + 20_000);
  expect(fixture.context.calls[0].at).toBeGreaterThan(began + 20);
});

test('between two invocations a function is frozen, with its timers', async () => {
  const arn = fixture.put(`let fired = false;
    exports.handler = async () => { setTimeout(() => { fired = true; }, 1000); return fired; };`);

  const first = await fixture.result(arn);
  await fixture.clock.pass(3600_000);
  const second = await fixture.result(arn);

  expect([first, second]).toEqual([false, false]);
});

test('a function runs on the Node that LOCAL_CLOUD_NODE names', async () => {
  const node = join(fixture.directory, 'another-node');
  writeFileSync(node, `#!/bin/sh\nANOTHER_NODE=yes exec '${process.execPath}' "$@"\n`, { mode: 0o755 });
  const { env } = process;
  process.env = { ...env, LOCAL_CLOUD_NODE: node };
  try {
    expect(await fixture.result(fixture.put('exports.handler = async () => process.env.ANOTHER_NODE;'))).toBe('yes');
  } finally {
    process.env = env;
  }
});

test('a sleep of the function that is aborted rejects as in Node', async () => {
  const arn = fixture.put(`exports.handler = async () => {
    const { setTimeout } = require('node:timers/promises');
    const signal = AbortSignal.timeout(10);
    return setTimeout(1e6, undefined, { signal }).catch((error) => [error.name, error.code]);
  };`);

  await expect(fixture.result(arn)).resolves.toEqual(['AbortError', 'ABORT_ERR']);
});

test('name servers are reached through the NAT, and the public resolver is the default', async () => {
  const { resolverAddress } = fixture.dns;
  const [address] = await fixture.dns.client().resolve4('a.root-servers.net');
  const listening = fixture.dns.listeningAt('a.root-servers.net');
  const arn = fixture.put(`const dns = require('node:dns');
    const promises = require('node:dns/promises');
    exports.handler = async () => [dns.Resolver, dns.promises.Resolver, promises.Resolver].map((Resolver) => {
      const resolver = new Resolver({ timeout: 1000 });
      const servers = [resolver.getServers()];
      for (const server of ['${address}', '${address}:53', '203.0.113.77', '127.0.0.1:5302']) {
        resolver.setServers([server]);
        servers.push(resolver.getServers());
      }
      return servers.flat().concat(dns.getServers(), dns.promises.getServers());
    });`);

  const servers = await fixture.result(arn);

  const expected = [
    resolverAddress, listening, listening, '127.0.0.1:9', '127.0.0.1:5302', resolverAddress, resolverAddress,
  ];
  expect(servers).toEqual([expected, expected, expected]);
});

test('stdout and stderr are in the log line by line, also after the function is gone', async () => {
  const arn = fixture.put(`exports.handler = async () => {
    console.log('one'); process.stderr.write('two\\nthree\\n'); process.stdout.write('no line end');
  };`);

  await fixture.result(arn);
  fixture.lambda.deleteFunction(arn);

  const [{ requestId }] = fixture.lambda.invocations;
  expect(fixture.lambda.logs('worker').sort()).toEqual([
    `2026-01-05T09:00:00.000Z\t${requestId}\tINFO\tone`, 'no line end', 'three', 'two',
  ]);
});

test('a function that is deleted while it runs comes to its end, and its process with it', async () => {
  const arn = fixture.put(`exports.handler = async () => {
    process.stdout.write('begun\\n');
    await require('node:timers/promises').setTimeout(2000);
    return process.pid;
  };`);

  const running = fixture.result(arn);
  await fixture.clock.until('the function to begin', () => fixture.lambda.logs('worker').includes('begun'));
  fixture.lambda.deleteFunction(arn);

  const pid: number = await running;
  expect(pid).toEqual(expect.any(Number));
  await fixture.lambda.stop();
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('an idle process is used again, a busy one is not waited for', async () => {
  const arn = fixture.put(`let count = 0;
    exports.handler = async (event) => {
      count++;
      if (event.sleep) await require('node:timers/promises').setTimeout(event.sleep);
      return count;
    };`);

  const first = await fixture.result(arn);
  const second = await fixture.result(arn);
  const together = await Promise.all([fixture.result(arn, { sleep: 2000 }), fixture.result(arn)]);

  expect([first, second, ...together]).toEqual([1, 2, 3, 1]);
  expect(new Set(fixture.lambda.invocations.map(({ processId }) => processId)).size).toBe(2);
});

test('changed code runs in a new process', async () => {
  const arn = fixture.put('exports.handler = async () => "old";');
  const before = await fixture.result(arn);

  fixture.put('exports.handler = async () => "new";');

  expect([before, await fixture.result(arn)]).toEqual(['old', 'new']);
});

test('an error of the handler is the result, and is in the log', async () => {
  const arn = fixture.put('exports.handler = async () => { throw new TypeError("broken"); };');

  const { error } = await fixture.lambda.invoke(arn, '{}');

  expect(error).toMatchObject({ errorType: 'TypeError', errorMessage: 'broken' });
  expect(fixture.lambda.logs('worker').join()).toContain('broken');
});

test('a function that is out of time is killed', async () => {
  const arn = fixture.put('exports.handler = () => new Promise(() => undefined);', { timeout: 3 });

  const { error } = await fixture.lambda.invoke(arn, '{}');

  expect(error).toMatchObject({
    errorType: 'Sandbox.Timedout', errorMessage: expect.stringContaining('Task timed out after 3.00 seconds'),
  });
});

test('a function that ends its own process fails, and one that cannot be loaded as well', async () => {
  const exits = fixture.put('exports.handler = async () => process.exit(3);');
  const ended = await fixture.lambda.invoke(exits, '{}');
  const broken = fixture.put('throw new Error("cannot start");');
  const unloaded = await fixture.lambda.invoke(broken, '{}');

  expect(ended.error?.errorMessage).toContain('exit status 3');
  expect(unloaded.error?.errorType).toBe('Runtime.ExitError');
  expect(fixture.lambda.logs('worker').join()).toContain('cannot start');
});

test('the real SDK client invokes it, and waits only when it asks for the answer', async () => {
  fixture.put('exports.handler = async (event) => ({ doubled: event.n * 2 });');

  const answered = await fixture.client().send(new InvokeCommand({ FunctionName: 'worker', Payload: '{"n":21}' }));
  const accepted = await fixture.client().send(new InvokeCommand({
    FunctionName: 'worker', InvocationType: 'Event', Payload: '{"n":1}',
  }));
  await fixture.untilEnded(2);

  expect(JSON.parse(Buffer.from(answered.Payload!).toString())).toEqual({ doubled: 42 });
  expect(accepted.StatusCode).toBe(202);
  expect(fixture.ended[1].result).toEqual({ payload: '{"doubled":2}' });
});

test('an event that is too large is refused, and a dry run only says whether the call is allowed', async () => {
  const arn = fixture.put('exports.handler = async () => 1;');

  const dry = await fixture.client().send(new InvokeCommand({ FunctionName: arn, InvocationType: 'DryRun' }));

  expect(dry.StatusCode).toBe(204);
  expect(() => fixture.lambda.invokeAsync(arn, JSON.stringify('x'.repeat(1024 * 1024))))
    .toThrow('Request must be smaller than 1048576 bytes');
  expect(fixture.lambda.invocations).toEqual([]);
});

test('an operation that the local Lambda does not have is refused by name', async () => {
  await expect(fixture.client().send(new GetFunctionCommand({ FunctionName: 'worker' }))).rejects.toMatchObject({
    name: 'UnknownOperationException', message: 'The local Lambda has no GET /2015-03-31/functions/worker',
  });
});

test('the SDK client sees a failed function, an unknown one and a refusal', async () => {
  const arn = fixture.put('exports.handler = async () => { throw new Error("no"); };');

  const failed = await fixture.client().send(new InvokeCommand({ FunctionName: arn }));
  await expect(fixture.client().send(new InvokeCommand({ FunctionName: 'nobody' })))
    .rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  fixture.authorize.mockImplementation(() => {
    throw new ServiceError('AccessDeniedException', 403, 'User is not authorized');
  });
  await expect(fixture.client({ account: ACCOUNT, roleArn: ROLE }).send(new InvokeCommand({ FunctionName: arn })))
    .rejects.toMatchObject({ name: 'AccessDeniedException' });

  expect(failed.FunctionError).toBe('Unhandled');
  expect(JSON.parse(Buffer.from(failed.Payload!).toString()).errorMessage).toBe('no');
  expect(fixture.authorize).toHaveBeenLastCalledWith({ account: ACCOUNT, roleArn: ROLE }, 'lambda:InvokeFunction', arn);
});

test.each(['process', 'in-process'] as const)('a function can have several files, each loaded once (%s)', async (mode) => {
  await fixture.stop();
  fixture = await LambdaFixture.start(mode);
  for (const folder of ['watch', 'shared']) mkdirSync(join(fixture.directory, folder));
  writeFileSync(join(fixture.directory, 'shared', 'count.js'), 'exports.next = (n => () => ++n)(0);');
  writeFileSync(join(fixture.directory, 'shared', 'again.js'), 'exports.next = require("./count.js").next;');
  writeFileSync(join(fixture.directory, 'watch', 'index.js'), `exports.handler = async () => [
    require("../shared/count.js").next(), require("../shared/again.js").next(),
  ];`);

  expect(await fixture.result(fixture.put('', { handler: 'watch/index.handler' }))).toEqual([1, 2]);
});
