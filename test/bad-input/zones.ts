// Bad input: the hosted zone, its role, and the props about records and the deployment, as the app has them.
import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { dkim, HOSTILE, HOSTILE_SHOWN, zone } from './app';
import { AtSynthesis, Refusal } from './refusal';
import { DkimHostedZoneRole, DkimSigning } from '../../src';
import { shown } from '../../src/private/shown';

const WRONG_ZONE = 'Pass the zone of {domain} or of a parent domain, or leave hostedZone out and publish dkimRecords yourself';

const vpc = (stack: Stack) =>
  ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-1', availabilityZones: ['us-east-1a'] });

const zoneNamed = (title: string, name: string, value = `'${name}'`): AtSynthesis => ({
  title: `hostedZone: ${title}`,
  parts: { value, domain: "'example.com'" },
  build: dkim((stack) => ({ hostedZone: zone(stack, name) })),
});

const zoneId = (title: string, id: string, value = `'${id}'`): AtSynthesis => ({
  title: `hostedZone: ${title}`,
  parts: { value },
  build: dkim((stack) => ({ hostedZone: zone(stack, 'example.com', id) })),
});

/** The role that the account of a zone creates, with one thing wrong. */
const role = (props: Record<string, unknown>) => (stack: Stack) => void new DkimHostedZoneRole(stack, 'Role', {
  hostedZone: zone(stack), domains: ['example.com'], mailAccount: '111111111111', ...props,
} as any);

const seconds = (property: string, duration: Duration, found: string, most: string, least = '1'): AtSynthesis => ({
  title: `${property}: ${found} seconds`,
  parts: { property, found, least, most },
  build: dkim((stack) => ({ hostedZone: zone(stack), [property]: duration })),
});

