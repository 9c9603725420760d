// Cancels stacks of many identities at random moments, and counts the identities that are not as their stack says.
// Run by `npx projen cancelled`, with numbers of identities as arguments, and SEED and MOMENTS from the environment.
import Table from 'cli-table3';
import { randomInt, seededRandom } from '../../test/cloud/time/random';
import { cancelledStack } from '../../test/end-to-end/cancelled-stack';

const { SEED = '1', MOMENTS = '20' } = process.env;
const IDENTITIES = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 10, 50, 100, 150, 300];

async function main(): Promise<void> {
  const seed = Number(SEED);
  const table = new Table({ head: ['identities', 'request', 'runs', 'wrong', 'left', 'not rolled back'] });
  let faults = 0;
  for (const identities of IDENTITIES) {
    for (const request of ['create', 'update'] as const) {
      const random = seededRandom(seed, `${request} ${identities}`);
      const sum = { wrong: 0, left: 0, stuck: 0 };
      for (let run = 0; run < Number(MOMENTS); run++) {
        // From the first second until all would be done: SES takes one call a second, and each identity needs three.
        const failsAfterSeconds = 1 + randomInt(random, 30 + 3 * identities);
        const stack = { identities, request, failsAfterSeconds, seed: seed + run };
        const { status, wrong, left } = await cancelledStack(stack);
        const isStuck = !['ROLLBACK_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'].includes(status);
        if (wrong.length > 0 || left > 0 || isStuck) {
          console.log(`${request} of ${identities}, failing after ${failsAfterSeconds} s, seed ${seed + run}: ${status}, `
            + `wrong: ${wrong.join(' ') || 'none'}, left: ${left}`);
        }
        sum.wrong += wrong.length;
        sum.left += left;
        sum.stuck += Number(isStuck);
      }
      table.push([identities, request, MOMENTS, sum.wrong, sum.left, sum.stuck]);
      faults += sum.wrong + sum.left + sum.stuck;
    }
  }
  console.log(table.toString());
  if (faults > 0) process.exitCode = 1;
}

void main();
