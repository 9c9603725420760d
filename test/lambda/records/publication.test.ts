// Tests of publishing in a hosted zone, step by step, and of leaving it: what is written, waited for, and passed over.
import { ZoneSettings } from '../../../lambda/base/desired-state';
import { ChangeRefusedError, ZoneGoneError } from '../../../lambda/base/errors';
import { OpenZone, RecordSet } from '../../../lambda/base/ports';
import { Retry } from '../../../lambda/base/retry';
import { DkimRecord } from '../../../lambda/records/dkim-record';
import {
  hasSuperseded, leaveZone, planSettings, PublicationRequest, publish as publishIn, Publisher, retire, revoke,
} from '../../../lambda/records/publication';
import { planNote } from '../../../lambda/records/zone-plan';
import { registryName } from '../../../lambda/records/zone-view';
import { JumpingClock, jumpingTime } from '../fixtures/jumping-time';
import {
  A, B, DOMAIN, entries, foreign, NEW, NOW as PLANNED, OLD, OTHER_KEY, plan, publish as planned, recordNames, zone,
} from '../fixtures/planned-zone';

const DAY = 86_400;
const SETTINGS: ZoneSettings = { id: 'Z1', ttl: 1800, overwrite: false };
const [NOW, IN_TWO_WEEKS] = ['2026-01-05T00:00:00Z', '2026-01-19T00:00:00Z'];

let clock: JumpingClock;
/** In their order: `List`, `Change` with what it changes, `InSync`. */
let calls: string[];
let lines: [decision: string, message?: string][];
let retry: Retry;
let fails: { list?: Error; change?: Error };
beforeEach(() => {
  clock = new JumpingClock();
  [calls, lines, fails] = [[], [], {}];
  const log = () => undefined;
  retry = new Retry({ time: jumpingTime(clock), log, end: clock.now() + 600_000, accessGraceMs: 0 });
});

const open: OpenZone = {
  list: async (below) => {
    calls.push('List');
    if (fails.list) throw fails.list;
    return zone.list().filter(({ name }) => name === below || name.endsWith(`.${below}`));
  },
  change: async (changes) => {
    calls.push(`Change ${changes.map(({ action, record }) => `${action[0]} ${labelOf(record)}`).join(', ')}`);
    if (fails.change) throw fails.change;
    if (calls.length > 20) throw new Error(`It does not end: ${calls.join('; ')}`);
    try {
      zone.apply(changes);
    } catch (error) {
      throw new ChangeRefusedError((error as Error).message);
    }
    return { inSync: async () => void calls.push('InSync') };
  },
};
const labelOf = ({ name }: RecordSet) => name.startsWith('cdk-ses-dkim-') ? 'registry' : name.split('.')[0];

function publisher(settings: Partial<ZoneSettings> = {}, owner = A): Publisher {
  const log: Publisher['log'] = (decision, { message } = {}) => void lines.push(message ? [decision, message] : [decision]);
  return { owner, zone: open, settings: { ...SETTINGS, ...settings }, retry, log };
}
const publish = (request: Partial<PublicationRequest> = {}, by = publisher()) =>
  publishIn(by, { wanted: [NEW], ...request });
const settingOf = (name: string) => zone.list().find((record) => record.name === name)?.values;

