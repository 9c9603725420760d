// Bad input: what a secret can hold in place of a private key that SES can use.
import { createPrivateKey, createPublicKey, generateKeyPairSync, KeyObject } from 'node:crypto';
import { AtDeployment, Refusal } from './refusal';
import { pooledKey } from '../cloud/key-pool';
import { PEM } from '../end-to-end/scene';
import { rsaKey } from '../lambda/fixtures/rsa-numbers';

const KEY = createPrivateKey(PEM.one);
const PUBLIC = createPublicKey(PEM.one);
const EC = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
const EDWARDS = generateKeyPairSync('ed25519').privateKey;
const PSS = generateKeyPairSync('rsa-pss', { modulusLength: 1024 }).privateKey;
const ENCRYPTED = { cipher: 'aes-256-cbc', passphrase: 'secret' };

const pem = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1' = 'pkcs8') => key.export({ format: 'pem', type }) as string;
const der = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1' = 'pkcs8') => key.export({ format: 'der', type }) as Buffer;
const base64 = (bytes: Buffer) => bytes.toString('base64');
const bits = (length: number) => pooledKey(length, 900);
const JWK = KEY.export({ format: 'jwk' });

/** The key with other numbers in place of its own. */
function withNumbers(changed: Partial<Record<'n' | 'e' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi', bigint>>): string {
  const own = (name: keyof typeof JWK) => BigInt(`0x${Buffer.from(JWK[name] as string, 'base64url').toString('hex')}`);
  return rsaKey((['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const).map((name) => changed[name] ?? own(name)));
}

/** A small key with a further prime. */
function threePrimes(): string {
  const jwk = createPrivateKey(bits(1024)).export({ format: 'jwk' });
  const own = (number: string | undefined) => BigInt(`0x${Buffer.from(number!, 'base64url').toString('hex')}`);
  const { n, e, d, p, q, dp, dq, qi } = jwk;
  return rsaKey([own(n) * 3n, ...[e, d, p, q, dp, dq, qi].map(own)], [3n, 1n, 1n]);
}

/** A secret with this value. */
const holds = (
  title: string, value: string, { field, ...parts }: Record<string, string> & { field?: string } = {},
): AtDeployment => ({
  title: `secret: ${title}`,
  make: (world) => {
    const arn = world.scene.secret(value);
    const secret = field === undefined ? arn : `${arn} (field '${field}')`;
    return { build: world.byo(arn, { jsonField: field }), parts: { secret, ...parts } };
  },
});

/** What a secret is, and what to do about it. */
const key = (says: string, advises: string, why: string, ...atDeployment: AtDeployment[]): Refusal =>
  ({ place: 'key', says, advises, why, atDeployment });

const BELONGS = 'store the RSA private key that belongs to it';
const GENERATE = 'make one with: openssl genrsa 2048';
const AGAIN = 'store the key again from the original file';
const CERTIFICATE = [
  'MIICCDCCAXGgAwIBAgIUaZ6ePuGWrP0pn13mp6opcZ3MJucwDQYJKoZIhvcNAQELBQAwFjEUMBIGA1UEAwwLZXhhbXBsZS5jb20wHhcNMjYxMTIzMTkx',
  'OTI2WhcNMzYxMTIwMTkxOTI2WjAWMRQwEgYDVQQDDAtleGFtcGxlLmNvbTCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAr+8QsdEnmCiJgJHg49mH',
  'QrY/q6IwbC7byDNcOi3r2UGUp2mePMxcIPjjfw4XCfwmPz3W/3UkCu+4M2FPeRpp5iqUSqWT33XwldFPMfmJviv5Jv86DYec6QKK4yNdAjQlcYS9e73f',
  'kxESiNkqtKzpkmTb/CmSabxKYVb3o+Ex9/MCAwEAAaNTMFEwHQYDVR0OBBYEFGuVQQ3NvyEkC5tjdxBpMseJ8xIYMB8GA1UdIwQYMBaAFGuVQQ3NvyEk',
  'C5tjdxBpMseJ8xIYMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADgYEAqTPhZLA/PLdL0H0Fga48S/E7+Tj1gUGamQoDZjh55T8sCvzxpney',
  'e6iL6lY6BrGsRPsdvVqbw1JE/buTJZIaZLNyHUPb6yV7RPlsVD0g6I/FBjzvtet3ygJcZ7qNRysMf45hhFX9h/ihiBFK5/vd/WvCfIaBTqwxEBlEVfE0',
  'Z6U=',
].join('');

export const KEYS: readonly Refusal[] = [
  key('it is empty', 'store the private key in it', 'The secret was made before its key, or a script wrote nothing.',
    holds('blanks and a byte order mark', ' \n\uFEFF\t '), holds('a line break in letters', '\\n'),
    {
      title: 'secret: empty, in an update',
      make: async (world) => {
        await world.deployed(world.byo(world.scene.secrets.one));
        const secret = world.scene.secret(' ');
        return { isUpdate: true, build: world.byo(secret, undefined, {}, 's2'), parts: { secret } };
      },
    }),
  key('it is encrypted with a passphrase, which SES cannot use', 'store a decrypted copy: openssl pkey -in FILE',
    'SES cannot ask for a passphrase. The secret itself is encrypted by Secrets Manager.',
    holds('an encrypted PEM, PKCS #8', KEY.export({ format: 'pem', type: 'pkcs8', ...ENCRYPTED }) as string),
    holds('an encrypted PEM, PKCS #1', KEY.export({ format: 'pem', type: 'pkcs1', ...ENCRYPTED }) as string),
    holds('an encrypted DER', base64(KEY.export({ format: 'der', type: 'pkcs8', ...ENCRYPTED })))),
  key("it is a key of type '{type}', and SES signs with RSA keys only", GENERATE,
    'DKIM knows Ed25519 as well (RFC 8463), but SES does not sign with it.',
    holds('an EC key, PKCS #8', pem(EC), { type: 'ec' }), holds('an EC key, SEC 1', pem(EC, 'sec1'), { type: 'ec' }),
    holds('an EC key, DER', base64(der(EC, 'sec1')), { type: 'ec' }),
    holds('an Ed25519 key', pem(EDWARDS), { type: 'ed25519' }), holds('an RSA-PSS key', pem(PSS), { type: 'rsa-pss' }),
    holds('a DSA key', '-----BEGIN DSA PRIVATE KEY-----\nMIIB\n-----END DSA PRIVATE KEY-----', { type: 'dsa' })),
  key('it is an RSA key of {bits} bits, and SES takes 1024 to 2048', GENERATE, 'SES takes no others.',
    ...[512, 1016, 2056, 3072].map((length) => holds(`a key of ${length} bits`, bits(length), { bits: `${length}` }))),
  key("it is a PEM block '{label}', not an RSA private key", BELONGS,
    'The public key belongs into DNS, where the construct writes it.',
    holds('a public key', PUBLIC.export({ format: 'pem', type: 'spki' }) as string, { label: 'PUBLIC KEY' }),
    holds('a public key, PKCS #1', PUBLIC.export({ format: 'pem', type: 'pkcs1' }) as string, { label: 'RSA PUBLIC KEY' }),
    holds('a public key, DER', base64(PUBLIC.export({ format: 'der', type: 'spki' })), { label: 'PUBLIC KEY' }),
    holds('a certificate', `-----BEGIN CERTIFICATE-----\n${CERTIFICATE}\n-----END CERTIFICATE-----`, { label: 'CERTIFICATE' }),
    holds('a certificate, DER', CERTIFICATE, { label: 'CERTIFICATE' }),
    holds('a PGP key', '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ==\n-----END PGP PRIVATE KEY BLOCK-----',
      { label: 'PGP PRIVATE KEY BLOCK' }),
    holds('a certificate request', '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----',
      { label: 'CERTIFICATE REQUEST' })),
  key('it holds {count} PEM blocks ({labels})', 'store the private key alone', 'A file often has the key and its certificates.',
    holds('two keys', PEM.one + PEM.two, { count: '2', labels: 'PRIVATE KEY, PRIVATE KEY' }),
    holds('thousands of BEGIN lines', '-----BEGIN PRIVATE KEY-----\n'.repeat(2_300),
      { count: '2300', labels: 'PRIVATE KEY, PRIVATE KEY, PRIVATE KEY, PRIVATE KEY' })),
  key("its PEM block '{label}' has no END line: the text is cut off", AGAIN, 'A copy ended too early.',
    holds('a PEM that is cut off', PEM.one.slice(0, 900), { label: 'PRIVATE KEY' }),
    holds('a label of 64 kB', `-----BEGIN ${'HUSH '.repeat(13_000)}-----\nAAAA\n`, { label: 'a label of 65000 characters' })),
  key("its PEM block 'PRIVATE KEY' is empty or has characters that base64 does not have", AGAIN,
    'An editor, a chat or a terminal has changed the text.',
    holds('a PEM without a body', '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----'),
    holds('a PEM with letters that base64 lacks', PEM.one.replace('\nMII', '\n\u2026MII'))),
  key('its BEGIN line is damaged; such a line has five hyphens on each side', AGAIN,
    'Word processors and chats make dashes of hyphens.',
    holds('a PEM with four hyphens', PEM.one.replaceAll('-----', '----'))),
  key('it is an OpenSSH key', 'convert a copy of it with: ssh-keygen -p -m PEM -f FILE', '`ssh-keygen` writes a form of its own.',
    holds('an OpenSSH key', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE=\n-----END OPENSSH PRIVATE KEY-----')),
  key('it is an OpenSSH key without its first and last line',
    'convert a copy of the file with: ssh-keygen -p -m PEM -f FILE', '`ssh-keygen` writes a form of its own.',
    holds('an OpenSSH key without its label', base64(Buffer.from('openssh-key-v1\0\0\0\0')))),
  key('it is a PuTTY key (.ppk)', 'convert a copy of it with: puttygen FILE -O private-openssh -o dkim.pem',
    'PuTTY has a form of its own.', holds('a PuTTY key', 'PuTTY-User-Key-File-3: ssh-rsa\r\nEncryption: none\r\n')),
  key('it is an SSH public key, not a private key', BELONGS, 'It is what SSH servers have, not DNS.',
    holds('an SSH public key', 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC mail@host'),
    holds('an SSH public key of RFC 4716', '---- BEGIN SSH2 PUBLIC KEY ----\nAAAA')),
  key('it is a DKIM record, which has the public key', BELONGS, 'The construct makes the record from the private key.',
    holds('a DKIM record', `v=DKIM1; k=rsa; p=${base64(PUBLIC.export({ format: 'der', type: 'spki' }))}`)),
  key('it is PKCS #12 (.p12, .pfx), a key in a container', 'take it out with: openssl pkcs12 -in FILE -nodes -nocerts',
    'Windows and Java store keys in this form.', holds('PKCS #12', 'MIIG2gIBAzCCBpAGCSqGSIb3DQEHAaCCBoEEggZ9MIIGeTCCA/IGCSqGSIb3DQEH')),
  key('it is PKCS #7 (.p7b), which has certificates only', BELONGS, 'Certificate authorities send certificates in this form.',
    holds('PKCS #7', 'MIIDBgYJKoZIhvcNAQcCoIIC9zCCAvMCAQExADALBgkqhkiG9w0BBwE=')),
  key('it is a certificate request (CSR), not a private key', BELONGS, 'You send it to a certificate authority.',
    holds('a certificate request, DER', 'MIICijCCAXICAQAwRTELMAkGA1UEBhMCQVUxEzARBgNVBAgMClNvbWUtU3RhdGU=')),
  key('it is a Java keystore', 'convert it to PKCS #12 with: keytool -importkeystore, and then take the key out with: openssl '
    + 'pkcs12 -in FILE -nodes -nocerts', 'Java stores keys in this form.',
  holds('a Java keystore', base64(Buffer.from('feedfeed0000000200000001', 'hex')))),
  key('it is a PEM file encoded in base64 once more', 'store the PEM text itself',
    'Scripts for Kubernetes and CI do that to each secret.', holds('base64 of a PEM', base64(Buffer.from(PEM.one)))),
  key('it is base64 that was encoded in base64 once more', 'store it as it was before', 'Two scripts have encoded it.',
    holds('base64 of base64', base64(Buffer.from(base64(der(KEY)))))),
  key('it is URL-safe base64 (base64url)', "store it as PEM, or as base64 with '+' and '/'", 'JWTs and URLs have that form.',
    holds('base64url', der(KEY).toString('base64url'))),
  key('it is hex', 'store the RSA private key as PEM', 'Debuggers and `xxd` write keys in this form.',
    holds('hex', der(KEY).toString('hex'))),
  key('it has zero bytes, as a file in UTF-16 has', 'store it as plain text', 'PowerShell writes files in UTF-16.',
    holds('UTF-16', PEM.one.replace(/[^]/g, '$&\0'))),
  key('it is in quotes', 'store it without them', 'The quotes are from a shell or an .env file.',
    holds('a key in quotes', `'${base64(der(KEY))}'`)),
  key('it is XML or HTML', 'store the RSA private key as PEM', '.NET writes keys as XML. A web page can be the result of a failed download.',
    holds('a key of XML', '<RSAKeyValue><Modulus>AQAB</Modulus></RSAKeyValue>')),
  key('it is a reference, not what it refers to', 'store the RSA private key itself',
    'A reference in a secret is not resolved.', holds('a dynamic reference', '{{resolve:secretsmanager:mail/dkim}}'),
    holds('an ARN', 'arn:aws:secretsmanager:us-east-1:111111111111:secret:mail/dkim-AbCdEf')),
  key('it is the path of a file', 'store what is in the file', '`file://` works with the AWS CLI only.',
    holds('a path', 'file://dkim.pem'), holds('the name of a file', 'keys/dkim.pem')),
  key('it is neither PEM nor base64', 'store an RSA private key as PEM, or its DER as base64', 'It is some other text.',
    holds('prose', 'the key is in another secret, ask Ann'), holds('64 kB of blanks', `A${' '.repeat(60_000)}!`)),
  key('its base64 is not an RSA private key (PKCS #1 or PKCS #8): the text is cut off or something else',
    'store the RSA private key as PEM',
    'A password that Secrets Manager has generated is such a text.',
    holds('a generated password', 'xK2cPqVb8mJt4RzW'), holds('base64 that is cut off', base64(der(KEY)).slice(0, 800)),
    holds('a PEM with a hole', PEM.one.split('\n').filter((_, line) => line !== 7).join('\n'))),
  key('its public exponent is not an odd number from 3 to 2147483647, as verifiers need it',
    'make a key with: openssl genrsa 2048', 'With 1 anybody could sign; with a large one Go programs verify nothing.',
    holds('a public exponent of 1', withNumbers({ e: 1n, d: 1n })), holds('a public exponent of 4', withNumbers({ e: 4n }))),
  key('some of its numbers are zero, as in a key that Java writes without its primes',
    'store the key from a file that has all its numbers, or make one with: openssl genrsa 2048',
    "Java's `RSAPrivateKeySpec` makes such keys. Write the key from an `RSAPrivateCrtKey`.",
    holds('a key without primes', withNumbers({ p: 0n, q: 0n, dp: 0n, dq: 0n, qi: 0n }))),
  key('it has more than two primes', 'make a key with: openssl genrsa 2048', 'SES and many verifiers support two primes only.',
    holds('a key of three primes', threePrimes())),
  key('it is damaged: its numbers do not belong together', AGAIN, 'A bit of the file has changed.',
    holds('a prime that is wrong', withNumbers({ p: 3n })), holds('an exponent that is wrong', withNumbers({ d: 5n }))),
  key('it is JSON that was encoded twice', 'store the JSON object itself', 'A script has encoded what was encoded already.',
    holds('JSON encoded twice', JSON.stringify(JSON.stringify({ key: 'x' })))),
  key('it is not a JSON object; it is JSON that was encoded twice', 'store the JSON object itself',
    'A script has encoded what was encoded already.',
    holds('JSON encoded twice, and a field', JSON.stringify(JSON.stringify({ key: 'x' })), { field: 'key' })),
  key('it is a JSON array', 'store the key alone, or in a field of a JSON object', 'The function looks for one key.',
    holds('a JSON array', JSON.stringify([base64(der(KEY))]))),
  key('it is not a JSON object; it is a JSON array', 'store the key alone, or in a field of a JSON object',
    'The function looks for one key.', holds('a JSON array, and a field', JSON.stringify([base64(der(KEY))]), { field: 'key' })),
  key('it is a JWK (JSON Web Key)', 'convert it to PEM and store that', 'JWK is a form of its own (RFC 7517).',
    holds('a JWK', JSON.stringify(JWK)), holds('a JWK in a field', JSON.stringify({ key: JWK }), { field: 'key' })),
  key('it is a JSON object in a field', 'store the key itself in the field', 'The key is one level below.',
    holds('an object in a field', JSON.stringify({ key: JSON.stringify({ pem: 'x' }) }), { field: 'key' })),
  key('it is neither PEM nor base64, but a JSON object with {fields}', 'name the field that has the key in jsonField',
    'Without `jsonField` the whole value is the key. The console stores "key/value pairs" as JSON.',
    holds('JSON, and no field is named', JSON.stringify({ user: 'mail', key: base64(der(KEY)) }), { fields: "'user', 'key'" }),
    holds('JSON with many fields', JSON.stringify(Object.fromEntries('abcdefghij'.split('').map((name) => [name, '']))),
      { fields: "'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h' and others" }),
    holds('JSON with hostile names', JSON.stringify({ [base64(der(KEY))]: 1, '\u001b[31m': 2 }), { fields: 'fields of other names' }),
    holds('an empty object', '{}', { fields: 'no fields' })),
  key('it has no such field', 'name the field that has the key in jsonField. There is {fields}',
    'Names of fields are case-sensitive.',
    holds('no such field', JSON.stringify({ user: '', pass: '' }), { field: 'key', fields: "'user', 'pass'" }),
    holds('a field of another case', JSON.stringify({ user: '', Private_Key: '' }), { field: 'privateKey', fields: "'Private_Key'" }),
    holds('what all objects inherit', '{"a":""}', { field: 'constructor', fields: "'a'" })),
  key('the field is not a string', 'store the key as a JSON string', 'The key is a text in quotes, also in JSON.',
    holds('a number in the field', JSON.stringify({ key: 5 }), { field: 'key' }),
    holds('nothing in the field', JSON.stringify({ key: null }), { field: 'key' })),
  key('it is not a JSON object, so it has no fields', 'leave jsonField out if the key is the whole value',
    'With `jsonField` the value has to be JSON.', holds('a PEM, and a field is named', PEM.one, { field: 'key' })),
  key('it is not a JSON object; it begins like JSON and is not valid', 'look at its quotes, commas and braces, and store it again',
    'JSON has double quotes, and no comma after the last field.',
    holds('JSON with single quotes', `{'key': '${base64(der(KEY))}'}`, { field: 'key' })),
  key('it begins like JSON and is not valid', 'look at its quotes, commas and braces, and store it again',
    'JSON has double quotes, and no comma after the last field.', holds('JSON that is cut off', '{ "key": "')),
  key('it is not a JSON object; it is JSON with line breaks in its strings, which JSON does not allow',
    'write each of them as \\n', '`jq -Rs` writes a file as a JSON string.',
    holds('JSON with raw line breaks', `{ "key": "${PEM.one}" }`, { field: 'key' })),
];
