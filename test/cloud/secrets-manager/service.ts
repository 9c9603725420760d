// AWS Secrets Manager of the local cloud: its API over HTTP, and what tests and CloudFormation do with it.
import { SecretAccess } from './access';
import { invalidParameter } from './errors';
import { describe, Parameters, replication, ReplicaRegion, seconds, valueOf, versionPage, wireValue } from './parameters';
import { Replicas } from './replicas';
import { RotationFunctions } from './rotation-run';
import { RotationRequest, Rotations } from './rotations';
import { Secret } from './secret';
import { SecretEvents } from './secret-events';
import { SecretName } from './secret-id';
import { SecretValue, SecretVersion } from './secret-versions';
import { changeable, NewSecret, Secrets, usable } from './secrets';
import { SECRETS_MANAGER_DEFAULTS, SecretsManagerSettings } from './settings';
import { SendEvent } from '../event-bridge';
import { Call, CloudContext, HttpService, Reply, Request } from '../http-service';
import { PolicyDocument } from '../iam-policy';
import { ServiceError } from '../service-error';
import { Tag, TagRules } from '../tags';
import { randomUuid } from '../time/random';

/** The services that it calls. */
interface Neighbours {
  readonly functions: RotationFunctions;
  readonly send: SendEvent;
}

interface PutOptions {
  readonly versionId?: string;
  /** @default AWSCURRENT */
  readonly stages?: readonly string[];
}

const DAY = 86_400_000;
const TAGS = new TagRules(invalidParameter);

/** For tests of this service alone: there are no functions, and nobody wants events. */
const ALONE: Neighbours = {
  functions: {
    hasFunction: () => false,
    authorizeService: () => undefined,
    call: () => Promise.reject(new ServiceError('ResourceNotFoundException', 404, 'There are no functions')),
  },
  send: () => undefined,
};

export class SecretsManager extends HttpService {
  /** Tests may change them at any time. */
  readonly settings: SecretsManagerSettings = { ...SECRETS_MANAGER_DEFAULTS };
  private readonly secrets: Secrets;
  private readonly access: SecretAccess;
  private readonly replicas: Replicas;
  private readonly rotations: Rotations;

  private readonly events: SecretEvents;

  constructor(context: CloudContext, { functions, send }: Neighbours = ALONE) {
    super('secretsmanager', context);
    this.events = new SecretEvents(send, this.settings);
    this.secrets = new Secrets(context, this.settings, (secret, label, versionId) =>
      this.events.labelled(secret, label, versionId));
    this.access = new SecretAccess(context, this.secrets);
    this.replicas = new Replicas(context.clock, this.secrets, this.settings);
    this.rotations = new Rotations(context, functions, this.settings, {
      tell: (eventName, secret) => this.events.ownStep(eventName, secret),
      changed: (secret) => this.changed(secret),
    });
  }

  async stop(): Promise<void> {
    this.rotations.stop();
    this.replicas.stop();
    await super.stop();
  }

  // ---- for tests and CloudFormation

  create(secret: NewSecret): { arn: string; versionId: string } {
    const versionId = secret.versionId ?? randomUuid(this.context.random);
    return { arn: this.secrets.create({ ...secret, versionId }).arn, versionId };
  }

  put(arn: string, value: SecretValue, options: PutOptions = {}): SecretVersion {
    const { versionId = randomUuid(this.context.random), stages = ['AWSCURRENT'] } = options;
    const secret = changeable(this.secrets.existing(arn));
    const before = secret.versions.holderOf('AWSCURRENT');
    const version = secret.versions.add(versionId, value, stages, this.context.clock.now());
    // Documented: a value that is put by hand ends a rotation that goes on, or that has failed.
    if (secret.versions.holderOf('AWSCURRENT') !== before && secret.versions.incomplete) {
      secret.versions.takeOff('AWSPENDING');
      this.events.ownStep('RotationAbandoned', secret);
    }
    this.changed(secret);
    return version;
  }

  putResourcePolicy(arn: string, resourcePolicy: PolicyDocument | undefined): void {
    this.change(arn, { resourcePolicy });
  }

