// What the look says of a key that changes: ages, what is overdue, and what nobody can see.
import { FAILS_SINCE, NameServerAnswer, IdentityState, KeyStoreState, TAKEN_BACK } from '../../../lambda/base/ports';
import { recordName } from '../../../lambda/records/dkim-record';
import { renderRegistry } from '../../../lambda/records/registry';
import { datedSelector } from '../../../lambda/signing/dated-selector';
import { lookAtRotation } from '../../../lambda/watch/rotation-look';
import { WatchedIdentity } from '../../../src/private/contract';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.parse('2026-06-01T00:00:00Z');
const ARN = 'arn:aws:secretsmanager:us-east-1:111111111111:secret:Keys-AbCdEf';
const DOMAIN = 'example.com';
const LABEL = `cdk-ses-dkim-${'a'.repeat(32)}`;
const OTHER_LABEL = `cdk-ses-dkim-${'b'.repeat(32)}`;

const ROTATING: WatchedIdentity = { Identity: DOMAIN, Signing: { Method: 'ROTATING_BYODKIM', SecretArn: ARN } };
const FOLLOWING: WatchedIdentity = {
  Identity: DOMAIN, Signing: { Method: 'ROTATING_BYODKIM', SecretArn: ARN, Follows: true },
};
const HEALTHY: KeyStoreState = {
  rotates: true, tags: {}, versions: { AWSCURRENT: 'one' }, changedAt: NOW - 10 * DAY, rotatedAt: NOW - 10 * DAY, nextRotationAt: NOW + 80 * DAY,
};
const identityWith = (...labels: string[]): IdentityState => ({
  status: 'SUCCESS', signingEnabled: true, origin: 'EXTERNAL', tokens: ['s2'], tags: Object.fromEntries(labels.map((label) => [label, 'told=EXTERNAL:s2'])),
});

/** Dates of superseded records, in the registry record of that label. */
const listing = (...untils: string[]) => renderRegistry({
  entries: untils.map((until, index) => ({ label: `s${index}`, type: 'TXT', origin: 'ours', digest: '0'.repeat(32), until })),
});
const answered = (values: readonly string[]): NameServerAnswer[] => [{ nameServer: 'ns1', values }];

interface World {
  readonly watched?: WatchedIdentity;
  readonly state?: Partial<KeyStoreState> | Error | 'gone';
  readonly identity?: IdentityState | 'unseen';
  /** By name. */
  readonly dns?: Readonly<Record<string, NameServerAnswer[]>>;
}

async function look({ watched = ROTATING, state = {}, identity = identityWith(), dns = {} }: World) {
  const view = identity === 'unseen' ? { what: 'SES was not seen', whatToDo: 'wait' } : { region: 'us-east-1', identity };
  const describe = async (arn: string) => {
    expect(arn).toBe(ARN);
    if (state instanceof Error) throw state;
    return state === 'gone' ? undefined : { ...HEALTHY, ...state };
  };
  const ask = async (name: string) => dns[name] ?? answered([]);
  return lookAtRotation(watched, view, { describe, dns: { ask }, now: NOW });
}

const problems = async (world: World) => (await look(world)).findings.map(({ what, whatToDo }) => `${what}. ${whatToDo}`);

test('a key that rotates on time is no problem, and its age and the time left are said in tenths of a day', async () => {
  const { seen, findings } = await look({ state: { rotatedAt: NOW - 10.26 * DAY, nextRotationAt: NOW + 79.74 * DAY } });
  expect(findings).toEqual([]);
  expect(seen).toEqual({
    KeyAgeDays: 10.3, DaysToRotation: 79.7, RotationPendingMinutes: 0, SupersededRecords: 0, RetirementsOverdue: 0,
  });
});

test('another method has nothing to look at', async () => {
  expect(await look({ watched: { Identity: DOMAIN, Signing: { Method: 'EASY_DKIM' } }, state: 'gone' })).toEqual({ seen: {}, findings: [] });
});

test('what Secrets Manager does not say is not made up', async () => {
  const state = { rotatedAt: undefined, nextRotationAt: undefined, changedAt: undefined };
  const { seen, findings } = await look({ state });
  expect(findings).toEqual([]);
  expect(seen).toMatchObject({ KeyAgeDays: 0, DaysToRotation: undefined, RotationPendingMinutes: 0 });
});

describe('a change of the key', () => {
  const begun = (ago: number): World =>
    ({ state: { versions: { AWSCURRENT: 'one', AWSPENDING: 'two' }, changedAt: NOW - ago } });

  test('is no problem for hours, as SES may need them', async () => {
    const { seen, findings } = await look(begun(239 * MINUTE));
    expect(findings).toEqual([]);
    expect(seen.RotationPendingMinutes).toBe(239);
  });

  test('is one after four', async () => {
    expect(await problems(begun(4 * HOUR))).toEqual([expect.stringMatching(/has not come to its end for 4 hours\. See in the log/)]);
  });

  test('has come to its end when both labels are on one version', async () => {
    const { seen, findings } = await look({ state: { versions: { AWSCURRENT: 'one', AWSPENDING: 'one' }, changedAt: NOW - DAY } });
    expect(findings).toEqual([]);
    expect(seen.RotationPendingMinutes).toBe(0);
  });
});

test('a key that was to be changed two days ago is a problem, and one of yesterday is not', async () => {
  expect(await problems({ state: { nextRotationAt: NOW - 2 * DAY } }))
    .toEqual([expect.stringMatching(/should have been changed by 2026-05-30T00:00:00\.000Z\. See in CloudTrail/)]);
  expect(await problems({ state: { nextRotationAt: NOW - 1.9 * DAY } })).toEqual([]);
});

