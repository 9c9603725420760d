// AWS::SecretsManager::Secret and ResourcePolicy.
import { Physical, physicalName, PreviousState, Properties, ResourceProvider, ResourceRequest } from './provider';
import { SecretsManager } from '../../secrets-manager';
import { Tag } from '../../tags';
import { randomText } from '../../time/random';

const CHARACTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

export class SecretProvider implements ResourceProvider {
  readonly replacedBy = ['Name'];

  constructor(private readonly secretsManager: SecretsManager) {}

  create(request: ResourceRequest): Physical {
    const { stack: { account, region }, properties } = request;
    const { arn } = this.secretsManager.create({
      account,
      region,
      name: properties.Name ?? physicalName(request),
      value: secretString(request),
      kmsKeyArn: properties.KmsKeyId,
      description: properties.Description,
      tags: properties.Tags,
    });
    this.secretsManager.replicate(arn, properties.ReplicaRegions ?? []);
    return { physicalId: arn, attributes: { Id: arn } };
  }

  refuse(before: Properties, after: Properties): void {
    if (before.KmsKeyId === after.KmsKeyId) return;
    throw new Error('The local CloudFormation cannot change the key of a secret');
  }

  /** A changed way of generating makes a new value, as does a changed value. Without both, the secret keeps its own. */
  update(request: ResourceRequest, previous: PreviousState): Physical {
    const { properties } = request;
    const { properties: before, physicalId: arn } = previous;
    const changed = (name: string) => JSON.stringify(properties[name]) !== JSON.stringify(before[name]);
    if (changed('SecretString') || changed('GenerateSecretString')) {
      const value = secretString(request);
      if (value !== undefined) this.secretsManager.put(arn, value);
    }
    if (changed('Description')) this.secretsManager.change(arn, { description: properties.Description });
    this.updateTags(arn, properties.Tags ?? [], before.Tags ?? []);
    if (changed('ReplicaRegions')) {
      const wanted: { Region: string }[] = properties.ReplicaRegions ?? [];
      const dropped = regionsOf(before).filter((region) => !wanted.some(({ Region }) => Region === region));
      this.secretsManager.replicate(arn, wanted, dropped);
    }
    return previous;
  }

  /** Without a recovery window. The copies in other Regions go first. */
  delete(_request: ResourceRequest, { physicalId: arn, properties }: PreviousState): void {
    if (!this.secretsManager.hasSecret(arn)) return;
    if (properties.ReplicaRegions) this.secretsManager.replicate(arn, [], regionsOf(properties));
    this.secretsManager.delete(arn);
  }

  /** The tags of the template are there afterwards; the others as the setting has it. */
  private updateTags(arn: string, wanted: readonly Tag[], before: readonly Tag[]): void {
    const named = (tags: readonly Tag[]) => tags.map(({ Key }) => Key);
    const keepsAll = this.secretsManager.settings.stackUpdateKeepsTags === 'all';
    const foreign = (keepsAll ? this.secretsManager.tagsOf(arn) : [])
      .filter(({ Key }) => !named(before).includes(Key) && !named(wanted).includes(Key));
    this.secretsManager.change(arn, { tags: [...foreign, ...wanted] });
  }
}

export class SecretPolicyProvider implements ResourceProvider {
  readonly replacedBy = ['SecretId'];

  constructor(private readonly secretsManager: SecretsManager) {}

  create(request: ResourceRequest): Physical {
    this.secretsManager.putResourcePolicy(request.properties.SecretId, request.properties.ResourcePolicy);
    return { physicalId: request.properties.SecretId, attributes: {} };
  }

  update(request: ResourceRequest): Physical {
    return this.create(request);
  }

  delete(request: ResourceRequest): void {
    this.secretsManager.putResourcePolicy(request.properties.SecretId, undefined);
  }
}

function regionsOf({ ReplicaRegions = [] }: Properties): string[] {
  return ReplicaRegions.map(({ Region }: { Region: string }) => Region);
}

/** With neither of the two properties, the secret is empty: documented. */
function secretString(
  { properties: { SecretString, GenerateSecretString }, random }: ResourceRequest,
): string | undefined {
  if (SecretString !== undefined || GenerateSecretString === undefined) return SecretString;
  const { SecretStringTemplate, GenerateStringKey, PasswordLength = 32 } = GenerateSecretString;
  const password = randomText(random, CHARACTERS, Number(PasswordLength));
  if (!GenerateStringKey) return password;
  return JSON.stringify({ ...JSON.parse(SecretStringTemplate ?? '{}'), [GenerateStringKey]: password });
}
