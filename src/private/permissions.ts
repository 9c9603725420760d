// The IAM permissions of the function for one identity: only the calls that it makes, only on the
// resources that it uses.
import { Stack } from 'aws-cdk-lib';

/**
 * Permissions of one kind become one statement of a policy. They have the same actions and the same
 * condition keys. The statement lists the resources and the condition values of all of them.
 */
export interface Permission {
  readonly kind: string;
  readonly actions: string[];
  readonly resources: string[];
  readonly conditions?: { readonly [operator: string]: { readonly [key: string]: string[] } };
  /** Length of the longest value that a token in a resource can have at deployment, in characters. */
  readonly maxTokenInResource: number;
  /** The same for a token in a condition value. */
  readonly maxTokenInCondition?: number;
  /** Why the resource ends in a wildcard. */
  readonly reasonForWildcard?: string;
}

/** https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4 */
const MAX_DOMAIN = 253;

/** https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html */
const MAX_ZONE_ID = 32;

/** https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html */
const MAX_SCHEDULE_GROUP = 64;

/**
 * The longest ARN that CloudFormation creates. Partition, service, Region and account take at most 80
 * characters. 80 more are for the name. Names of IAM and Lambda have at most 64. CloudFormation makes
 * the name of a secret from its logical id.
 */
const MAX_ARN = 160;

/** Reads the identity and sets how it signs. */
export function identityPermission(stack: Stack, region: string, domain: string): Permission {
  return {
    kind: 'identity',
    actions: ['ses:GetEmailIdentity', 'ses:PutEmailIdentityDkimSigningAttributes'],
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
      reasonForWildcard: 'route53:GetChange knows no other resource than the change, and its id is not known before it '
        + 'is made.',
      maxTokenInResource: 0,
    },
  ];
}

/**
 * Assumes the role that can change the hosted zone. The owner of the role decides what the role allows.
 */
export function assumeRolePermission(roleArn: string): Permission {
  return { kind: 'role', actions: ['sts:AssumeRole'], resources: [roleArn], maxTokenInResource: MAX_ARN };
}

/** Reads the private key. */
export function secretPermission(secretArn: string): Permission {
  return {
    kind: 'secret',
    actions: ['secretsmanager:GetSecretValue'],
    resources: [secretArn],
    maxTokenInResource: MAX_ARN,
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

/** Invokes the function itself again, for work that takes longer than one invocation. */
export function selfInvokePermission(functionArn: string): Permission {
  return {
    kind: 'continue',
    actions: ['lambda:InvokeFunction'],
    resources: [functionArn],
    maxTokenInResource: MAX_ARN,
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

function identityArn(stack: Stack, region: string, domain: string): string {
  return stack.formatArn({ service: 'ses', region, resource: 'identity', resourceName: domain });
}

/** Route 53 is global: its ARNs have no Region and no account. */
function route53Arn(stack: Stack, resource: string, resourceName: string): string {
  return stack.formatArn({ service: 'route53', region: '', account: '', resource, resourceName });
}
