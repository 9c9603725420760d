// One cell of the fault matrix: a flow with a fault, what came of it, the next deployment, and the deletion.
import {
  checkAlways, checkOldMail, checkState, DELETED, Evidence, Expected, NEW_STATE, NOTHING_LEFT, OLD_STATE,
} from './checks';
import { deploy, Deployment, domainOf, FAILING_DOMAIN, STACK } from './deployments';
import { Exception, EXCEPTIONS } from './exceptions';
import { Kind, nameOf, Point } from './fault-kinds';
import { Flow } from './flows';
import { answersIn, requestFor, requestsOf } from './requests';
import { digestOf, withoutChance } from './state';
import { Broken, Witness } from './witness';
import { World } from './world';
import { CallRecord, FunctionMode, StackResult } from '../../cloud';

export interface CellOptions {
  readonly seed: number;
  readonly functions?: FunctionMode;
  /** A test breaks something: after the flow, and before anything is looked at. */
  readonly tamper?: (world: World) => unknown;
  /** The same before the flow. */
  readonly prepare?: (world: World) => unknown;
}

/** What came of it. */
export type Outcome =
  /** All is as without the fault. */
  | 'as if nothing'
  /** The deployment fails, says why, and is rolled back. */
  | 'failed cleanly'
  /** Something of ours stays, which is written down: see exceptions.ts. */
  | 'leaves something, as documented'
  /** The fault lasts through the roll-back or the deletion too. The next try mends it. */
  | 'stuck, then mended'
  | 'broken';

export interface CellResult {
  readonly flow: string;
  readonly point?: Point;
  readonly kind?: string;
  readonly status: string;
  /** A digest of all that the future depends on, after the flow. */
  readonly state: string;
  readonly outcome: Outcome;
  readonly broken: readonly Broken[];
  /** The calls of the flow itself. */
  readonly calls: readonly CallRecord[];
  /** Those of them in which faults are tried. */
  readonly tried: ReadonlySet<CallRecord>;
  /** How all ended: to be the same in both ways of running a function. */
  readonly end: string;
}

export interface PlannedFault {
  readonly point: Point;
  readonly kind: Kind;
  /** How the flow ends without a fault: the status of the stack, and the digest of all that is there then. */
  readonly undisturbed: Pick<CellResult, 'status' | 'state'>;
}

const STUCK = ['UPDATE_ROLLBACK_FAILED', 'ROLLBACK_FAILED', 'DELETE_FAILED'];
/** What is looked at when the stack has arrived there. */
const CHECK_AFTER: Readonly<Record<string, string>> = {
  CREATE_COMPLETE: NEW_STATE,
  UPDATE_COMPLETE: NEW_STATE,
  ROLLBACK_COMPLETE: OLD_STATE,
  UPDATE_ROLLBACK_COMPLETE: OLD_STATE,
  DELETE_COMPLETE: NOTHING_LEFT,
};
/** A rotation that was left half-way is settled by then: lambda/rotation/on-event.ts. */
const CARED_FOR_MS = 3 * 3_600_000;
const SETTLED = 'a rotation is settled';
/** For all that was cancelled or killed to come to its end. */
const SETTLED_MS = 10 * 60_000;

export async function runCell(
  flow: Flow, planned: PlannedFault | undefined, options: CellOptions,
): Promise<CellResult> {
  const world = await World.start({ ...options, needs: flow.needs });
  try {
    return await new Cell(world, flow, planned, options).run();
  } finally {
    await world.stop();
  }
}

class Cell {
  private readonly witness: Witness;
  private readonly results: StackResult[] = [];
  private readonly broken: Broken[] = [];
  private readonly evidence: Evidence;

  constructor(
    private readonly world: World, private readonly flow: Flow, private readonly planned: PlannedFault | undefined,
    private readonly options: CellOptions,
  ) {
    this.witness = new Witness(world);
    const exceptions = EXCEPTIONS.filter(({ isFor }) => isFor(flow, planned));
    const { witness, results } = this;
    const mayBePending = planned?.kind.isLasting;
    this.evidence = { world, witness, results, exceptions, excused: new Set(), mayBePending };
  }

  async run(): Promise<CellResult> {
    const { world, flow, planned, options: { prepare, tamper } } = this;
    const { scene: { cloud } } = world;
    if (flow.before) await this.begin(flow.before);
    await prepare?.(world);
    const first = cloud.calls.length;
    if (planned) cloud.faults.add({ ...planned.point, ...planned.kind.fault });
    const result = await this.noted(flow.run(world));
    const { status } = result;
    const calls = cloud.calls.slice(first);
    const tried = this.triedOf(calls);
    await cloud.clock.pass(SETTLED_MS);
    await tamper?.(world);
    await this.checkEnd(status);
    const state = digestOf(world, result);
    cloud.faults.clear();
    // The same future was seen to be good where nothing had failed.
    if (state !== planned?.undisturbed.state) await this.goOn(status);
    this.broken.push(...await checkAlways(this.evidence));
    this.witness.stop();
    return {
      flow: flow.name,
      point: planned?.point,
      kind: planned?.kind.name,
      status,
      state,
      outcome: this.broken.length > 0 ? 'broken' : this.outcomeOf(status),
      broken: this.broken,
      calls,
      tried,
      end: [...answersIn(cloud.calls).map(({ body }) => JSON.parse(body).Status), ...world.scene.all().map(withoutChance)].join('\n'),
    };
  }

