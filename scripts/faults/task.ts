// What the fault matrix gives to a worker, and what it gets back.
import { CellOptions, CellResult, runCell } from '../../test/end-to-end/faults/cell';
import { KINDS, Point } from '../../test/end-to-end/faults/fault-kinds';
import { FLOWS } from '../../test/end-to-end/faults/flows';

export interface Task {
  readonly flow: string;
  readonly point: Point;
  readonly kind: string;
  /** How the flow ends without a fault. */
  readonly undisturbed: Pick<CellResult, 'status' | 'state'>;
  readonly seed: number;
  /** A second time with the function in a process of its own, to compare. */
  readonly isTwice?: boolean;
}

export interface TaskResult extends Pick<CellResult, 'flow' | 'status' | 'outcome' | 'broken'> {
  readonly point: Point;
  readonly kind: string;
  readonly cpuMs: number;
}

/** Names travel between processes, and what they name does not. */
export function runTask(
  { flow: flowName, kind: kindName, point, undisturbed, seed }: Task, options?: Omit<CellOptions, 'seed'>,
): Promise<CellResult> {
  const flow = FLOWS.find(({ name }) => name === flowName)!;
  const kind = KINDS.find(({ name }) => name === kindName)!;
  return runCell(flow, { point, kind, undisturbed }, { ...options, seed });
}
