// The entry of the function that CloudFormation calls: makes the clients, and wires them to the handler.
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { Route53Client } from '@aws-sdk/client-route-53';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { STSClient } from '@aws-sdk/client-sts';
import { HandlerEvent } from './event';
import { Invocation, onEvent } from './on-event';
import { Environment } from './request';
import { WAITING_ENVIRONMENT } from '../../src/private/contract';
import { ZoneSettings } from '../base/desired-state';
import { cloudFormationOf } from '../services/cloudformation';
import { invokeAsynchronously } from '../services/lambda';
import { namingHost } from '../services/named-host';
import { publicDns } from '../services/public-dns';
import { hostedZone, KnownZones } from '../services/route53';
import { schedulerOf } from '../services/scheduler';
import { secretsFrom } from '../services/secrets-manager';
import { sesOf } from '../services/ses';
import { assumeRole } from '../services/sts';

const { AWS_REGION: REGION = '', AWS_LAMBDA_FUNCTION_NAME: FUNCTION_NAME = '' } = process.env; // Lambda sets them

/** The SDK tries once: `Retry` retries, with the time that is left in view. A call that hangs is cut off. */
const COMMON = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
};
const HERE = { ...COMMON, region: REGION };

const sesIn = perRegion((region) => namingHost(new SESv2Client({ ...COMMON, region })));
const secretsIn = perRegion((region) => namingHost(new SecretsManagerClient({ ...COMMON, region })));

const knownZones: KnownZones = new Map();

const environmentOf = ({ invokedFunctionArn: functionArn }: Invocation): Environment => ({
  region: REGION,
  time: { now: () => Date.now(), sleep: (ms, signal) => sleep(ms, undefined, { signal }) },
  write: (line) => void process.stdout.write(line),
  services: (desired, common, stackId) => ({
    ...common,
    ses: sesOf(desired, stackId, sesIn, common.retry),
    dns: publicDns,
    secrets: secretsFrom(secretsIn, common.retry, common.redactor),
    hostedZone: (settings) => hostedZone(settings, route53For(settings), common.retry, knownZones),
  }),
  cloudFormation: cloudFormationOf(namingHost(new CloudFormationClient(HERE))),
  startInvocation: (event, retry) =>
    invokeAsynchronously(namingHost(new LambdaClient(HERE)), FUNCTION_NAME, event, retry),
  scheduler: (retry) => schedulerOf(namingHost(new SchedulerClient(HERE)), {
    group: process.env[WAITING_ENVIRONMENT.group] ?? '',
    roleArn: process.env[WAITING_ENVIRONMENT.roleArn] ?? '',
    functionArn,
  }, retry),
  waitingIdentities: Number(process.env[WAITING_ENVIRONMENT.identities] ?? 0),
});

/** Clients outlive an invocation, with their connections. */
function perRegion<T>(make: (region: string) => T): (region: string) => T {
  const made = new Map<string, T>();
  return (region) => {
    const client = made.get(region) ?? make(region);
    made.set(region, client);
    return client;
  };
}

/** Gives a client for the zone's account. The role is assumed once an invocation: its credentials outlive that. */
function route53For({ roleArn }: ZoneSettings): () => Promise<Route53Client> {
  let client: Promise<Route53Client> | undefined;
  const connect = async () => namingHost(new Route53Client({
    ...HERE, ...(roleArn ? { credentials: await assumeRole(namingHost(new STSClient(HERE)), roleArn) } : {}),
  }));
  return () => client ??= connect().catch((error: unknown) => {
    client = undefined; // a retry may succeed
    throw error;
  });
}

export async function handler(event: HandlerEvent, invocation: Invocation): Promise<void> {
  await onEvent(event, invocation, environmentOf(invocation));
}
