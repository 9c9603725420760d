// AWS::Logs::LogGroup and the AWS::KMS::Key that encrypts it: CloudWatch Logs takes a key that lets it.
import { Physical, physicalName, PreviousState, ResourceRequest } from './provider';
import { Store } from './store';
import { evaluate, listOf, PolicyDocument, statementsOf } from '../../iam-policy';
import { randomUuid } from '../../time/random';

export class KeyProvider extends Store {
  /** The policies of the keys, by ARN. */
  private readonly policies = new Map<string, PolicyDocument>();

  constructor() {
    super({
      physicalId: ({ random }) => randomUuid(random),
      attributes: ({ stack: { partition, region, account } }, id) =>
        ({ KeyId: id, Arn: `arn:${partition}:kms:${region}:${account}:key/${id}` }),
    });
  }

  create(request: ResourceRequest): Physical {
    const key = super.create(request);
    this.policies.set(key.attributes.Arn as string, request.properties.KeyPolicy);
    return key;
  }

  update(request: ResourceRequest, previous: PreviousState): Physical {
    this.policies.set(previous.attributes.Arn as string, request.properties.KeyPolicy);
    return super.update(request, previous);
  }

  /** Whether CloudWatch Logs may encrypt that log group with the key. */
  encryptsLogs(keyArn: string, region: string, logGroupArn: string): boolean {
    const policy = this.policies.get(keyArn);
    if (!policy) return false;
    const Statement = statementsOf(policy).filter(({ Principal }) => Principal !== undefined && Principal !== '*'
      && listOf(Principal.Service).includes(`logs.${region}.amazonaws.com`));
    const context = { 'kms:EncryptionContext:aws:logs:arn': [logGroupArn] };
    return ['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GenerateDataKey', 'DescribeKey'].every((action) =>
      evaluate([{ Statement }], { action: `kms:${action}`, resource: keyArn, context }) === 'Allow');
  }
}

export class LogGroupProvider extends Store {
  constructor(private readonly keys: KeyProvider) {
    super({
      replacedBy: ['LogGroupName'],
      physicalId: (request) => request.properties.LogGroupName ?? physicalName(request, 512),
      attributes: (request, name) => ({ Arn: `${arnOf(request, name)}:*` }),
    });
  }

  create(request: ResourceRequest): Physical {
    const logGroup = super.create(request);
    try {
      this.checkKey(request, logGroup);
    } catch (error) {
      this.delete(request, logGroup);
      throw error;
    }
    return logGroup;
  }

  update(request: ResourceRequest, previous: PreviousState): Physical {
    this.checkKey(request, previous);
    return super.update(request, previous);
  }

  private checkKey(request: ResourceRequest, { physicalId }: Physical): void {
    const { KmsKeyId } = request.properties;
    const arn = arnOf(request, physicalId);
    if (KmsKeyId === undefined || this.keys.encryptsLogs(KmsKeyId, request.stack.region, arn)) return;
    throw new Error(`The specified KMS key does not exist or is not allowed to be used with Arn '${arn}'`);
  }
}

function arnOf({ stack: { partition, region, account } }: ResourceRequest, name: string): string {
  return `arn:${partition}:logs:${region}:${account}:log-group:${name}`;
}
