// What templates mean: intrinsic functions, conditions, parameters and dependencies.
import { dependencyGraph, inOrder } from './dependencies';
import { Template } from './stack';
import { conditionValues, evaluate, parameterValues, references, Scope, StackIdentity } from './template';

const STACK: StackIdentity = {
  id: 'arn:aws:cloudformation:us-east-1:111111111111:stack/app/guid',
  name: 'app',
  account: '111111111111',
  region: 'us-east-1',
  partition: 'aws',
};

function scopeOf(template: Partial<Template> = {}, given: Record<string, string> = {}): Scope {
  const whole: Template = { Resources: {}, ...template };
  const parameters = parameterValues(whole, given, STACK);
  return {
    template: whole,
    parameters,
    conditions: conditionValues(whole, parameters),
    ref: (logicalId) => `ref-of-${logicalId}`,
    attribute: (logicalId, name) => name === 'List' ? ['a', 'b'] : `${logicalId}/${name}`,
    importValue: (name) => `imported-${name}`,
  };
}

const TEMPLATE: Partial<Template> = {
  Parameters: {
    Stage: { Type: 'String', Default: 'test', AllowedValues: ['test', 'live'] },
    Zones: { Type: 'CommaDelimitedList', Default: 'a, b' },
  },
  Mappings: { Sizes: { 'us-east-1': { small: 1 } } },
  Conditions: {
    IsLive: { 'Fn::Equals': [{ Ref: 'Stage' }, 'live'] },
    IsTest: { 'Fn::Not': [{ Condition: 'IsLive' }] },
    Both: { 'Fn::And': [{ Condition: 'IsLive' }, { Condition: 'IsTest' }] },
    Either: { 'Fn::Or': [{ Condition: 'IsLive' }, { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] }] },
  },
};

