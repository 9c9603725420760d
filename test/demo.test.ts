// The demo checks the verdicts that it prints: a message that does not verify ends it with an error.
import { App } from 'aws-cdk-lib';
import { LocalCloud } from './cloud';
import { PEM, Scene } from './end-to-end/scene';
import { FUNCTIONS } from './whole-size';
import { makeZones } from '../examples/demo/account';
import { addRotatingStack, ROTATING_DOMAIN } from '../examples/demo/app';
import { Follower } from '../examples/demo/follow';
import { send, showDistrust, showLoss, showVerdicts } from '../examples/demo/mail';
import { showPlain } from '../examples/demo/plain';
import { RotatingKey } from '../examples/demo/rotating-key';
import { showRotation } from '../examples/demo/show-rotation';

let output: string;
let stop: () => Promise<void>;

beforeEach(() => {
  output = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += text;
    return true;
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await stop();
});

test('a message that does not verify ends the demo, and the error names it', async () => {
  const scene = await Scene.withIdentity();
  stop = () => scene.stop();
  await scene.deployed('Mail', scene.byo('s1', scene.secret(PEM.one)));
  await scene.verified();
  const message = { description: 'sent now', domain: 'example.com', raw: await scene.sent(), selectors: ['s1'] };
  await showVerdicts(scene.cloud, [message]);
  await expect(showVerdicts(scene.cloud, [{ ...message, selectors: ['s2'] }])).rejects.toThrow(
    'signed with the selector s2. Found: s=s1',
  );

  scene.erase('s1._domainkey.example.com');
  await expect(showVerdicts(scene.cloud, [message]))
    .rejects.toThrow('Expected: the message from example.com sent now has dkim=pass. Found: dkim=neutral');
});

test('the same change of key in plain CloudFormation loses mail', async () => {
  const cloud = await LocalCloud.start(FUNCTIONS);
  stop = () => cloud.stop();
  await showPlain(cloud, new Follower(cloud), ['spring', 'autumn']);
  expect(output).toMatch(/sent before +dkim=pass[^]*sent before +dkim=neutral \(no key\)[^]*sent then +dkim=none/);
  expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

describe('the rotating key', () => {
  let cloud: LocalCloud;
  let key: RotatingKey;
  let zones: Awaited<ReturnType<typeof makeZones>>;

  beforeEach(async () => {
    cloud = await LocalCloud.start({ ...FUNCTIONS, ses: { recheckEvery: 24 * 3_600_000 } });
    stop = () => cloud.stop();
    zones = await makeZones(cloud);
    const app = new App({ outdir: Scene.newDirectory(), analyticsReporting: false });
    addRotatingStack(app, { zoneIds: Object.fromEntries(zones.map(({ domain, id }) => [domain, id])) });
    const { outputs } = await cloud.cloudFormation.deployAssembly(app.synth(), 'Rotating');
    key = new RotatingKey(cloud, new Follower(cloud), outputs.SecretArn);
  });

  test('is changed, retired, taken back and revoked, and mail is as the demo says', async () => {
    await showRotation(cloud, key, zones.find(({ domain }) => domain === ROTATING_DOMAIN)!);
    expect(output).toMatch(/sent before +dkim=pass/);
    expect(output).toMatch(/sent during it +dkim=pass/);
    expect(output).toMatch(/sent after it +dkim=pass/);
    expect(output).toContain('SES told to sign with the key before it again');
    expect(output.replace(/\s+/g, ' ')).toMatch(/Refused: Mail of \S+ is signed with the selector \S+ now/);
    expect(output).toMatch(/by the leaked key +dkim=neutral/);
    expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('a message that is trusted although its key should be revoked, or it should be lost, ends the demo', async () => {
    const message = await send(cloud, ROTATING_DOMAIN, [key.selector]);
    await expect(showDistrust(cloud, message)).rejects.toThrow('is not trusted. Found: dkim=pass');
    await expect(showLoss(cloud, [message])).rejects.toThrow('the message sent now is lost. Found: dkim=pass');
  });
});
