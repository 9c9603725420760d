// The entry of the function that a rule of EventBridge calls: wires the clients to the look.
import { Environment, Invocation, onSchedule } from './on-schedule';
import { WatchRequest } from '../../src/private/contract';
import { Redactor } from '../base/redaction';
import { secretsIn, sesIn } from '../services/all-services';
import { keyStoreIn } from '../services/key-store';
import { publicDns } from '../services/public-dns';
import { identityReader } from '../services/ses';
import { surroundings } from '../services/surroundings';

const environment: Environment = {
  ...surroundings,
  dns: publicDns,
  readerOf: (domain, retry) => identityReader(domain, sesIn, retry),
  secretOf: (arn, retry) => keyStoreIn(arn, secretsIn, retry, new Redactor()).describe(),
};

export async function handler(request: WatchRequest, invocation: Invocation): Promise<void> {
  await onSchedule(request, invocation, environment);
}
