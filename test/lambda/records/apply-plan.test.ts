// Tests of applying a plan: it is made from what is there, and again when somebody was faster.
import { ChangeRefusedError, OutOfTimeError, ZoneGoneError } from '../../../lambda/base/errors';
import { Log, logTo } from '../../../lambda/base/log';
import { Change, OpenZone, RecordSet } from '../../../lambda/base/ports';
import { Redactor } from '../../../lambda/base/redaction';
import { Retry } from '../../../lambda/base/retry';
import { applyPlan } from '../../../lambda/records/apply-plan';
import { JumpingClock, jumpingTime } from '../fixtures/jumping-time';

const BELOW = '_domainkey.example.com';
const record: RecordSet = { name: `s.${BELOW}`, type: 'TXT', ttl: 60, values: ['"a"'] };

let lines: { decision: string }[];
let log: Log;
let clock: JumpingClock;
let retry: Retry;
beforeEach(() => {
  lines = [];
  clock = new JumpingClock();
  log = logTo((line) => lines.push(JSON.parse(line)), new Redactor());
  retry = new Retry({ time: jumpingTime(clock), log, end: clock.now() + 600_000, accessGraceMs: 0 });
});

/** Holds what it is given; `meanwhile` happens at each change, before it. */
class Zone implements OpenZone {
  records: RecordSet[] = [];
  changed = 0;
  synced = 0;

  constructor(private readonly meanwhile: (zone: Zone) => void = () => undefined) {}

  async list() {
    return [...this.records];
  }

  async change(changes: readonly Change[]) {
    this.changed++;
    this.meanwhile(this);
    for (const { action, record: each } of changes) {
      if (action === 'CREATE' && this.records.some(({ name }) => name === each.name)) {
        throw new ChangeRefusedError('it already exists');
      }
      this.records = action === 'CREATE'
        ? [...this.records, each]
        : this.records.filter(({ name }) => name !== each.name);
    }
    return { inSync: async () => void this.synced++ };
  }
}

const create = (records: readonly RecordSet[]): Change[] =>
  records.some(({ name }) => name === record.name) ? [] : [{ action: 'CREATE', record }];

/** The zone, and of each batch whether it was waited for. */
function watching(zone: Zone): { awaited: boolean[]; watched: OpenZone } {
  const awaited: boolean[] = [];
  const change: OpenZone['change'] = async (changes) => {
    const made = await zone.change(changes);
    const index = awaited.push(false) - 1;
    return { inSync: () => (awaited[index] = true, made.inSync()) };
  };
  return { awaited, watched: { list: () => zone.list(), change } };
}

test('what is missing is made, and the records are returned as they are then', async () => {
  const zone = new Zone();
  await expect(applyPlan(zone, BELOW, create, { log, retry })).resolves.toEqual([record]);
  expect(zone.changed).toBe(1);
  expect(lines).toEqual([{ decision: 'records-changed', records: [`CREATE TXT s.${BELOW}`] }]);
});

test.each([[true, 1], [undefined, 0]])('with awaitsSync %p, a change is waited for %d times', async (awaitsSync, times) => {
  const zone = new Zone();
  await applyPlan(zone, BELOW, create, { log, retry, awaitsSync });
  expect(zone.synced).toBe(times);
});

test('when nothing is missing, nothing is written', async () => {
  const zone = new Zone();
  zone.records = [record];
  await expect(applyPlan(zone, BELOW, create, { log, retry })).resolves.toEqual([record]);
  expect(zone.changed).toBe(0);
  expect(lines).toEqual([]);
});

test('when somebody was faster, the plan is made anew from what is there', async () => {
  // GIVEN
  const theirs = { ...record, values: ['"theirs"'] };
  const zone = new Zone((each) => each.changed === 1 && each.records.push(theirs));
  // WHEN
  await expect(applyPlan(zone, BELOW, create, { log, retry })).resolves.toEqual([theirs]);
  // THEN
  expect(lines).toMatchObject([{ decision: 'records-refused', attempt: 1, message: 'it already exists' }]);
});

test('a change that is refused again and again although nothing else changes fails with the last reason', async () => {
  const zone = new Zone(() => { throw new ChangeRefusedError('a protected record'); });
  await expect(applyPlan(zone, BELOW, create, { log, retry })).rejects.toThrow('a protected record');
  expect(zone.changed).toBe(5);
  expect(lines).toHaveLength(4);
});

