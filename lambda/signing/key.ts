// Checks a private key before SES sees it, and derives its public key. Pure.
import { createPrivateKey, createPublicKey, KeyObject, X509Certificate } from 'node:crypto';
import { AGAIN, describeBytes, describeText } from './key-lookalikes';
import { checkNumbers } from './key-numbers';
import { UnusableKeyError } from './unusable-key';
import { detailsOf } from '../base/describe-error';
import { ifReadable } from '../base/hostile';
import { PublicKey, publicKeyOf } from '../records/key-record';

export interface KeyPair extends PublicKey {
  /** What SES takes: base64 of the PKCS #8 DER, without line breaks. */
  readonly privateKey: string;
}

/** https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-bring-your-own.html */
const MIN_BITS = 1024;
const MAX_BITS = 2048;

/** The labels of PEM blocks are shorter (RFC 7468). A longer one is not shown. */
const LONGEST_LABEL = 40;

/**
 * Reads a key from a text: PEM or base64 DER, PKCS #1 or PKCS #8. SES checks little more than a pattern: it would
 * accept almost any base64, and then never verify. So everything else is refused here.
 */
export function parseKey(text: string): KeyPair {
  const key = toKeyObject(text);
  if (key.asymmetricKeyType !== 'rsa') {
    throw notRsa(key.asymmetricKeyType);
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < MIN_BITS || bits > MAX_BITS) {
    throw new UnusableKeyError(
      `it is an RSA key of ${bits} bits, and SES takes ${MIN_BITS} to ${MAX_BITS}; make one with: openssl genrsa 2048`);
  }
  const publicKey = createPublicKey(key);
  checkNumbers(key, publicKey);
  return {
    privateKey: key.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    ...publicKeyOf(publicKey.export({ type: 'spki', format: 'der' })),
  };
}

function toKeyObject(text: string): KeyObject {
  // A key pasted into JSON or a shell often has its line breaks as a backslash and a letter.
  const trimmed = text.replace(/^\uFEFF/, '').replace(/(?<!\\)\\+[rn]/g, '\n').trim();
  if (trimmed === '') throw new UnusableKeyError('it is empty; store the private key in it');
  const begins = [...trimmed.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)]
    .filter(([, label]) => !label.endsWith(' PARAMETERS')); // of an EC key, which comes after them
  if (begins.length > 1) {
    const labels = begins.slice(0, 4).map(([, label]) => shown(label)).join(', ');
    throw new UnusableKeyError(`it holds ${begins.length} PEM blocks (${labels}); store the private key alone`);
  }
  const [begin] = begins;
  return begin ? fromPem(trimmed.slice(begin.index + begin[0].length), begin[1]) : fromBase64(trimmed);
}

/** @param text what follows the BEGIN line */
function fromPem(text: string, label: string): KeyObject {
  const end = text.indexOf(`-----END ${label}-----`);
  if (end < 0) throw new UnusableKeyError(`its PEM block '${shown(label)}' has no END line: the text is cut off; ${AGAIN}`);
  const body = text.slice(0, end);
  if (label === 'ENCRYPTED PRIVATE KEY' || body.includes('ENCRYPTED')) throw encrypted();
  if (label === 'OPENSSH PRIVATE KEY') {
    throw new UnusableKeyError('it is an OpenSSH key; convert a copy of it with: ssh-keygen -p -m PEM -f FILE');
  }
  const [, type] = /^(EC|DSA) PRIVATE KEY$/.exec(label) ?? [];
  if (type) throw notRsa(type.toLowerCase());
  if (label !== 'RSA PRIVATE KEY' && label !== 'PRIVATE KEY') throw notPrivate(label);
  const der = decode(body.replace(/^[\w-]+:.*$/gm, '')); // a PEM block may have headers (RFC 1421)
  if (!der) {
    throw new UnusableKeyError(`its PEM block '${label}' is empty or has characters that base64 does not have; ${AGAIN}`);
  }
  return fromDer(der);
}

function shown(label: string): string {
  return label.length > LONGEST_LABEL ? `a label of ${label.length} characters` : label;
}

function notRsa(type: string | undefined): Error {
  return new UnusableKeyError(
    `it is a key of type '${type}', and SES signs with RSA keys only; make one with: openssl genrsa 2048`);
}

function notPrivate(label: string): Error {
  return new UnusableKeyError(
    `it is a PEM block '${shown(label)}', not an RSA private key; store the RSA private key that belongs to it`);
}

function fromBase64(text: string): KeyObject {
  const what = describeText(text);
  if (what !== undefined) throw new UnusableKeyError(what);
  const der = decode(text);
  if (!der) {
    throw new UnusableKeyError('it is neither PEM nor base64; store an RSA private key as PEM, or its DER as base64');
  }
  return fromDer(der);
}

/** Undefined when it is no base64. */
function decode(text: string): Buffer | undefined {
  const base64 = text.replace(/\s+/g, '');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? Buffer.from(base64, 'base64') : undefined;
}

function fromDer(der: Buffer): KeyObject {
  for (const type of ['pkcs8', 'pkcs1'] as const) {
    try {
      return createPrivateKey({ key: der, format: 'der', type });
    } catch (error) {
      // Everything below says what it is instead. OpenSSL's own messages help nobody here.
      if (detailsOf(error).code === 'ERR_MISSING_PASSPHRASE') throw encrypted();
    }
  }
  if (ifReadable(() => createPrivateKey({ key: der, format: 'der', type: 'sec1' }))) throw notRsa('ec');
  if (ifReadable(() => createPublicKey({ key: der, format: 'der', type: 'spki' }))) throw notPrivate('PUBLIC KEY');
  if (ifReadable(() => createPublicKey({ key: der, format: 'der', type: 'pkcs1' }))) throw notPrivate('RSA PUBLIC KEY');
  if (ifReadable(() => new X509Certificate(der))) throw notPrivate('CERTIFICATE');
  throw new UnusableKeyError(describeBytes(der)
    ?? 'its base64 is not an RSA private key (PKCS #1 or PKCS #8): the text is cut off or something else; store the RSA '
      + 'private key as PEM');
}

function encrypted(): Error {
  return new UnusableKeyError(
    'it is encrypted with a passphrase, which SES cannot use; store a decrypted copy: openssl pkey -in FILE');
}
