// AWS Secrets Manager of the local cloud: secrets with versions, customer keys, and readers from other accounts.
import { Principal } from './credentials';
import { Call, CloudContext, HttpService, Reply, Request } from './http-service';
import { PolicyDocument } from './iam-policy';
import { means, newSecretArn, partialArn, SecretName } from './secret-id';
import { secretPolicyEffect } from './secret-policy';
import { SecretValue, SecretVersion, SecretVersions } from './secret-versions';
import { ServiceError } from './service-error';
import { randomUuid } from './time/random';

interface NewSecret extends SecretName {
  readonly value: SecretValue;
  /** @default the AWS managed key, which no other account can use */
  readonly kmsKeyArn?: string;
  readonly resourcePolicy?: PolicyDocument;
  /** Of the version. @default a new UUID */
  readonly versionId?: string;
}

interface PutOptions {
  readonly versionId?: string;
  /** @default AWSCURRENT */
  readonly stages?: readonly string[];
}

interface Secret extends SecretName {
  readonly arn: string;
  readonly kmsKeyArn?: string;
  readonly versions: SecretVersions;
  readonly createdAt: number;
  changedAt: number;
  resourcePolicy?: PolicyDocument;
  deletedAt?: number;
}

/** The parameters of all operations, as they are on the wire. */
interface Parameters {
  readonly SecretId?: string;
  readonly Name?: string;
  readonly KmsKeyId?: string;
  readonly ClientRequestToken?: string;
  readonly SecretString?: string;
  readonly SecretBinary?: string;
  readonly VersionId?: string;
  readonly VersionStage?: string;
  readonly VersionStages?: string[];
  readonly RemoveFromVersionId?: string;
  readonly MoveToVersionId?: string;
  readonly ForceDeleteWithoutRecovery?: boolean;
  readonly RecoveryWindowInDays?: number;
}

const DAY = 86_400_000;

export class SecretsManager extends HttpService {
  /** By ARN. */
  private readonly secrets = new Map<string, Secret>();

  constructor(context: CloudContext) {
    super('secretsmanager', context);
  }

  // ---- for tests and CloudFormation

  create(secret: NewSecret): { arn: string; versionId: string } {
    const { account, region, name, value, kmsKeyArn, resourcePolicy, versionId = randomUuid(this.context.random) } =
      secret;
    const namesake = this.named(account, region, name);
    if (namesake?.deletedAt !== undefined) {
      throw invalidRequest(
        "You can't create this secret because a secret with this name is already scheduled for deletion.");
    }
    if (namesake) throw alreadyExists(name);
    const now = this.context.clock.now();
    const arn = newSecretArn(secret, this.context.random);
    const versions = new SecretVersions();
    versions.add(versionId, value, ['AWSCURRENT'], now);
    const times = { createdAt: now, changedAt: now };
    this.secrets.set(arn, { arn, account, region, name, kmsKeyArn, resourcePolicy, versions, ...times });
    return { arn, versionId };
  }

  put(arn: string, value: SecretValue, options: PutOptions = {}): SecretVersion {
    const { versionId = randomUuid(this.context.random), stages = ['AWSCURRENT'] } = options;
    const secret = this.usable(this.existing(arn));
    secret.changedAt = this.context.clock.now();
    return secret.versions.add(versionId, value, stages, secret.changedAt);
  }

  putResourcePolicy(arn: string, policy: PolicyDocument | undefined): void {
    this.existing(arn).resourcePolicy = policy;
  }

  /** Gone at once, or with a recovery window marked for deletion. */
  delete(arn: string, { recoveryWindowInDays }: { recoveryWindowInDays?: number } = {}): void {
    const secret = this.existing(arn);
    if (recoveryWindowInDays === undefined) this.secrets.delete(arn);
    else secret.deletedAt = this.context.clock.now() + recoveryWindowInDays * DAY;
  }

  /** All secrets with all their versions, as a text that differs when anything of them does. */
  allSecrets(): string[] {
    return [...this.secrets.values()].map(({ versions, ...secret }) => JSON.stringify([secret, versions.all()]));
  }

  /** One that is marked for deletion is as it was before. */
  restore(arn: string): void {
    this.existing(arn).deletedAt = undefined;
  }

  // ---- HTTP

  protected operationOf(request: Request): string {
    return String(request.headers['x-amz-target']).replace('secretsmanager.', '');
  }

  protected handle(call: Call): Reply {
    const parameters = JSON.parse(call.body.toString('utf8')) as Parameters;
    const creates = call.operation === 'CreateSecret';
    return json(creates ? this.createSecret(call, parameters) : this.withSecret(call, parameters));
  }

  protected renderError(error: ServiceError): Reply {
    return json({ __type: error.code, message: error.message }, error.status);
  }

  protected throttled(): ServiceError {
    return new ServiceError('ThrottlingException', 400, 'Rate exceeded');
  }

  // ---- operations

  private createSecret({ principal, region }: Call, parameters: Parameters): object {
    const { Name: name = '', KmsKeyId: kmsKeyArn, ClientRequestToken: versionId } = parameters;
    const secret: SecretName = { account: principal.account, region, name };
    this.context.authorize(principal, 'secretsmanager:CreateSecret', partialArn(secret));
    const created = this.create({ ...secret, value: valueOf(parameters), kmsKeyArn, versionId });
    return { ARN: created.arn, Name: name, VersionId: created.versionId };
  }