describe('publishing', () => {
  test('looks once, writes once, and waits until everybody can look it up', async () => {
    const records = await publish();
    expect(calls).toEqual(['List', 'Change C new, C registry', 'InSync']);
    expect(records.map(({ name }) => name)).toEqual([NEW.name, registryName(A)]);
  });

  test('what is there already is not written again', async () => {
    await publish();
    calls = [];
    await publish();
    expect(calls).toEqual(['List']);
  });

  test('what a run before this one wrote is waited for where it has to be in sync', async () => {
    await publish();
    calls = [];
    await publish({ inSync: true });
    expect(calls).toEqual(['List', 'Change D registry, C registry', 'InSync']);
  });

  test('what is found is noted first, and the zone is looked at again before it is used', async () => {
    zone.set(foreign(OLD.name, 'TXT', OLD.data));
    await publish({ wanted: [OLD, NEW], inSync: true });
    expect(calls).toEqual([
      'List', 'Change C registry', 'InSync', 'List', 'Change C new, D registry, C registry', 'InSync',
    ]);
    expect(entries(A)).toMatchObject([{ label: 'new', origin: 'ours' }, { label: 'old', origin: 'found' }]);
  });

  test('an owner that was there before is touched once, by the note', async () => {
    zone.set(foreign(OLD.name, 'TXT', OLD.data));
    planned(B, [OLD]);
    await publish({ wanted: [OLD, NEW] });
    expect(zone.list().find(({ name }) => name === registryName(B))?.ttl).toBe(1801);
  });

  describe('while another owner comes, after the note of what was found', () => {
    const ttlOfOther = () => zone.list().find(({ name }) => name === registryName(B))?.ttl;
    const publishBeside = (record: DkimRecord) => {
      const change: OpenZone['change'] = async (changes) => {
        const made = await open.change(changes);
        if (ttlOfOther() === undefined) planned(B, [record]);
        return made;
      };
      zone.set(foreign(OLD.name, 'TXT', OLD.data));
      return publish({ wanted: [OLD, NEW] }, { ...publisher(), zone: { ...open, change } });
    };

    test('it is touched once, if it wrote one of the records', async () => {
      await publishBeside(NEW);
      expect(ttlOfOther()).toBe(1801);
    });

    // Two deployments at the same time would otherwise touch each other without end.
    test('it is touched once, if it found the same record', async () => {
      await publishBeside(OLD);
      expect(ttlOfOther()).toBe(1801);
    });

    // It has looked before our note was there, and Route 53 has it wait with its batch.
    test.each<[string, boolean, Error | undefined]>([
      // It is sent again.
      ['also where the answer to the note was lost', false, new ChangeRefusedError('it exists')],
      ['also where it had a registry record before, for another record', true, undefined],
      ['also where the run that made the note died', false, new Error('died')],
    ])('10 it does not overwrite what is used, %s', async (_, wasThere, error) => {
      if (wasThere) planned(B, [NEW]);
      zone.set(foreign(OLD.name, 'TXT', OLD.data));
      const before = zone.list();
      let overwriting: ReturnType<typeof plan> | undefined;
      const change: OpenZone['change'] = async (changes) => {
        if (overwriting) return open.change(changes);
        zone.apply(planNote(before, B, { wanted: [OTHER_KEY], ttl: 1800, overwrite: true, now: PLANNED }));
        overwriting = plan(B, [OTHER_KEY], { overwrite: true, notedAmong: [] });
        const made = await open.change(changes);
        if (error) throw error;
        return made;
      };
      const run = () => publish({ wanted: [OLD], inSync: true }, { ...publisher(), zone: { ...open, change } });
      await run().catch(() => run());
      expect(() => zone.apply(overwriting!)).toThrow();
      expect(settingOf(OLD.name)).toEqual([OLD.data]);
    });
  });

  test('a check that throws keeps the zone as it is', async () => {
    const seen: string[][] = [];
    const check = (records: readonly RecordSet[]) => {
      seen.push(records.map(({ name }) => name));
      throw new Error('not now');
    };
    planned(B, [OLD]);
    const before = zone.content();
    await expect(publish({ check })).rejects.toThrow('not now');
    expect(seen).toEqual([[registryName(B), OLD.name]]);
    expect(zone.content()).toEqual(before);
    expect(calls).toEqual(['List']);
  });

  test('a record in a part of the zone that is delegated to others is refused', async () => {
    zone.set(foreign(NEW.name, 'NS', 'ns1.elsewhere.example.'));
    await expect(publish({ wanted: [OLD, NEW] })).rejects
      .toThrow(`The hosted zone Z1 delegates ${NEW.name} to other name servers`);
    expect(calls).toEqual(['List']);
  });

  test('only the first change of an owner in a zone is told before it is made', async () => {
    const beforeFirstChange = () => void calls.push('first');
    planned(B, [OLD]);
    await publish({ beforeFirstChange });
    expect(calls).toEqual(['List', 'first', 'Change C new, C registry', 'InSync']);
    calls = [];
    await publish({ wanted: [OLD], beforeFirstChange });
    expect(calls).not.toContain('first');
    expect(calls).toContain('InSync');
  });

  test('so is the note of what was found', async () => {
    zone.set(foreign(OLD.name, 'TXT', OLD.data));
    await publish({ wanted: [OLD], beforeFirstChange: () => void calls.push('first') });
    expect(calls.filter((call) => call !== 'List')).toEqual(['first', 'Change C registry', 'InSync']);
  });

  test('what is no longer wanted is marked, for two weeks unless the settings say otherwise', async () => {
    await publish({ wanted: [OLD] });
    await publish({ supersedes: false });
    expect(entries(A).map(({ until }) => until)).toEqual([undefined, undefined]);
    await publish();
    expect(entries(A).map(({ label, until }) => [label, until])).toEqual([['new', undefined], ['old', IN_TWO_WEEKS]]);
    await publish({ wanted: [] }, publisher({ overlapSeconds: 3 * DAY }));
    expect(entries(A).map(({ until }) => until)).toEqual(['2026-01-08T00:00:00Z', IN_TWO_WEEKS]);
  });

  test('what SES signs with again stays for its overlap from now', async () => {
    await publish({ wanted: [OLD] });
    await publish();
    await clock.pass(7 * DAY * 1000);
    retry = new Retry({ time: jumpingTime(clock), log: () => undefined, end: Infinity, accessGraceMs: 0 });
    await publish({ usedUntilNow: ['old'] });
    expect(entries(A).find(({ label }) => label === 'old')?.until).toBe('2026-01-26T00:00:00Z');
  });

  test('a record with the key that SES signs with is right, whatever else it says', async () => {
    zone.set(foreign(NEW.name, 'TXT', '"v=DKIM1; t=y; p=NewKey"'));
    await expect(publish()).rejects.toThrow('It has this very key, but t=y');
    await publish({ inUse: true });
    expect(settingOf(NEW.name)).toEqual(['"v=DKIM1; t=y; p=NewKey"']);
  });

  test('the settings decide on the TTL, and on what somebody else wrote', async () => {
    zone.set(foreign(NEW.name, 'TXT', '"theirs"'));
    await expect(publish()).rejects.toThrow('was not written by this construct');
    await publish({}, publisher({ overwrite: true, ttl: 60 }));
    expect(zone.content()).toContain(`${NEW.name} TXT 60 ${NEW.data}`);
  });
});

