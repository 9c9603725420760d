// What the construct and the handler say to each other: resource type, properties, attributes and the limits both sides keep.
// It imports nothing and is the only file of src/ that lambda/ reads, so neither side can spell a name in its own way.

/** The type of the custom resource. It never changes: CloudFormation would replace every resource that exists. */
export const RESOURCE_TYPE = 'Custom::EmailIdentityDkim';

/** Easy DKIM: SES makes and rotates the keys. */
export interface EasyDkimProperties {
  readonly Method: 'EASY_DKIM';
  /** `DkimSigningAttributes.NextSigningKeyLength` of SES, when it is not the default. */
  readonly KeyLength?: 'RSA_1024_BIT' | 'RSA_2048_BIT';
}

/** BYODKIM: the key is in a secret, which only the handler reads. */
export interface ByoDkimProperties {
  readonly Method: 'BYODKIM';
  readonly Selector: string;
  readonly SecretArn: string;
  readonly JsonField?: string;
  readonly VersionStage?: string;
  readonly VersionId?: string;
}

/** Deterministic Easy DKIM: a replica of an identity in another Region, which owns keys and records. */
export interface DeedProperties {
  readonly Method: 'DEED';
  readonly ParentRegion: string;
}

export type SigningProperties = EasyDkimProperties | ByoDkimProperties | DeedProperties;

/**
 * The properties as they are in the template. CloudFormation turns every scalar into a string, so they are strings from the start.
 * What has its default is left out: 150 identities have to fit in one template.
 */
export interface ResourceProperties {
  /** The domain, lower case, without a trailing dot. */
  readonly Identity: string;
  /** The Region of the identity, when it is not the function's. */
  readonly Region?: string;
  readonly Signing: SigningProperties;
  readonly HostedZoneId?: string;
  readonly HostedZoneRoleArn?: string;
  /** Seconds. */
  readonly RecordTtl?: string;
  readonly RecordConflict?: 'FAIL' | 'OVERWRITE';
  /** Seconds. */
  readonly WaitForVerification?: string;
  readonly RemovalPolicy?: 'DESTROY' | 'RETAIN';
}

/** At most three records: the CNAMEs of Easy DKIM, or the one TXT of BYODKIM. */
export const MAX_RECORDS = 3;

/**
 * What the handler gives back for `Fn::GetAtt`. CloudFormation fails a stack that asks for one that is not there, so the construct only
 * hands out those that its method has.
 */
export interface ResourceAttributes {
  readonly DkimStatus: string;
  /** Easy DKIM. */
  readonly SigningHostedZone?: string;
  /** BYODKIM. */
  readonly Selector?: string;
  /** BYODKIM: hex SHA-256 of the public key's SPKI DER. */
  readonly PublicKeySha256?: string;
  /** Name of record 1 to 3, fully qualified, no trailing dot. */
  readonly [name: `RecordName${number}`]: string;
  /** Value of record 1 to 3: the target of a CNAME, or the text of a TXT in one piece, unquoted. */
  readonly [value: `RecordValue${number}`]: string;
  /** The same value as Route 53 and zone files write it: TXT in quoted strings of at most 255 bytes. */
  readonly [data: `RecordData${number}`]: string;
}

/** Default length of Easy DKIM's keys, which is SES's own. */
export const DEFAULT_KEY_LENGTH = 'RSA_2048_BIT';

/** Default TTL of the records, in seconds. */
export const DEFAULT_RECORD_TTL = 1800;

/** What CloudFormation waits for a custom resource at the most: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html */
export const MAX_SERVICE_TIMEOUT = 3600;

/** Time for the work itself: throttled SES (1 call a second for the whole account), Route 53 until INSYNC, and repeats after a crash. */
const WORK_SECONDS = 1800;

/** Seconds after which CloudFormation is told to give up. The handler reckons with the same number, and answers before. */
export function serviceTimeout(waitForVerification: number): number {
  return Math.min(MAX_SERVICE_TIMEOUT, WORK_SECONDS + waitForVerification);
}

/** A label that is a host name's, and a selector: https://www.rfc-editor.org/rfc/rfc1123#section-2.1 */
export const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The code of a Region. */
export const REGION = /^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/;

/** What Route 53 gives, without the `/hostedzone/` that its API and CLI put before it. */
export const HOSTED_ZONE_ID = /^[A-Z0-9]{1,32}$/;

/** A domain name of more than one label. */
export const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
