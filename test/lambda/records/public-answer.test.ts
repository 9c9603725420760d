// Tests of the wait for a public answer: other providers than Route 53 need up to two minutes.
import { NameServerAnswer } from '../../../lambda/base/ports';
import { Retry } from '../../../lambda/base/retry';
import { txtRecord } from '../../../lambda/records/dkim-record';
import { requireAnswered } from '../../../lambda/records/public-answer';
import { byo, DOMAIN, wanting } from '../fixtures/aws-in-memory';
import { JumpingClock, jumpingTime } from '../fixtures/jumping-time';

const SECOND = 1_000;
const RECORD = txtRecord(DOMAIN, 's1', 'Key');

/** How long it took, for a name server that answers after some time. */
async function waited(answersAfter: number): Promise<number> {
  const clock = new JumpingClock();
  const began = clock.now();
  const log = () => undefined;
  const ask = async (): Promise<NameServerAnswer[]> =>
    [{ nameServer: 'ns1', values: clock.now() - began >= answersAfter ? [RECORD.data] : [] }];
  const retry = new Retry({ time: jumpingTime(clock), log, end: Infinity, accessGraceMs: 0 });
  const isRight = (values: readonly string[]) => values.includes(RECORD.data);
  await requireAnswered(RECORD, isRight, wanting(byo('s1')), { dns: { ask }, retry, log });
  return clock.now() - began;
}

test('a record that is answered after nearly two minutes is waited for', async () => {
  expect(await waited(115 * SECOND)).toBeLessThan(130 * SECOND);
});

test('a record that is not answered after more than two minutes is given up', async () => {
  await expect(waited(150 * SECOND)).rejects.toThrow('ns1 has none');
});