test('the selector says when the key was made, where Secrets Manager did not count its change', async () => {
  const made = (selector: string): World => ({
    identity: { ...identityWith(), tokens: [selector] },
    state: { rotatedAt: NOW - 100 * DAY, nextRotationAt: NOW - 3 * DAY },
  });
  const counted = await look(made('dkim-20260529-0bf8a2'));
  expect(counted).toMatchObject({ seen: { KeyAgeDays: 3 }, findings: [] });
  for (const selector of ['dkim-20260527-0bf8a2', 'dkim-20261231-0bf8a2', 'dkim-20269999-0bf8a2', 'dkim-1']) {
    expect(await problems(made(selector))).toEqual([expect.stringMatching(/should have been changed/)]);
  }
});

test('care that fails is a problem after four hours', async () => {
  const failing = (ago: number): World => ({
    state: { versions: { AWSCURRENT: 'one', [`${FAILS_SINCE}${new Date(NOW - ago).toISOString()}`]: 'one' } },
  });
  expect(await problems(failing(239 * MINUTE))).toEqual([]);
  expect(await problems(failing(4 * HOUR)))
    .toEqual([expect.stringMatching(/^the hourly care of the key of example\.com has failed for 4 hours/)]);
});

test('rotation that is switched off is a problem, with the command that switches it on', async () => {
  expect(await problems({ state: { rotates: false } }))
    .toEqual([expect.stringMatching(new RegExp(`is switched off\\. .*rotate-secret --secret-id ${ARN}$`))]);
});

describe('a key that follows its secret', () => {
  test('has no age and no schedule', async () => {
    const { seen, findings } = await look({ watched: FOLLOWING, state: { rotates: false, nextRotationAt: undefined } });
    expect(findings).toEqual([]);
    expect(seen).toMatchObject({ KeyAgeDays: undefined, DaysToRotation: undefined, RotationPendingMinutes: 0 });
  });

  test('was taken back: that is a problem until another change has begun', async () => {
    const versions = { AWSCURRENT: 'one', [TAKEN_BACK]: 'two' };
    expect(await problems({ watched: FOLLOWING, state: { rotates: false, versions } }))
      .toEqual([expect.stringMatching(/was taken back, as SES did not verify it\. .*store the key again/)]);
    const next = { rotates: false, versions: { ...versions, AWSPENDING: 'three' }, changedAt: NOW };
    expect(await problems({ watched: FOLLOWING, state: next })).toEqual([]);
    // Of a rotation, the label says that it is being taken back right now.
    expect(await problems({ state: { versions } })).toEqual([]);
  });
});

describe('the secret', () => {
  test('is gone', async () => {
    const { seen, findings } = await look({ state: 'gone' });
    expect(seen).toEqual({ SupersededRecords: 0, RetirementsOverdue: 0 });
    expect(findings).toEqual([{ what: expect.stringContaining(`${ARN} with the rotating key is gone`), whatToDo: expect.stringContaining('restore-secret') }]);
  });

  test('cannot be looked at: nobody knows, so it is said that nobody could look', async () => {
    const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException', $metadata: {} });
    const { findings } = await look({ state: denied });
    expect(findings).toEqual([{ what: expect.stringMatching(/nobody could see .*: no$/), whatToDo: expect.stringContaining('DescribeSecret'), isBlind: true }]);
  });
});

describe('the records of keys before', () => {
  const OVERDUE = '2026-05-31T20:59:59Z';
  const DUE = '2026-05-31T21:00:00Z';
  const LATER = '2026-06-10T00:00:00Z';

  test('are those of all who have told SES; one is overdue three hours after its date', async () => {
    const dns = {
      [recordName(LABEL, DOMAIN)]: answered(listing(OVERDUE, DUE)),
      [recordName(OTHER_LABEL, DOMAIN)]: [{ nameServer: 'ns1' }, ...answered(listing(LATER))],
    };
    const { seen } = await look({ identity: identityWith(LABEL, OTHER_LABEL, 'a-tag-of-the-user'), dns });
    expect(seen).toMatchObject({ SupersededRecords: 3, RetirementsOverdue: 1 });
  });

  test('nobody knows of them when no name server answers, or SES was not seen', async () => {
    const dns = { [recordName(LABEL, DOMAIN)]: answered(listing(OVERDUE)), [recordName(OTHER_LABEL, DOMAIN)]: [{ nameServer: 'ns1' }] };
    const silent = await look({ identity: identityWith(LABEL, OTHER_LABEL), dns });
    const unseen = await look({ identity: 'unseen', dns });
    for (const { seen } of [silent, unseen]) expect(Object.keys(seen)).toEqual(['KeyAgeDays', 'DaysToRotation', 'RotationPendingMinutes']);
  });

  test('are below the place of the zone that CNAMEs lead to', async () => {
    const place = 'example.com.keys.example.net';
    const dns = { [recordName(LABEL, place)]: answered(listing(LATER)) };
    const { seen } = await look({ watched: { ...ROTATING, DelegatedTo: 'keys.example.net' }, identity: identityWith(LABEL), dns });
    expect(seen).toMatchObject({ SupersededRecords: 1, RetirementsOverdue: 0 });
  });
});

test.each([
  ['the stack was deployed the evening before the date of the schedule', 20],
  ['somebody rotated by hand in the morning, and the schedule is for noon', 5],
])('a key is overdue where %s, and no rotation has worked since', async (_, hours) => {
  const nextRotationAt = NOW - 30 * DAY;
  const rotatedAt = nextRotationAt - hours * HOUR;
  const { findings } = await look({
    identity: { ...identityWith(), tokens: [datedSelector('dkim', 'one', rotatedAt)] }, state: { nextRotationAt, rotatedAt },
  });
  expect(findings.map(({ what }) => what)).toEqual([expect.stringMatching(/should have been changed/)]);
});
