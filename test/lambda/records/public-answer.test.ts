// Tests of the wait for a public answer: other providers than Route 53 need up to two minutes.
import { DesiredSigning } from '../../../lambda/base/desired-state';
import { NameServerAnswer, Silence } from '../../../lambda/base/ports';
import { Retry } from '../../../lambda/base/retry';
import { txtRecord } from '../../../lambda/records/dkim-record';
import { requireAnswered } from '../../../lambda/records/public-answer';
import { byo, DOMAIN, EASY, wanting } from '../fixtures/aws-in-memory';
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
async function outcomeOf(answers: NameServerAnswer[], zone = true, signing: DesiredSigning = byo('s1')) {
  const clock = new JumpingClock();
  const began = clock.now();
  const lines: [decision: string, message?: string][] = [];
  const log = (decision: string, { message }: { message?: string } = {}) => void lines.push([decision, message]);
  const retry = new Retry({ time: jumpingTime(clock), log, end: Infinity, accessGraceMs: 0 });
  const isRight = (values: readonly string[]) => values.includes(RECORD.data);
  const desired = wanting(signing, zone ? {} : { zone: undefined });
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
