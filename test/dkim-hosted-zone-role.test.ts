// The role for a zone of another account: what it lets the account that sends mail do, and what it refuses.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Aws, CfnParameter, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import { DnsRoleStack } from '../examples/pipeline/dns-role-stack';
import { DOMAIN } from '../examples/pipeline/settings';
import { DkimHostedZoneRole, DkimHostedZoneRoleProps, DkimSigning, EmailIdentityDkim } from '../src';

const MAIL_ACCOUNT = '111111111111';
const DNS = { account: '222222222222', region: 'us-east-1' };
const TRUST = 'AWS::IAM::Role';

function roleIn(stack: Stack, props: Partial<DkimHostedZoneRoleProps> = {}): DkimHostedZoneRole {
  return new DkimHostedZoneRole(stack, 'Role', {
    hostedZone: route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', { hostedZoneId: 'Z1', zoneName: 'example.com' }),
    domains: ['example.com'],
    mailAccount: MAIL_ACCOUNT,
    ...props,
  });
}

function synthesized(props?: Partial<DkimHostedZoneRoleProps>): Template {
  const stack = new Stack(new App(), 'Dns', { env: DNS });
  roleIn(stack, props);
  return Template.fromStack(stack);
}

function statements(template: Template): { Action: string | string[] }[] {
  return Object.values(template.findResources('AWS::IAM::ManagedPolicy'))[0].Properties.PolicyDocument.Statement;
}

/** The names of records that the role may change. */
function namesIn(template: Template): string[] {
  return namesOf(Object.values(template.findResources('AWS::IAM::ManagedPolicy'))[0].Properties);
}

function namesOf(Properties: any): string[] {
  const change = Properties.PolicyDocument.Statement.find(({ Action }: { Action: string }) =>
    Action === 'route53:ChangeResourceRecordSets');
  return [change.Condition['ForAllValues:StringLike']['route53:ChangeResourceRecordSetsNormalizedRecordNames']].flat();
}

test('it may change the DKIM records of the domains, and nothing else', () => {
  expect(namesIn(synthesized({ domains: ['example.com', 'mail.example.com'] }))).toEqual(['*._domainkey.example.com', '*._domainkey.mail.example.com']);
});

test('with delegatedTo and the zone of a parent domain, the domain is given with the name of the zone after it', () => {
  const app = new App();
  const mail = new Stack(app, 'Mail', { env: { account: MAIL_ACCOUNT, region: 'us-east-1' } });
  const delegatedTo = route53.HostedZone.fromHostedZoneAttributes(mail, 'Zone', { hostedZoneId: 'Z1', zoneName: 'example.com' });
  new EmailIdentityDkim(mail, 'Dkim', {
    identity: ses.EmailIdentity.fromEmailIdentityName(mail, 'Identity', 'mail.example.com'),
    signing: DkimSigning.rotatingByoDkim({ delegatedTo }),
  });
  const needed = Object.values(Template.fromStack(mail).findResources('AWS::IAM::ManagedPolicy')).map(({ Properties }) => namesOf(Properties));

  expect(needed).toContainEqual(namesIn(synthesized({ domains: ['mail.example.com.example.com'] })));
});

test('it has the rights that the function has on a zone of its own account', () => {
  const app = new App();
  const mail = new Stack(app, 'Mail', { env: { account: MAIL_ACCOUNT, region: 'us-east-1' } });
  new EmailIdentityDkim(mail, 'Dkim', {
    identity: ses.EmailIdentity.fromEmailIdentityName(mail, 'Identity', 'example.com'),
    hostedZone: route53.HostedZone.fromHostedZoneAttributes(mail, 'Zone', { hostedZoneId: 'Z1', zoneName: 'example.com' }),
  });
  const onZone = statements(Template.fromStack(mail)).filter(({ Action }) => `${Action}`.includes('route53:'));
  expect(onZone).toHaveLength(3);
  expect(statements(synthesized())).toEqual(onZone);
});

