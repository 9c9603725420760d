// A key that follows its secret, in the template: who is called, when, and with which rights.
import { Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { exampleCom } from './example-com';
import { only, statementsOfFunction } from './rotating';
import { parseProperties } from '../../lambda/base/properties';
import { ByoDkimSigningOptions, DkimPrivateKey, DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';
import { RESOURCE_TYPE } from '../../src/private/contract';
import { ACCOUNT, imported, mailStack, propertiesOf, resourcesOf, zone } from '../mail-stack';

const ARN = `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:mail/dkim-AbCdEf`;

function follows(
  stack: Stack, options: Partial<ByoDkimSigningOptions> = {}, secret?: secretsmanager.ISecret,
): DkimSigning {
  return DkimSigning.byoDkim({
    privateKey: DkimPrivateKey.fromSecret(
      secret ?? secretsmanager.Secret.fromSecretCompleteArn(stack, 'Followed', ARN), { jsonField: 'privateKey' }),
    followSecret: true,
    ...options,
  });
}

function following(
  options: Partial<ByoDkimSigningOptions> = {},
  props: Partial<EmailIdentityDkimProps> = {},
  secret?: (stack: Stack) => secretsmanager.ISecret,
): { dkim: EmailIdentityDkim; stack: Stack } {
  return exampleCom(of => ({
    hostedZone: zone(of, 'example.com'), signing: follows(of, options, secret?.(of)), ...props,
  }));
}

/** Of a secret that CloudFormation names after its logical id. */
const LONGEST_ARN = 'arn:aws-us-gov:secretsmanager:us-gov-east-1:111111111111:secret:'.length
  + 'DkimE3FDA19C1053Followedb8f288Keys-123456789012-AbCdEf'.length;

const types = (stack: Stack) => Object.values(resourcesOf(stack)).map(({ Type }) => Type).sort();
const rulesOf = (stack: Stack) => Object.entries(resourcesOf(stack, 'AWS::Events::Rule')).map(([id, rule]) => ({ id, ...rule }));
const ofEvents = (stack: Stack) => rulesOf(stack).filter(({ Properties }) => Properties.EventPattern);

test('one followed identity has a function and a secret more, and two rules, and no schedule of Secrets Manager', () => {
  expect(types(following().stack)).toEqual([
    'AWS::Events::Rule', 'AWS::Events::Rule',
    'AWS::IAM::ManagedPolicy', 'AWS::IAM::ManagedPolicy',
    'AWS::IAM::Role', 'AWS::IAM::Role',
    'AWS::Lambda::Function', 'AWS::Lambda::Function',
    'AWS::Lambda::Permission', 'AWS::Lambda::Permission',
    'AWS::Logs::LogGroup', 'AWS::Logs::LogGroup',
    'AWS::SecretsManager::Secret',
    RESOURCE_TYPE,
  ]);
});

test('the function is called every hour, and when the secret has another current version', () => {
  const { stack } = following();
  const [hourly] = rulesOf(stack).filter(({ Properties }) => Properties.ScheduleExpression);
  const [ofSecret] = ofEvents(stack);
  const { id } = only(stack, 'AWS::SecretsManager::Secret');

  expect(hourly.Properties.ScheduleExpression).toBe('rate(1 hour)');
  expect(ofSecret.Properties.EventPattern).toEqual({
    'source': ['aws.secretsmanager'],
    'detail-type': ['Secret Label Updated'],
    'resources': [{ prefix: ARN }],
    'detail': { labelUpdated: ['AWSCURRENT'] },
  });
  for (const { Properties } of [hourly, ofSecret]) {
    expect(Properties.Targets[0].Input).toEqual({ 'Fn::Join': ['', ['{"Secrets":["', { Ref: id }, '"]}']] });
  }
  const callers = Object.values(resourcesOf(stack, 'AWS::Lambda::Permission')).map(({ Properties }) => Properties);
  expect(callers.map(({ Principal }) => Principal)).toEqual(['events.amazonaws.com', 'events.amazonaws.com']);
  expect(callers.map(({ SourceArn }) => SourceArn['Fn::GetAtt'][0]).sort()).toEqual([hourly.id, ofSecret.id].sort());
});

test('the handler reads what the custom resource says', () => {
  const { stack } = following({ selectorField: 'name' });
  const { ServiceToken, ServiceTimeout, ...properties } = propertiesOf(stack);
  const secretArn = ARN.replace('mail/dkim', 'ours');
  const { signing } = parseProperties({ ...properties, Signing: { ...properties.Signing, SecretArn: secretArn } }, 'us-east-1');

  expect(signing).toMatchObject({
    method: 'ROTATING_BYODKIM', secretArn, follows: { arn: ARN, jsonField: 'privateKey', selectorField: 'name' },
  });
  expect(propertiesOf(following({ selectorField: 'selector' }).stack).Signing.Follows).toEqual({ SecretArn: ARN, JsonField: 'privateKey' });
});

test('both functions may read that secret, and may write none but the one that says which key is in use', () => {
  const key = `arn:aws:kms:us-east-1:${ACCOUNT}:key/1`;
  const { stack } = following({}, {}, of => secretsmanager.Secret.fromSecretAttributes(of, 'Encrypted', {
    secretCompleteArn: ARN, encryptionKey: kms.Key.fromKeyArn(of, 'Key', key),
  }));
  const { id } = only(stack, 'AWS::SecretsManager::Secret');
  for (const name of ['deployment', 'rotation'] as const) {
    const statements = statementsOfFunction(stack, name);
    const on = (resource: unknown) => statements
      .filter(({ Resource }) => JSON.stringify(Resource) === JSON.stringify(resource));

    expect(on(ARN).map(({ Action }) => Action)).toEqual(['secretsmanager:GetSecretValue']);
    expect(on(key).map(({ Action }) => Action)).toEqual(['kms:Decrypt']);
    expect(on({ Ref: id }).map(({ Action }) => Action)).toEqual([[
      'secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue',
      'secretsmanager:UpdateSecretVersionStage',
    ]]);
  }
});

test('another secret, or another field of it, is followed by another secret of ours', () => {
  const idOf = (stack: Stack) => only(stack, 'AWS::SecretsManager::Secret').id;
  const other = (of: Stack) => secretsmanager.Secret.fromSecretCompleteArn(of, 'Other', ARN.replace('dkim', 'other'));
  const byName = (of: Stack) => secretsmanager.Secret.fromSecretNameV2(of, 'Named', 'mail/dkim');
  const partial = (of: Stack) => secretsmanager.Secret.fromSecretPartialArn(of, 'Partial', ARN.replace('-AbCdEf', ''));
  const ids = [undefined, byName, partial, other].map(secret => idOf(following({}, {}, secret).stack));

  expect(new Set(ids.slice(0, 3)).size).toBe(1);
  expect(new Set([...ids, idOf(following({ selectorField: 'name' }).stack)]).size).toBe(3);
});

test('a secret that the app creates is followed by its reference', () => {
  const { stack } = following({}, {}, of => new secretsmanager.Secret(of, 'Made'));
  const made = Object.entries(resourcesOf(stack, 'AWS::SecretsManager::Secret')).find(([id]) => id.startsWith('Made'))![0];

  expect(ofEvents(stack)[0].Properties.EventPattern.resources).toEqual([{ prefix: { Ref: made } }]);
});

test('forty in a stack share rules, each within the limits of EventBridge', () => {
  const stack = mailStack();
  const hostedZone = zone(stack, 'example.com');
  for (let number = 0; number < 40; number++) {
    const secret = secretsmanager.Secret.fromSecretCompleteArn(stack, `Secret${number}`, ARN.replace('dkim', `dkim-${number}`));
    new EmailIdentityDkim(stack, `Dkim${number}`, {
      identity: imported(stack, `d${number}.example.com`), hostedZone, signing: follows(stack, {}, secret),
    });
  }
  const rules = ofEvents(stack);

  expect(rules.length).toBeLessThan(5);
  expect(rules.flatMap(({ Properties }) => Properties.EventPattern.resources)).toHaveLength(40);
  for (const { Properties } of rules) {
    expect(JSON.stringify(Properties.EventPattern).length).toBeLessThan(2048);
    expect(JSON.stringify(Properties.Targets).length).toBeLessThan(8192);
  }
});

test('one secret for 150 identities is named once in a rule, whose input has room for half of them', () => {
  const stack = mailStack();
  const hostedZone = zone(stack, 'example.com');
  const signing = follows(stack);
  for (let number = 0; number < 150; number++) {
    new EmailIdentityDkim(stack, `Dkim${number}`, { identity: imported(stack, `m${number}.example.com`), hostedZone, signing });
  }
  const rules = ofEvents(stack);

  expect(rules.length).toBeLessThan(4);
  expect(rules.map(({ Properties }) => Properties.EventPattern.resources)).toEqual(rules.map(() => [{ prefix: ARN }]));
  const inputs = rules.map(({ Properties }) => Properties.Targets[0].Input['Fn::Join'][1]);
  expect(inputs.flat().filter(part => part.Ref)).toHaveLength(150);
  for (const input of inputs) {
    const longest = input.map((part: any) => typeof part === 'string' ? part : 'x'.repeat(LONGEST_ARN)).join('');
    expect(longest.length).toBeLessThanOrEqual(8192);
  }
});

test('a stack with a rotating and a followed key has one function for both', () => {
  const { stack } = following();
  new EmailIdentityDkim(stack, 'Rotating', {
    identity: imported(stack, 'r.example.com'), hostedZone: zone(stack, 'r.example.com'), signing: DkimSigning.rotatingByoDkim(),
  });

  expect(Object.keys(resourcesOf(stack, 'AWS::Lambda::Function'))).toHaveLength(2);
  expect(rulesOf(stack)).toHaveLength(2);
});

test('it has a selector, and nothing to rotate', () => {
  const { dkim, stack } = following({}, { watch: true, detailedMetrics: true });

  expect(dkim.secret).toBeUndefined();
  expect(stack.resolve([dkim.selector, dkim.publicKeySha256])).toEqual(['Selector', 'PublicKeySha256'].map(name =>
    ({ 'Fn::GetAtt': [only(stack, RESOURCE_TYPE).id, name] })));
  expect(() => dkim.grantRotate(new kms.Key(stack, 'Key') as never)).toThrow('does not rotate');
  expect(() => dkim.metricKeyAge()).toThrow('does not rotate, so it has no metric KeyAgeDays');
  expect(() => dkim.metricDaysToRotation()).toThrow('does not rotate, so it has no metric DaysToRotation');
  expect(dkim.metricRotationPending().metricName).toBe('RotationPendingMinutes');
});

