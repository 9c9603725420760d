// Tests of planning what is done with superseded records: retiring them, and revoking the key of one.
import { planRetirement, planRevocation, Retirement } from '../../../lambda/records/zone-plan';
import {
  A, B, EASY, entries, foreign, LATER, MUCH_LATER, NEW, NOW, OLD, OTHER_KEY, plan, publish, recordNames, release, zone,
} from '../fixtures/planned-zone';

const DUE = { now: LATER, supersededUntil: MUCH_LATER, selectorsInUse: ['new'] };
const revocation = (label = 'old', owner = A, partners: string[] = []) =>
  planRevocation(zone.list(), owner, { label, until: MUCH_LATER, partners });
const revoke = (label?: string, owner?: typeof A) => zone.apply(revocation(label, owner));
const retire = (options: Partial<Retirement> = {}, owner = A) =>
  zone.apply(planRetirement(zone.list(), owner, { ...DUE, ...options }));
const valuesOf = (name: string) => zone.list().find((each) => each.name === name)?.values;
const NOT_OURS_ALONE = "no superseded record of the selector old that is this construct's alone";

/** `old` is superseded until LATER. */
beforeEach(() => {
  publish(A, [OLD]);
  publish(A, [NEW]);
});

describe('retiring', () => {
  test('what is due goes, and the registry record forgets it; what is not stays', () => {
    retire({ now: NOW });
    expect(recordNames()).toEqual([NEW.name, OLD.name]);
    retire();
    expect(recordNames()).toEqual([NEW.name]);
    expect(entries(A)).toEqual([expect.not.objectContaining({ until: expect.anything() })]);
    expect(planRetirement(zone.list(), A, DUE)).toEqual([]);
  });

  test('what SES signs with stays, with its whole overlap before it; the rest goes next time', () => {
    publish(A, EASY);
    retire({ selectorsInUse: ['old'] });
    expect(entries(A)).toContainEqual(expect.objectContaining({ label: 'old', until: MUCH_LATER }));
    expect(entries(A)).toContainEqual(expect.objectContaining({ label: 'new', until: LATER }));
    retire({ selectorsInUse: ['old'] });
    expect(recordNames()).not.toContain(NEW.name);
    expect(recordNames()).toContain(OLD.name);
  });

  test('what another owner lists goes with the last of them', () => {
    publish(B, [OLD]);
    retire();
    expect(recordNames()).toContain(OLD.name);
    release(B);
    expect(recordNames()).toEqual([NEW.name]);
  });

  test('an owner that has no record yet keeps its registry record', () => {
    publish(B, []);
    expect(planRetirement(zone.list(), B, DUE)).toEqual([]);
  });

  test('what was revoked goes before its time, where that is asked for', () => {
    revoke();
    publish(A, EASY);
    retire();
    expect(recordNames()).toContain(OLD.name);
    retire({ now: NOW, revokedToo: true });
    expect(recordNames()).toEqual([NEW, ...EASY].map(({ name }) => name));
  });

  test('so does what SES was never told of, if it is superseded', () => {
    publish(A, EASY);
    retire({ now: NOW, selectorsInUse: [], neverTold: ['new', 't1'] });
    expect(recordNames()).toEqual([OLD, ...EASY].map(({ name }) => name));
  });

  test('what another owner adopts at the same moment stays', () => {
    publish(B, [OLD]);
    const late = planRetirement(zone.list(), A, DUE);
    release(B);
    expect(() => zone.apply(late)).toThrow(/not found|do not match/);
    retire();
    expect(recordNames()).toEqual([NEW.name]);
  });

  test('what was found, or was changed since, stays as it is', () => {
    zone.set(foreign(OLD.name, 'TXT', '"by hand"'));
    retire();
    expect(valuesOf(OLD.name)).toEqual(['"by hand"']);
    expect(entries(A)).toMatchObject([{ label: 'new' }]);
  });
});

