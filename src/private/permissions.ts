// The IAM permissions of the function, for one identity and for itself: only the calls that it makes, only
// on the resources that it uses.
import { ArnFormat, Stack, Token } from 'aws-cdk-lib';
import { OWNER_LABEL_PREFIX, ROTATION_TAG_PREFIX } from './contract';

/**
 * Permissions of one kind become one statement of a policy. They have the same actions and the same
 * condition keys. The statement lists the resources and the condition values of all of them.
 */
export interface Permission {
  readonly kind: string;
  readonly actions: string[];
  readonly resources: string[];
  readonly conditions?: { readonly [operator: string]: { readonly [key: string]: string[] } };
  /**
   * Names that the handler needs once more after they have changed, to release what it has made under the
   * old ones.
   */
  readonly namesToRelease?: string[];
  /** Length of the longest value that a token in a resource can have at deployment, in characters. */
  readonly maxTokenInResource: number;
  /** The same for a token in a condition value. */
  readonly maxTokenInCondition?: number;
  /** Why the resource ends in a wildcard. */
  readonly reasonForWildcard?: string;
  /** A shorter one, in a stack with more identities than the policies of a role have room for. */
  readonly wider?: Permission;
}

/** By ARN. */
export function reasonsForWildcards(permissions: readonly Permission[]): Map<string, string> {
  return new Map(permissions.flatMap(({ resources, reasonForWildcard: reason }) =>
    reason === undefined ? [] : resources.map(arn => [arn, reason] as const)));
}

/** https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4 */
const MAX_DOMAIN = 253;

/** https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html */
const MAX_ZONE_ID = 32;

/** https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html */
const MAX_SCHEDULE_GROUP = 64;

/**
 * What an ARN has before the name: partition, service, Region and account.
 */
const MAX_ARN_PREFIX = 80;

/** The longest ARN of IAM, Lambda and KMS that CloudFormation creates. Names there have at most 64 characters. */
const MAX_ARN = MAX_ARN_PREFIX + 80;

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html */
const MAX_SECRET_NAME = 512;

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html */
const MAX_STACK_NAME = 128;

/** A stack's id ends in a slash and 36 characters of its own. */
const STACK_ID_END = 1 + 36;

/** Reads the identity, sets how it signs, and writes down in a tag that this library has done so. */
export function identityPermission(stack: Stack, region: string, domain: string): Permission {
  const { actions, ...changeKey } = changeKeyPermission(stack, region, domain);
  return { ...changeKey, kind: 'identity', actions: [...actions, 'ses:UntagResource'], namesToRelease: [region, domain] };
}

/** The same without what only the end of a signing needs. */
export function changeKeyPermission(stack: Stack, region: string, domain: string): Permission {
  return {
    kind: 'change key',
    actions: ['ses:GetEmailIdentity', 'ses:PutEmailIdentityDkimSigningAttributes', 'ses:TagResource'],
    resources: [identityArn(stack, region, domain)],
    conditions: { 'ForAllValues:StringLike': { 'aws:TagKeys': [`${OWNER_LABEL_PREFIX}*`] } },
    maxTokenInResource: MAX_DOMAIN,
  };
}

/** Reads the identity, and nothing else. */
export function lookPermission(stack: Stack, region: string, domain: string): Permission {
  return {
    kind: 'look',
    actions: ['ses:GetEmailIdentity'],
    resources: [identityArn(stack, region, domain)],
    maxTokenInResource: MAX_DOMAIN,
  };
}

/**
 * Reads the parent identity of a replica, and uses the keys of the parent. The handler reads the parent
 * first to check that it can be a parent:
 * https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-deed.html
 */
export function replicationPermissions(
  stack: Stack, parentRegion: string, replicaRegion: string, domain: string,
): Permission[] {
  const resources = [identityArn(stack, parentRegion, domain)];
  return [
    { kind: 'read parent', actions: ['ses:GetEmailIdentity'], resources, maxTokenInResource: MAX_DOMAIN },
    {
      kind: `replication to ${replicaRegion}`,
      actions: ['ses:ReplicateEmailIdentityDkimSigningKey'],
      resources,
      conditions: { 'ForAllValues:StringEquals': { 'ses:ReplicaRegion': [replicaRegion] } },
      maxTokenInResource: MAX_DOMAIN,
    },
  ];
}

/**
 * Reads a hosted zone, and changes only the DKIM records of the domain in it.
 *
 * The policy allows every name below `_domainkey.<domain>`, for two reasons. Synthesis does not know
 * the tokens of Easy DKIM. And the function must be able to delete the record of a superseded selector,
 * which the template no longer names. The policy does not allow UPSERT, because the handler never
 * overwrites a record unseen.
 */
