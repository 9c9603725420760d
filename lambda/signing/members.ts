// The identities that one rotating key signs for: that of the stack's Region, and those of further Regions. Pure.
import { FURTHER_REGION_TAG_PREFIX, ROTATION_TAG_PREFIX } from '../../src/private/contract';
import { RotatingByoDkim, WantedState } from '../base/desired-state';
import { Owner, ownerOf } from '../base/owner';

export interface KnownMember {
  readonly wanted: WantedState & { readonly signing: RotatingByoDkim };
  readonly owner: Owner;
}

export type KnownMembers = readonly [KnownMember, ...KnownMember[]];

/**
 * Each has a custom resource of its own, which owns its tag on the identity, and its registry record. Further Regions
 * are in the order of their names: the tags of a secret have none.
 */
export function membersOf(
  stackId: string, logicalId: string, wanted: KnownMember['wanted'],
): KnownMembers {
  const { furtherRegions = [] } = wanted.signing;
  const further = [...furtherRegions].sort((a, b) => a.region < b.region ? -1 : 1).map((each) => {
    const there = { ...wanted, region: each.region, signing: { ...wanted.signing, isFurther: true } };
    return { wanted: there, owner: ownerOf(stackId, each.logicalId, there) };
  });
  return [{ wanted, owner: ownerOf(stackId, logicalId, wanted) }, ...further];
}

/**
 * False for a Region that has left the stack, or is to: the secret goes on in the others, as its tags say. So it does
 * for another domain, where that is a parameter.
 */
export function isNamedBy(
  tags: Readonly<Record<string, string>>,
  { signing, region, domain }: Pick<KnownMember['wanted'], 'signing' | 'region' | 'domain'>,
): boolean {
  const [,,, own] = signing.secretArn.split(':');
  const { [`${ROTATION_TAG_PREFIX}Identity`]: identity = domain, [`${ROTATION_TAG_PREFIX}Region`]: first = own } = tags;
  return identity === domain
    && (signing.isFurther ? tags[FURTHER_REGION_TAG_PREFIX + region] !== undefined : first === region);
}