describe('revoking', () => {
  test('an empty key takes the place of the superseded one, until a whole overlap is over', () => {
    revoke();
    expect(valuesOf(OLD.name)).toEqual(['"v=DKIM1; k=rsa; p="']);
    expect(entries(A)).toContainEqual(expect.objectContaining({ label: 'old', origin: 'ours', until: MUCH_LATER }));
    expect(valuesOf(NEW.name)).toEqual([NEW.data]);
    expect(revocation()).toEqual([]);
    retire();
    expect(recordNames()).toEqual([NEW.name, OLD.name]);
    retire({ now: MUCH_LATER });
    expect(recordNames()).toEqual([NEW.name]);
  });

  test('it goes with everything else when the construct is removed', () => {
    revoke();
    release(A);
    expect(zone.list()).toEqual([]);
  });

  test('the key does not come back under its selector, here or for another owner', () => {
    revoke();
    expect(() => plan(A, [OLD])).toThrow('says that the key of this selector was revoked. Take a new key');
    expect(() => plan(A, [OLD], { overwrite: true })).toThrow('was revoked');
    expect(() => plan(B, [OLD])).toThrow('needed is TXT');
    expect(valuesOf(OLD.name)).toEqual(['"v=DKIM1; k=rsa; p="']);
  });

  test.each<[string, () => void]>([
    ['a record in use', () => publish(A, [OLD])],
    ['one that another owner lists as well', () => publish(B, [OLD])],
    ['one that another owner has retained', () => {
      publish(B, [OLD]);
      release(B, true);
    }],
    ['one that somebody has changed', () => zone.set(foreign(OLD.name, 'TXT', '"by hand"'))],
    ['one that is gone', () => zone.remove(OLD.name)],
    ['one that was found', () => {
      zone.remove(OLD.name);
      release(A);
      zone.set(foreign(OLD.name, 'TXT', OLD.data));
      publish(A, [OLD]);
      publish(A, [NEW]);
    }],
    ['one of another owner', () => {
      retire();
      publish(B, [OTHER_KEY]);
      publish(B, [NEW]);
    }],
  ])('%s is refused, and stays as it is', (_, prepare) => {
    prepare();
    const before = zone.content();
    expect(() => revocation()).toThrow(NOT_OURS_ALONE);
    expect(zone.content()).toEqual(before);
  });

  test('one that others list is taken back where they have the same key, or no longer want it', () => {
    publish(B, [OLD]);
    expect(() => revocation('old', A, ['cdk-ses-dkim-of-nobody'])).toThrow(NOT_OURS_ALONE);
    expect(revocation('old', A, [B.label])).not.toEqual([]);
    publish(B, [NEW]);
    revoke();
    expect(valuesOf(OLD.name)).toEqual(['"v=DKIM1; k=rsa; p="']);
  });

  test('a selector that was never there is refused, and the text says that nothing was changed', () => {
    expect(() => revocation('no-such')).toThrow('Nothing was changed. A record of somebody else is theirs to revoke.');
  });

  test('a token of Easy DKIM leads to a key of SES: it is refused', () => {
    publish(A, EASY);
    publish(A, [NEW]);
    expect(() => revocation('t1')).toThrow('no superseded record of the selector t1');
  });

  test('where the registry has several pages, the one that lists it says so', () => {
    for (let number = 0; number < 12; number++) publish(A, [{ ...NEW, name: NEW.name.replace('new', `key${number}`) }]);
    const pages = () => zone.list().filter(({ name }) => name.startsWith('cdk-ses-dkim-'));
    expect(pages().length).toBeGreaterThan(1);
    revoke();
    expect(valuesOf(OLD.name)).toEqual(['"v=DKIM1; k=rsa; p="']);
    const listed = pages().flatMap(({ values }) => values).filter((value) => value.includes('record=old;'));
    expect(listed).toEqual([expect.stringContaining(`until=${MUCH_LATER}`)]);
    expect(revocation()).toEqual([]);
  });
});
