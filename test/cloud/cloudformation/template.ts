// What a template means: parameters, conditions and intrinsic functions.
import { Template } from './stack';

/** Where an evaluation happens: everything that the values of a template can refer to. */
export interface Scope {
  readonly template: Template;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly conditions: Readonly<Record<string, boolean>>;
  /** `Ref` of a resource. */
  readonly ref: (logicalId: string) => string;
  /** `Fn::GetAtt` */
  readonly attribute: (logicalId: string, name: string) => unknown;
  readonly importValue: (name: string) => string;
}

/** The stack that pseudo parameters speak of. */
export interface StackIdentity {
  readonly id: string;
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly partition: string;
}

type Intrinsic = (argument: any, scope: Scope) => unknown;

/** What `AWS::NoValue` stands for: whatever holds it loses it. */
const NO_VALUE = Symbol('AWS::NoValue');

const INTRINSICS: Record<string, Intrinsic> = {
  'Ref': (name: string, scope) => reference(name, scope),
  'Fn::GetAtt': (argument, scope) => {
    const [logicalId, name] = attributePath(argument);
    return scope.attribute(logicalId, text(evaluated(name, scope), 'Fn::GetAtt'));
  },
  'Fn::Join': ([delimiter, values], scope) =>
    list(evaluated(values, scope), 'Fn::Join').map((each) => text(each, 'Fn::Join')).join(delimiter),
  'Fn::Sub': (argument, scope) => substituted(argument, scope),
  'Fn::Select': ([index, values], scope) => {
    const all = list(evaluated(values, scope), 'Fn::Select');
    const chosen = all[Number(evaluated(index, scope))];
    if (chosen !== undefined) return chosen;
    throw new Error(`Template error: Fn::Select cannot select nonexistent value at index ${index} of ${all.length}`);
  },
  'Fn::Split': ([delimiter, value], scope) => text(evaluated(value, scope), 'Fn::Split').split(delimiter),
  'Fn::If': (argument, scope) => evaluated(branch(argument, scope.conditions), scope),
  'Fn::FindInMap': (argument: unknown[], scope) => {
    const [map, first, second] = argument.map((each) => text(evaluated(each, scope), 'Fn::FindInMap'));
    const found = scope.template.Mappings?.[map]?.[first]?.[second];
    if (found === undefined) throw new Error(`Template error: Unable to get mapping for ${map}::${first}::${second}`);
    return found;
  },
  'Fn::ImportValue': (name, scope) => scope.importValue(text(evaluated(name, scope), 'Fn::ImportValue')),
  'Fn::Base64': (value, scope) => Buffer.from(text(evaluated(value, scope), 'Fn::Base64')).toString('base64'),
};

type ConditionFunction = (
  argument: any[], decide: (condition: unknown) => boolean, value: (operand: unknown) => unknown,
) => boolean;

const CONDITION_FUNCTIONS: Record<string, ConditionFunction> = {
  'Fn::Equals': ([left, right], _decide, value) => String(value(left)) === String(value(right)),
  'Fn::And': (all, decide) => all.every(decide),
  'Fn::Or': (all, decide) => all.some(decide),
  'Fn::Not': ([one], decide) => !decide(one),
};

/** The value with all intrinsic functions resolved. */
export function evaluate(value: unknown, scope: Scope): unknown {
  const result = evaluated(value, scope);
  return result === NO_VALUE ? undefined : result;
}

/** Values of the parameters, pseudo parameters included. */
export function parameterValues(
  template: Template, given: Readonly<Record<string, string>>, stack: StackIdentity,
): Record<string, unknown> {
  const declared = template.Parameters ?? {};
  const unknown = Object.keys(given).filter((name) => !declared[name]);
  if (unknown.length > 0) throw new Error(`Parameters: [${unknown.join(', ')}] do not exist in the template`);
  const values: Record<string, unknown> = { ...pseudoParameters(stack) };
  for (const [name, declaration] of Object.entries(declared)) {
    values[name] = parameterValue(name, declaration, given[name]);
  }
  return values;
}

/** All conditions, decided. They cannot refer to resources. */
export function conditionValues(
  template: Template, parameters: Readonly<Record<string, unknown>>,
): Record<string, boolean> {
  const declared = template.Conditions ?? {};
  const values: Record<string, boolean> = {};
  const scope: Scope = {
    template,
    parameters,
    conditions: values,
    importValue: notInCondition,
    attribute: notInCondition,
    ref: notInCondition,
  };
  const named = (name: string): boolean => {
    if (!(name in declared)) throw new Error(`Template format error: Unresolved condition ${name}`);
    return values[name] ??= decide(declared[name]);
  };
  const decide = (condition: unknown): boolean => {
    const [[key, argument]] = Object.entries(condition as object);
    if (key === 'Condition') return named(argument);
    const decision = CONDITION_FUNCTIONS[key];
    if (!decision) throw unknownFunction(key, 'condition function');
    return decision(argument, decide, (operand) => evaluated(operand, scope));
  };
  for (const name of Object.keys(declared)) named(name);
  return values;
}