export const ZONES: readonly Refusal[] = [
  {
    place: 'synthesis',
    says: 'hostedZone is {kind}',
    advises: 'Pass a hosted zone, for example of HostedZone.fromHostedZoneAttributes()',
    why: 'The construct takes the zone, not its id or its name.',
    atSynthesis: [
      { title: 'hostedZone: an id', parts: { kind: 'a string' }, build: dkim(() => ({ hostedZone: 'Z0EXAMPLE' })) },
      { title: 'hostedZone: an object of another kind', parts: { kind: 'another object' }, build: dkim(() => ({ hostedZone: {} })) },
    ],
  },
  {
    place: 'synthesis',
    says: 'hostedZone {value} does not hold the domain {domain}',
    advises: WRONG_ZONE,
    why: 'The records of a domain are in its own zone, or in that of a domain above it.',
    atSynthesis: [
      zoneNamed('of another domain', 'example.org'),
      zoneNamed('of a subdomain', 'mail.example.com'),
      zoneNamed('of a name that only ends alike', 'ample.com'),
      zoneNamed('no name', ''),
      zoneNamed('commands for a terminal', HOSTILE, HOSTILE_SHOWN),
    ],
  },
  {
    place: 'synthesis',
    says: 'hostedZone has the id {value}, which is not one of Route 53',
    advises: "Import the zone by its id alone, for example 'Z0123456789ABC'",
    why: 'The API and the CLI write `/hostedzone/` before the id. The ARN has more, too.',
    atSynthesis: [
      zoneId('an id as the API writes it', '/hostedzone/Z0EXAMPLE'),
      zoneId('an ARN in place of the id', 'arn:aws:route53:::hostedzone/Z0EXAMPLE'),
      zoneId('a name in place of the id', 'example.com'),
      zoneId('an empty id', ''),
      zoneId('an id of another case', 'z0example'),
    ],
  },
  {
    place: 'synthesis',
    says: "hostedZone 'Mail/Zone' is private, but SES and the receivers of mail look in the public DNS",
    advises: 'Pass the public zone of the domain',
    why: 'A private zone can be looked up in its VPCs only.',
    atSynthesis: [
      {
        title: 'hostedZone: private',
        build: dkim((stack) => ({
          hostedZone: new route53.PrivateHostedZone(stack, 'Zone', { zoneName: 'example.com', vpc: vpc(stack) }),
        })),
      },
      {
        title: 'hostedZone: private since later',
        isLate: true,
        build: (stack) => {
          const hostedZone = new route53.HostedZone(stack, 'Zone', { zoneName: 'example.com' });
          dkim(() => ({ hostedZone }))(stack);
          hostedZone.addVpc(vpc(stack));
        },
      },
    ],
  },
  {
    place: 'synthesis',
    says: "hostedZone is in account '222222222222', and the stack is deployed to account '111111111111'",
    advises: 'Give a hostedZoneRole of that account',
    why: 'The role lets the function change records there: [Other accounts](other-accounts.md).',
    atSynthesis: [
      {
        title: 'hostedZone: of another account',
        build: dkim((stack) => {
          const zones = new Stack(stack.node.root as App, 'Zones', { env: { account: '222222222222', region: 'us-east-1' } });
          return { hostedZone: new route53.HostedZone(zones, 'Zone', { zoneName: 'example.com' }) };
        }),
      },
    ],
  },
  {
    place: 'synthesis',
    says: "hostedZone is given for 'example.com', a replica, whose records are its parent's",
    advises: 'Leave hostedZone out, and give it to the EmailIdentityDkim of the parent',
    why: 'The parent\'s CNAMEs serve both: [Several Regions](regions.md).',
    atSynthesis: [
      {
        title: 'hostedZone: for a replica',
        build: dkim((stack) => ({
          hostedZone: zone(stack), signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }),
        })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: 'hostedZoneRoleExternalId is given without hostedZoneRole',
    advises: 'Give the role that asks for it, or leave it out',
    why: 'Without a role, nobody asks for it.',
    atSynthesis: [{
      title: 'hostedZoneRoleExternalId: without a role',
      build: dkim((stack) => ({ hostedZone: zone(stack), hostedZoneRoleExternalId: 'mail' })),
    }],
  },
  {
    place: 'synthesis',
    says: '{property} is {id}',
    advises: 'Give 2 to 256 letters, digits and _+=.@:/-',
    why: 'IAM takes some others too. But the id has to go into a tag, where a rotating key finds it.',
    atSynthesis: [
      ...['x', 'a,b', 'a b', 'x'.repeat(257)].map((id) => ({
        title: `hostedZoneRoleExternalId: ${id.slice(0, 9)}`,
        parts: { property: 'hostedZoneRoleExternalId', id: shown(id) },
        build: dkim((stack) => ({
          hostedZone: zone(stack),
          hostedZoneRole: iam.Role.fromRoleArn(stack, 'Role', 'arn:aws:iam::222222222222:role/dns'),
          hostedZoneRoleExternalId: id,
        })),
      })),
      {
        title: 'externalId of a role: empty', parts: { property: 'externalId', id: "''" }, build: role({ externalId: '' }),
      },
    ],
  },
  {
    place: 'synthesis',
    says: 'domains is empty',
    advises: 'Name each domain whose DKIM records the role may change',
    why: 'A role without a domain could change nothing.',
    atSynthesis: [
      { title: 'domains of a role: none', build: role({ domains: [] }) },
      { title: 'domains of a role: no list', build: role({ domains: 'example.com' }) },
    ],
  },
  {
    place: 'synthesis',
    says: 'domains is a number',
    advises: 'Pass a list of domain names',
    why: 'Each domain is a text.',
    atSynthesis: [{ title: 'domains of a role: a number', build: role({ domains: [7] }) }],
  },
  {
    place: 'synthesis',
    says: "The domains of 'Mail/Role' need more than 10 managed policies, and a role can have no more",
    advises: 'Give some of the domains another DkimHostedZoneRole',
    why: 'A managed policy has room for about 100 domains with usual names, and a role can have ten. It is fewer with long names.',
    atSynthesis: [{
      title: 'domains of a role: too many',
      build: role({ domains: Array.from({ length: 400 }, (_, index) => `d${index}.${'a'.repeat(63)}.${'b'.repeat(63)}.example.com`) }),
    }],
  },
  {
    place: 'synthesis',
    says: 'mailStackName is {name}',
    advises: 'Give the name of the stack in CloudFormation',
    why: 'The name is a part of a condition: with a wildcard, other roles could change the records.',
    atSynthesis: ['*', '', 'Mail/Stack'].map((name) => (
      { title: `mailStackName: ${name}`, parts: { name: shown(name) }, build: role({ mailStackName: name }) }
    )),
  },
  {
    place: 'synthesis',
    says: 'mailAccount is {account}',
    advises: "Give the account's 12 digits in quotes",
    why: 'A number would lose a zero at its beginning.',
    atSynthesis: [
      { title: 'mailAccount: a number', parts: { account: 'a number' }, build: role({ mailAccount: 111111111111 }) },
      { title: 'mailAccount: too short', parts: { account: "'1'" }, build: role({ mailAccount: '1' }) },
    ],
  },
  {
    place: 'synthesis',
    says: 'hostedZoneRole is given without hostedZone',
    advises: 'Give the zone that the role may change, or leave hostedZoneRole out',
    why: 'Without a zone the construct writes no records.',
    atSynthesis: [
      {
        title: 'hostedZoneRole: without a zone',
        build: dkim((stack) => ({
          hostedZoneRole: iam.Role.fromRoleArn(stack, 'Role', 'arn:aws:iam::222222222222:role/dns'),
        })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: 'hostedZoneRole is {kind}',
    advises: 'Pass a role, for example of Role.fromRoleArn()',
    why: 'The construct takes the role, not its ARN.',
    atSynthesis: [
      {
        title: 'hostedZoneRole: an ARN',
        parts: { kind: 'a string' },
        build: dkim((stack) => ({ hostedZone: zone(stack), hostedZoneRole: 'arn:aws:iam::222222222222:role/dns' })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: "hostedZoneRole is in partition 'aws-cn' of AWS, and the rest is in 'aws'",
    advises: 'No credentials are good for both. Keep all in one partition',
    why: 'China and GovCloud have accounts of their own.',
    atSynthesis: [
      {
        title: 'hostedZoneRole: of another partition',
        build: dkim((stack) => ({
          hostedZone: zone(stack),
          hostedZoneRole: iam.Role.fromRoleArn(stack, 'Role', 'arn:aws-cn:iam::222222222222:role/dns'),
        })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: '{property} is {found} seconds, and has to be {least} to {most} whole seconds',
    advises: 'CloudFormation waits for an hour at the most; leave waitForVerification out to end the deployment without waiting',
    why: 'CloudFormation waits for a custom resource for at most an hour.',
    atSynthesis: [
      seconds('waitForVerification', Duration.minutes(61), '3660', '3600'),
      seconds('waitForVerification', Duration.seconds(0), '0', '3600'),
      seconds('waitForVerification', Duration.millis(1500), '1.5', '3600'),
    ],
  },
  {
    place: 'synthesis',
    says: '{property} is {found} seconds, and has to be {least} to {most} whole seconds',
    advises: 'That is what Route 53 takes',
    why: 'Route 53 takes no fractions of a second.',
    atSynthesis: [
      seconds('recordTtl', Duration.millis(1500), '1.5', '2147483647', '0'),
      seconds('recordTtl', Duration.days(24_856), '2147558400', '2147483647', '0'),
    ],
  },
  {
    place: 'synthesis',
    says: '{property} is {kind}',
    advises: 'Pass a Duration, for example Duration.minutes(30)',
    why: 'A number alone does not say whether it counts seconds or minutes.',
    atSynthesis: [
      {
        title: 'waitForVerification: a number',
        parts: { property: 'waitForVerification', kind: 'a number' },
        build: dkim(() => ({ waitForVerification: 1800 })),
      },
      {
        title: 'recordTtl: a text',
        parts: { property: 'recordTtl', kind: 'a string' },
        build: dkim((stack) => ({ hostedZone: zone(stack), recordTtl: '300' })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: 'removalPolicy {value} has no meaning for DKIM signing',
    advises: 'Use RemovalPolicy.DESTROY or RemovalPolicy.RETAIN',
    why: 'DKIM signing has no snapshots.',
    atSynthesis: [
      {
        title: 'removalPolicy: SNAPSHOT',
        parts: { value: "'snapshot'" },
        build: dkim(() => ({ removalPolicy: RemovalPolicy.SNAPSHOT })),
      },
      { title: 'removalPolicy: no policy', parts: { value: "'keep'" }, build: dkim(() => ({ removalPolicy: 'keep' })) },
    ],
  },
  {
    place: 'synthesis',
    says: 'recordConflict is {value}',
    advises: 'Use RecordConflict.FAIL or RecordConflict.OVERWRITE',
    why: 'JavaScript and other languages do not check the value.',
    atSynthesis: ['overwrite', ''].map((recordConflict): AtSynthesis => ({
      title: `recordConflict: '${recordConflict}'`,
      parts: { value: `'${recordConflict}'` },
      build: dkim((stack) => ({ hostedZone: zone(stack), recordConflict })),
    })),
  },
];
