// The function's process dies at any call, before or after its effect: Lambda repeats the event,
// and all ends as if nothing had happened. `npm test` has each third call, the fault matrix all calls of more flows.
import { Duration, Stack } from 'aws-cdk-lib';
import { Method, PARENT, parentExists } from './methods';
import { PEM, Scene } from './scene';
import { EmailIdentityDkimProps } from '../../src';
import { CallRecord } from '../cloud';
import { part } from '../whole-size';

const WAIT = { waitForVerification: Duration.minutes(30) };
const ELSEWHERE = { ...WAIT, hostedZone: undefined };
/** What an update changes that means nothing to SES. */
const LATER: Partial<EmailIdentityDkimProps> = {
  waitForVerification: Duration.minutes(31), recordTtl: Duration.minutes(10),
};

/** A call of a flow: service, operation, and how many of that operation go well before. */
type Step = readonly [service: string, operation: string, before: number];

interface Flow {
  readonly method: Method;
  readonly zone: 'with a zone' | 'without a zone';
  readonly create: (scene: Scene) => (stack: Stack) => void;
  readonly update: (scene: Scene) => (stack: Stack) => void;
  /** What others do before. */
  readonly prepare?: (scene: Scene) => unknown;
  readonly createCalls: readonly Step[];
  readonly updateCalls: readonly Step[];
  readonly deleteCalls: readonly Step[];
}

const READ_IDENTITY: Step = ['ses', 'GetEmailIdentity', 0];
const WAIT_FOR_IDENTITY: Step = ['ses', 'GetEmailIdentity', 1];
const WAKE: Step = ['scheduler', 'CreateSchedule', 0];
const AWAIT: readonly Step[] = [WAKE, WAIT_FOR_IDENTITY];
const PUT: Step = ['ses', 'PutEmailIdentityDkimSigningAttributes', 0];
const TAG: Step = ['ses', 'TagResource', 0];
const UNTAG: Step = ['ses', 'UntagResource', 0];
const STANDS: Step = ['cloudformation', 'DescribeStackResource', 0];
const READ_ZONE: readonly Step[] = [['route53', 'GetHostedZone', 0], ['route53', 'ListResourceRecordSets', 0]];
/** The function knows the zone already. */
const READ_KNOWN_ZONE: Step = ['route53', 'ListResourceRecordSets', 0];
const CHANGE_ZONE: readonly Step[] = [['route53', 'ChangeResourceRecordSets', 0], ['route53', 'GetChange', 0]];
/** A deletion does not wait until the change is on all name servers. */
const CLEAR_ZONE: readonly Step[] = [READ_KNOWN_ZONE, ['route53', 'ChangeResourceRecordSets', 0]];
const READ_KEY: Step = ['secretsmanager', 'GetSecretValue', 0];
const ANSWER: Step = ['s3', 'PutObject', 0];

const BYODKIM_WITH_ZONE = [
  STANDS, READ_KEY, READ_IDENTITY, ...READ_ZONE, ...CHANGE_ZONE, TAG, PUT, ...AWAIT, ANSWER,
];
const BYODKIM_WITHOUT_ZONE = [STANDS, READ_KEY, READ_IDENTITY, TAG, PUT, ...AWAIT, ANSWER];

const FLOWS: readonly Flow[] = [
  {
    method: 'BYODKIM',
    zone: 'with a zone',
    create: (scene) => scene.byo('s1', scene.secrets.one, WAIT),
    update: (scene) => scene.byo('s2', scene.secrets.two, WAIT),
    createCalls: BYODKIM_WITH_ZONE,
    updateCalls: BYODKIM_WITH_ZONE.filter(([, operation]) => operation !== 'GetHostedZone'),
    deleteCalls: [STANDS, READ_IDENTITY, PUT, ...CLEAR_ZONE, UNTAG, ANSWER],
  },
  {
    method: 'BYODKIM',
    zone: 'without a zone',
    create: (scene) => scene.byo('s1', scene.secrets.one, ELSEWHERE),
    update: (scene) => scene.byo('s2', scene.secrets.two, ELSEWHERE),
    prepare: (scene) => {
      scene.publishKey('s1', PEM.one);
      scene.publishKey('s2', PEM.two);
    },
    createCalls: BYODKIM_WITHOUT_ZONE,
    updateCalls: BYODKIM_WITHOUT_ZONE,
    deleteCalls: [STANDS, READ_IDENTITY, PUT, UNTAG, ANSWER],
  },
  {
    method: 'Easy DKIM',
    zone: 'with a zone',
    create: (scene) => scene.easy(WAIT),
    update: (scene) => scene.easy(LATER),
    createCalls: [STANDS, READ_IDENTITY, ...READ_ZONE, ...CHANGE_ZONE, ...AWAIT, ANSWER],
    updateCalls: [STANDS, READ_IDENTITY, READ_KNOWN_ZONE, ...CHANGE_ZONE, ANSWER],
    deleteCalls: [STANDS, READ_IDENTITY, ...CLEAR_ZONE, ANSWER],
  },
  {
    method: 'Easy DKIM',
    zone: 'without a zone',
    create: (scene) => scene.easy(ELSEWHERE),
    update: (scene) => scene.easy({ ...LATER, hostedZone: undefined }),
    prepare: (scene) => scene.publishTokens(),
    createCalls: [STANDS, READ_IDENTITY, ...AWAIT, ANSWER],
    updateCalls: [STANDS, READ_IDENTITY, ANSWER],
    deleteCalls: [STANDS, READ_IDENTITY, ANSWER],
  },
  {
    method: 'DEED',
    zone: 'without a zone',
    create: (scene) => scene.replicaOf(PARENT, WAIT),
    update: (scene) => scene.replicaOf(PARENT, { ...LATER, hostedZone: undefined }),
    prepare: parentExists,
    // One look is at the parent.
    createCalls: [STANDS, READ_IDENTITY, WAIT_FOR_IDENTITY, TAG, PUT, WAKE, ['ses', 'GetEmailIdentity', 2], ANSWER],
    updateCalls: [STANDS, READ_IDENTITY, ANSWER],
    deleteCalls: [STANDS, READ_IDENTITY, PUT, UNTAG, ANSWER],
  },
];

