// Rules of EventBridge in a stack: which events and which times call a function, how often, and with whose permission.
import { createPrivateKey } from 'node:crypto';
import { PutSecretValueCommand, UpdateSecretVersionStageCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { LocalCloud, LocalCloudOptions, TemplateResource } from '..';
import { functionAssets, FUNCTION_RESOURCES } from '../cloudformation/test-function';
import { pooledKey } from '../key-pool';
import { permission } from '../secrets-manager/rotation-fixture';
import { base64, publicText } from '../ses/stage';

const ACCOUNT = '111111111111';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const assetDirectory = functionAssets('exports.handler = async () => undefined;');
const ALLOWED = permission({ Principal: 'events.amazonaws.com', SourceArn: { 'Fn::GetAtt': ['Rule', 'Arn'] } });

let cloud: LocalCloud;

async function start(options: LocalCloudOptions = {}): Promise<void> {
  cloud = await LocalCloud.start({ functions: 'in-process', ...options });
}

afterEach(() => cloud.stop());

function rule(properties: object): TemplateResource {
  const target = { Arn: { 'Fn::GetAtt': ['Function', 'Arn'] }, Id: 'Target0' };
  return { Type: 'AWS::Events::Rule', Properties: { State: 'ENABLED', Targets: [target], ...properties } };
}

async function deploy(Rule: TemplateResource, Permission = ALLOWED) {
  const result = await cloud.cloudFormation.deploy({
    stackName: 'app', template: { Resources: { ...FUNCTION_RESOURCES, Rule, Permission } }, assetDirectory,
  });
  expect(result.status).toMatch(/^(CREATE|UPDATE)_COMPLETE$/);
  return result;
}

const received = () => cloud.lambda.invocations.map(({ event }) => JSON.parse(event));

describe('events of Secrets Manager', () => {
  const LABELS = rule({ EventPattern: { 'source': ['aws.secretsmanager'], 'detail-type': ['Secret Label Updated'] } });

  let arn: string;
  let client: SecretsManagerClient;

  beforeEach(async () => {
    await start();
    arn = cloud.secretsManager.create({ account: ACCOUNT, region: 'us-east-1', name: 'mail/key', value: 'first' }).arn;
    const { endpoint } = cloud.secretsManager;
    client = new SecretsManagerClient({ region: 'us-east-1', endpoint, credentials: cloud.issueCredentials(), maxAttempts: 1 });
  });

  const put = (VersionStages?: string[]) =>
    client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: 'secret text', VersionStages }));

  test('a label that moves calls the function within a minute, with what the documentation shows', async () => {
    await deploy(LABELS);
    const { VersionId } = await put();
    await cloud.clock.pass(MINUTE + 1_000);
    expect(received()).toEqual([{
      'version': '0',
      'id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'detail-type': 'Secret Label Updated',
      'source': 'aws.secretsmanager',
      'account': ACCOUNT,
      'time': expect.stringMatching(/^2026-01-05T09:\d\d:\d\dZ$/),
      'region': 'us-east-1',
      'resources': [arn],
      'detail': { name: 'mail/key', labelUpdated: 'AWSCURRENT', versionId: VersionId },
    }]);
  });

  test('AWSPENDING and AWSPREVIOUS are no events; a label of one\'s own is', async () => {
    await deploy(LABELS);
    const { VersionId } = await put(['AWSPENDING']);
    await cloud.clock.pass(HOUR);
    expect(received()).toEqual([]);
    const move = { SecretId: arn, VersionStage: 'mine', MoveToVersionId: VersionId };
    await client.send(new UpdateSecretVersionStageCommand(move));
    await cloud.clock.pass(HOUR);
    expect(received()).toMatchObject([{ detail: { labelUpdated: 'mine' } }]);
  });

  test('in a replica Region only when so set', async () => {
    cloud.secretsManager.replicate(arn, [{ Region: 'eu-west-1' }]);
    await put();
    Object.assign(cloud.secretsManager.settings, { labelEventsOfReplicas: true });
    await put();
    const labels = cloud.eventBridge.events.filter(({ detailType }) => detailType === 'Secret Label Updated');
    expect(labels.map(({ region }) => region)).toEqual(['us-east-1', 'us-east-1', 'us-east-1', 'eu-west-1']);
  });

  test('calls are events only where there is a trail, and never tell a value', async () => {
    await deploy(rule({
      EventPattern: { 'detail-type': ['AWS API Call via CloudTrail'], 'detail': { eventName: ['PutSecretValue'] } },
    }));
    await put();
    Object.assign(cloud.eventBridge.settings, { trail: true });
    await put(['AWSPENDING']);
    await client.send(new PutSecretValueCommand({ SecretId: 'nothing', SecretString: 'secret text' })).catch(() => undefined);
    await cloud.clock.pass(HOUR);
    expect(received().map(({ detail }) => detail.errorCode ?? detail.responseElements.arn).sort())
      .toEqual(['ResourceNotFoundException', arn]);
    expect(JSON.stringify(cloud.eventBridge.events)).not.toContain('secret text');
  });

  test('at least once: twice, when so set', async () => {
    await deploy(LABELS);
    Object.assign(cloud.eventBridge.settings, { deliveries: 2 });
    await put();
    await cloud.clock.pass(2 * MINUTE);
    const [first, second] = received();
    expect(second).toEqual(first);
  });

  test.each([
    ['another rule', { SourceArn: `arn:aws:events:us-east-1:${ACCOUNT}:rule/other` }],
    ['another service', { Principal: 'secretsmanager.amazonaws.com' }],
  ])('a permission for %s lets nothing through, and nothing but a metric tells', async (_, properties) => {
    await deploy(LABELS, permission({ Principal: 'events.amazonaws.com', ...properties }));
    await put();
    await cloud.clock.pass(HOUR);
    expect(received()).toEqual([]);
    expect(cloud.eventBridge.failedInvocations).toMatchObject([{ message: expect.stringContaining('not authorized') }]);
  });

  test('a rule that is disabled, changed or deleted calls no more', async () => {
    await deploy({ ...LABELS, Properties: { ...LABELS.Properties, State: 'DISABLED' } });
    await put();
    await deploy(rule({ EventPattern: { source: ['aws.health'] } }));
    await put();
    await cloud.cloudFormation.delete('app');
    await put();
    await cloud.clock.pass(HOUR);
    expect(received()).toEqual([]);
    expect(cloud.eventBridge.ruleArns()).toEqual([]);
  });
});

