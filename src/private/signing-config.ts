// What a method of signing gives to the construct.
import { RecordType } from 'aws-cdk-lib/aws-route53';
import { aws_route53 } from 'aws-cdk-lib/interfaces';
import { SigningProperties } from './contract';
import { Permission } from './permissions';
import { RotatingKey } from './rotating-key';

/** What the construct needs from a method. */
export interface SigningConfig {
  readonly properties: SigningProperties;
  readonly permissions: Permission[];
  /** How long a superseded record stays, in seconds. @default - as the handler has it */
  readonly recordOverlap?: string;
  /** The secret, for a key that rotates. */
  readonly rotatingKey?: RotatingKey;
  /** How the domain is signed in other Regions, for a key that is for them too. */
  readonly further?: { readonly regions: readonly string[]; readonly properties: SigningProperties };
  /** Where the records are if the DNS of the domain is elsewhere. */
  readonly delegation?: Delegation;
  /** Path of the secret of the key, if this app creates it without a key in it. */
  readonly generatedSecret?: string;
  /** The records in DNS. A replica has none, because it uses the records of its parent. */
  readonly records: { readonly type: RecordType; readonly count: number };
}

/** CNAMEs of the domain lead into a hosted zone. */
export interface Delegation {
  readonly zone: aws_route53.IHostedZoneRef;
  readonly zoneName: string;
  /** The selectors that have a CNAME. */
  readonly slots: readonly string[];
}
