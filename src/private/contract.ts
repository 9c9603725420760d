// What the construct and the handler share: the resource type, the properties, the attributes and the
// limits. It imports nothing, and lambda/ may import no other file of src/. So both sides spell every
// name in the same way.

/**
 * The type of the custom resource. It never changes, because CloudFormation would replace every
 * existing resource.
 */
export const RESOURCE_TYPE = 'Custom::EmailIdentityDkim';

/** Easy DKIM: SES creates the keys and rotates them. */
export interface EasyDkimProperties {
  readonly Method: 'EASY_DKIM';
  /** `NextSigningKeyLength` of SES. Left out if it is the default. */
  readonly KeyLength?: 'RSA_1024_BIT' | 'RSA_2048_BIT';
}

/** BYODKIM: the key is in a secret, which only the handler reads. */
export interface ByoDkimProperties {
  readonly Method: 'BYODKIM';
  readonly Selector: string;
  readonly SecretArn: string;
  /**
   * `PARTIAL` if the ARN lacks the six random characters, and its end can be taken for them. Secrets
   * Manager does not find the secret by such an ARN, so the handler reads it by its name. Otherwise left
   * out.
   */
  readonly SecretArnForm?: 'PARTIAL';
  readonly JsonField?: string;
  readonly VersionStage?: string;
  readonly VersionId?: string;
}

/**
 * Deterministic Easy DKIM (DEED): the identity uses the keys and the records of its parent in another
 * Region.
 */
export interface DeedProperties {
  readonly Method: 'DEED';
  readonly ParentRegion: string;
}

/**
 * A rotating key: the handler makes the first key, and Secrets Manager has the handler's rotation make the others. The
 * keys are in a secret that nobody else writes.
 */
export interface RotatingByoDkimProperties {
  readonly Method: 'ROTATING_BYODKIM';
  readonly SecretArn: string;
  /** Left out if it is the default. */
  readonly SelectorPrefix?: string;
  /** In bits. Left out if it is the default. */
  readonly KeyLength?: string;
  /**
   * When keys are changed. The handler does not need it. But Secrets Manager refuses to change a schedule while a
   * change of the key is not complete, so the handler has to be called before that.
   */
  readonly Schedule?: string;
  /** The other Regions in which the domain is signed with this key. Each has a custom resource of its own. */
  readonly FurtherRegions?: readonly FurtherRegion[];
  /** This is the resource of such a Region. Another one has the schedule, and changes of the key go by that. */
  readonly IsFurther?: 'true';
  /** The user makes the keys, in this secret. The secret of `SecretArn` has no keys then, and says where each is. */
  readonly Follows?: FollowedSecretProperties;
}

/** The secret of a user who changes the key and its selector there, in two fields. The handler only reads it. */
export interface FollowedSecretProperties extends Pick<ByoDkimProperties, 'SecretArn' | 'SecretArnForm'> {
  readonly JsonField: string;
  /** The field with the selector. Left out if it is the default. */
  readonly SelectorField?: string;
}

export interface FurtherRegion {
  readonly Region: string;
  /** Of the custom resource in the same stack. */
  readonly LogicalResourceId: string;
}

export type SigningProperties = EasyDkimProperties | ByoDkimProperties | DeedProperties | RotatingByoDkimProperties;

/**
 * The properties of the custom resource in the template.
 *
 * All scalars are strings, because CloudFormation turns every scalar into a string on the way to the
 * handler. A default value is left out, because 150 identities must fit in one template.
 */
export interface ResourceProperties {
  /** The domain, in lower case, without a trailing dot. */
  readonly Identity: string;
  /** The Region of the identity. Left out if it is the Region of the function. */
  readonly Region?: string;
  readonly Signing: SigningProperties;
  readonly HostedZoneId?: string;
  readonly HostedZoneRoleArn?: string;
  /** Whoever assumes the role has to give it. */
  readonly HostedZoneRoleExternalId?: string;
  /**
   * The name of that zone, where it does not hold the domain: the DNS of the domain is elsewhere, and two CNAMEs there
   * lead into the zone. Only with a rotating key.
   */
  readonly DelegatedTo?: string;
  /** In seconds. */
  readonly RecordTtl?: string;
  readonly RecordConflict?: 'FAIL' | 'OVERWRITE';
  /** How long a superseded record stays, in seconds. */
  readonly RecordOverlap?: string;
  /** In seconds. */
  readonly WaitForVerification?: string;
  readonly RemovalPolicy?: 'DESTROY' | 'RETAIN';
}

