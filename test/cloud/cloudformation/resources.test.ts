// Every resource type: what it makes in the services, what an update changes, what replaces it, and that it goes.
import { generateKeyPairSync } from 'node:crypto';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { LocalCloud } from '..';
import { StackResult, TemplateResource } from './stack';
import { FUNCTION_RESOURCES, functionAssets, happened } from './test-function';

const ACCOUNT = '111111111111';
const REGION = 'us-east-1';

let cloud: LocalCloud;
const assetDirectory = functionAssets('exports.handler = async () => process.env.STAGE;');

beforeEach(async () => {
  cloud = await LocalCloud.start();
});
afterEach(() => cloud.stop());

function deploy(Resources: Record<string, TemplateResource>): Promise<StackResult> {
  return cloud.cloudFormation.deploy({ stackName: 'app', template: { Resources }, assetDirectory });
}

function remove(): Promise<StackResult> {
  return cloud.cloudFormation.delete('app');
}

describe('Lambda', () => {
  const withFunction = (properties: object, more: Record<string, TemplateResource> = {}) => {
    const { Role, Function } = FUNCTION_RESOURCES;
    return { Role, Function: { ...Function, Properties: { ...Function.Properties, ...properties } }, ...more };
  };
  const run = async ({ resources }: StackResult) => (await cloud.lambda.invoke(
    String(resources.Function.attributes.Arn), '{}',
  )).payload;

  test('changed configuration is that of the next run, and a deleted function is gone', async () => {
    const created = await deploy(withFunction({ Environment: { Variables: { STAGE: 'one' } } }));
    const first = await run(created);
    const updated = await deploy(withFunction({ Environment: { Variables: { STAGE: 'two' } } }));
    const second = await run(updated);
    await remove();

    expect([first, second]).toEqual(['"one"', '"two"']);
    await expect(run(created)).rejects.toThrow('Function not found');
  });

  test('another name is another function', async () => {
    await deploy(withFunction({ FunctionName: 'old' }));

    const { resources } = await deploy(withFunction({ FunctionName: 'new' }));

    expect(resources.Function.physicalId).toBe('new');
    await expect(cloud.lambda.invoke(`arn:aws:lambda:${REGION}:${ACCOUNT}:function:old`, '{}'))
      .rejects.toThrow('Function not found');
  });

  test.each<[string, object, string]>([
    [
      'code',
      { Code: { S3Key: 'other.zip' } },
      'No code for function Function under S3Key other.zip; there is: code.zip',
    ],
    [
      'role',
      { Role: `arn:aws:iam::${ACCOUNT}:role/nobody` },
      'The role defined for the function cannot be assumed by Lambda.',
    ],
    ['runtime', { Runtime: 'python3.13' }, 'The local Lambda runs Node.js only, not python3.13'],
  ])('a function without its %s is refused', async (_what, properties, reason) => {
    await expect(deploy(withFunction(properties))).resolves.toMatchObject({ status: 'ROLLBACK_COMPLETE', reason });
  });

  test('the number of repeats is configured, changed, and back to two when the configuration goes', async () => {
    const put = jest.spyOn(cloud.lambda, 'putEventInvokeConfig');
    const config = (properties: object): TemplateResource => ({
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: { FunctionName: { Ref: 'Function' }, Qualifier: '$LATEST', ...properties },
    });
    const created = await deploy(withFunction({}, { Config: config({ MaximumRetryAttempts: 0 }) }));
    await deploy(withFunction({}, { Config: config({ MaximumEventAgeInSeconds: 60 }) }));
    await deploy(withFunction({}));

    const arn = created.resources.Function.attributes.Arn;
    expect(put.mock.calls).toEqual([[arn, { maximumRetryAttempts: 0 }], [arn, { maximumEventAge: 60 }], [arn, {}]]);
  });
});