  /** Description and key, as UpdateSecret changes them, and the tags. */
  change(arn: string, changes: Partial<Pick<Secret, 'description' | 'kmsKeyArn' | 'tags' | 'resourcePolicy'>>): void {
    const secret = changeable(this.secrets.existing(arn));
    Object.assign(secret, changes);
    this.changed(secret);
  }

  /** Gone at once, or with a recovery window marked for deletion. */
  delete(arn: string, { recoveryWindowInDays }: { recoveryWindowInDays?: number } = {}): void {
    const secret = this.secrets.existing(arn);
    this.rotations.forget(secret);
    if (recoveryWindowInDays === undefined) this.secrets.delete(secret);
    else secret.deletedAt = this.context.clock.now() + recoveryWindowInDays * DAY;
  }

  /** All secrets, as they are now. */
  described(): readonly Secret[] {
    return this.secrets.all();
  }

  /** All secrets with all their versions, as texts that differ when anything of them does. */
  allSecrets(): string[] {
    return this.secrets.all().map(({ arn, tags, deletedAt, resourcePolicy, rotation, versions }) =>
      JSON.stringify([arn, tags, deletedAt, resourcePolicy, rotation, versions.digests()]));
  }

  /** One that is marked for deletion is as it was before. */
  restore(arn: string): void {
    this.secrets.existing(arn).deletedAt = undefined;
  }

  hasSecret(arn: string): boolean {
    return this.secrets.find(arn.split(':')[4], arn.split(':')[3], arn) !== undefined;
  }

  tagsOf(arn: string): readonly Tag[] {
    return this.secrets.existing(arn).tags;
  }

  /** Gives the id of the new version. */
  rotate(arn: string, request: RotationRequest): string {
    const secret = changeable(this.secrets.existing(arn));
    return this.rotations.request(secret, request);
  }

  /** False when testSecret has failed in the trial of the last request. Waits for its end. */
  trialOf(arn: string): Promise<boolean> {
    return this.rotations.trialOf(this.secrets.existing(arn));
  }

  cancelRotation(arn: string): void {
    const secret = changeable(this.secrets.existing(arn));
    this.rotations.cancel(secret);
    this.changed(secret);
  }

  replicate(arn: string, add: readonly ReplicaRegion[], remove: readonly string[] = [], overwrite = false): void {
    const secret = changeable(this.secrets.existing(arn));
    this.replicas.remove(secret, remove);
    this.replicas.add(secret, add, overwrite);
  }

  // ---- HTTP

  protected operationOf(request: Request): string {
    return String(request.headers['x-amz-target']).replace('secretsmanager.', '');
  }

  protected handle(call: Call): Reply {
    const parameters = JSON.parse(call.body.toString('utf8')) as Parameters;
    const creates = call.operation === 'CreateSecret';
    try {
      const answer = creates ? this.createSecret(call, parameters) : this.withSecret(call, parameters);
      this.events.called(call, parameters, { arn: (answer as { ARN?: string }).ARN });
      return json(answer);
    } catch (error) {
      if (error instanceof ServiceError) this.events.called(call, parameters, { error });
      throw error;
    }
  }

  protected renderError(error: ServiceError): Reply {
    return json({ __type: error.code, message: error.message }, error.status);
  }

  protected throttled(): ServiceError {
    return new ServiceError('ThrottlingException', 400, 'Rate exceeded');
  }

  // ---- operations

  private createSecret({ principal, region }: Call, parameters: Parameters): object {
    const { Name: name = '', Description: description, KmsKeyId: kmsKeyArn, ClientRequestToken: versionId } = parameters;
    const secret: SecretName = { account: principal.account, region, name };
    const { Tags = [], AddReplicaRegions = [], SecretString, SecretBinary } = parameters;
    this.access.authorizeCreate(principal, secret, parameters);
    const value = SecretString === undefined && SecretBinary === undefined ? undefined : valueOf(parameters);
    const tags = TAGS.with([], Tags);
    const created = this.create({ ...secret, value, kmsKeyArn, description, tags, versionId });
    this.replicate(created.arn, AddReplicaRegions);
    return { ARN: created.arn, Name: name, VersionId: value === undefined ? undefined : created.versionId };
  }

