// Bad input: what SES, Route 53 and other services refuse, and what cannot be reached.
import { CfnResource } from 'aws-cdk-lib';
import { AtDeployment, Refusal } from './refusal';
import { World } from './world';
import { bareKey } from '../end-to-end/hand-made';
import { ACCOUNT, PEM } from '../end-to-end/scene';

const PARENT = 'eu-west-1';

/** A service answers each such call with an error of that name. */
const answers = (
  service: string, operation: string, name: string, { status = 400, text = 'it says so', title = name, writes = undefined as string | undefined } = {},
  parts: Record<string, string> = {},
): AtDeployment => ({
  title: `${service} ${operation}: ${title}`,
  writes,
  make: (world) => ({
    build: world.byo(world.scene.secrets.one),
    during: () => world.everyCallIs(service, operation, name, text, status),
    parts: { name, zone: world.scene.zoneId, text, ...parts },
  }),
});

/** SES refuses only when the record is there. The roll-back takes it away. */
const WRITES = 'the record is published before SES is told';

const refusedBatch = (text: string, title: string): AtDeployment =>
  answers('route53', 'ChangeResourceRecordSets', 'InvalidChangeBatch', { text, title, writes: 'a batch that is refused' });

const parentIs = (title: string, problem: string, make: (world: World) => unknown): AtDeployment => ({
  title: `parent: ${title}`,
  make: async (world) => {
    await make(world);
    return { build: world.replicaOf(PARENT), parts: { domain: world.domain, parent: PARENT, problem: problem.replace('{domain}', world.domain) } };
  },
});

const REFUSED = 'Route 53 refused the change of zone {zone}: {text}';
const UNREACHABLE = 'See what keeps the function from it: in a VPC it needs a NAT gateway or a VPC endpoint of the service, and '
  + 'security groups, network ACLs, firewall and DNS that let it through. Then deploy again';

const NETWORK = 'Something between the function and AWS answers in its place, such as a proxy or a firewall: let the function reach '
  + 'AWS directly or by VPC endpoints, then deploy again.';

/** Something between answers in place of a service. */
const instead = (
  title: string, service: 'ses' | 'route53', headers: Record<string, string>, body: string, parts: Record<string, string>, status = 403,
): AtDeployment => ({
  title: `services: ${title}`,
  make: (world) => {
    const answering = world.cloud[service] as unknown as { renderError?: () => unknown };
    return {
      build: world.byo(world.scene.secrets.one),
      during: () => {
        answering.renderError = () => ({ status, headers, body });
        world.everyCallIs(service, service === 'ses' ? 'GetEmailIdentity' : 'GetHostedZone', 'Any', 'any', status);
      },
      after: () => delete answering.renderError,
      parts: { zone: world.scene.zoneId, ...parts },
    };
  },
});

