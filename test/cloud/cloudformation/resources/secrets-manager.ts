// AWS::SecretsManager::Secret and ResourcePolicy.
import { Physical, physicalName, PreviousState, Properties, ResourceProvider, ResourceRequest } from './provider';
import { SecretsManager } from '../../secrets-manager';
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
    });
    return { physicalId: arn, attributes: { Id: arn } };
  }

  refuse(before: Properties, after: Properties): void {
    if (before.KmsKeyId === after.KmsKeyId) return;
    throw new Error('The local CloudFormation cannot change the key of a secret');
  }

  /** A changed way of generating makes a new value, as does a changed value. */
  update(request: ResourceRequest, previous: PreviousState): Physical {
    const { SecretString, GenerateSecretString } = request.properties;
    const { SecretString: oldString, GenerateSecretString: oldGeneration } = previous.properties;
    if (SecretString !== oldString || JSON.stringify(GenerateSecretString) !== JSON.stringify(oldGeneration)) {
      this.secretsManager.put(previous.physicalId, secretString(request));
    }
    return previous;
  }

  delete(_request: ResourceRequest, { physicalId }: PreviousState): void {
    this.secretsManager.delete(physicalId);
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

function secretString({ properties: { SecretString, GenerateSecretString }, random }: ResourceRequest): string {
  if (SecretString !== undefined) return SecretString;
  const { SecretStringTemplate, GenerateStringKey, PasswordLength = 32 } = GenerateSecretString ?? {};
  const password = randomText(random, CHARACTERS, Number(PasswordLength));
  if (!GenerateStringKey) return password;
  return JSON.stringify({ ...JSON.parse(SecretStringTemplate ?? '{}'), [GenerateStringKey]: password });
}
