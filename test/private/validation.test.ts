import { CfnParameter, Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  checkAccount, checkDomain, checkParentRegion, checkRegion, checkRemovalPolicy, checkSecretOptions, checkSelector, checkZoneName, ttlInSeconds,
  waitInSeconds,
} from '../../src/private/validation';

const token = Lazy.string({ produce: () => 'NOT A VALUE' });

describe('identity', () => {
  test.each(['example.com', 'mail.example.com', 'xn--bcher-kva.example', '3com.example', `${'a'.repeat(63)}.com`, token])('%s is a domain', domain => {
    expect(() => checkDomain(domain)).not.toThrow();
  });

  test('an e-mail address is refused, and its domain named', () => {
    expect(() => checkDomain('user@example.com')).toThrow(
      /identity 'user@example.com' is an e-mail address.*Pass the identity of the domain 'example.com'/);
  });

  test('upper case is refused, and lower case proposed', () => {
    expect(() => checkDomain('Example.COM')).toThrow(/'Example.COM' has upper-case letters. Write 'example.com'/);
  });

  test.each([
    'example.com.', 'localhost', '', '.example.com', 'a..example', '-a.example', 'a-.example', 'under_score.example', 'a b.example',
    'bücher.example', '*.example.com', `${'a'.repeat(64)}.com`, `${'abcdefg.'.repeat(31)}abcdef`,
  ])("'%s' is not a domain", domain => {
    expect(() => checkDomain(domain)).toThrow(`identity '${domain}' is not a domain name. Write it as in 'mail.example.com'`);
  });
});

describe('selector', () => {
  test.each(['a', '1', 'mail-2026', 'a'.repeat(63), token])('%s is taken', selector => {
    expect(() => checkSelector(selector)).not.toThrow();
  });

  test('upper case is refused, and lower case proposed', () => {
    expect(() => checkSelector('Mail-2026')).toThrow(/'Mail-2026' has upper-case letters. Write 'mail-2026'/);
  });

  test.each(['', '-a', 'a-', 'a.b', 'a_b', 'A_B', 'a b', 'ä', 'a'.repeat(64)])("'%s' is refused", selector => {
    expect(() => checkSelector(selector)).toThrow(`selector '${selector}' is not one that SES takes. Use 1 to 63 letters`);
  });
});

describe('hosted zone', () => {
  test.each([
    ['example.com', 'example.com'], ['mail.example.com', 'example.com'], ['a.b.example.com', 'example.com'], ['example.com', 'example.com.'],
    ['example.com', 'Example.com'], ['example.com', undefined], [token, 'example.com'], ['example.com', token],
  ])('%s is in zone %s', (domain, zoneName) => {
    expect(() => checkZoneName(domain, zoneName)).not.toThrow();
  });

  test.each([['example.com', 'mail.example.com'], ['myexample.com', 'example.com'], ['example.com', 'example.org']])(
    '%s is not in zone %s', (domain, zoneName) => {
      expect(() => checkZoneName(domain, zoneName)).toThrow(
        `hostedZone '${zoneName}' does not hold the domain '${domain}'. Pass the zone of '${domain}' or of a parent domain`);
    });
});

describe('account', () => {
  test.each([['111111111111', '111111111111'], [token, '111111111111'], ['111111111111', token]])('%s and %s can be the same', (one, other) => {
    expect(() => checkAccount('identity', one, other, 'Way out')).not.toThrow();
  });

  test('another account is refused', () => {
    expect(() => checkAccount('identity', '222222222222', '111111111111', 'Way out')).toThrow(
      "identity is in account '222222222222', and the stack is deployed to account '111111111111'. Way out");
  });
});