describe('a rule with a schedule', () => {
  beforeEach(() => start());

  test('calls each time, in the minute after it, until it is deleted', async () => {
    const began = cloud.clock.now();
    await deploy(rule({ ScheduleExpression: 'rate(1 hour)' }));
    await cloud.clock.pass(3 * HOUR + 2 * MINUTE);
    expect(received()).toMatchObject([1, 2, 3].map(() => ({ 'source': 'aws.events', 'detail-type': 'Scheduled Event' })));
    for (const [index, { at }] of cloud.lambda.invocations.entries()) {
      expect(Math.floor((at - began) / HOUR)).toBe(index + 1);
      expect((at - began) % HOUR).toBeLessThan(MINUTE + 1_000);
    }
    await cloud.cloudFormation.delete('app');
    await cloud.clock.pass(10 * HOUR);
    expect(received()).toHaveLength(3);
  });

  test('gives the input of its target, at the times of cron()', async () => {
    const target = { Arn: { 'Fn::GetAtt': ['Function', 'Arn'] }, Id: 'Target0', Input: '{"job":"look"}' };
    await deploy(rule({ ScheduleExpression: 'cron(30 12 * * ? *)', Targets: [target] }));
    await cloud.clock.pass(48 * HOUR);
    expect(received()).toEqual([{ job: 'look' }, { job: 'look' }]);
    expect(cloud.lambda.invocations.map(({ at }) => new Date(at).toISOString().slice(11, 15))).toEqual(['12:3', '12:3']);
  });

  test('does not keep a test waiting that waits for what never comes', async () => {
    await deploy(rule({ ScheduleExpression: 'rate(1 hour)' }));
    await expect(cloud.clock.drive('nothing', () => new Promise(() => undefined))).rejects.toThrow('nobody sleeps');
  });

  test.each([['rate(1 hours)'], ['cron(0 8 * * * *)']])('%s is refused', async (ScheduleExpression) => {
    const { status } = await cloud.cloudFormation.deploy({
      stackName: 'app', template: { Resources: { ...FUNCTION_RESOURCES, Rule: rule({ ScheduleExpression }) } }, assetDirectory,
    });
    expect(status).toBe('ROLLBACK_COMPLETE');
  });
});

describe('AWS Health', () => {
  const HEALTH = rule({ EventPattern: { source: ['aws.health'], detail: { service: ['SES'] } } });
  const key = createPrivateKey(pooledKey(1024, 0));

  async function identity(isPublished: boolean): Promise<void> {
    await start({ ses: { giveUpAfter: HOUR } });
    await deploy(HEALTH);
    const zone = await cloud.route53.createHostedZone({ account: ACCOUNT, name: 'example.com' });
    const Name = 's1._domainkey.example.com';
    if (isPublished) {
      const ResourceRecords = [{ Value: `"p=${publicText(key)}"` }];
      cloud.route53.change(zone.id, [{ Action: 'CREATE', ResourceRecordSet: { Name, Type: 'TXT', TTL: 60, ResourceRecords } }]);
      await cloud.clock.pass(MINUTE);
    }
    cloud.ses.createIdentity({
      account: ACCOUNT, region: 'us-east-1', name: 'example.com', dkim: { selector: 's1', privateKey: base64(key) },
    });
  }

  test.each([
    [true, 'AWS_SES_DKIM_PENDING_TO_VERIFIED'],
    [false, 'AWS_SES_DKIM_PENDING_TO_FAILED'],
  ])('tells once what came of a search (published: %s), when so set', async (isPublished, code) => {
    await identity(isPublished);
    cloud.eventBridge.settings.healthEvents = true;
    await cloud.clock.pass(3 * HOUR);
    expect(received()).toMatchObject([{
      'source': 'aws.health',
      'detail-type': 'AWS Health Event',
      'detail': { eventTypeCode: code, eventScopeCode: 'ACCOUNT_SPECIFIC', eventTypeCategory: 'accountNotification' },
    }]);
    expect(JSON.stringify(received())).toContain('the domain example.com');
  });

  test('tells nothing by default', async () => {
    await identity(true);
    await cloud.clock.pass(3 * HOUR);
    expect(received()).toEqual([]);
  });
});
