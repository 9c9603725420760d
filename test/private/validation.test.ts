// What synthesis refuses, with the value that it found and what to do. A value that is a token is never refused.
import { CfnParameter, Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  checkAccount, checkDomain, checkParentRegion, checkRegion, checkRemovalPolicy, checkSecretOptions, checkSelector,
  checkZoneName, ttlInSeconds, waitInSeconds,
} from '../../src/private/validation';

const token = Lazy.string({ produce: () => 'NOT A VALUE' });

describe('identity', () => {
  test.each([
    'example.com', 'mail.example.com', 'xn--bcher-kva.example', '3com.example', `${'a'.repeat(63)}.com`, token,
  ])('the domain %s is accepted', domain => {
    expect(() => checkDomain(domain)).not.toThrow();
  });

  test('an e-mail address is refused, and the error names its domain', () => {
    expect(() => checkDomain('user@example.com')).toThrow(
      /identity 'user@example.com' is an e-mail address.*Pass the identity of the domain 'example.com'/);
  });

  test('a domain in upper case is refused, and the error proposes lower case', () => {
    expect(() => checkDomain('Example.COM')).toThrow(/'Example.COM' has upper-case letters. Write 'example.com'/);
  });

  test.each([
    'example.com.', 'localhost', '', '.example.com', 'a..example', '-a.example', 'a-.example', 'under_score.example',
    'a b.example', 'bücher.example', '*.example.com', `${'a'.repeat(64)}.com`, `${'abcdefg.'.repeat(31)}abcdef`,
  ])("'%s' is refused, because it is not a domain", domain => {
    expect(() => checkDomain(domain)).toThrow(
      `identity '${domain}' is not a domain name. Write it as in 'mail.example.com'`);
  });
});

describe('selector', () => {
  test.each(['a', '1', 'mail-2026', 'a'.repeat(63), token])('the selector %s is accepted', selector => {
    expect(() => checkSelector(selector)).not.toThrow();
  });

  test('a selector in upper case is refused, and the error proposes lower case', () => {
    expect(() => checkSelector('Mail-2026')).toThrow(/'Mail-2026' has upper-case letters. Write 'mail-2026'/);
  });

  test.each(['', '-a', 'a-', 'a.b', 'a_b', 'A_B', 'a b', 'ä', 'a'.repeat(64)])(
    "the selector '%s' is refused", selector => {
      expect(() => checkSelector(selector)).toThrow(
        `selector '${selector}' is not one that SES takes. Use 1 to 63 letters`);
    });
});

describe('hosted zone', () => {
  test.each([
    ['example.com', 'example.com'], ['mail.example.com', 'example.com'], ['a.b.example.com', 'example.com'],
    ['example.com', 'example.com.'], ['example.com', 'Example.com'], ['example.com', undefined],
    [token, 'example.com'], ['example.com', token],
  ])('the domain %s is accepted in the zone %s', (domain, zoneName) => {
    expect(() => checkZoneName(domain, zoneName)).not.toThrow();
  });

  test.each([['example.com', 'mail.example.com'], ['myexample.com', 'example.com'], ['example.com', 'example.org']])(
    'the domain %s is refused in the zone %s', (domain, zoneName) => {
      expect(() => checkZoneName(domain, zoneName)).toThrow(`hostedZone '${zoneName}' does not hold the domain `
        + `'${domain}'. Pass the zone of '${domain}' or of a parent domain`);
    });
});

describe('account', () => {
  test.each([['111111111111', '111111111111'], [token, '111111111111'], ['111111111111', token]])(
    'a resource in account %s is accepted in a stack of account %s', (account, ownAccount) => {
      expect(() => checkAccount('identity', account, ownAccount, 'Advice')).not.toThrow();
    });

  test('a resource in another account than the stack is refused, with advice', () => {
    expect(() => checkAccount('identity', '222222222222', '111111111111', 'Advice')).toThrow(
      "identity is in account '222222222222', and the stack is deployed to account '111111111111'. Advice");
  });
});

