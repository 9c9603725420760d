// The flows of the fault matrix: what a stack goes through, from what it was before to what it is to become.
import { StackResult } from '../../cloud';
import { Scene } from '../scene';
import { deploy, Deployment, STACK } from './deployments';
import { FOREIGN_DOMAIN, Need, OTHER_DOMAIN, World } from './world';

export interface Flow {
  readonly name: string;
  readonly needs?: readonly Need[];
  /** What is deployed before. Undefined: there is no stack. */
  readonly before?: Deployment;
  /** What the flow leads to, and what the next deployment says, too. */
  readonly target: Deployment;
  /** Tried with faults. */
  readonly run: (world: World) => Promise<StackResult>;
  /** A roll-back that is skipped may leave either signing. */
  readonly maySkip?: boolean;
  /** The overlap of the first key ends. */
  readonly retires?: boolean;
  /** Faults are tried in this time only, in ms from the first call: the rest is hours in which nothing happens. */
  readonly triedFrom?: number;
  readonly triedUntil?: number;
  /** The way forward is that of another flow, so faults are tried on the way back only. */
  readonly isWayBack?: boolean;
  /** Much like another flow: tried when it is named, or with all cells. */
  readonly isNamedOnly?: boolean;
}

const BYODKIM: Deployment = { method: 'BYODKIM' };
const OTHER_KEY: Deployment = { method: 'BYODKIM', selector: 's2', key: 'two' };
const EASY: Deployment = { method: 'Easy DKIM' };
const DEED: Deployment = { method: 'DEED' };
const ROTATING: Deployment = { method: 'rotating key' };
const IN_REGIONS: Deployment = { ...ROTATING, furtherRegion: true };
const FOLLOWED: Deployment = { ...ROTATING, follows: true };
const IN_SLOTS: Deployment = { ...ROTATING, slots: true };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WITHOUT_ZONE = { zone: false };
const OF_FOREIGN_ZONE = { domain: FOREIGN_DOMAIN, zoneRole: true };
const FOREIGN: readonly Need[] = ['a zone in another account'];
const BY_HAND: readonly Need[] = ['keys by hand', 'tokens by hand'];

const PAIRS: readonly [from: Deployment, to: Deployment][] = [
  [BYODKIM, OTHER_KEY], [BYODKIM, EASY], [BYODKIM, DEED], [EASY, BYODKIM], [EASY, DEED], [DEED, BYODKIM], [DEED, EASY],
];

const ROTATING_PAIRS: readonly [from: Deployment, to: Deployment][] = [
  [BYODKIM, ROTATING], [EASY, ROTATING], [ROTATING, BYODKIM], [ROTATING, EASY],
];

export const FLOWS: readonly Flow[] = [
  ...[BYODKIM, EASY, DEED].map((target) => create(target)),
  ...[BYODKIM, EASY].map((target) => create({ ...target, ...WITHOUT_ZONE }, BY_HAND)),
  ...[BYODKIM, EASY].map((target) => create({ ...target, waitMinutes: 30 })),
  create({ ...BYODKIM, ...OF_FOREIGN_ZONE }, FOREIGN),
  continued(create(BYODKIM)),
  ...PAIRS.map(([from, to]) => update(from, to)),
  update({ ...BYODKIM, ...WITHOUT_ZONE }, { ...OTHER_KEY, ...WITHOUT_ZONE }, BY_HAND),
  update({ ...EASY, ...WITHOUT_ZONE }, { ...BYODKIM, ...WITHOUT_ZONE }, BY_HAND),
  update({ ...BYODKIM, ...OF_FOREIGN_ZONE }, { ...OTHER_KEY, ...OF_FOREIGN_ZONE }, FOREIGN),
  update(BYODKIM, { ...OTHER_KEY, waitMinutes: 30 }),
  update({ ...BYODKIM, ...WITHOUT_ZONE }, BYODKIM, BY_HAND),
  update(BYODKIM, { ...BYODKIM, ...WITHOUT_ZONE }),
  update(BYODKIM, { ...BYODKIM, ttl: 600 }),
  ...PAIRS.map(([from, to]) => rolledBack(from, to)),
  cancelled(undefined, BYODKIM),
  cancelled(BYODKIM, OTHER_KEY),
  cancelledByHand(BYODKIM, OTHER_KEY),
  replaced(BYODKIM),
  replaced(EASY),
  {
    ...replaced(BYODKIM),
    name: 'replacement that is rolled back, BYODKIM',
    run: fails({ ...BYODKIM, domain: OTHER_DOMAIN }),
    isWayBack: true,
  },
  skipped(BYODKIM, OTHER_KEY),
  ...[BYODKIM, EASY, DEED].map((before) => deleted(before)),
  deleted({ ...BYODKIM, ...WITHOUT_ZONE }, BY_HAND),
  deleted({ ...BYODKIM, ...OF_FOREIGN_ZONE }, FOREIGN),
  deleted({ ...BYODKIM, retain: true }),
  create(ROTATING),
  ...ROTATING_PAIRS.map(([from, to]) => update(from, to)),
  rolledBack(BYODKIM, ROTATING),
  rolledBack(ROTATING, EASY),
  cancelled(undefined, ROTATING),
  deleted(ROTATING),
  rotated(ROTATING),
  rotatedAndTakenBack(),
  retired(),
  ...[
    create(IN_REGIONS), update(ROTATING, IN_REGIONS), update(IN_REGIONS, ROTATING), rolledBack(IN_REGIONS, EASY),
    deleted(IN_REGIONS),
    create(FOLLOWED), update(BYODKIM, FOLLOWED), update(FOLLOWED, BYODKIM), update(FOLLOWED, EASY),
    rolledBack(FOLLOWED, EASY), deleted(FOLLOWED),
  ].map((flow): Flow => ({ ...flow, isNamedOnly: true })),
  rotated(IN_REGIONS),
  rotatedAndTakenBack(IN_REGIONS),
  followed(),
  followedAndTakenBack(),
  create(IN_SLOTS),
  update(ROTATING, IN_SLOTS),
  rolledBack(ROTATING, IN_SLOTS),
  deleted(IN_SLOTS),
  // Resolvers first have to forget what the slot had before.
  { ...rotated(IN_SLOTS), triedUntil: 30 * MINUTE },
];

