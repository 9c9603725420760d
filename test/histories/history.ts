// A history: operations one after the other in a world, and after each what a user may expect.
import fc from 'fast-check';
import { anyOperation, topology } from './any-history';
import { Broken, Model, nameOf } from './model';
import { Deployment, HAND, Operation, Topology, Wanted } from './operations';
import { Kind } from './search';
import { World } from './world';

const MINUTE = 60_000;

/** How often each kind of operation was run, and what came of deployments. */
export type Counts = Map<string, number>;

export function count(counts: Counts, what: string, times = 1): void {
  counts.set(what, (counts.get(what) ?? 0) + times);
}

/** Runs one operation, and checks. */
export async function perform(model: Model, world: World, operation: Operation, counts: Counts): Promise<void> {
  count(counts, operation.do);
  await act(model, world, operation, counts);
  model.check(world);
  if (isDeployment(operation)) model.settle();
}

function isDeployment({ do: kind }: Operation): boolean {
  return ['deploy', 'again', 'remove', 'delete stack', 'skip', 'roll back', 'together'].includes(kind);
}

async function act(model: Model, world: World, operation: Operation, counts: Counts): Promise<void> {
  switch (operation.do) {
    case 'deploy': case 'again': case 'remove': case 'delete stack': case 'skip': case 'roll back':
      return deployments(model, world, [operation], counts);
    case 'together':
      return deployments(model, world, operation.both as readonly Deployment[], counts);
    case 'forget': {
      const before = world.look();
      await world.delete(operation.stack, false);
      return model.forgotten(operation.stack, before, world.look());
    }
    case 'write record':
      world.writeRecord(operation.selector, valueOf(world, operation.text));
      return model.wroteRecord(operation.selector, world.look());
    case 'remove record': {
      const name = nameOf(operation.selector);
      world.removeRecord(name);
      return model.removedRecord(name, world.look());
    }
    case 'harm registry': {
      const label = world.look().labels[operation.owner]!;
      const isThere = world.look().records.some(({ name }) => name === nameOf(label));
      if (!isThere) return;
      if (operation.how === 'remove') world.removeRecord(nameOf(label));
      else world.writeRecord(label, '"somebody was here"');
      return model.harmedRegistry(operation.owner, world.look());
    }
    case 'change secret':
      world.changeSecret(operation.secret, operation.to);
      return model.changedSecret(operation.secret);
    case 'change identity':
      world.changeIdentity(operation.at, operation.how);
      if (operation.how === 'sign') {
        world.writeRecord(HAND, `"p=${world.publicKey('three')}"`);
        model.wroteRecord(HAND, world.look());
      }
      return model.changedIdentity(operation.at, operation.how, world.look());
    case 'pass':
      await world.pass(operation.minutes * MINUTE);
      return model.passed(world.look());
    case 'fault':
      world.addFault(operation.fault);
      model.hasFaults = true;
      model.isDenied ||= operation.fault.kind === 'access-denied' || operation.fault.times! > 2;
  }
}

async function deployments(
  model: Model, world: World, operations: readonly Deployment[], counts: Counts,
): Promise<void> {
  const before = world.look();
  model.look = before;
  const plans = operations.map((operation) => ({ operation, wanted: wantedBy(model, operation) }));
  for (const { operation, wanted } of plans) model.begins(operation, wanted);
  const writesBefore = world.writes;
  const isLevel = operations.length === 1 && operations[0].do === 'again' && model.isLevel(operations[0].owner);
  await Promise.all(plans.map(({ operation, wanted }) => send(model, world, operation, wanted)));
  await world.pass(MINUTE); // what was cancelled comes to its end
  const look = world.look();
  model.noteTokens(before, look);
  // What is left to another owner is left to one that has come by then.
  const isThereNow = ({ operation }: typeof plans[number]) => operation.do === 'deploy'
    && ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'CREATE_FAILED', 'UPDATE_FAILED'].includes(look.stacks[model.stackNumber(operation)]!.status);
  for (const { operation, wanted } of [...plans.filter(isThereNow), ...plans.filter((plan) => !isThereNow(plan))]) {
    const ending = operation.do === 'deploy' ? operation.ending : {};
    model.ended(operation, wanted, before, look, ending, operations.length === 1);
    count(counts, `→ ${look.stacks[model.stackNumber(operation)]!.status}`);
  }
  if (isLevel && world.writes > writesBefore) {
    throw new Broken(`4: nothing had changed, and ${world.writes - writesBefore} calls wrote something`);
  }
  world.clearFaults();
}

