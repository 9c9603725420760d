// What synthesis knows about an identity: its domain, its Region and its account.
import { App, Aws, CfnParameter, Fn, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { accountOf, domainOf, regionOf } from '../../src/private/known-identity';
import { ACCOUNT, imported, mailStack } from '../mail-stack';

test('the domain of an identity that the app creates is known', () => {
  const stack = mailStack();

  const identity = new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain('example.com') });

  expect(domainOf(identity)).toBe('example.com');
});

test('the domain of an imported identity is known', () => {
  expect(domainOf(imported(mailStack(), 'example.com'))).toBe('example.com');
});

test('an unknown domain is a reference to the identity, or the token that an imported identity was given', () => {
  const stack = mailStack();
  const parameter = new CfnParameter(stack, 'Domain');

  const made = new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain(parameter.valueAsString) });

  expect(stack.resolve(domainOf(made))).toEqual({ Ref: 'Identity2D60E2CC' });
  expect(stack.resolve(domainOf(imported(stack, parameter.valueAsString)))).toEqual({ Ref: 'Domain' });
});

test('without an ARN, Region and account of an identity are those of its stack', () => {
  const stack = new Stack(new App(), 'Other', { env: { account: '222222222222', region: 'eu-west-1' } });
  const identity = new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain('example.com') });

  expect([regionOf(identity), accountOf(identity)]).toEqual(['eu-west-1', '222222222222']);
  expect([regionOf(imported(stack, 'example.org')), accountOf(imported(stack, 'example.net'))]).toEqual([
    'eu-west-1',
    '222222222222',
  ]);
});

test('Region and account of an identity that is imported by its ARN are those in the ARN', () => {
  const arn = 'arn:aws:ses:eu-west-1:222222222222:identity/example.com';

  const identity = ses.EmailIdentity.fromEmailIdentityArn(mailStack(), 'Identity', arn);

  expect([domainOf(identity), regionOf(identity), accountOf(identity)]).toEqual([
    'example.com',
    'eu-west-1',
    '222222222222',
  ]);
});

test('the Region in an ARN is known even if its account is a token', () => {
  const arn = `arn:${Aws.PARTITION}:ses:eu-west-1:${Aws.ACCOUNT_ID}:identity/example.com`;

  const identity = ses.EmailIdentity.fromEmailIdentityArn(mailStack(), 'Identity', arn);

  expect([domainOf(identity), regionOf(identity), accountOf(identity)]).toEqual([
    'example.com',
    'eu-west-1',
    Aws.ACCOUNT_ID,
  ]);
});

test('if the ARN is one token, Region and account of an identity are those of its stack', () => {
  const stack = mailStack();
  const made = new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain('example.com') });
  const identity = {
    node: made.node,
    env: made.env,
    emailIdentityName: made.emailIdentityName,
    emailIdentityArn: Fn.importValue('Arn'),
  };

  expect([regionOf(identity as ses.IEmailIdentity), accountOf(identity as ses.IEmailIdentity)]).toEqual([
    'us-east-1',
    ACCOUNT,
  ]);
});
