// Whether an identity signs as desired, with its records there: looked at only, for a roll-back that could not do all it wanted.
import { easyDkimSigning } from './easy-dkim';
import { ownKeySigning, readKey } from './own-key';
import { signsAs } from './ses-rules';
import { attributesOf, Signing, World } from './task';
import { ResourceAttributes } from '../../src/private/contract';
import { Desired } from '../base/desired';
import { IdentityState } from '../base/ports';
import { DkimRecord, domainKeyName, saysTheSame } from '../records/dkim-record';

/** The attributes, if it holds. */
export async function stateThatHolds(desired: Desired, world: World): Promise<ResourceAttributes | undefined> {
  const identity = await world.ses.read();
  if (!identity || !signsAs(desired.signing, identity)) return undefined;
  const signing = await signingOf(desired, identity, world);
  return await arePublished(signing.records, desired, world) ? attributesOf(signing) : undefined;
}

async function signingOf(desired: Desired, identity: IdentityState, world: World): Promise<Signing> {
  const { signing } = desired;
  switch (signing.Method) {
    case 'EASY_DKIM': return easyDkimSigning(desired, identity);
    case 'DEED': return { records: [], status: identity.status, attributes: {} };
    case 'BYODKIM': {
      const key = await readKey(desired.identity, signing, true, world);
      return { ...ownKeySigning(desired.identity, signing, key), status: identity.status };
    }
  }
}

/** What is at another DNS provider is not ours to look after. */
async function arePublished(records: readonly DkimRecord[], { identity, zone }: Desired, world: World): Promise<boolean> {
  if (!zone || records.length === 0) return true;
  const found = await world.zone(zone).list(domainKeyName(identity));
  return records.every((wanted) => found.some(({ name, type, values }) => name === wanted.name && saysTheSame(wanted, type, values)));
}
