// The stack's own Region is written out as the identity's, in a stack without env that gets one later. Its logical ids
// have that Region in them, and then no longer, unless the app keeps them: docs/moving.md.
import { CfnResource, Stack } from 'aws-cdk-lib';
import { WAIT } from './methods';
import { HOUR, RotatingScene, SHORT } from './rotating-scene';
import { ACCOUNT, REGION, Scene } from './scene';
import { EmailIdentityDkim } from '../../src';
import { logicalIdFor } from '../../src/private/logical-id';

const ENV = { account: ACCOUNT, region: REGION };

let scene: Scene;
let rotating: RotatingScene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
  rotating = new RotatingScene(scene);
});
afterEach(() => scene.stop());

async function deployed(
  env: typeof ENV | undefined, region: string | undefined, then?: (dkim: EmailIdentityDkim) => void,
): Promise<void> {
  const app = Scene.newApp();
  const dkim = rotating.dkim(SHORT, { ...WAIT, region })(new Stack(app, 'mail', { env }));
  then?.(dkim);
  const result = await scene.cloud.cloudFormation.deployAssembly(app.synth(), 'mail');
  expect(result.status).toMatch(/^(CREATE|UPDATE)_COMPLETE$/);
}

/** As the guide has it. */
function keepLogicalIds(dkim: EmailIdentityDkim): void {
  const stack = Stack.of(dkim);
  const [now, before] = [stack, new Stack()].map(each => logicalIdFor(each, REGION, 'example.com'));
  for (const resource of dkim.node.findAll()) {
    if (!CfnResource.isCfnResource(resource)) continue;
    resource.overrideLogicalId(stack.resolve(resource.logicalId).replace(now, before));
  }
}

test.each<[string, string | undefined, ((dkim: EmailIdentityDkim) => void) | undefined]>([
  ['not written out', undefined, undefined],
  ['written out, and the app keeps the logical ids', REGION, keepLogicalIds],
])('a stack gets an env, and the Region is %s: the key stays, and so do the records', async (_, region, then) => {
  await deployed(undefined, region);
  const before = await scene.sent();
  const [records, selector] = [scene.records(), rotating.selector];

  await deployed(ENV, region, then);
  await deployed(ENV, undefined, then);
  await scene.cloud.clock.pass(2 * HOUR);
  expect(scene.records()).toEqual(records);
  expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
  expect(await scene.send()).toMatchObject({ result: 'pass', selector });
  await rotating.rotated();
  expect(rotating.selector).not.toBe(selector);
});
