// Tests of the properties: every form that is taken, and a message with property and value for all others.
import { parseProperties } from '../../../lambda/base/properties';
import { DEFAULT_RECORD_TTL } from '../../../src/private/contract';

const EASY = { Method: 'EASY_DKIM', KeyLength: 'RSA_2048_BIT' };
const SECRET = 'arn:aws:secretsmanager:eu-west-1:222222222222:secret:mail/dkim-AbCdEf';
const BYO = { Method: 'BYODKIM', Selector: 'dkim2026', SecretArn: SECRET };
const DEED = { Method: 'DEED', ParentRegion: 'us-gov-west-1' };
/** The same, parsed. */
const PARSED = {
  easy: { method: 'EASY_DKIM', keyLength: 'RSA_2048_BIT' },
  byo: { method: 'BYODKIM', selector: 'dkim2026', secret: { arn: SECRET } },
  deed: { method: 'DEED', parentRegion: 'us-gov-west-1' },
};
const LEAST = { Identity: 'example.com', Signing: EASY };
const ZONE = { ...LEAST, HostedZoneId: 'Z0123456789ABC' };

const parse = (properties: unknown) => parseProperties(properties as Record<string, unknown>, 'us-east-1');
/** A text as a part of a regular expression. */
const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

const with_ = (changed: object) => ({ ...ZONE, ...changed });
const signing = (changed: object) => ({ ...LEAST, Signing: { ...BYO, ...changed } });

describe('what is taken', () => {
  test('the least there can be has the defaults', () => {
    expect(parse(LEAST))
      .toEqual({ domain: 'example.com', region: 'us-east-1', signing: PARSED.easy, waitSeconds: 0, retain: false });
  });

  test('a secret and a role with names as long as AWS takes', () => {
    const secret = `arn:aws:secretsmanager:eu-west-1:222222222222:secret:${'s'.repeat(512)}-AbCdEf`;
    const role = `arn:aws:iam::333333333333:role/${'p'.repeat(510)}/${'r'.repeat(64)}`;

    expect(parse({ ...ZONE, HostedZoneRoleArn: role, Signing: { ...BYO, SecretArn: secret } }))
      .toMatchObject({ signing: { secret: { arn: secret } }, zone: { roleArn: role } });
  });

  test('everything there can be', () => {
    expect(parse({
      ServiceToken: 'arn:aws:lambda:us-east-1:111111111111:function:Handler',
      ServiceTimeout: '2400',
      Identity: 'mail.example.co.uk',
      Region: 'eu-central-2',
      Signing: {
        ...BYO, JsonField: 'private key', VersionStage: 'AWSPENDING', VersionId: 'fa5f7a41-3b5f-4a8d-9f0e-0a1b2c3d4e5f',
      },
      HostedZoneId: 'Z0123456789ABC',
      HostedZoneRoleArn: 'arn:aws:iam::333333333333:role/dns/Writer',
      RecordTtl: '60',
      RecordConflict: 'OVERWRITE',
      WaitForVerification: '3600',
      RemovalPolicy: 'RETAIN',
    })).toEqual({
      domain: 'mail.example.co.uk',
      region: 'eu-central-2',
      signing: {
        ...PARSED.byo,
        secret: {
          arn: SECRET,
          jsonField: 'private key',
          versionStage: 'AWSPENDING',
          versionId: 'fa5f7a41-3b5f-4a8d-9f0e-0a1b2c3d4e5f',
        },
      },
      zone: { id: 'Z0123456789ABC', roleArn: 'arn:aws:iam::333333333333:role/dns/Writer', ttl: 60, overwrite: true },
      waitSeconds: 3600,
      retain: true,
    });
  });

  test('a zone has the default TTL and does not overwrite', () => {
    expect(parse(ZONE).zone).toEqual({ id: 'Z0123456789ABC', ttl: DEFAULT_RECORD_TTL, overwrite: false });
    expect(parse(with_({ RecordConflict: 'FAIL', RemovalPolicy: 'DESTROY' })))
      .toMatchObject({ zone: { overwrite: false }, retain: false });
  });

  test('Easy DKIM has the key length of the identity, unless somebody asks for another one', () => {
    expect(parse({ ...LEAST, Signing: { Method: 'EASY_DKIM' } }).signing).toEqual({ method: 'EASY_DKIM' });
  });

  test.each<[object, object]>([
    [EASY, PARSED.easy],
    [{ Method: 'EASY_DKIM', KeyLength: 'RSA_1024_BIT' }, { method: 'EASY_DKIM', keyLength: 'RSA_1024_BIT' }],
    [BYO, PARSED.byo],
    [DEED, PARSED.deed],
  ])('signing by %j', (wire, parsed) => {
    expect(parse({ ...LEAST, Signing: wire }).signing).toEqual(parsed);
  });

  test.each([
    'us-east-1', 'us-gov-west-1', 'us-iso-east-1', 'us-isob-west-1', 'eusc-de-east-1', 'cn-northwest-1',
    'ap-southeast-10',
  ])('the Region %s', (region) => {
    expect(parse({ ...LEAST, Region: region }).region).toBe(region);
  });

  test.each([
    'xn--mnchen-3ya.de', 'a.b', `${'a'.repeat(63)}.example.com`, '1.2.3.example.com', 'example.xn--p1ai',
  ])('the domain %s', (domain) => {
    expect(parse({ ...LEAST, Identity: domain }).domain).toBe(domain);
  });

  test.each(['s', '1', 'dkim-2026-05', 'a'.repeat(63)])('the selector %s', (selector) => {
    expect(parse(signing({ Selector: selector })).signing).toMatchObject({ selector });
  });

  test.each([
    'arn:aws-cn:secretsmanager:cn-north-1:222222222222:secret:a-AbCdEf',
    'arn:aws-us-gov:secretsmanager:us-gov-west-1:222222222222:secret:a/b_c+=.@-x',
  ])(
    'the secret %s', (arn) => {
      expect(parse(signing({ SecretArn: arn })).signing).toMatchObject({ secret: { arn } });
      expect(parse(signing({ SecretArn: arn, SecretArnForm: 'PARTIAL' })).signing)
        .toMatchObject({ secret: { arn, arnForm: 'PARTIAL' } });
    });
});

