// One IAM policy document for many permissions: permissions of one kind become one statement, and its
// size is estimated.
import { Stack, Token } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';
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

/** One permission as it counts in the size of a document. */
export interface MeasuredPermission {
  readonly kind: string;
  /** Characters of its statement without the resources and the values of conditions. */
  readonly statement: number;
  readonly texts: readonly { readonly list: string; readonly key: string; readonly length: number }[];
}

/**
 * Measures permissions as they can be at deployment at the most. Synthesis does not know the value of a token, so each
 * token counts with the longest value of its kind.
 */
export function measure(stack: Stack, permissions: readonly Permission[]): MeasuredPermission[] {
  return permissions.map(permission => {
    const { kind, conditions = {}, maxTokenInResource, maxTokenInCondition = MAX_REGION } = permission;
    const textsOf = (list: string, values: string[], maxToken: number) => values.map(text => ({
      list: `${kind} ${list}`,
      key: comparisonKey(stack, text),
      length: maxLength(stack, stack.resolve(text), maxToken),
    }));
    const lists = Object.entries(conditions).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, values]) => ({ list: `${operator} ${key}`, values })));
    const [empty] = render([{ ...permission, resources: [''], conditions: mapConditions(conditions, () => ['']) }])
      .Statement;
    const texts = [
      ...textsOf('Resource', permission.resources, maxTokenInResource),
      ...lists.flatMap(({ list, values }) => textsOf(list, values, maxTokenInCondition)),
    ];
    const withConditions = { ...empty, Condition: permission.conditions && empty.Condition };
    return { kind, statement: JSON.stringify(withConditions).length - 2 * (1 + lists.length), texts };
  });
}

/** The largest size that a document can have at deployment, in characters. It grows as permissions are added. */
export class DocumentSize {
  private size = JSON.stringify(render([])).length;
  private readonly kinds = new Set<string>();
  private readonly lists = new Map<string, Set<string>>();

  public get characters(): number {
    return this.size;
  }

  /** Adds them, and returns true, if the document then is no larger than the limit. Otherwise it stays as it is. */
  public add(permissions: readonly MeasuredPermission[], limit = Infinity): boolean {
    const kinds = new Map(permissions.filter(({ kind }) => !this.kinds.has(kind)).map(each => [each.kind, each]));
    const commas = (statements: number) => Math.max(0, statements - 1);
    let size = this.size + commas(this.kinds.size + kinds.size) - commas(this.kinds.size);
    for (const { statement } of kinds.values()) size += statement;
    const added = new Map<string, Set<string>>();
    for (const { list, key, length } of permissions.flatMap(({ texts }) => texts)) {
      const [there, more] = [this.lists.get(list), added.get(list) ?? new Set<string>()];
      if (there?.has(key) || more.has(key)) continue;
      const before = (there?.size ?? 0) + more.size;
      size += length + '""'.length + (before > 0 ? ','.length : 0) + (before === 1 ? '[]'.length : 0);
      added.set(list, more.add(key));
    }
    if (size > limit) return false;
    this.size = size;
    for (const kind of kinds.keys()) this.kinds.add(kind);
    for (const [list, more] of added) {
      const there = this.lists.get(list);
      if (there) more.forEach(key => there.add(key));
      else this.lists.set(list, more);
    }
    return true;
  }
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

/** The partition of a Region that synthesis knows is known, too. */
function maxPartition({ region }: Stack): number {
  const known = Token.isUnresolved(region) ? undefined : RegionInfo.get(region).partition;
  return (known ?? 'aws-us-gov').length;
}

/**
 * The longest that a resolved text can be at deployment. @param maxToken for a token that is no pseudo
 * parameter
 */
function maxLength(stack: Stack, resolved: any, maxToken: number): number {
  if (typeof resolved === 'string') return resolved.length;
  const [delimiter, parts] = resolved?.['Fn::Join'] ?? [];
  if (Array.isArray(parts)) {
    const delimiters = delimiter.length * (parts.length - 1);
    return parts.reduce((sum, part) => sum + maxLength(stack, part, maxToken), delimiters);
  }
  switch (resolved?.Ref) {
    case 'AWS::Partition': return maxPartition(stack);
    case 'AWS::Region': return MAX_REGION;
    case 'AWS::AccountId': return 12;
    default: return maxToken;
  }
}
