// Tests of the wait for a public answer: other providers than Route 53 need up to two minutes.
import { DesiredSigning, ZoneSettings } from '../../../lambda/base/desired-state';
import { NameServerAnswer, Silence } from '../../../lambda/base/ports';
import { Retry } from '../../../lambda/base/retry';
import { txtRecord } from '../../../lambda/records/dkim-record';
import { adviceOnSilence, isAnswered, requireAnswered, saidBy, valuesFrom } from '../../../lambda/records/public-answer';
import { byo, DOMAIN, EASY, wanting, ZONE } from '../fixtures/aws-in-memory';
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

/** What comes of answers that stay as they are: how long it took, the log, and the error. */
async function outcomeOf(
  answers: NameServerAnswer[], zone: boolean | ZoneSettings = true, signing: DesiredSigning = byo('s1'),
) {
  const clock = new JumpingClock();
  const began = clock.now();
  const lines: [decision: string, message?: string][] = [];
  const log = (decision: string, { message }: { message?: string } = {}) => void lines.push([decision, message]);
  const retry = new Retry({ time: jumpingTime(clock), log, end: Infinity, accessGraceMs: 0 });
  const isRight = (values: readonly string[]) => values.includes(RECORD.data);
  const desired = wanting(signing, zone === true ? {} : { zone: zone || undefined });
  const error = await requireAnswered(RECORD, isRight, desired, { dns: { ask: async () => answers }, retry, log })
    .then(() => undefined, ({ message }: Error) => message);
  return { seconds: (clock.now() - began) / SECOND, lines, error };
}

const right: NameServerAnswer = { nameServer: 'ns1', values: [RECORD.data] };
const none: NameServerAnswer = { nameServer: 'ns2', values: [] };
const silent = (silence: Silence): NameServerAnswer => ({ nameServer: 'ns9', silence, error: 'CODE' });
const SILENCES: Silence[] = ['no-resolver', 'unreachable', 'cut-short', 'ipv6-only', 'lame', 'no-address'];
const IN_THE_NETWORK: Silence[] = ['no-resolver', 'unreachable', 'cut-short', 'ipv6-only'];

describe.each(SILENCES)('a name server of which nobody knows what it has (%s)', (silence) => {
  test('is asked for half a minute, and does not stand in the way of the others; the log names it', async () => {
    const { seconds, lines, error } = await outcomeOf([right, silent(silence)]);
    expect(error).toBeUndefined();
    expect(seconds).toBe(30);
    expect(lines.at(-2)).toEqual(['name-servers-silent', expect.stringMatching(/^ns9 .*\(CODE\)$/)]);
    expect(lines.at(-1)?.[0]).toBe('publicly-answered');
  });

  test('does not stand for one that has no record', async () => {
    const { error } = await outcomeOf([right, none, silent(silence)]);
    expect(error).toContain('ns2 has none');
    expect(error).toContain('Publish the record with the others too');
  });

  test.each([true, false])('is the reason where nobody else is known (with a zone: %s)', async (zone) => {
    const { seconds, error } = await outcomeOf([silent(silence)], zone);
    expect(seconds).toBe(120);
    expect(error).toContain('nobody could see whether its public name servers answer TXT s1._domainkey.example.com: ns9 ');
    expect(error).not.toContain('Publish');
    expect(error!.includes('registrar')).toBe(!IN_THE_NETWORK.includes(silence));
  });
});

test.each(IN_THE_NETWORK)('nobody is sent to the registrar when the network can be the cause (%s)', async (silence) => {
  const { error } = await outcomeOf([silent('lame'), silent('no-address'), silent(silence)]);
  expect(error).not.toContain('registrar');
});

test('nobody is told to publish the registry record elsewhere, in whose place SES\'s own records cannot be', async () => {
  const { error } = await outcomeOf([right, none], true, EASY);
  expect(error).toContain('ns2 has none');
  expect(error).toContain('Take them out of the delegation');
  expect(error).not.toContain('Publish');
});

test('I where a CNAME leads elsewhere, the advice is about where it leads', async () => {
  const alias = 'key.mailer.example';
  const [has, hasNone] = [right, none].map((answer) => ({ ...answer, alias }));
  expect((await outcomeOf([has, hasNone])).error).toContain(`in the NS records of the domain of ${alias}`);
  expect((await outcomeOf([hasNone], false)).error).toContain(`Publish TXT ${alias} with the value`);
  expect((await outcomeOf([right, none])).error).toContain(`in the NS records of ${DOMAIN}`);
});

test('a domain that is delegated to none is told so', async () => {
  expect((await outcomeOf([])).error).toContain('it is delegated to none. Signing was not touched');
});

test('what each name server said is told, and cut where it is long', () => {
  const alias = 'key.mailer.example';
  expect(saidBy([right, none, { ...none, alias }, { nameServer: 'ns3', values: ['"a" "b"', '"c"'] }])).toBe(
    `ns1 has ${RECORD.value}; ns2 has none; ns2, where the CNAME ${alias} leads, has none; ns3 has ab | c`);
  expect(saidBy([silent('lame'), { nameServer: 'ns4' }])).toBe('ns9 does not answer for the domain (CODE); ns4 gave no answer');
  const long = { nameServer: 'ns1', values: ['x'.repeat(400)] };
  expect(saidBy([long])).toBe(`ns1 has ${'x'.repeat(300)}`);
  expect(saidBy(Array(10).fill(long))).toHaveLength(1_500);
});

