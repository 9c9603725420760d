// The custom-resource protocol over HTTP: the event, the pre-signed URL, and what counts as an answer.
import { LocalCloud } from '..';
import { custom, CustomProperties, functionAssets, requests, templateWith } from './test-function';
import { FUNCTIONS } from '../../whole-size';

let cloud: LocalCloud;
const assetDirectory = functionAssets();

beforeEach(async () => {
  cloud = await LocalCloud.start(FUNCTIONS);
});
afterEach(() => cloud.stop());

function deploy(properties: CustomProperties = {}) {
  return cloud.cloudFormation.deploy({
    stackName: 'app', template: templateWith({ Thing: custom(properties) }), assetDirectory,
  });
}

function event(index: number) {
  return JSON.parse(cloud.lambda.invocations[index].event);
}

test('the events say what CloudFormation says, with every scalar as a string', async () => {
  const before = { Flag: true, Number: 5, Deep: [{ Off: false }], Value: 'old' };
  const { stackId } = await deploy({ ...before, ServiceTimeout: 3600 });
  await deploy({ ...before, ServiceTimeout: 3600, Value: 'new' });
  await cloud.cloudFormation.delete('app');

  const token = cloud.lambda.invocations.length > 0 && event(0).ServiceToken;
  const properties = {
    ServiceToken: token, ServiceTimeout: '3600', Flag: 'true', Number: '5', Deep: [{ Off: 'false' }], Value: 'old',
  };
  expect(event(0)).toEqual({
    RequestType: 'Create',
    ServiceToken: token,
    ResponseURL: expect.any(String),
    StackId: stackId,
    RequestId: expect.any(String),
    LogicalResourceId: 'Thing',
    ResourceType: 'Custom::Thing',
    ResourceProperties: properties,
  });
  expect(token).toMatch(/^arn:aws:lambda:us-east-1:111111111111:function:app-Function-[A-Z0-9]{12}$/);
  expect(event(1)).toMatchObject({
    RequestType: 'Update',
    PhysicalResourceId: 'made-Thing',
    ResourceProperties: { ...properties, Value: 'new' },
    OldResourceProperties: properties,
  });
  expect(event(2)).toMatchObject({
    RequestType: 'Delete', PhysicalResourceId: 'made-Thing', ResourceProperties: { ...properties, Value: 'new' },
  });
  expect(event(2)).not.toHaveProperty('OldResourceProperties');
});

test('the response URL tells in cloud time when it was signed and how long it lives', async () => {
  await cloud.clock.pass(1000 * 24 * 3600_000);
  const now = cloud.clock.now();

  await deploy();

  const { searchParams } = new URL(event(0).ResponseURL);
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(searchParams.get('X-Amz-Date')!)!;
  const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  expect(signedAt).toBe(now);
  expect(searchParams.get('X-Amz-Expires')).toBe('7200');
  expect(searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/);
});

test('a response URL can be signed by version 2, which does not tell when that was', async () => {
  cloud.cloudFormation.settings.responseUrlSignature = 'version 2';

  const { status } = await deploy();

  expect(status).toBe('CREATE_COMPLETE');
  expect([...new URL(event(0).ResponseURL).searchParams.keys()]).toEqual(['AWSAccessKeyId', 'Expires', 'Signature']);
});

test('a PUT with a content type is refused, as the signature has none', async () => {
  const result = await deploy({ OnCreate: 'TYPED_FIRST' });

  expect(result.status).toBe('CREATE_COMPLETE');
  expect(cloud.calls.map(({ service, operation, status }) => `${service} ${operation} ${status}`))
    .toEqual(['s3 PutObject 403', 's3 PutObject 200']);
});

test('the first answer counts, a later one changes nothing', async () => {
  await deploy({ Value: 'first' });
  const { ResponseURL, StackId, RequestId, LogicalResourceId } = event(0);

  const { status } = await fetch(ResponseURL, {
    method: 'PUT',
    body: Buffer.from(JSON.stringify({
      Status: 'FAILED', PhysicalResourceId: 'other', StackId, RequestId, LogicalResourceId,
    })),
  });

  expect(status).toBe(200);
  await expect(cloud.cloudFormation.describe('app'))
    .resolves.toMatchObject({ status: 'CREATE_COMPLETE', resources: { Thing: { physicalId: 'made-Thing' } } });
});

test('an expired, a changed and a read URL are refused', async () => {
  await deploy();
  const { ResponseURL: url } = event(0);
  await cloud.clock.pass(7201_000);

  const put = (to: string, method = 'PUT') =>
    fetch(to, { method, body: method === 'PUT' ? Buffer.from('{}') : undefined }).then(({ status }) => status);

  await expect(put(url)).resolves.toBe(403);
  await expect(put(url.replace(/Signature=../, 'Signature=00'))).resolves.toBe(403);
  await expect(put(url, 'GET')).resolves.toBe(403);
});