  private withSecret(call: Call, parameters: Parameters): object {
    const secret = this.authorized(call, parameters.SecretId ?? '');
    const { arn: ARN, name: Name } = secret;
    switch (call.operation) {
      case 'GetSecretValue': {
        const version = this.usable(secret).versions.get(parameters.VersionId, parameters.VersionStage);
        this.authorizeKey(call.principal, secret, 'kms:Decrypt');
        const { id: VersionId, stages, createdAt } = version;
        const described = { ARN, Name, VersionId, VersionStages: [...stages], CreatedDate: createdAt / 1000 };
        return { ...described, ...wireValue(version.value) };
      }
      case 'PutSecretValue': {
        this.usable(secret);
        this.authorizeKey(call.principal, secret, 'kms:GenerateDataKey');
        const { ClientRequestToken: versionId, VersionStages: stages } = parameters;
        const version = this.put(ARN, valueOf(parameters), { versionId, stages });
        return { ARN, Name, VersionId: version.id, VersionStages: [...version.stages] };
      }
      case 'UpdateSecretVersionStage': {
        const { VersionStage: stage = '', RemoveFromVersionId: from, MoveToVersionId: to } = parameters;
        this.usable(secret).versions.move(stage, from, to);
        return { ARN, Name };
      }
      case 'DescribeSecret':
        return {
          ARN,
          Name,
          KmsKeyId: secret.kmsKeyArn,
          VersionIdsToStages: secret.versions.labelled(),
          CreatedDate: secret.createdAt / 1000,
          LastChangedDate: secret.changedAt / 1000,
          DeletedDate: secret.deletedAt === undefined ? undefined : secret.deletedAt / 1000,
        };
      case 'DeleteSecret': {
        const { ForceDeleteWithoutRecovery: force = false, RecoveryWindowInDays: days } = parameters;
        this.usable(secret);
        if (force && days !== undefined) {
          throw invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
        }
        if (days !== undefined && (days < 7 || days > 30)) {
          throw invalidParameter('RecoveryWindowInDays must be between 7 and 30 days (inclusive).');
        }
        this.delete(ARN, force ? {} : { recoveryWindowInDays: days ?? 30 });
        return { ARN, Name, DeletionDate: (secret.deletedAt ?? this.context.clock.now()) / 1000 };
      }
      default:
        throw new ServiceError(
          'UnknownOperationException', 400, `the local Secrets Manager does not know ${call.operation}`);
    }
  }

  /** The secret, if the caller may do this with it: by its own policies, and across accounts by the secret's too. */
  private authorized({ principal, operation, region }: Call, secretId: string): Secret {
    const secret = this.find(principal.account, region, secretId);
    const action = `secretsmanager:${operation}`;
    // Rights come first: who may not ask does not learn whether the secret is there.
    const named = { account: principal.account, region, name: secretId };
    const askedFor = secretId.startsWith('arn:') ? secretId : partialArn(named);
    this.context.authorize(principal, action, secret?.arn ?? askedFor);
    if (!secret) throw notFound();
    const said = secretPolicyEffect(secret, principal, action);
    if (said === 'Deny' || (said === 'None' && secret.account !== principal.account)) {
      const reason = said === 'Deny' ? 'with an explicit deny in a resource-based policy'
        : 'because no resource-based policy allows the action';
      throw new ServiceError('AccessDeniedException', 400, `User: ${principal.roleArn ?? principal.account} `
        + `is not authorized to perform: ${action} on resource: ${secret.arn} ${reason}`);
    }
    return secret;
  }

  /** https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html#security-encryption-authz */
  private authorizeKey(principal: Principal, secret: Secret, action: 'kms:Decrypt' | 'kms:GenerateDataKey'): void {
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

  // ---- secrets

  private find(account: string, region: string, secretId: string): Secret | undefined {
    return [...this.secrets.values()].find((secret) =>
      secret.region === region && means(secretId, { account }, secret));
  }

  private named(account: string, region: string, name: string): Secret | undefined {
    return [...this.secrets.values()].find((secret) =>
      secret.account === account && secret.region === region && secret.name === name);
  }

  private existing(arn: string): Secret {
    const secret = this.secrets.get(arn);
    if (!secret) throw notFound();
    return secret;
  }

  private usable(secret: Secret): Secret {
    if (secret.deletedAt !== undefined) {
      throw invalidRequest("You can't perform this operation on the secret because it was marked for deletion.");
    }
    return secret;
  }
}

function valueOf({ SecretString: text, SecretBinary: binary }: Parameters): SecretValue {
  if ((text === undefined) === (binary === undefined)) {
    throw invalidParameter('You must provide either SecretString or SecretBinary.');
  }
  return text ?? Buffer.from(binary!, 'base64');
}

function wireValue(value: SecretValue): { SecretString: string } | { SecretBinary: string } {
  return typeof value === 'string' ? { SecretString: value } : { SecretBinary: value.toString('base64') };
}

function json(body: object, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(body) };
}

function notFound(): ServiceError {
  return new ServiceError('ResourceNotFoundException', 400, "Secrets Manager can't find the specified secret.");
}

function alreadyExists(name: string): ServiceError {
  const message = `The operation failed because the secret ${name} already exists.`;
  return new ServiceError('ResourceExistsException', 400, message);
}

function kmsDenied(): ServiceError {
  return new ServiceError('AccessDeniedException', 400, 'Access to KMS is not allowed');
}

function invalidRequest(message: string): ServiceError {
  return new ServiceError('InvalidRequestException', 400, message);
}

function invalidParameter(message: string): ServiceError {
  return new ServiceError('InvalidParameterException', 400, message);
}
