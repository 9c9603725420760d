import { App, Aspects, Aws, CfnOutput, CfnParameter, CfnResource, Duration, Fn, Lazy, NestedStack, RemovalPolicy, Stack, Stage } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import * as cxapi from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Construct } from 'constructs';
import { parseProperties } from '../lambda/deployment/properties';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps, RecordConflict } from '../src';
import { ACCOUNT, customResourceOf, imported, mailStack, propertiesOf, resourcesOf, statementFor, statementsOf, zone } from './mail-stack';
import { RESOURCE_TYPE } from '../src/private/contract';

const ZONE_ROLE = 'arn:aws:iam::222222222222:role/dns';

const made = (stack: Stack, domain: string, id = 'Identity') => new ses.EmailIdentity(stack, id, { identity: ses.Identity.domain(domain) });
const byoDkim = (stack: Stack, selector = 'mail-2026') => DkimSigning.byoDkim({
  selector, privateKey: DkimPrivateKey.fromSecret(new secretsmanager.Secret(stack, `Secret of ${selector}`)),
});

/** BYODKIM with a secret of another account. */
const foreignKey = (stack: Stack, arn: secretsmanager.SecretAttributes, withKey = true) => DkimSigning.byoDkim({
  selector: 'mail-2026',
  privateKey: DkimPrivateKey.fromSecret(secretsmanager.Secret.fromSecretAttributes(stack, 'Foreign', {
    ...arn, encryptionKey: withKey ? kms.Key.fromKeyArn(stack, 'ForeignKey', 'arn:aws:kms:us-east-1:222222222222:key/1') : undefined,
  })),
});

/** The construct for example.com, imported, in a stack of its own. */
function dkimOf(props: (stack: Stack) => Partial<EmailIdentityDkimProps> = () => ({}), stack = mailStack()) {
  const given = props(stack);
  return { stack, dkim: new EmailIdentityDkim(stack, 'Dkim', { ...given, identity: given.identity ?? imported(stack, 'example.com') }) };
}

describe('what is synthesized', () => {
  test('for one identity: function, log group, role, policy and the custom resource', () => {
    const { stack } = dkimOf(of => ({ hostedZone: zone(of, 'example.com') }));

    expect(Object.values(resourcesOf(stack)).map(resource => resource.Type).sort()).toEqual([
      'AWS::IAM::ManagedPolicy', 'AWS::IAM::Role', 'AWS::Lambda::Function', 'AWS::Logs::LogGroup', RESOURCE_TYPE,
    ]);
  });

  test('what has its default is left out', () => {
    const { stack } = dkimOf(of => ({
      hostedZone: zone(of, 'example.com'),
      region: 'us-east-1',
      recordTtl: Duration.minutes(30),
      recordConflict: RecordConflict.FAIL,
      removalPolicy: RemovalPolicy.DESTROY,
    }));

    expect(propertiesOf(stack)).toEqual({
      Identity: 'example.com', HostedZoneId: 'Z0EXAMPLE', Signing: { Method: 'EASY_DKIM' },
    });
  });

  test('everything that is not the default is passed on', () => {
    const { stack } = dkimOf(of => ({
      signing: byoDkim(of),
      hostedZone: zone(of, 'example.com'),
      hostedZoneRole: iam.Role.fromRoleArn(of, 'ZoneRole', ZONE_ROLE),
      region: 'eu-west-1',
      recordTtl: Duration.minutes(5),
      recordConflict: RecordConflict.OVERWRITE,
      waitForVerification: Duration.minutes(10),
      removalPolicy: RemovalPolicy.RETAIN,
    }));

    expect(propertiesOf(stack)).toEqual({
      Identity: 'example.com',
      Region: 'eu-west-1',
      Signing: { Method: 'BYODKIM', Selector: 'mail-2026', SecretArn: { Ref: expect.stringMatching(/^Secret/) } },
      HostedZoneId: 'Z0EXAMPLE',
      HostedZoneRoleArn: ZONE_ROLE,
      RecordTtl: '300',
      RecordConflict: 'OVERWRITE',
      WaitForVerification: '600',
      RemovalPolicy: 'RETAIN',
    });
  });

  test('CloudFormation waits as long as the handler reckons with, and no longer than an hour', () => {
    const timeout = (wait?: Duration) => customResourceOf(dkimOf(() => ({ waitForVerification: wait })).stack).Properties.ServiceTimeout;

    expect(timeout()).toBe('1800');
    expect(timeout(Duration.minutes(10))).toBe('2400');
    expect(timeout(Duration.hours(1))).toBe('3600');
  });

  test('the resource can be reached, for what this construct has no property for', () => {
    const { stack, dkim } = dkimOf();
    (dkim.node.defaultChild as CfnResource).addPropertyOverride('ServiceTimeout', '60');

    expect(customResourceOf(stack).Properties.ServiceTimeout).toBe('60');
  });

  test('the resource is always deleted by the handler, which knows what to retain', () => {
    const resource = customResourceOf(dkimOf(() => ({ removalPolicy: RemovalPolicy.RETAIN })).stack);

    expect(resource.DeletionPolicy).toBeUndefined();
    expect(resource.UpdateReplacePolicy).toBeUndefined();
  });

  test('two instances share one function, and neither changes it', () => {
    const one = dkimOf(() => ({ waitForVerification: Duration.minutes(10) })).stack;
    const two = mailStack();
    new EmailIdentityDkim(two, 'Dkim', { identity: imported(two, 'example.com') });
    new EmailIdentityDkim(two, 'Other', { identity: imported(two, 'example.org'), removalPolicy: RemovalPolicy.RETAIN, signing: byoDkim(two) });

    expect(resourcesOf(two, 'AWS::Lambda::Function')).toEqual(resourcesOf(one, 'AWS::Lambda::Function'));
    expect(resourcesOf(two, 'AWS::IAM::Role')).toEqual(resourcesOf(one, 'AWS::IAM::Role'));
    const tokens = Object.values(resourcesOf(two, RESOURCE_TYPE)).map(resource => JSON.stringify(resource.Properties.ServiceToken));
    expect(tokens).toHaveLength(2);
    expect(new Set(tokens).size).toBe(1);
  });

  test('150 identities fit in one stack', () => {
    const stack = mailStack(undefined);
    const hostedZone = zone(stack, 'example.com', 'Z0123456789ABCDEFGHIJ');
    for (let index = 0; index < 150; index += 1) {
      new EmailIdentityDkim(stack, `Dkim${index}`, { identity: imported(stack, `mail${index}.example.com`), hostedZone });
    }

    const template = Template.fromStack(stack).toJSON();
    expect(Object.keys(template.Resources).length).toBeLessThanOrEqual(159);
    // As CDK writes it with suppressTemplateIndentation; the indentation of the default adds half of it again.
    expect(JSON.stringify(template).length).toBeLessThanOrEqual(82_000);
  });
});

