// What a stack wants: how an identity signs, and in which zone its records are. The parser makes it from properties.
import { EasyDkimProperties } from '../../src/private/contract';

export type KeyLength = NonNullable<EasyDkimProperties['KeyLength']>;

/** Easy DKIM: SES makes the keys. */
export interface EasyDkim {
  readonly method: 'EASY_DKIM';
  /** Undefined: that of the identity. */
  readonly keyLength?: KeyLength;
}

/** Where the private key is: which secret, which version of it, which field. */
export interface SecretSource {
  readonly arn: string;
  /** The ARN ends in the secret's name, though that may look like the six characters at the end of a complete ARN. */
  readonly arnForm?: 'PARTIAL';
  /** Without it the whole value is the key. */
  readonly jsonField?: string;
  readonly versionStage?: string;
  readonly versionId?: string;
}

/** A secret that the user changes. Its value is JSON, which has the key in one field and the selector in another. */
export interface FollowedSecret extends SecretSource {
  readonly jsonField: string;
  readonly selectorField: string;
}

/** BYODKIM: the key is the user's own. */
export interface ByoDkim {
  readonly method: 'BYODKIM';
  readonly selector: string;
  readonly secret: SecretSource;
  /** The key is that of a followed secret. Names that, and the secret whose labels say which key it is. */
  readonly followedBy?: string;
}

/** Deterministic Easy DKIM: the identity is a replica of the same domain's identity in another Region. */
export interface Deed {
  readonly method: 'DEED';
  readonly parentRegion: string;
}

export type DesiredSigning = EasyDkim | ByoDkim | Deed;

/**
 * BYODKIM with a key that changes: which key and selector it is now, the secret says. It holds the keys, or says where
 * in the user's own secret each of them is.
 */
export interface RotatingByoDkim {
  readonly method: 'ROTATING_BYODKIM';
  readonly secretArn: string;
  readonly selectorPrefix: string;
  /** In bits. */
  readonly keyLength: number;
  /** When the key is changed, in Secrets Manager's words. */
  readonly schedule?: string;
  /** Other Regions in which the domain is signed with this key, each as another custom resource of the stack. */
  readonly furtherRegions?: readonly FurtherRegion[];
  /** This is the identity of such a Region. */
  readonly isFurther?: boolean;
  /** The user makes the keys, and stores them here. */
  readonly follows?: FollowedSecret;
}

export interface FurtherRegion {
  readonly region: string;
  readonly logicalId: string;
}

export interface DesiredState {
  readonly domain: string;
  /** Region of the SES identity. */
  readonly region: string;
  readonly signing: DesiredSigning;
  /** Absent: the records are published elsewhere, by the user. */
  readonly zone?: ZoneSettings;
  /** How long the deployment waits for verification. 0: it does not wait. */
  readonly waitSeconds: number;
  /** Signing and records stay when the resource is deleted. */
  readonly retain: boolean;
}

/** The same, as the properties say it: of a rotating key they do not say which it is now. */
export interface WantedState extends Omit<DesiredState, 'signing'> {
  readonly signing: DesiredSigning | RotatingByoDkim;
}

/** The DNS of the domain is elsewhere, and CNAMEs there lead into the zone. */
export interface Delegation {
  /** What the records are below in the zone, in place of the domain. */
  readonly place: string;
  /** The selectors that have a CNAME. Keys take turns in them. */
  readonly slots: readonly string[];
}

/** What the records are below, in the zone that they are written to. */
export function placeOf({ domain, zone }: Pick<WantedState, 'domain' | 'zone'>): string {
  return zone?.delegation?.place ?? domain;
}

export interface ZoneSettings {
  readonly id: string;
  readonly delegation?: Delegation;
  readonly roleArn?: string;
  /** What the role asks of whoever assumes it. */
  readonly externalId?: string;
  readonly ttl: number;
  /** A record that says something else is replaced. Undefined for a change of a key, for which nobody can ask that. */
  readonly overwrite?: boolean;
  /** How long a superseded record stays. @default 14 days */
  readonly overlapSeconds?: number;
}

/** The secret, as an error names it. */
export function describeSecret({ arn, versionId, versionStage, jsonField }: SecretSource): string {
  const parts = [
    versionId && `version ${versionId}`, versionStage && `stage ${versionStage}`, jsonField && `field '${jsonField}'`,
  ].filter(Boolean);
  return `The secret ${arn}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}
