// Looks whether an identity signs as desired, with its records there. Changes nothing.
import { easyDkimResult } from './easy-dkim';
import { holdsKey, ownKeyResult, readKey } from './own-key';
import { signsAs, signsNow } from './ses-rules';
import { acceptedKeyOf, attributesOf, SigningResult } from './task';
import { ResourceAttributes } from '../../src/private/contract';
import { DesiredState } from '../base/desired-state';
import { IdentityState, Services } from '../base/ports';
import { DkimRecord, domainKeyName, holdsTheKey, recordsAt, serves } from '../records/dkim-record';
import { followed } from '../records/led-to';

/** The attributes, if signing and records are in place. `acceptedKey` is as in `Progress`. */
export async function attributesIfInPlace(
  desired: DesiredState, acceptedKey: string | undefined, services: Services,
): Promise<ResourceAttributes | undefined> {
  const identity = await services.ses.read();
  if (!identity || !signsAs(desired.signing, identity)) return undefined;
  const result = await resultOf(desired, identity, services);
  const isInPlace = (acceptedKeyOf(result) === acceptedKey || await hasKey(desired, result, identity, services))
    && await arePublished(result.records, desired, services);
  return isInPlace ? attributesOf(result) : undefined;
}

/**
 * SES does not say which key it has. It is the one that it has taken in this request, or else the one that it has
 * verified, where it names the selector. The public name servers can say that this is another one.
 */
async function hasKey(
  { signing }: DesiredState, { records: [record] }: SigningResult, identity: IdentityState, { dns }: Services,
): Promise<boolean> {
  if (signing.method !== 'BYODKIM') return true;
  return signsNow(identity) && identity.tokens.length > 0
    && (await dns.ask(record.name)).every(({ values = [] }) => values.length === 0 || holdsKey(record)(values));
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
