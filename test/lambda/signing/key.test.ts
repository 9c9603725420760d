// Tests of the private key: every form that is taken, everything that SES could not sign with, and what errors say.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, KeyObject } from 'node:crypto';
import { parseKey } from '../../../lambda/signing/key';
import { pooledKey } from '../../cloud/key-pool';

const rsa = (bits: number) => createPrivateKey(pooledKey(bits, 0));
const KEY = rsa(2048);
const SMALL = rsa(1024);
const CURVE = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
const EDWARDS = generateKeyPairSync('ed25519').privateKey;
const DSA = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).privateKey;
const PSS = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey;

const pem = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1' = 'pkcs8') =>
  key.export({ format: 'pem', type }) as string;
const der = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1' = 'pkcs8') =>
  key.export({ format: 'der', type }) as Buffer;
const base64 = (bytes: Buffer) => bytes.toString('base64');
const inLines = (text: string, length = 64, end = '\n') => text.replace(new RegExp(`.{${length}}`, 'g'), `$&${end}`);

const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIICCDCCAXGgAwIBAgIUaZ6ePuGWrP0pn13mp6opcZ3MJucwDQYJKoZIhvcNAQEL
BQAwFjEUMBIGA1UEAwwLZXhhbXBsZS5jb20wHhcNMjYxMTIzMTkxOTI2WhcNMzYx
MTIwMTkxOTI2WjAWMRQwEgYDVQQDDAtleGFtcGxlLmNvbTCBnzANBgkqhkiG9w0B
AQEFAAOBjQAwgYkCgYEAr+8QsdEnmCiJgJHg49mHQrY/q6IwbC7byDNcOi3r2UGU
p2mePMxcIPjjfw4XCfwmPz3W/3UkCu+4M2FPeRpp5iqUSqWT33XwldFPMfmJviv5
Jv86DYec6QKK4yNdAjQlcYS9e73fkxESiNkqtKzpkmTb/CmSabxKYVb3o+Ex9/MC
AwEAAaNTMFEwHQYDVR0OBBYEFGuVQQ3NvyEkC5tjdxBpMseJ8xIYMB8GA1UdIwQY
MBaAFGuVQQ3NvyEkC5tjdxBpMseJ8xIYMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZI
hvcNAQELBQADgYEAqTPhZLA/PLdL0H0Fga48S/E7+Tj1gUGamQoDZjh55T8sCvzx
pneye6iL6lY6BrGsRPsdvVqbw1JE/buTJZIaZLNyHUPb6yV7RPlsVD0g6I/FBjzv
tet3ygJcZ7qNRysMf45hhFX9h/ihiBFK5/vd/WvCfIaBTqwxEBlEVfE0Z6U=
-----END CERTIFICATE-----
`;

const FORMS: [string, (key: KeyObject) => string][] = [
  ['PEM PKCS #1', (key) => pem(key, 'pkcs1')],
  ['PEM PKCS #8', (key) => pem(key, 'pkcs8')],
  ['base64 DER PKCS #1', (key) => base64(der(key, 'pkcs1'))],
  ['base64 DER PKCS #8', (key) => base64(der(key, 'pkcs8'))],
  ['base64 DER PKCS #1 in lines', (key) => inLines(base64(der(key, 'pkcs1')), 76)],
  ['base64 DER PKCS #8 in lines with CRLF', (key) => inLines(base64(der(key, 'pkcs8')), 64, '\r\n')],
  ['PEM with CRLF', (key) => pem(key).replaceAll('\n', '\r\n')],
  ['PEM with CR alone', (key) => pem(key).replaceAll('\n', '\r')],
  ['PEM without any line break', (key) => pem(key).replaceAll('\n', '')],
  ['PEM with line breaks turned into spaces', (key) => pem(key, 'pkcs1').replaceAll('\n', ' ')],
  ['PEM with stray white space around and in every line', (key) =>
    ` \t\n\n${pem(key).replaceAll('\n', ' \t\n  ')}\n\n `],
  ['PEM with a byte order mark', (key) => `\uFEFF${pem(key)}`],
  ['PEM with line breaks written as backslash and n', (key) => pem(key).replaceAll('\n', '\\n')],
  ['PEM with line breaks written as backslash r backslash n', (key) => pem(key, 'pkcs1').replaceAll('\n', '\\r\\n')],
  ['base64 with line breaks written as backslash and n', (key) => inLines(base64(der(key)), 64, '\\n')],
  ['PEM with line breaks escaped twice', (key) => pem(key).replaceAll('\n', '\\\\n')],
  ['PEM with headers', (key) =>
    pem(key, 'pkcs1').replace('KEY-----\n', 'KEY-----\nComment: of 2026\nX-Selector: s1\n\n')],
  ['PEM in single quotes', (key) => `'${pem(key)}'`],
  ['base64 DER without its padding', (key) => base64(der(key)).replace(/=+$/, '')],
  ['PEM with the comment that OpenSSL writes before it', (key) =>
    `Bag Attributes\n    friendlyName: dkim\nKey Attributes: <No Attributes>\n${pem(key)}`],
];

describe.each([['1024', SMALL], ['2048', KEY]] as const)('an RSA key of %s bits', (_, key) => {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });

  test.each(FORMS)('is read from %s', (_form, write) => {
    // WHEN
    const found = parseKey(write(key));
    // THEN
    expect(found).toEqual({
      privateKey: base64(der(key, 'pkcs8')),
      publicKey: base64(spki),
      publicKeySha256: createHash('sha256').update(spki).digest('hex'),
    });
    expect(found.privateKey).toMatch(/^[a-zA-Z0-9+/]+={0,2}$/);
    expect(createPrivateKey({ key: Buffer.from(found.privateKey, 'base64'), format: 'der', type: 'pkcs8' }).equals(key))
      .toBe(true);
  });
});

/** The n-th byte of one of the key's numbers, changed. */
function damaged(key: KeyObject, number: 'n' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi'): Buffer {
  const bytes = der(key, 'pkcs1');
  const at = bytes.indexOf(Buffer.from(key.export({ format: 'jwk' })[number]!, 'base64url'));
  bytes[at + 20] = 255 - bytes[at + 20];
  return bytes;
}

const passphrase = { cipher: 'aes-256-cbc', passphrase: 'correct horse' };
const ENCRYPTED = /^it is encrypted with a passphrase, which SES cannot use; store a decrypted copy: openssl pkey/;
const NOT_RSA = (type: string) =>
  new RegExp(`^it is a key of type '${type}', and SES signs with RSA keys only; make one with: openssl`);
const NOT_PRIVATE = (label: string) =>
  new RegExp(`^it is a PEM block '${label}', not an RSA private key; store the RSA private key`);
const BITS = (bits: number) => new RegExp(`^it is an RSA key of ${bits} bits, and SES takes 1024 to 2048; make one`);
const NEITHER = /^it is neither PEM nor base64; store an RSA private key as PEM/;
const NO_KEY = new RegExp('^its base64 is not an RSA private key \\(PKCS #1 or PKCS #8\\): the text is cut off or something '
  + 'else; store the RSA private key as PEM$');
const DAMAGED = /^it is damaged: its numbers do not belong together; store the key again from the original file$/;
const publicKey = createPublicKey(KEY);
const SPKI = base64(publicKey.export({ format: 'der', type: 'spki' }));
/** The start of one: a sequence with a sequence with version 0 and a name. */
const REQUEST = 'MIICijCCAXICAQAwRTELMAkGA1UEBhMCQVUxEzARBgNVBAgMClNvbWUtU3RhdGU=';

const REFUSED: [string, string, RegExp][] = [
  ['an encrypted PKCS #8 PEM', KEY.export({ format: 'pem', type: 'pkcs8', ...passphrase }) as string, ENCRYPTED],
  ['an encrypted traditional PEM', KEY.export({ format: 'pem', type: 'pkcs1', ...passphrase }) as string, ENCRYPTED],
  ['an encrypted DER', base64(KEY.export({ format: 'der', type: 'pkcs8', ...passphrase })), ENCRYPTED],
  ['an EC key, PKCS #8 PEM', pem(CURVE), NOT_RSA('ec')],
  ['an EC key, SEC 1 PEM', pem(CURVE, 'sec1'), NOT_RSA('ec')],
  ['an EC key with its parameters, as openssl ecparam writes it',
    `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${pem(CURVE, 'sec1')}`,
    NOT_RSA('ec')],
  ['an EC key, PKCS #8 DER', base64(der(CURVE)), NOT_RSA('ec')],
  ['an EC key, SEC 1 DER', base64(der(CURVE, 'sec1')), NOT_RSA('ec')],
  ['an Ed25519 key, PEM', pem(EDWARDS), NOT_RSA('ed25519')],
  ['an Ed25519 key, DER', base64(der(EDWARDS)), NOT_RSA('ed25519')],
  ['an RSA-PSS key', pem(PSS), NOT_RSA('rsa-pss')],
  ['a public key, SPKI PEM', publicKey.export({ format: 'pem', type: 'spki' }) as string, NOT_PRIVATE('PUBLIC KEY')],
  [
    'a public key, PKCS #1 PEM',
    publicKey.export({ format: 'pem', type: 'pkcs1' }) as string,
    NOT_PRIVATE('RSA PUBLIC KEY'),
  ],
  ['a public key, SPKI DER', base64(publicKey.export({ format: 'der', type: 'spki' })), NOT_PRIVATE('PUBLIC KEY')],
  [
    'a public key, PKCS #1 DER',
    base64(publicKey.export({ format: 'der', type: 'pkcs1' })),
    NOT_PRIVATE('RSA PUBLIC KEY'),
  ],
  ['a certificate, PEM', CERTIFICATE, NOT_PRIVATE('CERTIFICATE')],
  ['a certificate, DER', CERTIFICATE.replace(/-----.*-----/g, ''), NOT_PRIVATE('CERTIFICATE')],
  [
    'an OpenSSH key',
    `-----BEGIN OPENSSH PRIVATE KEY-----\n${base64(der(SMALL))}\n-----END OPENSSH PRIVATE KEY-----`,
    /^it is an OpenSSH key; convert/,
  ],
  ['a key of 512 bits', pem(rsa(512)), BITS(512)],
  ['a key of 1023 bits', pem(rsa(1023)), BITS(1023)],
  ['a key of 2056 bits', pem(rsa(2056)), BITS(2056)],
  ['a key of 3072 bits', pem(rsa(3072)), BITS(3072)],
  ['a key of 4096 bits', base64(der(rsa(4096), 'pkcs1')), BITS(4096)],
  [
    'a PEM encoded once more',
    base64(Buffer.from(pem(KEY))),
    /^it is a PEM file encoded in base64 once more; store the PEM text itself$/,
  ],
  ['base64 of base64', base64(Buffer.from(base64(der(KEY)))), /^it is base64 that was encoded in base64 once more/],
  ['nothing', '', /^it is empty; store the private key in it$/],
  ['white space', ' \n\uFEFF\t ', /^it is empty/],
  ['a line break in letters', '\\n', /^it is empty/],
  ['text', 'the key is in another secret, ask Ann', NEITHER],
  ['a word', 'changeme', NO_KEY],
  ['JSON', JSON.stringify({ privateKey: base64(der(KEY)) }), NEITHER],
  ['base64url', der(KEY).toString('base64url'), /^it is URL-safe base64/],
  ['base64 of something', base64(Buffer.from('something else than a key, but long enough to be one')), NO_KEY],
  [
    'two keys',
    pem(KEY) + pem(SMALL),
    /^it holds 2 PEM blocks \(PRIVATE KEY, PRIVATE KEY\); store the private key alone$/,
  ],
  [
    'a key with its certificate',
    pem(KEY, 'pkcs1') + CERTIFICATE,
    /^it holds 2 PEM blocks \(RSA PRIVATE KEY, CERTIFICATE\)/,
  ],
  ['a PEM that is cut off', pem(KEY)
    .slice(0, 900), /^its PEM block 'PRIVATE KEY' has no END line: the text is cut off; store the key again from the original file$/],
  ['a PEM with another END line', pem(KEY).replace('END PRIVATE', 'END RSA PRIVATE'), /has no END line/],
  ['a PEM with a hole', pem(KEY).split('\n').filter((_, line) => line !== 7).join('\n'), NO_KEY],
  ['base64 that is cut off', base64(der(KEY)).slice(0, 800), NO_KEY],
  ['an empty PEM block', '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----', /^its PEM block 'PRIVATE KEY' is empty/],
  ['a DSA key, PEM', pem(DSA), NOT_RSA('dsa')],
  ['a PEM block of a DSA key', '-----BEGIN DSA PRIVATE KEY-----\nMIIB\n-----END DSA PRIVATE KEY-----', NOT_RSA('dsa')],
  ['a certificate request, PEM',
    '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----',
    NOT_PRIVATE('CERTIFICATE REQUEST')],
  ['a certificate request, DER', REQUEST, /^it is a certificate request \(CSR\)/],
  ['PKCS #12', 'MIIG2gIBAzCCBpAGCSqGSIb3DQEHAaCCBoEEggZ9MIIGeTCCA/IGCSqGSIb3DQEH', /^it is PKCS #12/],
  ['PKCS #7', 'MIIDBgYJKoZIhvcNAQcCoIIC9zCCAvMCAQExADALBgkqhkiG9w0BBwE=', /^it is PKCS #7/],
  ['a Java keystore', base64(Buffer.from('feedfeed0000000200000001', 'hex')), /^it is a Java keystore/],
  ['an OpenSSH key without its label', base64(Buffer.from('openssh-key-v1\0\0\0\0')), /^it is an OpenSSH key/],
  ['an SSH public key', 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC mail@host', /^it is an SSH public key/],
  ['an SSH public key alone', 'AAAAB3NzaC1yc2EAAAADAQABAAABAQC', /^it is an SSH public key/],
  ['an SSH public key of RFC 4716', '---- BEGIN SSH2 PUBLIC KEY ----\nAAAA', /^it is an SSH public key/],
  ['a PuTTY key', 'PuTTY-User-Key-File-2: ssh-rsa\r\nEncryption: none\r\n', /^it is a PuTTY key/],
  ['a DKIM record', `v=DKIM1; k=rsa; p=${SPKI}`, /^it is a DKIM record/],
  ['a DKIM record without v=', `k=rsa; t=s; p=${SPKI}`, /^it is a DKIM record/],
  ['a DKIM record of p= alone', `"p=${SPKI.slice(0, 200)}" "${SPKI.slice(200)}"`, /^it is a DKIM record/],
  ['a line of a zone file', `s1._domainkey IN TXT ( "v=DKIM1; k=rsa; "\n "p=${SPKI}" )`, /^it is a DKIM record/],
  ['hex', der(KEY).toString('hex'), /^it is hex/],
  ['hex with colons', der(KEY).toString('hex').replace(/..(?=.)/g, '$&:'), /^it is hex/],
  ['base64 in single quotes', `'${base64(der(KEY))}'`, /^it is in quotes/],
  ['a key of XML', '<RSAKeyValue><Modulus>AQAB</Modulus></RSAKeyValue>', /^it is XML/],
  ['text in UTF-16', pem(KEY).replace(/[^]/g, '$&\0'), /^it has zero bytes/],
  ['the path of a file', 'file://dkim.pem', /^it is the path of a file/],
  ['a reference', '{{resolve:secretsmanager:mail/dkim}}', /^it is a reference/],
  ['a PEM with four hyphens', pem(KEY).replaceAll('-----', '----'), /^its BEGIN line is damaged/],
  ['a PEM with dashes of a word processor', pem(KEY).replaceAll('--', '\u2014'), /^its BEGIN line is damaged/],
  ['a PEM with letters that base64 lacks', pem(KEY).replace('\nMII', '\n\u2026MII'), /^its PEM block 'PRIVATE KEY' is empty or/],
  ['thousands of BEGIN lines', '-----BEGIN PRIVATE KEY-----\n'.repeat(2_300), /^it holds 2300 PEM blocks/],
  ['two labels of 30 kB',
    `-----BEGIN ${'A'.repeat(30_000)}-----\n`.repeat(2),
    /^it holds 2 PEM blocks \(a label of 30000 characters, a label of 30000 characters\); store/],
  ['white space without an end', `A${' '.repeat(60_000)}!`, NEITHER],
  ...(['n', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const)
    .map((number): [string, string, RegExp] =>
      [`a key with one byte of its ${number} changed`, base64(damaged(KEY, number)), DAMAGED]),
];

/** Every run of so many characters of the secret counts as a piece of it. */
const PIECE = 12;

/** What a message shows of a text, PEM's own lines apart. */
function piecesIn(message: string, text: string): string[] {
  const plain = text.replace(/-----[A-Z0-9 ]+-----/g, '').replace(/\s+/g, '');
  const shown = message.replace(/\s+/g, '');
  const pieces = Array.from({ length: Math.max(0, plain.length - PIECE + 1) }, (_, at) => plain.slice(at, at + PIECE));
  return pieces.filter((piece) => shown.includes(piece));
}

test.each(REFUSED)('%s is refused with the reason and without the text', (_, text, reason) => {
  // WHEN
  const error = errorOf(() => parseKey(text));
  // THEN
  expect(error.message).toMatch(reason);
  expect(piecesIn(error.message, text)).toEqual([]);
  expect(piecesIn(String(error.stack), text)).toEqual([]);
});

test('the search for pieces of a key finds one that is quoted', () => {
  expect(piecesIn(`Value ${pem(KEY).slice(100, 130)} is not valid`, pem(KEY))).not.toEqual([]);
});

function errorOf(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