test('the role in the pipeline example has the same', () => {
  const example = new DnsRoleStack(new App(), 'Example', { hostedZoneId: 'Z1' });
  expect(statements(Template.fromStack(example))).toEqual(statements(synthesized({ domains: [DOMAIN] })));
});

test('where all roles are made outside of the app, the report has its rights', () => {
  const app = new App();
  const stack = new Stack(app, 'Dns', { env: DNS });
  iam.Role.customizeRoles(stack, { usePrecreatedRoles: { 'Dns/Role/Resource': 'dkim-dns' } });
  const { role } = roleIn(stack);
  const { directory } = app.synth();
  expect(stack.resolve(role.roleName)).toBe('dkim-dns');
  expect(Template.fromStack(stack).toJSON().Resources).toBeUndefined();
  const report = JSON.parse(readFileSync(join(directory, 'iam-policy-report.json'), 'utf8'));
  expect(JSON.stringify(report)).toContain('*._domainkey.example.com');
});

test('a domain that the zone does not hold has its keys there by CNAMEs', () => {
  expect(namesIn(synthesized({ domains: ['example.org'] }))).toEqual(['*._domainkey.example.org.example.com']);
});

describe('many domains', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `customer-${index}.mail.example.com`);
  const policiesFor = (domains: string[]) => {
    const template = synthesized({ domains });
    return Object.values(template.findResources('AWS::IAM::ManagedPolicy')).map(({ Properties }) => ({
      size: JSON.stringify(Properties.PolicyDocument).length,
      role: Properties.Roles,
      names: namesOf(Properties),
      actions: Properties.PolicyDocument.Statement.map(({ Action }: any) => Action),
    }));
  };

  test('that one policy has room for are in it, in their order', () => {
    const policies = policiesFor(names(100));
    expect(policies.map(each => each.names)).toEqual([names(100).map(name => `*._domainkey.${name}`)]);
  });

  test('are in as many policies as they need, each with all rights', () => {
    const policies = policiesFor(names(500));
    expect(policies.length).toBeGreaterThan(2);
    expect(policies.flatMap(each => each.names).sort()).toEqual(names(500).map(name => `*._domainkey.${name}`).sort());
    for (const { size, role, actions } of policies) {
      expect(size).toBeLessThanOrEqual(6144);
      expect({ role, actions }).toEqual({ role: policies[0].role, actions: policies[0].actions });
    }
  });

  test('one that is added or removed changes one policy', () => {
    const all = names(500);
    const changed = (domains: string[]) => {
      const before = new Set(policiesFor(all).map(each => each.names.join()));
      return policiesFor(domains).filter(each => !before.has(each.names.join()));
    };
    expect(changed([...all, 'new.example.com'])).toHaveLength(1);
    expect(changed(all.filter((_, index) => index !== 7))).toHaveLength(1);
  });
});

test('the name of the zone has other letters', () => {
  const stack = new Stack(new App(), 'Dns', { env: DNS });
  const zone = route53.HostedZone.fromHostedZoneAttributes(stack, 'Other', { hostedZoneId: 'Z2', zoneName: 'Example.Com.' });
  roleIn(stack, { hostedZone: zone, domains: ['mail.example.com', 'example.org'] });
  expect(namesIn(Template.fromStack(stack)))
    .toEqual(['*._domainkey.mail.example.com', '*._domainkey.example.org.example.com']);
});

test('a stack whose name only the deployment knows', () => {
  const stack = new Stack(new App(), 'Dns', { env: DNS });
  roleIn(stack, { mailStackName: new CfnParameter(stack, 'Name').valueAsString });
  expect(JSON.stringify(Template.fromStack(stack).findResources(TRUST))).toContain('{"Ref":"Name"},"-*"');
});

