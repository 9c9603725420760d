// The logical id of the custom resource: what it follows from, and what does not change it.
import { App, Aws, CfnParameter, Stack, Stage } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { logicalIdFor } from '../../src/private/logical-id';
import { ACCOUNT } from '../mail-stack';

const env = { account: ACCOUNT, region: 'us-east-1' };

test('the logical id has the form that is in deployed stacks', () => {
  const stack = new Stack(new App(), 'Mail', { env });

  expect(logicalIdFor(stack, 'us-east-1', 'example.com')).toBe('DkimE3FDA19C1053');
});

test('an environment-agnostic stack that gets an env keeps its logical ids', () => {
  const agnostic = new Stack(new App(), 'Mail');
  const inRegion = new Stack(new App(), 'Mail', { env });

  expect(logicalIdFor(agnostic, Aws.REGION, 'example.com')).toBe(logicalIdFor(inRegion, 'us-east-1', 'example.com'));
});

test('parameters of two stacks are different domains in the logical id, even if they have the same name', () => {
  const app = new App();
  const [first, second] = ['One', 'Two'].map(
    id => new CfnParameter(new Stack(app, id, { env }), 'Domain').valueAsString,
  );
  const mail = new Stack(app, 'Mail', { env });

  expect(logicalIdFor(mail, 'us-east-1', first)).not.toBe(logicalIdFor(mail, 'us-east-1', second));
});

test('stacks that are moved into a stage keep their logical ids', () => {
  const idIn = (scope: Construct) => {
    const [other, mail] = ['Other', 'Mail'].map(stackName => new Stack(scope, stackName, { env, stackName }));
    return logicalIdFor(mail, 'us-east-1', new CfnParameter(other, 'Domain').valueAsString);
  };

  expect(idIn(new Stage(new App(), 'Prod'))).toBe(idIn(new App()));
});
