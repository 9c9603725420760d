// Looks whether an identity signs as desired, with its records there. Changes nothing.
import { easyDkimResult } from './easy-dkim';
import { ownKeyResult, readKey } from './own-key';
import { signsAs } from './ses-rules';
import { attributesOf, SigningResult } from './task';
import { ResourceAttributes } from '../../src/private/contract';
import { DesiredState } from '../base/desired-state';
import { IdentityState, Services } from '../base/ports';
import { DkimRecord, domainKeyName, saysTheSame } from '../records/dkim-record';

/** The attributes, if signing and records are in place. */
export async function attributesIfInPlace(
  desired: DesiredState, services: Services,
): Promise<ResourceAttributes | undefined> {
  const identity = await services.ses.read();
  if (!identity || !signsAs(desired.signing, identity)) return undefined;
  const result = await resultOf(desired, identity, services);
  return await arePublished(result.records, desired, services) ? attributesOf(result) : undefined;
}

async function resultOf(desired: DesiredState, identity: IdentityState, services: Services): Promise<SigningResult> {
  const { domain, signing } = desired;
  switch (signing.method) {
    case 'EASY_DKIM': return easyDkimResult(desired, identity);
    case 'DEED': return { records: [], status: identity.status, attributes: {} };
    case 'BYODKIM': {
      const key = await readKey(domain, signing, services, true);
      return { ...ownKeyResult(domain, signing, key), status: identity.status };
    }
  }
}

/** What is at another DNS provider is not ours to look after. */
async function arePublished(
  records: readonly DkimRecord[], { domain, zone }: DesiredState, services: Services,
): Promise<boolean> {
  if (!zone || records.length === 0) return true;
  const found = await services.hostedZone(zone).list(domainKeyName(domain));
  return records.every((wanted) =>
    found.some(({ name, type, values }) => name === wanted.name && saysTheSame(wanted, type, values)));
}