/** Logical ids of the resources that a value refers to; throws on what cannot be evaluated later. */
export function references(
  value: unknown, template: Template, conditions: Readonly<Record<string, boolean>>,
): string[] {
  const isParameter = (logicalId: string) => logicalId.startsWith('AWS::') || logicalId in (template.Parameters ?? {});
  const visit = (each: unknown): string[] => {
    if (Array.isArray(each)) return each.flatMap(visit);
    if (typeof each !== 'object' || each === null) return [];
    const [intrinsic, argument] = intrinsicOf(each);
    switch (intrinsic) {
      case undefined: return Object.values(each).flatMap(visit);
      case 'Ref': return isParameter(argument) ? [] : [argument];
      case 'Fn::GetAtt': return [attributePath(argument)[0]];
      case 'Fn::If': return visit(branch(argument, conditions));
      case 'Fn::Sub': {
        const [pattern, variables] = subParts(argument);
        const names = placeholders(pattern).filter((name) => !(name in variables));
        const logicalIds = names.map((name) => name.split('.')[0]);
        return [...logicalIds.filter((logicalId) => !isParameter(logicalId)), ...visit(Object.values(variables))];
      }
      default: return visit(argument);
    }
  };
  return [...new Set(visit(value))];
}

function evaluated(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((each) => evaluated(each, scope)).filter((each) => each !== NO_VALUE);
  if (typeof value !== 'object' || value === null) return value;
  const [name, argument] = intrinsicOf(value);
  if (name) return INTRINSICS[name](argument, scope);
  const members = Object.entries(value).map(([key, each]) => [key, evaluated(each, scope)]);
  return Object.fromEntries(members.filter(([, each]) => each !== NO_VALUE));
}

function intrinsicOf(value: object): [name: string | undefined, argument?: any] {
  const entries = Object.entries(value);
  const unknown = entries.find(([key]) => key.startsWith('Fn::') && !INTRINSICS[key]);
  if (unknown) throw unknownFunction(unknown[0], 'intrinsic function');
  return entries.length === 1 && entries[0][0] in INTRINSICS ? entries[0] : [undefined];
}

function reference(name: string, scope: Scope): unknown {
  if (name === 'AWS::NoValue') return NO_VALUE;
  return name in scope.parameters ? scope.parameters[name] : scope.ref(name);
}

function attributePath(argument: string | [string, unknown]): [logicalId: string, name: unknown] {
  if (typeof argument !== 'string') return argument;
  const dot = argument.indexOf('.');
  return [argument.slice(0, dot), argument.slice(dot + 1)];
}

function branch(
  [condition, whenTrue, whenFalse]: [string, unknown, unknown], conditions: Readonly<Record<string, boolean>>,
): unknown {
  if (!(condition in conditions)) {
    throw new Error(`Template error: unresolved condition dependency ${condition} in Fn::If`);
  }
  return conditions[condition] ? whenTrue : whenFalse;
}

const PLACEHOLDER = /\$\{([^!][^}]*)\}/g;

function substituted(argument: string | [string, Record<string, unknown>], scope: Scope): string {
  const [pattern, variables] = subParts(argument);
  return pattern.replace(PLACEHOLDER, (_match, name: string) => {
    const value = name in variables ? evaluated(variables[name], scope)
      : name.includes('.') ? INTRINSICS['Fn::GetAtt'](name, scope) : reference(name, scope);
    return text(value, 'Fn::Sub');
  }).replaceAll('${!', '${');
}

function subParts(
  argument: string | [string, Record<string, unknown>],
): [pattern: string, variables: Record<string, unknown>] {
  return typeof argument === 'string' ? [argument, {}] : argument;
}

function placeholders(pattern: string): string[] {
  return [...pattern.matchAll(PLACEHOLDER)].map(([, name]) => name);
}

function pseudoParameters(stack: StackIdentity): Record<string, unknown> {
  return {
    'AWS::AccountId': stack.account,
    'AWS::NotificationARNs': [],
    'AWS::Partition': stack.partition,
    'AWS::Region': stack.region,
    'AWS::StackId': stack.id,
    'AWS::StackName': stack.name,
    'AWS::URLSuffix': stack.partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com',
  };
}

/** What CDK's bootstrap version in SSM is here: new enough for every template. */
const SSM_VALUE = '99';

function parameterValue(name: string, declaration: Record<string, unknown>, given: string | undefined): unknown {
  const type = String(declaration.Type);
  if (type.startsWith('AWS::SSM::Parameter::Value')) return SSM_VALUE;
  const value = given ?? declaration.Default;
  if (value === undefined) throw new Error(`Parameters: [${name}] must have values`);
  const allowed = declaration.AllowedValues as unknown[] | undefined;
  if (allowed && !allowed.map(String).includes(String(value))) {
    throw new Error(`Parameter '${name}' must be one of AllowedValues, but is '${value}'`);
  }
  if (type !== 'CommaDelimitedList' && !type.startsWith('List<')) return String(value);
  return String(value).split(',').map((each) => each.trim());
}

function unknownFunction(name: string, kind: string): Error {
  return new Error(`Template error: ${name} is no ${kind} that the local CloudFormation knows`);
}

function text(value: unknown, where: string): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`Template error: every value of ${where} must be a string, not ${JSON.stringify(value)}`);
}

function list(value: unknown, where: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`Template error: ${where} needs a list, not ${JSON.stringify(value)}`);
}

function notInCondition(name: string): never {
  throw new Error(`Template error: a condition cannot refer to ${name}`);
}
