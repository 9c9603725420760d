// The services that a request works with, over clients that outlive an invocation, with their connections.
import { Route53Client } from '@aws-sdk/client-route-53';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { STSClient } from '@aws-sdk/client-sts';
import { keyStoreIn } from './key-store';
import { namingHost } from './named-host';
import { publicDns } from './public-dns';
import { hostedZone, KnownZones } from './route53';
import { secretsFrom } from './secrets-manager';
import { sesOf } from './ses';
import { assumeRole } from './sts';
import { WantedState, ZoneSettings } from '../base/desired-state';
import { Services } from '../base/ports';

export const { AWS_REGION: REGION = '' } = process.env; // Lambda sets it

/** The SDK tries once: `Retry` retries, with the time that is left in view. A call that hangs is cut off. */
const COMMON = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
};
export const HERE = { ...COMMON, region: REGION };

const sesIn = perRegion((region) => namingHost(new SESv2Client({ ...COMMON, region })));
const secretsIn = perRegion((region) => namingHost(new SecretsManagerClient({ ...COMMON, region })));
const knownZones: KnownZones = new Map();

export function allServices(
  wanted: Pick<WantedState, 'domain' | 'region'>, common: Pick<Services, 'retry' | 'log' | 'redactor'>, stackId: string,
): Services {
  const { retry, redactor } = common;
  return {
    ...common,
    ses: sesOf(wanted, stackId, sesIn, retry),
    dns: publicDns,
    secrets: secretsFrom(secretsIn, retry, redactor),
    keyStore: (secretArn) => keyStoreIn(secretArn, secretsIn, retry, redactor),
    hostedZone: (settings) => hostedZone(settings, route53For(settings), retry, knownZones),
  };
}

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
