// Checks the synthesized example with CDK Pipelines: what it deploys, where and in which order.
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { addStacks } from '../examples/pipeline/app';
import { DNS_ACCOUNT, DNS_ROLE_ARN, MAIL_ACCOUNT, PRIMARY_REGION, REPLICA_REGION } from '../examples/pipeline/settings';

interface PipelineAction {
  readonly ActionTypeId: { readonly Provider: string };
  readonly Configuration: { readonly StackName?: string; readonly ActionMode?: string };
  readonly Region?: string;
}

let assembly: CloudAssembly;

beforeAll(() => {
  const app = new App();
  addStacks(app, 'Z0EXAMPLE');
  assembly = app.synth();
});

function templateOf(stackName: string): Template {
  return Template.fromJSON(assembly.stacksRecursively.find((stack) => stack.stackName === stackName)!.template);
}

function pipelineStages(): { Name: string; Actions: PipelineAction[] }[] {
  return Object.values(templateOf('MailPipeline').findResources('AWS::CodePipeline::Pipeline'))[0].Properties.Stages;
}

test('the domain is deployed in its primary Region before its replica', () => {
  const stages = pipelineStages();
  expect(stages.map(({ Name }) => Name)).toEqual(['Source', 'Build', 'UpdatePipeline', 'Assets', 'Primary', 'Replica']);
  const deployed = stages
    .flatMap(({ Actions }) => Actions)
    .filter(
      ({ ActionTypeId, Configuration }) =>
        ActionTypeId.Provider === 'CloudFormation' && Configuration.ActionMode === 'CHANGE_SET_EXECUTE',
    )
    .map(({ Configuration, Region = PRIMARY_REGION }) => [Configuration.StackName, Region]);
  expect(deployed).toEqual([['Primary-Mail', PRIMARY_REGION], ['Replica-Mail', REPLICA_REGION]]);
});

test('the pipeline and both stages are in the mail account, the role is in the DNS account', () => {
  const environments = assembly.stacksRecursively.map(({ stackName, environment }) => [
    stackName,
    environment.account,
    environment.region,
  ]);
  expect(environments).toEqual(expect.arrayContaining([
    ['MailDnsRole', DNS_ACCOUNT, PRIMARY_REGION],
    ['MailPipeline', MAIL_ACCOUNT, PRIMARY_REGION],
    ['Primary-Mail', MAIL_ACCOUNT, PRIMARY_REGION],
    ['Replica-Mail', MAIL_ACCOUNT, REPLICA_REGION],
  ]));
});

test('only the primary stage changes DNS, and only with the role of the DNS account', () => {
  templateOf('Primary-Mail').hasResourceProperties('Custom::EmailIdentityDkim', {
    Signing: { Method: 'EASY_DKIM' },
    HostedZoneRoleArn: DNS_ROLE_ARN,
  });
  templateOf('Primary-Mail').hasResourceProperties('AWS::IAM::ManagedPolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: DNS_ROLE_ARN }]),
    },
  });
  templateOf('Replica-Mail').hasResourceProperties('Custom::EmailIdentityDkim', {
    Signing: { Method: 'DEED', ParentRegion: PRIMARY_REGION },
  });
  for (const stackName of ['Primary-Mail', 'Replica-Mail']) {
    expect(JSON.stringify(templateOf(stackName).toJSON())).not.toContain('route53:');
  }
});