describe('the logical id', () => {
  const idOf = (of: (stack: Stack) => EmailIdentityDkim, stack = mailStack()) => {
    of(stack);
    return Object.keys(resourcesOf(stack, RESOURCE_TYPE))[0];
  };
  const at = (id: string, domain = 'example.com', region?: string) => (stack: Stack) =>
    new EmailIdentityDkim(stack, id, { identity: imported(stack, domain), region });

  test('follows from the identity, so that a construct that is renamed or moved is the same resource', () => {
    const id = idOf(at('Dkim'));
    expect(idOf(at('Renamed'))).toBe(id);
    expect(idOf(stack => at('Dkim')(new Construct(stack, 'Group') as Stack))).toBe(id);
    expect(idOf(at('Dkim'), mailStack(undefined))).toBe(id);
    expect(idOf(at('Dkim', 'example.com', 'us-east-1'))).toBe(id);
    expect(idOf(at('Dkim', 'example.com', Aws.REGION))).toBe(id);
  });

  test('differs between domains and Regions', () => {
    const ids = [idOf(at('Dkim')), idOf(at('Dkim', 'example.org')), idOf(at('Dkim', 'example.com', 'eu-west-1'))];
    expect(new Set(ids).size).toBe(3);
  });
});

describe('order', () => {
  test('rights come first and go last', () => {
    const { stack } = dkimOf();

    expect(customResourceOf(stack).DependsOn).toEqual(Object.keys(resourcesOf(stack, 'AWS::IAM::ManagedPolicy')));
  });

  test('an identity of the same stack comes first, with the records that it makes', () => {
    const { stack } = dkimOf(of => {
      const hostedZone = new route53.PublicHostedZone(of, 'Zone', { zoneName: 'example.com' });
      return { hostedZone, identity: new ses.EmailIdentity(of, 'Identity', { identity: ses.Identity.publicHostedZone(hostedZone) }) };
    });

    const types = customResourceOf(stack).DependsOn!.map(id => resourcesOf(stack)[id].Type).sort();
    expect(types).toEqual([
      'AWS::IAM::ManagedPolicy', 'AWS::Route53::RecordSet', 'AWS::Route53::RecordSet', 'AWS::Route53::RecordSet', 'AWS::SES::EmailIdentity',
    ]);
  });

  test('a role of the same app comes first, with its policies, so that it goes last', () => {
    const { stack } = dkimOf(of => {
      const hostedZoneRole = new iam.Role(of, 'Role', { assumedBy: new iam.AccountRootPrincipal() });
      hostedZoneRole.addToPolicy(new iam.PolicyStatement({ actions: ['route53:GetHostedZone'], resources: ['*'] }));
      return { hostedZone: zone(of, 'example.com'), hostedZoneRole };
    });

    const types = customResourceOf(stack).DependsOn!.map(id => resourcesOf(stack)[id].Type).sort();
    expect(types).toEqual(['AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy', 'AWS::IAM::Role']);
  });

  test('below the identity itself', () => {
    const stack = mailStack();
    const identity = made(stack, 'example.com');

    new EmailIdentityDkim(identity, 'Dkim', { identity });

    expect(customResourceOf(stack).DependsOn!.map(id => resourcesOf(stack)[id].Type)).toEqual(['AWS::IAM::ManagedPolicy', 'AWS::SES::EmailIdentity']);
  });

  test('an identity of another stack makes that stack come first, without an export', () => {
    const app = new App();
    const identities = new Stack(app, 'Identities');
    const signing = new Stack(app, 'Signing');

    new EmailIdentityDkim(signing, 'Dkim', { identity: made(identities, 'example.com') });

    expect(app.synth().getStackByName('Signing').dependencies.map(artifact => artifact.id)).toContain('Identities');
    expect(Template.fromStack(identities).toJSON().Outputs).toBeUndefined();
    expect(propertiesOf(signing).Identity).toBe('example.com');
  });

  test('an identity of another stage can be used', () => {
    const app = new App();
    const identity = made(new Stack(new Stage(app, 'One'), 'Identities'), 'example.com');
    const stack = new Stack(new Stage(app, 'Two'), 'Signing');

    new EmailIdentityDkim(stack, 'Dkim', { identity });

    expect(propertiesOf(stack).Identity).toBe('example.com');
  });
});

