// What the handler may do for one identity, as IAM rights: no more than the calls it makes, on the resources it makes them on.
import { Stack } from 'aws-cdk-lib';

/**
 * Rights of one kind make one statement of a policy: resources and values of conditions are united. They have the same actions, and
 * conditions on the same keys.
 */
export interface Right {
  readonly kind: string;
  readonly actions: string[];
  readonly resources: string[];
  readonly conditions?: { readonly [operator: string]: { readonly [key: string]: string[] } };
  /** The most characters that a value which is known only at deployment can have in one of the resources. */
  readonly longestInResource: number;
  /** The same for the values of the conditions. */
  readonly longestInCondition?: number;
}

/** https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4 */
const LONGEST_DOMAIN = 253;

/** https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html */
const LONGEST_ZONE_ID = 32;

/**
 * ARNs made by CloudFormation: partition, Region, account and a name. IAM and Lambda names have at most 64 characters; 160 leaves 80 for
 * the name of a secret, which CloudFormation makes from the logical id.
 */
const LONGEST_ARN = 160;

/** Reading an identity and setting how it signs: both actions know the identity as their resource. */
export function identityRights(stack: Stack, region: string, domain: string): Right {
  return {
    kind: 'identity',
    actions: ['ses:GetEmailIdentity', 'ses:PutEmailIdentityDkimSigningAttributes'],
    resources: [identityArn(stack, region, domain)],
    longestInResource: LONGEST_DOMAIN,
  };
}

/**
 * Using an identity of another Region as the parent, and looking first whether it can be one:
 * https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-deed.html
 */
export function replicationRights(stack: Stack, parentRegion: string, replicaRegion: string, domain: string): Right[] {
  const resources = [identityArn(stack, parentRegion, domain)];
  return [
    { kind: 'read parent', actions: ['ses:GetEmailIdentity'], resources, longestInResource: LONGEST_DOMAIN },
    {
      kind: `replication to ${replicaRegion}`,
      actions: ['ses:ReplicateEmailIdentityDkimSigningKey'],
      resources,
      conditions: { 'ForAllValues:StringEquals': { 'ses:ReplicaRegion': [replicaRegion] } },
      longestInResource: LONGEST_DOMAIN,
    },
  ];
}

/**
 * Reading a zone, and changing nothing in it but DKIM records of the domain.
 *
 * All names below `_domainkey.<domain>` are allowed: the tokens of Easy DKIM are not known at synthesis, and a superseded selector has to
 * stay deletable. The handler creates and deletes, it never sends UPSERT.
 */
export function zoneRights(stack: Stack, hostedZoneId: string, domain: string): Right[] {
  const zoneArn = stack.formatArn({ service: 'route53', region: '', account: '', resource: 'hostedzone', resourceName: hostedZoneId });
  return [
    {
      kind: 'read zone',
      actions: ['route53:GetHostedZone', 'route53:ListResourceRecordSets'],
      resources: [zoneArn],
      longestInResource: LONGEST_ZONE_ID,
    },
    {
      kind: 'change zone',
      actions: ['route53:ChangeResourceRecordSets'],
      resources: [zoneArn],
      conditions: {
        'ForAllValues:StringLike': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': [`*._domainkey.${domain}`] },
        'ForAllValues:StringEquals': {
          'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME', 'TXT'],
          'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
        },
        // ForAllValues is also true for a request without the key:
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
        'Null': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['false'] },
      },
      longestInResource: LONGEST_ZONE_ID,
      longestInCondition: LONGEST_DOMAIN,
    },
    {
      kind: 'watch change',
      actions: ['route53:GetChange'],
      resources: [anyChangeArn(stack)],
      longestInResource: 0,
    },
  ];
}

/** The id of a change is not known before it is made, and GetChange knows no zone: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/r53-api-permissions-ref.html */
export function anyChangeArn(stack: Stack): string {
  return stack.formatArn({ service: 'route53', region: '', account: '', resource: 'change', resourceName: '*' });
}

/** Becoming the role that may change the zone; what that role may do is decided where it is made. */
export function roleRights(roleArn: string): Right {
  return { kind: 'role', actions: ['sts:AssumeRole'], resources: [roleArn], longestInResource: LONGEST_ARN };
}

/** Reading the private key. */
export function secretRights(secretArn: string): Right {
  return { kind: 'secret', actions: ['secretsmanager:GetSecretValue'], resources: [secretArn], longestInResource: LONGEST_ARN };
}

/** Decrypting the secret, through Secrets Manager only. The service's name ends differently in some partitions, so its end is left open. */
export function decryptRights(keyArn: string, secretRegion: string): Right {
  return {
    kind: `decrypt in ${secretRegion}`,
    actions: ['kms:Decrypt'],
    resources: [keyArn],
    conditions: { StringLike: { 'kms:ViaService': [`secretsmanager.${secretRegion}.*`] } },
    longestInResource: LONGEST_ARN,
  };
}

/** A wait longer than one invocation is continued in a further one. */
export function continueRights(functionArn: string): Right {
  return { kind: 'continue', actions: ['lambda:InvokeFunction'], resources: [functionArn], longestInResource: LONGEST_ARN };
}

function identityArn(stack: Stack, region: string, domain: string): string {
  return stack.formatArn({ service: 'ses', region, resource: 'identity', resourceName: domain });
}