let scene: Scene;

/** All records, without what differs from run to run: the stack's id in the registry's label, and times. */
function zoneNow(): string[] {
  return scene.all()
    .map((line) => line.replace(/cdk-ses-dkim-[0-9a-f]{32}/, 'registry').replace(/until=[^"]+/g, 'until=…')).sort();
}

async function begin({ prepare }: Flow): Promise<void> {
  scene = await Scene.withIdentity({ seed: 1 });
  await prepare?.(scene);
}

/** The operations of the calls that are no look in DNS and no poll. */
function operations(calls: readonly CallRecord[]): string[] {
  return [...new Set(calls.map(({ service, operation }) => `${service} ${operation}`))].sort();
}

function operationsOf(steps: readonly Step[]): string[] {
  return [...new Set(steps.map(([service, operation]) => `${service} ${operation}`))].sort();
}

describe.each(FLOWS)('$method $zone', (flow) => {
  /** What is in the zone after each step of an undisturbed run. */
  const undisturbed: { before: string[]; created: string[]; updated: string[]; left: string[] } = {
    before: [], created: [], updated: [], left: [],
  };
  const create = () => scene.deploy('Mail', flow.create(scene));
  const update = () => scene.deploy('Mail', flow.update(scene));

  beforeAll(async () => {
    await begin(flow);
    undisturbed.before = zoneNow();
    await create();
    undisturbed.created = zoneNow();
    await update();
    undisturbed.updated = zoneNow();
    await scene.destroy('Mail');
    undisturbed.left = zoneNow();
    await scene.stop();
  });
  beforeEach(() => begin(flow));
  afterEach(() => scene.stop());

  test('the calls that are tried below are all that there are', async () => {
    const calls = async (operation: () => Promise<unknown>) => {
      const since = scene.cloud.calls.length;
      await operation();
      return operations(scene.cloud.calls.slice(since));
    };
    expect(await calls(create)).toEqual(operationsOf(flow.createCalls));
    expect(await calls(update)).toEqual(operationsOf(flow.updateCalls));
    expect(await calls(() => scene.destroy('Mail'))).toEqual(operationsOf(flow.deleteCalls));
    expect(undisturbed.left).toEqual(undisturbed.before);
  });

  describe.each([['before', 0], ['after', 1]] as const)('killed %s the effect', (when, first) => {
    test.each(part(flow.createCalls, first))('on create: %s %s (%d went well)', async (service, operation, skip) => {
      scene.cloud.faults.add({ service, operation, skip, kind: `kill-${when}` });
      expect(await create()).toMatchObject({ status: 'CREATE_COMPLETE' });
      expect(zoneNow()).toEqual(undisturbed.created);
      expect(await scene.send()).toMatchObject({ result: 'pass' });
      expect(killed()).toBe(1);
    });

    test.each(part(flow.updateCalls, first))('on update: %s %s (%d went well)', async (service, operation, skip) => {
      await create();
      scene.cloud.faults.add({ service, operation, skip, kind: `kill-${when}` });
      expect(await update()).toMatchObject({ status: 'UPDATE_COMPLETE' });
      expect(zoneNow()).toEqual(undisturbed.updated);
      expect(await scene.send()).toMatchObject({ result: 'pass' });
      expect(killed()).toBe(1);
    });

    test.each(part(flow.deleteCalls, first))('on delete: %s %s (%d went well)', async (service, operation, skip) => {
      await create();
      scene.cloud.faults.add({ service, operation, skip, kind: `kill-${when}` });
      expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
      expect(zoneNow()).toEqual(undisturbed.left);
      expect(scene.identity()?.origin).toBe('AWS_SES');
      expect(killed()).toBe(1);
    });
  });
});

function killed(): number {
  return scene.cloud.calls.filter(({ error }) => error?.startsWith('kill-')).length;
}

test('killed three times, CloudFormation runs out of time, and its rollback leaves nothing of ours', async () => {
  scene = await Scene.withIdentity({ functions: 'process' });
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
  await scene.stop();
});
