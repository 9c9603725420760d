// A rotating key in the template: its secret, its schedule, who may call and do what, and every option.
import { App, Aspects, CfnParameter, CfnResource, Duration, Fn, Lazy, NestedStack, RemovalPolicies, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { ZONE_ROLE } from './example-com';
import {
  cronOf, only, rotating, rotatingBelow, scheduleOf, secretOf, settingsOf, statementsOfFunction,
} from './rotating';
import { settingsOf as parseTags } from '../../lambda/rotation/secret-settings';
import { DkimSigning, EmailIdentityDkim } from '../../src';
import { RESOURCE_TYPE, ROTATION_TAG_PREFIX } from '../../src/private/contract';
import { ACCOUNT, customResourceOf, imported, mailStack, propertiesOf, resourcesOf, zone } from '../mail-stack';

const KEY_ARN = `arn:aws:kms:us-east-1:${ACCOUNT}:key/1`;
const synth = (stack: Stack) => (stack.node.root as App).synth();

test('one rotating identity has its secret and schedule, and a function with what calls it', () => {
  const { stack } = rotating();

  expect(Object.values(resourcesOf(stack)).map(({ Type }) => Type).sort()).toEqual([
    'AWS::Events::Rule',
    'AWS::IAM::ManagedPolicy', 'AWS::IAM::ManagedPolicy',
    'AWS::IAM::Role', 'AWS::IAM::Role',
    'AWS::Lambda::Function', 'AWS::Lambda::Function',
    'AWS::Lambda::Permission', 'AWS::Lambda::Permission',
    'AWS::Logs::LogGroup', 'AWS::Logs::LogGroup',
    'AWS::SecretsManager::RotationSchedule', 'AWS::SecretsManager::Secret',
    RESOURCE_TYPE,
  ]);
});

test('a further one has three resources', () => {
  const one = rotating().stack;
  const two = rotating().stack;
  rotatingBelow(two, 'mail');

  expect(Object.keys(resourcesOf(two)).length - Object.keys(resourcesOf(one)).length).toBe(3);
});

test('the logical ids stay: another would make another secret, or end the schedule', () => {
  const { stack } = rotating();

  const { id } = only(stack, 'Custom::EmailIdentityDkim');
  expect(secretOf(stack).id).toBe(`${id}Keys`);
  expect(scheduleOf(stack).id).toBe(`${id}Rotation`);
  expect(only(stack, 'AWS::Events::Rule').id).toMatch(/^cdksesdkimRotationHourly/);
});

test('CloudFormation makes the secret empty, and nothing in the template looks like a key', () => {
  const { stack } = rotating();

  expect(Object.keys(secretOf(stack).Properties).sort()).toEqual(['Description', 'Tags']);
  expect(JSON.stringify(Template.fromStack(stack).toJSON())).not.toMatch(/PRIVATE KEY|MII[A-Za-z0-9+/]{20}|GenerateSecret|SecretString/);
});

test('the schedule does not rotate by itself when it is made or changed, and comes after all that it needs', () => {
  const { stack } = rotating();
  const { Properties, DependsOn } = scheduleOf(stack);
  const types = DependsOn!.map(id => resourcesOf(stack)[id].Type).sort();

  expect(Properties).toEqual({
    SecretId: { Ref: secretOf(stack).id },
    RotationLambdaARN: { 'Fn::GetAtt': [expect.stringMatching(/^cdksesdkimRotationHandler/), 'Arn'] },
    RotateImmediatelyOnUpdate: false,
    RotationRules: { ScheduleExpression: expect.any(String) },
  });
  expect(types).toEqual(['AWS::IAM::ManagedPolicy', 'AWS::Lambda::Permission', RESOURCE_TYPE]);
  const [permission] = DependsOn!.map(id => resourcesOf(stack)[id]).filter(({ Type }) => Type === 'AWS::Lambda::Permission');
  expect(permission.Properties).toMatchObject({ Principal: 'secretsmanager.amazonaws.com', SourceAccount: ACCOUNT });
});

test('the custom resource and the schedule say when the key changes in the same words', () => {
  const { stack } = rotating({ interval: Duration.days(90) });

  expect(cronOf(stack)).toBe('rate(90 days)');
  expect(propertiesOf(stack).Signing).toEqual({
    Method: 'ROTATING_BYODKIM', SecretArn: { Ref: secretOf(stack).id }, Schedule: 'rate(90 days)',
  });
});

test('EventBridge calls the function every hour, and may call it by that rule alone', () => {
  const { stack } = rotating();
  const { id, Properties } = only(stack, 'AWS::Events::Rule');
  const permission = Object.values(resourcesOf(stack, 'AWS::Lambda::Permission'))
    .find(({ Properties: { Principal } }) => Principal === 'events.amazonaws.com')!;

  expect(Properties.ScheduleExpression).toBe('rate(1 hour)');
  expect(Properties.Targets).toEqual([{
    Id: 'Secrets1',
    Arn: scheduleOf(stack).Properties.RotationLambdaARN,
    Input: { 'Fn::Join': ['', ['{"Secrets":["', { Ref: secretOf(stack).id }, '"]}']] },
  }]);
  expect(permission.Properties).toMatchObject({ SourceArn: { 'Fn::GetAtt': [id, 'Arn'] } });
});

describe('by default', () => {
  const CRON = /^cron\(0 (\d+) (\d+) (\d)\/6 \? \*\)$/;
  const cronFor = (domain: string) => {
    const stack = mailStack();
    new EmailIdentityDkim(stack, 'Dkim', {
      identity: imported(stack, domain), hostedZone: zone(stack, domain), signing: DkimSigning.rotatingByoDkim(),
    });
    return cronOf(stack);
  };

  test('the key changes twice a year, on a day that follows from the domain and stays', () => {
    expect(cronFor('example.com')).toBe(cronFor('example.com'));
    expect(cronFor('example.com')).toBe('cron(0 19 10 5/6 ? *)');
  });

  test('days and hours of many domains are spread, and every month has them', () => {
    const crons = Array.from({ length: 60 }, (_, index) => cronFor(`d${index}.example.com`).match(CRON)!.slice(1).map(Number));

    expect(new Set(crons.map(([hour]) => hour)).size).toBeGreaterThan(15);
    expect(new Set(crons.map(([, day]) => day)).size).toBeGreaterThan(15);
    expect(Math.max(...crons.map(([, day]) => day))).toBeLessThanOrEqual(28);
    expect(new Set(crons.map(([,, month]) => month))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
  });

  test('a domain that only the deployment knows has a day as well, by its place in the app', () => {
    const late = (id: string) => {
      const stack = mailStack();
      new EmailIdentityDkim(stack, id, {
        identity: imported(stack, new CfnParameter(stack, 'Domain').valueAsString),
        hostedZone: zone(stack, 'example.com'),
        signing: DkimSigning.rotatingByoDkim(),
      });
      return cronOf(stack);
    };

    expect(late('Dkim')).toMatch(CRON);
    expect(late('Dkim')).toBe(late('Dkim'));
    expect(late('Dkim')).not.toBe(late('Other'));
  });
});

describe('options', () => {
  test.each([
    [1, 'rate(1 day)'], [2, 'rate(2 days)'], [999, 'rate(999 days)'],
  ])('an interval of %s days', (days, expression) => {
    expect(cronOf(rotating({ interval: Duration.days(days) }).stack)).toBe(expression);
  });

  test('an interval that is given in hours', () => {
    expect(cronOf(rotating({ interval: Duration.hours(48) }).stack)).toBe('rate(2 days)');
  });

  test.each(['cron(0 9 ? * 3#1 *)', 'cron(0 0 L * ? *)', 'cron(0 /8 1,15 1-6/2 ? *)'])('the schedule %s', schedule => {
    expect(cronOf(rotating({ schedule }).stack)).toBe(schedule);
  });

  test('what has its default value is left out, in the properties and in the tags', () => {
    const given = rotating({ overlap: Duration.days(14), keyLength: 2048, selectorPrefix: 'dkim' });

    expect(propertiesOf(given.stack)).toEqual(propertiesOf(rotating().stack));
    expect(settingsOf(given.stack)).toEqual(settingsOf(rotating().stack));
    expect(Object.keys(settingsOf(given.stack)).sort()).toEqual([
      'HostedZoneId', 'Identity', 'LogicalResourceId', 'StackId',
    ]);
  });

  test('every other value is told to both functions', () => {
    const { stack } = rotating(
      { overlap: Duration.days(3), keyLength: 1024, selectorPrefix: 'mail', interval: Duration.days(30) },
      of => ({
        region: 'eu-west-1',
        recordTtl: Duration.minutes(5),
        hostedZoneRole: iam.Role.fromRoleArn(of, 'ZoneRole', ZONE_ROLE),
      }));
    const common = {
      Identity: 'example.com',
      Region: 'eu-west-1',
      HostedZoneId: 'Z0EXAMPLE',
      HostedZoneRoleArn: ZONE_ROLE,
      RecordTtl: '300',
      RecordOverlap: '259200',
    };

    expect(propertiesOf(stack)).toMatchObject({ ...common, Signing: { SelectorPrefix: 'mail', KeyLength: '1024' } });
    expect(settingsOf(stack)).toMatchObject({ ...common, SelectorPrefix: 'mail', KeyLength: '1024' });
  });

  test('the rotation knows its stack and its resource as CloudFormation tells them to the deployment', () => {
    const { stack } = rotating();

    expect(settingsOf(stack)).toMatchObject({
      StackId: { Ref: 'AWS::StackId' }, LogicalResourceId: only(stack, RESOURCE_TYPE).id,
    });
  });

  test('the rotation understands every tag', () => {
    const { stack } = rotating({ overlap: Duration.days(3), keyLength: 1024, selectorPrefix: 'mail' }, () => ({
      recordTtl: Duration.minutes(5), region: 'eu-west-1',
    }));
    const stackId = 'arn:aws:cloudformation:us-east-1:111111111111:stack/Mail/guid';
    const tags = Object.fromEntries(Object.entries(settingsOf(stack)).map(([name, value]) =>
      [`${ROTATION_TAG_PREFIX}${name}`, typeof value === 'string' ? value : stackId]));

    const { members: [{ wanted }] } = parseTags('arn:aws:secretsmanager:us-east-1:111111111111:secret:x-AbCdEf', tags, 'us-east-1');
    expect(wanted).toMatchObject({
      domain: 'example.com',
      region: 'eu-west-1',
      signing: { method: 'ROTATING_BYODKIM', keyLength: 1024, selectorPrefix: 'mail' },
      zone: { id: 'Z0EXAMPLE', ttl: 300 },
    });
  });
});

describe('values that come late', () => {
  test('parameters reach the template', () => {
    const { stack } = rotating(of => ({
      interval: Duration.days(new CfnParameter(of, 'Days', { type: 'Number' }).valueAsNumber),
      overlap: Duration.seconds(new CfnParameter(of, 'Overlap', { type: 'Number' }).valueAsNumber),
      keyLength: new CfnParameter(of, 'Length', { type: 'Number' }).valueAsNumber,
      selectorPrefix: new CfnParameter(of, 'Prefix').valueAsString,
    }));

    expect(cronOf(stack)).toEqual({ 'Fn::Join': ['', ['rate(', { Ref: 'Days' }, ' days)']] });
    expect(propertiesOf(stack)).toMatchObject({
      RecordOverlap: { Ref: 'Overlap' },
      Signing: { KeyLength: { Ref: 'Length' }, SelectorPrefix: { Ref: 'Prefix' } },
    });
    expect(settingsOf(stack)).toMatchObject({
      RecordOverlap: { Ref: 'Overlap' }, KeyLength: { Ref: 'Length' }, SelectorPrefix: { Ref: 'Prefix' },
    });
  });

  test('a schedule that is a parameter', () => {
    const { stack } = rotating(of => ({ schedule: new CfnParameter(of, 'When').valueAsString }));

    expect(cronOf(stack)).toEqual({ Ref: 'When' });
  });

  test.each<[string, () => Parameters<typeof rotating>[0], RegExp]>([
    ['schedule', () => ({ schedule: Lazy.string({ produce: () => 'monthly' }) }), /schedule 'monthly' is not a cron\(\)/],
    ['selectorPrefix', () => ({ selectorPrefix: Lazy.string({ produce: () => 'a.b' }) }), /selectorPrefix 'a.b' cannot begin/],
    ['encryptionKey', () => of => ({
      encryptionKey: kms.Key.fromKeyArn(of, 'Key', Lazy.string({ produce: () => 'arn:aws:kms:eu-west-1:111111111111:key/1' })),
    }), /encryptionKey .*eu-west-1.* is not of the account and Region/],
  ])('%s of Lazy is checked at the end', (_, options, message) => {
    const { stack } = rotating(options());

    expect(() => synth(stack)).toThrow(message);
  });

  test('good values of Lazy reach the template', () => {
    const { stack } = rotating({
      schedule: Lazy.string({ produce: () => 'cron(0 9 ? * 3#1 *)' }),
      selectorPrefix: Lazy.string({ produce: () => 'late' }),
      keyLength: Lazy.number({ produce: () => 1024 }),
    });

    synth(stack);
    expect(cronOf(stack)).toBe('cron(0 9 ? * 3#1 *)');
    expect(settingsOf(stack)).toMatchObject({ SelectorPrefix: 'late' });
    expect(`${settingsOf(stack).KeyLength}`).toBe('1024');
  });
});

test('an environment-agnostic stack refers to its account, Region and partition by pseudo parameters', () => {
  const { stack } = rotating(of => ({ encryptionKey: new kms.Key(of, 'Key') }), undefined, mailStack({}));
  const template = JSON.stringify(Template.fromStack(stack).toJSON());

  expect(template).not.toContain(ACCOUNT);
  expect(template).not.toMatch(/us-east-1|"arn:aws:/);
  const permissions = Object.values(resourcesOf(stack, 'AWS::Lambda::Permission')).map(({ Properties }) => Properties);
  expect(permissions).toContainEqual(expect.objectContaining({ SourceAccount: { Ref: 'AWS::AccountId' } }));
});

describe('a customer managed key', () => {
  const decryptOf = (stack: Stack, which: 'deployment' | 'rotation') =>
    statementsOfFunction(stack, which).find(({ Action }) => [Action].flat().includes('kms:Decrypt'));

  test.each<[string, (stack: Stack) => kms.IKey, unknown, unknown]>([
    ['of the app', stack => new kms.Key(stack, 'Key'),
      { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] }, { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] }],
    ['that is imported', stack => kms.Key.fromKeyArn(stack, 'Key', KEY_ARN), KEY_ARN, KEY_ARN],
    ['by an alias of the app', stack => new kms.Alias(stack, 'Alias', {
      aliasName: 'alias/dkim', targetKey: kms.Key.fromKeyArn(stack, 'Key', KEY_ARN),
    }), KEY_ARN, KEY_ARN],
    ['by an attribute', stack => kms.Key.fromKeyArn(stack, 'Key', Fn.importValue('Key')),
      { 'Fn::ImportValue': 'Key' }, { 'Fn::ImportValue': 'Key' }],
  ])('%s encrypts the secret, and both functions may use it through Secrets Manager alone', (_, keyIn, kmsKeyId, resource) => {
    const { stack } = rotating(of => ({ encryptionKey: keyIn(of) }));

    expect(secretOf(stack).Properties.KmsKeyId).toEqual(kmsKeyId);
    for (const which of ['deployment', 'rotation'] as const) {
      expect(decryptOf(stack, which)).toEqual({
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Resource: resource,
        Condition: { StringLike: { 'kms:ViaService': 'secretsmanager.us-east-1.*' } },
      });
    }
  });

  test.each<[string, (stack: Stack) => kms.IKey]>([
    ['alias', stack => kms.Alias.fromAliasName(stack, 'Key', 'alias/dkim')],
    ['ARN of an alias', stack => kms.Key.fromKeyArn(stack, 'Key', `arn:aws:kms:us-east-1:${ACCOUNT}:alias/dkim`)],
  ])('is refused by an %s that the app does not resolve: IAM cannot name a key by it', (_, keyIn) => {
    expect(() => rotating(of => ({ encryptionKey: keyIn(of) }))).toThrow(/alias '.*alias\/dkim'/);
  });

  test.each([
    ['account', 'arn:aws:kms:us-east-1:222222222222:key/1'], ['Region', `arn:aws:kms:eu-west-1:${ACCOUNT}:key/1`],
  ])('of another %s is refused', (_, arn) => {
    expect(() => rotating(of => ({ encryptionKey: kms.Key.fromKeyArn(of, 'Key', arn) }))).toThrow(
      /is not of the account and Region of the stack/);
  });

  test('of another stack of the app is taken by its export', () => {
    const app = new App();
    const env = { account: ACCOUNT, region: 'us-east-1' };
    const key = new kms.Key(new Stack(app, 'Keys', { env }), 'Key');
    const { stack } = rotating({ encryptionKey: key }, undefined, new Stack(app, 'Mail', { env }));

    expect(secretOf(stack).Properties.KmsKeyId).toEqual({ 'Fn::ImportValue': expect.stringMatching(/^Keys:/) });
  });

  test('of a stack of the app in another Region or account is refused', () => {
    for (const env of [{ account: '222222222222', region: 'us-east-1' }, { account: ACCOUNT, region: 'eu-west-1' }]) {
      const app = new App();
      const key = new kms.Key(new Stack(app, 'Keys', { env, crossRegionReferences: true }), 'Key');
      const mail = new Stack(app, 'Mail', { env: { account: ACCOUNT, region: 'us-east-1' }, crossRegionReferences: true });

      expect(() => rotating({ encryptionKey: key }, undefined, mail)).toThrow(/is not of the account and Region of the stack/);
    }
  });
});

test('a zone of another account: both functions may assume its role, and neither has rights on Route 53', () => {
  const { stack } = rotating({}, of => ({ hostedZoneRole: iam.Role.fromRoleArn(of, 'ZoneRole', ZONE_ROLE) }));

  for (const which of ['deployment', 'rotation'] as const) {
    expect(statementsOfFunction(stack, which)).toContainEqual(
      { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: ZONE_ROLE });
    expect(JSON.stringify(statementsOfFunction(stack, which))).not.toContain('route53');
  }
  expect(settingsOf(stack).HostedZoneRoleArn).toBe(ZONE_ROLE);
});

describe('least privilege: what each function calls, on what it is about', () => {
  const actionsOf = (which: 'deployment' | 'rotation') =>
    [...new Set(statementsOfFunction(rotating().stack, which).flatMap(({ Action }) => Action))].sort();
  const zoneAndKeys = [
    'route53:ChangeResourceRecordSets', 'route53:GetChange', 'route53:GetHostedZone', 'route53:ListResourceRecordSets',
    'secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue',
    'secretsmanager:UpdateSecretVersionStage',
  ];

  test('the rotation takes no tag off the identity, asks CloudFormation nothing and starts nothing', () => {
    expect(actionsOf('rotation')).toEqual([
      'logs:CreateLogStream', 'logs:PutLogEvents', ...zoneAndKeys,
      'ses:GetEmailIdentity', 'ses:PutEmailIdentityDkimSigningAttributes', 'ses:TagResource',
    ]);
  });

  test('the deployment has what it has for every method, and the keys', () => {
    expect(actionsOf('deployment')).toEqual([
      'cloudformation:DescribeStackResource', 'cloudformation:DescribeStacks', 'lambda:InvokeFunction',
      'logs:CreateLogStream', 'logs:PutLogEvents', ...zoneAndKeys,
      'ses:GetEmailIdentity', 'ses:PutEmailIdentityDkimSigningAttributes', 'ses:TagResource', 'ses:UntagResource',
    ]);
  });

  test('on this secret, and on the DKIM records of the domain', () => {
    const { stack } = rotating();
    const statements = statementsOfFunction(stack, 'rotation');

    expect(statements.find(({ Action }) => Action.includes('secretsmanager:PutSecretValue')).Resource)
      .toEqual({ Ref: secretOf(stack).id });
    expect(statements.find(({ Action }) => Action === 'route53:ChangeResourceRecordSets').Condition).toMatchObject({
      'ForAllValues:StringLike': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': '*._domainkey.example.com' },
      'ForAllValues:StringEquals': {
        'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME', 'TXT'],
        'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
      },
    });
  });

  test('of an identity that does not rotate, the rotation has no rights', () => {
    const { stack } = rotating();
    new EmailIdentityDkim(stack, 'Plain', { identity: imported(stack, 'plain.example.org') });

    expect(JSON.stringify(statementsOfFunction(stack, 'deployment'))).toContain('plain.example.org');
    expect(JSON.stringify(statementsOfFunction(stack, 'rotation'))).not.toContain('plain.example.org');
  });
});