test.each<[Silence | undefined, RegExp]>([
  [undefined, /^The function's network has to let it ask name servers on the internet, by UDP and TCP on port 53/],
  ['no-resolver', /^See what DNS resolver the function's network has/],
  ['unreachable', /look at security group, network ACL, firewall and NAT gateway\. If it does, the name servers are down$/],
  ['cut-short', /on the internet by TCP on port 53 too\. If it does, they refuse it$/],
  ['ipv6-only', /^Give the function's network IPv6/],
  ['lame', /^Compare the name servers at the registrar, or in the zone above, with those that hold the domain$/],
  ['no-address', /^Compare the name servers at the registrar/],
])('where all are silent (%s), the advice is about the cause', (silence, expected) => {
  expect(adviceOnSilence([{ nameServer: 'ns1', silence }])).toMatch(expected);
});

test.each<[Silence, string]>([
  ['no-resolver', 'gave no answer'],
  ['unreachable', 'gave no answer'],
  ['cut-short', 'gave an answer that is too long for UDP, and none by TCP'],
  ['ipv6-only', 'has no address of IPv4, and could not be reached by IPv6'],
  ['lame', 'does not answer for the domain'],
  ['no-address', 'has no public address'],
])('what is silent is told (%s)', (silence, expected) => {
  expect(saidBy([silent(silence)])).toBe(`ns9 ${expected} (CODE)`);
});

test('where the time is over before, what was waited for is told', async () => {
  const clock = new JumpingClock();
  const log = () => undefined;
  const retry = new Retry({ time: jumpingTime(clock), log, end: clock.now() + 15 * SECOND, accessGraceMs: 0 });
  await expect(requireAnswered(RECORD, () => false, wanting(byo('s1')), { dns: { ask: async () => [none] }, retry, log }))
    .rejects.toThrow(`there was no time left for: the public name servers to answer ${RECORD.name}`);
});

test('the values of a name are those of all who say something, each once', () => {
  const other: NameServerAnswer = { nameServer: 'ns3', values: ['"b"', RECORD.data] };
  expect(valuesFrom('x', [right, other, silent('lame')])).toEqual([RECORD.data, '"b"']);
  expect(valuesFrom('x', [none])).toEqual([]);
  expect(valuesFrom('x', [])).toEqual([]);
  expect(() => valuesFrom('x', [silent('cut-short')])).toThrow('Nobody could see what x has in public DNS: ns9 gave an answer '
    + "that is too long for UDP, and none by TCP (CODE). The function's network has to let it ask");
});

test('a record is answered when one says it, and nobody says otherwise', () => {
  const isRight = (values: readonly string[]) => values.includes(RECORD.data);
  expect([[right], [right, silent('lame')], [right, none], [silent('lame')], []].map((answers) => isAnswered(answers, isRight)))
    .toEqual([true, true, false, false, false]);
});

describe('what is advised where the record is not answered', () => {
  test('has the zone, if there is one, or else the record', async () => {
    expect((await outcomeOf([none])).error).toContain(`${DOMAIN} signs mail now, and its public name servers do not answer TXT `
      + `${RECORD.name}: ns2 has none. Signing was not touched. Is ZONE1 the zone that the domain is delegated to? `
      + 'Compare its name servers with those at the registrar');
    expect((await outcomeOf([none], false)).error)
      .toContain(`Publish TXT ${RECORD.name} with the value ${RECORD.value} at your DNS provider, then deploy again.`);
  });

  test('is about the place of the keys, where CNAMEs lead there', async () => {
    const delegation = { place: `${DOMAIN}.keys.example.net`, slots: ['dkim-a', 'dkim-b'] };
    const { error } = await outcomeOf([none], { id: ZONE, ttl: 60, delegation });
    expect(error).toContain(`The CNAMEs of ${DOMAIN} lead to the zone of its keys, and its public name servers do not answer`);
    expect(error).toContain(`Is ZONE1 the zone that ${delegation.place} is delegated to?`);
  });

  test('is the delegation, where there is none or some do not have the record', async () => {
    expect((await outcomeOf([])).error).toContain(`Have ${DOMAIN} delegated to the name servers that hold it, at the registrar`);
    expect((await outcomeOf([right, none])).error).toContain('Resolvers ask any of these name servers. Publish the record with '
      + 'the others too, or take them out of the delegation: at the registrar or in the zone above, and in the NS records of');
    expect((await outcomeOf([right, none], true, EASY)).error).toContain('SES makes the names of the records only when it is told');
  });

  test('is to deploy again, when nobody could see it', async () => {
    expect((await outcomeOf([silent('lame')])).error).toMatch(/with those that hold the domain\. Then deploy again\.$/);
  });
});

test('what takes its time is asked for every ten seconds, and a record that is answered at once at once', async () => {
  expect(await waited(0)).toBe(0);
  expect(await waited(1)).toBe(10 * SECOND);
  expect((await outcomeOf([right])).lines.map(([decision]) => decision)).toEqual(['publicly-answered']);
});