describe('Route 53', () => {
  const zone: TemplateResource = { Type: 'AWS::Route53::HostedZone', Properties: { Name: 'example.com.' } };
  const record = (properties: object): TemplateResource => ({
    Type: 'AWS::Route53::RecordSet',
    Properties: {
      HostedZoneId: { Ref: 'Zone' },
      Name: 'a.example.com.',
      Type: 'A',
      TTL: '60',
      ResourceRecords: ['192.0.2.200'],
      ...properties,
    },
  });
  const addresses = (name = 'a.example.com') => cloud.dns.client().resolve4(name).catch(() => []);

  test('a zone and its records are public, follow an update, and go in the right order', async () => {
    const created = await deploy({ Zone: zone, Record: record({}) });
    const first = await addresses();
    const commented = { ...zone, Properties: { ...zone.Properties, HostedZoneConfig: { Comment: 'mine' } } };
    await deploy({ Zone: commented, Record: record({ ResourceRecords: ['192.0.2.201'] }) });
    const second = await addresses();
    const moved = await deploy({ Zone: commented, Record: record({ Name: 'B.example.com' }) });
    const third = [await addresses(), await addresses('b.example.com')];
    const deleted = await remove();

    expect(created.resources.Zone.attributes.NameServers).toHaveLength(2);
    expect([first, second]).toEqual([['192.0.2.200'], ['192.0.2.201']]);
    expect(third).toEqual([[], ['192.0.2.200']]);
    expect(moved.resources.Record.physicalId).toBe('b.example.com');
    expect(deleted.status).toBe('DELETE_COMPLETE');
    expect(cloud.route53.hostedZones()).toEqual([]);
  });

  test('a record that exists cannot be created', async () => {
    const { id } = await cloud.route53.createHostedZone({ account: ACCOUNT, name: 'example.com' });
    cloud.route53.change(id, [{
      Action: 'CREATE',
      ResourceRecordSet: { Name: 'a.example.com', Type: 'A', TTL: 1, ResourceRecords: [{ Value: '192.0.2.9' }] },
    }]);

    const result = await deploy({ Record: record({ HostedZoneId: undefined, HostedZoneName: 'example.com.' }) });

    expect(result).toMatchObject({ status: 'ROLLBACK_COMPLETE', reason: expect.stringContaining('already exists') });
    await expect(addresses()).resolves.toEqual(['192.0.2.9']);
  });

  test('a delete passes over a missing record or zone, and stops at a record that was changed', async () => {
    const { resources } = await deploy({ Zone: zone, Record: record({}), Other: record({ Name: 'b.example.com' }) });
    const id = resources.Zone.physicalId;
    const set = (Value: string, Name: string) => ({ Name, Type: 'A' as const, TTL: 60, ResourceRecords: [{ Value }] });
    cloud.route53.change(id, [
      { Action: 'DELETE', ResourceRecordSet: set('192.0.2.200', 'a.example.com') },
      { Action: 'UPSERT', ResourceRecordSet: set('192.0.2.7', 'b.example.com') },
    ]);

    const failed = await remove();
    cloud.route53.change(id, [{ Action: 'DELETE', ResourceRecordSet: set('192.0.2.7', 'b.example.com') }]);
    await cloud.route53.deleteHostedZone(id);
    const deleted = await remove();

    expect(failed.status).toBe('DELETE_FAILED');
    expect(happened(failed, 'Record')).toContain('Record DELETE_COMPLETE');
    expect(deleted.status).toBe('DELETE_COMPLETE');
  });

  test('a private zone is not public, and alias records and zones of other names are refused', async () => {
    await deploy({
      Zone: { ...zone, Properties: { ...zone.Properties, VPCs: [{ VPCId: 'vpc-1' }] } }, Record: record({}),
    });
    const seen = await addresses();
    await remove();
    const alias = await deploy({ Zone: zone, Record: record({ AliasTarget: {} }) });
    await remove();
    const unnamed = await deploy({ Record: record({ HostedZoneId: undefined, HostedZoneName: 'nowhere.com.' }) });

    expect(seen).toEqual([]);
    expect(alias.reason).toBe('The local CloudFormation knows no alias records');
    expect(unnamed.reason).toBe('No hosted zones named nowhere.com. found');
  });
});

