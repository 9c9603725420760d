// The names in DNS of the keys that SES signs with. Pure.
import { SesView, shownSigning } from './ses-findings';
import { placeIn, WatchedIdentity } from '../../src/private/contract';
import { canonicalName } from '../base/dns-text';
import { cnameRecords, recordName } from '../records/dkim-record';
import { easyDkimHostedZone, signsAs } from '../signing/ses-rules';
import { selectorsOfAny } from '../signing/signing-tag';

/** A name that a verifier asks for. */
export interface KeyName {
  readonly name: string;
  /** Where its CNAME leads. Absent for a key of the user's own. */
  readonly target?: string;
  /** What its record is called in the zone of the keys, to which a CNAME of the user leads. */
  readonly placed?: string;
  /** SHA-256 of the public key, where it is known. */
  readonly sha256?: string;
  /** SES has verified its key by the record, when it looked last. */
  readonly isVerified?: boolean;
}

/** From what SES does now, not from what the stack has set: mail is signed with these keys. */
export function keyNames(
  { Identity: domain, Signing, DelegatedTo: zoneName }: WatchedIdentity, { region, identity, parent }: SesView,
): KeyName[] {
  if (!identity) return [];
  const { origin, tokens, signingHostedZone } = identity;
  if (origin !== 'EXTERNAL') {
    const keysIn = Signing.Method === 'DEED' ? Signing.ParentRegion : region;
    const zone = parent?.signingHostedZone ?? signingHostedZone ?? easyDkimHostedZone(keysIn);
    return cnameRecords(domain, tokens, zone).map(({ name, value: target }) => ({ name, target }));
  }
  const own = Signing.Method === 'BYODKIM' ? Signing : undefined;
  const isOurs = own && signsAs(shownSigning(own), identity);
  const told = own ? [own.Selector] : selectorsOfAny(identity);
  const selectors = tokens.length > 0 ? tokens : told.length === 1 ? told : [];
  return selectors.map((selector) => ({
    name: canonicalName(recordName(selector, domain)),
    ...(zoneName ? { placed: canonicalName(recordName(selector, placeIn(zoneName, domain))) } : {}),
    ...(isOurs ? { sha256: own.PublicKeySha256, isVerified: identity.status === 'SUCCESS' } : {}),
  }));
}
