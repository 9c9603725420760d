// Bad input: what a stack says about the function that its constructs share, and about its policies.
import { PropertyInjectors, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { dkim, imported, zone } from './app';
import { AtSynthesis, Refusal } from './refusal';
import { DkimFunction } from '../../src';

const QUOTA = 'cdk-ses-dkim:managedPoliciesPerRole';

const wrongKind = (option: string, value: unknown, kind: string): AtSynthesis => ({
  title: `${option}: ${kind}`,
  parts: { kind },
  build: (stack) => DkimFunction.configure(stack, { [option]: value }),
});

const configured = (options: (stack: Stack) => Parameters<typeof DkimFunction.configure>[1]) => (stack: Stack) =>
  DkimFunction.configure(stack, options(stack));

const role = (stack: Stack, account = '111111111111') =>
  iam.Role.fromRoleArn(stack, 'Role', `arn:aws:iam::${account}:role/mail`);

/** Of domains so long, with a zone for each, few have room in the policies of a role. */
const identities = (count: number) => (stack: Stack) => {
  const label = 'a'.repeat(60);
  for (let index = 0; index < count; index++) {
    dkim((scope) => ({
      identity: imported(scope, `${label}.${label}.d${index}.example.com`), hostedZone: zone(scope, 'example.com', `Z${index}`),
    }))(new Construct(stack, `C${index}`) as Stack);
  }
};

export const FUNCTION: readonly Refusal[] = [
  {
    place: 'synthesis',
    says: 'role is {kind}',
    advises: 'Pass a role, for example of Role.fromRoleArn()',
    why: 'The function takes the role, not its ARN.',
    atSynthesis: [wrongKind('role', 'arn:aws:iam::111111111111:role/mail', 'a string')],
  },
  {
    place: 'synthesis',
    says: 'logEncryptionKey is {kind}',
    advises: 'Pass a key, for example of Key.fromKeyArn()',
    why: 'The function takes the key, not its ARN.',
    atSynthesis: [wrongKind('logEncryptionKey', 'alias/logs', 'a string')],
  },
  {
    place: 'synthesis',
    says: 'logEncryptionKey {arn} is in {region}, and the log is in {own}',
    advises: 'Pass a key of the Region of the stack',
    why: 'CloudWatch Logs encrypts with a key of its own Region.',
    atSynthesis: [{
      title: 'logEncryptionKey: of another Region',
      parts: { arn: "'arn:aws:kms:eu-west-1:111111111111:key/1'", region: "'eu-west-1'", own: "'us-east-1'" },
      build: configured((stack) => ({ logEncryptionKey: kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:111111111111:key/1') })),
    }],
  },
  {
    place: 'synthesis',
    says: 'vpc is {kind}',
    advises: 'Pass a VPC, for example of Vpc.fromLookup()',
    why: 'The function takes the VPC, not its id.',
    atSynthesis: [wrongKind('vpc', 'vpc-1', 'a string')],
  },
  {
    place: 'synthesis',
    says: 'securityGroups is {kind}',
    advises: 'Pass a list of security groups',
    why: 'A function can have several.',
    atSynthesis: [wrongKind('securityGroups', {}, 'another object')],
  },
  {
    place: 'synthesis',
    says: "role is in account '222222222222', and the stack is deployed to account '111111111111'",
    advises: 'A function can only have a role of its own account',
    why: 'Lambda refuses a role of another account.',
    atSynthesis: [{
      title: 'role: of another account',
      build: configured((stack) => ({ role: role(stack, '222222222222') })),
    }],
  },
  {
    place: 'synthesis',
    says: '{option} is given without a vpc',
    advises: 'Give them in one call',
    why: '`DkimFunction.configure()` takes the three together: [Company rules](company-rules.md).',
    atSynthesis: [
      {
        title: 'vpcSubnets: without a vpc',
        parts: { option: 'vpcSubnets' },
        build: configured(() => ({ vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED } })),
      },
      {
        title: 'securityGroups: without a vpc',
        parts: { option: 'securityGroups' },
        build: configured((stack) => ({
          securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')],
        })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: "vpcSubnets has the public subnet '{subnet}'. A function there gets no public address, so it reaches neither AWS nor "
      + 'the name servers',
    advises: 'Select private subnets with a way to the internet',
    why: 'The function asks name servers on the internet, and calls AWS.',
    atSynthesis: [{
      title: 'vpcSubnets: public',
      parts: { subnet: 'Mail/Vpc/PublicSubnet1' },
      build: configured((stack) => ({
        vpc: new ec2.Vpc(stack, 'Vpc'), vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
      })),
    }],
  },
  {
    place: 'synthesis',
    says: 'reservedConcurrentExecutions is {value}',
    advises: 'Give a whole number of at least 1: with 0 the function never runs, and CloudFormation waits for an hour for each '
      + 'identity',
    why: 'Each identity of the stack is one run of the function.',
    atSynthesis: [[0, '0'], [-1, '-1'], [1.5, '1.5'], [NaN, 'NaN'], ['5', "'5'"]].map(([value, shown]): AtSynthesis => ({
      title: `reservedConcurrentExecutions: ${shown}`,
      parts: { value: `${shown}` },
      build: configured(() => ({ reservedConcurrentExecutions: value as number })),
    })),
  },
  {
    place: 'synthesis',
    says: "All EmailIdentityDkim constructs of stack 'Mail' share one function, and it has two different answers for {setting}: "
      + "'Mail' gives {first}, 'Mail/Other' gives {second}",
    advises: 'Give one of them, or put the constructs into different stacks',
    why: 'Two constructs call `DkimFunction.configure()`: [Company rules](company-rules.md).',
    atSynthesis: [{
      title: 'two answers about the function',
      parts: { setting: 'reservedConcurrentExecutions', first: '1', second: '2' },
      build: (stack) => {
        DkimFunction.configure(stack, { reservedConcurrentExecutions: 1 });
        DkimFunction.configure(new Construct(stack, 'Other'), { reservedConcurrentExecutions: 2 });
      },
    }],
  },
  {
    place: 'synthesis',
    says: "Something has given the role '{own}' permissions before DkimFunction.configure() gives the function role '{given}'",
    advises: 'Call it before the first EmailIdentityDkim of the stack',
    why: 'The permissions would be on a role that the function does not use.',
    atSynthesis: [{
      title: 'role: after the first one has permissions',
      parts: { own: 'Mail/cdk-ses-dkim/Role', given: 'Mail/Role' },
      build: (stack) => {
        dkim()(stack);
        const own = stack.node.findChild('cdk-ses-dkim').node.findAll().find((each) => each instanceof iam.Role)!;
        (own as iam.Role).addToPolicy(new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: ['*'] }));
        DkimFunction.configure(stack, { role: role(stack) });
      },
    }],
  },
  {
    place: 'synthesis',
    says: "{setting} has no effect in stack 'Mail': a property injector gives the function another log group",
    advises: 'Set it there',
    why: 'The log group of the injector has settings of its own.',
    atSynthesis: [{
      title: 'logRetention: of a log group that is not ours',
      parts: { setting: 'logRetention' },
      build: (stack) => {
        const logGroup = new logs.LogGroup(stack, 'Company');
        PropertyInjectors.of(stack).add({
          constructUniqueId: lambda.Function.PROPERTY_INJECTION_ID, inject: (props) => ({ ...props, logGroup }),
        });
        dkim()(stack);
        DkimFunction.configure(stack, { logRetention: 30 });
      },
    }],
  },
  {
    place: 'synthesis',
    says: "The id 'cdk-ses-dkim' in stack 'Mail' is taken by another construct, or by another copy of this library",
    advises: 'Give that construct another id, and install the library only once',
    why: '`npm ls cdk-ses-dkim` shows where it is installed twice.',
    atSynthesis: [{
      title: 'another construct has the id of the function',
      build: (stack) => {
        new Construct(stack, 'cdk-ses-dkim');
        dkim()(stack);
      },
    }],
  },
  {
    place: 'synthesis',
    says: `The context value '${QUOTA}' is {value}`,
    advises: "It must be a whole number from 10 to 20: the quota 'Managed policies attached to an IAM role' of the account",
    why: 'It tells the library that AWS has raised the quota: [Many identities](trouble.md#many-identities).',
    atSynthesis: [['none', '"none"'], [9, '9'], [21, '21'], [true, 'true']].map(([value, shown]): AtSynthesis => ({
      title: `the quota of policies: ${shown}`,
      parts: { value: `${shown}` },
      isLate: true,
      build: (stack) => {
        stack.node.setContext(QUOTA, value);
        dkim()(stack);
      },
    })),
  },
  {
    place: 'synthesis',
    says: "The permissions for the identities in stack 'Mail' need more than {most} managed policies. A role can have {quota}, and "
      + 'an update that changes the policies needs the new ones beside the old ones',
    advises: 'Put some of the EmailIdentityDkim constructs into another stack{raise}',
    why: 'The limit is about 220 identities. It is lower with long names, or with a zone or a secret for each: [Many identities](trouble.md#many-identities). '
      + 'A construct that is deployed loses its records if it goes to another stack in the wrong order: [Moving](moving.md#renaming-and-moving-constructs).',
    atSynthesis: [{
      title: 'too many identities for one role',
      isLate: true,
      parts: {
        most: '5',
        quota: '10',
        raise: ". Or raise the quota 'Managed policies attached to an IAM role' of the account, to at most 20, and set the "
          + `context value '${QUOTA}' to it`,
      },
      build: identities(70),
    }],
  },
];

