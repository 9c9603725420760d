// What a secret holds in place of a private key: says what it is, and how to get the key out of it. Pure.

export const AGAIN = 'store the key again from the original file';
const PUBLIC = 'store the RSA private key that belongs to it';

/** The first that fits counts. */
const TEXTS: readonly [RegExp, string][] = [
  [/\0/, 'it has zero bytes, as a file in UTF-16 has; store it as plain text'],
  [/^PuTTY-User-Key-File-/,
    'it is a PuTTY key (.ppk); convert a copy of it with: puttygen FILE -O private-openssh -o dkim.pem'],
  [/^(?:sk-)?(?:ssh|ecdsa)-\S+ |^---- BEGIN SSH2 PUBLIC|^AAAA[A-Z0-9]{2}NzaC1|^AAAAE2VjZHNh/,
    `it is an SSH public key, not a private key; ${PUBLIC}`],
  [/\bv\s*=\s*DKIM1\b|^"?\s*(?:[a-z]=[^;"]*;\s*)*p=/i,
    `it is a DKIM record, which has the public key; ${PUBLIC}`],
  [/^b3BlbnNzaC1rZXkt/, 'it is an OpenSSH key without its first and last line; convert a copy of the file with: '
    + 'ssh-keygen -p -m PEM -f FILE'],
  [/^</, 'it is XML or HTML; store the RSA private key as PEM'],
  [/^(?:arn:|\{\{)/, 'it is a reference, not what it refers to; store the RSA private key itself'],
  [/^(?:file:|~\/|\.{1,2}\/|[A-Z]:\\)|^\S{1,200}\.(?:pem|key|der|p12|pfx|ppk)$/i,
    'it is the path of a file; store what is in the file'],
  [/^(['"`])[^]*\1$/, 'it is in quotes; store it without them'],
  [/BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/i,
    `its BEGIN line is damaged; such a line has five hyphens on each side; ${AGAIN}`],
];

/** By the first bytes, in hex. The lengths between are left open. */
const LENGTH = '(?:[0-7].|80|81..|82.{4}|83.{6})';
const BYTES: readonly [RegExp, string][] = [
  [new RegExp(`^30${LENGTH}02010330${LENGTH}06092a864886f70d0107`),
    'it is PKCS #12 (.p12, .pfx), a key in a container; take it out with: openssl pkcs12 -in FILE -nodes -nocerts'],
  [new RegExp(`^30${LENGTH}06092a864886f70d0107`),
    `it is PKCS #7 (.p7b), which has certificates only; ${PUBLIC}`],
  [new RegExp(`^30${LENGTH}30${LENGTH}02010030`), `it is a certificate request (CSR), not a private key; ${PUBLIC}`],
  [/^(?:feedfeed|cececece)/, 'it is a Java keystore; convert it to PKCS #12 with: keytool -importkeystore, and then '
    + 'take the key out with: openssl pkcs12 -in FILE -nodes -nocerts'],
];

/** The first byte of a DER is that of a sequence, and the second says that its length follows. */
const DER = /^\x30[\x80-\x83]/;

/** Undefined when it is nothing that is known. */
export function describeText(text: string): string | undefined {
  const known = TEXTS.find(([form]) => form.test(text))?.[1];
  if (known !== undefined) return known;
  if (/^[A-Za-z0-9]*[-_][\w-]*=*$/.test(text) && DER.test(Buffer.from(text, 'base64url').toString('latin1'))) {
    return "it is URL-safe base64 (base64url); store it as PEM, or as base64 with '+' and '/'";
  }
  if (/^(?:0x)?30[:\s]?8[0-3][0-9a-f:\s]*$/i.test(text)) return 'it is hex; store the RSA private key as PEM';
  return undefined;
}

/** The same of what base64 stands for. */
export function describeBytes(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1').trim();
  if (text.startsWith('-----BEGIN')) return 'it is a PEM file encoded in base64 once more; store the PEM text itself';
  if (/^[A-Za-z0-9+/\s]+=*$/.test(text) && DER.test(Buffer.from(text, 'base64').toString('latin1'))) {
    return 'it is base64 that was encoded in base64 once more; store it as it was before';
  }
  const start = bytes.subarray(0, 32).toString('hex');
  return BYTES.find(([form]) => form.test(start))?.[1];
}
