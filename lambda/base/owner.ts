// The owner of records: one custom resource of a stack, for one identity. Its label is in DNS.
import { DesiredState, placeOf } from './desired-state';
import { sha256 } from './sha256';
import { OWNER_LABEL_PREFIX, REGISTRY_LABEL } from '../../src/private/contract';

export interface Owner {
  /** What its records are below: the domain of the identity, or the place in a zone that its CNAMEs lead to. */
  readonly domain: string;
  /** The label of the owner's registry record. */
  readonly label: string;
  /** Where the identity is. The same domain can be one in several Regions, with one zone. */
  readonly region: string;
}

/**
 * The label is a hash: DNS is public, and a stack's ARN is nobody's business. How it is made never changes, or records
 * that exist would lose their owner.
 */
export function ownerOf(
  stackId: string, logicalId: string, wanted: Pick<DesiredState, 'region' | 'domain' | 'zone'>,
): Owner {
  const { region, domain } = wanted;
  return { domain: placeOf(wanted), label: labelFor(stackId, logicalId, `${region}/${domain}`), region };
}

/** The label of a further page of an owner's registry record. To all who do not know pages it is one more owner. */
export function pageLabel(ownerLabel: string, page: number): string {
  return labelFor(ownerLabel, 'page', String(page));
}

function labelFor(...parts: string[]): string {
  return OWNER_LABEL_PREFIX + sha256(parts.join('\n')).slice(0, 32);
}

export function isRegistryLabel(label: string): boolean {
  return REGISTRY_LABEL.test(label);
}
