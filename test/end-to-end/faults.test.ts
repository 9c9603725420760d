// A part of the fault matrix: some calls of some flows fail, each in one way. `npx projen test:faults` has all of it.
import { runCell, titleOf } from './faults/cell';
import { FLOWS } from './faults/flows';
import { cellsOf, find } from './faults/matrix';
import { sample } from './faults/sample';
import { steadySeed } from '../cloud/time/seed';

/** Each costs a run without faults. */
const FLOWS_TRIED = 3;
const CELLS_OF_EACH = 8;

const seed = steadySeed(); // CI runs all cells

test.each(sample(FLOWS, FLOWS_TRIED, seed))(`LOCAL_CLOUD_SEED=${seed}: $name`, async (flow) => {
  for (const planned of sample(await cellsOf(flow, seed), CELLS_OF_EACH, seed)) {
    const { broken, point, kind } = await runCell(flow, planned, { seed });
    const title = titleOf({ flow: flow.name, point, kind });
    expect({ title, broken }).toEqual({ title, broken: [] });
  }
});

// Cells that were broken once.
test.each([
  'create, BYODKIM, in two runs of the function/lambda Invoke #1/throttled for a minute',
  'create, BYODKIM, in two runs of the function/lambda Invoke #1/hang',
  'delete, BYODKIM/ses UntagResource #1/denied for good',
])('%s', async (title) => {
  const { flow, planned } = await find(title, 1);
  expect((await runCell(flow, planned, { seed: 1 })).broken).toEqual([]);
});
