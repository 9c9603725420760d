// Tests of the DKIM records: how they are written, and which texts of others mean the same.
import { quote } from '../../../lambda/base/dns-text';
import { RecordSet } from '../../../lambda/base/ports';
import {
  cnameRecords, domainKeyName, holdsTheKey, placed, recordsAt, sameKey, saysTheSame, serves, textsOf, txtRecord,
} from '../../../lambda/records/dkim-record';

const KEY_1024 = 'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDXZCRncbeSWNe10TMEO95J7iP6K/pKUuFz16omw1c140FWmSXkew4El6q+rBHgw3FYz+dfHOdt+VdRZr0d'
  + 'VNkw0KrqDiTBll3nYyysxqCma/yRAfPaSdDEHzVAq+xq94TK158i3VpwD5npMvtnBvRDu5X/+nvSuPwECfEqsjLI+QIDAQAB';
const KEY_2048 = 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAt+QjN4dVnzoGOu0ZTO7g0J022rAimgH73sPE7SZyrLOkdgdihppthdbvk2T5SIsLSPdXs1EENUIS'
  + 'mxeGyjhZXxtTC88I/wrFX0UMrO5a8o+J+Mz+98h2yY0mLP/J1rf3qO/61swnk3PxfrCP74KlZqqFDiZVwthxCCriuNJhQpz19j90x3AjhIyivPtfp3bE8'
  + 'XnI8Q+uV16bH+JNexWphXdC6tLIvlQVa835+R+eTwNzUAgl83AnI9zgpKXVEuzO6EZo8fEB5kzpUq6wpJf7bpv7JkRp5eAPUms+cy2YnGzAdWr+R1s2PFFqMEEw'
  + 'duAVSClCgNBCQDsGTENzPMl+5QIDAQAB';

describe('writing', () => {
  test('a key of 1024 bits is one string', () => {
    expect(txtRecord('mail.example.com', 'dkim2026', KEY_1024)).toEqual({
      name: 'dkim2026._domainkey.mail.example.com',
      type: 'TXT',
      value: 'v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDXZCRncbeSWNe10TMEO95J7iP6K/pKUuFz16omw1c140FWmSXkew4El6q+rBHgw3FYz+dfHOdt'
        + '+VdRZr0dVNkw0KrqDiTBll3nYyysxqCma/yRAfPaSdDEHzVAq+xq94TK158i3VpwD5npMvtnBvRDu5X/+nvSuPwECfEqsjLI+QIDAQAB',
      data: '"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDXZCRncbeSWNe10TMEO95J7iP6K/pKUuFz16omw1c140FWmSXkew4El6q+rBHgw3FYz+dfHOdt'
        + '+VdRZr0dVNkw0KrqDiTBll3nYyysxqCma/yRAfPaSdDEHzVAq+xq94TK158i3VpwD5npMvtnBvRDu5X/+nvSuPwECfEqsjLI+QIDAQAB"',
    });
  });

  test('a key of 2048 bits is a string of 255 bytes and the rest, in one value', () => {
    // WHEN
    const { value, data } = txtRecord('example.com', 's', KEY_2048);
    // THEN
    expect(value).toHaveLength(410);
    expect(data).toBe(
      '"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAt+QjN4dVnzoGOu0ZTO7g0J022rAimgH73sPE7SZyrLOkdgdihppthdbvk2T5SIsLSPdXs1EE'
      + 'NUISmxeGyjhZXxtTC88I/wrFX0UMrO5a8o+J+Mz+98h2yY0mLP/J1rf3qO/61swnk3PxfrCP74KlZqqFDiZVwthxCCriuNJhQpz19j90x3AjhIyivPtfp3bE8"'
      + ' "XnI8Q+uV16bH+JNexWphXdC6tLIvlQVa835+R+eTwNzUAgl83AnI9zgpKXVEuzO6EZo8fEB5kzpUq6wpJf7bpv7JkRp5eAPUms+cy2YnGzAdWr+R1s2PFFqMEEw'
      + 'duAVSClCgNBCQDsGTENzPMl+5QIDAQAB"');
  });

  test('each token of Easy DKIM is a CNAME to the signing hosted zone, in lower case', () => {
    expect(cnameRecords('example.com', ['Abc', 'def', 'ghi'], 'dkim.eu-south-1.amazonses.com')).toEqual([
      {
        name: 'abc._domainkey.example.com',
        type: 'CNAME',
        value: 'abc.dkim.eu-south-1.amazonses.com',
        data: 'abc.dkim.eu-south-1.amazonses.com',
      },
      {
        name: 'def._domainkey.example.com',
        type: 'CNAME',
        value: 'def.dkim.eu-south-1.amazonses.com',
        data: 'def.dkim.eu-south-1.amazonses.com',
      },
      {
        name: 'ghi._domainkey.example.com',
        type: 'CNAME',
        value: 'ghi.dkim.eu-south-1.amazonses.com',
        data: 'ghi.dkim.eu-south-1.amazonses.com',
      },
    ]);
  });

  test('all that DKIM has in DNS is below _domainkey', () => {
    expect(domainKeyName('mail.example.com')).toBe('_domainkey.mail.example.com');
  });
});