describe('retiring', () => {
  beforeEach(() => {
    planned(A, [OLD]);
    planned(A, [NEW], { supersededUntil: NOW });
  });

  test('takes what is due out of the zone, from what is known of it, and gives what is left', async () => {
    const records = await retire(publisher(), zone.list(), ['new']);
    expect(records.map(({ name }) => name)).toEqual([NEW.name, registryName(A)]);
    expect(recordNames()).toEqual([NEW.name]);
    expect(calls).toEqual(['Change D old, D registry, C registry']);
  });

  test('what SES signs with stays for two weeks more', async () => {
    await retire(publisher(), zone.list(), ['old']);
    expect(entries(A)).toContainEqual(expect.objectContaining({ label: 'old', until: IN_TWO_WEEKS }));
  });

  test('where Route 53 refuses it, the log says so, and all is as it was', async () => {
    fails.change = new ChangeRefusedError('not now');
    const before = zone.list();
    expect(await retire(publisher(), before, [])).toBe(before);
    expect(lines.at(-1)).toEqual(['records-refused', 'not now']);
  });

  test('another failure is passed on', async () => {
    fails.change = new ZoneGoneError('There is no hosted zone');
    await expect(retire(publisher(), zone.list(), [])).rejects.toBe(fails.change);
  });
});

test('something is superseded when the owner has marked it', () => {
  planned(A, [OLD]);
  expect(hasSuperseded(zone.list(), A)).toBe(false);
  planned(A, [NEW], { supersededUntil: NOW });
  expect(hasSuperseded(zone.list(), A)).toBe(true);
  expect(hasSuperseded(zone.list(), B)).toBe(false);
});

describe('revoking', () => {
  beforeEach(() => {
    planned(A, [OLD]);
    planned(A, [NEW], { supersededUntil: NOW });
  });

  test('is waited for, and what says it stays for two weeks', async () => {
    await revoke(publisher(), 'old', []);
    expect(settingOf(OLD.name)).toEqual(['"v=DKIM1; k=rsa; p="']);
    expect(entries(A)).toContainEqual(expect.objectContaining({ label: 'old', until: IN_TWO_WEEKS }));
    expect(calls.at(-1)).toBe('InSync');
  });

  test('an owner of the same key is no hindrance, and any other one is', async () => {
    planned(B, [OLD]);
    await expect(revoke(publisher(), 'old', [])).rejects.toThrow('no superseded record of the selector old');
    await revoke(publisher(), 'old', [B.label]);
    expect(settingOf(OLD.name)).toEqual(['"v=DKIM1; k=rsa; p="']);
  });
});

describe('leaving a zone', () => {
  test('marks what is there, for the mail on its way, and waits for nobody', async () => {
    planned(A, [OLD]);
    await leaveZone(publisher());
    expect(entries(A)).toMatchObject([{ label: 'old', until: IN_TWO_WEEKS }]);
    expect(calls).toEqual(['List', 'Change D registry, C registry']);
    expect(lines.at(-1)).toEqual(['previous-zone-left']);
  });

  test('what SES was never told of goes at once, unless it was superseded before', async () => {
    planned(A, [OLD]);
    planned(A, [NEW], { supersededUntil: IN_TWO_WEEKS });
    await leaveZone(publisher(), ['new', 'old']);
    expect(recordNames()).toEqual([OLD.name]);
    expect(entries(A)).toMatchObject([{ label: 'old', until: IN_TWO_WEEKS }]);
  });

  test('what is due there already stays, as nobody asks what SES signs with', async () => {
    planned(A, [OLD]);
    planned(A, [NEW], { supersededUntil: NOW });
    await leaveZone(publisher());
    expect(recordNames()).toEqual([NEW.name, OLD.name]);
  });

  test.each<[string, () => void]>([
    ['looked at', () => (fails.list = new ZoneGoneError('There is no hosted zone'))],
    ['changed', () => (fails.change = new ZoneGoneError('There is no hosted zone'))],
  ])('one that cannot be %s is passed over, and the log says why', async (_, happens) => {
    planned(A, [OLD]);
    happens();
    await leaveZone(publisher());
    expect(lines.at(-1)).toEqual(['previous-zone-unreachable', expect.stringMatching(/^There is no hosted zone/)]);
  });
});

test('slots take turns, other selectors do not', () => {
  const delegation = { place: `${DOMAIN}.keys.example.net`, slots: ['dkim-a', 'dkim-b'] };
  expect(planSettings(publisher({ delegation }))).toEqual(
    { ttl: 1800, overwrite: false, takesTurns: true, now: NOW, supersededUntil: IN_TWO_WEEKS });
  expect(planSettings(publisher())).toMatchObject({ takesTurns: false });
});