/** The most records of one identity: three CNAMEs of Easy DKIM. BYODKIM has one TXT. */
export const MAX_RECORDS = 3;

/**
 * What the handler returns for `Fn::GetAtt`.
 *
 * CloudFormation fails a stack that asks for a missing attribute. So the construct asks only for the
 * attributes of its signing method.
 */
export interface ResourceAttributes {
  readonly DkimStatus: string;
  /** Only with Easy DKIM. */
  readonly SigningHostedZone?: string;
  /** Only with BYODKIM. */
  readonly Selector?: string;
  /** Only with BYODKIM: SHA-256 of the public key (SPKI DER), in hexadecimal. */
  readonly PublicKeySha256?: string;
  /** Name of record 1, 2 or 3: fully qualified, without a trailing dot. */
  readonly [name: `RecordName${number}`]: string;
  /**
   * Value of record 1, 2 or 3: the target of a CNAME, or the text of a TXT in one piece without quotes.
   */
  readonly [value: `RecordValue${number}`]: string;
  /**
   * The same value in the form of Route 53 and zone files: a TXT in quoted strings of at most 255
   * bytes.
   */
  readonly [data: `RecordData${number}`]: string;
}

/** Begins the name of a registry record, and of the tag of an identity that says how its owner has told SES to sign. */
export const OWNER_LABEL_PREFIX = 'cdk-ses-dkim-';

/** The label of a registry record. */
export const REGISTRY_LABEL = new RegExp(`^${OWNER_LABEL_PREFIX}[0-9a-f]{32}$`);

/**
 * What the rotation of a key has to know, as tags of its secret: Secrets Manager tells it the secret and nothing else.
 * The names are those of the properties, and of the custom resource that owns the records.
 */
export const ROTATION_TAG_PREFIX = 'cdk-ses-dkim:';
export const ROTATION_TAGS = [
  'StackId', 'LogicalResourceId', 'Identity', 'Region', 'HostedZoneId', 'HostedZoneRoleArn', 'HostedZoneRoleExternalId',
  'DelegatedTo', 'RecordTtl', 'RecordOverlap', 'SelectorPrefix', 'KeyLength',
] as const;

/** One more tag for each further Region: its name ends in the Region, its value is `LogicalResourceId`. */
export const FURTHER_REGION_TAG_PREFIX = `${ROTATION_TAG_PREFIX}FurtherRegion:`;

export type RotationTags = Readonly<Partial<Record<typeof ROTATION_TAGS[number], string>>>;

/**
 * An identity that the function which changes keys cares for, though no secret of ours says so: what the custom
 * resource has of it, and the id by which that owns its records.
 */
export type CaredIdentity = Pick<ResourceProperties,
  'Identity' | 'Region' | 'Signing' | 'HostedZoneId' | 'HostedZoneRoleArn' | 'HostedZoneRoleExternalId' | 'RecordTtl'
> & { readonly LogicalResourceId: string };

/** What a rule of EventBridge sends to that function every hour. */
export interface CareRequest {
  readonly StackId: string;
  readonly Identities: readonly CaredIdentity[];
}

/** Default field of a followed secret with the selector. */
export const DEFAULT_SELECTOR_FIELD = 'selector';

/** Default first part of the selectors of a rotating key. */
export const DEFAULT_SELECTOR_PREFIX = 'dkim';

/** A selector is `<prefix>-<yyyymmdd>-<6 digits>`, and has at most 63 characters. */
export const MAX_SELECTOR_PREFIX = 63 - '-20261126-0a1b2c'.length;

/**
 * The slots of a rotating key whose domain has its DNS elsewhere: two selectors, each with a CNAME there. Its keys take
 * turns in them.
 */
export function slotsOf(selectorPrefix: string = DEFAULT_SELECTOR_PREFIX): readonly [string, string] {
  return [`${selectorPrefix}-1`, `${selectorPrefix}-2`];
}

/** What the records of such a domain are below, in the zone that the CNAMEs lead to. */
export function placeIn(zoneName: string, domain: string): string {
  return `${domain}.${zoneName}`;
}

/** The longest TTL of a record in a slot, in seconds: for so long resolvers remember it when it has gone. */
export const MAX_SLOT_TTL = 900;

