// A history of a key that rotates: operations one after the other, and after each what a user may expect.
import fc from 'fast-check';
import { anyOperation, often, settings } from './any-history';
import { KeyModel } from './model';
import { AT, Deployment, FURTHER, KeyOperation, Often, Scene, topologyOf } from './operations';
import { RotatingWorld } from './rotating-world';
import { PLAIN } from '../any-history';
import { Counts, count } from '../history';
import { Broken, nameOf } from '../model';
import { HAND } from '../operations';
import { publicKeyOf } from '../quick-services';
import { Kind } from '../search';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const NO_VERSION = '0'.repeat(32);

export async function perform(
  model: KeyModel, world: RotatingWorld, operation: KeyOperation, counts: Counts,
): Promise<void> {
  count(counts, operation.do);
  await act(model, world, operation, counts);
  model.look = world.look();
  world.mail.look();
  model.check();
}

async function act(
  model: KeyModel, world: RotatingWorld, operation: KeyOperation, counts: Counts,
): Promise<void> {
  const noted = (what: string) => count(counts, `→ ${operation.do}: ${what}`);
  switch (operation.do) {
    case 'deploy': case 'again': case 'remove': case 'skip': return deployment(model, world, operation, counts);
    case 'rotate': {
      noted(world.byHand(operation.owner, (secrets, { arn }) => secrets.rotate(arn, {})) ? 'begun' : 'refused');
      const before = world.selectorOf(operation.owner, 'AWSCURRENT');
      await world.pass(operation.seconds * SECOND);
      if (world.selectorOf(operation.owner, 'AWSCURRENT') !== before) noted('the key has changed');
      return;
    }
    case 'cancel rotation':
      world.byHand(operation.owner, (secrets, { arn }) => secrets.cancelRotation(arn));
      return;
    case 'step': {
      const { arn, versions } = world.secretOf(operation.owner)!;
      const token = versions.holderOf(operation.of)?.id ?? NO_VERSION;
      const reason = await world.call({ Step: operation.step, SecretId: arn, ClientRequestToken: token });
      return noted(reason === undefined ? 'done' : 'failed');
    }
    case 'revoke': return revoke(model, world, operation, noted);
    case 'move label': {
      const { owner, label, to } = operation;
      const hadNext = world.selectorOf(owner, 'AWSPENDING') !== undefined;
      const isMoved = world.byHand(owner, (_, { versions }) =>
        versions.move(label, versions.holderOf(label)?.id, idOf(world, owner, to)));
      if (isMoved && label === 'AWSPENDING' && to === 'nothing') model.movedPending(owner, hadNext);
      else if (isMoved) model.harmedSecret(owner);
      return;
    }
    case 'put junk': {
      const hadNext = world.selectorOf(operation.owner, 'AWSPENDING') !== undefined;
      world.byHand(operation.owner, (secrets, { arn }) => secrets.put(arn, 'this is no key', { stages: [operation.as] }));
      if (operation.as === 'AWSCURRENT') model.harmedSecret(operation.owner);
      else model.movedPending(operation.owner, hadNext);
      return;
    }
    case 'change secret':
      world.byHand(operation.owner, (secrets, { arn }) => operation.to === 'back' ? secrets.restore(arn)
        : secrets.delete(arn, operation.to === 'marked' ? { recoveryWindowInDays: 30 } : {}));
      return model.harmedSecret(operation.owner);
    case 'change tag':
      world.changeTag(operation.owner, operation.how);
      if (operation.how !== 'no overlap') model.harmedSecret(operation.owner);
      return;
    case 'SES finds':
      world.setBlind(operation.what === 'nothing');
      model.isBlind = operation.what === 'nothing';
      model.isSure &&= !model.isBlind;
      return;
    case 'change identity':
      if (operation.how === 'sign again') world.signAgain();
      else world.changeIdentity(AT, operation.how);
      if (operation.how === 'sign') {
        world.writeRecord(HAND, `"p=${publicKeyOf('three')}"`);
        model.look = world.look();
        model.wroteRecord(nameOf(HAND));
      }
      return model.changedIdentity(operation.how);
    case 'write record': {
      const texts = { 'same key': `"p=${publicKeyOf('one')}"`, 'other key': `"p=${publicKeyOf('three')}"`, 'junk': '"junk"' };
      world.writeRecord(operation.selector, texts[operation.text]);
      model.look = world.look();
      return model.wroteRecord(nameOf(operation.selector));
    }
    case 'remove record': {
      const selector = world.selectorOf(operation.owner, operation.of);
      if (!selector) return;
      world.removeRecord(nameOf(selector));
      return model.removedRecord(nameOf(selector));
    }
    case 'store':
      world.store(operation.what, operation.isHeard);
      model.stored(operation.what);
      return world.pass(operation.seconds * SECOND);
    case 'close Region':
      world.closeRegion(operation.region, operation.how);
      return model.closedRegion(operation.region, operation.how !== 'open');
    case 'pass': return pass(model, world, operation.minutes * MINUTE);
    case 'fault':
      world.addFault(operation.fault);
      model.isSure = false;
      model.hasFaults = true;
  }
}

