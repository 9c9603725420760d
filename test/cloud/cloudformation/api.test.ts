// CloudFormation's API by the real SDK client: what it refuses, and what it tells of stacks.
import {
  CloudFormationClient, CreateStackCommand, DeleteStackCommand, DescribeStackEventsCommand,
  DescribeStackResourceCommand, DescribeStacksCommand, GetTemplateCommand, paginateDescribeStackEvents,
  UpdateStackCommand, waitUntilStackCreateComplete, waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import { LocalCloud } from '..';
import { Template } from './stack';
import { FUNCTION_RESOURCES } from './test-function';
import { Principal } from '../credentials';

let cloud: LocalCloud;
let client: CloudFormationClient;

beforeEach(async () => {
  cloud = await LocalCloud.start();
  client = clientOf({ account: '111111111111' });
});
afterEach(() => cloud.stop());

function clientOf(principal: Principal, region = 'us-east-1'): CloudFormationClient {
  const { AWS_ENDPOINT_URL_CLOUDFORMATION: endpoint } = cloud.endpointEnvironment();
  return new CloudFormationClient({ endpoint, region, credentials: cloud.issueCredentials(principal), maxAttempts: 1 });
}

const logGroup = (name: string): Template => ({
  Parameters: { Suffix: { Type: 'String', Default: 'x' } },
  Resources: {
    Logs: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: { 'Fn::Sub': `${name}-\${Suffix}` } } },
  },
  Outputs: { Name: { Value: { Ref: 'Logs' } } },
});
const logGroups = (count: number, name?: string): Template => ({
  Resources: Object.fromEntries(Array.from({ length: count }, (_, index) =>
    [`R${index}`, { Type: 'AWS::Logs::LogGroup', Properties: { Tag: name } }])),
});
const inputOf = (template: object) => ({ StackName: 'app', TemplateBody: JSON.stringify(template) });
const patience = () => ({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 });

test('a stack is created, updated, described and deleted', async () => {
  const { StackId } = await client.send(new CreateStackCommand({
    ...inputOf(logGroup('</old & "quoted">')), Parameters: [{ ParameterKey: 'Suffix', ParameterValue: 'y' }],
  }));
  await waitUntilStackCreateComplete(patience(), { StackName: 'app' });
  const created = await client.send(new DescribeStacksCommand({ StackName: 'app' }));
  expect(created.Stacks).toEqual([expect.objectContaining({
    StackId,
    StackName: 'app',
    StackStatus: 'CREATE_COMPLETE',
    CreationTime: expect.any(Date),
    Outputs: [expect.objectContaining({ OutputKey: 'Name', OutputValue: '</old & "quoted">-y' })],
  })]);

  await expect(client.send(new UpdateStackCommand(inputOf(logGroup('/new'))))).resolves.toMatchObject({ StackId });
  await client.send(new DeleteStackCommand({ StackName: 'gone' }));
  const { StackEvents } = await client.send(new DescribeStackEventsCommand({ StackName: StackId }));
  const first = StackEvents!.at(-1)!;
  expect(first).toMatchObject({ StackId, LogicalResourceId: 'app', ResourceStatus: 'CREATE_IN_PROGRESS' });
  expect(first.Timestamp).toEqual(expect.any(Date));
});

test('events come in pages, the newest first, and a deployment tells only its own', async () => {
  const created = await cloud.cloudFormation.deploy({ stackName: 'app', template: logGroups(80) });
  const updated = await cloud.cloudFormation.deploy({ stackName: 'app', template: logGroups(80, 'new') });
  const pages: string[][] = [];
  for await (const { StackEvents = [] } of paginateDescribeStackEvents({ client }, { StackName: 'app' })) {
    pages.push(StackEvents.map(({ LogicalResourceId, ResourceStatus }) => `${LogicalResourceId} ${ResourceStatus}`));
  }

  expect(pages.length).toBeGreaterThan(2);
  expect(created.events.length).toBeGreaterThan(160);
  expect(pages.flat().reverse()).toEqual(
    [...created.events, ...updated.events].map(({ logicalId, status }) => `${logicalId} ${status}`));
});

