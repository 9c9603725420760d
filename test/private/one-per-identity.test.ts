// One identity has one EmailIdentityDkim: which constructs are for the same identity, and which are not.
import { App, CfnParameter, NestedStack, Stack, Stage } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { claimIdentity } from '../../src/private/one-per-identity';
import { ACCOUNT } from '../mail-stack';

const env = { account: ACCOUNT, region: 'us-east-1' };

/** Claims the identity for a construct named `id`, which has an identity construct of its own by default. */
function claim(
  stack: Stack, domain: string, region = stack.region, id = `Dkim ${domain} ${region}`, identity?: Construct,
): () => void {
  const scope = new Construct(stack, id);
  return () => claimIdentity(scope, identity ?? new Construct(scope, 'Identity'), region, domain);
}

test('a second construct for an identity is refused, and the error names both constructs', () => {
  const stack = new Stack(new App(), 'Mail', { env });
  claim(stack, 'example.com', 'us-east-1', 'First')();

  expect(claim(stack, 'example.com', 'us-east-1', 'Second')).toThrow(
    "identity 'example.com' already has an EmailIdentityDkim in its Region: 'Mail/First'. Remove it or 'Mail/Second'");
});

test('a second construct in another stack or stage of the same account is refused', () => {
  const app = new App();
  claim(new Stack(app, 'One', { env }), 'example.com')();

  expect(claim(new Stack(app, 'Two', { env }), 'example.com')).toThrow("'One/Dkim example.com us-east-1'");
  expect(claim(new Stack(new Stage(app, 'Stage'), 'Three', { env }), 'example.com')).toThrow(
    "'One/Dkim example.com us-east-1'");
});

test('a second construct in a stack of another Region is refused if it names the Region of the identity', () => {
  const app = new App();
  claim(new Stack(app, 'One', { env }), 'example.com')();

  const elsewhere = new Stack(app, 'Two', { env: { ...env, region: 'eu-west-1' } });
  expect(claim(elsewhere, 'example.com', 'us-east-1')).toThrow("'One/Dkim example.com us-east-1'");
});

test('the same domain in another Region, account or app is another identity, and so is another domain', () => {
  const app = new App();
  claim(new Stack(app, 'One', { env }), 'example.com')();

  expect(claim(new Stack(app, 'Two', { env }), 'mail.example.com')).not.toThrow();
  expect(claim(new Stack(app, 'Three', { env }), 'example.com', 'eu-west-1')).not.toThrow();
  expect(claim(new Stack(app, 'Four', { env: { ...env, account: '222222222222' } }), 'example.com')).not.toThrow();
  expect(claim(new Stack(new App(), 'Five', { env }), 'example.com')).not.toThrow();
});

test('an identity in an environment-agnostic stack is compared only with that stack and its nested stacks', () => {
  const app = new App();
  const stack = new Stack(app, 'One');
  claim(stack, 'example.com')();

  expect(claim(new Stack(app, 'Two'), 'example.com')).not.toThrow();
  expect(claim(new Stack(app, 'Three', { env }), 'example.com')).not.toThrow();
  expect(claim(stack, 'example.com', 'eu-west-1')).not.toThrow();
  expect(claim(stack, 'example.com', stack.region, 'Again')).toThrow("'One/Dkim");
  expect(claim(new NestedStack(stack, 'Nested'), 'example.com')).toThrow("'One/Dkim");
});

test('two environment-agnostic stacks that use the same identity construct are refused', () => {
  const app = new App();
  const stack = new Stack(app, 'One');
  const identity = new Construct(stack, 'Identity');
  claim(stack, 'example.com', stack.region, 'First', identity)();

  const other = new Stack(app, 'Two');
  expect(claim(other, 'example.com', other.region, 'Second', identity)).toThrow("'One/First'");
  expect(claim(other, 'example.com', 'eu-west-1', 'Third', identity)).not.toThrow();
});

test('G7 two copies of the library in one app find the claims of each other', () => {
  const app = new App();
  const copies = ['One', 'Two'].map(id => {
    let copy: { claimIdentity: typeof claimIdentity };
    jest.isolateModules(() => { copy = jest.requireActual('../../src/private/one-per-identity'); });
    return () => copy.claimIdentity(new Construct(new Stack(app, id, { env }), 'Dkim'), new Construct(app, `Of${id}`),
      'us-east-1', 'example.com');
  });

  copies[0]();
  expect(copies[1]).toThrow("identity 'example.com' already has an EmailIdentityDkim in its Region: 'One/Dkim'");
});

test('two domains from the same parameter are the same, and from two parameters they are not', () => {
  const stack = new Stack(new App(), 'Mail', { env });
  const parameter = (id: string) => new CfnParameter(stack, id).valueAsString;
  const [one, two] = [parameter('One'), parameter('Two')];
  claim(stack, one, 'us-east-1', 'First')();

  expect(claim(stack, two, 'us-east-1', 'Second')).not.toThrow();
  expect(claim(stack, one, 'us-east-1', 'Third')).toThrow("'Mail/First'");
});

test('domains from parameters of two stacks are different, even if the parameters have the same name', () => {
  const app = new App();
  const [one, two] = ['One', 'Two'].map(id => new Stack(app, id, { env }));
  const mail = new Stack(app, 'Mail', { env });
  const [first, second] = [one, two].map(stack => new CfnParameter(stack, 'Domain').valueAsString);
  claim(one, first, 'us-east-1', 'First')();
  claim(mail, first, 'us-east-1', 'First')();

  expect(claim(two, second, 'us-east-1', 'Second')).not.toThrow();
  expect(claim(mail, second, 'us-east-1', 'Second')).not.toThrow();
  expect(claim(new NestedStack(one, 'Nested'), first, 'us-east-1', 'Third')).toThrow("'One/First'");
});
