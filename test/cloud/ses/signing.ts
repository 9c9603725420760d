// How an identity signs, as SES reads it from the signing attributes of a call.
import { KeyObject } from 'node:crypto';
import { DkimSigningAttributesOrigin } from '@aws-sdk/client-sesv2';
import { KeyLength } from './easy-dkim';
import { badRequest } from './errors';
import { readSigningKey } from './signing-key';
import { Principal } from '../credentials';

export type Signing = EasyDkimSigning | OwnKeySigning | ReplicaSigning;

export interface EasyDkimSigning {
  readonly origin: 'AWS_SES';
  readonly keyLength: KeyLength | undefined;
}

export interface OwnKeySigning {
  readonly origin: 'EXTERNAL';
  readonly selector: string;
  /** Undefined when SES was given something that is no usable key. */
  readonly key: KeyObject | undefined;
}

export interface ReplicaSigning {
  readonly origin: `AWS_SES_${string}`;
  readonly parentRegion: string;
  /** Whose rights count when SES fetches the key from the parent. */
  readonly by: Principal;
}

/** `SigningAttributes` as they are on the wire. */
export interface WireSigningAttributes {
  readonly DomainSigningSelector?: string;
  readonly DomainSigningPrivateKey?: string;
  readonly NextSigningKeyLength?: KeyLength;
  readonly DomainSigningAttributesOrigin?: string;
}

const SELECTOR = /^(?=.{1,63}$)[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/;
const PRIVATE_KEY = /^(?=.{1,20480}$)[a-zA-Z0-9+/]+={0,2}$/;

/** Checks what the real SES checks, which is little: of a key only the letters it is written in. */
export function signingFrom(origin: unknown, attributes: WireSigningAttributes, by: Principal): Signing {
  if (!(Object.values(DkimSigningAttributesOrigin) as unknown[]).includes(origin)) {
    throw badRequest(`The signing attributes origin ${origin} is not valid.`);
  }
  const { DomainSigningSelector: selector, DomainSigningPrivateKey: privateKey } = attributes;
  const { NextSigningKeyLength: keyLength } = attributes;
  const hasOwnKey = selector !== undefined || privateKey !== undefined;
  if (keyLength !== undefined && hasOwnKey) {
    throw badRequest(
      'NextSigningKeyLength cannot be used together with DomainSigningSelector and DomainSigningPrivateKey.');
  }
  if (origin !== 'AWS_SES' && keyLength !== undefined) throw badRequest('NextSigningKeyLength is for AWS_SES only.');
  if (origin !== 'EXTERNAL' && hasOwnKey) throw badRequest('A selector and a private key are for EXTERNAL only.');
  if (origin === 'EXTERNAL') return ownKeySigning(selector, privateKey);
  if (origin === 'AWS_SES') return easyDkimSigning(keyLength);
  const replica = origin as ReplicaSigning['origin'];
  return { origin: replica, parentRegion: replica.slice('AWS_SES_'.length).toLowerCase().replaceAll('_', '-'), by };
}

function ownKeySigning(selector: string | undefined, privateKey: string | undefined): OwnKeySigning {
  if (selector === undefined || !SELECTOR.test(selector)) {
    throw badRequest('The DomainSigningSelector value is not valid.');
  }
  if (privateKey === undefined || !PRIVATE_KEY.test(privateKey)) {
    throw badRequest('The DomainSigningPrivateKey value is not valid.');
  }
  return { origin: 'EXTERNAL', selector, key: readSigningKey(privateKey) };
}

function easyDkimSigning(keyLength: KeyLength | undefined): EasyDkimSigning {
  if (![undefined, 'RSA_1024_BIT', 'RSA_2048_BIT'].includes(keyLength)) {
    throw badRequest('The NextSigningKeyLength value is not valid.');
  }
  return { origin: 'AWS_SES', keyLength };
}