describe('SES', () => {
  const identity = (properties: object = {}): TemplateResource => ({
    Type: 'AWS::SES::EmailIdentity', Properties: { EmailIdentity: 'example.com', ...properties },
  });
  const state = () => cloud.ses.identity({ account: ACCOUNT, region: REGION, name: 'example.com' });
  const byodkim = {
    DkimSigningAttributes: {
      DomainSigningSelector: 'mail',
      DomainSigningPrivateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
        format: 'der', type: 'pkcs8',
      }).toString('base64'),
    },
  };

  test('an identity gives its tokens, is changed by its signing attributes, and goes', async () => {
    const created = await deploy({
      Identity: identity({ DkimSigningAttributes: { NextSigningKeyLength: 'RSA_1024_BIT' } }),
    });
    const [token] = state()!.tokens;
    const updated = await deploy({ Identity: identity({ ...byodkim, DkimAttributes: { SigningEnabled: false } }) });
    const after = state();
    await remove();

    expect(created.resources.Identity).toMatchObject({
      physicalId: 'example.com',
      attributes: {
        DkimDNSTokenName1: `${token}._domainkey.example.com`, DkimDNSTokenValue1: `${token}.dkim.amazonses.com`,
      },
    });
    expect(after).toMatchObject({ origin: 'EXTERNAL', tokens: ['mail'], signingEnabled: false });
    expect(updated.resources.Identity.attributes).toMatchObject({ DkimDNSTokenName1: '', DkimDNSTokenValue3: '' });
    expect(state()).toBeUndefined();
  });

  test('with BYODKIM from the start it has a selector, and back to Easy DKIM it has tokens', async () => {
    await deploy({ Identity: identity(byodkim) });
    const before = state();
    await deploy({ Identity: identity() });

    expect(before).toMatchObject({ origin: 'EXTERNAL', tokens: ['mail'] });
    expect(state())
      .toMatchObject({ origin: 'AWS_SES', tokens: [expect.any(String), expect.any(String), expect.any(String)] });
  });

  test('an identity that exists cannot be created, one that is gone cannot be updated but deleted', async () => {
    await deploy({ Identity: identity() });
    const twice = await cloud.cloudFormation.deploy({
      stackName: 'other', template: { Resources: { Identity: identity() } },
    });
    cloud.ses.deleteIdentity({ account: ACCOUNT, region: REGION, name: 'example.com' });
    const updated = await deploy({ Identity: identity({ Tags: [] }) });
    const deleted = await remove();

    expect(twice.reason).toContain('already exist');
    expect(updated.reason).toContain("with identifier 'example.com' was not found");
    expect(deleted.status).toBe('DELETE_COMPLETE');
  });
});