/** Faults last for an hour at the most. */
async function pass(model: KeyModel, world: RotatingWorld, ms: number): Promise<void> {
  const first = Math.min(ms, HOUR);
  await world.pass(first);
  if (ms <= HOUR) return;
  clearFaults(model, world);
  const before = world.look();
  await world.pass(ms - first);
  model.look = world.look();
  model.passed(before);
}

function clearFaults(model: KeyModel, world: RotatingWorld): void {
  world.clearFaults();
  model.hasFaults = false;
}

async function deployment(
  model: KeyModel, world: RotatingWorld, operation: Deployment, counts: Counts,
): Promise<void> {
  const { owner } = operation;
  const { wanted, isCalm } = model.owners[owner];
  const before = world.look();
  const next = operation.do === 'deploy' ? operation.as
    : operation.do === 'again' ? { ...wanted!, timeout: wanted!.timeout === 3599 ? 3600 : 3599 } : undefined;
  const ending = operation.do === 'deploy' ? operation.ending : {};
  if (world.selectorOf(owner, 'AWSPENDING') !== undefined) model.beginsInRotation(owner, next);
  const isBare = wanted !== undefined && isCalm && !model.isHindered && !model.isBlind
    && model.present.every((other) => other === owner) && Object.keys(ending).length === 0 && model.mayHave(next);
  if (next) {
    if (before.stacks[owner]?.status === 'ROLLBACK_COMPLETE') await world.delete(owner, true);
    await world.deploy(owner, new Map([[owner, next]]), ending);
  } else if (operation.do === 'remove') {
    await world.delete(owner, true);
  } else {
    await world.continueRollBack(owner, true);
  }
  await world.pass(MINUTE); // what was cancelled comes to its end
  model.look = world.look();
  count(counts, `→ ${model.look.stacks[owner]!.status}`);
  model.ended(operation, next, before, isBare);
  world.mail.look();
  model.check();
  clearFaults(model, world);
}

async function revoke(
  model: KeyModel, world: RotatingWorld, { owner, key }: Extract<KeyOperation, { do: 'revoke' }>,
  noted: (what: string) => void,
): Promise<void> {
  const selector = key === 'oldest' ? world.selectorsOf(owner)[0]
    : key === 'signing' ? world.signsWith() : world.selectorOf(owner, key);
  // Of a secret that is marked for deletion nothing is revoked, and nobody is told.
  if (!selector || world.secretOf(owner)!.deletedAt !== undefined) return;
  world.mail.revoking = nameOf(selector);
  const reason = await world.call({ SecretId: world.secretOf(owner)!.arn, Revoke: selector });
  world.mail.revoking = undefined;
  if (reason === undefined) world.mail.giveUp(nameOf(selector));
  noted(reason === undefined ? 'done' : 'refused');
  model.look = world.look();
  model.revoked(owner, selector, reason);
}

function idOf(world: RotatingWorld, owner: number, to: string): string | undefined {
  const { versions } = world.secretOf(owner)!;
  return to === 'nothing' ? undefined : to === 'oldest' ? versions.all()[0]?.id : versions.holderOf(to)?.id;
}

