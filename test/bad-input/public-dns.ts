// Bad input: what public DNS has while the domain signs mail, and what SES finds there.
import { Duration, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { AtDeployment, Made, Refusal } from './refusal';
import { World } from './world';
import { DkimSigning } from '../../src';
import { NameServerSettings } from '../cloud/dns/name-server';
import { bareKey } from '../end-to-end/hand-made';
import { ACCOUNT, DOMAIN, newKey, PEM, publicKeyOf, REGION } from '../end-to-end/scene';

const RECORD = `v=DKIM1; k=rsa; p=${publicKeyOf(PEM.one)}`;
const NETWORK = "The function's network has to let it ask name servers on the internet, by UDP and TCP on port 53: in a VPC look at "
  + 'security group, network ACL, firewall and NAT gateway. If it does, the name servers are down. Then deploy again';
const KEY_LENGTH_ONCE = 'SES allows that once in 24 hours, the first change to 1024 bits excepted';

/** Its record is published, and then nothing comes of it: the roll-back takes it away. */
const WRITES = 'the record is published before SES is told';

/** Mail of the domain is signed with Easy DKIM. */
const signing = (
  title: string, make: (world: World) => Partial<Made> | Promise<Partial<Made>>, writes?: string,
): AtDeployment => ({
  title: `public DNS: ${title}`,
  writes,
  make: async (world) => {
    world.signsNow();
    const { parts, ...made } = await make(world);
    return {
      build: withoutZone(world),
      parts: { domain: world.domain, name: world.recordName(), ...parts },
      ...made,
    };
  },
});

/** BYODKIM, with a record that somebody publishes elsewhere. */
const withoutZone = (world: World, props = {}) =>
  world.byo(world.scene.secrets.one, undefined, { hostedZone: undefined, ...props });

/** What all name servers of the zone say. */
const allSay = (world: World, what: string) =>
  world.cloud.dns.delegation(DOMAIN)!.map((nameServer) => `${nameServer} ${what}`).join('; ');

const quoted = (text: string) => text.match(/.{1,200}/g)!.map((part) => `"${part}"`).join(' ');

const flawed = (title: string, tags: string, what: string, remedy: string) => signing(title, (world) => {
  world.scene.write(world.recordName(), 'TXT', quoted(RECORD.replace('v=DKIM1; k=rsa;', tags)));
  return { parts: { what, remedy } };
});

/** The domain's own name servers do not work; the record is published there. */
const silent = (
  title: string, said: string, settings: Partial<NameServerSettings>, family: 'ipv4' | 'ipv6' = 'ipv4',
): AtDeployment => ({
  title: `public DNS: ${title}`,
  make: async (world) => {
    const { domain, nameServers } = await world.signsElsewhere(family);
    const { dns } = world.cloud;
    return {
      build: ofDomain(world, domain),
      during: () => nameServers.forEach((name) => dns.changeNameServer(name, settings)),
      parts: {
        domain, name: `s1._domainkey.${domain}`, said: nameServers.map((name) => `${name} ${said}`).join('; '),
      },
    };
  },
});

/** BYODKIM for another domain than the case's own. */
const ofDomain = (world: World, domain: string) => (stack: Stack) => world.byo(world.scene.secrets.one, undefined, {
  identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Other', domain), hostedZone: undefined,
})(stack);

/** The zone for a stack that has signed mail with its own key under s1. */
async function signsWithOwnKey(world: World): Promise<void> {
  await world.deployed(world.byo(world.scene.secrets.one));
}

export const PUBLIC_DNS: readonly Refusal[] = [
  {
    place: 'public-dns',
    says: '{domain} signs mail now, and its public name servers do not answer TXT {name}: {said}. Signing was not touched',
    advises: 'Publish TXT {name} with the value {value} at your DNS provider, then deploy again',
    why: 'Without `hostedZone` the construct writes no records: [Another DNS provider](other-dns.md). The message has each public name server and what it answers.',
    atDeployment: [
      signing('nobody has published the record', (world) => ({ parts: { said: allSay(world, 'has none'), value: RECORD } })),
      signing('another key is published', (world) => {
        const other = RECORD.replace(publicKeyOf(PEM.one), publicKeyOf(PEM.two));
        world.scene.write(world.recordName(), 'TXT', quoted(other));
        return { parts: { said: allSay(world, `has ${other.slice(0, 300)}`), value: RECORD } };
      }),
    ],
  },
  {
    place: 'public-dns',
    says: '{domain} signs mail now, and its public name servers do not answer {type} {name}: {said}. Signing was not touched',
    advises: 'Is {zone} the zone that the domain is delegated to? Compare its name servers with those at the registrar',
    why: 'There are two zones of the same name, or the registrar still has the old provider.',
    atDeployment: [
      signing('another zone of the same name', async (world) => {
        const { id } = await world.cloud.route53.createHostedZone({ account: ACCOUNT, name: DOMAIN, delegate: false });
        return {
          build: world.byo(world.scene.secrets.one, undefined, {}, 's1', id),
          parts: { type: 'TXT', zone: id, said: allSay(world, 'has none') },
        };
      }, WRITES),
    ],
  },
  {
    place: 'public-dns',
    says: '{domain} signs mail now, and nobody could see whether its public name servers answer TXT {name}: {said}. Signing was not '
      + 'touched',
    advises: NETWORK,
    why: 'The function asks each name server itself, by UDP and TCP on port 53, and the message says for each why that failed. Where '
      + 'one of them answers, the deployment goes on, and the log names the others. `ETIMEOUT` of every name server means that the '
      + "function's network lets no DNS out, which has nothing to do with the registrar. A resolver in the VPC is not enough.",
    atDeployment: [
      signing('the network lets no DNS out', (world) => {
        const { functionNetwork } = world.cloud.dns.settings;
        return {
          during: () => functionNetwork.port53 = false,
          after: () => functionNetwork.port53 = true,
          parts: { said: 'a.gtld-servers.net gave no answer (ETIMEOUT); b.gtld-servers.net gave no answer (ETIMEOUT)' },
        };
      }),
    ],
  },
  {
    place: 'public-dns',
    says: '{domain} signs mail now, and nobody could see whether its public name servers answer TXT {name}: {said}. Signing was not '
      + 'touched',
    advises: "The function's network has to let it ask name servers on the internet by TCP on port 53 too. If it does, they refuse it. "
      + 'Then deploy again',
    why: 'An answer that is too long for UDP is asked for again by TCP.',
    atDeployment: [silent('name servers that take no TCP', 'gave an answer that is too long for UDP, and none by TCP (ECONNRESET)',
      { truncatesUdp: true, tcp: false })],
  },
  {
    place: 'public-dns',
    says: '{domain} signs mail now, and nobody could see whether its public name servers answer TXT {name}: {said}. Signing was not '
      + 'touched',
    advises: "Give the function's network IPv6, with subnets of a VPC that have both, or one of the name servers an address of IPv4. "
      + 'Then deploy again',
    why: 'A function has no IPv6 without a VPC.',
    atDeployment: [silent('name servers with IPv6 alone', 'has no address of IPv4, and could not be reached by IPv6 (ENETUNREACH)',
      {}, 'ipv6')],
  },
  {
    place: 'public-dns',
    says: '{domain} signs mail now, and nobody could see whether its public name servers answer TXT {name}: {said}. Signing was not '
      + 'touched',
    advises: 'Compare the name servers at the registrar, or in the zone above, with those that hold the domain. Then deploy again',
    why: 'The domain is delegated to name servers that do not have it, or that have no address.',
    atDeployment: [
      silent('name servers that refuse the domain', 'does not answer for the domain (REFUSED)', { mode: 'refuses' }),
      {
        title: 'public DNS: name servers without an address',
        make: async (world) => {
          const { domain, nameServers } = await world.signsElsewhere();
          const { dns } = world.cloud;
          return {
            build: ofDomain(world, domain),
            during: () => dns.delegate(domain, ['ns1.nowhere.invalid']),
            after: () => dns.delegate(domain, nameServers),
            parts: {
              domain, name: `s1._domainkey.${domain}`, said: 'ns1.nowhere.invalid has no public address',
            },
          };
        },
      },
    ],
  },
  {
    place: 'public-dns',
    says: '{domain} signs mail now, and its public name servers do not answer TXT {name}: it is delegated to none. Signing was not touched',
    advises: 'Have {domain} delegated to the name servers that hold it, at the registrar or in the zone above',
    why: 'The registration has ended, or the NS records are gone.',
    atDeployment: [
      {
        title: 'public DNS: a domain that is delegated to nobody',
        make: async (world) => {
          const { domain, nameServers } = await world.signsElsewhere();
          const { dns } = world.cloud;
          return {
            build: ofDomain(world, domain),
            during: () => dns.undelegate(domain),
            after: () => dns.delegate(domain, nameServers),
            parts: { domain, name: `s1._domainkey.${domain}` },
          };
        },
      },
    ],
  },
  {
    place: 'public-dns',
    says: '{domain} signs mail now, and its public name servers do not answer TXT {name}: {said}. Signing was not touched',
    advises: 'Resolvers ask any of these name servers. {publish} out of the delegation: at the registrar or in the zone above, and in the NS '
      + 'records of {domain}',
    why: 'The domain is delegated to more than one provider. Each resolver asks any of them, so all of them need the record.',
    atDeployment: [
      {
        title: 'public DNS: one of two providers has the record',
        make: async (world) => {
          const { domain, nameServers } = await world.signsElsewhere();
          const { dns } = world.cloud;
          const other = dns.provider(`second-${world.stackName.toLowerCase()}`);
          const second = await other.createZone(domain, { delegate: false });
          other.set(`s1._domainkey.${domain}`, 'TXT', [RECORD]);
          return {
            build: ofDomain(world, domain),
            during: () => dns.delegate(domain, [...nameServers, ...second.nameServers]),
            after: () => dns.delegate(domain, nameServers),
            parts: {
              domain,
              name: `s1._domainkey.${domain}`,
              said: nameServers.flatMap((name, index) => [
                `${name} has none`, `${second.nameServers[index]} has ${RECORD.slice(0, 300)}`,
              ]).join('; '),
              publish: 'Publish the record with the others too, or take them',
            },
          };
        },
      },
    ],
  },
  {
    place: 'public-dns',
    says: 'Nobody could see what {target} has in public DNS: {said}',
    advises: NETWORK,
    why: 'The selector is a CNAME or an alias, and what it leads to may be what mail is signed with. So nothing was written.',
    atDeployment: [
      {
        title: 'public DNS: a CNAME that leads to silent name servers',
        make: async (world) => {
          const elsewhere = world.cloud.dns.provider('silent');
          const { nameServers } = await elsewhere.createZone('silent-case.example');
          world.scene.write(world.recordName(), 'CNAME', 's1.silent-case.example');
          for (const name of nameServers) world.cloud.dns.changeNameServer(name, { mode: 'silent' });
          return {
            build: world.byo(world.scene.secrets.one),
            parts: {
              target: 's1.silent-case.example', said: nameServers.map((name) => `${name} gave no answer (ETIMEOUT)`).join('; '),
            },
          };
        },
      },
    ],
  },
  {
    place: 'public-dns',
    says: 'Public DNS has this very key under {name}, but {what}. Signing was not touched',
    advises: '{remedy}',
    why: 'SES would verify the record, and receivers would not verify the mail. The message says what to change: '
      + '[Your own key](byodkim.md).',
    atDeployment: [
      flawed('the record is in test mode', 'v=DKIM1; k=rsa; t=y;', 't=y says that DKIM is only tested, and mail counts as unsigned',
        'Take y out of t='),
      flawed('the record is for SHA-1 alone', 'v=DKIM1; h=sha1;', 'h=sha1 lacks sha256, by which SES signs',
        'Add sha256 to h=, or take h= out'),
      flawed('the record has k=ed25519', 'v=DKIM1; k=ed25519;', 'k=ed25519 is not the type of the key', 'Write k=rsa'),
    ],
  },
  {
    place: 'records',
    says: 'Mail is signed with another key under this selector now, and its record {name} has to stay for the mail on its way',
    advises: 'Give the new key a new selector',
    why: 'A selector has one key (RFC 6376): [Changing the key](byodkim.md#changing-the-key).',
    atDeployment: [
      {
        title: 'record: a new key under the selector that signs',
        make: async (world) => {
          await signsWithOwnKey(world);
          return {
            isUpdate: true, build: world.byo(world.scene.secrets.two), parts: { name: world.recordName() },
          };
        },
      },
    ],
  },
  {
    place: 'records',
    says: 'The record {name} holds the key of mail that is still on its way, and has to stay as it is until {time}',
    advises: 'Give the key a new selector, or pin the version of the secret that has the old key (versionId)',
    why: 'The selector was used with another key less than 14 days ago.',
    atDeployment: [
      {
        title: 'record: a former selector with another key',
        make: async (world) => {
          await signsWithOwnKey(world);
          await world.deployed(world.byo(world.scene.secrets.two, undefined, {}, 's2'));
          return {
            isUpdate: true, build: world.byo(world.scene.secret(newKey(1024))), parts: { name: world.recordName(), time: '<time>' },
          };
        },
      },
    ],
  },
  {
    place: 'records',
    says: 'The record {name} holds an earlier key, which receivers may remember',
    advises: 'Give the key a new selector: a selector has one key',
    why: 'The overlap of the earlier key is over. Mail that is signed with another key at once would fail at receivers that looked the '
      + 'earlier one up a moment ago.',
    testedBy: 'test/end-to-end/retirement.test.ts',
  },
  {
    place: 'records',
    says: 'The record {name} says that the key of this selector was revoked',
    advises: 'Take a new key with a new selector, or rotate it',
    why: 'The empty `p=` is there so that nobody trusts the leaked key: [A key has leaked](rotation.md#a-key-has-leaked).',
    testedBy: 'test/lambda/records/zone-plan-superseded.test.ts',
  },
  {
    place: 'records',
    says: 'Another stack, or the same domain in another Region, uses the record {name}: it has TXT {found}; needed is TXT {wanted}',
    advises: 'Choose another selector. One selector can serve both where both have the same key',
    why: 'Two constructs name one selector with different keys: [Several Regions](regions.md). `OVERWRITE` does not replace the record of another construct. If that one is gone, [its registry record is left](trouble.md#what-is-left-and-how-to-clean-up).',
    atDeployment: [
      {
        title: 'record: another Region has another key under the selector',
        make: async (world) => {
          world.scene.identityExists('eu-west-1', world.domain);
          const pem = newKey(1024);
          const secret = world.scene.secret(pem, undefined, { region: 'eu-west-1' });
          await world.scene.deployed(world.stackName, world.byo(secret), { region: 'eu-west-1' });
          return {
            build: world.byo(world.scene.secrets.one),
            parts: { name: world.recordName(), found: `v=DKIM1; k=rsa; p=${publicKeyOf(pem)}`, wanted: RECORD },
          };
        },
      },
    ],
  },
  {
    place: 'told',
    says: `SES refused to change the key length of {domain} to RSA_2048_BIT: {error} ${KEY_LENGTH_ONCE}. The last key was made at {time}`,
    advises: 'Deploy again later',
    why: 'SES makes a new key for a new length, and does that once a day.',
    atDeployment: [
      {
        title: 'SES: a key length that was changed today',
        writes: 'only SES knows it',
        make: async (world) => {
          const length = (keyLength: ses.EasyDkimSigningKeyLength) =>
            world.dkim(() => ({ signing: DkimSigning.easyDkim({ keyLength }) }));
          await world.deployed(length(ses.EasyDkimSigningKeyLength.RSA_1024_BIT));
          return {
            isUpdate: true,
            build: length(ses.EasyDkimSigningKeyLength.RSA_2048_BIT),
            parts: {
              domain: world.domain, time: '<time>', error: 'The signing key length can be changed only once in 24 hours.',
            },
          };
        },
      },
    ],
  },
  {
    place: 'wait',
    says: 'SES has not verified DKIM of {domain} within 600 seconds: status {status}, last error {error}, last looked {time}. SES should '
      + 'find in public DNS: TXT {name} {value}.',
    advises: 'Look whether the domain is delegated to the zone that has them.',
    why: 'With `waitForVerification` the deployment ends when SES has seen the records: '
      + '[The status stays PENDING](trouble.md#the-status-stays-pending).',
    atDeployment: [
      {
        title: 'wait: nobody has published the record',
        writes: 'SES is told, and looks',
        make: (world) => ({
          build: withoutZone(world, { waitForVerification: Duration.minutes(10) }),
          identityAfter: 'AWS_SES',
          parts: {
            domain: world.domain, name: world.recordName(), value: RECORD, time: '<time>', status: 'PENDING', error: 'HOST_NOT_FOUND',
          },
        }),
      },
    ],
  },
  {
    place: 'wait',
    says: 'The identity {domain} was deleted while its verification was awaited',
    advises: 'Create it again, then deploy again',
    why: 'Somebody else deleted it during the deployment.',
    atDeployment: [
      {
        title: 'wait: the identity is deleted meanwhile',
        writes: 'SES is told, and looks',
        make: (world) => ({
          build: withoutZone(world, { waitForVerification: Duration.minutes(30) }),
          identityAfter: 'gone',
          during: () => world.later(300_000, () => world.identityIsGone()),
          parts: { domain: world.domain },
        }),
      },
    ],
  },
  {
    place: 'wait',
    says: 'Somebody else has set how {domain} signs, while its verification was awaited: SES has {origin} now',
    advises: 'Find out who did, then deploy again',
    why: 'A script, the console or another stack has changed it.',
    atDeployment: [
      {
        title: 'wait: somebody sets another selector meanwhile',
        writes: 'SES is told, and looks',
        make: (world) => ({
          build: withoutZone(world, { waitForVerification: Duration.minutes(30) }),
          identityAfter: 'EXTERNAL',
          during: () => world.later(300_000, () => {
            world.identityIsGone();
            world.cloud.ses.createIdentity({
              account: ACCOUNT, region: REGION, name: world.domain, dkim: { selector: 'other', privateKey: bareKey(PEM.two) },
            });
          }),
          parts: { domain: world.domain, origin: 'EXTERNAL with the selector other' },
        }),
      },
    ],
  },
  {
    place: 'wait',
    says: 'SES has not verified DKIM of {domain} within 600 seconds: status {status}, last error {error}, last looked {time}.',
    advises: 'A replica needs no records of its own: look at the identity in the parent Region.',
    why: "SES verifies a replica by its parent's records: [Several Regions](regions.md).",
    atDeployment: [
      {
        title: 'wait: a replica of a parent that is not verified',
        writes: 'SES is told, and looks',
        make: (world) => {
          world.scene.identityExists('eu-west-1', world.domain);
          return {
            build: world.replicaOf('eu-west-1', { waitForVerification: Duration.minutes(10) }),
            identityAfter: 'AWS_SES',
            parts: { domain: world.domain, time: '<time>', status: 'PENDING', error: 'SERVICE_ERROR' },
          };
        },
      },
    ],
  },
];