describe('Region', () => {
  test.each([
    'us-east-1', 'ap-southeast-5', 'us-gov-east-1', 'us-iso-west-1', 'eusc-de-east-1', 'cn-northwest-1', token,
  ])('the Region %s is accepted', region => {
    expect(() => checkRegion('region', region)).not.toThrow();
  });

  test.each(['', 'useast1', 'US-EAST-1', 'us-east-1a', 'eu', 'AWS_SES_US_EAST_1'])(
    "'%s' is refused, because it is not a Region", region => {
      expect(() => checkRegion('region', region)).toThrow(
        `region '${region}' is not an AWS Region. Write its code, for example 'eu-west-1'`);
    });

  test('a parent Region is accepted only if it is a Region, and not the one of the replica', () => {
    expect(() => checkParentRegion('eu-west-1', 'us-east-1')).not.toThrow();
    expect(() => checkParentRegion('us-east-1', 'us-east-1')).toThrow(
      /parentRegion 'us-east-1' is the identity's own Region/);
    expect(() => checkParentRegion('Ireland', 'us-east-1')).toThrow(/parentRegion 'Ireland' is not an AWS Region/);
  });
});

describe('durations', () => {
  test('a wait and a TTL become whole seconds, as strings', () => {
    expect(waitInSeconds(Duration.minutes(10))).toBe('600');
    expect(waitInSeconds(Duration.hours(1))).toBe('3600');
    expect(ttlInSeconds(Duration.seconds(0))).toBe('0');
    expect(ttlInSeconds(Duration.seconds(2147483647))).toBe('2147483647');
  });

  test.each([Duration.seconds(3601), Duration.seconds(0), Duration.days(1), Duration.millis(1500)])(
    'a wait of %s is refused', wait => {
      const seconds = wait.toSeconds({ integral: false });
      expect(() => waitInSeconds(wait)).toThrow(`waitForVerification is ${seconds} seconds, and has to be 1 to 3600 `
        + 'whole seconds. CloudFormation waits for an hour');
    });

  test.each([Duration.seconds(2147483648), Duration.millis(500)])('a TTL of %s is refused', ttl => {
    expect(() => ttlInSeconds(ttl)).toThrow(
      /recordTtl is .* seconds, and has to be 0 to 2147483647 whole seconds. That is what Route 53 takes/);
  });

  test('a wait that is a token is accepted', () => {
    const stack = new Stack();
    const parameter = new CfnParameter(stack, 'Wait', { type: 'Number' });

    expect(stack.resolve(waitInSeconds(Duration.seconds(parameter.valueAsNumber)))).toEqual({ Ref: 'Wait' });
  });
});

describe('removal policy', () => {
  test('the removal policies DESTROY and RETAIN are accepted', () => {
    expect(checkRemovalPolicy(RemovalPolicy.DESTROY)).toBe(RemovalPolicy.DESTROY);
    expect(checkRemovalPolicy(RemovalPolicy.RETAIN)).toBe(RemovalPolicy.RETAIN);
  });

  test.each([RemovalPolicy.SNAPSHOT, RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE])(
    'the removal policy %s is refused', policy => {
      expect(() => checkRemovalPolicy(policy)).toThrow(
        `removalPolicy '${policy}' has no meaning for DKIM signing. Use RemovalPolicy.DESTROY`);
    });
});

describe('version of a secret', () => {
  test('a version of a secret is given by its id, by its staging label or not at all, but not by both', () => {
    const versionId = '11112222-3333-4444-5555-666677778888';
    expect(() => checkSecretOptions({})).not.toThrow();
    expect(() => checkSecretOptions({ jsonField: 'key', versionStage: 'AWSPENDING' })).not.toThrow();
    expect(() => checkSecretOptions({ jsonField: undefined, versionId })).not.toThrow();
    expect(() => checkSecretOptions({ versionStage: 'AWSPENDING', versionId: 'a1' })).toThrow(
      /versionId 'a1' and versionStage 'AWSPENDING' both say which version of the secret to read. Give one of them/);
  });

  test.each(['AWSCURRENT', '1', 'a'.repeat(65)])("the version id '%s' is refused", versionId => {
    expect(() => checkSecretOptions({ versionId })).toThrow(`versionId '${versionId}' is not the id of a version`);
  });

  test.each(['jsonField', 'versionStage', 'versionId'])('an empty %s is refused', option => {
    expect(() => checkSecretOptions({ [option]: '' })).toThrow(`${option} is empty. Leave it out to take the default`);
  });
});
