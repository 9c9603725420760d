// The entry of the function that CloudFormation calls: makes the clients, and wires them to the handler.
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { HandlerEvent } from './event';
import { Invocation, onEvent } from './on-event';
import { Environment } from './request';
import { WAITING_ENVIRONMENT } from '../../src/private/contract';
import { allServices, HERE } from '../services/all-services';
import { cloudFormationOf } from '../services/cloudformation';
import { invokeAsynchronously } from '../services/lambda';
import { namingHost } from '../services/named-host';
import { putAnswer } from '../services/put-answer';
import { schedulerOf } from '../services/scheduler';
import { surroundings } from '../services/surroundings';

const { AWS_LAMBDA_FUNCTION_NAME: FUNCTION_NAME = '' } = process.env; // Lambda sets it

const environmentOf = ({ invokedFunctionArn: functionArn }: Invocation): Environment => ({
  ...surroundings,
  services: allServices,
  cloudFormation: cloudFormationOf(namingHost(new CloudFormationClient(HERE))),
  putAnswer,
  startInvocation: (event, retry) =>
    invokeAsynchronously(namingHost(new LambdaClient(HERE)), FUNCTION_NAME, event, retry),
  scheduler: (retry) => schedulerOf(namingHost(new SchedulerClient(HERE)), {
    group: process.env[WAITING_ENVIRONMENT.group] ?? '',
    roleArn: process.env[WAITING_ENVIRONMENT.roleArn] ?? '',
    functionArn,
  }, retry),
  waitingIdentities: Number(process.env[WAITING_ENVIRONMENT.identities] ?? 0),
});

export async function handler(event: HandlerEvent, invocation: Invocation): Promise<void> {
  await onEvent(event, invocation, environmentOf(invocation));
}