describe('rights', () => {
  const arn = (rest: string) => ({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, rest]] });

  test('of an identity', () => {
    expect(statementFor(dkimOf().stack, 'ses:PutEmailIdentityDkimSigningAttributes')).toEqual({
      Effect: 'Allow',
      Action: ['ses:GetEmailIdentity', 'ses:PutEmailIdentityDkimSigningAttributes'],
      Resource: arn(':ses:us-east-1:111111111111:identity/example.com'),
    });
  });

  test('without a hosted zone there are none on Route 53', () => {
    expect(JSON.stringify(statementsOf(dkimOf().stack))).not.toContain('route53');
  });

  test('with a zone of this account they are on the zone, by record name, type and action', () => {
    const { stack } = dkimOf(of => ({ hostedZone: zone(of, 'example.com') }));

    expect(statementFor(stack, 'route53:GetHostedZone').Resource).toEqual(arn(':route53:::hostedzone/Z0EXAMPLE'));
    expect(statementFor(stack, 'route53:ChangeResourceRecordSets')).toEqual({
      Effect: 'Allow',
      Action: 'route53:ChangeResourceRecordSets',
      Resource: arn(':route53:::hostedzone/Z0EXAMPLE'),
      Condition: {
        'ForAllValues:StringLike': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': '*._domainkey.example.com' },
        'ForAllValues:StringEquals': {
          'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME', 'TXT'],
          'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
        },
        'Null': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': 'false' },
      },
    });
    expect(statementFor(stack, 'route53:GetChange').Resource).toEqual(arn(':route53:::change/*'));
  });

  test('with a zone of another account there is only that of becoming the role', () => {
    const { stack } = dkimOf(of => ({ hostedZone: zone(of, 'example.com'), hostedZoneRole: iam.Role.fromRoleArn(of, 'ZoneRole', ZONE_ROLE) }));

    expect(statementFor(stack, 'sts:AssumeRole')).toEqual({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: ZONE_ROLE });
    expect(JSON.stringify(statementsOf(stack))).not.toContain('route53:');
  });

  test('on a secret and its key', () => {
    const { stack } = dkimOf(of => {
      const secret = new secretsmanager.Secret(of, 'Secret', { encryptionKey: new kms.Key(of, 'Key') });
      return { signing: DkimSigning.byoDkim({ selector: 's', privateKey: DkimPrivateKey.fromSecret(secret) }) };
    });

    expect(statementFor(stack, 'secretsmanager:GetSecretValue').Resource).toEqual({ Ref: expect.stringMatching(/^Secret/) });
    expect(statementFor(stack, 'kms:Decrypt')).toEqual({
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] },
      Condition: { StringLike: { 'kms:ViaService': 'secretsmanager.us-east-1.*' } },
    });
  });

  test('on keys of other stacks, also where they are named alike', () => {
    const app = new App();
    const env = { account: ACCOUNT, region: 'us-east-1' };
    const mail = new Stack(app, 'Mail', { env });
    for (const name of ['One', 'Two']) {
      const keys = new Stack(app, name, { env });
      const secret = new secretsmanager.Secret(keys, 'Secret', { encryptionKey: new kms.Key(keys, 'Key') });
      new EmailIdentityDkim(mail, name, {
        identity: imported(mail, `${name.toLowerCase()}.example`),
        signing: DkimSigning.byoDkim({ selector: 's', privateKey: DkimPrivateKey.fromSecret(secret) }),
      });
    }

    const imports = ['One', 'Two'].map(name => ({ 'Fn::ImportValue': expect.stringMatching(`^${name}:`) }));
    expect(statementFor(mail, 'secretsmanager:GetSecretValue').Resource).toEqual(imports);
    expect(statementFor(mail, 'kms:Decrypt').Resource).toEqual(imports);
  });

  describe('on a secret that is made in another Region', () => {
    /** Mail in us-east-1, the secret elsewhere. */
    function mailWith(crossRegionReferences: boolean, secretOf: (stack: Stack) => secretsmanager.Secret, keysEnv = {}) {
      const app = new App();
      const keys = new Stack(app, 'Keys', { env: { account: ACCOUNT, region: 'eu-west-1', ...keysEnv }, crossRegionReferences });
      const mail = new Stack(app, 'Mail', { env: { account: ACCOUNT, region: 'us-east-1' }, crossRegionReferences });
      new EmailIdentityDkim(mail, 'Dkim', {
        identity: imported(mail, 'example.com'),
        signing: DkimSigning.byoDkim({ selector: 's', privateKey: DkimPrivateKey.fromSecret(secretOf(keys)) }),
      });
      return mail;
    }

    test('by its name, they are on the six characters that are missing', () => {
      const mail = mailWith(false, keys => new secretsmanager.Secret(keys, 'Secret', { secretName: 'mail/dkim' }));

      expect(JSON.stringify(statementFor(mail, 'secretsmanager:GetSecretValue').Resource)).toContain(':secretsmanager:eu-west-1:111111111111:secret:mail/dkim-??????');
      expect(JSON.stringify(propertiesOf(mail).Signing.SecretArn)).not.toContain('?');
    });

    test('by a reference, they are on the ARN, and its key is used through Secrets Manager there', () => {
      const mail = mailWith(true, keys => new secretsmanager.Secret(keys, 'Secret', { encryptionKey: new kms.Key(keys, 'Key') }));

      expect(JSON.stringify(statementFor(mail, 'secretsmanager:GetSecretValue').Resource)).not.toContain('?');
      expect(statementFor(mail, 'kms:Decrypt').Condition).toEqual({ StringLike: { 'kms:ViaService': 'secretsmanager.eu-west-1.*' } });
    });

    test('in another account it is refused, because such a secret is only read by its complete ARN', () => {
      expect(() => mailWith(false, keys => new secretsmanager.Secret(keys, 'Secret', { secretName: 'mail/dkim' }), { account: '222222222222' }))
        .toThrow(/privateKey is in a secret of account '222222222222'.*Import it with Secret.fromSecretAttributes/s);
    });
  });

  test('on an imported secret whose ARN is not known: the Region is that of its key', () => {
    const { stack } = dkimOf(of => ({
      signing: DkimSigning.byoDkim({
        selector: 's',
        privateKey: DkimPrivateKey.fromSecret(
          secretsmanager.Secret.fromSecretAttributes(of, 'Secret', {
            secretCompleteArn: Fn.importValue('Secret'), encryptionKey: kms.Key.fromKeyArn(of, 'Key', 'arn:aws:kms:eu-west-1:111111111111:key/1'),
          })),
      }),
    }));

    expect(statementFor(stack, 'kms:Decrypt').Condition).toEqual({ StringLike: { 'kms:ViaService': 'secretsmanager.eu-west-1.*' } });
  });

  test('of a replica on its parent', () => {
    const { stack } = dkimOf(() => ({ signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }) }));

    expect(statementFor(stack, 'ses:ReplicateEmailIdentityDkimSigningKey')).toEqual({
      Effect: 'Allow',
      Action: 'ses:ReplicateEmailIdentityDkimSigningKey',
      Resource: arn(':ses:eu-west-1:111111111111:identity/example.com'),
      Condition: { 'ForAllValues:StringEquals': { 'ses:ReplicaRegion': 'us-east-1' } },
    });
  });
});