describe('what stays when the construct goes', () => {
  const policiesOf = (stack: Stack) => {
    const { DeletionPolicy, UpdateReplacePolicy } = secretOf(stack);
    return { DeletionPolicy, UpdateReplacePolicy };
  };
  // A secret that is made in a deployment that fails goes with it, whatever the policy is.
  const RETAINED = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' };
  const DELETED = { DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' };

  test('the secret goes by default', () => {
    expect(policiesOf(rotating().stack)).toEqual(DELETED);
  });

  test.each<[string, () => Stack]>([
    ['by the property', () => rotating({}, () => ({ removalPolicy: RemovalPolicy.RETAIN })).stack],
    ['by RemovalPolicies', () => {
      const { stack } = rotating();
      RemovalPolicies.of(stack.node.root).retain();
      return stack;
    }],
    ['by RemovalPolicies that are about updates and deletes', () => {
      const { stack } = rotating();
      RemovalPolicies.of(stack.node.root).retainOnUpdateOrDelete();
      return stack;
    }],
    ['by RemovalPolicies of secrets alone', () => {
      const { stack } = rotating();
      RemovalPolicies.of(stack.node.root).retain({ applyToResourceTypes: ['AWS::SecretsManager::Secret'] });
      return stack;
    }],
  ])('with RETAIN it stays: %s', (_, build) => {
    expect(policiesOf(build())).toEqual(RETAINED);
  });

  test('RemovalPolicies that destroy leave RETAIN of the property behind, for the secret as for signing', () => {
    const { stack } = rotating({}, () => ({ removalPolicy: RemovalPolicy.RETAIN }));
    RemovalPolicies.of(stack).destroy();

    expect(policiesOf(stack)).toEqual(DELETED);
    expect(propertiesOf(stack).RemovalPolicy).toBeUndefined();
  });
});

test('tags of the app reach the secret, and take none of ours away', () => {
  const { stack } = rotating();
  Tags.of(stack.node.root).add('team', 'mail');
  Tags.of(stack.node.root).add('cdk-ses-dkim:Identity', 'example.org');
  Tags.of(stack.node.root).remove('cdk-ses-dkim:StackId');

  expect(secretOf(stack).Properties.Tags).toContainEqual({ Key: 'team', Value: 'mail' });
  expect(settingsOf(stack)).toMatchObject({ Identity: 'example.com', StackId: { Ref: 'AWS::StackId' } });
});

test('several stacks have a function of their own each, and nothing between them', () => {
  const app = new App();
  const [one, two] = ['One', 'Two'].map(name => rotating({}, undefined, new Stack(app, name, {
    env: { account: name === 'One' ? ACCOUNT : '333333333333', region: 'us-east-1' },
  })).stack);

  const assembly = app.synth();
  expect(assembly.stacks.map(({ dependencies }) => dependencies.filter(({ id }) => !id.endsWith('.assets')))).toEqual([[], []]);
  const ids = [one, two].map(({ artifactId }) => Object.keys(assembly.getStackArtifact(artifactId).template.Resources));
  expect(ids[0].map(id => id.replace(/Policy.*/, ''))).toEqual(ids[1].map(id => id.replace(/Policy.*/, '')));
});

test('a nested stack has its own', () => {
  const stack = mailStack();
  const nested = new NestedStack(stack, 'Nested');
  rotating({}, undefined, nested);

  expect(Object.keys(resourcesOf(nested, 'AWS::Lambda::Function'))).toHaveLength(2);
  expect(resourcesOf(stack, 'AWS::Lambda::Function')).toEqual({});
});

test('one signing can be that of several constructs: each has a key of its own', () => {
  const stack = mailStack();
  const signing = DkimSigning.rotatingByoDkim();
  for (const label of ['a', 'b']) {
    new EmailIdentityDkim(stack, label, {
      identity: imported(stack, `${label}.example.com`), hostedZone: zone(stack, `${label}.example.com`), signing,
    });
  }

  const secrets = Object.keys(resourcesOf(stack, 'AWS::SecretsManager::Secret'));
  expect(secrets).toHaveLength(2);
  const read = statementsOfFunction(stack, 'rotation').find(({ Action }) => Action.includes('secretsmanager:GetSecretValue'));
  expect(read.Resource).toEqual(secrets.map(Ref => ({ Ref })));
});

describe('attributes and grants', () => {
  test('the attributes are those of a key of the user, of the last deployment, and the secret', () => {
    const { stack, dkim } = rotating();
    const { id } = only(stack, RESOURCE_TYPE);

    expect(stack.resolve([dkim.selector, dkim.publicKeySha256])).toEqual(
      ['Selector', 'PublicKeySha256'].map(name => ({ 'Fn::GetAtt': [id, name] })));
    expect(dkim.dkimRecords).toMatchObject([{ type: 'TXT' }]);
    expect(dkim.signingHostedZone).toBeUndefined();
    expect(stack.resolve(dkim.secret!.secretArn)).toEqual({ Ref: secretOf(stack).id });
  });

  test('grantRotate lets somebody rotate, and read no key', () => {
    const { stack, dkim } = rotating(of => ({ encryptionKey: new kms.Key(of, 'Key') }));
    const role = new iam.Role(stack, 'OnCall', { assumedBy: new iam.AccountRootPrincipal() });
    const grant = dkim.grantRotate(role);
    const [{ Properties }] = Object.values(resourcesOf(stack, 'AWS::IAM::Policy'));

    expect(grant.success).toBe(true);
    expect(Properties.PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['secretsmanager:DescribeSecret', 'secretsmanager:RotateSecret'],
        Resource: { Ref: secretOf(stack).id },
      },
      { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: scheduleOf(stack).Properties.RotationLambdaARN },
    ]);
    expect(JSON.stringify(Properties)).not.toMatch(/kms:|GetSecretValue/);
  });

  test('grantRotate for another key is refused', () => {
    const stack = mailStack();
    const dkim = new EmailIdentityDkim(stack, 'Dkim', { identity: imported(stack, 'example.com') });

    expect(() => dkim.grantRotate(new iam.AccountRootPrincipal())).toThrow("The key of 'Mail/Dkim' does not rotate");
    expect(dkim.secret).toBeUndefined();
  });
});

test('escape hatches: secret, schedule and custom resource are plain resources below the construct', () => {
  const { stack, dkim } = rotating();
  (dkim.node.findChild('Keys') as secretsmanager.CfnSecret).addPropertyOverride('Description', 'mine');
  (dkim.node.findChild('Rotation') as CfnResource).addPropertyOverride('RotationRules.Duration', '2h');
  (dkim.node.defaultChild as CfnResource).addPropertyOverride('RecordTtl', '60');

  expect(secretOf(stack).Properties.Description).toBe('mine');
  expect(scheduleOf(stack).Properties.RotationRules.Duration).toBe('2h');
  expect(customResourceOf(stack).Properties.RecordTtl).toBe('60');
});

test('another logical id of the custom resource reaches the tags', () => {
  const { stack, dkim } = rotating();
  Aspects.of(stack).add({
    visit: node => node === dkim.node.defaultChild && (node as CfnResource).overrideLogicalId('Mine'),
  });

  expect(settingsOf(stack).LogicalResourceId).toBe('Mine');
});

test('without a hosted zone it is refused', () => {
  expect(() => rotating({}, () => ({ hostedZone: undefined }))).toThrow("A rotating key of 'example.com' needs a hostedZone");
});