describe('Region', () => {
  test.each(['us-east-1', 'ap-southeast-5', 'us-gov-east-1', 'us-iso-west-1', 'eusc-de-east-1', 'cn-northwest-1', token])('%s is one', region => {
    expect(() => checkRegion('region', region)).not.toThrow();
  });

  test.each(['', 'useast1', 'US-EAST-1', 'us-east-1a', 'eu', 'AWS_SES_US_EAST_1'])("'%s' is none", region => {
    expect(() => checkRegion('region', region)).toThrow(`region '${region}' is not an AWS Region. Write its code, for example 'eu-west-1'`);
  });

  test("a replica's parent is in another Region", () => {
    expect(() => checkParentRegion('eu-west-1', 'us-east-1')).not.toThrow();
    expect(() => checkParentRegion('us-east-1', 'us-east-1')).toThrow(/parentRegion 'us-east-1' is the identity's own Region/);
    expect(() => checkParentRegion('Ireland', 'us-east-1')).toThrow(/parentRegion 'Ireland' is not an AWS Region/);
  });
});

describe('durations', () => {
  test('are whole seconds, as strings', () => {
    expect(waitInSeconds(Duration.minutes(10))).toBe('600');
    expect(waitInSeconds(Duration.hours(1))).toBe('3600');
    expect(ttlInSeconds(Duration.seconds(0))).toBe('0');
    expect(ttlInSeconds(Duration.seconds(2147483647))).toBe('2147483647');
  });

  test.each([Duration.seconds(3601), Duration.seconds(0), Duration.days(1), Duration.millis(1500)])('a wait of %s is refused', wait => {
    expect(() => waitInSeconds(wait)).toThrow(new RegExp(
      `waitForVerification is ${wait.toSeconds({ integral: false })} seconds, and has to be 1 to 3600 whole seconds. CloudFormation waits for an hour`));
  });

  test.each([Duration.seconds(2147483648), Duration.millis(500)])('a TTL of %s is refused', ttl => {
    expect(() => ttlInSeconds(ttl)).toThrow(/recordTtl is .* seconds, and has to be 0 to 2147483647 whole seconds. That is what Route 53 takes/);
  });

  test('can be known at deployment only', () => {
    const stack = new Stack();
    const parameter = new CfnParameter(stack, 'Wait', { type: 'Number' });

    expect(stack.resolve(waitInSeconds(Duration.seconds(parameter.valueAsNumber)))).toEqual({ Ref: 'Wait' });
  });
});

describe('removal policy', () => {
  test('is DESTROY or RETAIN', () => {
    expect(checkRemovalPolicy(RemovalPolicy.DESTROY)).toBe('DESTROY');
    expect(checkRemovalPolicy(RemovalPolicy.RETAIN)).toBe('RETAIN');
  });

  test.each([RemovalPolicy.SNAPSHOT, RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE])('%s is refused', policy => {
    expect(() => checkRemovalPolicy(policy)).toThrow(`removalPolicy '${policy}' has no meaning for DKIM signing. Use RemovalPolicy.DESTROY`);
  });
});

describe('version of a secret', () => {
  test('is given once or not at all', () => {
    expect(() => checkSecretOptions({})).not.toThrow();
    expect(() => checkSecretOptions({ jsonField: 'key', versionStage: 'AWSPENDING' })).not.toThrow();
    expect(() => checkSecretOptions({ jsonField: undefined, versionId: '11112222-3333-4444-5555-666677778888' })).not.toThrow();
    expect(() => checkSecretOptions({ versionStage: 'AWSPENDING', versionId: 'a1' })).toThrow(
      /versionId 'a1' and versionStage 'AWSPENDING' both say which version of the secret to read. Give one of them/);
  });

  test.each(['AWSCURRENT', '1', 'a'.repeat(65)])("'%s' is no version", versionId => {
    expect(() => checkSecretOptions({ versionId })).toThrow(`versionId '${versionId}' is not the id of a version`);
  });

  test.each(['jsonField', 'versionStage', 'versionId'])('an empty %s is refused', option => {
    expect(() => checkSecretOptions({ [option]: '' })).toThrow(`${option} is empty. Leave it out to take the default`);
  });
});
