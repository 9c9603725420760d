// Metrics read back from a function's log, in the embedded metric format. What CloudWatch would pass over is an error.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
import { LogEvent } from './lambda';

/** One value of a metric. A list of values, or a metric in several sets of dimensions, is as many of these. */
export interface Datum {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
  readonly unit: string;
  /** The line's own time. */
  readonly at: number;
}

interface Definition {
  readonly Name: string;
  readonly Unit?: string;
  readonly StorageResolution?: number;
}

const UNITS = new Set([
  'Seconds', 'Microseconds', 'Milliseconds', 'Percent', 'Count', 'None', 'Bytes', 'Kilobytes', 'Megabytes', 'Gigabytes',
  'Terabytes', 'Bits', 'Kilobits', 'Megabits', 'Gigabits', 'Terabits',
].flatMap((unit) => [unit, `${unit}/Second`]));
/** Lambda cuts a longer line in pieces. */
const MOST_BYTES = 256 * 1024;
const MOST_METRICS = 100;
const MOST_DIMENSIONS = 30;
const MOST_VALUES = 100;
const DAY = 86_400_000;
const HOUR = 3_600_000;

/** Tests that wait for a metric ask for all of them again and again. */
const READ = new WeakMap<LogEvent, readonly Datum[]>();

/** A line that names `_aws` means to be a document of metrics. */
export function metricsIn(log: readonly LogEvent[]): Datum[] {
  return log.flatMap((event) => {
    const data = READ.get(event) ?? metricsOf(event);
    READ.set(event, data);
    return data;
  });
}

function metricsOf(event: LogEvent): readonly Datum[] {
  if (!event.line.includes('"_aws"')) return [];
  try {
    return dataOf(event);
  } catch (error) {
    throw new Error(`This line is not valid in the embedded metric format: ${(error as Error).message}\n${event.line}`);
  }
}

function dataOf({ line, at: loggedAt }: LogEvent): Datum[] {
  demand(Buffer.byteLength(line) <= MOST_BYTES, `a line has at most ${MOST_BYTES} bytes`);
  const document = JSON.parse(line); // nothing may stand before it or behind it
  const { _aws: metadata } = document;
  demand(isObject(metadata), '_aws has to be an object');
  const { Timestamp: at, CloudWatchMetrics: directives } = metadata;
  demand(Number.isInteger(at), 'Timestamp has to be in whole milliseconds');
  demand(at > loggedAt - 14 * DAY && at < loggedAt + 2 * HOUR, 'Timestamp is more than two weeks old, or in the future');
  demand(Array.isArray(directives) && directives.length > 0, 'CloudWatchMetrics has to be a list');
  return directives.flatMap(({ Namespace, Dimensions, Metrics }: any) => {
    demand(isText(Namespace, 1024), 'Namespace has to be a text');
    demand(Array.isArray(Metrics) && Metrics.length > 0 && Metrics.length <= MOST_METRICS, `Metrics are 1 to ${MOST_METRICS}`);
    demand(Array.isArray(Dimensions) && Dimensions.length > 0, 'Dimensions has to be a list of lists');
    const sets = Dimensions.map((names: unknown) => dimensionsOf(document, names));
    return Metrics.flatMap((definition: Definition) => valuesOf(document, definition).flatMap((value) =>
      sets.map((dimensions: Record<string, string>) => ({
        namespace: Namespace, name: definition.Name, dimensions, value, unit: definition.Unit ?? 'None', at,
      }))));
  });
}

/** The names point at texts at the top of the document. */
function dimensionsOf(document: Record<string, unknown>, names: unknown): Record<string, string> {
  demand(Array.isArray(names) && names.length <= MOST_DIMENSIONS, `a set of dimensions has at most ${MOST_DIMENSIONS}`);
  return Object.fromEntries((names as string[]).map((name) => {
    demand(isText(name, 250), 'the name of a dimension has to be a text');
    const value = document[name];
    demand(isText(value, 1024), `the dimension ${name} has to be a text`);
    return [name, value as string];
  }));
}

function valuesOf(document: Record<string, unknown>, { Name, Unit = 'None', StorageResolution = 60 }: Definition): number[] {
  demand(isText(Name, 1024), 'the name of a metric has to be a text');
  demand(UNITS.has(Unit), `there is no unit ${Unit}`);
  demand([1, 60].includes(StorageResolution), 'StorageResolution is 1 or 60');
  const values = [document[Name]].flat();
  demand(values.length > 0 && values.length <= MOST_VALUES, `the metric ${Name} has 1 to ${MOST_VALUES} values`);
  demand(values.every((value) => Number.isFinite(value)), `the metric ${Name} has to be a number`);
  return values as number[];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown, longest: number): boolean {
  return typeof value === 'string' && value.trim() !== '' && value.length <= longest;
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
