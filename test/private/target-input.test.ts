// How many identities one target of EventBridge has room for.
import { Aws } from 'aws-cdk-lib';
import { TargetInputs } from '../../src/private/target-input';

function listsOf(identities: readonly object[]): number[] {
  const inputs = new TargetInputs<object>({ besides: 100, secretArn: 130 });
  for (const identity of identities) inputs.add(identity, identity);
  return inputs.lists.map(({ length }) => length);
}

const twenty = (identity: object) => Array.from({ length: 20 }, () => identity);

test('what synthesis knows counts as long as it is', () => {
  expect(listsOf(twenty({ Identity: 'example.com' }))).toEqual([20]);
  expect(listsOf(twenty({ Identity: 'x'.repeat(800) }))).toEqual([9, 9, 2]);
});

test.each([
  ['VersionStage', 256, Aws.STACK_NAME],
  ['Signing', 512, Aws.STACK_NAME],
  ['Identity', 253, '{{resolve:ssm:/mail/domain}}'],
])('what only the deployment knows counts as long as it can be: %s', (key, most, value) => {
  const [first] = listsOf(Array.from({ length: 100 }, () => ({ [key]: value })));
  expect(first * most).toBeLessThanOrEqual(8092);
  expect((first + 1) * (most + `{"${key}":""},`.length)).toBeGreaterThan(8092);
});
