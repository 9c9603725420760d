// A record that a routing policy chooses from: nobody of this library has written it as it is, and mail may need it.
import { WAIT } from './methods';
import { HOUR, RotatingScene, SHORT } from './rotating-scene';
import { DOMAIN, PEM, REGION, Scene } from './scene';
import { RecordConflict } from '../../src';

let scene: Scene;
afterEach(() => scene.stop());

const recordsOf = (selector: string) =>
  scene.cloud.route53.recordSets(scene.zoneId).filter(({ Name }) => Name === `${selector}._domainkey.${DOMAIN}.`);

/** Somebody makes it one of two weighted ones, with the same value. */
function weigh(selector: string): void {
  const [record] = recordsOf(selector);
  scene.cloud.route53.change(scene.zoneId, [
    { Action: 'DELETE', ResourceRecordSet: record },
    ...['blue', 'green'].map((SetIdentifier) => ({
      Action: 'CREATE' as const, ResourceRecordSet: { ...record, SetIdentifier, Weight: 1 },
    })),
  ]);
}

test.each(['found', 'written'])('10 OVERWRITE does not take a weighted record that another stack has %s', async (how) => {
  scene = await Scene.withIdentity();
  if (how === 'found') {
    scene.publishKey('s1', PEM.one);
    weigh('s1');
  }
  await scene.deployed('Reader', scene.byo('s1', scene.secrets.one, WAIT));
  if (how === 'written') weigh('s1');
  scene.identityExists('eu-west-1');
  const { reason } = await scene.deploy('Other',
    scene.byo('s1', scene.secrets.two, { recordConflict: RecordConflict.OVERWRITE, region: 'eu-west-1' }));
  expect(reason).toContain('Another stack, or the same domain in another Region, uses the record');
  expect(await scene.send(REGION)).toMatchObject({ result: 'pass', selector: 's1' });
});

test('10 a weighted record is not deleted with the stack that wrote it as a simple one', async () => {
  scene = await Scene.withIdentity();
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  weigh('s1');
  expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
  expect(recordsOf('s1')).toHaveLength(2);
});

test('a rotating key whose record somebody has made weighted is changed all the same', async () => {
  const rotating = await RotatingScene.deployed(SHORT);
  ({ scene } = rotating);
  const { selector } = rotating;
  weigh(selector);
  await rotating.rotated();
  await rotating.clock.pass(HOUR);
  expect(rotating.selector).not.toBe(selector);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: rotating.selector });
});
