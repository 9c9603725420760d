// Properties of an older version of the package, which CloudFormation sends once more after an upgrade.
import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { Duration } from 'aws-cdk-lib';
import { REGION, Scene } from './scene';

const WAIT = { waitForVerification: Duration.minutes(30) };

let scene: Scene;
let server: Server;
let answer: Promise<{ Status: string; Reason?: string; PhysicalResourceId: string }>;
let responseUrl: string;

beforeEach(async () => {
  scene = await Scene.withIdentity({ functions: 'process' }); // it answers to a real server
  answer = new Promise((resolve) => {
    server = createServer((req, res) => {
      let body = '';
      req.on('data', (chunk) => body += chunk).on('end', () => {
        res.end();
        resolve(JSON.parse(body));
      });
    }).listen(0, '127.0.0.1');
  });
  await new Promise((resolve) => server.once('listening', resolve));
  responseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await scene.stop();
});

/**
 * Sends the function an event that CloudFormation would send after an upgrade from a version with
 * other properties.
 */
async function send(RequestType: 'Update' | 'Delete', change: (event: Record<string, any>) => object) {
  const { resources } = await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  const created = JSON.parse(scene.cloud.lambda.invocations[0].event);
  const [arn] = Object.values(resources).filter(({ type }) => type === 'AWS::Lambda::Function')
    .map(({ attributes }) => attributes.Arn as string);
  const event = { ...created, RequestType, ResponseURL: responseUrl, PhysicalResourceId: `${REGION}/example.com` };
  await scene.cloud.lambda.invoke(arn, JSON.stringify({ ...event, ...change(event) }));
  return answer;
}

test('before an update: what is there speaks for itself', async () => {
  const { resources } = await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  // CloudFormation sends them with the next update, as it knows them.
  const { properties } = Object.values(resources).find(({ type }) => type === 'Custom::EmailIdentityDkim')!;
  const own = Object.keys(properties).filter((name) => !name.startsWith('Service'));
  for (const name of own) Reflect.deleteProperty(properties, name);
  Object.assign(properties, { Domain: 'example.com', Dkim: ['of', 'another', 'shape'] });
  const calls = scene.cloud.calls.length;
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, { ...WAIT, recordTtl: Duration.minutes(20) }));
  expect(scene.log().join()).toContain('previous-properties-unreadable');
  expect(scene.writes(calls).filter((write) => write.startsWith('ses:'))).toEqual([]);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

test('in a delete: it is answered, and nothing is touched that could not be read', async () => {
  const before = () => scene.all();
  const answered = await send('Delete', () => ({ ResourceProperties: { Domain: 'example.com' } }));
  expect(answered)
    .toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('The property Identity is missing') });
  expect(before()).toHaveLength(2);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});
