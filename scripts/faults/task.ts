// What the fault matrix gives to a worker, and what it gets back.
import { CellResult } from '../../test/end-to-end/faults/cell';
import { Point } from '../../test/end-to-end/faults/fault-kinds';

export interface Task {
  readonly flow: string;
  readonly point: Point;
  readonly kind: string;
  /** How the flow ends without a fault. */
  readonly undisturbed: Pick<CellResult, 'status' | 'state'>;
  readonly seed: number;
}

export interface TaskResult extends Pick<CellResult, 'flow' | 'status' | 'outcome' | 'broken'> {
  readonly point: Point;
  readonly kind: string;
  readonly cpuMs: number;
}