describe('a value', () => {
  test.each<[string, unknown, unknown]>([
    ['Ref of a resource', { Ref: 'Thing' }, 'ref-of-Thing'],
    ['Ref of a parameter', { Ref: 'Stage' }, 'test'],
    ['Ref of a list parameter', { Ref: 'Zones' }, ['a', 'b']],
    [
      'Ref of a pseudo parameter',
      [{ Ref: 'AWS::Region' }, { Ref: 'AWS::StackId' }, { Ref: 'AWS::URLSuffix' }],
      ['us-east-1', STACK.id, 'amazonaws.com'],
    ],
    ['NoValue in an object', { a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
    ['NoValue in a list', [{ Ref: 'AWS::NoValue' }, 1], [1]],
    ['NoValue alone', { Ref: 'AWS::NoValue' }, undefined],
    ['GetAtt as a list', { 'Fn::GetAtt': ['Thing', 'Arn'] }, 'Thing/Arn'],
    ['GetAtt as a string, with dots', { 'Fn::GetAtt': 'Thing.Deep.Name' }, 'Thing/Deep.Name'],
    ['GetAtt whose name is a Ref', { 'Fn::GetAtt': ['Thing', { Ref: 'Stage' }] }, 'Thing/test'],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Stage' }, 3]] }, 'a-test-3'],
    ['Join of a list attribute', { 'Fn::Join': [',', { 'Fn::GetAtt': ['Zone', 'List'] }] }, 'a,b'],
    [
      'Sub',
      { 'Fn::Sub': '${Stage}/${Thing}/${Thing.Arn}/${AWS::Partition}/${!Literal}' },
      'test/ref-of-Thing/Thing/Arn/aws/${Literal}',
    ],
    ['Sub with variables', { 'Fn::Sub': ['${a}-${Stage}', { a: { Ref: 'Thing' } }] }, 'ref-of-Thing-test'],
    ['Select and Split', { 'Fn::Select': [1, { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    ['If', [{ 'Fn::If': ['IsLive', 'yes', 'no'] }, { 'Fn::If': ['Either', { Ref: 'Stage' }, 'no'] }], ['no', 'test']],
    ['If without a value', { a: { 'Fn::If': ['IsLive', 1, { Ref: 'AWS::NoValue' }] } }, {}],
    ['FindInMap', { 'Fn::FindInMap': ['Sizes', { Ref: 'AWS::Region' }, 'small'] }, 1],
    ['ImportValue', { 'Fn::ImportValue': { 'Fn::Sub': '${Stage}-name' } }, 'imported-test-name'],
    ['Base64', { 'Fn::Base64': 'text' }, 'dGV4dA=='],
    [
      'plain data',
      { Version: '2012-10-17', Ref: 1, Other: [true, null] },
      { Version: '2012-10-17', Ref: 1, Other: [true, null] },
    ],
  ])('%s', (_what, value, expected) => {
    expect(evaluate(value, scopeOf(TEMPLATE))).toEqual(expected);
  });

  test.each<[string, unknown, string]>([
    [
      'an unknown function',
      { 'Fn::Cidr': [] },
      'Fn::Cidr is no intrinsic function that the local CloudFormation knows',
    ],
    ['an object in Join', { 'Fn::Join': ['', [{ a: 1 }]] }, 'every value of Fn::Join must be a string, not {"a":1}'],
    ['a text in Select', { 'Fn::Select': [0, 'text'] }, 'Fn::Select needs a list'],
    ['a Select too far', { 'Fn::Select': [2, ['a']] }, 'Fn::Select cannot select nonexistent value at index 2 of 1'],
    ['an unknown condition', { 'Fn::If': ['Nope', 1, 2] }, 'unresolved condition dependency Nope'],
    [
      'an unknown mapping',
      { 'Fn::FindInMap': ['Sizes', 'eu-west-1', 'small'] },
      'Unable to get mapping for Sizes::eu-west-1::small',
    ],
  ])('%s is refused', (_what, value, message) => {
    expect(() => evaluate(value, scopeOf(TEMPLATE))).toThrow(message);
  });
});

describe('conditions', () => {
  test('are decided whatever their order', () => {
    expect(scopeOf(TEMPLATE).conditions).toEqual({ IsLive: false, IsTest: true, Both: false, Either: true });
    expect(scopeOf(TEMPLATE, { Stage: 'live' }).conditions)
      .toEqual({ IsLive: true, IsTest: false, Both: false, Either: true });
  });

  test.each<[string, unknown, string]>([
    ['a resource', { 'Fn::Equals': [{ Ref: 'Thing' }, 'a'] }, 'a condition cannot refer to Thing'],
    ['another condition that is not there', { Condition: 'Nope' }, 'Unresolved condition Nope'],
    ['an unknown function', { 'Fn::Contains': [] }, 'Fn::Contains is no condition function'],
  ])('cannot use %s', (_what, condition, message) => {
    expect(() => scopeOf({ Conditions: { Bad: condition } })).toThrow(message);
  });
});

describe('parameters', () => {
  test('that come from SSM are resolved, as the bootstrap version of a CDK app', () => {
    const { parameters } = scopeOf({
      Parameters: {
        BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/x/version' },
      },
    });

    expect(Number(parameters.BootstrapVersion)).toBeGreaterThanOrEqual(6);
  });

  test.each<[string, Partial<Template>, Record<string, string>, string]>([
    ['without a value', { Parameters: { Name: { Type: 'String' } } }, {}, 'Parameters: [Name] must have values'],
    ['that are not declared', {}, { Name: 'x' }, 'Parameters: [Name] do not exist in the template'],
    [
      'with a value that is not allowed',
      TEMPLATE,
      { Stage: 'dev' },
      "Parameter 'Stage' must be one of AllowedValues, but is 'dev'",
    ],
  ])('%s are refused', (_what, template, given, message) => {
    expect(() => scopeOf(template, given)).toThrow(message);
  });

  test('know the partition', () => {
    const china = parameterValues({ Resources: {} }, {}, { ...STACK, partition: 'aws-cn' });

    expect(china['AWS::URLSuffix']).toBe('amazonaws.com.cn');
  });
});

describe('dependencies', () => {
  test('are found in all functions, but only in the branch that is taken', () => {
    const template: Template = { ...TEMPLATE, Resources: {} };
    const value = {
      a: { Ref: 'One' },
      b: [{ 'Fn::GetAtt': 'Two.Arn' }, { 'Fn::GetAtt': ['Three', 'Arn'] }, { Ref: 'Stage' }, { Ref: 'AWS::Region' }],
      c: { 'Fn::Sub': ['${Four} ${Five.Arn} ${x} ${Stage} ${AWS::Region} ${!No}', { x: { Ref: 'Six' } }] },
      d: { 'Fn::If': ['IsLive', { Ref: 'No' }, { Ref: 'Seven' }] },
    };

    expect(references(value, template, { IsLive: false }).sort())
      .toEqual(['Five', 'Four', 'One', 'Seven', 'Six', 'Three', 'Two']);
  });

  test('leave out a resource whose condition does not hold', () => {
    const graph = dependencyGraph({
      Resources: { A: { Type: 'T', DependsOn: ['B', 'C'] }, B: { Type: 'T', Condition: 'No' }, C: { Type: 'T' } },
    }, { No: false });

    expect([...graph].map(([id, dependencies]) => [id, [...dependencies]])).toEqual([['A', ['C']], ['C', []]]);
  });

  test.each<[string, Template['Resources'], string]>([
    [
      'a reference to nothing',
      { A: { Type: 'T', Properties: { x: { Ref: 'Nothing' } } } },
      'Unresolved resource dependencies [Nothing] in resource A',
    ],
    [
      'a DependsOn of nothing',
      { A: { Type: 'T', DependsOn: 'Nothing' } },
      'Unresolved resource dependencies [Nothing] in resource A',
    ],
    ['a circle', {
      A: { Type: 'T', Properties: { x: { Ref: 'B' } } }, B: { Type: 'T', DependsOn: 'A' }, C: { Type: 'T' },
    }, 'Circular dependency between resources: [A, B]'],
  ])('%s is refused', (_what, Resources, message) => {
    expect(() => dependencyGraph({ Resources }, {})).toThrow(message);
  });

  test('what depends on a failed step is left out, the rest goes on', async () => {
    const graph = new Map([
      ['a', new Set<string>()], ['b', new Set(['a'])], ['c', new Set(['b'])], ['d', new Set<string>()],
    ]);
    const done: string[] = [];

    const failed = await inOrder(graph, async (key) => {
      done.push(key);
      return key !== 'b';
    });

    expect(failed).toEqual(['b']);
    expect(done.sort()).toEqual(['a', 'b', 'd']);
  });
});
