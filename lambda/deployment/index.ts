// Builds the clients from the function's environment and wires them to the handler.
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { Route53Client } from '@aws-sdk/client-route-53';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { STSClient } from '@aws-sdk/client-sts';
import { onEvent } from './on-event';
import { HandlerEvent, Invocation, Outside } from './outside';
import { ZoneProperties } from '../base/desired';
import { cloudFormationOf } from '../services/cloudformation';
import { invokeAsynchronously } from '../services/lambda';
import { publicDns } from '../services/public-dns';
import { hostedZone } from '../services/route53';
import { secretsFrom } from '../services/secrets-manager';
import { sesOf } from '../services/ses';
import { assumeRole } from '../services/sts';

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
  cloudFormation: (patience) => cloudFormationOf(new CloudFormationClient({ ...COMMON, region: REGION }), patience),
  sendOn: (event, patience) =>
    invokeAsynchronously(new LambdaClient({ ...COMMON, region: REGION }), process.env.AWS_LAMBDA_FUNCTION_NAME!, event, patience),
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
  const assume = (arn: string) => assumeRole(new STSClient({ ...COMMON, region: REGION }), arn);
  const connect = async () => new Route53Client({ ...COMMON, region: REGION, ...(roleArn ? { credentials: await assume(roleArn) } : {}) });
  return () => client ??= connect().catch((error) => {
    client = undefined; // a repeat may be let in
    throw error;
  });
}

export async function handler(event: HandlerEvent, invocation: Invocation): Promise<void> {
  await onEvent(event, invocation, outside);
}

