// The fault matrix: each flow is run once to see its calls, and then again for every call and every kind of fault.
import { CallRecord } from '../../cloud';
import { CellResult, PlannedFault, runCell } from './cell';
import { Kind, KINDS, nameOf, Point } from './fault-kinds';
import { Flow, FLOWS } from './flows';

export interface Recorded {
  readonly flow: Flow;
  readonly undisturbed: CellResult;
  readonly points: readonly Point[];
}

const recorded = new Map<string, Promise<Recorded>>();

/** Runs the flow once without a fault. */
export function record(flow: Flow, seed: number): Promise<Recorded> {
  const key = `${flow.name} ${seed}`;
  const known = recorded.get(key) ?? runCell(flow, undefined, { seed }).then((undisturbed) =>
    ({ flow, undisturbed, points: pointsOf(undisturbed.calls) }));
  recorded.set(key, known);
  return known;
}

export function cellsOf({ points }: Recorded, kind: Kind): Point[] {
  return points.filter((point) => kind.canHappenTo(point));
}

export function plan({ undisturbed: { status } }: Recorded, point: Point, kind: Kind): PlannedFault {
  return { point, kind, undisturbed: status };
}

/** A cell by its title: `<flow>/<call>/<kind>`. */
export async function find(title: string, seed: number): Promise<{ flow: Flow; planned: PlannedFault }> {
  const [flowName, pointName, kindName] = title.split('/');
  const flow = FLOWS.find(({ name }) => name === flowName);
  const kind = KINDS.find(({ name }) => name === kindName);
  const known = flow && await record(flow, seed);
  const point = known?.points.find((each) => nameOf(each) === pointName);
  if (!flow || !kind || !point) {
    const names = known ? known.points.map(nameOf) : FLOWS.map(({ name }) => name);
    throw new Error(`There is no cell ${title}. There are: ${names.join('; ')}`);
  }
  return { flow, planned: plan(known!, point, kind) };
}

/** Of calls that follow each other and differ in nothing, as those that wait for something, the first and the last. */
function pointsOf(calls: readonly CallRecord[]): Point[] {
  const counts = new Map<string, number>();
  const all = calls.map(({ service, operation, status, body }) => {
    const key = `${service} ${operation}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    return { service, operation, nth, what: `${key} ${status} ${service === 'dns' ? nth : body}` };
  });
  return all
    .filter(({ what }, index) => all[index - 1]?.what !== what || all[index + 1]?.what !== what)
    .map(({ service, operation, nth }) => ({ service, operation, nth }));
}
