// Tests of redaction: no piece of a key leaves, and what users need to read stays as it is.
import { generateKeyPairSync, KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { LOG_FIELDS, logTo } from '../../../lambda/base/log';
import { Redactor } from '../../../lambda/base/redaction';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (type: 'pkcs1' | 'pkcs8') => privateKey.export({ format: 'pem', type }) as string;
const der = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'spki') =>
  key.export({ format: 'der', type } as never) as unknown as Buffer;
const PKCS8 = der(privateKey, 'pkcs8').toString('base64');
const PKCS1 = der(privateKey, 'pkcs1').toString('base64');
const URL_FORM = der(privateKey, 'pkcs8').toString('base64url');
const SPKI = der(publicKey, 'spki').toString('base64');

const AWS_MESSAGE = (quoted: string) =>
  `1 validation error detected: Value '${quoted}' at 'signingAttributes.domainSigningPrivateKey' `
    + 'failed to satisfy constraint: Member must have length less than or equal to 20480';
const inPieces = (text: string, length: number) => text.match(new RegExp(`.{1,${length}}`, 'g'))!.join(', ');

/** The ways in which a text has been seen to quote a key. */
const QUOTED: [string, string][] = [
  ['PEM, PKCS #8', pem('pkcs8')],
  ['PEM, PKCS #1', pem('pkcs1')],
  ['PEM whose line breaks are escaped', JSON.stringify(pem('pkcs8'))],
  ['PEM that is cut off', pem('pkcs1').slice(0, 700)],
  ['bare base64, PKCS #8', PKCS8],
  ['bare base64, PKCS #1', PKCS1],
  ['base64url', URL_FORM],
  ['a message of AWS', AWS_MESSAGE(PKCS8)],
];
const ONLY_IF_KNOWN: [string, string][] = [12, 13, 20, 40, 63, 64, 76].map((length) =>
  [`pieces of ${length} characters`, AWS_MESSAGE(inPieces(PKCS8, length))]);

/** Twelve characters in a row are a piece. */
function expectNoPiece(text: string): void {
  for (const key of [PKCS8, PKCS1, URL_FORM]) {
    for (let at = 0; at + 12 <= key.length; at++) {
      if (text.includes(key.slice(at, at + 12))) {
        throw new Error(`it has ${key.slice(at, at + 12)}`);
      }
    }
  }
}

/** One that knows the secrets that the function has read. */
function knowing(...secrets: string[]): Redactor {
  const redactor = new Redactor();
  for (const secret of secrets) redactor.hide(secret);
  return redactor;
}

describe('a key does not leave', () => {
  test.each(QUOTED)('as %s, when nobody knows it', (_, text) => {
    expectNoPiece(new Redactor().redact(text));
  });

  test.each([...QUOTED, ...ONLY_IF_KNOWN])('as %s, when it was read from a secret', (_, text) => {
    const redacted = knowing(pem('pkcs8'), PKCS1).redact(text);
    expectNoPiece(redacted);
    expect(redacted).toContain('[removed]');
  });

  test('in pieces, when the secret is JSON that holds it with escaped line breaks', () => {
    expectNoPiece(
      knowing(JSON.stringify({ user: 'mail', privateKey: pem('pkcs8') })).redact(AWS_MESSAGE(inPieces(PKCS8, 30))),
    );
  });

  test('wherever it is cut', () => {
    const redactor = knowing(PKCS8);
    fc.assert(fc.property(fc.nat({
      max: PKCS8.length - 12,
    }), fc.integer({ min: 12, max: 200 }), fc.constantFrom("'", ' ', ', ', '=', '"', 'p='), (at, length, around) => {
      expectNoPiece(redactor.redact(`Value ${around}${PKCS8.slice(at, at + length)}${around} is odd`));
    }));
  });

  test.each(LOG_FIELDS)('in the field %s of the log', (field) => {
    const lines: string[] = [];
    const log = logTo((line) => lines.push(line), knowing(PKCS8, PKCS1));
    for (const [, text] of [...QUOTED, ...ONLY_IF_KNOWN]) {
      log('decision', { [field]: text });
      log('decision', { [field]: [text, text] });
    }
    expectNoPiece(lines.join(''));
  });

  test('in a field that stands in every line', () => {
    const lines: string[] = [];
    logTo((line) => lines.push(line), new Redactor(), { requestId: PKCS8 })('decision');
    expectNoPiece(lines.join(''));
  });
});

describe('what users need stays', () => {
  const redactor = knowing(JSON.stringify({ domainSigningPrivateKeyOfMail: pem('pkcs8') }));

  test.each([
    ['a message of IAM', 'User: arn:aws:sts::111111111111:assumed-role/'
      + 'mail-production-cdksesdkimRole0AAF9AB1-1234567890AB/session-of-the-function is not '
      + 'authorized to perform: ses:GetEmailIdentity on resource: '
      + 'arn:aws:ses:us-east-1:111111111111:identity/mail.example.com '
      + '(RequestId: fa5f7a41-3b5f-4a8d-9f0e-0a1b2c3d4e5f)'],
    [
      'the ARN of a stack',
      `arn:aws:cloudformation:us-east-1:111111111111:stack/${'Mail'.repeat(20)}/0a1b2c3d-1234-5678-9abc-0a1b2c3d4e5f`,
    ],
    [
      'the ARN of a secret with a path',
      'The secret arn:aws-us-gov:secretsmanager:us-gov-west-1:111111111111:secret:'
        + `${'mail/dkim/'.repeat(8)}key-AbCdEf (version 1)`,
    ],
    ['a long record name', `${'a'.repeat(63)}._domainkey.${'b'.repeat(63)}.${'c'.repeat(63)}.example.com`],
    ['the name of a registry record', 'cdk-ses-dkim-0123456789abcdef0123456789abcdef._domainkey.example.com'],
    ['a digest', `SHA-256 ${'0123456789abcdef'.repeat(4)}`],
    ['a public key in a record', `it has TXT v=DKIM1; k=rsa; p=${SPKI}; needed is TXT v=DKIM1; k=rsa; p=${SPKI}.`],
    ['a public key alone', SPKI],
    ['a public key that is cut', `v=DKIM1; k=rsa; p=${SPKI.slice(0, 200)}`],
    ['a physical id', 'untouched/us-gov-west-1/a-long-name-of-a-subdomain.a-long-name-of-a-domain.example.com'],
    ['the name of a field that is in the secret', "it has no such field 'privateKey'"],
  ])('%s', (_, text) => {
    expect(redactor.redact(text)).toBe(text);
  });

  test('an id of the request, however long it is', () => {
    const logicalId = `Mail${'Nested'.repeat(20)}Dkim0123456789AB`;
    expect(redactor.redact(`${logicalId} failed`)).toBe('[removed] failed');
    redactor.show(logicalId, undefined);
    expect(redactor.redact(`${logicalId} failed`)).toBe(`${logicalId} failed`);
  });

  test('the rest of a message that quotes a key', () => {
    expect(redactor.redact(AWS_MESSAGE(PKCS8))).toBe(AWS_MESSAGE('[removed]'));
  });
});

test.each([['PKCS #8', PKCS8], ['PKCS #1', PKCS1], ['base64url', URL_FORM]])(
  'a private key of which nobody was told does not leave as a record\'s p=: %s', (_, key) => {
    expect(new Redactor().redact(`TXT v=DKIM1; p=${key.slice(0, 300)}.`)).toBe('TXT v=DKIM1; [removed].');
  });