describe('the same key', () => {
  const wanted = 'v=DKIM1; k=rsa; p=AbCd+/0=';

  test.each([
    ['the very text', wanted],
    ['p= alone', 'p=AbCd+/0='],
    ['without k=', 'v=DKIM1; p=AbCd+/0='],
    ['without v=', 'k=rsa; p=AbCd+/0='],
    ['p= before k=', 'v=DKIM1; p=AbCd+/0=; k=rsa'],
    ['white space in p=', 'v=DKIM1; k=rsa; p= Ab Cd\t+/\r\n 0= '],
    ['white space around tags', ' v = DKIM1 ;k= rsa;p =AbCd+/0= '],
    ['a semicolon at the end', `${wanted};`],
    ['a note', `${wanted}; n=rotated in May`],
    ['a note of any characters', 'v=DKIM1; n=it\'s \\ "mine" = 100 %: für uns; p=AbCd+/0='],
    ['no subdomains', `${wanted}; t=s`],
    ['a tag nobody knows', `${wanted}; x=1; T=y`],
    ['a hash that nobody knows beside the right one', `${wanted}; h=sha1: sha256 :x`],
    ['any service', `${wanted}; s=other:*`],
    ['mail', `${wanted}; s = email`],
    ['a flag that nobody knows', `${wanted}; t=x:s`],
  ])('is read from %s', (_, found) => {
    expect(sameKey(found, wanted)).toBe(true);
  });

  test.each([
    ['another key', 'v=DKIM1; k=rsa; p=AbCd+/1='],
    ['a key in other case', 'v=DKIM1; k=rsa; p=ABCD+/0='],
    ['a revoked key', 'v=DKIM1; k=rsa; p='],
    ['no key', 'v=DKIM1; k=rsa'],
    ['testing mode', `${wanted}; t=y`],
    ['testing mode among other flags', `${wanted}; t=s : y`],
    ['another service', `${wanted}; s=other`],
    ['another hash', `${wanted}; h=sha1`],
    ['a hash in other case, which only some take', `${wanted}; h=SHA256`],
    ['a key type in other case', 'v=DKIM1; k=RSA; p=AbCd+/0='],
    ['the name of a tag in other case', 'v=DKIM1; P=AbCd+/0='],
    ['two semicolons', `${wanted};;`],
    ['a second key', `${wanted}; p=AbCd+/1=`],
    ['another key type', 'v=DKIM1; k=ed25519; p=AbCd+/0='],
    ['another version', 'v=DKIM2; k=rsa; p=AbCd+/0='],
    ['a version in other case', 'v=dkim1; k=rsa; p=AbCd+/0='],
    ['a version that is not the first tag', 'k=rsa; v=DKIM1; p=AbCd+/0='],
    ['a tag twice', `${wanted}; p=AbCd+/0=`],
    ['a part that is no tag', `${wanted}; hello`],
    ['a part without a name', `${wanted}; =x`],
    ['text of another kind', 'v=spf1 -all'],
    ['nothing', ''],
  ])('is not read from %s', (_, found) => {
    expect(sameKey(found, wanted)).toBe(false);
  });

  test('quotes that are part of the text make it another one, as they do for a verifier', () => {
    const record = txtRecord('example.com', 's', 'AbCd');
    expect(saysTheSame(record, 'TXT', [quote('v=DKIM1; k=rsa; p=AbCd')])).toBe(true);
    expect(saysTheSame(record, 'TXT', [quote('"v=DKIM1; k=rsa; p=AbCd"')])).toBe(false);
    expect(saysTheSame(record, 'TXT', [quote('v=DKIM1\\; k=rsa\\; p=AbCd')])).toBe(false);
  });

  test('a text that is no tag list does not hold a wanted key', () => {
    expect(sameKey('p=', 'hello')).toBe(false);
  });
});

