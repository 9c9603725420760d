// Retirement between deployments, for a stack that asks for it: a superseded record goes when its overlap is over.
import { ACCOUNT, DAY, DOMAIN, HOUR, REGION } from './rotating-scene';
import { newKey, PEM, Scene } from './scene';
import { EmailIdentityDkimProps } from '../../src';

const RETIRES: Partial<EmailIdentityDkimProps> = { retireBetweenDeployments: true };

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

const selectors = () => scene.records().map((line) => line.split(' ')[1].split('.')[0]);

/** The function is not called meanwhile: it would have nothing to do. */
async function passQuietly(ms: number): Promise<void> {
  const { eventBridge: { settings }, clock } = scene.cloud;
  settings.deliveries = 0;
  await clock.pass(ms);
  settings.deliveries = 1;
}

/** Two weeks, less an hour. */
const overlapPasses = () => passQuietly(14 * DAY - HOUR);

/** As somebody does who calls SES. */
function signByHand(selector: string, key: keyof typeof PEM): void {
  scene.cloud.ses.signIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN }, 'EXTERNAL', {
    DomainSigningSelector: selector, DomainSigningPrivateKey: PEM[key].replace(/-----[^-]+-----|\s/g, ''),
  });
}

test.each<[string, (secret: string) => ReturnType<Scene['easy']>, number]>([
  ['BYODKIM', (secret) => scene.byo('s1', secret, RETIRES), 1],
  ['Easy DKIM', () => scene.easy(RETIRES), 3],
])('the records of %s go after their overlap, without a deployment', async (_, first, count) => {
  await scene.deployed('mail', first(scene.secrets.one));
  await scene.verified();
  const old = selectors();
  expect(old).toHaveLength(count);
  await scene.deployed('mail', scene.byo('s2', scene.secrets.two, RETIRES));
  await scene.verified();
  await overlapPasses();
  expect(selectors().sort()).toEqual([...old, 's2'].sort());
  await scene.cloud.clock.pass(3 * HOUR);
  expect(selectors()).toEqual(['s2']);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
});

test('also after a change to Easy DKIM, and not while SES signs with them', async () => {
  await scene.deployed('mail', scene.byo('s1', scene.secrets.one, RETIRES));
  await scene.verified();
  await scene.deployed('mail', scene.easy(RETIRES));
  await scene.verified();
  signByHand('s1', 'one');
  await overlapPasses();
  await scene.cloud.clock.pass(3 * HOUR);
  expect(selectors()).toContain('s1');
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

test('6 and not for an overlap after SES was set to them by hand for some hours', async () => {
  await scene.deployed('mail', scene.byo('s1', scene.secrets.one, RETIRES));
  await scene.verified();
  await scene.deployed('mail', scene.byo('s2', scene.secrets.two, RETIRES));
  await scene.verified();
  await passQuietly(12 * DAY);
  signByHand('s1', 'one');
  await scene.cloud.clock.pass(3 * HOUR);
  signByHand('s2', 'two');
  await passQuietly(13 * DAY);
  await scene.cloud.clock.pass(3 * HOUR);
  expect(selectors()).toEqual(['s1', 's2']);
  await passQuietly(DAY);
  await scene.cloud.clock.pass(3 * HOUR);
  expect(selectors()).toEqual(['s2']);
});

test('a stack that does not ask for it keeps them until it is deployed', async () => {
  await scene.deployed('mail', scene.byo('s1', scene.secrets.one));
  await scene.verified();
  await scene.deployed('mail', scene.byo('s2', scene.secrets.two));
  await overlapPasses();
  await scene.cloud.clock.pass(3 * HOUR);
  expect(selectors()).toEqual(['s1', 's2']);
});

test('removing the construct takes the function out with it', async () => {
  await scene.deployed('mail', scene.easy(RETIRES));
  await scene.verified();
  expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  await scene.cloud.clock.pass(3 * HOUR);
  expect(scene.all()).toEqual([]);
  expect(scene.cloud.eventBridge.ruleArns()).toEqual([]);
});

test('an event that somebody has made up is refused, and one that says another overlap or owner changes nothing', async () => {
  await scene.deployed('mail', scene.byo('s1', scene.secrets.one, RETIRES));
  await scene.verified();
  await scene.deployed('mail', scene.byo('s2', scene.secrets.two, RETIRES));
  const { clock, lambda } = scene.cloud;
  const name = () => lambda.functionNames().find((each) => each.includes('Rotation'))!;
  await clock.until('the first hourly run', () => name() !== undefined, 2 * HOUR);
  const event = JSON.parse(lambda.invocations.filter(({ functionName }) => functionName === name()).at(-1)!.event);
  const run = (made: object) => lambda.invoke(`arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name()}`, JSON.stringify(made));
  const before = scene.all();
  const withEach = (change: object) =>
    ({ ...event, Identities: event.Identities.map((each: object) => ({ ...each, ...change })) });

  await run({ ...event, Identities: [7] });
  await run(withEach({ LogicalResourceId: '../x' }));
  await run({ StackId: 'x', Identities: [] });
  await run({ ...event, StackId: event.StackId.replace(ACCOUNT, '999999999999') });
  await run(withEach({ Signing: { Method: 'ROTATING_BYODKIM', SecretArn: scene.secrets.one } }));
  await run(withEach({ RecordOverlap: '0', RecordConflict: 'OVERWRITE' }));
  await run(withEach({ LogicalResourceId: 'Another' }));
  await clock.pass(10 * 60_000);

  expect(scene.all()).toEqual(before);
  const reasons = scene.log().join('\n');
  expect(reasons).toContain("The event's Identities are not of their form.");
  expect(reasons).toContain("The event's Identities have a rotating key, whose care goes by its secret.");
  expect(reasons).toContain("The event's LogicalResourceId is missing, or not of its form.");
  expect(reasons).toContain("The event's StackId is missing, or not of its form.");
  expect(reasons).toContain("The event's StackId is of another account or Region than this function.");
});

test('6 a selector gets no other key while the record of its earlier key is there', async () => {
  await scene.deployed('mail', scene.byo('s1', scene.secrets.one));
  await scene.deployed('mail', scene.byo('s2', scene.secrets.two));
  await scene.verified();
  await scene.cloud.clock.pass(15 * DAY);
  const third = scene.secret(newKey());
  expect(await scene.deploy('mail', scene.byo('s1', third))).toMatchObject({
    status: 'UPDATE_ROLLBACK_COMPLETE', reason: expect.stringContaining('holds an earlier key, which receivers may remember'),
  });
  expect(selectors()).not.toContain('s1'); // the roll-back retires what is due
  await scene.deployed('mail', scene.byo('s3', third));
  await scene.verified();
  expect(await scene.send()).toMatchObject({ result: 'pass' });
});
