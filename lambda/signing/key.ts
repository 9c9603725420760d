// Checks a private key before SES sees it, and derives its public key. Pure.
import { createHash, createPrivateKey, createPublicKey, KeyObject, X509Certificate } from 'node:crypto';
import { detailsOf } from '../base/describe-error';

export interface KeyPair {
  /** What SES takes: base64 of the PKCS #8 DER, without line breaks. */
  readonly privateKey: string;
  /** What `p=` takes: base64 of the SPKI DER. */
  readonly publicKey: string;
  /** Hex, of the SPKI DER. */
  readonly publicKeySha256: string;
}

/** Why a text is no key that SES can use. It never quotes the text. */
export class UnusableKeyError extends Error {}

/** https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-bring-your-own.html */
const MIN_BITS = 1024;
const MAX_BITS = 2048;

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
  if (!belongTogether(key)) {
    throw new UnusableKeyError(
      'it is damaged: its numbers do not belong together; store the key again from the original file');
  }
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return {
    privateKey: key.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    publicKey: spki.toString('base64'),
    publicKeySha256: createHash('sha256').update(spki).digest('hex'),
  };
}

function toKeyObject(text: string): KeyObject {
  // A key pasted into JSON or a shell often has its line breaks as a backslash and a letter.
  const trimmed = text.replace(/^\uFEFF/, '').replace(/\\r|\\n/g, '\n').trim();
  if (trimmed === '') throw new UnusableKeyError('it is empty; store the private key in it');
  const begins = [...trimmed.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map((match) => match[1]);
  if (begins.length > 1) {
    throw new UnusableKeyError(
      `it holds ${begins.length} PEM blocks (${begins.slice(0, 4).join(', ')}); store the private key alone`);
  }
  return begins.length === 1 ? fromPem(trimmed, begins[0]) : fromBase64(trimmed);
}

function fromPem(text: string, label: string): KeyObject {
  const body = new RegExp(`-----BEGIN ${label}-----([\\s\\S]*?)-----END ${label}-----`).exec(text)?.[1];
  if (body === undefined) throw new UnusableKeyError(`its PEM block '${label}' has no END line; the text is cut off`);
  if (label === 'ENCRYPTED PRIVATE KEY' || body.includes('ENCRYPTED')) throw encrypted();
  if (label === 'OPENSSH PRIVATE KEY') {
    throw new UnusableKeyError('it is an OpenSSH key; convert a copy of it with: ssh-keygen -p -m PEM -f FILE');
  }
  if (label === 'EC PRIVATE KEY') throw notRsa('ec');
  if (label !== 'RSA PRIVATE KEY' && label !== 'PRIVATE KEY') throw notPrivate(label);
  return fromDer(decode(body));
}

function notRsa(type: string | undefined): Error {
  return new UnusableKeyError(
    `it is a key of type '${type}', and SES signs with RSA keys only; make one with: openssl genrsa 2048`);
}

function notPrivate(label: string): Error {
  return new UnusableKeyError(
    `it is a PEM block '${label.slice(0, 40)}', not a private key; store the RSA private key that belongs to it`);
}

function fromBase64(text: string): KeyObject {
  const der = decode(text);
  if (der.subarray(0, 10).toString('latin1') === '-----BEGIN') {
    throw new UnusableKeyError('it is a PEM file encoded in base64 once more; store the PEM text itself');
  }
  return fromDer(der);
}

function decode(text: string): Buffer {
  const base64 = text.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    throw new UnusableKeyError('it is neither PEM nor base64; store an RSA private key as PEM, or its DER as base64');
  }
  return Buffer.from(base64, 'base64');
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
  if (reads(() => createPrivateKey({ key: der, format: 'der', type: 'sec1' }))) throw notRsa('ec');
  if (reads(() => createPublicKey({ key: der, format: 'der', type: 'spki' }))) throw notPrivate('PUBLIC KEY');
  if (reads(() => createPublicKey({ key: der, format: 'der', type: 'pkcs1' }))) throw notPrivate('RSA PUBLIC KEY');
  if (reads(() => new X509Certificate(der))) throw notPrivate('CERTIFICATE');
  throw new UnusableKeyError(
    'its base64 is not an RSA private key (PKCS #1 or PKCS #8); the text is cut off or something else');
}

function encrypted(): Error {
  return new UnusableKeyError(
    'it is encrypted with a passphrase, which SES cannot use; store a decrypted copy: openssl pkey -in FILE');
}

function reads(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

/**
 * The equations of RFC 8017 section 3.2. A signature as a probe would not show it: OpenSSL notices a damaged prime and
 * signs without it, and what SES signs with may not.
 */
function belongTogether(key: KeyObject): boolean {
  const jwk = key.export({ format: 'jwk' });
  const [n, e, d, p, q, dp, dq, qi] = [jwk.n, jwk.e, jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi]
    .map((number) => BigInt(`0x${Buffer.from(number!, 'base64url').toString('hex')}`));
  return p * q === n
    && e * d % (p - 1n) === 1n && e * d % (q - 1n) === 1n
    && dp === d % (p - 1n) && dq === d % (q - 1n) && qi * q % p === 1n;
}