export function zonePermissions(stack: Stack, hostedZoneId: string, domain: string): Permission[] {
  const zoneArn = route53Arn(stack, 'hostedzone', hostedZoneId);
  return [
    {
      kind: 'read zone',
      actions: ['route53:GetHostedZone', 'route53:ListResourceRecordSets'],
      resources: [zoneArn],
      namesToRelease: [hostedZoneId],
      maxTokenInResource: MAX_ZONE_ID,
    },
    {
      kind: 'change zone',
      actions: ['route53:ChangeResourceRecordSets'],
      resources: [zoneArn],
      conditions: {
        'ForAllValues:StringLike': {
          'route53:ChangeResourceRecordSetsNormalizedRecordNames': [`*._domainkey.${domain}`],
        },
        'ForAllValues:StringEquals': {
          'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME', 'TXT'],
          'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
        },
        // ForAllValues is also true for a request without the key, so the request must have the key:
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
        'Null': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['false'] },
      },
      maxTokenInResource: MAX_ZONE_ID,
      maxTokenInCondition: MAX_DOMAIN,
    },
    {
      kind: 'read change',
      actions: ['route53:GetChange'],
      // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/r53-api-permissions-ref.html
      resources: [route53Arn(stack, 'change', '*')],
      reasonForWildcard: 'route53:GetChange knows no other resource than a change',
      maxTokenInResource: 0,
    },
  ];
}

/**
 * Assumes the role that can change the hosted zone. The owner of the role decides what the role allows.
 */
export function assumeRolePermission(roleArn: string): Permission {
  return {
    kind: 'role',
    actions: ['sts:AssumeRole'],
    resources: [roleArn],
    namesToRelease: [roleArn],
    maxTokenInResource: MAX_ARN,
  };
}

/**
 * Reads the private key.
 *
 * @param maxName length of the secret's name, if synthesis knows it
 */
export function secretPermission(secretArn: string, maxName?: number): Permission {
  return {
    kind: 'secret',
    actions: ['secretsmanager:GetSecretValue'],
    resources: [secretArn],
    maxTokenInResource: maxSecretArn(maxName),
  };
}

/**
 * Decrypts the secret, but only through Secrets Manager. The DNS suffix of the service differs between
 * partitions, so the condition has a wildcard for it.
 */
export function decryptPermission(keyArn: string, secretRegion: string): Permission {
  return {
    kind: `decrypt in ${secretRegion}`,
    actions: ['kms:Decrypt'],
    resources: [keyArn],
    conditions: { StringLike: { 'kms:ViaService': [`secretsmanager.${secretRegion}.*`] } },
    maxTokenInResource: MAX_ARN,
  };
}

/**
 * Stores the keys of a rotating key, reads them, and says which is the current one. The secret is for
 * nothing else, and the app creates it.
 *
 * @param maxLength of the ARN
 */
export function keyStorePermission(stack: Stack, secretArn: string, maxLength: number): Permission {
  const actions = [
    'secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue',
    'secretsmanager:UpdateSecretVersionStage',
  ];
  return {
    kind: 'keys',
    actions,
    resources: [secretArn],
    maxTokenInResource: maxLength,
    wider: {
      kind: 'all keys',
      actions,
      resources: [stack.formatArn({
        service: 'secretsmanager', resource: 'secret', resourceName: '*', arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      })],
      conditions: { StringEquals: { [`aws:ResourceTag/${ROTATION_TAG_PREFIX}StackId`]: [stack.stackId] } },
      reasonForWildcard: 'The tag limits it to the keys of this stack, whose ARNs find no room in the policies of a role.',
      maxTokenInResource: 0,
      maxTokenInCondition: longestArn('cloudformation', 'stack/', MAX_STACK_NAME + STACK_ID_END),
    },
  };
}

/** Sees when the keys of a rotating key change, and reads none. */
export function describeSecretPermission(secretArn: string, maxLength: number): Permission {
  return {
    kind: 'describe secret', actions: ['secretsmanager:DescribeSecret'], resources: [secretArn], maxTokenInResource: maxLength,
  };
}

/** How long the ARN of a secret can be whose name has so many characters. */
export function maxSecretArn(name = MAX_SECRET_NAME): number {
  return MAX_ARN_PREFIX + name + '-??????'.length;
}

/** The same for the KMS key of that secret: storing a key encrypts it. */
export function encryptPermission(keyArn: string, secretRegion: string): Permission {
  return { ...decryptPermission(keyArn, secretRegion), kind: `encrypt in ${secretRegion}`, actions: ['kms:Decrypt', 'kms:GenerateDataKey'] };
}