describe('Secrets Manager and the rest', () => {
  const secret = (properties: Record<string, unknown>): TemplateResource => ({
    Type: 'AWS::SecretsManager::Secret', Properties: properties,
  });
  const value = (SecretId: string) => new SecretsManagerClient({
    region: REGION, endpoint: cloud.secretsManager.endpoint, credentials: cloud.issueCredentials(),
  }).send(new GetSecretValueCommand({ SecretId })).then(({ SecretString }) => SecretString!);

  test('a secret has the given or a generated value, and a change makes a new version', async () => {
    const generated = {
      GenerateSecretString: {
        SecretStringTemplate: '{"user":"me"}', GenerateStringKey: 'password', PasswordLength: 20,
      },
    };
    const created = await deploy({
      Given: secret({ Name: 'given', SecretString: 'one' }),
      Json: secret(generated),
      Plain: secret({ GenerateSecretString: {} }),
    });
    const id = (name: string) => created.resources[name].physicalId;
    const first = await value('given');
    await deploy({
      Given: secret({ Name: 'given', SecretString: 'two' }),
      Json: secret({ ...generated, Tags: [] }),
      Plain: secret({ GenerateSecretString: {} }),
    });
    const [second, json, plain] = await Promise.all(['Given', 'Json', 'Plain'].map((name) => value(id(name))));
    await remove();

    expect(id('Given')).toMatch(/^arn:aws:secretsmanager:us-east-1:111111111111:secret:given-/);
    expect([first, second]).toEqual(['one', 'two']);
    expect(JSON.parse(json)).toEqual({ user: 'me', password: expect.stringMatching(/^[a-zA-Z0-9]{20}$/) });
    expect(plain).toHaveLength(32);
    await expect(value('given')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('the key of a secret stays', async () => {
    await deploy({ Secret: secret({ KmsKeyId: 'arn:aws:kms:us-east-1:111111111111:key/1' }) });

    await expect(deploy({ Secret: secret({}) })).resolves.toMatchObject({
      status: 'UPDATE_ROLLBACK_COMPLETE', reason: 'The local CloudFormation cannot change the key of a secret',
    });
  });

  test('a resource policy lets another account read, until it goes', async () => {
    const put = jest.spyOn(cloud.secretsManager, 'putResourcePolicy');
    const policy = (Action: string): TemplateResource => ({
      Type: 'AWS::SecretsManager::ResourcePolicy',
      Properties: {
        SecretId: { Ref: 'Secret' },
        ResourcePolicy: { Statement: [{ Effect: 'Allow', Principal: '*', Action, Resource: '*' }] },
      },
    });
    const Secret = secret({ SecretString: 'x' });
    const { resources } = await deploy({ Secret, Policy: policy('a:b') });
    await deploy({ Secret, Policy: policy('a:c') });
    await deploy({ Secret });

    const documents = put.mock.calls.map(([arn, document]) => [arn, document?.Statement]);
    const arn = resources.Secret.physicalId;
    expect(documents).toEqual([
      [arn, [expect.objectContaining({ Action: 'a:b' })]], [arn, [expect.objectContaining({ Action: 'a:c' })]],
      [arn, undefined],
    ]);
  });

  test('keys, aliases, log groups and alarms exist and have their ARNs', async () => {
    const { resources, status } = await deploy({
      Key: { Type: 'AWS::KMS::Key', Properties: { Description: 'a' } },
      Alias: {
        Type: 'AWS::KMS::Alias', Properties: { AliasName: 'alias/mine', TargetKeyId: { 'Fn::GetAtt': 'Key.Arn' } },
      },
      Logs: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 30 } },
      Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmName: 'key-age', MetricName: 'KeyAgeDays' } },
      Both: { Type: 'AWS::CloudWatch::CompositeAlarm', Properties: { AlarmName: 'both' } },
    });
    const updated = await deploy({ Key: { Type: 'AWS::KMS::Key', Properties: { Description: 'b' } } });

    expect(status).toBe('CREATE_COMPLETE');
    expect(resources.Key.attributes.Arn).toBe(`arn:aws:kms:us-east-1:111111111111:key/${resources.Key.physicalId}`);
    expect(resources.Alias.properties.TargetKeyId).toBe(resources.Key.attributes.Arn);
    expect(resources.Logs.attributes.Arn)
      .toBe(`arn:aws:logs:us-east-1:111111111111:log-group:${resources.Logs.physicalId}:*`);
    expect(resources.Alarm.attributes.Arn).toBe('arn:aws:cloudwatch:us-east-1:111111111111:alarm:key-age');
    expect(resources.Both.attributes.Arn).toBe('arn:aws:cloudwatch:us-east-1:111111111111:alarm:both');
    expect(updated.resources.Key.physicalId).toBe(resources.Key.physicalId);
  });

  test('an attribute that a resource of AWS does not have fails who asks for it', async () => {
    const result = await deploy({
      Key: { Type: 'AWS::KMS::Key' },
      Logs: { Type: 'AWS::Logs::LogGroup', Properties: { x: { 'Fn::GetAtt': 'Key.Colour' } } },
    });

    expect(result.reason).toBe('Template error: resource Key does not support attribute type Colour in Fn::GetAtt');
  });
});
