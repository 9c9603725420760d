// The identities that one rotating key signs for: that of the stack's Region, and those of further Regions. Pure.
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