test('of a zone whose name nobody knows, it holds the domain', () => {
  const stack = new Stack(new App(), 'Dns', { env: DNS });
  roleIn(stack, { hostedZone: route53.HostedZone.fromHostedZoneId(stack, 'Other', 'Z2'), domains: ['example.org'] });
  expect(namesIn(Template.fromStack(stack))).toEqual(['*._domainkey.example.org']);
});

test('of a zone whose name only the deployment knows, it has the rights of a key there by CNAMEs, and of one of its own', () => {
  const stack = new Stack(new App(), 'Dns', { env: DNS });
  const zoneName = new CfnParameter(stack, 'Name').valueAsString;
  const hostedZone = route53.HostedZone.fromHostedZoneAttributes(stack, 'Keys', { hostedZoneId: 'Z2', zoneName });
  roleIn(stack, { hostedZone, domains: ['example.org'] });

  expect(namesIn(Template.fromStack(stack))).toEqual(['*._domainkey.example.org', '*._domainkey.example.org.*']);
});

test('of a domain that only the deployment knows, too', () => {
  const stack = new Stack(new App(), 'Dns', { env: DNS });
  roleIn(stack, { domains: [new CfnParameter(stack, 'Name').valueAsString] });

  expect(namesIn(Template.fromStack(stack))).toEqual([
    { 'Fn::Join': ['', ['*._domainkey.', { Ref: 'Name' }]] },
    { 'Fn::Join': ['', ['*._domainkey.', { Ref: 'Name' }, '.*']] },
  ]);
});

test.each([
  [{}, undefined],
  [{ externalId: 'mail' }, { StringEquals: { 'sts:ExternalId': 'mail' } }],
  [{ mailStackName: 'Mail' }, { ArnLike: { 'aws:PrincipalArn': roles('Mail-*') } }],
  [{ mailStackName: 'MailStackWithALongNameOfItsOwn' }, { ArnLike: { 'aws:PrincipalArn': roles('MailStackWithALongNa*') } }],
])('whom it trusts with %j', (props, Condition) => {
  synthesized(props).hasResourceProperties(TRUST, {
    AssumeRolePolicyDocument: {
      Statement: [{
        Action: 'sts:AssumeRole',
        Principal: { AWS: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iam::${MAIL_ACCOUNT}:root`]] } },
        Condition: Condition ?? Match.absent(),
      }],
    },
  });
});

test('an account and a zone that only the deployment knows', () => {
  const stack = new Stack(new App(), 'Dns');
  const hostedZone = new route53.PublicHostedZone(stack, 'New', { zoneName: 'example.com' });
  roleIn(stack, { hostedZone, mailAccount: Aws.ACCOUNT_ID });
  expect(namesIn(Template.fromStack(stack))).toEqual(['*._domainkey.example.com']);
});

test('one app can have both stacks: the role comes first', () => {
  const app = new App();
  const dns = new Stack(app, 'Dns', { env: DNS });
  const mail = new Stack(app, 'Mail', { env: { account: MAIL_ACCOUNT, region: 'eu-west-1' } });
  new EmailIdentityDkim(mail, 'Dkim', {
    identity: ses.EmailIdentity.fromEmailIdentityName(mail, 'Identity', 'example.com'),
    hostedZone: route53.HostedZone.fromHostedZoneAttributes(mail, 'Zone', { hostedZoneId: 'Z1', zoneName: 'example.com' }),
    hostedZoneRole: roleIn(dns, { roleName: 'dkim-dns', externalId: 'mail' }).role,
    hostedZoneRoleExternalId: 'mail',
  });
  Template.fromStack(mail).hasResourceProperties('Custom::EmailIdentityDkim', {
    HostedZoneRoleArn: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iam::${DNS.account}:role/dkim-dns`]] },
    HostedZoneRoleExternalId: 'mail',
  });
  expect(mail.dependencies).toEqual([dns]);
});

function roles(name: string): object {
  return { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iam::${MAIL_ACCOUNT}:role/${name}`]] };
}
