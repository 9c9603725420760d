// Builds the clients from the function's environment and wires them to the handler.
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient, DescribeStackResourceCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { Route53Client } from '@aws-sdk/client-route-53';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { onEvent } from './on-event';
import { HandlerEvent, Invocation, Outside } from './outside';
import { ZoneProperties } from './properties';
import { publicDns } from './public-dns';
import { secretsFrom } from './secret';
import { sesOf } from './ses';
import { hostedZone } from './zone';

const REGION = process.env.AWS_REGION!;

/** One try: `Patience` repeats, with the time that is left in view. A call that hangs is cut off, so that a repeat is possible. */
const COMMON = { maxAttempts: 1, requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true } };

const sesIn = perRegion((region) => new SESv2Client({ ...COMMON, region }));
const secretsIn = perRegion((region) => new SecretsManagerClient({ ...COMMON, region }));

const outside: Outside = {
  region: REGION,
  time: { now: () => Date.now(), sleep: (ms, signal) => sleep(ms, undefined, { signal }) },
  write: (line) => void process.stdout.write(line),
  world: (desired, patience, log) => ({
    ses: sesOf(desired.identity, desired.region, sesIn, patience),
    dns: publicDns,
    secrets: secretsFrom(secretsIn, patience),
    zone: (zone) => hostedZone(zone, connector(zone), patience),
    patience,
    log,
  }),
  async stackStatus(StackName, patience) {
    const client = new CloudFormationClient({ ...COMMON, region: REGION });
    const { Stacks } = await patience.insist('DescribeStacks', () => client.send(new DescribeStacksCommand({ StackName })));
    return Stacks?.[0]?.StackStatus;
  },
  async resourceNow({ StackId: StackName, LogicalResourceId }, patience) {
    const client = new CloudFormationClient({ ...COMMON, region: REGION });
    const command = new DescribeStackResourceCommand({ StackName, LogicalResourceId });
    const { StackResourceDetail: now } = await patience.insist('DescribeStackResource', () => client.send(command));
    return { physicalId: now?.PhysicalResourceId, status: now?.ResourceStatus };
  },
  async sendOn(event, patience) {
    const client = new LambdaClient({ ...COMMON, region: REGION });
    const command = new InvokeCommand({
      FunctionName: process.env.AWS_LAMBDA_FUNCTION_NAME, InvocationType: 'Event', Payload: Buffer.from(JSON.stringify(event)),
    });
    await patience.insist('Invoke', () => client.send(command));
  },
};

/** Clients outlive an invocation, with their connections. */
function perRegion<T>(make: (region: string) => T): (region: string) => T {
  const made = new Map<string, T>();
  return (region) => {
    const client = made.get(region) ?? make(region);
    made.set(region, client);
    return client;
  };
}

/** A client for the zone's account. The role is assumed once an invocation, whoever is the first to need it: its credentials outlive it. */
function connector({ roleArn }: ZoneProperties): () => Promise<Route53Client> {
  let client: Promise<Route53Client> | undefined;
  const connect = async () => new Route53Client({ ...COMMON, region: REGION, ...(roleArn ? { credentials: await assume(roleArn) } : {}) });
  return () => client ??= connect().catch((error) => {
    client = undefined; // a repeat may be let in
    throw error;
  });
}

async function assume(roleArn: string) {
  const client = new STSClient({ ...COMMON, region: REGION });
  const { Credentials: given } = await client.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'cdk-ses-dkim' }));
  return { accessKeyId: given!.AccessKeyId!, secretAccessKey: given!.SecretAccessKey!, sessionToken: given!.SessionToken! };
}

export async function handler(event: HandlerEvent, invocation: Invocation): Promise<void> {
  await onEvent(event, invocation, outside);
}