test('a deleted stack is there under its id, and not under its name, which can be used again', async () => {
  const { StackId } = await client.send(new CreateStackCommand(inputOf(logGroup('/a'))));
  await waitUntilStackCreateComplete(patience(), { StackName: StackId });
  await client.send(new DeleteStackCommand({ StackName: 'app' }));
  await waitUntilStackDeleteComplete(patience(), { StackName: StackId });

  await expect(client.send(new DescribeStacksCommand({ StackName: StackId }))).resolves.toMatchObject({
    Stacks: [{ StackStatus: 'DELETE_COMPLETE' }],
  });
  await expect(client.send(new DescribeStacksCommand({ StackName: 'app' }))).rejects.toMatchObject({
    name: 'ValidationError', message: 'Stack with id app does not exist',
  });
  const again = await client.send(new CreateStackCommand(inputOf(logGroup('/a'))));
  expect(again.StackId).not.toBe(StackId);
});

test('a stack that exists is not created again, and a template that changes nothing is no update', async () => {
  await client.send(new CreateStackCommand(inputOf(logGroup('/a'))));
  await waitUntilStackCreateComplete(patience(), { StackName: 'app' });

  await expect(client.send(new CreateStackCommand(inputOf(logGroup('/b'))))).rejects.toMatchObject({
    name: 'AlreadyExistsException', message: 'Stack [app] already exists',
  });
  await expect(client.send(new UpdateStackCommand(inputOf(logGroup('/a'))))).rejects.toMatchObject({
    name: 'ValidationError', message: 'No updates are to be performed.',
  });
});

const NAMED_ROLE = {
  ...FUNCTION_RESOURCES.Role, Properties: { ...FUNCTION_RESOURCES.Role.Properties, RoleName: 'mine' },
};

test.each([
  ['a role', FUNCTION_RESOURCES.Role, 'CAPABILITY_IAM', ['CAPABILITY_IAM' as const]],
  ['a role with a name', NAMED_ROLE, 'CAPABILITY_NAMED_IAM', ['CAPABILITY_NAMED_IAM' as const]],
])('%s needs to be acknowledged', async (_, Role, capability, Capabilities) => {
  const input = inputOf({ Resources: { Role } });
  await expect(client.send(new CreateStackCommand(input))).rejects.toMatchObject({
    name: 'InsufficientCapabilitiesException', message: `Requires capabilities : [${capability}]`,
  });
  await expect(client.send(new CreateStackCommand({ ...input, Capabilities }))).resolves.toHaveProperty('StackId');
});

test.each([
  ['is no JSON', 'oops', /JSON/],
  ['refers to what is not there', JSON.stringify({ Resources: { A: { Type: 'AWS::Logs::LogGroup', DependsOn: 'B' } } }),
    'Unresolved resource dependencies [B]'],
  ['has more resources than CloudFormation takes', JSON.stringify(logGroups(501)),
    'Number of resources, 501, is greater than maximum allowed, 500'],
  ['is longer than a request takes', JSON.stringify(logGroups(10, 'x'.repeat(5120))),
    "at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200"],
])('a template that %s begins nothing', async (_, TemplateBody, message) => {
  await expect(client.send(new CreateStackCommand({ StackName: 'app', TemplateBody }))).rejects.toThrow(message);
  await expect(client.send(new DescribeStacksCommand({ StackName: 'app' }))).rejects.toThrow('does not exist');
});

test('another account, another Region and who has no right see nothing of it', async () => {
  await client.send(new CreateStackCommand(inputOf(logGroup('/a'))));
  const roleArn = 'arn:aws:iam::111111111111:role/nobody';

  const ask = (asking: CloudFormationClient) => asking.send(new DescribeStacksCommand({ StackName: 'app' }));
  await expect(ask(clientOf({ account: '222222222222' }))).rejects.toThrow('does not exist');
  await expect(ask(clientOf({ account: '111111111111' }, 'eu-west-1'))).rejects.toThrow('does not exist');
  await expect(ask(clientOf({ account: '111111111111', roleArn }))).rejects.toMatchObject({ name: 'AccessDenied' });
});

test('a resource is told by the id that it has now', async () => {
  await client.send(new CreateStackCommand(inputOf(logGroup('/a'))));
  await waitUntilStackCreateComplete(patience(), { StackName: 'app' });
  const [LogicalResourceId] = Object.keys(logGroup('/a').Resources);

  const describeResource = (logicalId: string) =>
    client.send(new DescribeStackResourceCommand({ StackName: 'app', LogicalResourceId: logicalId }));
  await expect(describeResource(LogicalResourceId)).resolves.toMatchObject({
    StackResourceDetail: {
      LogicalResourceId,
      PhysicalResourceId: '/a-x',
      ResourceStatus: 'CREATE_COMPLETE',
      ResourceType: 'AWS::Logs::LogGroup',
    },
  });
  await expect(describeResource('Other')).rejects.toMatchObject({
    name: 'ValidationError', message: 'Resource Other does not exist for stack app',
  });
});

