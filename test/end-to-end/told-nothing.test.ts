// An owner that found Easy DKIM has told SES nothing, and has no tag. What its update names, and has not told SES
// either, is not its own to lead back.
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { failing, identityDeployed, signsByHand } from './hand-made';
import { ORIGINS, PARENT, parentExists, WAIT } from './methods';
import { PEM, Scene } from './scene';
import { EmailIdentityDkimProps } from '../../src';

const RETAINED = { removalPolicy: RemovalPolicy.RETAIN };
const NO_ZONE = { hostedZone: undefined };

let scene: Scene;

afterEach(() => scene.stop());

type Build = (stack: Stack) => void;

/** Without a roll-back, so the stack believes in what was not done. */
async function fails(build: Build): Promise<void> {
  expect((await scene.deploy('Second', build, { disableRollback: true })).status).toBe('UPDATE_FAILED');
}

/** The first use of a call in the next deployment is refused. */
function refused(service: string, operation: string): void {
  scene.cloud.faults.add({ service, operation, kind: Scene.refusal() });
}

async function goes(stackName: string): Promise<void> {
  expect((await scene.destroy(stackName)).status).toBe('DELETE_COMPLETE');
}

describe.each<[string, Partial<EmailIdentityDkimProps>]>([
  ['with a zone', {}], ['without a zone', NO_ZONE],
])('10 what is retained is led back by nobody whose update has failed: an owner %s', (_, zone) => {
  beforeEach(async () => {
    scene = await Scene.withIdentity();
    await scene.deployed('Second', scene.easy(zone));
    await scene.deployed('First', scene.byo('s1', scene.secrets.one, { ...WAIT, ...RETAINED }));
  });

  afterEach(async () => {
    await goes('First');
    await goes('Second');
    expect(scene.identity()).toMatchObject({ tokens: ['s1'], tags: [] });
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test('as the selector has another key', () => fails(scene.byo('s1', scene.secrets.two, zone)));

  test('as the secret has no key', () => fails(scene.byo('s1', scene.secret('no key'), zone)));

  test('as SES was not to be read', () => {
    refused('ses', 'GetEmailIdentity');
    return fails(scene.byo('s1', scene.secrets.one, zone));
  });


  test('twice, for one cause and then another', async () => {
    await fails(scene.byo('s1', scene.secret('no key'), zone));
    await fails(scene.byo('s1', scene.secrets.two, zone));
  });
});

test('12 the signing of an owner that goes is not left to one whose update has failed, and that has told SES nothing', async () => {
  scene = await Scene.withIdentity();
  await scene.deployed('Second', scene.easy());
  const before = scene.all();
  await scene.deployed('First', scene.byo('s1', scene.secrets.one, WAIT));
  await fails(scene.byo('s1', scene.secrets.two));
  await goes('First');
  expect({ origin: scene.identity()!.origin, records: scene.all() }).toEqual({ origin: 'AWS_SES', records: before });
});

test('10 a replica that is retained stays one, when an update to it has failed', async () => {
  scene = await Scene.withIdentity();
  await parentExists(scene);
  await scene.deployed('Second', scene.easy(NO_ZONE));
  await scene.deployed('First', scene.replicaOf(PARENT, { ...WAIT, ...RETAINED }));
  refused('ses', 'GetEmailIdentity');
  await fails(scene.replicaOf(PARENT));
  await goes('First');
  await goes('Second');
  expect(scene.identity()).toMatchObject({ origin: ORIGINS.DEED, status: 'SUCCESS', tags: [] });
});

describe.each<[string, Partial<EmailIdentityDkimProps>]>([
  ['with a zone', {}], ['without a zone', NO_ZONE],
])('2 a signing that an update has found is nobody\'s to lead back: an owner %s', (_, zone) => {
  afterEach(async () => {
    await scene.deployed('Second', scene.byo('s1', scene.secrets.one, zone));
    await goes('Second');
    expect(scene.identity()).toMatchObject({ tokens: ['s1'], tags: [] });
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test('set by hand', async () => {
    scene = await Scene.withIdentity();
    await scene.deployed('Second', scene.easy(zone));
    signsByHand(scene, 's1', PEM.one);
    scene.publishKey('s1', PEM.one);
    await scene.verified();
  });

  test('retained', async () => {
    scene = await Scene.withIdentity();
    await scene.deployed('Second', scene.easy(zone));
    await scene.deployed('First', scene.byo('s1', scene.secrets.one, { ...WAIT, ...RETAINED }));
    await goes('First');
  });
});

test('2 a roll-back of an update that was cancelled early claims nothing of it', async () => {
  scene = await Scene.withIdentity();
  await scene.deployed('Second', scene.easy());
  scene.cloud.faults.add({ service: 'secretsmanager', operation: 'GetSecretValue', kind: 'throttle', forMs: 60_000 });
  const { status } = await scene.deploy('Second', (stack) => {
    failing(stack);
    scene.byo('s1', scene.secrets.one)(stack);
  });
  expect({ status, tags: scene.identity()!.tags }).toEqual({ status: 'UPDATE_ROLLBACK_COMPLETE', tags: [] });
});

// CloudFormation may write the tags of an identity anew when it updates the identity.
test('what an update has told SES is led back also when the tag is gone', async () => {
  scene = await Scene.start();
  await identityDeployed(scene, true);
  await scene.deployed('Second', scene.easy());
  await scene.deployed('Second', scene.byo('s1', scene.secrets.one, WAIT));
  await identityDeployed(scene, false);
  expect(scene.identity()!.tags).toEqual([]);
  await goes('Second');
  expect({ origin: scene.identity()!.origin, records: scene.all() }).toEqual({ origin: 'AWS_SES', records: [] });
});
