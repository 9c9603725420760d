// Bad input: a hosted zone that the function cannot use, or that nobody asks.
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { AtDeployment, Refusal } from './refusal';
import { World } from './world';
import { ACCOUNT, DNS_ACCOUNT, DOMAIN } from '../end-to-end/scene';

const ROLE = `arn:aws:iam::${DNS_ACCOUNT}:role/dns`;

/** The construct with the zone of that id, of which synthesis knows nothing more. */
const inZone = (world: World, id: string, role?: string) => world.dkim((stack) => ({
  hostedZone: route53.HostedZone.fromHostedZoneId(stack, 'ById', id),
  hostedZoneRole: role === undefined ? undefined : iam.Role.fromRoleArn(stack, 'Role', role),
}));

const zoneOf = async (world: World, name: string, { account = ACCOUNT, privateZone = false } = {}) =>
  (await world.cloud.route53.createHostedZone({ account, name, privateZone, delegate: false })).id;

const delegates = (title: string, cut: (world: World) => string): AtDeployment => ({
  title: `hosted zone: delegates ${title}`,
  make: (world) => {
    const name = cut(world);
    world.cloud.route53.change(world.scene.zoneId, [{
      Action: 'CREATE',
      ResourceRecordSet: { Name: name, Type: 'NS', TTL: 300, ResourceRecords: [{ Value: 'ns1.other.example.' }] },
    }]);
    return {
      build: world.byo(world.scene.secrets.one),
      parts: { zone: world.scene.zoneId, name },
    };
  },
});

const DELEGATES = 'The hosted zone {zone} delegates {name} to other name servers (NS ns1.other.example.), so nobody ever sees what it '
  + 'has at or below that name. Nothing was written there';

export const HOSTED_ZONES: readonly Refusal[] = [
  {
    place: 'zone',
    says: 'There is no hosted zone {zone}',
    advises: 'Use the id of a hosted zone in {account}',
    why: 'It was deleted, or is in another account: [Other accounts](other-accounts.md).',
    atDeployment: [
      {
        title: 'hosted zone: not there',
        make: (world) => ({
          build: inZone(world, 'Z0NONE'), parts: { zone: 'Z0NONE', account: 'this account, or set hostedZoneRole' },
        }),
      },
    ],
  },
  {
    place: 'zone',
    says: 'The hosted zone {zone} (example.com) is private',
    advises: 'SES and receivers look in public DNS: use the public zone',
    why: 'For a zone that is imported by its id, only the deployment can see that it is private.',
    atDeployment: [
      {
        title: 'hosted zone: private',
        make: async (world) => {
          const zone = await zoneOf(world, 'example.com', { privateZone: true });
          return { build: inZone(world, zone), parts: { zone } };
        },
      },
    ],
  },
  {
    place: 'zone',
    says: 'The hosted zone {zone} is for {name}, and {domain} is not in it',
    advises: 'Use the zone of the domain or of a parent of it',
    why: 'For a zone that is imported by its id, only the deployment can see its domain.',
    atDeployment: [
      {
        title: 'hosted zone: of another domain',
        make: async (world) => {
          const zone = await zoneOf(world, 'example.org');
          return { build: inZone(world, zone), parts: { zone, name: 'example.org', domain: world.domain } };
        },
      },
    ],
  },
  {
    place: 'zone',
    says: 'The function has no access to the hosted zone {zone}: {error}',
    advises: 'A zone of another account needs hostedZoneRole; in this account, a permission boundary or service control policy '
      + 'forbids the call',
    why: 'The function has permissions in its own account only: [Other accounts](other-accounts.md).',
    atDeployment: [
      {
        title: 'hosted zone: refused by a service control policy',
        make: (world) => ({
          build: world.byo(world.scene.secrets.one),
          during: () => world.everyCallIs('route53', 'GetHostedZone', 'AccessDenied', 'it says so', 403),
          parts: { zone: world.scene.zoneId, error: 'it says so' },
        }),
      },
    ],
  },
  {
    place: 'zone',
    says: 'The role {role} gives no access to the hosted zone {zone}: {error}',
    advises: "See whether the role is there, its trust policy lets the function's role assume it, and its own policies allow the "
      + 'calls to that hosted zone',
    why: 'STS gives the same answer for a role that does not exist and for one that does not trust the function: [Other accounts](other-accounts.md).',
    atDeployment: [
      {
        title: 'hosted zone: its role is not there',
        make: (world) => ({
          build: inZone(world, world.scene.zoneId, ROLE),
          during: () => world.everyCallIs('sts', 'AssumeRole', 'AccessDenied', 'it says so', 403),
          parts: { zone: world.scene.zoneId, role: ROLE, error: 'it says so' },
        }),
      },
    ],
  },
  {
    place: 'zone',
    says: DELEGATES,
    advises: 'Use the hosted zone of {name} that those name servers serve. Without one of Route 53, leave hostedZone out, and publish '
      + 'the records there',
    why: 'The zone has NS records for the domain, or for a name above it.',
    atDeployment: [delegates('the domain', (world) => world.domain)],
  },
  {
    place: 'zone',
    says: DELEGATES,
    advises: 'Leave hostedZone out, and publish the records there',
    why: 'The zone has NS records for `_domainkey` or a selector.',
    atDeployment: [
      delegates('its _domainkey', (world) => `_domainkey.${world.domain}`),
      delegates('the selector', (world) => world.recordName()),
    ],
  },
  {
    place: 'zone',
    says: 'The hosted zone {zone} answers for {domain} by its wildcard MX *.example.com. With a record below {domain}, it would no '
      + 'longer, and mail to the domain would be lost. Nothing was written there',
    advises: 'Give {domain} an MX record of its own first, with what else it needs of the wildcard',
    why: 'The name `_domainkey.<domain>` makes the domain exist, and then no wildcard answers for it.',
    atDeployment: [
      {
        title: 'hosted zone: mail to the domain arrives by a wildcard',
        make: async (world) => {
          const zone = await zoneOf(world, DOMAIN);
          world.cloud.route53.change(zone, [{
            Action: 'CREATE',
            ResourceRecordSet: { Name: `*.${DOMAIN}`, Type: 'MX', TTL: 300, ResourceRecords: [{ Value: '10 inbound.example.net' }] },
          }]);
          return { build: inZone(world, zone), parts: { zone, domain: world.domain } };
        },
      },
    ],
  },
];