/** Every kind of construct in one stack. */
function everyKind(stack: Stack): Stack {
  const hostedZone = zone(stack, 'example.com');
  const encryptionKey = new kms.Key(stack, 'Key', { enableKeyRotation: true });
  const imported1 = secretsmanager.Secret.fromSecretAttributes(stack, 'Imported', {
    secretPartialArn: 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:dkim', encryptionKey,
  });
  new EmailIdentityDkim(stack, 'Easy', { identity: made(stack, 'example.com'), hostedZone });
  new EmailIdentityDkim(stack, 'Byo', {
    identity: imported(stack, 'byo.example.com'),
    hostedZone,
    signing: DkimSigning.byoDkim({ selector: 's', privateKey: DkimPrivateKey.fromSecret(imported1, { jsonField: 'key', versionId: '11112222-3333-4444-5555-666677778888' }) }),
    waitForVerification: Duration.minutes(30),
  });
  new EmailIdentityDkim(stack, 'Short', {
    identity: imported(stack, 'short.example.com'),
    signing: DkimSigning.easyDkim({ keyLength: ses.EasyDkimSigningKeyLength.RSA_1024_BIT }),
  });
  new EmailIdentityDkim(stack, 'Staged', {
    identity: imported(stack, 'staged.example.com'),
    signing: DkimSigning.byoDkim({ selector: 't', privateKey: DkimPrivateKey.fromSecret(imported1, { versionStage: 'AWSPENDING' }) }),
  });
  new EmailIdentityDkim(stack, 'Deed', {
    identity: imported(stack, 'deed.example.com'), signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }),
  });
  new EmailIdentityDkim(stack, 'Role', {
    identity: imported(stack, 'role.example.com'),
    region: 'eu-central-1',
    hostedZone,
    hostedZoneRole: iam.Role.fromRoleArn(stack, 'ZoneRole', ZONE_ROLE),
    recordTtl: Duration.hours(1),
    recordConflict: RecordConflict.OVERWRITE,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  return stack;
}

const FLAGS: [string, { [flag: string]: unknown }][] = [['feature flags off', {}], ['feature flags on', cxapi.CURRENTLY_RECOMMENDED_FLAGS]];

describe.each(FLAGS)('in any app, with %s', (_, context) => {
  test('cdk-nag finds nothing', () => {
    const stack = everyKind(mailStack(undefined, context));
    Aspects.of(stack).add(new AwsSolutionsChecks({ reports: false }));

    expect(Annotations.fromStack(stack).findError('*', Match.anyValue())).toEqual([]);
    expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
  });

  test("no right is on '*', and none is named by a wildcard", () => {
    const stack = everyKind(mailStack(undefined, context));
    const role = Object.values(resourcesOf(stack, 'AWS::IAM::Role')).flatMap(({ Properties }) =>
      Properties.Policies.flatMap((policy: any) => policy.PolicyDocument.Statement));

    const statements = [...statementsOf(stack), ...role];
    expect(statements.length).toBeGreaterThan(5);
    expect(statements.flatMap(statement => statement.Resource)).not.toContain('*');
    expect(statements.flatMap(statement => statement.Action).filter(action => action.includes('*'))).toEqual([]);
  });

  test('an environment-agnostic stack says where it is in references only', () => {
    const stack = everyKind(mailStack({}, context));

    const [resource] = statementFor(stack, 'ses:PutEmailIdentityDkimSigningAttributes').Resource;
    expect(resource['Fn::Join'][1].filter((part: unknown) => typeof part === 'object')).toEqual(
      [{ Ref: 'AWS::Partition' }, { Ref: 'AWS::Region' }, { Ref: 'AWS::AccountId' }]);
    expect(Object.values(resourcesOf(stack, RESOURCE_TYPE)).map(({ Properties }) => Properties.Region)).toEqual(
      [undefined, undefined, undefined, undefined, undefined, 'eu-central-1']);
  });

  test('the handler understands every property', () => {
    const stack = everyKind(mailStack(undefined, context));

    const desired = Object.values(resourcesOf(stack, RESOURCE_TYPE)).map(({ Properties }) => parseProperties(arriving(Properties), 'us-east-1'));

    expect(desired).toEqual([
      {
        domain: 'example.com',
        region: 'us-east-1',
        signing: { method: 'EASY_DKIM', keyLength: 'RSA_2048_BIT' },
        zone: { id: 'Z0EXAMPLE', ttl: 1800, overwrite: false },
        waitSeconds: 0,
        retain: false,
      },
      {
        domain: 'byo.example.com',
        region: 'us-east-1',
        signing: {
          method: 'BYODKIM',
          selector: 's',
          secret: {
            arn: 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:dkim',
            jsonField: 'key',
            versionId: '11112222-3333-4444-5555-666677778888',
          },
        },
        zone: { id: 'Z0EXAMPLE', ttl: 1800, overwrite: false },
        waitSeconds: 1800,
        retain: false,
      },
      {
        domain: 'short.example.com',
        region: 'us-east-1',
        signing: { method: 'EASY_DKIM', keyLength: 'RSA_1024_BIT' },
        waitSeconds: 0,
        retain: false,
      },
      {
        domain: 'staged.example.com',
        region: 'us-east-1',
        signing: {
          method: 'BYODKIM',
          selector: 't',
          secret: { arn: 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:dkim', versionStage: 'AWSPENDING' },
        },
        waitSeconds: 0,
        retain: false,
      },
      { domain: 'deed.example.com', region: 'us-east-1', signing: { method: 'DEED', parentRegion: 'eu-west-1' }, waitSeconds: 0, retain: false },
      {
        domain: 'role.example.com',
        region: 'eu-central-1',
        signing: { method: 'EASY_DKIM', keyLength: 'RSA_2048_BIT' },
        zone: { id: 'Z0EXAMPLE', roleArn: ZONE_ROLE, ttl: 3600, overwrite: true },
        waitSeconds: 0,
        retain: true,
      },
    ]);
  });

  test('every property is a string from the start, so that nothing changes its type on the way', () => {
    const scalars = (value: any): unknown[] => typeof value === 'object' ? Object.values(value).flatMap(scalars) : [value];
    const stack = everyKind(mailStack(undefined, context));

    const values = Object.values(resourcesOf(stack, RESOURCE_TYPE)).flatMap(({ Properties }) => scalars(Properties));

    expect(values.filter(value => typeof value !== 'string')).toEqual([]);
  });
});

/** Properties as the handler gets them: scalars are strings by then. */
function arriving(properties: any): any {
  return JSON.parse(JSON.stringify(properties), (_, value) => typeof value === 'number' || typeof value === 'boolean' ? String(value) : value);
}

describe('where things are', () => {
  test('an identity in another Region, said by the prop', () => {
    const { stack } = dkimOf(() => ({ region: 'eu-west-1' }));

    expect(propertiesOf(stack).Region).toBe('eu-west-1');
    expect(JSON.stringify(statementFor(stack, 'ses:GetEmailIdentity'))).toContain(':ses:eu-west-1:111111111111:identity/example.com');
  });

  test('an identity in another Region, said by its ARN', () => {
    const arn = 'arn:aws:ses:eu-west-1:111111111111:identity/example.com';

    const { stack } = dkimOf(of => ({ identity: ses.EmailIdentity.fromEmailIdentityArn(of, 'Identity', arn) }));

    expect(propertiesOf(stack)).toMatchObject({ Identity: 'example.com', Region: 'eu-west-1' });
  });

  test('an identity in another Region, said by the stack that makes it', () => {
    const app = new App();
    const env = { account: ACCOUNT, region: 'eu-west-1' };
    const identity = made(new Stack(app, 'Identities', { env }), 'example.com');
    const stack = new Stack(app, 'Signing', { env: { ...env, region: 'us-east-1' } });

    new EmailIdentityDkim(stack, 'Dkim', { identity });

    expect(propertiesOf(stack).Region).toBe('eu-west-1');
  });

  test.each([['its own zone', 'example.com'], ["a parent's zone", 'com']])('a domain in %s', (_, zoneName) => {
    const { stack } = dkimOf(of => ({ hostedZone: zone(of, zoneName) }));

    expect(propertiesOf(stack).HostedZoneId).toBe('Z0EXAMPLE');
  });

  test('a zone that is only known by its id', () => {
    const { stack } = dkimOf(of => ({ hostedZone: route53.HostedZone.fromHostedZoneId(of, 'Zone', 'Z0BYID') }));

    expect(propertiesOf(stack).HostedZoneId).toBe('Z0BYID');
  });

  test('a zone of another stack', () => {
    const app = new App();
    const hostedZone = new route53.PublicHostedZone(new Stack(app, 'Zones'), 'Zone', { zoneName: 'example.com' });
    const { stack } = dkimOf(() => ({ hostedZone }), new Stack(app, 'Signing'));

    expect(propertiesOf(stack).HostedZoneId).toEqual({ 'Fn::ImportValue': expect.stringMatching(/^Zones:/) });
    expect(JSON.stringify(statementFor(stack, 'route53:GetHostedZone').Resource)).toContain('Fn::ImportValue');
    const [policyId] = Object.keys(resourcesOf(stack, 'AWS::IAM::ManagedPolicy'));
    expect(customResourceOf(stack).DependsOn).toEqual([policyId]);
  });

  test('domain, zone, secret, selector, role and Region that are only known at deployment', () => {
    const { stack } = dkimOf(of => {
      const parameter = (id: string, type = 'String') => new CfnParameter(of, id, { type });
      const text = (id: string) => parameter(id).valueAsString;
      const secret = secretsmanager.Secret.fromSecretNameV2(of, 'Secret', text('SecretName'));
      return {
        identity: imported(of, text('Domain')),
        signing: DkimSigning.byoDkim({ selector: text('Selector'), privateKey: DkimPrivateKey.fromSecret(secret, { jsonField: text('Field') }) }),
        hostedZone: route53.HostedZone.fromHostedZoneAttributes(of, 'Zone', { hostedZoneId: text('ZoneId'), zoneName: text('ZoneName') }),
        hostedZoneRole: iam.Role.fromRoleArn(of, 'Role', Fn.importValue('RoleArn')),
        region: text('Region'),
        recordTtl: Duration.seconds(parameter('Ttl', 'Number').valueAsNumber),
        waitForVerification: Duration.seconds(parameter('Wait', 'Number').valueAsNumber),
      };
    });

    expect(propertiesOf(stack)).toMatchObject({
      Identity: { Ref: 'Domain' },
      Region: { Ref: 'Region' },
      Signing: { Selector: { Ref: 'Selector' }, JsonField: { Ref: 'Field' } },
      HostedZoneId: { Ref: 'ZoneId' },
      HostedZoneRoleArn: { 'Fn::ImportValue': 'RoleArn' },
      RecordTtl: { Ref: 'Ttl' },
      WaitForVerification: { Ref: 'Wait' },
    });
    expect(customResourceOf(stack).Properties.ServiceTimeout).toBe('3600');
  });

  test('values that the CDK CLI has still to look up, which it does not do for an app that throws', () => {
    const { stack } = dkimOf(of => {
      const lookedUp = (name: string) => ssm.StringParameter.valueFromLookup(of, name);
      return {
        identity: imported(of, lookedUp('/mail/domain')),
        hostedZone: zone(of, lookedUp('/mail/zone-name'), lookedUp('/mail/zone')),
        signing: DkimSigning.byoDkim({ selector: lookedUp('/mail/selector'), privateKey: DkimPrivateKey.fromSecret(new secretsmanager.Secret(of, 'Secret')) }),
      };
    });

    expect(propertiesOf(stack)).toMatchObject({ Identity: 'dummy-value-for-/mail/domain', HostedZoneId: 'dummy-value-for-/mail/zone' });
  });

  test('values that CloudFormation puts together, for more identities than one', () => {
    const stack = mailStack();
    const zoneId = Fn.join('', Fn.split('/hostedzone/', new CfnParameter(stack, 'ZoneId').valueAsString));
    const domain = Fn.join('.', new CfnParameter(stack, 'Labels', { type: 'CommaDelimitedList' }).valueAsList);
    const role = iam.Role.fromRoleArn(stack, 'ZoneRole', Lazy.string({ produce: () => undefined }));
    const hostedZone = zone(stack, 'example.com', zoneId);

    new EmailIdentityDkim(stack, 'One', { identity: imported(stack, 'one.example.com'), hostedZone });
    new EmailIdentityDkim(stack, 'Two', { identity: imported(stack, domain), hostedZone });
    new EmailIdentityDkim(stack, 'Three', { identity: imported(stack, 'three.example.com'), hostedZone, hostedZoneRole: role });

    expect(Object.keys(resourcesOf(stack, RESOURCE_TYPE))).toHaveLength(3);
  });

  test('record names of a domain that is only known at deployment are limited too', () => {
    const { stack } = dkimOf(of => ({ identity: imported(of, new CfnParameter(of, 'Domain').valueAsString), hostedZone: zone(of, 'example.com') }));

    const { Condition } = statementFor(stack, 'route53:ChangeResourceRecordSets');
    expect(Condition['ForAllValues:StringLike']['route53:ChangeResourceRecordSetsNormalizedRecordNames']).toEqual(
      { 'Fn::Join': ['', ['*._domainkey.', { Ref: 'Domain' }]] });
  });

  test('a nested stack', () => {
    const nested = new NestedStack(mailStack(), 'Nested');

    new EmailIdentityDkim(nested, 'Dkim', { identity: imported(nested, 'example.com') });

    expect(propertiesOf(nested).Identity).toBe('example.com');
  });
});

describe('what it gives back', () => {
  test('three CNAMEs and the zone of SES, with Easy DKIM', () => {
    const { stack, dkim } = dkimOf();
    const attribute = (name: string) => ({ 'Fn::GetAtt': ['DkimE3FDA19C1053', name] });

    expect(stack.resolve(dkim.dkimRecords)).toEqual([1, 2, 3].map(number => ({
      name: attribute(`RecordName${number}`), type: 'CNAME', value: attribute(`RecordValue${number}`), data: attribute(`RecordData${number}`),
    })));
    expect(stack.resolve(dkim.signingHostedZone)).toEqual(attribute('SigningHostedZone'));
    expect(stack.resolve(dkim.dkimStatus)).toEqual(attribute('DkimStatus'));
    expect([dkim.selector, dkim.publicKeySha256]).toEqual([undefined, undefined]);
  });

  test('one TXT, selector and the hash of the public key, with BYODKIM', () => {
    const { stack, dkim } = dkimOf(of => ({ signing: byoDkim(of) }));
    const attribute = (name: string) => ({ 'Fn::GetAtt': ['DkimE3FDA19C1053', name] });

    expect(stack.resolve(dkim.dkimRecords)).toEqual(
      [{ name: attribute('RecordName1'), type: 'TXT', value: attribute('RecordValue1'), data: attribute('RecordData1') }]);
    expect(stack.resolve([dkim.selector, dkim.publicKeySha256])).toEqual([attribute('Selector'), attribute('PublicKeySha256')]);
    expect(dkim.signingHostedZone).toBeUndefined();
  });

  test('no records, with a replica', () => {
    const { dkim } = dkimOf(() => ({ signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }) }));

    expect(dkim.dkimRecords).toEqual([]);
    expect([dkim.selector, dkim.publicKeySha256, dkim.signingHostedZone]).toEqual([undefined, undefined, undefined]);
  });

  test('records that record sets and outputs can be made of', () => {
    const { stack, dkim } = dkimOf(of => ({ signing: byoDkim(of) }));
    const [record] = dkim.dkimRecords;
    new route53.RecordSet(stack, 'Record', {
      zone: zone(stack, 'example.com'),
      recordName: `${record.name}.`,
      recordType: record.type,
      target: route53.RecordTarget.fromValues(record.data),
    });
    new CfnOutput(stack, 'Output', { value: `${record.type} ${record.value}` });

    const [recordSet] = Object.values(resourcesOf(stack, 'AWS::Route53::RecordSet'));
    expect(recordSet.Properties).toMatchObject({
      Name: { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['DkimE3FDA19C1053', 'RecordName1'] }, '.']] },
      Type: 'TXT',
      ResourceRecords: [{ 'Fn::GetAtt': ['DkimE3FDA19C1053', 'RecordData1'] }],
    });
    expect(Template.fromStack(stack).toJSON().Outputs.Output.Value).toEqual(
      { 'Fn::Join': ['', ['TXT ', { 'Fn::GetAtt': ['DkimE3FDA19C1053', 'RecordValue1'] }]] });
  });
});