function wantedBy(model: Model, operation: Deployment): Map<number, Wanted> {
  const stack = model.stackNumber(operation);
  switch (operation.do) {
    case 'deploy': return model.wantedIn(stack, new Map([[operation.owner, operation.as]]));
    case 'again': {
      const { wanted, timeout } = model.owners[operation.owner];
      const changed = { ...wanted!, timeout: timeout === 3600 ? 3599 : 3600 };
      return model.wantedIn(stack, new Map([[operation.owner, changed]]));
    }
    case 'remove': return model.wantedIn(stack, new Map([[operation.owner, undefined]]));
    case 'delete stack': return new Map();
    default: return model.wantedIn(stack, new Map());
  }
}

async function send(
  model: Model, world: World, operation: Deployment, wanted: ReadonlyMap<number, Wanted>,
): Promise<void> {
  const stack = model.stackNumber(operation);
  switch (operation.do) {
    case 'deploy':
      if (model.look.stacks[stack]?.status === 'ROLLBACK_COMPLETE') await world.delete(stack, true);
      return world.deploy(stack, wanted, operation.ending);
    case 'again': return world.deploy(stack, wanted, {});
    case 'remove': return wanted.size > 0 ? world.deploy(stack, wanted, {}) : world.delete(stack, true);
    case 'delete stack': return world.delete(stack, true);
    case 'skip': return world.continueRollBack(stack, true);
    case 'roll back': return world.rollBack(stack);
  }
}

function valueOf(world: World, text: 'same key' | 'other key' | 'junk'): string {
  switch (text) {
    case 'same key': return `"p=${world.publicKey('one')}"`;
    case 'other key': return `"p=${world.publicKey('three')}"`;
    case 'junk': return '"somebody was here"';
  }
}

/** In the end all stacks are deleted: nothing of ours is left, and everything of theirs is there. */
export async function deleteAll(model: Model, world: World, counts: Counts): Promise<void> {
  world.clearFaults();
  model.settle();
  for (const stack of model.look.stacks.keys()) {
    if (!model.exists(stack)) continue;
    await perform(model, world, { do: 'delete stack', stack }, counts);
    const status = world.look().stacks[stack]?.status;
    if (status !== 'DELETE_COMPLETE') throw new Broken(`7: stack ${stack} is ${status} in the end`);
  }
}

/** One operation as fast-check runs and shrinks it. */
export class Step implements fc.AsyncCommand<Model, World> {
  constructor(private readonly operation: Operation, private readonly counts: Counts) {}

  check(model: Readonly<Model>): boolean {
    return model.allows(this.operation);
  }

  run(model: Model, world: World): Promise<void> {
    return perform(model, world, this.operation, this.counts);
  }

  toString(): string {
    return JSON.stringify(this.operation);
  }
}

/** Runs operations that are known, as a named test has them. Those that cannot be done are left out. */
export async function runHistory(
  world: World, operations: readonly Operation[], counts: Counts = new Map(),
): Promise<void> {
  const model = new Model(world.topology, world.look());
  for (const operation of operations) if (model.allows(operation)) await perform(model, world, operation, counts);
  await deleteAll(model, world, counts);
}

/** Histories of up to four owners. */
export function ofOwners(
  world: (of: Topology, seed: number) => Promise<World>, counts: Counts,
): Kind<Topology, Model, World> {
  return {
    scenes: topology,
    operations: (of) => anyOperation(of).map((operation) => new Step(operation, counts)),
    world,
    model: newModel,
    run: async (_, model, real, operations) => {
      await operations();
      await deleteAll(model, real, counts);
    },
  };
}

export function newModel(of: Topology, world: World): Model {
  return new Model(of, world.look());
}
