// Who may do what with a secret: by the caller's policies, by the secret's own, and by the key's.
import { accessDenied, secretNotFound } from './errors';
import { Parameters } from './parameters';
import { Secret } from './secret';
import { partialArn, SecretName } from './secret-id';
import { secretPolicyEffect } from './secret-policy';
import { Secrets } from './secrets';
import { Principal } from '../credentials';
import { Call, CloudContext } from '../http-service';

export class SecretAccess {
  constructor(private readonly context: Pick<CloudContext, 'authorize'>, private readonly secrets: Secrets) {}

  /** The secret, if the caller may do this with it: by its own policies, and across accounts by the secret's too. */
  authorized({ principal, operation, region }: Call, parameters: Parameters): Secret {
    const { SecretId: secretId = '' } = parameters;
    const secret = this.secrets.find(principal.account, region, secretId);
    const action = `secretsmanager:${operation}`;
    // Rights come first: who may not ask does not learn whether the secret is there.
    const named = { account: principal.account, region, name: secretId };
    const askedFor = secretId.startsWith('arn:') ? secretId : partialArn(named);
    this.context.authorize(principal, action, secret?.arn ?? askedFor, conditions(secret, parameters));
    if (!secret) throw secretNotFound();
    const said = secretPolicyEffect(secret, principal, action);
    if (said === 'Deny' || (said === 'None' && secret.account !== principal.account)) {
      const reason = said === 'Deny' ? 'with an explicit deny in a resource-based policy'
        : 'because no resource-based policy allows the action';
      throw accessDenied(`User: ${principal.roleArn ?? principal.account} `
        + `is not authorized to perform: ${action} on resource: ${secret.arn} ${reason}`);
    }
    return secret;
  }

  /** Documented: with tags or copies in other Regions, the rights to make those as well. */
  authorizeCreate(principal: Principal, secret: SecretName, parameters: Parameters): void {
    const { Tags = [], AddReplicaRegions = [] } = parameters;
    const actions = [
      'CreateSecret', ...Tags.length > 0 ? ['TagResource'] : [],
      ...AddReplicaRegions.length > 0 ? ['ReplicateSecretToRegions'] : [],
    ];
    for (const action of actions) {
      const context = { 'secretsmanager:Name': [secret.name], ...conditions(undefined, parameters) };
      this.context.authorize(principal, `secretsmanager:${action}`, partialArn(secret), context);
    }
  }

  /** https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html#security-encryption-authz */
  authorizeKey(principal: Principal, secret: Secret, action: 'kms:Decrypt' | 'kms:GenerateDataKey'): void {
    if (secret.kmsKeyArn === undefined) {
      if (secret.account !== principal.account) throw kmsDenied();
      return;
    }
    try {
      this.context.authorize(principal, action, secret.kmsKeyArn, {
        'kms:ViaService': [`secretsmanager.${secret.region}.amazonaws.com`],
        'kms:EncryptionContext:SecretARN': [secret.arn],
      });
    } catch {
      throw kmsDenied();
    }
  }
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html */
function conditions(secret: Secret | undefined, parameters: Parameters): Record<string, string[]> {
  const {
    SecretId, VersionId, VersionStage, Tags: added = [], TagKeys: taken = [], RotateImmediately, RotationRules,
    RotationLambdaARN = secret?.rotation?.lambdaArn,
  } = parameters;
  const keys = [...added.map(({ Key }) => Key), ...taken];
  const given = {
    'secretsmanager:SecretId': SecretId,
    'secretsmanager:VersionId': VersionId,
    'secretsmanager:VersionStage': VersionStage,
    'secretsmanager:RotationLambdaARN': RotationLambdaARN,
    'secretsmanager:resource/AllowRotationLambdaArn': secret?.rotation?.lambdaArn,
    'secretsmanager:RotateImmediately': RotateImmediately?.toString(),
    'secretsmanager:ModifyRotationRules': RotationRules && 'true',
    'secretsmanager:SecretPrimaryRegion': (secret?.primary ?? secret)?.region,
  };
  const ofSecret = (secret?.tags ?? []).flatMap(({ Key, Value }) =>
    [[`aws:ResourceTag/${Key}`, [Value]], [`secretsmanager:ResourceTag/${Key}`, [Value]]]);
  return {
    ...Object.fromEntries(Object.entries(given).flatMap(([key, value]) => value === undefined ? [] : [[key, [value]]])),
    ...Object.fromEntries(ofSecret),
    ...Object.fromEntries(added.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, [Value]])),
    ...keys.length > 0 && { 'aws:TagKeys': keys },
  };
}

function kmsDenied() {
  return accessDenied('Access to KMS is not allowed');
}