/** In the end all is deleted: nothing of ours is left, and everything of theirs is there. */
async function deleteAll(model: KeyModel, world: RotatingWorld, counts: Counts): Promise<void> {
  clearFaults(model, world);
  for (const { region } of [AT, FURTHER]) {
    world.closeRegion(region, 'open');
    model.closedRegion(region, false);
  }
  for (const owner of model.owners.keys()) {
    // CloudFormation cannot cancel the rotation of a secret that is marked for deletion.
    world.byHand(owner, (secrets, { arn }) => secrets.restore(arn));
    const status = model.look.stacks[owner]?.status;
    if (status === undefined || status === 'DELETE_COMPLETE') continue;
    await perform(model, world, { do: 'remove', owner }, counts);
    const { status: now, reason } = world.look().stacks[owner]!;
    if (now !== 'DELETE_COMPLETE') throw new Broken(`7: the stack is ${now} in the end: ${reason}`);
  }
}

/** One operation as fast-check runs and shrinks it. */
class KeyStep implements fc.AsyncCommand<KeyModel, RotatingWorld> {
  constructor(private readonly operation: KeyOperation, private readonly counts: Counts) {}

  check(model: Readonly<KeyModel>): boolean {
    return model.allows(this.operation);
  }

  run(model: KeyModel, world: RotatingWorld): Promise<void> {
    return perform(model, world, this.operation, this.counts);
  }

  toString(): string {
    return JSON.stringify(this.operation);
  }
}

const FIRST: Extract<KeyOperation, { do: 'deploy' }> = {
  do: 'deploy',
  owner: 0,
  as: {
    signing: 'easy',
    rotating: { prefix: 'dkim', bits: 1024, overlap: 1, every: 90 },
    zone: true,
    ttl: 300,
    overwrite: false,
    retain: false,
    wait: 300,
  },
  ending: {},
};

/** What comes after that, so that what comes often can do something. */
const BEGINNINGS: Readonly<Record<Often, readonly KeyOperation[]>> = {
  'steps': [{ do: 'SES finds', what: 'nothing' }, { do: 'rotate', owner: 0, seconds: 40 }],
  'deployments': [],
  'old keys': [{ do: 'rotate', owner: 0, seconds: 1_200 }],
  'Regions': [{ ...FIRST, as: { ...FIRST.as, rotating: { ...FIRST.as.rotating!, further: true } } }],
  'follow': [{ ...FIRST, as: { ...FIRST.as, rotating: undefined, follows: true } }],
  'own key': [
    { ...FIRST, as: { ...FIRST.as, rotating: undefined, signing: { selector: 's1', secret: 'one' } } },
    FIRST,
  ],
};

/** With the first operations of the scene, those of a history. */
async function runAll(
  scene: Scene, model: KeyModel, world: RotatingWorld, counts: Counts, operations: () => Promise<unknown>,
): Promise<void> {
  const { isDeployed, often: kind } = scene;
  for (const operation of isDeployed ? [FIRST, ...kind ? BEGINNINGS[kind] : []] : []) {
    await perform(model, world, operation, counts);
  }
  await operations();
  await deleteAll(model, world, counts);
}

/** Histories of one key that rotates, or of two stacks for one identity. */
export function ofKeys(counts: Counts): Kind<Scene, KeyModel, RotatingWorld> {
  return {
    scenes: fc.record({
      owners: fc.constantFrom(1, 1, 1, 2), isDeployed: fc.constantFrom(true, true, true, false), settings, often,
    }, PLAIN),
    operations: (scene) => anyOperation(scene).map((operation) => new KeyStep(operation, counts)),
    world: async (scene, seed) => worldOf(scene, seed),
    model: (_, world) => new KeyModel(world),
    run: (scene, model, world, operations) => runAll(scene, model, world, counts, operations),
  };
}

function worldOf({ owners, settings: own }: Scene, seed: number): RotatingWorld {
  return new RotatingWorld(topologyOf(owners), seed, own);
}

/** Runs operations that are known, as a named test has them. Those that cannot be done are left out. */
export async function runsThrough(
  scene: Scene, seed: number, operations: readonly KeyOperation[],
  see?: (world: RotatingWorld, operation: KeyOperation) => void,
): Promise<void> {
  const world = worldOf(scene, seed);
  const model = new KeyModel(world);
  try {
    await runAll(scene, model, world, new Map(), async () => {
      for (const operation of operations) {
        if (!model.allows(operation)) continue;
        await perform(model, world, operation, new Map()).finally(() => see?.(world, operation));
      }
    });
  } finally {
    await world.stop();
  }
}
