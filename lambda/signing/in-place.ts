// Looks whether an identity signs as desired, with its records there. Changes nothing.
import { easyDkimResult } from './easy-dkim';
import { ownKeyResult, readKey } from './own-key';
import { signsAs } from './ses-rules';
import { attributesOf, SigningResult } from './task';
import { ResourceAttributes } from '../../src/private/contract';
import { DesiredState } from '../base/desired-state';
import { IdentityState, Services } from '../base/ports';
import { DkimRecord, domainKeyName, holdsTheKey, recordsAt, serves } from '../records/dkim-record';
import { followed } from '../records/led-to';

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
  const [{ name }] = records;
  const found = await followed(services.hostedZone(zone), name, services.dns).list(domainKeyName(domain));
  return records.every((wanted) =>
    recordsAt(wanted.name, found).some((record) => serves(wanted, record) || holdsTheKey(wanted, record)));
}