test('an operation that it does not know is said to be none', async () => {
  await expect(client.send(new GetTemplateCommand({ StackName: 'app' }))).rejects.toMatchObject({
    name: 'InvalidAction',
  });
});

describe('a template in S3', () => {
  const deploy = (template: Template) => cloud.cloudFormation.deploy({ stackName: 'app', template });

  test('has up to a million bytes', async () => {
    await expect(deploy(logGroups(10, 'x'.repeat(90_000)))).resolves.toMatchObject({ status: 'CREATE_COMPLETE' });
    await expect(deploy(logGroups(10, 'ä'.repeat(50_000)))).rejects
      .toThrow('Template may not exceed 1000000 bytes in size.');
  });

  test('has up to 500 resources', async () => {
    await expect(deploy(logGroups(500))).resolves.toMatchObject({ status: 'CREATE_COMPLETE' });
    await expect(deploy(logGroups(501))).rejects
      .toThrow('Number of resources, 501, is greater than maximum allowed, 500');
  });

  test('that nobody has uploaded is not found', async () => {
    const input = { StackName: 'app', TemplateURL: 'https://assets.s3.amazonaws.com/other.json' };
    await expect(client.send(new CreateStackCommand(input))).rejects.toThrow('S3 error: Access Denied');
  });
});

test('requests that describe are throttled, but not those of the tests themselves', async () => {
  await client.send(new CreateStackCommand(inputOf(logGroup('/a'))));
  cloud.cloudFormation.settings.describesPerSecond = 0;

  const resource = { StackName: 'app', LogicalResourceId: 'Logs' };
  const throttled = { name: 'Throttling', message: 'Rate exceeded' };
  await expect(client.send(new DescribeStacksCommand({ StackName: 'app' }))).rejects.toMatchObject(throttled);
  await expect(client.send(new DescribeStackResourceCommand(resource))).rejects.toMatchObject(throttled);
  await expect(client.send(new DescribeStackEventsCommand({ StackName: 'app' }))).rejects.toMatchObject(throttled);
  await expect(cloud.cloudFormation.describe('app')).resolves.toBeDefined();
  await expect(client.send(new DeleteStackCommand({ StackName: 'app' }))).resolves.toBeDefined();
});

test('a resource is shown as it was some time ago, if the test says so', async () => {
  const describe = async () => {
    const input = { StackName: 'app', LogicalResourceId: 'Logs' };
    return (await client.send(new DescribeStackResourceCommand(input))).StackResourceDetail!.ResourceStatus;
  };
  await cloud.cloudFormation.deploy({ stackName: 'app', template: logGroup('/a') });
  cloud.cloudFormation.settings.staleForMs = 1_000;
  await expect(describe()).rejects.toThrow('Resource Logs does not exist for stack app');
  await cloud.clock.pass(1_000);
  expect(await describe()).toBe('CREATE_COMPLETE');
});

test('a create says in one way only what follows a failure', async () => {
  const both = { ...inputOf(logGroup('/a')), DisableRollback: true, OnFailure: 'DO_NOTHING' as const };

  await expect(client.send(new CreateStackCommand(both))).rejects
    .toThrow('either DisableRollback or OnFailure, but not both');
});

test('OnFailure=DO_NOTHING is the other way to disable the roll-back of a create', async () => {
  const template = {
    Resources: {
      Good: { Type: 'AWS::Logs::LogGroup' },
      Bad: { Type: 'AWS::Logs::LogGroup', Properties: { x: { 'Fn::GetAtt': 'Good.Colour' } } },
    },
  };

  await client.send(new CreateStackCommand({ ...inputOf(template), OnFailure: 'DO_NOTHING' }));

  while ((await cloud.cloudFormation.describe('app'))!.status === 'CREATE_IN_PROGRESS') await cloud.clock.pass(1000);
  await expect(cloud.cloudFormation.describe('app')).resolves.toMatchObject({
    status: 'CREATE_FAILED', resources: { Good: { type: 'AWS::Logs::LogGroup' } },
  });
});
