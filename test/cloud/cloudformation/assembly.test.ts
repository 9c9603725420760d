// A CDK app is deployed as it was synthesized: templates, environments and the code of functions.
import { join } from 'node:path';
import { App, CfnOutput, CfnResource, CustomResource, Duration, Stack, Stage } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';
import { LocalCloud } from '..';
import { functionAssets } from './test-function';

let cloud: LocalCloud;
let app: App;
const assets = functionAssets();

beforeEach(async () => {
  process.env.CDK_VALIDATION = 'false';
  cloud = await LocalCloud.start();
  app = new App({ analyticsReporting: true });
});

afterEach(() => cloud.stop());

class TestStack extends Stack {
  constructor(scope: Construct, id: string, env?: { account: string; region: string }) {
    super(scope, id, { env });
    const handler = new lambda.Function(this, 'Function', {
      code: lambda.Code.fromAsset(join(assets, 'code')),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_22_X,
      timeout: Duration.minutes(15), // of a cloud that runs 60 times as fast
    });
    const thing = new CustomResource(this, 'Thing', {
      serviceToken: handler.functionArn, properties: { Value: this.stackName },
    });
    new CfnOutput(this, 'Echo', { value: thing.getAttString('Echo') });
  }
}

test('an environment-agnostic stack goes where it is told, with its function and the bootstrap version', async () => {
  new TestStack(app, 'app');

  const result = await cloud.cloudFormation.deployAssembly(app.synth(), 'app', { region: 'eu-west-1' });

  expect(result).toMatchObject({ status: 'CREATE_COMPLETE', outputs: { Echo: 'app' } });
  expect(result.stackId).toContain(':eu-west-1:111111111111:');
});

test('a stack with an environment goes there, also from a directory and from within a stage', async () => {
  new TestStack(new Stage(app, 'Prod'), 'app', { account: '222222222222', region: 'eu-central-1' });
  const { directory } = app.synth();

  const result = await cloud.cloudFormation.deployAssembly(directory, 'Prod-app');
  const again = await cloud.cloudFormation.deployAssembly(directory, 'Prod-app');

  expect(result.stackId).toContain(':eu-central-1:222222222222:');
  expect(again.changed).toBe(false);
});

test('an identity of CDK with its records is in SES and in DNS', async () => {
  const stack = new Stack(app, 'app');
  const zone = new route53.PublicHostedZone(stack, 'Zone', { zoneName: 'example.com' });
  new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.publicHostedZone(zone) });

  const result = await cloud.cloudFormation.deployAssembly(app.synth(), 'app');

  expect(result.status).toBe('CREATE_COMPLETE');
  const [token] = cloud.ses.identity({ account: '111111111111', region: 'us-east-1', name: 'example.com' })!.tokens;
  await expect(cloud.dns.client().resolveCname(`${token}._domainkey.example.com`))
    .resolves.toEqual([`${token}.dkim.amazonses.com`]);
});

test('a stack that is not in the assembly and a type that is not known here are refused by name', async () => {
  new CfnResource(new Stack(app, 'app'), 'Queue', { type: 'AWS::SQS::Queue' });
  const assembly = app.synth();

  await expect(cloud.cloudFormation.deployAssembly(assembly, 'other'))
    .rejects.toThrow(/No stack 'other' in .*; there are: app/);
  await expect(cloud.cloudFormation.deployAssembly(assembly, 'app'))
    .rejects.toThrow('Unrecognized resource type: AWS::SQS::Queue');
});
