// The fault matrix: each flow is run once to see its calls, and then again for every call and every kind of fault.
import { CellResult, PlannedFault, runCell } from './cell';
import { Kind, KINDS, nameOf, Point } from './fault-kinds';
import { Flow, FLOWS } from './flows';

interface Recorded {
  readonly flow: Flow;
  readonly undisturbed: CellResult;
  readonly points: readonly Point[];
}

const recorded = new Map<string, Promise<Recorded>>();

/** Runs the flow once without a fault. */
function record(flow: Flow, seed: number): Promise<Recorded> {
  const key = `${flow.name} ${seed}`;
  const known = recorded.get(key) ?? runUndisturbed(flow, seed);
  recorded.set(key, known);
  return known;
}

export interface PlannedCell {
  readonly flow: Flow;
  readonly planned: PlannedFault;
}

interface Choice {
  /** Those cells too that another one stands for. @default false */
  readonly whole?: boolean;
  /** A part of the flow's name. @default - all flows */
  readonly flow?: string;
}

/** All cells, but for those that another one stands for. */
export async function allCells(seed: number, { whole = false, flow: named = '' }: Choice = {}): Promise<PlannedCell[]> {
  const cells: PlannedCell[] = [];
  /** In which flow a DNS query is tried: the same one is answered by the same code in every flow. */
  const queries = new Map<string, string>();
  let turn = seed;
  const isChosen = ({ name, isNamedOnly }: Flow) => name.includes(named) && (whole || named !== '' || !isNamedOnly);
  for (const flow of FLOWS.filter(isChosen)) {
    const { undisturbed, points } = await record(flow, seed);
    for (const point of points) {
      const { query = nameOf(point) + flow.name } = point;
      if (!whole && (queries.get(query) ?? flow.name) !== flow.name) continue;
      queries.set(query, flow.name);
      const kinds = whole ? KINDS.filter(({ canHappenTo }) => canHappenTo(point)) : kindsFor(point, turn++);
      cells.push(...kinds.map((kind) => ({ flow, planned: { point, kind, undisturbed } })));
    }
  }
  return cells;
}

async function runUndisturbed(flow: Flow, seed: number): Promise<Recorded> {
  const undisturbed = await runCell(flow, undefined, { seed });
  if (undisturbed.broken.length === 0) return { flow, undisturbed, points: pointsOf(undisturbed) };
  throw new Error(`${flow.name} is broken without a fault: ${JSON.stringify(undisturbed.broken)}`);
}

/** All cells of one flow. */
export async function cellsOf(flow: Flow, seed: number): Promise<PlannedFault[]> {
  const { undisturbed, points } = await record(flow, seed);
  return points.flatMap((point) =>
    KINDS.filter(({ canHappenTo }) => canHappenTo(point)).map((kind) => ({ point, kind, undisturbed })));
}

/** All that can happen to a call; of those that are tried in turn, the one whose turn it is. */
function kindsFor(point: Point, turn: number): Kind[] {
  const kinds = KINDS.filter(({ canHappenTo }) => canHappenTo(point));
  const inTurn = kinds.filter(({ isInTurn }) => isInTurn);
  return kinds.filter((kind) => !kind.isInTurn || kind === inTurn[turn % inTurn.length]);
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
  return { flow, planned: { point, kind, undisturbed: known!.undisturbed } };
}

/**
 * Of calls that follow each other and differ in nothing, as those that wait for something, the first and the last. Of
 * DNS queries for the same, the first and the last of the flow.
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
  const whats = all.map(({ what }) => what);
  return all
    .filter(({ service, what }, index) => service === 'dns'
      ? [whats.indexOf(what), whats.lastIndexOf(what)].includes(index)
      : whats[index - 1] !== what || whats[index + 1] !== what)
    .map(({ call, service, operation, nth }) =>
      ({ service, operation, nth, ...service === 'dns' && { query: `${operation} ${call.body}` } }));
}
