// One IAM policy document for many permissions: permissions of one kind become one statement, and its
// size is estimated.
import { Stack } from 'aws-cdk-lib';
import { comparisonKey } from './comparison-key';
import { Permission } from './permissions';

/**
 * IAM's limit for a managed policy, in characters without white space:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const MAX_POLICY_SIZE = 6144;

interface Statement {
  readonly Effect: 'Allow';
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: { [operator: string]: { [key: string]: string | string[] } };
}

interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: Statement[];
}

/**
 * The document for these permissions. It has a resource that several identities need, such as a shared
 * zone, once.
 */
export function policyDocument(stack: Stack, permissions: readonly Permission[]): PolicyDocument {
  return render(merge(stack, permissions));
}

/**
 * The largest size that the document can have at deployment, in characters. Synthesis does not know the
 * value of a token, so each token counts with the longest value of its kind.
 */
export function maxDocumentSize(stack: Stack, permissions: readonly Permission[]): number {
  const fill = (text: string, maxToken: number) => 'x'.repeat(maxLength(stack.resolve(text), maxToken));
  const filled = merge(stack, permissions).map(permission => ({
    ...permission,
    resources: permission.resources.map(text => fill(text, permission.maxTokenInResource)),
    conditions: permission.conditions && mapConditions(permission.conditions, values =>
      values.map(text => fill(text, permission.maxTokenInCondition ?? MAX_REGION))),
  }));
  return JSON.stringify(render(filled)).length;
}

/**
 * Gives one permission for each kind, with the resources and the condition values of all permissions of
 * that kind.
 */
function merge(stack: Stack, permissions: readonly Permission[]): Permission[] {
  const kinds = new Map<string, Permission[]>();
  for (const permission of permissions) {
    kinds.set(permission.kind, [...kinds.get(permission.kind) ?? [], permission]);
  }
  return [...kinds.values()].map(sameKind => ({
    ...sameKind[0],
    resources: distinct(stack, sameKind.flatMap(permission => permission.resources)),
    conditions: sameKind[0].conditions && mapConditions(sameKind[0].conditions, (_, operator, key) =>
      distinct(stack, sameKind.flatMap(permission => permission.conditions?.[operator][key] ?? []))),
  }));
}

function distinct(stack: Stack, texts: string[]): string[] {
  if (texts.length === 1) return texts; // the usual case; resolving a token is slow
  return [...new Map(texts.map(text => [comparisonKey(stack, text), text])).values()];
}

function render(permissions: Permission[]): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: permissions.map(permission => ({
      Effect: 'Allow',
      Action: withoutListOfOne(permission.actions),
      Resource: withoutListOfOne(permission.resources),
      Condition: permission.conditions && mapConditions(permission.conditions, withoutListOfOne),
    })),
  };
}

/** IAM takes one value without a list, which makes the document shorter. */
function withoutListOfOne(values: string[]): string | string[] {
  return values.length === 1 ? values[0] : values;
}

function mapConditions<T>(
  conditions: NonNullable<Permission['conditions']>,
  change: (values: string[], operator: string, key: string) => T,
): { [operator: string]: { [key: string]: T } } {
  return Object.fromEntries(Object.entries(conditions).map(([operator, keys]) => [
    operator,
    Object.fromEntries(Object.entries(keys).map(([key, values]) => [key, change(values, operator, key)])),
  ]));
}

/**
 * `ap-northeast-1` and `us-isob-east-1` have 14 characters. Two more are for Regions that AWS opens
 * later.
 */
const MAX_REGION = 16;

const MAX_PSEUDO_PARAMETER: { readonly [name: string]: number } = {
  'AWS::Partition': 'aws-us-gov'.length,
  'AWS::Region': MAX_REGION,
  'AWS::AccountId': 12,
};

/**
 * The longest that a resolved text can be at deployment. @param maxToken for a token that is no pseudo
 * parameter
 */
function maxLength(resolved: any, maxToken: number): number {
  if (typeof resolved === 'string') return resolved.length;
  const [delimiter, parts] = resolved?.['Fn::Join'] ?? [];
  if (Array.isArray(parts)) {
    const delimiters = delimiter.length * (parts.length - 1);
    return parts.reduce((sum, part) => sum + maxLength(part, maxToken), delimiters);
  }
  return MAX_PSEUDO_PARAMETER[resolved?.Ref] ?? maxToken;
}
