// The pipeline: it deploys signed mail to the primary Region, and then to the Region of the replica.
import { Stack, StackProps } from 'aws-cdk-lib';
import * as codepipeline from 'aws-cdk-lib/aws-codepipeline';
import { CodePipeline, CodePipelineSource, ShellStep } from 'aws-cdk-lib/pipelines';
import { Construct } from 'constructs';
import { PrimaryStage, ReplicaStage } from './mail-stages';
import { CONNECTION_ARN, MAIL_ACCOUNT, PRIMARY_REGION, REPLICA_REGION, REPOSITORY } from './settings';

interface PipelineStackProps extends StackProps {
  readonly hostedZoneId: string;
}

export class PipelineStack extends Stack {
  constructor(scope: Construct, id: string, { hostedZoneId, ...props }: PipelineStackProps) {
    super(scope, id, props);

    const pipeline = new CodePipeline(this, 'Pipeline', {
      pipelineType: codepipeline.PipelineType.V2,
      synth: new ShellStep('Synth', {
        input: CodePipelineSource.connection(REPOSITORY.name, REPOSITORY.branch, { connectionArn: CONNECTION_ARN }),
        commands: ['npm ci', 'npx cdk synth'],
      }),
    });
    // One after the other, because the replica needs a parent that SES has verified.
    pipeline.addStage(
      new PrimaryStage(this, 'Primary', { env: { account: MAIL_ACCOUNT, region: PRIMARY_REGION }, hostedZoneId }),
    );
    pipeline.addStage(new ReplicaStage(this, 'Replica', { env: { account: MAIL_ACCOUNT, region: REPLICA_REGION } }));
  }
}