export const TOLD: readonly Refusal[] = [
  {
    place: 'identity',
    says: 'SES has no identity {domain} in us-east-1',
    advises: 'Create it there, or set the region where it is',
    why: 'The identity was deleted, or is in another Region or account.',
    atDeployment: [
      {
        title: 'identity: not there',
        make: (world) => {
          world.identityIsGone();
          return { build: world.byo(world.scene.secrets.one), parts: { domain: world.domain } };
        },
      },
    ],
  },
  {
    place: 'identity',
    says: 'AccessDeniedException: {text}',
    advises: "A policy, permission boundary or service control policy forbids this call to the function's role",
    why: 'The function\'s own policy allows the call, but another policy denies it.',
    atDeployment: [answers('ses', 'GetEmailIdentity', 'AccessDeniedException', { status: 403 })],
  },
  {
    place: 'identity',
    says: 'ExpiredTokenException: {text}',
    advises: "The function's credentials have run out. Deploy again",
    why: 'A call waited for longer than the credentials are valid.',
    atDeployment: [answers('ses', 'GetEmailIdentity', 'ExpiredTokenException', { status: 403 })],
  },
  {
    place: 'identity',
    says: 'UnrecognizedClientException: {text}',
    advises: 'The Region may not be enabled in this account',
    why: 'A Region that is not enabled does not know the account.',
    atDeployment: [answers('ses', 'GetEmailIdentity', 'UnrecognizedClientException', { status: 403 })],
  },
  {
    place: 'identity',
    says: '{domain} cannot replicate its parent in {parent}: {problem}',
    advises: 'The parent has to be an identity of the same domain with Easy DKIM, verified. Signing was not touched',
    why: 'SES would say so only later: [Several Regions](regions.md).',
    atDeployment: [
      parentIs('not there', 'there is no identity {domain}', () => undefined),
      {
        title: "parent: the identity's own Region, which a parameter gives",
        make: (world) => {
          world.signsNow();
          return {
            build: world.withProperties(world.replicaOf(PARENT), { 'Signing.ParentRegion': 'us-east-1' }),
            parts: { domain: world.domain, parent: 'us-east-1', problem: "that is the identity's own Region" },
          };
        },
      },
      parentIs('with BYODKIM', 'it signs with BYODKIM, and only Easy DKIM is replicated', ({ cloud, domain }) =>
        cloud.ses.createIdentity({
          account: ACCOUNT, region: PARENT, name: domain, dkim: { selector: 's1', privateKey: bareKey(PEM.one) },
        })),
      parentIs('a replica itself', 'it is a replica itself', (world) => {
        for (const region of [PARENT, 'eu-north-1']) world.scene.identityExists(region, world.domain);
        return world.scene.deployed(`${world.stackName}-Parent`, world.replicaOf('eu-north-1'), { region: PARENT });
      }),
      parentIs('not verified, while the replica signs mail', 'its DKIM status is PENDING, and the replica signs mail now', (world) => {
        world.signsNow();
        world.scene.identityExists(PARENT, world.domain);
      }),
    ],
  },
  {
    place: 'told',
    says: 'BadRequestException: {text}',
    advises: 'SES does not take this signing: look at method, selector and key of the identity, and tags, then deploy again',
    why: 'The message starts with what SES says. SES does not say why it refuses a key, a selector or a tag.',
    atDeployment: [answers('ses', 'PutEmailIdentityDkimSigningAttributes', 'BadRequestException', { writes: WRITES })],
  },
  {
    place: 'told',
    says: 'NotFoundException: {text}',
    advises: 'The identity was deleted meanwhile. Deploy again when it exists',
    why: 'Somebody else deleted it during the deployment.',
    atDeployment: [
      answers('ses', 'PutEmailIdentityDkimSigningAttributes', 'NotFoundException', { status: 404, writes: WRITES }),
    ],
  },
  {
    place: 'told',
    says: '{name}: {text}',
    advises: "Deploy again; if it stays, the function's log says what went before",
    why: 'The service has an error that this library does not know.',
    atDeployment: [answers('ses', 'PutEmailIdentityDkimSigningAttributes', 'NewException', { writes: WRITES })],
  },
  {
    place: 'told',
    says: 'Route 53 refused the change of zone {zone}: {text}',
    advises: 'Set recordTtl to whole seconds, from 0 to 2147483647',
    why: 'Route 53 takes no other TTL.',
    atDeployment: [
      {
        title: 'property RecordTtl: larger than Route 53 takes',
        writes: 'a batch that is refused',
        make: (world) => ({
          build: world.withProperties(world.byo(world.scene.secrets.one), { RecordTtl: 9_999_999_999 }),
          parts: {
            zone: world.scene.zoneId,
            text: "Invalid XML ; the TTL '9999999999' is not valid: it has to be a whole number from 0 to 2147483647",
          },
        }),
      },
    ],
  },
  {
    place: 'told',
    says: 'There is no hosted zone {zone}',
    advises: 'It existed a moment ago. Find out who deleted it, or removed the permission for it, then deploy again',
    why: 'Somebody else deleted the zone, or changed the role, during the deployment.',
    atDeployment: [answers('route53', 'ChangeResourceRecordSets', 'NoSuchHostedZone', { status: 404, writes: 'a batch that is refused' })],
  },
  ...([
    ['A record that is protected or managed by a service has to be changed there',
      'Another service of AWS has written the record.', '[The record is protected and can be changed by its service only]'],
    ['Another kind of record has that name: see who needs it, and remove it or choose another name, then deploy again',
      'DNS allows no other record beside a CNAME, and Route 53 allows no two routing policies for one name.',
      '[RRSet of type TXT with DNS name x. is not permitted because a conflicting RRSet of type CNAME exists]'],
    ['Somebody has changed the record at the same time. Deploy again, and the zone is read again',
      'Two deployments changed the record, or somebody did by hand.', '[Tried to create resource record set but it already exists]'],
    ['The hosted zone is not that of the domain: pass the zone of the domain or of a parent domain',
      'A hosted zone accepts records of its own domain only.', '[RRSet with DNS name x. is not permitted in zone example.org.]'],
    ['Set recordTtl to whole seconds, from 0 to 2147483647', 'Route 53 takes no other TTL.', 'Invalid XML ; the TTL is not valid'],
    ['Delete records that nobody needs, or ask AWS for a higher quota of the hosted zone; a limit of one request cannot be raised',
      'A zone can have 10,000 records by default.', '[Number of records limit of 1000 exceeded.]'],
    ['Look at the record that Route 53 names, and at who manages the zone, then deploy again',
      'Route 53 says what it is.', '[Something else is not right]'],
  ] as const).map(([advises, why, text]): Refusal => ({
    place: 'told', says: REFUSED, advises, why, atDeployment: [refusedBatch(text, text.slice(0, 50))],
  })),
  {
    place: 'services',
    says: 'CloudFormation does not know the resource {resource} of this stack',
    advises: 'The stack, or the resource, was deleted meanwhile: deploy again',
    why: 'Lambda can keep an event for hours. The stack has changed since then.',
    atDeployment: [
      {
        title: 'services: a stack that is not there',
        make: (world) => {
          const parts: Record<string, string> = {};
          return {
            build: (stack) => {
              parts.resource = stack.resolve((world.byo(world.scene.secrets.one)(stack).node.findChild('Resource') as CfnResource).logicalId);
            },
            during: () => world.everyCallIs('cloudformation', 'DescribeStackResource', 'ValidationError', 'Stack does not exist'),
            parts,
          };
        },
      },
    ],
  },
  {
    place: 'services',
    says: '{operation} could not reach 127.0.0.1 for minutes: {error}',
    advises: UNREACHABLE,
    why: 'There is no answer. If a service answers that it is busy or has failed, the function waits as long as it has time.',
    atDeployment: [
      {
        title: 'network: no way to Secrets Manager',
        make: (world) => ({
          build: world.byo(world.scene.secrets.one),
          during: () => world.cloud.faults.add({
            service: 'secretsmanager', operation: 'GetSecretValue', kind: 'cut-before', times: 10_000,
          }),
          parts: { operation: 'GetSecretValue', error: 'ECONNRESET: socket hang up' },
        }),
      },
    ],
  },
  {
    place: 'services',
    says: 'there was no time left for: {call}',
    advises: 'Deploy again',
    why: 'The time of CloudFormation was over: at most an hour, of which the last minutes are for a last look and the answer. '
      + 'With a long `waitForVerification`, this replaces `has not verified`.',
    atDeployment: [
      {
        title: 'services: Secrets Manager never answers',
        make: (world) => ({
          build: world.byo(world.scene.secrets.one),
          during: () => world.cloud.faults.add({
            service: 'secretsmanager', operation: 'GetSecretValue', kind: 'hang', times: 10_000,
          }),
          parts: { call: 'GetSecretValue, which last answered TimeoutError: no answer came in time' },
        }),
      },
    ],
  },
  {
    place: 'services',
    says: 'there was no time left for: {call}. The function could not start itself again: {error}',
    advises: 'Deploy again',
    why: 'A service control policy or a permissions boundary may forbid `lambda:InvokeFunction`. With `waitForVerification` the '
      + 'function has itself called again by EventBridge Scheduler, which needs `scheduler:CreateSchedule` and `iam:PassRole`.',
    atDeployment: [
      {
        title: 'services: the function may not start itself',
        make: (world) => ({
          build: world.byo(world.scene.secrets.one),
          during: () => {
            world.everyCallIs('ses', 'GetEmailIdentity', 'TooManyRequestsException');
            world.everyCallIs('lambda', 'Invoke', 'ResourceNotFoundException');
          },
          parts: { call: 'GetEmailIdentity, which last answered TooManyRequestsException: it says so', error: 'it says so' },
        }),
      },
    ],
  },
  {
    place: 'services',
    says: '{host} answers with a web page (HTTP status {status})',
    advises: NETWORK,
    why: 'A proxy asks for a log-in, or blocks the function.',
    atDeployment: [instead('a web page in place of Route 53', 'route53', { 'content-type': 'text/html' }, '<html>Blocked</html>',
      { host: '127.0.0.1', status: '200' }, 200)],
  },
  {
    place: 'services',
    says: "UnreadableAnswer: the answer is not of the service's protocol (HTTP status {status})",
    advises: NETWORK,
    why: 'It is neither JSON nor XML, or empty.',
    atDeployment: [instead('some text in place of SES', 'ses', { 'content-type': 'text/plain' }, 'Blocked', { status: '403' })],
  },
  {
    place: 'services',
    says: 'The answer for the hosted zone {zone} has no zone in it',
    advises: NETWORK,
    why: 'It is XML, but not of Route 53.',
    atDeployment: [instead('XML of somebody else in place of Route 53', 'route53', { 'content-type': 'application/xml' },
      '<answer/>', {}, 200)],
  },
];
