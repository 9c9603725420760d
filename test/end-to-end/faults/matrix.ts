// The fault matrix: each flow is run once to see its calls, and then again for every call and every kind of fault.
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
    ({ flow, undisturbed, points: pointsOf(undisturbed) }));
  recorded.set(key, known);
  return known;
}

function cellsOf({ points }: Recorded, kind: Kind): Point[] {
  return points.filter((point) => kind.canHappenTo(point));
}

function plan({ undisturbed: { status } }: Recorded, point: Point, kind: Kind): PlannedFault {
  return { point, kind, undisturbed: status };
}

export interface PlannedCell {
  readonly flow: Flow;
  readonly planned: PlannedFault;
}

export async function allCells(seed: number): Promise<PlannedCell[]> {
  const cells: PlannedCell[] = [];
  for (const flow of FLOWS) {
    const known = await record(flow, seed);
    for (const kind of KINDS) {
      cells.push(...cellsOf(known, kind).map((point) => ({ flow, planned: plan(known, point, kind) })));
    }
  }
  return cells;
}

/** A cell by its title: `<flow>/<call>/<kind>`. */
export async function find(title: string, seed: number): Promise<PlannedCell> {
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

/**
 * Of calls that follow each other and differ in nothing, as those that wait for something, the first and the last. Of DNS
 * queries for the same, the first and the last of the flow.
 */
function pointsOf({ calls, tried }: CellResult): Point[] {
  const counts = new Map<string, number>();
  const all = calls.map((call) => {
    const { service, operation, status, body } = call;
    const key = `${service} ${operation}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    return { call, service, operation, nth, what: `${key} ${status} ${body}` };
  }).filter(({ call }) => tried.has(call));
  const isAtEdge = (index: number) => all[index - 1]?.what !== all[index].what || all[index + 1]?.what !== all[index].what;
  const isEdgeOfAll = (index: number) => all.findIndex(({ what }) => what === all[index].what) === index
    || all.findLastIndex(({ what }) => what === all[index].what) === index;
  return all
    .filter(({ service }, index) => service === 'dns' ? isEdgeOfAll(index) : isAtEdge(index))
    .map(({ service, operation, nth }) => ({ service, operation, nth }));
}