  /** Not those for the resource that fails beside ours, and not those of a way forward that another flow has. */
  private triedOf(calls: readonly CallRecord[]): ReadonlySet<CallRecord> {
    const { world: { scene: { cloud } }, flow: { isWayBack, triedFrom = 0, triedUntil = Infinity } } = this;
    const begun = calls[0]?.at ?? 0;
    const [, back] = requestsOf(cloud).filter(({ domain, at }) => domain !== FAILING_DOMAIN && at >= begun - 1_000);
    return new Set(calls.filter((call) => requestFor(cloud, call)?.domain !== FAILING_DOMAIN
      && call.at >= begun + triedFrom && call.at <= begun + triedUntil
      && (!isWayBack || call.at >= (back?.at ?? Infinity))));
  }

  private async begin(before: Deployment): Promise<void> {
    const { status, reason } = await this.noted(deploy(this.world, before));
    if (status !== 'CREATE_COMPLETE') throw new Error(`${status}: ${reason}`);
    await this.world.scene.verified(undefined, domainOf(before));
  }

  private async checkEnd(status: string): Promise<void> {
    const { flow: { name, retires }, planned } = this;
    const { status: usual = status } = planned?.undisturbed ?? {};
    // Secrets Manager does not repeat the trial of a schedule, so who is killed in it can do nothing about that.
    const isKilledInTrial = planned?.kind.name.startsWith('killed') && this.reasons().includes('failed in testSecret');
    const isAllowed = status === usual || planned?.kind.isLasting || isKilledInTrial;
    if (!isAllowed) this.note('what passes does no harm', `${status} in place of ${usual}: ${this.reasons()}`);
    if (STUCK.includes(status)) return;
    const expected = this.expectedAfter(status);
    this.broken.push(...await checkState(this.evidence, expected, CHECK_AFTER[status]));
    const [first] = expected;
    if (first && !retires && !name.startsWith('delete')) this.broken.push(...checkOldMail(this.evidence, domainOf(first)));
  }

  /** The next deployment succeeds, and the deletion leaves nothing of ours. */
  private async goOn(status: string): Promise<void> {
    const { world, flow: { before, target } } = this;
    if (target.method === 'rotating key' && this.evidence.mayBePending && !STUCK.includes(status)) {
      await world.scene.cloud.clock.pass(CARED_FOR_MS);
      const evidence = { ...this.evidence, mayBePending: false };
      this.broken.push(...await checkState(evidence, this.expectedAfter(status), SETTLED));
    }
    if (status === 'UPDATE_ROLLBACK_FAILED') {
      const continued = await this.noted(world.scene.continueRollback(STACK, []));
      const isBack = continued.status === 'UPDATE_ROLLBACK_COMPLETE';
      if (!isBack) this.note(OLD_STATE, `${continued.status}: ${continued.reason}`);
      await world.scene.cloud.clock.pass(SETTLED_MS);
      this.broken.push(...await checkState(this.evidence, [before], OLD_STATE));
    } else if (status === 'ROLLBACK_FAILED' || status === 'ROLLBACK_COMPLETE' || status === 'DELETE_FAILED') {
      await this.delete();
    }
    const next = await this.noted(deploy(world, { ...target, waitMinutes: (target.waitMinutes ?? 29) + 1 }));
    if (!['CREATE_COMPLETE', 'UPDATE_COMPLETE'].includes(next.status)) {
      this.note('the next deployment succeeds', `${next.status}: ${next.reason}`);
    }
    await this.delete((exceptions) => exceptions.filter(({ isTemporary }) => !isTemporary));
  }

  private async delete(excused = (exceptions: readonly Exception[]) => exceptions): Promise<void> {
    const { status, events } = await this.noted(this.world.scene.destroy(STACK));
    const reason = events.findLast((event) => event.status === 'DELETE_FAILED')?.reason;
    const keepsRole = this.evidence.exceptions.some((exception) => exception.keepsRole)
      && /^The following resource\(s\) failed to delete: \[cdksesdkimRole\w+\]\.$/.test(reason ?? '');
    if (status !== 'DELETE_COMPLETE' && !keepsRole) this.note(DELETED, `${status}: ${reason}`);
    const evidence = { ...this.evidence, exceptions: excused(this.evidence.exceptions) };
    this.broken.push(...await checkState(evidence, [this.leftBehind()], NOTHING_LEFT));
  }

  /** Undefined: nothing of ours. */
  private leftBehind(): Expected {
    return this.flow.target.retain ? this.flow.target : undefined;
  }

  private expectedAfter(status: string): Expected[] {
    const { before, target, maySkip } = this.flow;
    switch (status) {
      case 'CREATE_COMPLETE':
      case 'UPDATE_COMPLETE': return [target];
      case 'UPDATE_ROLLBACK_COMPLETE': return maySkip ? [before, target] : [before];
      case 'DELETE_COMPLETE': return [this.leftBehind()];
      default: return [undefined];
    }
  }

  private outcomeOf(status: string): Outcome {
    if (STUCK.includes(status)) return 'stuck, then mended';
    if ([...this.evidence.excused].some(({ isUsual }) => !isUsual)) return 'leaves something, as documented';
    return !this.planned || status === this.planned.undisturbed.status ? 'as if nothing' : 'failed cleanly';
  }

  private async noted(operation: Promise<StackResult>): Promise<StackResult> {
    const result = await operation;
    this.results.push(result);
    return result;
  }

  private note(check: string, what: string): void {
    this.broken.push({ check, what });
  }

  private reasons(): string {
    const failures = this.results.at(-1)!.events.filter(({ status, reason }) => status.endsWith('_FAILED') && reason);
    return failures.map(({ reason }) => reason).join(' | ');
  }
}

export function titleOf({ flow, point, kind }: Pick<CellResult, 'flow' | 'point' | 'kind'>): string {
  return point ? `${flow}/${nameOf(point)}/${kind}` : flow;
}
