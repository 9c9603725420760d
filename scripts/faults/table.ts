// Prints the fault matrix: a row for each flow, a column for each kind of fault, and the totals.
import Table from 'cli-table3';
import { TaskResult } from './task';
import { Outcome } from '../../test/end-to-end/faults/cell';
import { KINDS } from '../../test/end-to-end/faults/fault-kinds';

const OUTCOMES: readonly Outcome[] = [
  'as if nothing', 'failed cleanly', 'leaves something, as documented', 'stuck, then mended', 'broken',
];

export function matrixTable(results: readonly TaskResult[]): string {
  const kinds = KINDS.map(({ name }) => name).filter((kind) => results.some((each) => each.kind === kind));
  const table = new Table({
    head: ['flow', ...kinds, ...OUTCOMES],
    colWidths: [36, ...[...kinds, ...OUTCOMES].map(() => 11)],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const flow of [...new Set(results.map((each) => each.flow))]) {
    const row = results.filter((each) => each.flow === flow);
    table.push([
      flow, ...kinds.map((kind) => cell(row.filter((each) => each.kind === kind))), ...counts(row),
    ]);
  }
  table.push(['all', ...kinds.map((kind) => cell(results.filter((each) => each.kind === kind))), ...counts(results)]);
  return table.toString();
}

/** How many cells, and how many of them are broken. */
function cell(results: readonly TaskResult[]): string {
  const broken = results.filter(({ outcome }) => outcome === 'broken').length;
  return results.length === 0 ? '' : broken > 0 ? `${broken} of ${results.length}` : String(results.length);
}

function counts(results: readonly TaskResult[]): number[] {
  return OUTCOMES.map((outcome) => results.filter((each) => each.outcome === outcome).length);
}

export function totals(results: readonly TaskResult[]): string {
  const seconds = results.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / 1000;
  const said = OUTCOMES.map((outcome, index) => `${counts(results)[index]} ${outcome}`).join(', ');
  return `${results.length} cells: ${said}. ${seconds.toFixed(0)} s of processor time.`;
}
