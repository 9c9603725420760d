// The secret of a rotating key with its schedule. Both are plain resources of CloudFormation: the construct of
// CDK for a schedule gives the function rights to all secrets, and closes circles between role, function and secret.
import { createHash } from 'crypto';
import { CfnDeletionPolicy, CfnResource, Duration, Lazy, Names, Stack, Token, Tokenization } from 'aws-cdk-lib';
import { IKey, Key } from 'aws-cdk-lib/aws-kms';
import { CfnRotationSchedule, CfnSecret, ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { aws_kms, aws_route53 } from 'aws-cdk-lib/interfaces';
import { Construct, IDependable } from 'constructs';
import { acknowledge } from './acknowledged-finding';
import { comparisonKey } from './comparison-key';
import {
  DEFAULT_SELECTOR_PREFIX, FollowedSecretProperties, FURTHER_REGION_TAG_PREFIX, FurtherRegion, ROTATION_TAG_PREFIX,
  ResourceProperties, RotationTags,
} from './contract';
import { warnOfOtherKey } from './known-secret';
import { SigningTarget } from './late-value';
import { LOGICAL_ID_LENGTH, nameAfter } from './logical-id';
import { describeSecretPermission, encryptPermission, keyStorePermission, maxSecretArn, Permission } from './permissions';
import { renderedProperties } from './rendered-properties';
import type { Rotation } from './rotation';
import { shown } from './shown';
import { isUnknown } from './validation';

export interface RotatingKeyOptions {
  readonly interval?: Duration;
  readonly schedule?: string;
  readonly encryptionKey?: aws_kms.IKeyRef;
  readonly delegatedTo?: aws_route53.IHostedZoneRef;
  readonly selectorPrefix?: string;
  readonly furtherRegions?: readonly string[];
  /** The user's own secret with the keys. Then there is no schedule, and our secret has no keys in it. */
  readonly follows?: SourceSecret;
}

export interface SourceSecret {
  readonly properties: FollowedSecretProperties;
  /** The same, however the app has imported it: by its name, or by an ARN. */
  readonly name: string;
  /** Of its ARN at deployment, in characters. */
  readonly maxLength: number;
  readonly permissions: readonly Permission[];
}

/** CloudFormation names the secret after its logical id, with a hyphen and twelve characters. */
const NAME_END = '-123456789012'.length;
const SECRET_END = 'Keys';
/** Keys with other selectors are in another secret. So a change between the two kinds can be rolled back. */
const SLOTS_SECRET_END = 'SlotKeys';
/** Rules of cdk-nag. */
const WITHOUT_KMS_KEY = ['HIPAA.Security', 'NIST.800.53.R4', 'NIST.800.53.R5', 'PCI.DSS.321']
  .map(pack => `${pack}-SecretsManagerUsingKMSKey`);
const WITHOUT_ROTATION = [
  'AwsSolutions-SMG4', ...['HIPAA.Security', 'NIST.800.53.R5'].map(pack => `${pack}-SecretsManagerRotationEnabled`),
];
/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Tag.html */
const LONGEST_TAG_VALUE = 256;
/** What all services take: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html */
const TAG_VALUE = /^[\w+=.@:/-]*$/;

export class RotatingKey {
  public readonly secret: ISecret;
  public readonly secretArn: string;
  public readonly schedule?: string;
  /** What both functions may do with the secret. */
  public readonly permissions: Permission[];
  /** The other Regions of the key, with their custom resources. */
  public readonly further = new Map<string, CfnResource>();
  /** The same, as the first custom resource has them. */
  public readonly furtherRegions: readonly FurtherRegion[];
  private readonly resource: CfnSecret;
  /** In characters. */
  private readonly maxArn: number;

  constructor(
    private readonly scope: Construct, private readonly target: SigningTarget,
    private readonly options: RotatingKeyOptions,
  ) {
    const { stack, domain } = target;
    const { encryptionKey, furtherRegions = [], follows } = options;
    const end = secretEnd(stack, options);
    this.schedule = follows ? undefined : scheduleOf(scope, domain, options);
    this.furtherRegions = furtherRegions.map(region => ({
      Region: region, LogicalResourceId: Lazy.uncachedString({ produce: () => this.further.get(region)!.logicalId }),
    }));
    // Without a value and without a way to generate one, CloudFormation makes it empty. So no random text is ever taken
    // for a key.
    this.resource = new CfnSecret(scope, 'Keys', {
      description: follows ? `Which DKIM keys ${domain} has had, without the keys (cdk-ses-dkim)`
        : `DKIM keys of ${domain} (cdk-ses-dkim)`,
      kmsKeyId: encryptionKey?.keyRef.keyArn,
    });
    // An empty secret need not wait for what the construct waits for. If that is another construct, it would close a
    // circle: both share a policy, which names the secret.
    this.resource.addDeletionOverride('DependsOn');
    warnOfOtherKey(scope, this.resource, follows ? 'There is no key in the secret, so let the Aspect leave it out'
      : 'Give the key to rotatingByoDkim() as encryptionKey');
    // With another domain in the app, it is another secret: nobody takes over the keys of the one before.
    nameAfter(target, this.resource, end);
    this.secretArn = this.resource.ref;
    this.secret = Secret.fromSecretAttributes(scope, 'Secret', {
      secretCompleteArn: this.secretArn, encryptionKey: encryptionKey && asL2(scope, encryptionKey),
    });
    const reason = follows ? 'It holds no key, and nothing else that is secret' : 'Only you can give it: encryptionKey';
    acknowledge(this.resource, [
      ...encryptionKey ? [] : WITHOUT_KMS_KEY, ...follows ? WITHOUT_ROTATION : [],
    ].map(rule => ({ rule, reason })));
    this.maxArn = maxSecretArn(LOGICAL_ID_LENGTH + end.length + NAME_END);
    this.permissions = [
      keyStorePermission(stack, this.secretArn, this.maxArn),
      ...encryptionKey ? [encryptPermission(encryptionKey.keyRef.keyArn, stack.region)] : [],
      ...follows?.permissions ?? [],
    ];
  }

  /** What the function may do that watches. */
  public get lookPermission(): Permission {
    return describeSecretPermission(this.secretArn, this.maxArn);
  }

  /** Whether its secret is named otherwise than after its logical id, by an Aspect or an override. */
  public get hasOtherName(): boolean {
    const name = renderedProperties(this.resource).Name ?? Stack.of(this.scope).resolve(this.resource.logicalId);
    return typeof name !== 'string' || !/Dkim.*Keys$/.test(name);
  }

  /** @param resource sets the signing in a further Region */
  public addFurther(region: string, resource: CfnResource): void {
    this.further.set(region, resource);
  }

  /**
   * Completes it when the custom resource is known, which makes the first key.
   *
   * @param properties of the custom resource
   * @param permissions of the identities and their zone, which a rotation needs as well
   * @returns the schedule, if it has one
   */
  public complete(
    resource: CfnResource, properties: ResourceProperties, rotation: Rotation, permissions: Permission[],
  ): CfnResource | undefined {
    const stack = Stack.of(this.scope);
    const { Identity, Region, HostedZoneId, HostedZoneRoleArn, HostedZoneRoleExternalId, DelegatedTo } = properties;
    const { RecordTtl, RecordOverlap, Signing } = properties;
    checkRole(HostedZoneRoleArn);
    const { SelectorPrefix = undefined, KeyLength = undefined } = Signing.Method === 'ROTATING_BYODKIM' ? Signing : {};
    const tags: RotationTags = {
      StackId: stack.stackId,
      LogicalResourceId: Lazy.uncachedString({ produce: () => resource.logicalId }),
      Identity,
      Region,
      HostedZoneId,
      HostedZoneRoleArn,
      HostedZoneRoleExternalId,
      DelegatedTo,
      RecordTtl,
      RecordOverlap,
      SelectorPrefix,
      KeyLength,
    };
    const setTag = (name: string, value: string) => this.resource.tags.setTag(name, value, 1000);
    for (const [name, value] of Object.entries(tags)) {
      if (value !== undefined) setTag(`${ROTATION_TAG_PREFIX}${name}`, value);
    }
    for (const { Region: each, LogicalResourceId } of this.furtherRegions) {
      setTag(`${FURTHER_REGION_TAG_PREFIX}${each}`, LogicalResourceId);
    }
    // The secret stays when the signing does, or when an aspect is about secrets. But no secret of a failed deployment.
    const retained = (policy: string) =>
      Lazy.uncachedString({ produce: () => [resource, this.resource].some(isRetained) ? policy : 'Delete' });
    this.resource.addOverride('DeletionPolicy', retained('RetainExceptOnCreate'));
    this.resource.addOverride('UpdateReplacePolicy', retained('Retain'));

    const { follows } = this.options;
    const ready: IDependable[] = rotation.add({
      arn: this.secretArn,
      maxLength: this.maxArn,
      follows: follows && { arn: follows.properties.SecretArn, maxLength: follows.maxLength },
    }, permissions);
    if (!this.schedule) return undefined;
    const schedule = new CfnRotationSchedule(this.scope, 'Rotation', {
      secretId: this.secretArn,
      rotationLambdaArn: rotation.functionArn,
      rotateImmediatelyOnUpdate: false, // the first key is new
      rotationRules: { scheduleExpression: this.schedule },
    });
    // It stays when the construct is renamed: removing it under an old id would end it under the new one.
    nameAfter(this.target, schedule, 'Rotation');
    schedule.node.addDependency(resource, ...this.further.values(), ...ready);
    return schedule;
  }
}

/**
 * Another secret that is followed has another one of ours. So a change between the two can be rolled back. Another pair
 * of slots has one too: its deployment signs with a key in them, and the CNAMEs before are needed for the overlap only.
 */
function secretEnd(
  stack: Stack, { delegatedTo, follows, selectorPrefix = DEFAULT_SELECTOR_PREFIX }: RotatingKeyOptions,
): string {
  const hashOf = (...texts: string[]) =>
    createHash('sha256').update(comparisonKey(stack, ...texts)).digest('hex').slice(0, 6);
  if (follows) {
    const { name, properties: { JsonField, SelectorField = '' } } = follows;
    return `Followed${hashOf(name, JsonField, SelectorField)}${SECRET_END}`;
  }
  if (!delegatedTo) return SECRET_END;
  return selectorPrefix === DEFAULT_SELECTOR_PREFIX ? SLOTS_SECRET_END : `Slot${hashOf(selectorPrefix)}${SECRET_END}`;
}

/** The rotation reads the role from a tag of the secret. A path can be as long as 512 characters, with any in it. */
function checkRole(arn = ''): void {
  if (isUnknown(arn)) return;
  if (!TAG_VALUE.test(arn)) {
    throw new Error(`hostedZoneRole is ${shown(arn)}. A rotating key has it in a tag of its secret, which takes letters, digits `
      + 'and _+=.@:/- only. Give the role another path or name');
  }
  if (arn.length <= LONGEST_TAG_VALUE) return;
  throw new Error(`The ARN of hostedZoneRole has ${arn.length} characters. A rotating key has it in a tag of its secret, `
    + `which holds ${LONGEST_TAG_VALUE}. Give the role a shorter path or name`);
}

/** What the user gets as `secret.encryptionKey`, for grants. The policy of a key that is no L2 stays as it is. */
function asL2(scope: Construct, key: aws_kms.IKeyRef): IKey {
  return 'grantDecrypt' in key ? key as IKey : Key.fromKeyArn(scope, 'EncryptionKey', key.keyRef.keyArn);
}

/** Whether the construct or an aspect, such as `RemovalPolicies.of(app).retain()`, retains the resource. */
export function isRetained({ cfnOptions: { deletionPolicy } }: CfnResource): boolean {
  return deletionPolicy === CfnDeletionPolicy.RETAIN || deletionPolicy === CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE;
}

/**
 * By default twice a year, at a day and hour that follow from the domain: hundreds of domains do not rotate at once.
 * `rate()` counts from the last rotation, so it serves an interval in days.
 */
function scheduleOf(scope: Construct, domain: string, { interval, schedule }: RotatingKeyOptions): string {
  if (schedule !== undefined) return schedule;
  if (interval) return `rate(${Tokenization.stringifyNumber(interval.toDays())} day${interval.toDays() === 1 ? '' : 's'})`;
  const name = Token.isUnresolved(domain) ? Names.nodeUniqueId(scope.node) : domain;
  const hash = createHash('sha256').update(name).digest();
  return `cron(0 ${hash[0] % 24} ${1 + hash[1] % 28} ${1 + hash[2] % 6}/6 ? *)`;
}