function create(target: Deployment, needs: readonly Need[] = []): Flow {
  const run = (world: World) => deploy(world, target);
  return { name: `create, ${label(target)}`, needs: needsOf(needs, target), target, run };
}

/** The zone is slow, until the first run of the function has no time left. So that goes on in another run. */
function continued(flow: Flow): Flow {
  const run = async (world: World) => {
    const { clock, route53: { settings } } = world.scene.cloud;
    const { insyncAfter } = settings;
    settings.insyncAfter = 16 * MINUTE;
    const end = flow.run(world);
    await clock.pass(14 * MINUTE);
    settings.insyncAfter = insyncAfter;
    return end;
  };
  return { ...flow, name: `${flow.name}, in two runs of the function`, run };
}

function update(before: Deployment, target: Deployment, needs: readonly Need[] = []): Flow {
  const run = (world: World) => deploy(world, target);
  return { name: `update, ${arrow(before, target)}`, needs: needsOf(needs, before, target), before, target, run };
}

function rolledBack(before: Deployment, target: Deployment): Flow {
  const name = `roll-back, ${arrow(before, target)}`;
  return { ...update(before, target), name, run: fails(target), isWayBack: true };
}

/** One resource fails while the other is at work. */
function cancelled(before: Deployment | undefined, target: Deployment): Flow {
  const flow = before ? update(before, target) : create(target);
  const run = (world: World) => deploy(world, { ...target, fails: 'beside it' });
  return { ...flow, name: `cancelled ${flow.name}`, run };
}

/** Somebody cancels the update 40 seconds after it has begun. */
function cancelledByHand(before: Deployment, target: Deployment): Flow {
  const run = async (world: World) => {
    const { clock, cloudFormation } = world.scene.cloud;
    const end = deploy(world, { ...target, waitMinutes: 30 });
    await clock.pass(40_000);
    await cloudFormation.cancelUpdate(STACK).catch(() => undefined); // it has failed, or has ended
    return end;
  };
  return { ...update(before, target), name: `update that is cancelled by hand, ${arrow(before, target)}`, run };
}

function replaced(before: Deployment): Flow {
  const flow = update(before, { ...before, domain: OTHER_DOMAIN }, ['another domain']);
  return { ...flow, name: `replacement, ${label(before)}` };
}

/** The roll-back fails, and goes on without the resource. */
function skipped(before: Deployment, target: Deployment): Flow {
  const run = async (world: World) => {
    const { scene } = world;
    const operation = 'PutEmailIdentityDkimSigningAttributes';
    scene.cloud.faults.add({ service: 'ses', operation, skip: 1, times: 100, kind: Scene.refusal() });
    const failed = await fails(target)(world);
    if (failed.status !== 'UPDATE_ROLLBACK_FAILED') return failed;
    const ids = failed.events.filter(({ status }) => status === 'UPDATE_FAILED').map(({ logicalId }) => logicalId);
    return scene.continueRollback(STACK, [...new Set(ids)]);
  };
  const name = `roll-back that is skipped, ${arrow(before, target)}`;
  return { ...update(before, target), name, run, maySkip: true, isWayBack: true };
}

