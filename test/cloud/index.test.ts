// The whole local cloud: a deployed function that calls its services with its role's rights, and faults that hit it.
import { LocalCloud } from '.';
import { FUNCTION_RESOURCES, functionAssets } from './cloudformation/test-function';

const ROOT = `${__dirname}/../..`;

/** Calls SES and Route 53 by the real SDK, and asks a name server. */
const CODE = `
  const load = (name) => require(require.resolve(name, { paths: [${JSON.stringify(ROOT)}] }));
  const { SESv2Client, GetEmailIdentityCommand } = load('@aws-sdk/client-sesv2');
  const { Route53Client, ListResourceRecordSetsCommand } = load('@aws-sdk/client-route-53');
  const dns = require('node:dns/promises');
  exports.handler = async ({ zoneId, nameServer, domain }) => {
    const ses = new SESv2Client({ maxAttempts: 1 });
    const route53 = new Route53Client({ maxAttempts: 1 });
    const attempt = (promise) => promise.then((value) => value, (error) => ({ error: error.name }));
    const identity = await attempt(ses.send(new GetEmailIdentityCommand({ EmailIdentity: domain })));
    const records = await attempt(route53.send(new ListResourceRecordSetsCommand({ HostedZoneId: zoneId })));
    const [address] = await new dns.Resolver().resolve4(nameServer);
    const authority = new dns.Resolver();
    authority.setServers([address + ':53']);
    return {
      status: identity.DkimAttributes?.Status ?? identity.error,
      records: records.ResourceRecordSets?.length ?? records.error,
      mx: await authority.resolveTxt('text.' + domain),
    };
  };
`;

let cloud: LocalCloud;
const assetDirectory = functionAssets(CODE);
const tellsItsProcess = functionAssets('exports.handler = async () => process.pid;');

beforeEach(async () => {
  cloud = await LocalCloud.start();
});
afterEach(() => cloud.stop());

async function deployed(actions: string[]) {
  const zone = await cloud.route53.createHostedZone({ account: '111111111111', name: 'example.com' });
  cloud.route53.change(zone.id, [{
    Action: 'CREATE',
    ResourceRecordSet: { Name: 'text.example.com', Type: 'TXT', TTL: 60, ResourceRecords: [{ Value: '"hello"' }] },
  }]);
  const { resources } = await cloud.cloudFormation.deploy({
    stackName: 'app',
    assetDirectory,
    template: {
      Resources: {
        ...FUNCTION_RESOURCES,
        Identity: { Type: 'AWS::SES::EmailIdentity', Properties: { EmailIdentity: 'example.com' } },
        Policy: {
          Type: 'AWS::IAM::Policy',
          Properties: {
            PolicyName: 'rights',
            PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] },
            Roles: [{ Ref: 'Role' }],
          },
        },
      },
    },
  });
  const event = JSON.stringify({ zoneId: zone.id, nameServer: zone.nameServers[0], domain: 'example.com' });
  return async () => {
    const { payload, error } = await cloud.lambda.invoke(String(resources.Function.attributes.Arn), event);
    return error ?? JSON.parse(payload!);
  };
}

test('a deployed function reaches the services and the name servers of the cloud', async () => {
  const run = await deployed(['ses:GetEmailIdentity', 'route53:ListResourceRecordSets']);

  await expect(run()).resolves.toEqual({ status: 'PENDING', records: 3, mx: [['hello']] });
  expect(cloud.calls.map(({ service, operation, status }) => `${service} ${operation} ${status}`)).toEqual([
    'ses GetEmailIdentity 200', 'route53 ListResourceRecordSets 200',
  ]);
});

test('it may do only what its role may', async () => {
  const run = await deployed(['route53:ListResourceRecordSets']);

  await expect(run()).resolves.toMatchObject({ status: 'AccessDeniedException', records: 3 });
});

test('a fault of a call can kill just the process that called', async () => {
  const run = await deployed(['ses:GetEmailIdentity', 'route53:ListResourceRecordSets']);
  cloud.faults.add({ service: 'route53', operation: 'ListResourceRecordSets', kind: 'kill-after' });

  const killed = await run();
  const next = await run();

  expect(killed)
    .toMatchObject({ errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('signal: SIGKILL') });
  expect(next).toMatchObject({ records: 3 });
});

test('the services answer with the date of the cloud', async () => {
  await cloud.clock.pass(365 * 24 * 3600_000);

  const { headers } = await fetch(cloud.ses.endpoint);

  expect(headers.get('date')).toBe('Tue, 05 Jan 2027 09:00:00 GMT');
});

test('a stopped cloud leaves no process and no server behind', async () => {
  const { resources } = await cloud.cloudFormation.deploy({
    stackName: 'app', template: { Resources: FUNCTION_RESOURCES }, assetDirectory: tellsItsProcess,
  });
  const { payload } = await cloud.lambda.invoke(String(resources.Function.attributes.Arn), '{}');

  await cloud.stop();

  expect(() => process.kill(Number(payload), 0)).toThrow('ESRCH');
  for (const endpoint of Object.values(cloud.endpointEnvironment())) await expect(fetch(endpoint)).rejects.toThrow();
});
