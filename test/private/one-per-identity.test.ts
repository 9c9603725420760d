import { App, CfnParameter, NestedStack, Stack, Stage } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { claimIdentity, logicalIdFor } from '../../src/private/one-per-identity';
import { ACCOUNT } from '../mail-stack';

const env = { account: ACCOUNT, region: 'us-east-1' };
const claim = (stack: Stack, domain: string, region = stack.region, id = `Dkim ${domain} ${region}`, identity?: Construct) => {
  const scope = new Construct(stack, id);
  return () => claimIdentity(scope, identity ?? new Construct(scope, 'Identity'), region, domain);
};

test('a second construct for an identity is refused, and both are named', () => {
  const stack = new Stack(new App(), 'Mail', { env });
  claim(stack, 'example.com', 'us-east-1', 'First')();

  expect(claim(stack, 'example.com', 'us-east-1', 'Second')).toThrow(
    "identity 'example.com' already has an EmailIdentityDkim in its Region: 'Mail/First'. Remove it or 'Mail/Second'");
});

test('also in another stack or stage for the same account, and from another Region', () => {
  const app = new App();
  claim(new Stack(app, 'One', { env }), 'example.com')();

  expect(claim(new Stack(app, 'Two', { env }), 'example.com')).toThrow("'One/Dkim example.com us-east-1'");
  expect(claim(new Stack(new Stage(app, 'Stage'), 'Three', { env }), 'example.com')).toThrow("'One/Dkim example.com us-east-1'");
  expect(claim(new Stack(app, 'Four', { env: { ...env, region: 'eu-west-1' } }), 'example.com', 'us-east-1')).toThrow(
    "'One/Dkim example.com us-east-1'");
});

test('other domains, Regions, accounts and apps are other identities', () => {
  const app = new App();
  claim(new Stack(app, 'One', { env }), 'example.com')();

  expect(claim(new Stack(app, 'Two', { env }), 'mail.example.com')).not.toThrow();
  expect(claim(new Stack(app, 'Three', { env }), 'example.com', 'eu-west-1')).not.toThrow();
  expect(claim(new Stack(app, 'Four', { env: { ...env, account: '222222222222' } }), 'example.com')).not.toThrow();
  expect(claim(new Stack(new App(), 'Five', { env }), 'example.com')).not.toThrow();
});

test('stacks that can be deployed anywhere are only compared with themselves', () => {
  const app = new App();
  const stack = new Stack(app, 'One');
  claim(stack, 'example.com')();

  expect(claim(new Stack(app, 'Two'), 'example.com')).not.toThrow();
  expect(claim(new Stack(app, 'Three', { env }), 'example.com')).not.toThrow();
  expect(claim(stack, 'example.com', 'eu-west-1')).not.toThrow();
  expect(claim(stack, 'example.com', stack.region, 'Again')).toThrow("'One/Dkim");
  expect(claim(new NestedStack(stack, 'Nested'), 'example.com')).toThrow("'One/Dkim");
});

test('one identity is one, also from stacks that can be deployed anywhere', () => {
  const app = new App();
  const stack = new Stack(app, 'One');
  const identity = new Construct(stack, 'Identity');
  claim(stack, 'example.com', stack.region, 'First', identity)();

  const other = new Stack(app, 'Two');
  expect(claim(other, 'example.com', other.region, 'Second', identity)).toThrow("'One/First'");
  expect(claim(other, 'example.com', 'eu-west-1', 'Third', identity)).not.toThrow();
});

test('a domain that is known at deployment only is the same as itself', () => {
  const stack = new Stack(new App(), 'Mail', { env });
  const parameter = (id: string) => new CfnParameter(stack, id).valueAsString;
  const [one, two] = [parameter('One'), parameter('Two')];
  claim(stack, one, 'us-east-1', 'First')();

  expect(claim(stack, two, 'us-east-1', 'Second')).not.toThrow();
  expect(claim(stack, one, 'us-east-1', 'Third')).toThrow("'Mail/First'");
});

test('domains that are known at deployment only are those of their stacks, also where they are named alike', () => {
  const app = new App();
  const [one, two] = ['One', 'Two'].map(id => new Stack(app, id, { env }));
  const mail = new Stack(app, 'Mail', { env });
  const [first, second] = [one, two].map(stack => new CfnParameter(stack, 'Domain').valueAsString);
  claim(one, first, 'us-east-1', 'First')();
  claim(mail, first, 'us-east-1', 'First')();

  expect(claim(two, second, 'us-east-1', 'Second')).not.toThrow();
  expect(claim(mail, second, 'us-east-1', 'Second')).not.toThrow();
  expect(claim(new NestedStack(one, 'Nested'), first, 'us-east-1', 'Third')).toThrow("'One/First'");
  expect(logicalIdFor(mail, 'us-east-1', first)).not.toBe(logicalIdFor(mail, 'us-east-1', second));
});

test('the logical id stays when stacks are moved into a stage', () => {
  const idIn = (scope: Construct) => {
    const [other, mail] = ['Other', 'Mail'].map(stackName => new Stack(scope, stackName, { env, stackName }));
    return logicalIdFor(mail, 'us-east-1', new CfnParameter(other, 'Domain').valueAsString);
  };

  expect(idIn(new Stage(new App(), 'Prod'))).toBe(idIn(new App()));
});
