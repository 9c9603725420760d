// What a stack wants: how an identity signs, and in which zone its records are.
import { SigningProperties } from '../../src/private/contract';

/** What a stack wants of an identity. */
export interface Desired {
  readonly identity: string;
  readonly region: string;
  readonly signing: SigningProperties;
  readonly zone?: ZoneProperties;
  readonly wait: number;
  readonly retain: boolean;
}

export interface ZoneProperties {
  readonly id: string;
  readonly roleArn?: string;
  readonly ttl: number;
  readonly overwrite: boolean;
}
