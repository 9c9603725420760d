// Which identities an event of AWS Health names. Whoever wrote its texts may have written anything.
import { identitiesToLookAt } from '../../../lambda/watch/named-by-health';

const DOMAINS = ['example.com', 'mail.example.com', 'example.org'];

function named(Health?: unknown): string[] {
  return identitiesToLookAt({
    Run: 0, Runs: 1, Health, Identities: DOMAINS.map((Identity) => ({ Identity, Signing: { Method: 'EASY_DKIM' } })),
  }).map(({ Identity }) => Identity);
}

test('without an event all are looked at', () => {
  expect(named()).toEqual(DOMAINS);
});

test.each<[string, unknown, string[]]>([
  ['a sentence', { eventDescription: [{ latestDescription: 'Your DKIM setup for the domain example.com is complete.' }] },
    ['example.com']],
  ['the end of a sentence', { text: 'It is mail.example.com.' }, ['mail.example.com']],
  ['upper case', { text: 'EXAMPLE.ORG' }, ['example.org']],
  ['an ARN', { affectedEntities: [{ entityValue: 'arn:aws:ses:us-east-1:1:identity/example.com' }] }, ['example.com']],
  ['a new line before it', { text: 'Domain:\nexample.com\t"mail.example.com"' }, ['example.com', 'mail.example.com']],
  ['an address', { text: 'somebody@example.org' }, ['example.org']],
  ['a name that is longer', { text: 'notexample.com example.com.evil x.example.org' }, []],
  ['nothing', null, []],
  ['another domain', { text: 'example.net' }, []],
])('it names what has its whole name in it: %s', (_, health, domains) => {
  expect(named(health)).toEqual(domains);
});
