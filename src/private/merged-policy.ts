// Many rights in one policy document that IAM takes: rights of one kind become one statement, and the size is reckoned before it is full.
import { Stack } from 'aws-cdk-lib';
import { meaningOf } from './meaning';
import { Right } from './rights';

/** Non-white-space characters of a managed policy: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
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

/** The document for these rights. What several identities need, such as the zone they share, is in it once. */
export function policyDocument(stack: Stack, rights: readonly Right[]): PolicyDocument {
  return render(merge(stack, rights));
}

/**
 * The most characters that the document can have once CloudFormation has put in what is known only at deployment: the longest partition,
 * Region and account in use, and for any other value the longest of its kind.
 */
export function reckonedSize(stack: Stack, rights: readonly Right[]): number {
  const filler = (text: string, longestToken: number) => 'x'.repeat(longestText(stack.resolve(text), longestToken));
  const longest = merge(stack, rights).map(right => ({
    ...right,
    resources: right.resources.map(text => filler(text, right.longestInResource)),
    conditions: right.conditions && mapConditions(right.conditions, values =>
      values.map(text => filler(text, right.longestInCondition ?? LONGEST_REGION))),
  }));
  return JSON.stringify(render(longest)).length;
}

function merge(stack: Stack, rights: readonly Right[]): Right[] {
  const kinds = new Map<string, Right[]>();
  for (const right of rights) {
    kinds.set(right.kind, [...kinds.get(right.kind) ?? [], right]);
  }
  return [...kinds.values()].map(alike => ({
    ...alike[0],
    resources: distinct(stack, alike.flatMap(right => right.resources)),
    conditions: alike[0].conditions && mapConditions(alike[0].conditions, (_, operator, key) =>
      distinct(stack, alike.flatMap(right => right.conditions?.[operator][key] ?? []))),
  }));
}

function distinct(stack: Stack, texts: string[]): string[] {
  if (texts.length === 1) return texts; // of most kinds in most stacks; to resolve a token takes its time
  return [...new Map(texts.map(text => [meaningOf(stack, text), text])).values()];
}

function render(rights: Right[]): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: rights.map(right => ({
      Effect: 'Allow',
      Action: single(right.actions),
      Resource: single(right.resources),
      Condition: right.conditions && mapConditions(right.conditions, single),
    })),
  };
}

function single(values: string[]): string | string[] {
  return values.length === 1 ? values[0] : values;
}

function mapConditions<T>(
  conditions: NonNullable<Right['conditions']>,
  change: (values: string[], operator: string, key: string) => T,
): { [operator: string]: { [key: string]: T } } {
  return Object.fromEntries(Object.entries(conditions).map(([operator, keys]) => [
    operator,
    Object.fromEntries(Object.entries(keys).map(([key, values]) => [key, change(values, operator, key)])),
  ]));
}

/** `ap-northeast-1` has 14, `us-isob-east-1` too; two to spare for Regions to come. */
const LONGEST_REGION = 16;

const LONGEST_PSEUDO_PARAMETER: { readonly [name: string]: number } = {
  'AWS::Partition': 'aws-us-gov'.length,
  'AWS::Region': LONGEST_REGION,
  'AWS::AccountId': 12,
};

/** What is not there yet, or only CloudFormation can put together, has as many characters as its kind may have. */
function longestText(resolved: any, longestToken: number): number {
  if (typeof resolved === 'string') return resolved.length;
  const [delimiter, parts] = resolved?.['Fn::Join'] ?? [];
  if (Array.isArray(parts)) {
    return parts.reduce((sum, part) => sum + longestText(part, longestToken), delimiter.length * (parts.length - 1));
  }
  return LONGEST_PSEUDO_PARAMETER[resolved?.Ref] ?? longestToken;
}
