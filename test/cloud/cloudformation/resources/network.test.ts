// Functions in a VPC, reserved concurrency, and log groups with a key: what AWS asks for before it makes them.
import { LocalCloud } from '../..';
import { StackResult, TemplateResource } from '../stack';
import { FUNCTION_RESOURCES, functionAssets } from '../test-function';

const ACCOUNT = '111111111111';
const REGION = 'us-east-1';
const EC2 = {
  DescribeNetworkInterfaces: '*',
  DescribeSubnets: '*',
  CreateNetworkInterface: `arn:aws:ec2:${REGION}:${ACCOUNT}:*/*`,
  DeleteNetworkInterface: `arn:aws:ec2:${REGION}:${ACCOUNT}:*/*`,
  AssignPrivateIpAddresses: `arn:aws:ec2:${REGION}:${ACCOUNT}:*/*`,
  UnassignPrivateIpAddresses: `arn:aws:ec2:${REGION}:${ACCOUNT}:*/*`,
};

let cloud: LocalCloud;
const assetDirectory = functionAssets();

beforeEach(async () => {
  cloud = await LocalCloud.start();
});
afterEach(() => cloud.stop());

function deploy(Resources: Record<string, TemplateResource>): Promise<StackResult> {
  return cloud.cloudFormation.deploy({ stackName: 'app', template: { Resources }, assetDirectory });
}

function functionWith(properties: object, DependsOn?: string[]): Record<string, TemplateResource> {
  const { Role, Function } = FUNCTION_RESOURCES;
  return { Role, Function: { ...Function, DependsOn, Properties: { ...Function.Properties, ...properties } } };
}

describe('a function in a VPC', () => {
  const group: TemplateResource = {
    Type: 'AWS::EC2::SecurityGroup', Properties: { GroupDescription: 'mine', VpcId: 'vpc-1' },
  };
  const inVpc = { VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: [{ 'Fn::GetAtt': ['Group', 'GroupId'] }] } };
  const rights = (without?: string): TemplateResource => ({
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: {
      Roles: [{ Ref: 'Role' }],
      PolicyDocument: {
        Statement: Object.entries(EC2).filter(([action]) => action !== without).map(([action, Resource]) => ({
          Effect: 'Allow', Action: `ec2:${action}`, Resource, Condition: { Null: { 'lambda:SourceFunctionArn': 'true' } },
        })),
      },
    },
  });

  test.each(Object.keys(EC2))('is refused if its role has not the right to %s', async (action) => {
    await expect(deploy({ ...functionWith(inVpc, ['Rights']), Group: group, Rights: rights(action) })).resolves
      .toMatchObject({
        status: 'ROLLBACK_COMPLETE',
        reason: `The provided execution role does not have permissions to call ${action} on EC2`,
      });
  });

  test('leaves its network interface if its role has lost the right to delete it', async () => {
    const policyAfter = { ...rights(), DependsOn: ['Function'] };
    const created = await deploy({ ...functionWith(inVpc, ['Rights']), Group: group, Rights: rights() });
    await deploy({ ...functionWith(inVpc), Group: group, Rights: policyAfter });
    const left = await cloud.cloudFormation.delete('app');

    expect(created.status).toBe('CREATE_COMPLETE');
    expect(left).toMatchObject({ status: 'DELETE_FAILED', reason: expect.stringContaining('has a dependent object') });
  });

  test('goes with its network interface, or leaves the VPC', async () => {
    const resources = { ...functionWith(inVpc, ['Rights']), Group: group, Rights: rights() };
    await deploy(resources);
    const left = await deploy({ ...functionWith({}, ['Rights']), Rights: rights() });
    await deploy(resources);
    const deleted = await cloud.cloudFormation.delete('app');

    expect([left.status, deleted.status]).toEqual(['UPDATE_COMPLETE', 'DELETE_COMPLETE']);
  });

  test('has code that may not do what Lambda may do for it', async () => {
    const { resources } = await deploy({ ...functionWith(inVpc, ['Rights']), Group: group, Rights: rights() });
    const roleArn = String(resources.Role.attributes.Arn);
    const code = { account: ACCOUNT, roleArn, functionArn: String(resources.Function.attributes.Arn) };

    expect(() => cloud.iam.authorize({ account: ACCOUNT, roleArn }, 'ec2:DescribeSubnets', '*')).not.toThrow();
    expect(() => cloud.iam.authorize(code, 'ec2:DescribeSubnets', '*')).toThrow('not authorized');
  });
});

describe('reserved concurrency', () => {
  const reserved = (ReservedConcurrentExecutions: number) => functionWith({ ReservedConcurrentExecutions });

  test.each([[10, 1, 10], [1000, 901, 100]])('of an account with %i, %i is too much', async (all, wanted, least) => {
    cloud.lambda.settings.concurrency = all;
    await expect(deploy(reserved(wanted))).resolves.toMatchObject({
      status: 'ROLLBACK_COMPLETE', reason: expect.stringContaining(`below its minimum value of [${least}]`),
    });
  });

  test('is for that function alone, and is not there for others', async () => {
    cloud.lambda.settings.concurrency = 102;
    const { resources } = await deploy(reserved(2));
    const arn = String(resources.Function.attributes.Arn);
    // Each holds its place as long as the test does not let time move.
    for (let count = 0; count < 3; count++) cloud.lambda.invokeAsync(arn, '{"ResourceProperties":{}}');
    cloud.lambda.settings.backOff = { first: 60_000, longest: 60_000 };
    await cloud.clock.pass(51);

    expect(cloud.lambda.invocations).toHaveLength(2);
  });
});

describe('a log group with a key', () => {
  const statement = (Service: string, logGroups = '*') => ({
    Effect: 'Allow',
    Principal: { Service },
    Action: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
    Resource: '*',
    Condition: {
      ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${logGroups}` },
    },
  });
  const withKey = (Statement: object) => deploy({
    Key: { Type: 'AWS::KMS::Key', Properties: { KeyPolicy: { Statement: [Statement] } } },
    Log: { Type: 'AWS::Logs::LogGroup', Properties: { KmsKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } } },
  });

  test('is made if the key lets CloudWatch Logs of the Region use it', async () => {
    await expect(withKey(statement(`logs.${REGION}.amazonaws.com`))).resolves.toMatchObject({ status: 'CREATE_COMPLETE' });
  });

  test.each([
    ['nobody', {}], ['another Region', statement('logs.eu-west-1.amazonaws.com')],
    ['other log groups', statement(`logs.${REGION}.amazonaws.com`, 'other')],
  ])('is refused if the key is for %s', async (_who, policy) => {
    await expect(withKey(policy)).resolves.toMatchObject({
      status: 'ROLLBACK_COMPLETE', reason: expect.stringContaining('is not allowed to be used with Arn'),
    });
  });
});
