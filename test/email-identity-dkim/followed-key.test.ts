// A key that follows its secret, and retirement between deployments, in the template: who is called, when, and with
// which rights.
import { App, Stack } from 'aws-cdk-lib';
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
): Stack {
  return exampleCom(of => ({
    hostedZone: zone(of, 'example.com'), signing: follows(of, options, secret?.(of)), ...props,
  })).stack;
}

const types = (stack: Stack) => Object.values(resourcesOf(stack)).map(({ Type }) => Type).sort();

/** The event that a rule gives to the function, as far as the template knows it. */
function requestOf(stack: Stack, rule = only(stack, 'AWS::Events::Rule')): any {
  const { InputTemplate: template } = rule.Properties.Targets[0].InputTransformer;
  const text: string = typeof template === 'string' ? template
    : template['Fn::Join'][1].map((part: unknown) => typeof part === 'string' ? part : 'token').join('');
  return JSON.parse(text.replace('<resources>', '[]'));
}

test('one followed identity has a function more, with what it may do and one rule', () => {
  expect(types(following())).toEqual([
    'AWS::Events::Rule',
    'AWS::IAM::ManagedPolicy', 'AWS::IAM::ManagedPolicy',
    'AWS::IAM::Role', 'AWS::IAM::Role',
    'AWS::Lambda::Function', 'AWS::Lambda::Function',
    'AWS::Lambda::Permission',
    'AWS::Logs::LogGroup', 'AWS::Logs::LogGroup',
    RESOURCE_TYPE,
  ]);
});

test('the rule calls the function every hour, and when the secret has another current version', () => {
  const stack = following();
  const rule = only(stack, 'AWS::Events::Rule');

  expect(rule.Properties).toMatchObject({
    ScheduleExpression: 'rate(1 hour)',
    EventPattern: {
      'source': ['aws.secretsmanager'],
      'detail-type': ['Secret Label Updated'],
      'resources': [{ prefix: ARN }],
      'detail': { labelUpdated: ['AWSCURRENT'] },
    },
  });
  expect(rule.DependsOn!.map(id => resourcesOf(stack)[id].Type).sort()).toEqual(['AWS::IAM::ManagedPolicy', RESOURCE_TYPE]);
  expect(only(stack, 'AWS::Lambda::Permission').Properties).toMatchObject({
    Principal: 'events.amazonaws.com', SourceArn: { 'Fn::GetAtt': [rule.id, 'Arn'] },
  });
});

test('the event has what the custom resource has, and the handler reads both', () => {
  const stack = following({ selectorField: 'name' });
  const { Identities: [{ LogicalResourceId, ...identity }] } = requestOf(stack);
  const { ServiceToken, ServiceTimeout, ...properties } = propertiesOf(stack);

  expect(LogicalResourceId).toBe(only(stack, RESOURCE_TYPE).id);
  expect(identity).toEqual(properties);
  expect(parseProperties(identity, 'us-east-1').signing).toEqual({
    method: 'FOLLOWED_BYODKIM', secret: { arn: ARN, arnForm: undefined, jsonField: 'privateKey' }, selectorField: 'name',
  });
});

test('the function may read that secret and list its versions, and may write none', () => {
  const key = `arn:aws:kms:us-east-1:${ACCOUNT}:key/1`;
  const stack = following({}, {}, of => secretsmanager.Secret.fromSecretAttributes(of, 'Encrypted', {
    secretCompleteArn: ARN, encryptionKey: kms.Key.fromKeyArn(of, 'Key', key),
  }));
  const statements = statementsOfFunction(stack, 'rotation');
  const actions = statements.flatMap(({ Action }) => Action).sort();

  expect(statements.filter(({ Resource }) => Resource === ARN)).toEqual([
    expect.objectContaining({ Action: ['secretsmanager:GetSecretValue', 'secretsmanager:ListSecretVersionIds'] }),
  ]);
  expect(statements.find(({ Action }) => Action === 'kms:Decrypt')).toMatchObject({
    Resource: key, Condition: { StringLike: { 'kms:ViaService': 'secretsmanager.us-east-1.*' } },
  });
  expect(actions).toEqual([
    'kms:Decrypt',
    'logs:CreateLogStream', 'logs:PutLogEvents',
    'route53:ChangeResourceRecordSets', 'route53:GetChange', 'route53:GetHostedZone', 'route53:ListResourceRecordSets',
    'secretsmanager:GetSecretValue', 'secretsmanager:ListSecretVersionIds',
    'ses:GetEmailIdentity', 'ses:PutEmailIdentityDkimSigningAttributes', 'ses:TagResource',
  ]);
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
  const rules = Object.entries(resourcesOf(stack, 'AWS::Events::Rule')).map(([id, rule]) => ({ id, ...rule }));

  expect(rules.length).toBeLessThan(8);
  expect(rules.flatMap(rule => requestOf(stack, rule).Identities)).toHaveLength(40);
  for (const { Properties } of rules) {
    expect(JSON.stringify(Properties.EventPattern).length).toBeLessThan(2048);
    expect(JSON.stringify(Properties.Targets).length).toBeLessThan(8192 + 1000);
  }
});

describe('retireBetweenDeployments', () => {
  test('has the same function, which may change records and see the identity', () => {
    const { stack } = exampleCom(of => ({ hostedZone: zone(of, 'example.com'), retireBetweenDeployments: true }));

    expect(Object.keys(resourcesOf(stack))).toHaveLength(11);
    expect(only(stack, 'AWS::Events::Rule').Properties.EventPattern).toBeUndefined();
    expect(statementsOfFunction(stack, 'rotation').flatMap(({ Action }) => Action).filter(action => /^(ses|secrets)/.test(action)))
      .toEqual(['ses:GetEmailIdentity']);
  });

  test('adds nothing where the key rotates, and nothing is added where it is not asked for', () => {
    const count = (props: Partial<EmailIdentityDkimProps>) => Object.keys(resourcesOf(exampleCom(of => ({
      hostedZone: zone(of, 'example.com'), ...props,
    })).stack)).length;
    const signing = DkimSigning.rotatingByoDkim();

    expect(count({ signing: DkimSigning.rotatingByoDkim(), retireBetweenDeployments: true })).toBe(count({ signing }));
    expect(count({})).toBe(5);
    expect(count({ retireBetweenDeployments: false })).toBe(5);
  });
});

test('a stack with a rotating and a followed key has one function for both', () => {
  const stack = following();
  new EmailIdentityDkim(stack, 'Rotating', {
    identity: imported(stack, 'r.example.com'), hostedZone: zone(stack, 'r.example.com'), signing: DkimSigning.rotatingByoDkim(),
  });

  expect(Object.keys(resourcesOf(stack, 'AWS::Lambda::Function'))).toHaveLength(2);
  expect(Object.keys(resourcesOf(stack, 'AWS::Events::Rule'))).toHaveLength(2);
  (stack.node.root as App).synth();

});