  private withSecret(call: Call, parameters: Parameters): object {
    const secret = this.access.authorized(call, parameters);
    const { arn: ARN, name: Name } = secret;
    switch (call.operation) {
      case 'GetSecretValue': {
        const version = this.secrets.seen(usable(secret)).get(parameters.VersionId, parameters.VersionStage);
        this.access.authorizeKey(call.principal, secret, 'kms:Decrypt');
        const { id: VersionId, stages, createdAt } = version;
        const described = { ARN, Name, VersionId, VersionStages: [...stages], CreatedDate: seconds(createdAt) };
        return { ...described, ...wireValue(version.value) };
      }
      case 'PutSecretValue': {
        changeable(secret);
        this.access.authorizeKey(call.principal, secret, 'kms:GenerateDataKey');
        const { ClientRequestToken: versionId, VersionStages: stages } = parameters;
        const version = this.put(ARN, valueOf(parameters), { versionId, stages });
        return { ARN, Name, VersionId: version.id, VersionStages: [...version.stages] };
      }
      case 'UpdateSecretVersionStage': {
        const { VersionStage: stage = '', RemoveFromVersionId: from, MoveToVersionId: to } = parameters;
        changeable(secret).versions.move(stage, from, to);
        this.changed(secret);
        return { ARN, Name };
      }
      case 'DescribeSecret':
        return describe({ ...secret, versions: this.secrets.seen(secret) }, this.context.clock.now());
      case 'ListSecretVersionIds':
        return versionPage({ ...secret, versions: this.secrets.seen(secret) }, parameters);
      case 'TagResource':
        this.change(ARN, { tags: TAGS.with(secret.tags, parameters.Tags ?? []) });
        return {};
      case 'UntagResource':
        this.change(ARN, { tags: TAGS.without(secret.tags, parameters.TagKeys ?? []) });
        return {};
      case 'RotateSecret':
        return { ARN, Name, VersionId: this.rotateSecret(call, secret, parameters) };
      case 'CancelRotateSecret':
        this.cancelRotation(ARN);
        return { ARN, Name };
      case 'ReplicateSecretToRegions':
        this.replicate(ARN, parameters.AddReplicaRegions ?? [], [], parameters.ForceOverwriteReplicaSecret);
        return { ARN, ...replication(secret) };
      case 'RemoveRegionsFromReplication':
        this.replicate(ARN, [], parameters.RemoveReplicaRegions ?? []);
        return { ARN, ...replication(secret) };
      case 'DeleteSecret':
        return this.deleteSecret(secret, parameters);
      default:
        throw new ServiceError(
          'UnknownOperationException', 400, `the local Secrets Manager does not know ${call.operation}`);
    }
  }

  /** Documented: who asks needs the right to invoke the function as well. */
  private rotateSecret({ principal }: Call, secret: Secret, parameters: Parameters): string {
    const { ClientRequestToken: token, RotationRules: rules, RotateImmediately: immediately } = parameters;
    const { RotationLambdaARN: lambdaArn = secret.rotation?.lambdaArn } = parameters;
    if (lambdaArn) this.context.authorize(principal, 'lambda:InvokeFunction', lambdaArn);
    return this.rotate(secret.arn, { token, lambdaArn, rules, immediately });
  }

  private deleteSecret(secret: Secret, parameters: Parameters): object {
    const { ForceDeleteWithoutRecovery: force = false, RecoveryWindowInDays: days } = parameters;
    changeable(secret);
    this.replicas.refuseDelete(secret);
    if (force && days !== undefined) {
      throw invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
    }
    if (days !== undefined && (days < 7 || days > 30)) {
      throw invalidParameter('RecoveryWindowInDays must be between 7 and 30 days (inclusive).');
    }
    this.delete(secret.arn, force ? {} : { recoveryWindowInDays: days ?? 30 });
    const { arn: ARN, name: Name, deletedAt = this.context.clock.now() } = secret;
    return { ARN, Name, DeletionDate: seconds(deletedAt) };
  }

  // ---- what follows from a change

  private changed(secret: Secret): void {
    secret.changedAt = this.context.clock.now();
    this.replicas.follow(secret);
  }
}

function json(body: object, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(body) };
}
