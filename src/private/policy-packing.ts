// Which identities share a policy. That follows from their names, not from the order of the constructs.
import { createHash } from 'crypto';
import { Stack } from 'aws-cdk-lib';
import { comparisonKey } from './comparison-key';
import { withStandIns } from './late-value';
import { DocumentSize, MAX_POLICY_SIZE, measure, Measured } from './merged-policy';
import { Permission } from './permissions';

/**
 * Managed policies that a role can have, unless the account has a higher quota:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const POLICIES_PER_ROLE = 10;

/** The permissions of one identity, or of the function for itself. */
export interface Grant {
  permissions: Permission[];
  measured: Measured;
  /** A hash of the identity's name. It says in which policy the grant belongs. */
  readonly hash: number;
}

/** @param names they say in which policy it belongs; if left out, the first of the permissions names the identity */
export function grantOf(stack: Stack, permissions: Permission[], names = permissions[0].resources): Grant {
  // A name that synthesis knows only at its end has a number there, which follows from the order of the constructs.
  const name = comparisonKey(stack, ...names.map(withStandIns)).replace(/-TOKEN-\d+-/g, '');
  const hash = createHash('sha256').update(name).digest().readUIntBE(0, 6);
  return { permissions, measured: measure(stack, permissions), hash };
}

/** Says the same in fewer words, where that is possible. */
export function widen(stack: Stack, grant: Grant): void {
  grant.permissions = grant.permissions.map(permission => permission.wider ?? permission);
  grant.measured = measure(stack, grant.permissions);
}

/** Belongs into the first policy, however many there are. */
export function firstGrant(stack: Stack, permissions: Permission[]): Grant {
  return { permissions, measured: measure(stack, permissions), hash: 0 };
}

/**
 * Puts the grants into as few policies as their sizes allow. Undefined if more than `most` would be needed.
 *
 * Each grant belongs into the policy that its hash says, so one that is added or removed changes that policy only. What
 * finds no room there goes into the next one that has room.
 */
export function pack(grants: readonly Grant[], most: number): Grant[][] | undefined {
  const sorted = [...grants].sort((one, other) => one.hash - other.hash);
  for (let count = fewest(grants); count <= most; count += 1) {
    const policies = Array.from({ length: count }, () => new Policy());
    const place = (grant: Grant, offset: number) => policies[(grant.hash + offset) % count].add(grant);
    const left = sorted.filter(grant => !place(grant, 0));
    const offsets = Array.from({ length: count }, (_, offset) => offset);
    if (left.every(grant => offsets.some(offset => place(grant, offset)))) {
      return policies.map(({ grants: packed }) => packed).filter(packed => packed.length > 0);
    }
  }
  return undefined;
}

/** With fewer policies than that, there is no use in trying. */
function fewest(grants: readonly Grant[]): number {
  const size = new DocumentSize();
  const empty = size.characters;
  for (const { measured } of grants) size.add(measured);
  return Math.ceil((size.characters - empty) / (MAX_POLICY_SIZE - empty));
}

class Policy {
  public readonly grants: Grant[] = [];
  private readonly size = new DocumentSize();

  public add(grant: Grant): boolean {
    const fits = this.size.add(grant.measured, MAX_POLICY_SIZE);
    if (fits) this.grants.push(grant);
    return fits;
  }
}