/** Default length of the keys of a rotating key, in bits. */
export const DEFAULT_ROTATING_KEY_LENGTH = 2048;

/** Default time that a superseded record stays, in seconds: mail is delivered for days after it was signed. */
export const DEFAULT_RECORD_OVERLAP = 14 * 86_400;

/** Default TTL of the records, in seconds. */
export const DEFAULT_RECORD_TTL = 1800;

/**
 * `ServiceTimeout` of every resource, in seconds: the longest that CloudFormation waits for a custom resource. Of
 * hundreds of identities the last can have to wait that long, as SES allows one call a second for the whole account:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
 */
export const SERVICE_TIMEOUT = 3600;

/**
 * Environment variables of the function, in stacks in which an identity waits for verification: the group
 * of schedules, the role that they take, and how many identities wait.
 */
export const WAITING_ENVIRONMENT = {
  group: 'SCHEDULE_GROUP',
  roleArn: 'SCHEDULE_ROLE_ARN',
  identities: 'WAITING_IDENTITIES',
} as const;

/** What a rule of EventBridge sends to the function that watches. */
export interface WatchRequest {
  readonly Identities: readonly WatchedIdentity[];
  /** Which one it is of how many runs that begin at one moment, and share the calls that SES takes. Counted from 0. */
  readonly Run: number;
  readonly Runs: number;
  /** The detail of an event of AWS Health. Then only the identities are looked at that it names. */
  readonly Health?: unknown;
  /** What an event of Secrets Manager is about. Then only the identities are looked at whose secret it names. */
  readonly Secret?: unknown;
}

/** An identity that is watched, and how the stack has it signed. */
export interface WatchedIdentity {
  readonly Identity: string;
  /** Left out if it is the Region of the function. */
  readonly Region?: string;
  readonly Signing: WatchedSigning;
  /** The zone that CNAMEs lead to, as `ResourceProperties` has it. */
  readonly DelegatedTo?: string;
  /** Whether all that is seen becomes metrics. Left out if not. */
  readonly DetailedMetrics?: true;
}

/** Of a key that changes, the tag on the identity says which it is; of one that SES had before, the selector. */
export type WatchedSigning =
  | Pick<EasyDkimProperties, 'Method'>
  | Pick<RotatingByoDkimProperties, 'Method' | 'SecretArn'> & { readonly Follows?: true }
  | DeedProperties
  | (Pick<ByoDkimProperties, 'Method' | 'Selector'> & Pick<ResourceAttributes, 'PublicKeySha256'>);

/** Metrics of watched identities: the namespace, the dimensions, and what is seen at each look. */
export const METRICS = {
  namespace: 'cdk-ses-dkim',
  dimensions: ['Domain', 'Region'],
  /** Always metrics. */
  usual: ['Problem', 'LookFailed'],
  /** Metrics only where the user asks for them: each costs money. */
  detailed: ['Verified', 'SigningEnabled', 'KeyPublished'],
  /** The same for a rotating key. */
  rotating: ['KeyAgeDays', 'DaysToRotation', 'RotationPendingMinutes', 'SupersededRecords', 'RetirementsOverdue'],
} as const;

/**
 * One label of a host name. A selector has the same form, and is not the name of a registry record:
 * https://www.rfc-editor.org/rfc/rfc1123#section-2.1
 */
export const LABEL = new RegExp(`^(?!${REGISTRY_LABEL.source})[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`);

/** The code of a Region. */
export const REGION = /^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/;

/**
 * The id of a hosted zone, without the `/hostedzone/` that the API and the CLI of Route 53 write before
 * it.
 */
export const HOSTED_ZONE_ID = /^[A-Z0-9]{1,32}$/;

/** What a role can ask of whoever assumes it, as far as a tag of a secret takes it. */
export const EXTERNAL_ID = /^[\w+=.@:/-]{2,256}$/;

/** A domain name of at least two labels. */
export const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The most characters of a name in DNS. A name has 255 octets there, with the length of each label:
 * https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
 */
export const MAX_NAME = 253;

/** Characters of the label of a registry record: `cdk-ses-dkim-<32 digits>`. */
export const REGISTRY_LABEL_LENGTH = OWNER_LABEL_PREFIX.length + 32;

/** How long the name of a record is, with a first label of that many characters. */
export function recordNameLength(domain: string, label: number): number {
  return label + '._domainkey.'.length + domain.length;
}
