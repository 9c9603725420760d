// The services that a request works with, over clients that outlive an invocation, with their connections.
import { Route53Client } from '@aws-sdk/client-route-53';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { STSClient } from '@aws-sdk/client-sts';
import { clientSettings, perRegion } from './clients';
import { keyStoreIn } from './key-store';
import { namingHost } from './named-host';
import { publicDns } from './public-dns';
import { hostedZone, KnownZones } from './route53';
import { secretsFrom } from './secrets-manager';
import { sesOf } from './ses';
import { assumeRole } from './sts';
import { surroundings } from './surroundings';
import { ZoneSettings } from '../base/desired-state';
import { ServicesFor } from '../base/ports';

export const HERE = { ...clientSettings, region: surroundings.region };

export const sesIn = perRegion((region) => namingHost(new SESv2Client({ ...clientSettings, region })));
export const secretsIn = perRegion((region) => namingHost(new SecretsManagerClient({ ...clientSettings, region })));
const knownZones: KnownZones = new Map();

export const allServices: ServicesFor = (wanted, common, stackId) => {
  const { retry, redactor } = common;
  return {
    ...common,
    ses: sesOf(wanted, stackId, sesIn, retry),
    dns: publicDns,
    secrets: secretsFrom(secretsIn, retry, redactor),
    keyStore: (secretArn) => keyStoreIn(secretArn, secretsIn, retry, redactor),
    hostedZone: (settings) => hostedZone(settings, route53For(settings), retry, knownZones),
  };
};

/** Gives a client for the zone's account. The role is assumed once an invocation: its credentials outlive that. */
function route53For({ roleArn, externalId }: ZoneSettings): () => Promise<Route53Client> {
  let client: Promise<Route53Client> | undefined;
  const sts = () => namingHost(new STSClient(HERE));
  const connect = async () => namingHost(new Route53Client({
    ...HERE, ...(roleArn ? { credentials: await assumeRole(sts(), roleArn, externalId) } : {}),
  }));
  return () => client ??= connect().catch((error: unknown) => {
    client = undefined; // a retry may succeed
    throw error;
  });
}