/** Invokes the function itself again, for work that takes longer than one invocation. */
export function selfInvokePermission(functionArn: string): Permission {
  return {
    kind: 'continue',
    actions: ['lambda:InvokeFunction'],
    resources: [functionArn],
    maxTokenInResource: longestArn('lambda', 'function:', 64),
  };
}

/**
 * Has the function called again later, by a schedule of the group of the stack. The role that the
 * schedule takes may be given to EventBridge Scheduler only.
 */
export function schedulePermissions(stack: Stack, group: string, roleArn: string): Permission[] {
  return [
    {
      kind: 'schedule',
      actions: ['scheduler:CreateSchedule'],
      resources: [stack.formatArn({ service: 'scheduler', resource: 'schedule', resourceName: `${group}/*` })],
      reasonForWildcard: 'A schedule is named after the request that waits, and the group is for nothing else.',
      maxTokenInResource: MAX_SCHEDULE_GROUP,
    },
    {
      kind: 'pass role',
      actions: ['iam:PassRole'],
      resources: [roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': ['scheduler.amazonaws.com'] } },
      maxTokenInResource: MAX_ARN,
    },
  ];
}

/** Where the function writes its log. */
export interface FunctionLog {
  readonly arn: string;
  /** Whether the log group is made by this library. CloudFormation names it after the stack. */
  readonly isOwn: boolean;
  /** Whether Lambda makes the log group, with the rights of the role, when the function first writes. */
  readonly isCreatedByLambda: boolean;
}

/**
 * Writes the log, and asks the stack what an event does not say: whether an Update is a rollback, or
 * whether a failed resource has been created again.
 *
 * It is one statement, because room is short. IAM looks at an action only for the
 * resources that the action knows.
 */
export function ownPermission(stack: Stack, log: FunctionLog): Permission {
  const { actions, resources, maxTokenInResource } = logPermission(stack, log);
  return {
    kind: 'own',
    actions: ['cloudformation:DescribeStackResource', 'cloudformation:DescribeStacks', ...actions],
    resources: [stack.stackId, ...resources],
    maxTokenInResource,
  };
}

/** Writes the log. */
export function logPermission(stack: Stack, log: FunctionLog): Permission {
  const stackName = Token.isUnresolved(stack.stackName) ? MAX_STACK_NAME : stack.stackName.length;
  return {
    kind: 'log',
    actions: [
      // AWSLambdaBasicExecutionRole would allow writing to every log group. The function would then also
      // create its log group again after the stack has deleted it.
      ...log.isCreatedByLambda ? ['logs:CreateLogGroup'] : [],
      'logs:CreateLogStream',
      'logs:PutLogEvents',
    ],
    resources: [log.arn],
    // A stack's id is longer than what CloudFormation calls the log group.
    maxTokenInResource: log.isOwn
      ? longestArn('cloudformation', 'stack/', stackName + STACK_ID_END)
      : longestArn('logs', 'log-group::*', 512),
  };
}

/**
 * Attaches the function to a VPC. Lambda makes and deletes the network interfaces with the rights of the
 * role. It does not know their ids before, and EC2 takes nothing narrower than `*` for what describes:
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
 *
 * The condition keeps the rights from the code of the function: a call of the code has that key, and a
 * call of Lambda itself has not.
 */
export function networkPermissions(stack: Stack): Permission[] {
  const onlyLambdaItself = { Null: { 'lambda:SourceFunctionArn': ['true'] } };
  return [
    {
      kind: 'read network',
      actions: ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'],
      resources: ['*'],
      conditions: onlyLambdaItself,
      maxTokenInResource: 0,
    },
    {
      kind: 'change network',
      actions: [
        'ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface',
        'ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses',
      ],
      resources: [stack.formatArn({ service: 'ec2', resource: '*', resourceName: '*' })],
      conditions: onlyLambdaItself,
      maxTokenInResource: 0,
    },
  ];
}

/** The length of an ARN whose name has so many characters. */
function longestArn(service: string, fixed: string, name: number): number {
  return `arn:aws-us-gov:${service}:us-isob-east-1__:111111111111:${fixed}`.length + name;
}

function identityArn(stack: Stack, region: string, domain: string): string {
  return stack.formatArn({ service: 'ses', region, resource: 'identity', resourceName: domain });
}

/** Route 53 is global: its ARNs have no Region and no account. */
function route53Arn(stack: Stack, resource: string, resourceName: string): string {
  return stack.formatArn({ service: 'route53', region: '', account: '', resource, resourceName });
}