describe('what is refused, with the property and the value', () => {
  test.each<[string, object]>([
    ...['', 'example', 'Example.com', 'example.com.', '.example.com', 'a..b', 'user@example.com', '-a.example.com',
      'a-.example.com', 'a_b.example.com', '*.example.com',
      'exa mple.com', 'example.com\n', '${Token[TOKEN.1]}.com', `${'a'.repeat(64)}.com`, `${'a.'.repeat(127)}aa`]
      .map((value): [string, object] => ['Identity', { ...LEAST, Identity: value }]),
    ...['', 'us-east', 'US-EAST-1', 'us_east_1', 'us-east-1\n', 'a.us-east-1', 'evil.example/us-east-1']
      .map((value): [string, object] => ['Region', { ...LEAST, Region: value }]),
    ...['', '/hostedzone/Z1', 'z1', 'Z1/rrset', 'Z'.repeat(33)].map((value): [string, object] =>
      ['HostedZoneId', with_({ HostedZoneId: value })]),
    ...[
      '', 'Writer', 'arn:aws:iam::333:role/x', 'arn:aws:iam::333333333333:user/x', 'arn:aws:iam::333333333333:role/a b',
    ]
      .map((value): [string, object] => ['HostedZoneRoleArn', with_({ HostedZoneRoleArn: value })]),
    ...['', '-1', '1.5', '1e3', '0x10', ' 60', '12345678901'].map((value): [string, object] =>
      ['RecordTtl', with_({ RecordTtl: value })]),
    ...['', '-1', 'soon', 'Infinity'].map((value): [string, object] =>
      ['WaitForVerification', with_({ WaitForVerification: value })]),
    ...['', 'overwrite', 'FAIL OVERWRITE'].map((value): [string, object] =>
      ['RecordConflict', with_({ RecordConflict: value })]),
    ...['', 'retain', 'SNAPSHOT'].map((value): [string, object] => ['RemovalPolicy', with_({ RemovalPolicy: value })]),
    ...['', 'EASY', 'byodkim', 'toString', '__proto__'].map((value): [string, object] =>
      ['Signing.Method', { ...LEAST, Signing: { Method: value } }]),
    ...['', '2048', 'RSA_4096_BIT'].map((value): [string, object] =>
      ['Signing.KeyLength', { ...LEAST, Signing: { Method: 'EASY_DKIM', KeyLength: value } }]),
    ...['', 'us-east'].map((value): [string, object] =>
      ['Signing.ParentRegion', { ...LEAST, Signing: { Method: 'DEED', ParentRegion: value } }]),
    ...['', 'Dkim', 'a.b', 'a_b', '-a', 'a-', 'a'.repeat(64)].map((value): [string, object] =>
      ['Signing.Selector', signing({ Selector: value })]),
    ...[
      '', 'mail/dkim', 'arn:aws:secretsmanager:eu-west-1:2:secret:x', 'arn:aws:ssm:eu-west-1:222222222222:parameter/x',
      `${SECRET} `,
    ]
      .map((value): [string, object] => ['Signing.SecretArn', signing({ SecretArn: value })]),
    ['Signing.SecretArnForm', signing({ SecretArnForm: 'COMPLETE' })],
    ...['', 'x'.repeat(513)].map((value): [string, object] => ['Signing.JsonField', signing({ JsonField: value })]),
    ['Signing.VersionStage', signing({ VersionStage: '' })],
    ['Signing.VersionId', signing({ VersionId: '' })],
  ])('%s of %j', (property, properties) => {
    const value = property.split('.').reduce(
      (object: unknown, name) => (object as Record<string, unknown>)[name], properties,
    );
    expect(() => parse(properties))
      .toThrow(new RegExp(`^The property ${property} is ${escaped(JSON.stringify(value).slice(0, 200))}…? and has to be `));
  });

  test.each([
    true, false, 0, 1, null, {}, [], ['example.com'], { Ref: 'Domain' },
  ])('a value that is not text: %j', (value) => {
    const found = JSON.stringify(value);
    expect(() => parse({ ...LEAST, Identity: value }))
      .toThrow(`The property Identity is ${found} and has to be `);
    expect(() => parse(with_({ RemovalPolicy: value })))
      .toThrow(`The property RemovalPolicy is ${found} and has to be `);
    expect(() => parse(with_({ RecordTtl: value })))
      .toThrow(`The property RecordTtl is ${found} and has to be `);
  });

  test('"false" is a text as any other and never true', () => {
    expect(() => parse(with_({ RecordConflict: 'false' }))).toThrow('The property RecordConflict is "false" and has to be FAIL or OVERWRITE.');
    expect(() => parse(with_({ RemovalPolicy: 'true' }))).toThrow('The property RemovalPolicy is "true" and has to be DESTROY or RETAIN.');
  });

  test.each<[string, object]>([
    ['Identity', { Signing: EASY }],
    ['Signing', { Identity: 'example.com' }],
    ['Signing.Method', { ...LEAST, Signing: {} }],
    ['Signing.ParentRegion', { ...LEAST, Signing: { Method: 'DEED' } }],
    ['Signing.Selector', { ...LEAST, Signing: { Method: 'BYODKIM', SecretArn: SECRET } }],
    ['Signing.SecretArn', { ...LEAST, Signing: { Method: 'BYODKIM', Selector: 's' } }],
  ])('a missing %s in %j', (property, properties) => {
    expect(() => parse(properties))
      .toThrow(`The property ${property} is missing. Correct it in the app, and deploy with one version of cdk-ses-dkim.`);
  });

  test.each([null, 'EASY_DKIM', [EASY], 1])('a signing that is no object is not said to be missing: %j', (Signing) => {
    expect(() => parse({ ...LEAST, Signing }))
      .toThrow(`The property Signing is ${JSON.stringify(Signing)} and has to be an object. Correct it in the app`);
  });

  test('what is inherited is not a property', () => {
    expect(() => parse(Object.create(LEAST))).toThrow('is missing');
    expect(() => parse(JSON.parse(
      '{"__proto__":{"Identity":"example.com"},"Signing":{"Method":"EASY_DKIM","KeyLength":"RSA_2048_BIT"}}',
    )))
      .toThrow('The property Identity is missing');
    expect(() => parse({ Identity: 'example.com', Signing: Object.create(EASY) }))
      .toThrow('The property Signing.Method is missing');
    const polluted = parse(JSON.parse(
      JSON.stringify(LEAST).replace('{', '{"__proto__":{"retain":true},"constructor":{"prototype":{"retain":true}},'),
    ));
    expect(polluted.retain).toBe(false);
    expect(({} as { retain?: boolean }).retain).toBeUndefined();
  });

  test('a long value is cut', () => {
    expect(() => parse({ ...LEAST, Identity: 'x'.repeat(10_000) }))
      .toThrow(expect.objectContaining({ message: expect.stringMatching(/^.{200,500}$/) }));
  });
});