describe('refused at synthesis', () => {
  const vpc = (stack: Stack) => ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-1', availabilityZones: ['us-east-1a'] });
  const refused: [string, (stack: Stack) => Partial<EmailIdentityDkimProps>, RegExp][] = [
    ['an e-mail address that is imported', of => ({ identity: imported(of, 'user@example.com') }), /'user@example.com' is an e-mail address/],
    ['an e-mail address that is made here',
      of => ({ identity: new ses.EmailIdentity(of, 'Identity', { identity: ses.Identity.email('user@example.com') }) }),
      /'user@example.com' is an e-mail address/],
    ['an identity in upper case', of => ({ identity: made(of, 'Example.com') }), /'Example.com' has upper-case letters. Write 'example.com'/],
    ['what is not a domain', of => ({ identity: made(of, 'example.com.') }), /'example.com.' is not a domain name/],
    ['an identity of another account',
      of => ({ identity: ses.EmailIdentity.fromEmailIdentityArn(of, 'Identity', 'arn:aws:ses:us-east-1:222222222222:identity/example.com') }),
      /identity is in account '222222222222', and the stack is deployed to account '111111111111'. Put the EmailIdentityDkim into a stack of/],
    ['a selector that DNS refuses', of => ({ signing: byoDkim(of, 'mail_2026') }), /selector 'mail_2026' is not one that SES takes/],
    ['a selector in upper case', of => ({ signing: byoDkim(of, 'Mail') }), /selector 'Mail' has upper-case letters. Write 'mail'/],
    ['a private zone',
      of => ({ hostedZone: new route53.PrivateHostedZone(of, 'Zone', { zoneName: 'example.com', vpc: vpc(of) }) }),
      /hostedZone 'Mail\/Zone' is private.*Pass the public zone/],
    ['a zone that does not hold the domain', of => ({ hostedZone: zone(of, 'example.org') }), /'example.org' does not hold the domain 'example.com'/],
    ["a zone of a domain's subdomain", of => ({ hostedZone: zone(of, 'mail.example.com') }), /'mail.example.com' does not hold the domain/],
    ['a zone of another account without a role',
      of => ({
        hostedZone: new route53.HostedZone(
          new Stack(of.node.root as App, 'Zones', { env: { account: '222222222222', region: 'us-east-1' } }), 'Zone', { zoneName: 'example.com' }),
      }),
      /hostedZone is in account '222222222222'.*Give a hostedZoneRole of that account/],
    ['a role without a zone',
      of => ({ hostedZoneRole: iam.Role.fromRoleArn(of, 'Role', ZONE_ROLE) }), /hostedZoneRole is given without hostedZone/],
    ["a replica whose parent is in the stack's own Region",
      () => ({ signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'us-east-1' }) }), /parentRegion 'us-east-1' is the identity's own Region/],
    ["a replica whose parent is in the identity's own Region",
      () => ({ region: 'eu-west-1', signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }) }),
      /parentRegion 'eu-west-1' is the identity's own Region/],
    ['a parent Region that is none', () => ({ signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'Ireland' }) }), /parentRegion 'Ireland'/],
    ['a replica with a zone',
      of => ({ hostedZone: zone(of, 'example.com'), signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }) }),
      /hostedZone is given for 'example.com', a replica, whose records are its parent's. Leave hostedZone out/],
    ['an identity that sets its own signing',
      of => ({
        identity: new ses.EmailIdentity(of, 'Identity', {
          identity: ses.Identity.domain('example.com'), dkimIdentity: ses.DkimIdentity.easyDkim(ses.EasyDkimSigningKeyLength.RSA_1024_BIT),
        }),
      }),
      /identity 'example.com' sets its signing itself.*Leave that out/],
    ['another Region than that of an identity that is made here',
      of => ({ identity: made(of, 'example.com'), region: 'eu-west-1' }), /region is 'eu-west-1', and the identity 'example.com' is in 'us-east-1'/],
    ['another Region than that of an ARN',
      of => ({
        identity: ses.EmailIdentity.fromEmailIdentityArn(of, 'Identity', 'arn:aws:ses:eu-central-1:111111111111:identity/example.com'), region: 'us-east-1',
      }),
      /region is 'us-east-1', and the identity 'example.com' is in 'eu-central-1'/],
    ["a zone id as Route 53's API writes it",
      of => ({ hostedZone: zone(of, 'example.com', '/hostedzone/Z0EXAMPLE') }), /hostedZone has the id '\/hostedzone\/Z0EXAMPLE'.*by its id alone/],
    ['a domain that leaves no room for record names',
      of => ({ identity: imported(of, `${'a.'.repeat(94)}example.com`), hostedZone: zone(of, 'example.com') }), /has 199 characters.*at most 196/],
    ['a secret of another account by a part of its ARN',
      of => ({ signing: foreignKey(of, { secretPartialArn: 'arn:aws:secretsmanager:us-east-1:222222222222:secret:dkim' }) }),
      /privateKey is in a secret of account '222222222222'.*secretCompleteArn and encryptionKey/],
    ['a secret of another account without its key',
      of => ({ signing: foreignKey(of, { secretCompleteArn: 'arn:aws:secretsmanager:us-east-1:222222222222:secret:dkim-AbCdEf' }, false) }),
      /privateKey is in a secret of account '222222222222'/],
    ['a Region that is none', () => ({ region: 'Ireland' }), /region 'Ireland' is not an AWS Region/],
    ['a wait longer than CloudFormation allows', () => ({ waitForVerification: Duration.minutes(61) }), /waitForVerification is 3660 seconds/],
    ['a wait of nothing', () => ({ waitForVerification: Duration.seconds(0) }), /waitForVerification is 0 seconds/],
    ['a TTL in parts of seconds', () => ({ recordTtl: Duration.millis(1500) }), /recordTtl is 1.5 seconds/],
    ['a removal policy that means nothing here', () => ({ removalPolicy: RemovalPolicy.SNAPSHOT }), /removalPolicy 'snapshot' has no meaning/],
  ];

  test.each(refused)('%s', (_, props, message) => {
    expect(() => dkimOf(props)).toThrow(message);
  });

  test('two constructs for one identity', () => {
    const { stack } = dkimOf();

    expect(() => new EmailIdentityDkim(stack, 'Second', { identity: made(stack, 'example.com') })).toThrow(
      /identity 'example.com' already has an EmailIdentityDkim in its Region: 'Mail\/Dkim'/);
    expect(() => new EmailIdentityDkim(stack, 'Third', {
      identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Elsewhere', 'example.com'), region: 'eu-west-1',
    })).not.toThrow();
    expect(() => new EmailIdentityDkim(stack, 'Fourth', { identity: made(stack, 'example.com', 'Again'), region: Aws.REGION })).toThrow(/already has/);
  });

  test('a zone that becomes private after the construct was made', () => {
    const stack = mailStack();
    const hostedZone = new route53.HostedZone(stack, 'Zone', { zoneName: 'example.com' });
    dkimOf(() => ({ hostedZone }), stack);

    hostedZone.addVpc(vpc(stack));

    expect(() => Template.fromStack(stack)).toThrow(/hostedZone 'Mail\/Zone' is private/);
  });
});
