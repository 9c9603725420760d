// The turns of the custom resources: ten at a time, in an order that is stable and closes no circle.
import { App, CfnOutput, CfnResource, Duration, Fn, NestedStack, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ses from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';
import { DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';
import { RESOURCE_TYPE } from '../../src/private/contract';
import { imported, mailStack, resourcesOf } from '../mail-stack';

const domains = (count: number, prefix = 'd') => Array.from({ length: count }, (_, index) => `${prefix}${index}.example`);

function dkim(stack: Stack, domain: string, props: Partial<EmailIdentityDkimProps> = {}): EmailIdentityDkim {
  return new EmailIdentityDkim(stack, `Dkim ${domain}`, { identity: imported(stack, domain), ...props });
}

function stackWith(names: readonly string[], props?: Partial<EmailIdentityDkimProps>): Stack {
  const stack = mailStack();
  for (const name of names) dkim(stack, name, props);
  return stack;
}

/** For each domain the domains whose resources its own one waits for. */
function turnsOf(stack: Stack): Map<string, string[]> {
  const resources = resourcesOf(stack, RESOURCE_TYPE);
  return new Map(Object.values(resources).map(({ Properties, DependsOn }) => [
    Properties.Identity,
    [DependsOn ?? []].flat().flatMap(id => resources[id] ? [resources[id].Properties.Identity] : []),
  ]));
}

/** How many resources CloudFormation works on at once, at most, if each takes the same time. */
function widthOf(turns: Map<string, string[]>): number[] {
  const rounds = new Map<string, number>();
  const roundOf = (domain: string): number => {
    const round = rounds.get(domain) ?? Math.max(0, ...turns.get(domain)!.map(each => roundOf(each) + 1));
    rounds.set(domain, round);
    return round;
  };
  const sizes: number[] = [];
  for (const domain of turns.keys()) sizes[roundOf(domain)] = (sizes[roundOf(domain)] ?? 0) + 1;
  return sizes;
}

test('ten identities do not wait for each other', () => {
  expect([...turnsOf(stackWith(domains(10))).values()].flat()).toEqual([]);
});

test('of more than ten, each waits for the one ten places before it', () => {
  expect(widthOf(turnsOf(stackWith(domains(11))))).toEqual([10, 1]);
  expect(widthOf(turnsOf(stackWith(domains(37))))).toEqual([10, 10, 10, 7]);
});

test('those that wait for SES are thirty at a time, as they do next to nothing meanwhile', () => {
  const stack = stackWith(domains(35), { waitForVerification: Duration.minutes(15) });
  for (const name of domains(15, 'quick')) dkim(stack, name);
  const turns = turnsOf(stack);
  const only = (isQuick: boolean) => new Map([...turns].filter(([name]) => name.startsWith('quick') === isQuick));

  expect(widthOf(only(false))).toEqual([30, 5]);
  expect(widthOf(only(true))).toEqual([10, 5]);
});

test('the order of the constructs does not count', () => {
  expect(turnsOf(stackWith(domains(40).reverse()))).toEqual(new Map([...turnsOf(stackWith(domains(40)))].reverse()));
});

test('one that is added or removed changes the turns of ten others at most', () => {
  const names = domains(60);
  const all = turnsOf(stackWith(names));
  for (const removed of names.slice(20, 30)) {
    const without = turnsOf(stackWith(names.filter(each => each !== removed)));
    const changed = [...without].filter(([name, before]) => before.join() !== all.get(name)!.join());
    expect(changed.length).toBeLessThanOrEqual(10);
  }
});

test('a resource that waits still depends on its policy and on its identity', () => {
  const stack = mailStack();
  for (const name of domains(12)) {
    const identity = new ses.EmailIdentity(stack, name, { identity: ses.Identity.domain(name) });
    new EmailIdentityDkim(stack, `Dkim ${name}`, { identity });
  }
  const resources = resourcesOf(stack);
  for (const { DependsOn } of Object.values(resourcesOf(stack, RESOURCE_TYPE))) {
    const types = DependsOn!.map(id => resources[id].Type);
    expect(types).toEqual(expect.arrayContaining(['AWS::IAM::ManagedPolicy', 'AWS::SES::EmailIdentity']));
  }
});

test('a nested stack has turns of its own', () => {
  const stack = stackWith(domains(8));
  const nested = new NestedStack(stack, 'Nested');
  for (const name of domains(8, 'n')) dkim(nested, name);

  expect([...turnsOf(stack).values()].flat()).toEqual([]);
  const { Resources } = Template.fromStack(nested).toJSON();
  const custom = Object.entries<any>(Resources).filter(([, { Type }]) => Type === RESOURCE_TYPE);
  expect(custom).toHaveLength(8);
  const ids = custom.map(([id]) => id);
  expect(custom.flatMap(([, { DependsOn }]) => DependsOn).filter(id => ids.includes(id))).toEqual([]);
});

test('references to another stack do not disturb the turns', () => {
  const app = new App();
  const env = { account: '111111111111', region: 'us-east-1' };
  const other = new Stack(app, 'Other', { env });
  const stack = new Stack(app, 'Mail', { env });
  const value = new CfnResource(other, 'Value', { type: 'AWS::SSM::Parameter' });
  for (const name of domains(25)) {
    dkim(stack, name).node.addDependency(value);
    new CfnResource(stack, `Of ${name}`, { type: 'Custom::Other', properties: { Value: value.getAtt('Value') } });
  }

  expect(widthOf(turnsOf(stack))).toEqual([10, 10, 5]);
});

/** `Template.fromStack` throws when resources depend on each other in a circle. */
describe('no circle is closed', () => {
  const names = domains(24);

  /** Runs for pairs in both directions: whichever way the turns went without it, one of them is against it. */
  function forEachPair(link: (stack: Stack, first: EmailIdentityDkim, second: EmailIdentityDkim) => void): void {
    const order = [...turnsOf(stackWith(names)).keys()];
    for (const [one, other] of [[0, 23], [23, 0], [3, 14], [14, 3], [12, 13], [13, 12]]) {
      const stack = mailStack();
      const made = new Map(order.map(name => [name, dkim(stack, name)]));
      link(stack, made.get(order[one])!, made.get(order[other])!);
      const turns = turnsOf(stack);
      expect(widthOf(turns)[0]).toBeLessThanOrEqual(11);
      expect([...turns.values()].flat().length).toBeGreaterThanOrEqual(14);
    }
  }
  const resource = (scope: Construct, id: string, properties: object = {}) =>
    new CfnResource(scope, id, { type: 'AWS::SSM::Parameter', properties: { Type: 'String', ...properties } });

  test('where a construct depends on another', () => {
    forEachPair((_, first, second) => second.node.addDependency(first));
  });

  test('where all depend on each other in a row, against the sequence', () => {
    const stack = mailStack();
    const sequence = [...turnsOf(stackWith(names)).keys()].reverse();
    const made = sequence.map(name => dkim(stack, name));
    made.slice(1).forEach((each, index) => each.node.addDependency(made[index]));

    expect(widthOf(turnsOf(stack))).toEqual(Array(24).fill(1));
  });

  test('where a resource with an attribute of one comes before another', () => {
    forEachPair((stack, first, second) =>
      second.node.addDependency(resource(stack, 'Between', { Value: first.dkimStatus })));
  });

  test('where the value is in a text', () => {
    forEachPair((stack, first, second) => second.node.addDependency(
      resource(stack, 'Between', { Value: `status ${first.dkimStatus}, ${first.dkimRecords[0]?.name}` })));
  });

  test('where the value is in Fn::Sub, Fn::GetAtt as text, or a condition of a template that is included', () => {
    forEachPair((stack, first, second) => {
      const id = stack.resolve((first.node.defaultChild as CfnResource).logicalId);
      second.node.addDependency(resource(stack, 'Sub', { Value: Fn.sub(`status \${${id}.DkimStatus}`) }));
      const text = resource(stack, 'Text');
      text.addPropertyOverride('Value', { 'Fn::GetAtt': `${id}.DkimStatus` });
      const variables = resource(stack, 'Variables');
      variables.addPropertyOverride('Value', { 'Fn::Sub': ['${x} ${!y}', { x: { 'Fn::GetAtt': [id, 'DkimStatus'] } }] });
      second.node.addDependency(text, variables);
    });
  });

  test('where a chain of resources lies between them', () => {
    forEachPair((stack, first, second) => {
      const chain = [1, 2, 3].map(index => resource(stack, `Link${index}`));
      chain[0].node.addDependency(first);
      chain[1].addPropertyOverride('Value', { Ref: stack.resolve(chain[0].logicalId) });
      chain[2].addOverride('DependsOn', stack.resolve(chain[1].logicalId));
      second.node.addDependency(chain[2]);
    });
  });

  test('where a nested stack has the value of one and comes before another', () => {
    forEachPair((stack, first, second) => {
      const nested = new NestedStack(stack, 'Nested');
      resource(nested, 'Inner', { Value: first.dkimStatus });
      second.node.addDependency(nested);
    });
  });

  test('where the identity of one comes after another', () => {
    const stack = mailStack();
    const order = [...turnsOf(stackWith(names)).keys()];
    const last = dkim(stack, order[23]);
    for (const name of order.slice(0, 23)) {
      const identity = new ses.EmailIdentity(stack, name, { identity: ses.Identity.domain(name) });
      identity.node.addDependency(last);
      new EmailIdentityDkim(identity, 'Dkim', { identity });
    }

    expect(widthOf(turnsOf(stack)).slice(0, 2)).toEqual([1, 10]);
  });

  test('where replicas depend on their parents in other Regions', () => {
    const stack = mailStack();
    for (const name of names.slice(0, 12)) {
      const parent = dkim(stack, name, { region: 'eu-west-1' });
      const replica = new EmailIdentityDkim(stack, `Replica ${name}`, {
        identity: ses.EmailIdentity.fromEmailIdentityName(stack, `Here ${name}`, name),
        signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }),
      });
      replica.node.addDependency(parent);
    }

    expect(() => Template.fromStack(stack)).not.toThrow();
  });

  test('where an output or a name only looks like a dependency', () => {
    const stack = mailStack();
    const made = names.map(name => dkim(stack, name));
    made.forEach((each, index) => new CfnOutput(stack, `Status${index}`, { value: each.dkimStatus }));
    resource(stack, 'DkimStatus', { Value: made[0].dkimStatus });

    expect(widthOf(turnsOf(stack))).toEqual([10, 10, 4]);
  });

  test('where the app was looked at before it was complete', () => {
    const stack = mailStack();
    const order = [...turnsOf(stackWith(names)).keys()];
    const made = order.map(name => dkim(stack, name));
    for (const each of made.slice(5, 15)) stack.resolve((each.node.defaultChild as any)._toCloudFormation());
    made[0].node.addDependency(made[23]);

    expect(widthOf(turnsOf(stack))[0]).toBeLessThanOrEqual(11);
  });
});
