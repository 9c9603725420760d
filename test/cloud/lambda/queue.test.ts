// Lambda's queue of asynchronous events: repeats after failures, back-off without a place, old
// events, and chains that end.
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { LambdaFixture } from './lambda-fixture';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let fixture: LambdaFixture;

beforeEach(async () => {
  fixture = await LambdaFixture.start();
});
afterEach(() => fixture.stop());

const sleepsFor = (ms: number) =>
  fixture.put(`exports.handler = () => require('node:timers/promises').setTimeout(${ms});`);
const fails = () => fixture.put('exports.handler = async () => { throw new Error("again"); };');

/** When each run began, in ms after the first. */
function begins(): number[] {
  const { invocations } = fixture.lambda;
  return invocations.map(({ at }) => at - invocations[0].at);
}

test('an event whose run fails is run again after 1 and 2 minutes with one request id, and then dropped', async () => {
  const requestId = fixture.lambda.invokeAsync(fails(), '{}');

  await fixture.untilEnded(3);
  await fixture.clock.pass(HOUR);

  expect(fixture.lambda.invocations.map((run) => [run.requestId, run.attempt]))
    .toEqual([[requestId, 1], [requestId, 2], [requestId, 3]]);
  expect(begins()).toEqual([0, MINUTE, 3 * MINUTE]);
});

test('a killed process is a failure, and the event is given to another one', async () => {
  fixture.lambda.invokeAsync(sleepsFor(10 * MINUTE), '{}');
  await fixture.clock.pass(MINUTE);
  fixture.context.killProcess(fixture.lambda.invocations[0].processId);
  await fixture.untilEnded(2);

  const [killed, repeated] = fixture.lambda.invocations;
  expect(killed.result?.error?.errorType).toBe('Runtime.ExitError');
  expect(repeated.result).toEqual({ payload: 'null' });
  expect(repeated.processId).not.toBe(killed.processId);
});

test('the number of repeats can be set to none', async () => {
  const arn = fails();
  fixture.lambda.putEventInvokeConfig(arn, { maximumRetryAttempts: 0 });

  fixture.lambda.invokeAsync(arn, '{}');
  await fixture.clock.pass(HOUR);

  expect(fixture.lambda.invocations).toHaveLength(1);
});

test('an event that failed and is older than allowed is not run again', async () => {
  const arn = fails();
  fixture.lambda.putEventInvokeConfig(arn, { maximumEventAge: 59 });

  fixture.lambda.invokeAsync(arn, '{}');
  await fixture.clock.pass(HOUR);

  expect(fixture.lambda.invocations).toHaveLength(1);
});

test('an event that is throttled waits up to five minutes, also when a run could begin earlier', async () => {
  fixture.lambda.settings.concurrency = 1;
  const arn = sleepsFor(10 * MINUTE);

  fixture.lambda.invokeAsync(arn, '{}');
  fixture.lambda.invokeAsync(arn, '{}');
  await fixture.untilEnded(2);

  const [, second] = begins();
  expect(second).toBeGreaterThan(10 * MINUTE + SECOND);
  expect(second).toBeLessThanOrEqual(15 * MINUTE);
});

test('the back-off is a setting', async () => {
  fixture.lambda.settings.concurrency = 1;
  fixture.lambda.settings.backOff = { first: 10, longest: 10 };
  const arn = sleepsFor(10 * MINUTE);

  fixture.lambda.invokeAsync(arn, '{}');
  fixture.lambda.invokeAsync(arn, '{}');
  await fixture.untilEnded(2);

  expect(begins()[1]).toBeLessThanOrEqual(10 * MINUTE + 10);
});

test('no more runs at once than the account may have, and a synchronous call beyond is refused', async () => {
  const arn = sleepsFor(MINUTE);

  for (let count = 0; count < 25; count++) fixture.lambda.invokeAsync(arn, '{}');
  await fixture.clock.pass(SECOND);
  await expect(fixture.client().send(new InvokeCommand({ FunctionName: arn })))
    .rejects.toMatchObject({ name: 'TooManyRequestsException' });
  let most = 0;
  const { invocations } = fixture.lambda;
  const stop = fixture.clock.watch(() => void (most = Math.max(most, invocations.length - fixture.ended.length)));
  await fixture.untilEnded(25);
  stop();

  expect(most).toBe(10);
});

test('an event that has found no place for six hours is given up', async () => {
  fixture.lambda.settings.concurrency = 0;

  fixture.lambda.invokeAsync(sleepsFor(SECOND), '{}');
  await fixture.clock.pass(6 * HOUR);
  fixture.lambda.settings.concurrency = 10;
  await fixture.clock.pass(HOUR);

  expect(fixture.lambda.invocations).toEqual([]);
});

test('a function that starts itself again and again is stopped after sixteen runs', async () => {
  const arn = fixture.put(`exports.handler = () => {
      const load = (name) => require(require.resolve(name, { paths: [${JSON.stringify(__dirname)}] }));
      const { LambdaClient, InvokeCommand } = load('@aws-sdk/client-lambda');
      const client = new LambdaClient({ maxAttempts: 1 });
      const FunctionName = process.env.AWS_LAMBDA_FUNCTION_NAME;
      return client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event' }));
    };`, { environment: { AWS_ENDPOINT_URL_LAMBDA: fixture.lambda.endpoint } });

  fixture.lambda.invokeAsync(arn, '{}');
  await fixture.clock.until('Lambda to stop the chain', () =>
    fixture.lambda.logs('worker').some((line) => line.startsWith('Lambda has stopped')));
  await fixture.clock.pass(HOUR);

  expect(fixture.lambda.invocations.map(({ chain }) => chain))
    .toEqual(Array.from({ length: 16 }, (_, index) => index + 1));
});

test('an event can come twice, with one request id', async () => {
  fixture.lambda.settings.deliveries = 2;
  const requestId = fixture.lambda.invokeAsync(sleepsFor(SECOND), '{}');
  await fixture.untilEnded(2);

  expect(fixture.lambda.invocations.map((run) => [run.requestId, run.attempt]))
    .toEqual([[requestId, 1], [requestId, 1]]);
});