test('a change that was carried out is not looked at again: the records are returned as it leaves them', async () => {
  const old: RecordSet = { ...record, name: `old.${BELOW}` };
  const zone = new Zone();
  zone.records = [old];
  let listed = 0;
  const counted: OpenZone = { change: (changes) => zone.change(changes), list: () => (listed++, zone.list()) };
  const replace = ([found]: readonly RecordSet[]): Change[] => found.name === record.name ? []
    : [{ action: 'DELETE', record: found }, { action: 'CREATE', record }];
  await expect(applyPlan(counted, BELOW, replace, { log, retry })).resolves.toEqual([record]);
  expect(zone.records).toEqual([record]);
  expect(listed).toBe(1);
});

test('where nothing is missing, a change without effect is made for who has to know that all is in sync', async () => {
  const zone = new Zone();
  zone.records = [record];
  const anew: RecordSet = { ...record, ttl: 61 };
  const touch = ([found]: readonly RecordSet[]): Change[] =>
    [{ action: 'DELETE', record: found }, { action: 'CREATE', record: anew }];
  await expect(applyPlan(zone, BELOW, create, { log, retry, touch })).resolves.toEqual([anew]);
  expect(zone.changed).toBe(1);
});

test.each([
  new ZoneGoneError('gone'), new Error('AccessDenied'),
])('any other failure ends it at once: %s', async (problem) => {
  const zone = new Zone(() => { throw problem; });
  await expect(applyPlan(zone, BELOW, create, { log, retry })).rejects.toBe(problem);
  expect(zone.changed).toBe(1);
});

describe('somebody else is always faster', () => {
  const busy = (until: number) => new Zone((zone) => {
    if (zone.changed > until) return;
    zone.records = [{ ...record, name: `other-${zone.changed}.${BELOW}` }];
    throw new ChangeRefusedError(`refused for the ${zone.changed}th time`);
  });

  test('it gets its turn, with pauses that grow', async () => {
    const zone = busy(20);
    const began = clock.now();
    await applyPlan(zone, BELOW, create, { log, retry });
    expect(zone.records).toContainEqual(record);
    expect(clock.now() - began).toBeGreaterThan(120_000);
  });

  test('it gives up when there is no time left, and says what was refused', async () => {
    const failure = applyPlan(busy(Infinity), BELOW, create, { log, retry });
    await expect(failure).rejects.toThrow(OutOfTimeError);
    await expect(failure).rejects.toThrow(/refused for the \d+th time/);
  });
});

describe('a plan that needs several batches', () => {
  const numbered = (number: number): RecordSet => ({ ...record, name: `s${number}.${BELOW}` });
  /** One record at a time. */
  const createThree = (records: readonly RecordSet[]): Change[] =>
    records.length < 3 ? [{ action: 'CREATE', record: numbered(records.length) }] : [];

  test('is made again after each, and only the last is waited for', async () => {
    const zone = new Zone();
    const { awaited, watched } = watching(zone);
    await applyPlan(watched, BELOW, createThree, { log, retry, awaitsSync: true });
    expect(zone.records).toEqual([0, 1, 2].map(numbered));
    expect(awaited).toEqual([false, false, true]);
  });

  test('goes on from what is there when somebody interferes between two batches', async () => {
    const zone = new Zone((each) => {
      if (each.changed === 2) each.records.push(numbered(1));
    });
    await applyPlan(zone, BELOW, createThree, { log, retry });
    expect(zone.records).toEqual([0, 1, 2].map(numbered));
  });

  test('does not end before what somebody else has done for it is in sync, where that matters', async () => {
    const zone = new Zone((each) => {
      if (each.changed === 2) each.records.push(numbered(1), numbered(2));
    });
    const touch = ([found]: readonly RecordSet[]): Change[] =>
      [{ action: 'DELETE', record: found }, { action: 'CREATE', record: { ...found, ttl: 61 } }];
    const { awaited, watched } = watching(zone);
    await applyPlan(watched, BELOW, createThree, { log, retry, awaitsSync: true, touch });
    expect(awaited).toEqual([false, true]); // the second batch was refused
    expect(zone.changed).toBe(3);
  });
});

test('a batch that is refused although nothing else changes is tried in smaller ones', async () => {
  const zone = new Zone();
  const rooms: number[] = [];
  const plan = (records: readonly RecordSet[], room: number) => {
    if (records.length === 0) rooms.push(room);
    return create(records);
  };
  const strict: OpenZone = {
    list: () => zone.list(),
    change: (changes) => {
      if (rooms.at(-1)! > 4_000) throw new ChangeRefusedError('too large by another count');
      return zone.change(changes);
    },
  };
  await applyPlan(strict, BELOW, plan, { log, retry });
  expect(rooms).toEqual([32_000, 16_000, 8_000, 4_000]);
});
