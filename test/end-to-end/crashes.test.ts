// The function's process dies at any call, before or after its effect: Lambda repeats the event, and all ends as if nothing had happened.
import { Duration } from 'aws-cdk-lib';
import { CREATE_CALLS, Scene } from './scene';

const WAIT = { waitForVerification: Duration.minutes(30) };

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

/** All records, without what differs from run to run: the stack's id in the registry's label, and times. */
function zoneNow(): string[] {
  return scene.all().map((line) => line.replace(/cdk-ses-dkim-[0-9a-f]{32}/, 'registry').replace(/until=[^"]+/g, 'until=…')).sort();
}

const create = () => scene.deploy('Mail', scene.byo('s1', scene.secrets.one, WAIT));
const update = () => scene.deploy('Mail', scene.byo('s2', scene.secrets.two, WAIT));

interface Run {
  readonly created: string[];
  readonly updated: string[];
}
let undisturbed: Run;

beforeAll(async () => {
  scene = await Scene.withIdentity();
  await create();
  const created = zoneNow();
  await update();
  undisturbed = { created, updated: zoneNow() };
  await scene.stop();
});

describe.each([['before', 'after'], ['after', 'before']] as const)('killed %s the effect on create, %s it on update', (onCreate, onUpdate) => {
  test.each([...CREATE_CALLS, ['s3', 'PutObject', 0]] as const)('%s %s (%d went well)', async (service, operation, skip) => {
    scene.cloud.faults.add({ service, operation, skip, kind: `kill-${onCreate}` });
    expect(await create()).toMatchObject({ status: 'CREATE_COMPLETE' });
    expect(zoneNow()).toEqual(undisturbed.created);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });

    scene.cloud.faults.add({ service, operation, skip, kind: `kill-${onUpdate}` });
    expect(await update()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(zoneNow()).toEqual(undisturbed.updated);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
    expect(scene.cloud.calls.filter(({ error }) => error?.startsWith('kill-'))).toHaveLength(2);
  });
});

describe.each(['before', 'after'] as const)('killed %s the effect on delete', (when) => {
  test.each([
    ['route53', 'ListResourceRecordSets', 0],
    ['ses', 'GetEmailIdentity', 0],
    ['ses', 'PutEmailIdentityDkimSigningAttributes', 0],
    ['route53', 'ChangeResourceRecordSets', 0],
    ['route53', 'GetChange', 0],
    ['s3', 'PutObject', 0],
  ])('%s %s', async (service, operation, skip) => {
    await create();
    scene.cloud.faults.add({ service, operation, skip, kind: `kill-${when}` });
    expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
    expect(scene.all()).toEqual([]);
    expect(scene.identity()?.origin).toBe('AWS_SES');
  });
});

test('killed three times, CloudFormation runs out of time, and its rollback leaves nothing of ours', async () => {
  scene.cloud.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', kind: 'kill-after' });
  scene.cloud.faults.add({ service: 'route53', operation: 'GetHostedZone', skip: 1, times: 2, kind: 'kill-before' });
  const deployment = scene.deploy('Mail', scene.byo('s1', scene.secrets.one));
  const deaths = () => scene.cloud.lambda.invocations.filter(({ result }) => result?.error).length;
  await scene.cloud.clock.until('the function to have died three times', () => deaths() === 3);
  expect(scene.all()).toHaveLength(2);
  const result = await deployment;
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toContain('CloudFormation did not receive a response');
  expect(scene.all()).toEqual([]);
  expect(scene.identity()?.origin).toBe('AWS_SES');
});
