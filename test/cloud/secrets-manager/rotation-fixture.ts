// A cloud with a secret and a function that rotates it, for tests of rotation. The function does the four steps in the
// usual way, and fails where a tag of the secret says so.
import {
  DescribeSecretCommand, GetSecretValueCommand, RotateSecretCommand, RotateSecretCommandInput, SecretsManagerClient,
  TagResourceCommand, UntagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import { FunctionMode, LocalCloud, StackResult, Template, TemplateResource } from '..';
import { functionAssets } from '../cloudformation/test-function';
import { Principal } from '../credentials';

export const ACCOUNT = '111111111111';
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** It calls without the SDK, as the SDK would need a bundle. */
const CODE = `
  const call = async (operation, parameters) => {
    const { AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint, AWS_ACCESS_KEY_ID: key, AWS_REGION: region } = process.env;
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'authorization': 'AWS4-HMAC-SHA256 Credential=' + key + '/20260105/' + region + '/secretsmanager/aws4_request',
        'x-amz-target': 'secretsmanager.' + operation,
      },
      body: JSON.stringify(parameters),
    });
    const answer = await response.json();
    if (response.status !== 200) throw Object.assign(new Error(answer.message), { name: answer.__type });
    return answer;
  };
  exports.handler = async ({ Step, SecretId, ClientRequestToken: token }) => {
    const { Tags = [], VersionIdsToStages: versions } = await call('DescribeSecret', { SecretId });
    const tag = (name) => Tags.find(({ Key }) => Key === name)?.Value;
    const move = (VersionStage, RemoveFromVersionId, MoveToVersionId) =>
      call('UpdateSecretVersionStage', { SecretId, VersionStage, RemoveFromVersionId, MoveToVersionId });
    const pending = () => call('GetSecretValue', { SecretId, VersionId: token, VersionStage: 'AWSPENDING' })
      .catch((error) => {
        if (error.name !== 'ResourceNotFoundException') throw error;
      });
    if (tag('takes-label-off') === Step) await move('AWSPENDING', token);
    if (tag('does-nothing') === Step) return;
    if (tag('fails') === Step) throw new Error('the test wants it');
    if (!versions[token]) throw new Error('this version has no label');
    if (Step === 'createSecret' && !await pending()) {
      const SecretString = 'value of ' + token;
      await call('PutSecretValue', { SecretId, ClientRequestToken: token, SecretString, VersionStages: ['AWSPENDING'] });
    }
    if (Step === 'setSecret' && !await pending()) throw new Error('no value');
    if (Step === 'finishSecret' && !versions[token].includes('AWSCURRENT')) {
      const [current] = Object.entries(versions).find(([, stages]) => stages.includes('AWSCURRENT'));
      await move('AWSCURRENT', current, token);
      await move('AWSPENDING', token);
    }
  };
`;

const SECRET_RIGHTS = ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'];

/** Made anew for each test file. */
export function rotationAssets(): string {
  return functionAssets(CODE);
}

export class RotationFixture {
  static async start(
    assetDirectory: string, { functions = 'in-process', seed }: { functions?: FunctionMode; seed?: number } = {},
  ): Promise<RotationFixture> {
    const fixture = new RotationFixture(await LocalCloud.start({ functions, seed }), assetDirectory);
    // Nothing here depends on when an event comes.
    fixture.cloud.eventBridge.settings.longestDelay = 0;
    return fixture;
  }

  arn = '';
  functionArn = '';

  private constructor(readonly cloud: LocalCloud, private readonly assetDirectory: string) {}

  get clock() {
    return this.cloud.clock;
  }

  get client(): SecretsManagerClient {
    return this.clientOf({ account: ACCOUNT });
  }

  clientOf(principal: Principal, region = 'us-east-1'): SecretsManagerClient {
    const credentials = this.cloud.issueCredentials(principal);
    const { endpoint } = this.cloud.secretsManager;
    return new SecretsManagerClient({ region, endpoint, credentials, maxAttempts: 1 });
  }

  /** The function with its role and permission, an empty secret, and what a test adds or replaces. */
  template(others: Record<string, TemplateResource> = {}): Template {
    const statement = {
      Effect: 'Allow',
      Action: SECRET_RIGHTS.map((name) => `secretsmanager:${name}`),
      Resource: { Ref: 'Secret' },
    };
    return {
      Resources: {
        Role: {
          Type: 'AWS::IAM::Role',
          Properties: {
            AssumeRolePolicyDocument: {
              Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
            },
          },
        },
        Rights: {
          Type: 'AWS::IAM::Policy',
          Properties: {
            PolicyName: 'rights', PolicyDocument: { Statement: [statement] }, Roles: [{ Ref: 'Role' }],
          },
        },
        Function: {
          Type: 'AWS::Lambda::Function',
          Properties: {
            Code: { S3Key: 'code.zip' },
            Handler: 'index.handler',
            Runtime: 'nodejs24.x',
            Timeout: 900,
            Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
          },
        },
        Permission: permission({ SourceAccount: ACCOUNT }),
        Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'mail/key' } },
        ...others,
      },
    };
  }

  async deploy(others: Record<string, TemplateResource> = {}): Promise<StackResult> {
    const result = await this.cloud.cloudFormation.deploy({
      stackName: 'app', template: this.template(others), assetDirectory: this.assetDirectory,
    });
    this.arn = result.resources.Secret?.physicalId ?? this.arn;
    this.functionArn = String(result.resources.Function?.attributes.Arn ?? this.functionArn);
    return result;
  }

  /** The stack, and a first value in the secret. */
  async withValue(): Promise<void> {
    await this.deploy();
    this.cloud.secretsManager.put(this.arn, 'first', { versionId: 'first-version' });
  }

  /** Asks for a rotation. Its steps come when time moves. */
  rotate(overrides: Partial<RotateSecretCommandInput> = {}, by = this.client) {
    return by.send(new RotateSecretCommand({ SecretId: this.arn, RotationLambdaARN: this.functionArn, ...overrides }));
  }

  describe() {
    return this.client.send(new DescribeSecretCommand({ SecretId: this.arn }));
  }

  async stages() {
    return (await this.describe()).VersionIdsToStages;
  }

  async value(VersionStage = 'AWSCURRENT') {
    return (await this.client.send(new GetSecretValueCommand({ SecretId: this.arn, VersionStage }))).SecretString;
  }

  /** From now on the function fails in that step. */
  async failIn(Value: string, Key = 'fails'): Promise<void> {
    await this.client.send(new TagResourceCommand({ SecretId: this.arn, Tags: [{ Key, Value }] }));
  }

  async failNoMore(): Promise<void> {
    await this.client.send(new UntagResourceCommand({ SecretId: this.arn, TagKeys: ['fails', 'takes-label-off'] }));
  }

  /** The runs of the function so far. */
  get steps(): string[] {
    return this.events.map(({ Step }) => Step);
  }

  get events(): { Step: string; SecretId: string; ClientRequestToken: string; RotationToken: string }[] {
    return this.cloud.lambda.invocations.map(({ event }) => JSON.parse(event));
  }
}

export const FOUR_STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

export function permission(overrides: Record<string, unknown> = {}): TemplateResource {
  return {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: { 'Fn::GetAtt': ['Function', 'Arn'] },
      Principal: 'secretsmanager.amazonaws.com',
      ...overrides,
    },
  };
}

export function schedule(rules: Record<string, unknown>, others: Record<string, unknown> = {}): TemplateResource {
  return {
    Type: 'AWS::SecretsManager::RotationSchedule',
    Properties: {
      SecretId: { Ref: 'Secret' },
      RotationLambdaARN: { 'Fn::GetAtt': ['Function', 'Arn'] },
      RotationRules: rules,
      RotateImmediatelyOnUpdate: false,
      ...others,
    },
    DependsOn: ['Permission', 'Rights'],
  };
}
