// Which identities share a policy: their names decide, so that a change of one changes few policies.
import { Stack } from 'aws-cdk-lib';
import { measure } from '../../src/private/merged-policy';
import { identityPermission, secretPermission, selfInvokePermission, zonePermissions } from '../../src/private/permissions';
import { Grant, grantOf, pack } from '../../src/private/policy-packing';
import { Provider } from '../../src/private/provider';
import { mailStack, resourcesOf } from '../mail-stack';

const POLICY = 'AWS::IAM::ManagedPolicy';

const stack = mailStack();
const COMMON = measure(stack, [selfInvokePermission('arn:aws:lambda:us-east-1:111111111111:function:handler')]);

const domains = (count: number) => Array.from({ length: count }, (_, index) => `d${index}.example.com`);
const permissionsOf = (of: Stack, domain: string) => [
  identityPermission(of, of.region, domain), ...zonePermissions(of, 'Z0EXAMPLE', domain),
];
const grants = (names: readonly string[]) => names.map(name => grantOf(stack, permissionsOf(stack, name)));

/** Each policy as the names in it. */
function packed(all: readonly Grant[]): string[] {
  const nameOf = ({ permissions }: Grant) => /identity\/(.*)/.exec(permissions[0].resources[0])![1];
  return pack(all, COMMON, 10)!.map(policy => policy.map(nameOf).join());
}

/** How many policies are new in the second packing. */
const changed = (before: string[], after: string[]) => after.filter(each => !before.includes(each)).length;

function shuffled<T>(all: readonly T[]): T[] {
  const weights = new Map(all.map(each => [each, Math.random()]));
  return [...all].sort((one, other) => weights.get(one)! - weights.get(other)!);
}

test.each([1, 31, 150, 220])('the order of %i constructs does not decide which policies there are', (count) => {
  const all = grants(domains(count));
  const before = packed(all);

  for (const order of [[...all].reverse(), shuffled(all), shuffled(all)]) expect(packed(order)).toEqual(before);
});

test('the order of the constructs does not decide the logical ids either', () => {
  const idsOf = (names: readonly string[]) => {
    const of = mailStack();
    for (const name of names) Provider.of(of).grant(permissionsOf(of, name));
    return Object.keys(resourcesOf(of, POLICY));
  };
  const all = domains(120);

  expect(idsOf([...all].reverse())).toEqual(idsOf(all));
});

test.each([60, 100, 150, 200, 250])('of %i identities one that is added or removed changes few policies', (count) => {
  const all = grants(domains(count));
  const before = packed(all);
  const after = all.map((_, index) => packed(all.filter((_each, other) => other !== index)));
  const sameNumber = after.filter(each => each.length === before.length);

  expect(Math.max(...sameNumber.map(each => changed(before, each)))).toBeLessThanOrEqual(2);
  expect(Math.max(...sameNumber.map(each => changed(each, before)))).toBeLessThanOrEqual(2);
  expect(sameNumber.length).toBeGreaterThan(count / 2);
});

test('a change of what one identity may, such as its secret, leaves it in its policy', () => {
  const all = grants(domains(150));
  const before = packed(all);
  const withSecret = grantOf(stack, [
    ...permissionsOf(stack, 'd7.example.com'),
    secretPermission('arn:aws:secretsmanager:us-east-1:111111111111:secret:other-AbCdEf'),
  ]);

  expect(packed(all.map((each, index) => index === 7 ? withSecret : each))).toEqual(before);
});

test('policies are filled before there is one more', () => {
  const most = domains(400).findIndex((_, index) => pack(grants(domains(index + 1)), COMMON, 1) === undefined);

  expect(packed(grants(domains(5 * most - 10)))).toHaveLength(5);
});

test('more policies than may be are none', () => {
  expect(pack(grants(domains(150)), COMMON, 2)).toBeUndefined();
});
