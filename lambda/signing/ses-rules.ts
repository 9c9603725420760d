// SES's own rules: names that it makes from Region names, and how an identity signs. Pure.
import { ByoDkim, Deed, EasyDkim } from '../base/desired-state';
import { canonicalName } from '../base/dns-text';
import { IdentityState } from '../base/ports';

/** Regions whose Easy DKIM keys are in a zone of their own: https://docs.aws.amazon.com/general/latest/gr/ses.html */
const REGIONAL_HOSTED_ZONES = new Set([
  'af-south-1', 'ap-northeast-3', 'ap-south-2', 'ap-southeast-3', 'ap-southeast-5', 'ca-west-1', 'eu-central-2',
  'eu-south-1', 'il-central-1', 'me-central-1', 'us-gov-east-1',
]);

/** Where Easy DKIM's keys are, for the case that SES does not say it. */
export function easyDkimHostedZone(region: string): string {
  return REGIONAL_HOSTED_ZONES.has(region) ? `dkim.${region}.amazonses.com` : 'dkim.amazonses.com';
}

/** The signing origin of a replica. AWS states the rule, so there is no list of Regions that would go out of date. */
export function deedOrigin(parentRegion: string): `AWS_SES_${string}` {
  return `AWS_SES_${parentRegion.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * True when mail goes out signed now, so that a change could break it. After a temporary failure SES still has the key
 * that it verified.
 */
export function signsNow(identity: IdentityState): boolean {
  return hasVerifiedKey(identity) && identity.signingEnabled;
}

/** True also where somebody has switched signing off. Mail that was signed before is on its way then. */
export function hasVerifiedKey({ status }: IdentityState): boolean {
  return ['SUCCESS', 'TEMPORARY_FAILURE'].includes(status);
}

/** True when SES has found another key in DNS than it has. */
export function isOtherKey({ status, errorType }: IdentityState): boolean {
  return status !== 'SUCCESS' && errorType === 'INVALID_VALUE';
}

/** True when SES names this selector. DNS does not tell upper case from lower case, and SES may keep either. */
export function namesSelector({ tokens }: IdentityState, selector: string): boolean {
  return tokens.some((token) => canonicalName(token) === canonicalName(selector));
}

/** SES has a key of the user's own, and does not name its selector. */
export function isUnnamed({ origin, tokens }: IdentityState): boolean {
  return origin === 'EXTERNAL' && tokens.length === 0;
}

/** Whether SES signs with a key under this selector. Undefined when it names none: then it may be any. */
export function signsWith(identity: IdentityState, { selector }: Pick<ByoDkim, 'selector'>): boolean | undefined {
  if (isUnnamed(identity)) return undefined;
  return identity.origin === 'EXTERNAL' && namesSelector(identity, selector);
}

/** How an identity is to sign, as far as SES shows it. */
export type ShownSigning = Pick<EasyDkim, 'method'> | Pick<ByoDkim, 'method' | 'selector'> | Deed;

/** True when the identity signs as desired. For BYODKIM SES may name no selector. */
export function signsAs(signing: ShownSigning, identity: IdentityState): boolean {
  const { origin } = identity;
  switch (signing.method) {
    case 'EASY_DKIM': return origin === 'AWS_SES';
    case 'DEED': return origin === deedOrigin(signing.parentRegion);
    case 'BYODKIM': return signsWith(identity, signing) !== false;
  }
}
