// How an identity signs, as SES reads it from the signing attributes of a call.
import { KeyObject } from 'node:crypto';
import { DkimSigningAttributesOrigin } from '@aws-sdk/client-sesv2';
import { Principal } from '../credentials';
import { ServiceError } from '../service-error';
import { KeyLength } from './easy-dkim';
import { readSigningKey } from './mail';

export type Signing =
  | { readonly origin: 'AWS_SES'; readonly keyLength: KeyLength | undefined }
  /** `key` is undefined when SES was given something that is no usable key. */
  | { readonly origin: 'EXTERNAL'; readonly selector: string; readonly key: KeyObject | undefined }
  /** `by` is whose rights count when SES fetches the key from the parent. */
  | { readonly origin: `AWS_SES_${string}`; readonly parentRegion: string; readonly by: Principal };

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
  const { DomainSigningSelector: selector, DomainSigningPrivateKey: privateKey, NextSigningKeyLength: keyLength } = attributes;
  if (origin !== 'AWS_SES' && keyLength !== undefined) throw badRequest('NextSigningKeyLength is for AWS_SES only.');
  if (origin !== 'EXTERNAL' && (selector !== undefined || privateKey !== undefined)) {
    throw badRequest('A selector and a private key are for EXTERNAL only.');
  }
  if (origin === 'EXTERNAL') {
    if (selector === undefined || !SELECTOR.test(selector)) throw badRequest('The DomainSigningSelector value is not valid.');
    if (privateKey === undefined || !PRIVATE_KEY.test(privateKey)) throw badRequest('The DomainSigningPrivateKey value is not valid.');
    return { origin, selector, key: readSigningKey(privateKey) };
  }
  if (origin === 'AWS_SES') {
    if (![undefined, 'RSA_1024_BIT', 'RSA_2048_BIT'].includes(keyLength)) throw badRequest('The NextSigningKeyLength value is not valid.');
    return { origin, keyLength };
  }
  const replica = origin as `AWS_SES_${string}`;
  return { origin: replica, parentRegion: replica.slice('AWS_SES_'.length).toLowerCase().replaceAll('_', '-'), by };
}

export function badRequest(message: string): ServiceError {
  return new ServiceError('BadRequestException', 400, message);
}
