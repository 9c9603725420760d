// IAM policy documents and what they say about one request: statements, wildcards, conditions. Knows no roles.

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: '*' | Record<string, string | string[]>;
  readonly Action?: string | string[];
  readonly NotAction?: string | string[];
  readonly Resource?: string | string[];
  readonly NotResource?: string | string[];
  readonly Condition?: Record<string, Record<string, string | boolean | (string | boolean)[]>>;
}

export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: PolicyStatement | PolicyStatement[];
}

export interface PolicyRequest {
  readonly action: string;
  /** Left out for a document that has no Resource, such as a role's trust. */
  readonly resource?: string;
  /** Condition keys with their values; a key that the request does not have is left out. */
  readonly context: Record<string, string[]>;
}

export type Effect = 'Allow' | 'Deny' | 'None';

/** What these documents say together: a Deny beats every Allow. */
export function evaluate(documents: Iterable<PolicyDocument>, request: PolicyRequest): Effect {
  const effects = new Set([...documents].flatMap(statementsOf).filter((each) => applies(each, request)).map((each) =>
    each.Effect));
  return effects.has('Deny') ? 'Deny' : effects.has('Allow') ? 'Allow' : 'None';
}

export function statementsOf(document: PolicyDocument): PolicyStatement[] {
  return listOf(document.Statement);
}

/** Whether action, resource and conditions of a statement fit the request; its Principal is for the caller to judge. */
export function applies(statement: PolicyStatement, request: PolicyRequest): boolean {
  return matchesAction(statement, request.action)
    && matchesResource(statement, request.resource)
    && Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) =>
        holds(operator, valuesOf(request.context, key), listOf(wanted).map(String))));
}

export function listOf<T>(value: T | T[] | undefined): T[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function matchesAction(statement: PolicyStatement, action: string): boolean {
  // Actions are the one part that IAM compares without regard to case.
  const fits = (patterns: string[]) => patterns.some((pattern) => like(pattern.toLowerCase(), action.toLowerCase()));
  return statement.NotAction ? !fits(listOf(statement.NotAction)) : fits(listOf(statement.Action));
}

function matchesResource(statement: PolicyStatement, resource: string | undefined): boolean {
  if (resource === undefined) return true;
  const fits = (patterns: string[]) => patterns.some((pattern) => like(pattern, resource));
  return statement.NotResource ? !fits(listOf(statement.NotResource)) : fits(listOf(statement.Resource));
}

/** Condition keys, unlike their values, are compared without regard to case. */
function valuesOf(context: Record<string, string[]>, key: string): string[] | undefined {
  return Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}

const COMPARISONS: Record<string, (wanted: string, found: string) => boolean> = {
  StringEquals: (wanted, found) => wanted === found,
  StringEqualsIgnoreCase: (wanted, found) => wanted.toLowerCase() === found.toLowerCase(),
  StringLike: like,
  ArnEquals: like, // IAM treats both ARN operators alike
  ArnLike: like,
  Bool: (wanted, found) => wanted.toLowerCase() === found.toLowerCase(),
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
function holds(operator: string, found: string[] | undefined, wanted: string[]): boolean {
  if (operator === 'Null') return wanted.includes(String(found === undefined));
  const [, set, name, ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  const negated = name?.includes('Not') ?? false;
  const compare = COMPARISONS[name?.replace('Not', '')];
  // Silently ignoring a condition would allow, in a test, what real IAM denies.
  if (!compare) {
    throw new Error(`The local IAM does not know the condition operator '${operator}'; add it to `
      + 'test/cloud/iam-policy.ts');
  }
  if (found === undefined && ifExists) return true;
  const matches = (value: string) => wanted.some((pattern) => compare(pattern, value)) !== negated;
  // As in IAM, ForAllValues also holds when the request does not have the key at all.
  if (set === 'ForAllValues') return (found ?? []).every(matches);
  if (set === 'ForAnyValue') return (found ?? []).some(matches);
  return found === undefined ? negated : found.every(matches);
}

/** By pattern: a policy is asked at each call. */
const expressions = new Map<string, RegExp>();

/** `*` and `?` as IAM means them. */
function like(pattern: string, value: string): boolean {
  const expression = expressions.get(pattern) ?? expressionOf(pattern);
  expressions.set(pattern, expression);
  return expression.test(value);
}

function expressionOf(pattern: string): RegExp {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.');
  return new RegExp(`^${source}$`, 's');
}
