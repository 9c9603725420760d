// The entry of the function that a rule of EventBridge calls: makes the clients, and wires them to the look.
import { setTimeout as sleep } from 'node:timers/promises';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { Environment, Invocation, onSchedule } from './on-schedule';
import { WatchRequest } from '../../src/private/contract';
import { clientSettings, perRegion } from '../services/clients';
import { namingHost } from '../services/named-host';
import { publicDns } from '../services/public-dns';
import { identityReader } from '../services/ses';

const sesIn = perRegion((region) => namingHost(new SESv2Client({ ...clientSettings, region })));

const environment: Environment = {
  region: process.env.AWS_REGION ?? '', // Lambda sets it
  time: { now: () => Date.now(), sleep: (ms, signal) => sleep(ms, undefined, { signal }) },
  write: (line) => void process.stdout.write(line),
  dns: publicDns,
  readerOf: (domain, retry) => identityReader(domain, sesIn, retry),
};

export async function handler(request: WatchRequest, invocation: Invocation): Promise<void> {
  await onSchedule(request, invocation, environment);
}
