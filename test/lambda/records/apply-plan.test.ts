// Tests of applying a plan: it is made from what is there, and again when somebody was faster.
import { ChangeRefusedError, ZoneGoneError } from '../../../lambda/base/errors';
import { Log, logTo } from '../../../lambda/base/log';
import { Change, HostedZone, OpenZone, RecordSet } from '../../../lambda/base/ports';
import { Redactor } from '../../../lambda/base/redaction';
import { applyPlan } from '../../../lambda/records/apply-plan';

const BELOW = '_domainkey.example.com';
const record: RecordSet = { name: `s.${BELOW}`, type: 'TXT', ttl: 60, values: ['"a"'] };

let lines: { decision: string }[];
let log: Log;
beforeEach(() => {
  lines = [];
  log = logTo((line) => lines.push(JSON.parse(line)), new Redactor());
});

/** Holds what it is given; `meanwhile` happens at each change, before it. */
class Zone implements HostedZone {
  records: RecordSet[] = [];
  changed = 0;
  synced = 0;

  constructor(private readonly meanwhile: (zone: Zone) => void = () => undefined) {}

  async describe() {
    return { name: 'example.com', privateZone: false };
  }

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

test('what is missing is made, and the records are returned as they are then', async () => {
  const zone = new Zone();
  await expect(applyPlan(zone, BELOW, create, { log })).resolves.toEqual([record]);
  expect(zone.changed).toBe(1);
  expect(lines).toEqual([{ decision: 'records-changed', records: [`CREATE TXT s.${BELOW}`] }]);
});

test.each([[true, 1], [undefined, 0]])('with awaitsSync %p, a change is waited for %d times', async (awaitsSync, times) => {
  const zone = new Zone();
  await applyPlan(zone, BELOW, create, { log, awaitsSync });
  expect(zone.synced).toBe(times);
});

test('when nothing is missing, nothing is written', async () => {
  const zone = new Zone();
  zone.records = [record];
  await expect(applyPlan(zone, BELOW, create, { log })).resolves.toEqual([record]);
  expect(zone.changed).toBe(0);
  expect(lines).toEqual([]);
});

test('when somebody was faster, the plan is made anew from what is there', async () => {
  // GIVEN
  const theirs = { ...record, values: ['"theirs"'] };
  const zone = new Zone((each) => each.changed === 1 && each.records.push(theirs));
  // WHEN
  await expect(applyPlan(zone, BELOW, create, { log })).resolves.toEqual([theirs]);
  // THEN
  expect(lines).toMatchObject([{ decision: 'records-refused', attempt: 1, message: 'it already exists' }]);
});

test('a change that is refused again and again fails with the last reason', async () => {
  const zone = new Zone(() => { throw new ChangeRefusedError('a protected record'); });
  await expect(applyPlan(zone, BELOW, create, { log })).rejects.toThrow('a protected record');
  expect(zone.changed).toBe(5);
  expect(lines).toHaveLength(4);
});

test('a change that was carried out is not looked at again: the records are returned as it leaves them', async () => {
  const old: RecordSet = { ...record, name: `old.${BELOW}` };
  const zone = new Zone();
  zone.records = [old];
  let listed = 0;
  const counted: OpenZone = { change: (changes) => zone.change(changes), list: () => (listed++, zone.list()) };
  const replace = ([found]: readonly RecordSet[]): Change[] =>
    [{ action: 'DELETE', record: found }, { action: 'CREATE', record }];
  await expect(applyPlan(counted, BELOW, replace, { log })).resolves.toEqual([record]);
  expect(zone.records).toEqual([record]);
  expect(listed).toBe(1);
});

test('where nothing is missing, a change without effect is made for who has to know that all is in sync', async () => {
  const zone = new Zone();
  zone.records = [record];
  const anew: RecordSet = { ...record, ttl: 61 };
  const touch = ([found]: readonly RecordSet[]): Change[] =>
    [{ action: 'DELETE', record: found }, { action: 'CREATE', record: anew }];
  await expect(applyPlan(zone, BELOW, create, { log, touch })).resolves.toEqual([anew]);
  expect(zone.changed).toBe(1);
});

test.each([
  new ZoneGoneError('gone'), new Error('AccessDenied'),
])('any other failure ends it at once: %s', async (problem) => {
  const zone = new Zone(() => { throw problem; });
  await expect(applyPlan(zone, BELOW, create, { log })).rejects.toBe(problem);
  expect(zone.changed).toBe(1);
});
