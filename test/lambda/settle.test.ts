// Tests of settling: plans are made from what is there until nothing is left to change, and the zone itself is looked at first.
import { Log, logTo } from '../../lambda/log';
import { ChangeRefusedError, HostedZone, ZoneGoneError } from '../../lambda/ports';
import { openZone, settle } from '../../lambda/settle';
import { Change, RecordSet } from '../../lambda/zone-plan';

const BELOW = '_domainkey.example.com';
const record: RecordSet = { name: `s.${BELOW}`, type: 'TXT', ttl: 60, values: ['"a"'] };

let lines: { decision: string }[];
let log: Log;
beforeEach(() => {
  lines = [];
  log = logTo((line) => lines.push(JSON.parse(line)));
});

/** Holds what it is given; `meanwhile` happens at each change, before it. */
class Zone implements HostedZone {
  records: RecordSet[] = [];
  changed = 0;

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
      if (action === 'CREATE' && this.records.some(({ name }) => name === each.name)) throw new ChangeRefusedError('it already exists');
      this.records = action === 'CREATE' ? [...this.records, each] : this.records.filter(({ name }) => name !== each.name);
    }
  }
}

const create = (records: readonly RecordSet[]): Change[] => records.some(({ name }) => name === record.name) ? [] : [{ action: 'CREATE', record }];

test('what is missing is made, and the records are returned as they are then', async () => {
  const zone = new Zone();
  await expect(settle(zone, BELOW, create, { log })).resolves.toEqual([record]);
  expect(zone.changed).toBe(1);
  expect(lines).toEqual([{ decision: 'records-changed', records: [`CREATE TXT s.${BELOW}`] }]);
});

test('when nothing is missing, nothing is written', async () => {
  const zone = new Zone();
  zone.records = [record];
  await expect(settle(zone, BELOW, create, { log })).resolves.toEqual([record]);
  expect(zone.changed).toBe(0);
  expect(lines).toEqual([]);
});

test('when somebody was faster, the plan is made anew from what is there', async () => {
  // GIVEN
  const theirs = { ...record, values: ['"theirs"'] };
  const zone = new Zone((each) => each.changed === 1 && each.records.push(theirs));
  // WHEN
  await expect(settle(zone, BELOW, create, { log })).resolves.toEqual([theirs]);
  // THEN
  expect(lines).toMatchObject([{ decision: 'records-refused', attempt: 1, message: 'it already exists' }]);
});

test('a change that is refused again and again fails with the last reason', async () => {
  const zone = new Zone(() => { throw new ChangeRefusedError('a protected record'); });
  await expect(settle(zone, BELOW, create, { log })).rejects.toThrow('a protected record');
  expect(zone.changed).toBe(5);
  expect(lines).toHaveLength(4);
});

test('what never settles is given up with what happened', async () => {
  const zone = new Zone();
  await expect(settle(zone, BELOW, () => [{ action: 'DELETE', record }], { log })).rejects
    .toThrow(`The records below ${BELOW} were changed by somebody else after each of 5 changes. Deploy again.`);
  expect(zone.changed).toBe(5);
});

test('it settles with the last change that is allowed', async () => {
  const zone = new Zone();
  const fiveTimes = (): Change[] => zone.changed < 5 ? [{ action: 'DELETE', record }] : [];
  await expect(settle(zone, BELOW, fiveTimes, { log })).resolves.toEqual([]);
});

test.each([new ZoneGoneError('gone'), new Error('AccessDenied')])('any other failure ends it at once: %s', async (problem) => {
  const zone = new Zone(() => { throw problem; });
  await expect(settle(zone, BELOW, create, { log })).rejects.toBe(problem);
  expect(zone.changed).toBe(1);
});

describe('opening a zone', () => {
  const zoneOf = (describe: HostedZone['describe']): HostedZone => Object.assign(new Zone(), { describe });
  const zoneNamed = (name: string, privateZone = false) => zoneOf(async () => ({ name, privateZone }));
  const properties = { id: 'Z1', ttl: 60, overwrite: false };

  test.each(['mail.example.com', 'example.com', 'com'])('the zone %s holds the domain mail.example.com', async (name) => {
    const zone = zoneNamed(name);
    await expect(openZone(zone, properties, 'mail.example.com')).resolves.toBe(zone);
  });

  test.each(['example.net', 'ample.com', 'sub.mail.example.com'])('the zone %s does not', async (name) => {
    await expect(openZone(zoneNamed(name), properties, 'mail.example.com')).rejects
      .toThrow(`The hosted zone Z1 is for ${name}, and mail.example.com is not in it. Use the zone of the domain or of a parent of it.`);
  });

  test('a private zone is refused', async () => {
    await expect(openZone(zoneNamed('example.com', true), properties, 'example.com')).rejects
      .toThrow('The hosted zone Z1 (example.com) is private. SES and receivers look in public DNS: use the public zone.');
  });

  test('a zone that is gone is said with the way out', async () => {
    const gone = zoneOf(async () => { throw new ZoneGoneError('There is no hosted zone Z1.'); });
    await expect(openZone(gone, properties, 'example.com')).rejects
      .toThrow('There is no hosted zone Z1. Use the id of a hosted zone in this account, or set hostedZoneRole.');
    await expect(openZone(gone, { ...properties, roleArn: 'arn:role' }, 'example.com')).rejects
      .toThrow('There is no hosted zone Z1. Use the id of a hosted zone in the account of arn:role.');
  });

  test('a zone that the function may not open is said with the way out', async () => {
    const refused = Object.assign(new Error('not authorized'), { name: 'AccessDenied' });
    await expect(openZone(zoneOf(async () => { throw refused; }), properties, 'example.com')).rejects
      .toThrow('The function has no access to the hosted zone Z1: not authorized. A zone of another account needs hostedZoneRole; in this account');
  });

  test('another failure is passed on', async () => {
    const problem = new Error('AccessDenied');
    await expect(openZone(zoneOf(async () => { throw problem; }), properties, 'example.com')).rejects.toBe(problem);
  });
});
