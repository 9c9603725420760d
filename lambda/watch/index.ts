// The entry of the function that a rule of EventBridge calls: makes the clients, and wires them to the look.
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { Environment, Invocation, onSchedule } from './on-schedule';
import { WatchRequest } from '../../src/private/contract';
import { clientSettings, perRegion } from '../services/clients';
import { namingHost } from '../services/named-host';
import { publicDns } from '../services/public-dns';
import { identityReader } from '../services/ses';
import { surroundings } from '../services/surroundings';

const sesIn = perRegion((region) => namingHost(new SESv2Client({ ...clientSettings, region })));

const environment: Environment = {
  ...surroundings,
  dns: publicDns,
  readerOf: (domain, retry) => identityReader(domain, sesIn, retry),
};

export async function handler(request: WatchRequest, invocation: Invocation): Promise<void> {
  await onSchedule(request, invocation, environment);
}
