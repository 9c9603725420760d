// Looks whether an identity signs as desired, with its records there. Changes nothing.
import { easyDkimResult } from './easy-dkim';
import { holdsKey, ownKeyResult, readKey } from './own-key';
import { signsAs, signsNow } from './ses-rules';
import { selectorsNow, tagOf } from './signing-tag';
import { acceptedKeyOf, attributesOf, SigningResult, Task } from './task';
import { ResourceAttributes } from '../../src/private/contract';
import { DesiredState } from '../base/desired-state';
import { IdentityState, Services } from '../base/ports';
import { DkimRecord, domainKeyName, holdsTheKey, recordsAt, serves } from '../records/dkim-record';
import { followed } from '../records/led-to';

/** What is looked for, and what the request has done for it. */
type Wanted = Pick<Task, 'desired' | 'owner' | 'progress'>;

/** The attributes, if signing and records are in place. */
export async function attributesIfInPlace(wanted: Wanted, services: Services): Promise<ResourceAttributes | undefined> {
  const { desired } = wanted;
  const identity = await services.ses.read();
  if (!identity || !signsAs(desired.signing, identity)) return undefined;
  const result = await resultOf(desired, identity, services);
  const isInPlace = await hasKey(wanted, result, identity, services)
    && await arePublished(result.records, desired, services);
  return isInPlace ? attributesOf(result) : undefined;
}

/**
 * SES does not say which key it has. It is the one that it has taken in this request, or the one that it has verified
 * under this very selector. The public name servers can say that this is another one.
 */
async function hasKey(
  { desired: { signing }, owner, progress }: Wanted, result: SigningResult, identity: IdentityState,
  { dns }: Services,
): Promise<boolean> {
  if (signing.method !== 'BYODKIM' || progress.acceptedKey === acceptedKeyOf(result)) return true;
  const selectors = selectorsNow(tagOf(identity, owner), identity);
  if (!signsNow(identity) || selectors.some((selector) => selector !== signing.selector.toLowerCase())) return false;
  const [record] = result.records;
  const answers = await dns.ask(record.name);
  return answers.every(({ values = [] }) => values.length === 0 || holdsKey(record)(values));
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
