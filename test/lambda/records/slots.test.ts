// Whether the world follows the CNAMEs of a domain that has its DNS elsewhere.
import { ZoneSettings } from '../../../lambda/base/desired-state';
import { LookAgainError } from '../../../lambda/base/errors';
import { NameServerAnswer } from '../../../lambda/base/ports';
import { Retry } from '../../../lambda/base/retry';
import { requireLedHere, slotRecords } from '../../../lambda/records/slots';
import { JumpingClock, jumpingTime } from '../fixtures/jumping-time';

const SECOND = 1_000;
const DOMAIN = 'example.com';
const DELEGATION = { place: 'example.com.keys.example.net', slots: ['dkim-a', 'dkim-b'] };
const ZONE = { id: 'Z1', ttl: 300, overwrite: false, delegation: DELEGATION };
const [A, B] = slotRecords(DOMAIN, DELEGATION);

interface World {
  /** By name. */
  readonly answers?: Readonly<Record<string, NameServerAnswer[]>>;
  /** In so many seconds from now. Before, there is nothing. */
  readonly from?: number;
  /** For so many seconds the deployment waits. Without it, nobody does but for a moment. */
  readonly waits?: number;
  /** @default the zone of the keys */
  readonly zone?: ZoneSettings | 'none';
}

async function look({ answers = led, from = 0, waits, zone = ZONE }: World) {
  const clock = new JumpingClock();
  const began = clock.now();
  const decisions: string[] = [];
  const log = (decision: string) => void decisions.push(decision);
  const retry = new Retry({ time: jumpingTime(clock), log, end: Infinity, accessGraceMs: 0 });
  const isThere = () => clock.now() - began >= from * SECOND;
  const ask = async (name: string) => isThere() ? answers[name] ?? [] : [{ nameServer: 'ns1', values: [] }];
  const until = waits === undefined ? undefined : began + waits * SECOND;
  const desired = { domain: DOMAIN, zone: zone === 'none' ? undefined : zone };
  const error = await requireLedHere(desired, { dns: { ask }, retry, log }, until)
    .then(() => undefined, (each: Error) => each);
  return { seconds: (clock.now() - began) / SECOND, decisions, error };
}

const leading = { nameServer: 'ns1', values: [] };
const led = { [A.name]: [{ ...leading, alias: A.value }], [B.name]: [{ ...leading, alias: B.value }] };

test('each slot has a CNAME from the domain into the zone of the keys', () => {
  expect([A, B].map(({ name, type, value, data }) => `${name} ${type} ${value} ${data === value}`)).toEqual([
    'dkim-a._domainkey.example.com CNAME dkim-a._domainkey.example.com.keys.example.net true',
    'dkim-b._domainkey.example.com CNAME dkim-b._domainkey.example.com.keys.example.net true',
  ]);
});

test('where both lead into the zone, nobody waits', async () => {
  expect(await look({})).toEqual({ seconds: 0, decisions: ['publicly-answered'], error: undefined });
});

test('where the DNS of the domain is in its own zone, nobody is asked', async () => {
  const { delegation, ...zone } = ZONE;
  for (const each of [zone, 'none'] as const) {
    expect(await look({ zone: each, answers: {} })).toEqual({ seconds: 0, decisions: [], error: undefined });
  }
});

test('CNAMEs that come within two minutes are waited for, in steps of ten seconds', async () => {
  expect(await look({ from: 115 })).toMatchObject({ seconds: 120, error: undefined });
});

test('those that do not are named, with what each name server has said, and with what to publish', async () => {
  const { error, seconds } = await look({ answers: { ...led, [B.name]: [{ nameServer: 'ns1', values: [] }] } });
  expect(seconds).toBe(120);
  expect(error?.message).toBe('Public DNS does not lead to the keys of example.com yet. '
    + `${B.name}: ns1 has none. Signing was not touched. `
    + `Publish both at the DNS provider of example.com, once and for good: CNAME ${A.name} ${A.value}; CNAME ${B.name} ${B.value}.`);
});

test.each<[string, NameServerAnswer[], RegExp]>([
  ['nobody has answered', [], /: nobody has it\./],
  ['every name server is silent', [{ nameServer: 'ns1', silence: 'lame' }], /ns1 does not answer for the domain/],
  ['one of two leads elsewhere', [{ ...leading, alias: B.value }, { nameServer: 'ns2', alias: 'elsewhere.example.org', values: [] }], /elsewhere\.example\.org/],
  ['one of two has not got it', [{ ...leading, alias: B.value }, { nameServer: 'ns2', values: [] }], /ns2 has none/],
  ['a copy of the record is there in place of a CNAME', [{ nameServer: 'ns1', values: ['"v=DKIM1; p=AAAA"'] }], /ns1 has v=DKIM1; p=AAAA/],
])('they do not lead there: %s', async (_, answers, said) => {
  const { error } = await look({ answers: { ...led, [B.name]: answers } });
  expect(error?.message).toMatch(said);
});

test('a name server that is silent does not count beside one that leads there', async () => {
  const { error } = await look({
    answers: { ...led, [B.name]: [{ nameServer: 'ns1', silence: 'unreachable' }, { ...leading, alias: B.value }] },
  });
  expect(error).toBeUndefined();
});

test('where it leads nobody need answer yet', async () => {
  const nobody: NameServerAnswer = { nameServer: 'ns1', silence: 'lame' };
  const leadingTo = (alias: string) => look({ answers: { ...led, [B.name]: [{ ...nobody, alias }] } });
  expect((await leadingTo(B.value)).error).toBeUndefined();
  const { error } = await leadingTo('elsewhere.example.org');
  expect(error?.message).toContain('where the CNAME elsewhere.example.org leads');
});

test('both are named where both are missing', async () => {
  const { error } = await look({ answers: {} });
  expect(error?.message).toContain(`yet. ${A.name}: nobody has it. ${B.name}: nobody has it. Signing was not touched.`);
});

test('a deployment that waits looks again in a further invocation, until its time is over', async () => {
  const { error, seconds } = await look({ answers: {}, waits: 600 });
  expect(seconds).toBe(0);
  expect(error).toBeInstanceOf(LookAgainError);
  expect(error?.message).toContain(`the CNAMEs of example.com to be published: CNAME ${A.name} ${A.value}; CNAME ${B.name} ${B.value}`);
  const late = await look({ answers: {}, waits: 0 });
  expect(late.error).not.toBeInstanceOf(LookAgainError);
  expect(late.error?.message).toContain('Public DNS does not lead');
});
