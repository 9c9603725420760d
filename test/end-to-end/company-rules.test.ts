// The settings of the function deploy: a role, log settings, a VPC and reserved concurrency, and mail is signed.
import { Aspects, PropertyInjectors, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { ACCOUNT, Scene } from './scene';
import { DkimFunction, DkimFunctionOptions, DkimSigning } from '../../src';

const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/company/dkim`;
const TRUST = { Effect: 'Allow' as const, Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } };

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
  scene.cloud.lambda.settings.concurrency = 1000;
  scene.cloud.iam.putRole({ arn: ROLE_ARN, assumeRolePolicy: { Statement: [TRUST] } });
});
afterEach(() => scene.stop());

function vpc(stack: Stack): ec2.IVpc {
  return ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-1', availabilityZones: ['us-east-1a'], privateSubnetIds: ['subnet-1'], privateSubnetRouteTableIds: ['rtb-1'],
  });
}

function every(stack: Stack): DkimFunctionOptions {
  return {
    role: iam.Role.fromRoleArn(stack, 'Role', ROLE_ARN),
    logRetention: logs.RetentionDays.ONE_YEAR,
    logEncryptionKey: new kms.Key(stack, 'Key'),
    vpc: vpc(stack),
    reservedConcurrentExecutions: 2,
  };
}

/** BYODKIM with the settings, given after the construct. */
function byo(selector: string, secret: string, settings?: (stack: Stack) => DkimFunctionOptions) {
  return (stack: Stack) => {
    scene.byo(selector, secret)(stack);
    if (settings) DkimFunction.configure(stack, settings(stack));
  };
}

/** Whether the role may write to the log group of the stack. */
function mayLog(resources: Awaited<ReturnType<Scene['deployed']>>['resources'], roleArn: string): boolean {
  const [{ attributes }] = Object.values(resources).filter(({ type }) => type === 'AWS::Logs::LogGroup');
  const stream = `${String(attributes.Arn).replace(/\*$/, 'log-stream:')}one`;
  try {
    scene.cloud.iam.authorize({ account: ACCOUNT, roleArn }, 'logs:PutLogEvents', stream);
    return true;
  } catch {
    return false;
  }
}

test('with all settings a domain is signed, gets another key, and everything goes in the end', async () => {
  const { resources } = await scene.deployed('Mail', byo('s1', scene.secrets.one, every));
  await scene.verified();
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  expect(mayLog(resources, ROLE_ARN)).toBe(true);

  await scene.deployed('Mail', byo('s2', scene.secrets.two, every));
  await scene.verified();
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });

  expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  expect(scene.all()).toEqual([]);
  expect(mayLog(resources, ROLE_ARN)).toBe(false);
});

test('the settings come to a function that is there, and go again', async () => {
  const without = await scene.deployed('Mail', byo('s1', scene.secrets.one));
  const withAll = await scene.deployed('Mail', byo('s2', scene.secrets.two, every));
  const again = await scene.deployed('Mail', byo('s3', scene.secrets.one));
  await scene.verified();

  const functions = [without, withAll, again].map(({ resources }) =>
    Object.values(resources).find(({ type }) => type === 'AWS::Lambda::Function')!.physicalId);
  expect(new Set(functions).size).toBe(1);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's3' });
  expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
});

test('a role that must not be changed works if it has the permissions', async () => {
  scene.cloud.iam.putRolePolicy(ROLE_ARN, 'all that it needs', { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } });
  const { resources } = await scene.deployed('Mail', byo('s1', scene.secrets.one, (stack) => ({
    role: iam.Role.fromRoleArn(stack, 'Role', ROLE_ARN, { mutable: false }), vpc: vpc(stack),
  })));

  expect(Object.values(resources).filter(({ type }) => type.startsWith('AWS::IAM::'))).toEqual([]);
  expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
});

test('G5 a property injector that gives a role and a VPC: the function has the rights that it needs', async () => {
  await scene.deployed('Mail', (stack) => {
    const role = iam.Role.fromRoleArn(stack, 'Role', ROLE_ARN);
    PropertyInjectors.of(stack).add({
      constructUniqueId: lambda.Function.PROPERTY_INJECTION_ID,
      inject: (props) => ({ ...props, role, vpc: vpc(stack) }),
    });
    byo('s1', scene.secrets.one)(stack);
  });
  await scene.verified();

  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
});

test('an Aspect gives all secrets a key whose policy does not let the function use it: the deployment fails, and says so', async () => {
  const { status, reason } = await scene.deploy('mail', stack => {
    scene.dkim(() => DkimSigning.rotatingByoDkim({ keyLength: 1024 }))(stack);
    Aspects.of(stack).add({
      visit: node => {
        if (node instanceof secretsmanager.CfnSecret) node.kmsKeyId = `arn:aws:kms:us-east-1:${ACCOUNT}:key/company`;
      },
    });
  });

  expect(status).toBe('ROLLBACK_COMPLETE');
  expect(reason).toContain('Access to KMS is not allowed. If the secret has a customer managed key');
  expect(scene.all()).toEqual([]);
});
