// What synthesis knows only at its end: values of Lazy, and what aspects and the app change after the construct.
import { Aspects, Aws, CfnResource, Lazy, RemovalPolicy, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { Construct, IConstruct } from 'constructs';
import { created, exampleCom } from './example-com';
import { DkimFunction, DkimPrivateKey, DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';
import { RESOURCE_TYPE } from '../../src/private/contract';
import { MAX_POLICY_SIZE } from '../../src/private/merged-policy';
import { imported, mailStack, resourcesOf, statementFor, zone } from '../mail-stack';

let stack: Stack;

beforeEach(() => {
  stack = mailStack();
});

/** A text that is not there before the end of synthesis. */
let known: boolean;
const late = (text: string) => Lazy.string({ produce: () => known ? text : 'not.known.yet' });

beforeEach(() => {
  known = false;
});

function template(): Template {
  known = true;
  return Template.fromStack(stack);
}

function dkim(id: string, props: Partial<EmailIdentityDkimProps> & Pick<EmailIdentityDkimProps, 'identity'>) {
  return new EmailIdentityDkim(stack, id, props);
}

test('H domains that come late are those in the template, with permissions and logical ids of their own', () => {
  for (const domain of ['one.example', 'two.example']) {
    dkim(domain, { identity: imported(stack, late(domain)), hostedZone: zone(stack, domain) });
  }

  template();
  const resources = resourcesOf(stack, RESOURCE_TYPE);
  expect(Object.values(resources).map(({ Properties }) => Properties.Identity)).toEqual(['one.example', 'two.example']);
  expect(JSON.stringify(statementFor(stack, 'route53:ChangeResourceRecordSets').Condition)).toContain(
    '["*._domainkey.one.example","*._domainkey.two.example"]');

  const same = mailStack();
  new EmailIdentityDkim(same, 'Dkim', { identity: imported(same, 'one.example') });
  expect(Object.keys(resources)).toContain(Object.keys(resourcesOf(same, RESOURCE_TYPE))[0]);
});

test.each<[string, () => ses.IEmailIdentity]>([
  ['two Lazy values', () => imported(stack, late('example.com'))],
  ['a Lazy value and a text', () => ses.EmailIdentity.fromEmailIdentityName(stack, 'Text', 'example.com')],
  ['an identity that the app creates with a Lazy value', () => created(stack, late('example.com'))],
])('H one domain twice is refused: %s', (_, identity) => {
  dkim('First', { identity: imported(stack, late('example.com')) });
  dkim('Second', { identity: identity() });

  expect(template).toThrow(/identity 'example.com' already has an EmailIdentityDkim in its Region: 'Mail\/(First|Second)'/);
});

const byoDkimWith = (selector: string, secret = secretsmanager.Secret.fromSecretNameV2(stack, 'Secret', 'dkim')) =>
  DkimSigning.byoDkim({ selector, privateKey: DkimPrivateKey.fromSecret(secret) });

type Late = [title: string, props: () => Partial<EmailIdentityDkimProps>, error: RegExp];

const LATE: Late[] = [
  ['a domain in upper case', () => ({ identity: imported(stack, late('Example.com')) }), /'Example.com' has upper-case/],
  ['a domain in upper case of an identity that the app creates',
    () => ({ identity: created(stack, late('Example.com')) }),
    /'Example.com' has upper-case/],
  ['no domain', () => ({ identity: imported(stack, Lazy.string({ produce: () => undefined })) }), /'' is not a domain/],
  ['a part of a domain',
    () => ({ identity: imported(stack, `${late('_mail')}.example.com`) }),
    /'_mail.example.com' is not a domain name/],
  ['a domain that the zone does not hold',
    () => ({ identity: imported(stack, late('example.org')), hostedZone: zone(stack, 'example.com') }),
    /'example.com' does not hold the domain 'example.org'/],
  ['a zone that does not hold the domain',
    () => ({ hostedZone: zone(stack, late('example.org')) }),
    /'example.org' does not hold the domain 'example.com'/],
  ['a zone id of another form',
    () => ({ hostedZone: zone(stack, 'example.com', late('/hostedzone/Z0')) }),
    /hostedZone has the id/],
  ['a Region', () => ({ region: late('Ireland') }), /region 'Ireland' is not an AWS Region/],
  ['a Region of another partition', () => ({ region: late('cn-north-1') }), /partition 'aws-cn'/],
  ['a selector', () => ({ signing: byoDkimWith(late('mail_2026')) }), /selector 'mail_2026' is not one/],
  ['a parent Region that is the own one',
    () => ({ signing: DkimSigning.deterministicEasyDkim({ parentRegion: late('us-east-1') }) }),
    /parentRegion 'us-east-1' is the identity's own Region/],
  ['a parent Region that is the own one, as a token',
    () => ({ signing: DkimSigning.deterministicEasyDkim({ parentRegion: late(Aws.REGION) }) }),
    /parentRegion 'us-east-1' is the identity's own Region/],
  ['a role of another partition',
    () => ({
      hostedZone: zone(stack, 'example.com'),
      hostedZoneRole: iam.Role.fromRoleArn(stack, 'Role', `arn:${late('aws-cn')}:iam::222222222222:role/dns`),
    }),
    /hostedZoneRole is in partition 'aws-cn'/],
];

test.each(LATE)('H a value that comes late is checked at the end of synthesis: %s', (_, props, error) => {
  exampleCom(props, stack);

  expect(template).toThrow(error);
});

test.each<[string, (identity: ses.CfnEmailIdentity) => void, RegExp]>([
  ['switches the signing off', of => { of.dkimAttributes = { signingEnabled: false }; }, /has dkimSigning: false/],
  ['overrides it', of => of.addPropertyOverride('DkimAttributes.SigningEnabled', false), /has dkimSigning: false/],
  ['sets the signing', of => of.addPropertyOverride('DkimSigningAttributes.NextSigningKeyLength', 'RSA_1024_BIT'), /sets its signing/],
])('H an identity is refused that an aspect %s', (_, change, error) => {
  dkim('Dkim', { identity: created(stack, 'example.com') });
  Aspects.of(stack).add({ visit: node => { if (node instanceof ses.CfnEmailIdentity) change(node); } });

  expect(template).toThrow(error);
});

describe('H a key that the app generates', () => {
  const warnings = () => Stage.of(stack)!.synth().getStackByName('Mail').messages.map(({ entry }) => `${entry.data}`);
  const json = (generateStringKey: string) => ({
    generateSecretString: { generateStringKey, secretStringTemplate: '{ "privateKey": "put it here" }' },
  });

  test.each<[string, secretsmanager.SecretProps, string | undefined, number]>([
    ['a random value', {}, undefined, 1],
    ['a random value, of which a field is read', {}, 'privateKey', 1],
    ['a random value in the field', json('privateKey'), 'privateKey', 1],
    ['a random value in another field', json('password'), 'privateKey', 0],
    ['a value of the app', { secretObjectValue: {} }, 'privateKey', 0],
  ])('a warning is given, or not: %s', (_, props, jsonField, count) => {
    const privateKey = DkimPrivateKey.fromSecret(new secretsmanager.Secret(stack, 'Secret', props), { jsonField });
    exampleCom(() => ({ signing: DkimSigning.byoDkim({ selector: 's', privateKey }) }), stack);

    const said = warnings();
    expect(said).toHaveLength(count);
    if (count > 0) {
      expect(said[0]).toMatch(/creates secret 'Mail\/Secret' and generates its value, which is no private key. Put the key/);
    }
  });
});

test.each<[string, (index: number) => secretsmanager.SecretProps, number]>([
  ['with a name of 512 characters', index => ({ secretName: `${index}`.padEnd(512, 'x') }), 512],
  ['with a name that comes late', index => ({ secretName: late(`${index}`.padEnd(512, 'x')) }), 512],
  ['with a name of CloudFormation', () => ({}), 'Secret123456789'.length + 8 + 1 + 12],
])('H a policy has room for the secrets in it, %s', (_, props, length) => {
  const arn = `arn:aws:secretsmanager:us-east-1:111111111111:secret:${'x'.repeat(length)}-AbCdEf`;
  for (let index = 0; index < 24; index += 1) {
    const secret = new secretsmanager.Secret(stack, `Secret${index}`, props(index));
    dkim(`Dkim${index}`, { identity: imported(stack, `d${index}.example.com`), signing: byoDkimWith('s', secret) });
  }

  template();
  const sizes = Object.values(resourcesOf(stack, 'AWS::IAM::ManagedPolicy')).map(({ Properties: { PolicyDocument } }) =>
    JSON.stringify(PolicyDocument).replace(/\{"Ref":"Secret\w+"\}/g, JSON.stringify(arn)).length);
  expect(sizes.filter(size => size > MAX_POLICY_SIZE)).toEqual([]);
});

test('H a domain that comes late counts with the most characters of a domain', () => {
  const long = (index: number) => [`d${index}`, ...['a', 'b', 'c'].map(letter => letter.repeat(60)), 'com'].join('.');
  for (let index = 0; index < 30; index += 1) {
    const hostedZone = route53.HostedZone.fromHostedZoneId(stack, `Zone${index}`, 'Z0EXAMPLE');
    dkim(`Dkim${index}`, { identity: imported(stack, late(long(index))), hostedZone });
  }

  template();
  const sizes = Object.values(resourcesOf(stack, 'AWS::IAM::ManagedPolicy')).map(({ Properties: { PolicyDocument } }) =>
    JSON.stringify(PolicyDocument).replace(/\{"Fn::Join":\["",\["(.*?)",\{"Ref":"AWS::Partition"\},"(.*?)"\]\]\}/g, '"$1aws$2"')
      .length);
  expect(sizes.filter(size => size > MAX_POLICY_SIZE)).toEqual([]);
});

describe('an aspect that reads all properties keeps none of them as it was', () => {
  const followed = () => {
    const secret = secretsmanager.Secret.fromSecretNameV2(stack, `Secret ${stack.node.children.length}`, 'dkim');
    return DkimSigning.byoDkim({ followSecret: true, privateKey: DkimPrivateKey.fromSecret(secret, { jsonField: 'key' }) });
  };

  beforeEach(() => {
    const read = (node: CfnResource) => stack.resolve(node._toCloudFormation());
    Aspects.of(stack).add({ visit: node => { if (CfnResource.isCfnResource(node)) read(node); } });
  });

  test.each<[string, () => Partial<EmailIdentityDkimProps>]>([
    ['what is cared for', () => ({ retireBetweenDeployments: true })],
    ['a followed secret', () => ({ signing: followed() })],
  ])('%s, of constructs that another aspect adds', (_, props) => {
    const add = (domain: string) =>
      dkim(domain, { identity: imported(stack, domain), hostedZone: zone(stack, domain), ...props() });
    add('first.example');
    const last = new Construct(stack, 'Last');
    Aspects.of(last).add({ visit: () => { if (!stack.node.tryFindChild('last.example')) add('last.example'); } });

    const rules = Template.fromStack(stack).findResources('AWS::Events::Rule');

    // The same app without the aspects.
    stack = mailStack();
    ['first.example', 'last.example'].forEach(add);
    expect(rules).toEqual(Template.fromStack(stack).findResources('AWS::Events::Rule'));
  });

  test('whether the signing is retained', () => {
    const { node } = dkim('Dkim', { identity: imported(stack, 'example.com'), removalPolicy: RemovalPolicy.RETAIN });
    const last = new Construct(stack, 'Last');
    Aspects.of(last).add({ visit: () => (node.defaultChild as CfnResource).applyRemovalPolicy(RemovalPolicy.DESTROY) });

    Template.fromStack(stack).resourcePropertiesCountIs(RESOURCE_TYPE, { RemovalPolicy: 'RETAIN' }, 0);
  });

  test('the role of the policies', () => {
    const role = new iam.Role(stack, 'Ours', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    dkim('Dkim', { identity: imported(stack, 'example.com') });
    const last = new Construct(stack, 'Last');
    Aspects.of(last).add({ visit: () => DkimFunction.configure(stack, { role }) });

    const [policy] = Object.values(resourcesOf(stack, 'AWS::IAM::ManagedPolicy'));
    expect(policy.Properties.Roles).toEqual([stack.resolve(role.roleName)]);
  });
});

test('an aspect can add another one to the stack, whatever it has looked at before', () => {
  stack = mailStack(undefined, { '@aws-cdk/core:aspectStabilization': true });
  dkim('Dkim', { identity: imported(stack, 'example.com'), hostedZone: zone(stack, 'example.com') });
  const seen = new Set<string>();
  const last = new Construct(stack, 'Last');
  const another = { visit: ({ node }: IConstruct) => { seen.add(node.path); } };
  Aspects.of(last).add({ visit: () => { if (seen.size === 0) Aspects.of(stack).add(another); } });

  Template.fromStack(stack);

  expect([...seen]).toContain('Mail/cdk-ses-dkim/Policy1/Resource');
});

test('the name that an aspect gives to a policy is the same in each synthesis', () => {
  dkim('Dkim', { identity: imported(stack, 'example.com') });
  const rename = (node: IConstruct) => { if (node instanceof iam.CfnManagedPolicy) node.managedPolicyName = 'Ours'; };
  Aspects.of(stack).add({ visit: rename });

  const [first, second] = [1, 2].map(() => {
    (stack.node.root as Stage).synth({ force: true });
    return Template.fromStack(stack).findResources('AWS::IAM::ManagedPolicy');
  });

  expect(Object.values(first)[0].Properties.ManagedPolicyName).toMatch(/^Ours-[0-9A-F]{8}$/);
  expect(second).toEqual(first);
});

test('an aspect can look for the logical ids in what each resource is written from', () => {
  dkim('Dkim', { identity: imported(stack, 'example.com') });
  const seen: string[] = [];
  const look = (node: IConstruct) => {
    if (CfnResource.isCfnResource(node)) seen.push(...Object.keys((node._toCloudFormation() as any).Resources ?? {}));
  };
  Aspects.of(stack).add({ visit: look });

  const [id] = Object.keys(resourcesOf(stack, 'AWS::IAM::ManagedPolicy'));
  expect(seen.map(each => stack.resolve(each))).toContain(id);
});

test('an aspect can attach the policies to one more role', () => {
  dkim('Dkim', { identity: imported(stack, 'example.com') });
  const audit = new iam.Role(stack, 'Audit', { assumedBy: new iam.AccountRootPrincipal() });
  const attach = (node: IConstruct) => { if (node instanceof iam.ManagedPolicy) node.attachToRole(audit); };
  Aspects.of(stack).add({ visit: attach });

  const [policy] = Object.values(resourcesOf(stack, 'AWS::IAM::ManagedPolicy'));
  expect(policy.Properties.Roles).toEqual([expect.anything(), stack.resolve(audit.roleName)]);
});