function deleted(before: Deployment, needs: readonly Need[] = []): Flow {
  const run = (world: World) => world.scene.destroy(STACK);
  return { name: `delete, ${label(before)}`, needs: needsOf(needs, before), before, target: before, run };
}

/** Secrets Manager changes the key. In the hours after it, what has been left half-way is settled. */
function rotated(before: Deployment): Flow {
  const target = { ...before, ttl: 600 };
  const run = async (world: World) => {
    await rotate(world);
    return deploy(world, target);
  };
  const name = ['rotation', before.slots && 'in slots', before.furtherRegion && 'in two Regions'].filter(Boolean).join(' ');
  return { ...update(before, target), name, run, triedUntil: 10 * MINUTE };
}

/** SES does not come to look for the next key. The one before it finds it soon. Each Region has an hour. */
function rotatedAndTakenBack(before = ROTATING): Flow {
  const wait = (before.furtherRegion ? 110 : 50) * MINUTE;
  const run = async (world: World) => {
    const { ses: { settings } } = world.scene.cloud;
    const { firstLook } = settings;
    settings.firstLook = 10 * HOUR;
    await rotate(world, wait);
    settings.firstLook = firstLook;
    await world.scene.cloud.clock.pass(3 * HOUR);
    return deploy(world, { ...before, ttl: 600 });
  };
  const name = `${rotated(before).name} that SES does not verify`;
  const triedUntil = wait + (before.furtherRegion ? 75 : 30) * MINUTE;
  return { ...rotated(before), name, run, triedFrom: wait - 5 * MINUTE, triedUntil };
}

/** The user stores another key. In the hours after it, the function uses it. */
function followed(): Flow {
  const run = async (world: World) => {
    world.storeOtherKey();
    await world.scene.cloud.clock.pass(4 * HOUR);
    return deploy(world, { ...FOLLOWED, ttl: 600 });
  };
  return { ...rotated(FOLLOWED), name: 'followed secret', run };
}

/** SES does not come to look for it. */
function followedAndTakenBack(): Flow {
  const run = async (world: World) => {
    const { clock, ses: { settings } } = world.scene.cloud;
    const { firstLook } = settings;
    settings.firstLook = 10 * HOUR;
    world.storeOtherKey();
    await clock.pass(50 * MINUTE);
    settings.firstLook = firstLook;
    await clock.pass(3 * HOUR);
    return deploy(world, { ...FOLLOWED, ttl: 600 });
  };
  const name = 'followed secret that SES does not verify';
  return { ...followed(), name, run, triedFrom: 45 * MINUTE, triedUntil: 140 * MINUTE };
}

/** The overlap of the key before ends. */
function retired(): Flow {
  const run = async (world: World) => {
    await rotate(world, HOUR);
    await world.scene.cloud.clock.pass(25 * HOUR);
    return deploy(world, { ...ROTATING, ttl: 600 });
  };
  const name = 'retirement';
  return { ...rotated(ROTATING), name, run, retires: true, triedFrom: 24 * HOUR, triedUntil: 25.5 * HOUR };
}

async function rotate({ rotating: [{ arn }], scene: { cloud } }: World, wait = 4 * HOUR): Promise<void> {
  const { incomplete } = cloud.secretsManager.described().find((each) => each.arn === arn)!.versions;
  if (!incomplete) cloud.secretsManager.rotate(arn, {});
  await cloud.clock.pass(wait);
}

function fails(target: Deployment): Flow['run'] {
  return (world) => deploy(world, { ...target, fails: 'after it' });
}


function needsOf(needs: readonly Need[], ...deployments: readonly Deployment[]): readonly Need[] {
  const hasParent = deployments.some(({ method }) => method === 'DEED');
  const hasSlots = deployments.some(({ slots }) => slots);
  const hasRegions = deployments.some(({ furtherRegion }) => furtherRegion);
  return [
    ...needs,
    ...hasParent ? ['a parent' as const] : [],
    ...hasSlots ? ['a zone for keys' as const] : [],
    ...hasRegions ? ['another Region' as const] : [],
  ];
}

function arrow(from: Deployment, to: Deployment): string {
  return label(from) === label(to) ? `${label(from)} with another key` : `${label(from)} to ${label(to)}`;
}

function label(deployment: Deployment): string {
  const { method, zone, slots, follows, furtherRegion, zoneRole, waitMinutes, retain, ttl } = deployment;
  return [
    method,
    slots && 'in slots',
    follows && 'that follows a secret',
    furtherRegion && 'in two Regions',
    ttl !== undefined && 'with another TTL',
    zone === false && 'without a zone',
    zoneRole && 'with a zone in another account',
    waitMinutes !== undefined && 'with waiting',
    retain && 'retained',
  ].filter(Boolean).join(' ');
}