test.each([
  ['too long', 'LONG', 'Response object is too long.'],
  ['no JSON', 'GARBAGE', 'Invalid Response object'],
  ['for another request', 'MISMATCH', 'Invalid response object: Value of property RequestId'],
] as const)('an answer that is %s fails the resource', async (_what, OnCreate, reason) => {
  const result = await deploy({ OnCreate });

  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toContain(reason);
});

test.each([
  ['empty', ''], ['too long', 'x'.repeat(1025)],
])('a physical id that is %s fails the resource', async (_what, Id) => {
  const result = await deploy({ Id });

  expect(result).toMatchObject({ status: 'ROLLBACK_COMPLETE', reason: 'Invalid PhysicalResourceId' });
});

test('no answer is a failure after the service timeout, and the Delete comes with a made-up id', async () => {
  const result = await deploy({ OnCreate: 'SILENT', ServiceTimeout: '1800' });

  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toContain('CloudFormation did not receive a response from your Custom Resource');
  expect(requests(cloud)[1]).toMatch(/^Delete Thing id=app-Thing-[A-Z0-9]{12} /);
});

test('without a service timeout CloudFormation waits for an hour', async () => {
  const start = cloud.clock.now();
  const { events } = await deploy({ OnCreate: 'SILENT' });

  expect(events.find(({ status }) => status === 'CREATE_FAILED')!.at).toBe(start + 3600_000);
});

test('a service timeout that is not allowed fails the resource before the function is called', async () => {
  const result = await deploy({ ServiceTimeout: 3601 });

  expect(result.reason).toContain("ServiceTimeout must be between 1 and 3600, but is '3601'");
  expect(cloud.lambda.invocations).toEqual([]);
});

test.each([
  ['refused once', 'error'], ['cut off before', 'cut-before'], ['cut off after', 'cut-after'],
] as const)('an answer that is %s can be sent again', async (_what, kind) => {
  cloud.faults.add({ service: 's3', operation: 'PutObject', kind });

  const result = await deploy({ OnCreate: 'RETRIES' });

  expect(result.status).toBe('CREATE_COMPLETE');
});

test.each([
  'cut-after', 'kill-after',
] as const)('the log says that an answer has arrived, also when nobody hears so: %s', async (kind) => {
  cloud.faults.add({ service: 's3', operation: 'PutObject', kind });

  await deploy({ OnCreate: 'RETRIES' });

  expect(cloud.calls.find(({ service }) => service === 's3')).toMatchObject({ status: 200, error: kind });
});

test.each([
  ['error', 500], ['unavailable', 503], ['access-denied', 403],
] as const)('an answer is refused: %s', async (kind, status) => {
  cloud.faults.add({ service: 's3', operation: 'PutObject', kind });

  expect((await deploy({ OnCreate: 'RETRIES' })).status).toBe('CREATE_COMPLETE');

  expect(cloud.calls.find(({ service }) => service === 's3')).toMatchObject({ status });
});

test('a function that dies before its answer arrives gets the same event again, and answers', async () => {
  cloud.faults.add({ service: 's3', kind: 'kill-before' });

  const result = await deploy();

  expect(result.status).toBe('CREATE_COMPLETE');
  expect(cloud.lambda.invocations.map((run) => run.attempt)).toEqual([1, 2]);
  expect(event(1)).toEqual(event(0));
  expect(cloud.lambda.invocations[0].result?.error?.errorType).toBe('Runtime.ExitError');
});

test('a function that is killed after its answer runs again, though nobody waits for it', async () => {
  cloud.faults.add({ service: 's3', kind: 'kill-after' });

  const result = await deploy();
  await cloud.clock.until('the second run to end', () => cloud.lambda.invocations[1]?.result !== undefined);

  expect(result.status).toBe('CREATE_COMPLETE');
  expect(event(1)).toEqual(event(0));
});

test('a function that is not there fails the resource, and the rollback does not look for it', async () => {
  const result = await deploy({ ServiceToken: 'arn:aws:lambda:us-east-1:111111111111:function:gone' });

  expect(result).toMatchObject({ status: 'ROLLBACK_COMPLETE', reason: expect.stringContaining('Function not found') });
});

test('who stops the cloud in the middle of a deployment gets its end', async () => {
  const deploying = deploy({ OnCreate: 'SILENT', OnDelete: 'SILENT' });
  await cloud.clock.until('the function to have run', () => cloud.lambda.invocations[0]?.result !== undefined);
  await cloud.stop();

  await expect(deploying).resolves.toMatchObject({ status: expect.stringMatching(/^ROLLBACK/) });
});