describe('a record that says the same', () => {
  const txt = txtRecord('example.com', 's', 'AbCd');
  const [cname] = cnameRecords('example.com', ['t'], 'dkim.amazonses.com');

  test.each([
    ['a TXT, split otherwise', txt, 'TXT', ['"v=DKIM1; " "k=rsa;" " p=Ab" "Cd"'], true],
    ['a TXT with two values', txt, 'TXT', [txt.data, '"v=spf1"'], false],
    ['an alias', txt, 'TXT', [], false],
    ['a CNAME where a TXT is wanted', txt, 'CNAME', [txt.data], false],
    ['a CNAME with dot and capitals', cname, 'CNAME', ['T.dkim.AmazonSES.com.'], true],
    ['a CNAME to elsewhere', cname, 'CNAME', ['t.dkim.example.net'], false],
    ['a TXT where a CNAME is wanted', cname, 'TXT', ['"t.dkim.amazonses.com"'], false],
  ])('%s', (_, wanted, type, values, expected) => {
    expect(saysTheSame(wanted, type, values)).toBe(expected);
  });
});

describe('a record that serves', () => {
  const wanted = txtRecord('example.com', 's', 'AbCd');
  const [easy] = cnameRecords('example.com', ['t'], 'dkim.amazonses.com');
  const record = (type: string, values: string[], leadsTo?: string[]): RecordSet =>
    ({ name: wanted.name, type, ttl: 300, values, leadsTo });

  test.each([
    ['holds the key itself', wanted, record('TXT', [wanted.data]), true],
    ['leads to the key', wanted, record('CNAME', ['key.example.net'], [wanted.data]), true],
    ['is an alias that leads to the key', wanted, record('TXT', [], [wanted.data]), true],
    ['leads to another key', wanted, record('CNAME', ['key.example.net'], ['"v=DKIM1; k=rsa; p=Other"']), false],
    ['leads nowhere', wanted, record('CNAME', ['key.example.net'], []), false],
    ['leads to the key, and was not followed', wanted, record('CNAME', ['key.example.net']), false],
    ['leads to what SES publishes', easy, record('CNAME', [easy.data], ['"p=AbCd"']), true],
    ['leads elsewhere where a CNAME is wanted', easy, record('CNAME', ['x.example.net'], [easy.data]), false],
  ])('%s', (_, what, found, expected) => {
    expect(serves(what, found)).toBe(expected);
  });

  test.each([
    ['itself', record('TXT', [wanted.data]), [wanted.value], true],
    ['in testing mode', record('TXT', ['"p=AbCd; t=y"']), ['p=AbCd; t=y'], true],
    ['by way of a CNAME', record('CNAME', ['key.example.net'], [wanted.data]), [wanted.value], true],
    ['in a CNAME that was not followed', record('CNAME', [wanted.data]), [], false],
    ['in a record of another type', record('SPF', [wanted.data]), [], false],
    ['not any more, as the CNAME leads nowhere', record('CNAME', ['key.example.net'], []), [], false],
    ['another one', record('TXT', ['"p=Other"']), ['p=Other'], false],
  ])('the key is in it: %s', (_, found, texts, expected) => {
    expect(textsOf(found)).toEqual(texts);
    expect(holdsTheKey(wanted, found)).toBe(expected);
    expect(holdsTheKey(easy, found)).toBe(false);
  });
});

describe('the records that answer for a name', () => {
  const named = (name: string): RecordSet => ({ name, type: 'TXT', ttl: 300, values: ['"x"'] });
  const NAME = 's1._domainkey.example.com';
  const WILDCARD = named('*._domainkey.example.com');

  test.each([
    ['those of the name itself', [named(NAME), WILDCARD], [named(NAME)]],
    ['those of the wildcard beside it', [WILDCARD, named('s2._domainkey.example.com')], [WILDCARD]],
    ['none, as a name below it exists', [WILDCARD, named(`a.${NAME}`)], []],
    ['none of a name that only ends like it', [named(`x${NAME}`)], []],
    ['none of a wildcard further up', [named('*.example.com')], []],
  ])('%s', (_, records, expected) => {
    expect(recordsAt(NAME, records)).toEqual(expected);
  });
});

test('where CNAMEs lead into the zone, a record has its name there', () => {
  const record = txtRecord('example.com', 'key1', 'AbCd');
  const zone = { id: 'Z1', ttl: 300, overwrite: false };
  const delegation = { place: 'example-com.keys.example.net', slots: ['key1', 'key2'] };
  expect(placed(record, { domain: 'example.com', zone: { ...zone, delegation } }))
    .toEqual({ ...record, name: 'key1._domainkey.example-com.keys.example.net' });
  expect(placed(record, { domain: 'example.com', zone })).toEqual(record);
});

test('C the hosted zone of Easy DKIM is the same with a dot at its end and in upper case', () => {
  expect(cnameRecords('example.com', ['T1'], 'DKIM.amazonses.com.'))
    .toEqual(cnameRecords('example.com', ['t1'], 'dkim.amazonses.com'));
});
