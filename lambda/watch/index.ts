// The entry of the function that a rule of EventBridge calls: makes the clients, and wires them to the look.
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { Environment, Invocation, onSchedule } from './on-schedule';
import { WatchRequest } from '../../src/private/contract';
import { Redactor } from '../base/redaction';
import { clientSettings, perRegion } from '../services/clients';
import { keyStoreIn } from '../services/key-store';
import { namingHost } from '../services/named-host';
import { publicDns } from '../services/public-dns';
import { identityReader } from '../services/ses';
import { surroundings } from '../services/surroundings';

const sesIn = perRegion((region) => namingHost(new SESv2Client({ ...clientSettings, region })));

const secretsIn = perRegion((region) => namingHost(new SecretsManagerClient({ ...clientSettings, region })));

const environment: Environment = {
  ...surroundings,
  dns: publicDns,
  readerOf: (domain, retry) => identityReader(domain, sesIn, retry),
  secretOf: (arn, retry) => keyStoreIn(arn, secretsIn, retry, new Redactor()).describe(),
};

export async function handler(request: WatchRequest, invocation: Invocation): Promise<void> {
  await onSchedule(request, invocation, environment);
}
