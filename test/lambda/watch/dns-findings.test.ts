// What public DNS has of the keys that SES signs with, and whether that is a problem.
import { createHash } from 'node:crypto';
import { quote } from '../../../lambda/base/dns-text';
import { NameServerAnswer } from '../../../lambda/base/ports';
import { dnsFindings, KeyView } from '../../../lambda/watch/dns-findings';
import { pooledKey } from '../../cloud/key-pool';
import { publicKeyOf } from '../../end-to-end/scene';

const [KEY, OTHER] = [0, 1].map((index) => publicKeyOf(pooledKey(2048, index)));
const SHA256 = createHash('sha256').update(Buffer.from(KEY, 'base64')).digest('hex');

const says = (...texts: string[]): NameServerAnswer => ({ nameServer: 'ns1', values: texts.map(quote) });
const silent: NameServerAnswer = { nameServer: 'ns2', silence: 'unreachable', error: 'ETIMEOUT' };

/** The selector of a key of the user's own. */
const own = (...answers: NameServerAnswer[]): KeyView[] => [{ name: 's1._domainkey.example.com', sha256: SHA256, answers }];
/** The three names of Easy DKIM, by what answers for each. `to` is where the CNAME leads. */
const three = (...answers: NameServerAnswer[][]): KeyView[] => answers.map((each, index) => ({
  name: `t${index + 1}._domainkey.example.com`, target: `t${index + 1}.dkim.amazonses.com`, answers: each,
}));
const cname = (number: number, answer: NameServerAnswer): NameServerAnswer => ({ alias: `t${number}.dkim.amazonses.com`, ...answer });
const USED = cname(1, says(`p=${KEY}`));
const EMPTY = [cname(2, says('p=')), cname(3, says('p='))];

function found(keys: KeyView[]): string[] {
  return dnsFindings(keys).map(({ what, whatToDo, isBlind }) => `${isBlind ? 'blind: ' : ''}${what}. ${whatToDo}`);
}

test.each<[string, KeyView[]]>([
  ['the key', own(says(`v=DKIM1; k=rsa; p=${KEY}`))],
  ['the key in other words', own(says(`k=rsa; n=note; p=${KEY.slice(0, 50)} ${KEY.slice(50)}`))],
  ['the key at each of two', own(says(`p=${KEY}`), says(`v=DKIM1; p=${KEY}`))],
  ['the key at the one that answers', own(says(`p=${KEY}`), silent)],
  ['the key behind a CNAME', own({ ...says(`p=${KEY}`), alias: 'key.example.net' })],
  ['a key that nobody knows', [{ name: 'x._domainkey.example.com', answers: [says(`p=${OTHER}`)] }]],
  ['one of three keys', three([USED], [EMPTY[0]], [EMPTY[1]])],
  ['one of three keys, and nothing behind the others', three([USED], [cname(2, says())], [cname(3, says())])],
  ['one of three keys, and SES silent for another', three([USED], [cname(2, silent)], [EMPTY[1]])],
  ['a CNAME that goes on where SES goes on', [
    { ...three([{ ...USED, alias: 'x.dkim.amazonses.com' }])[0], furtherTarget: 'x.dkim.amazonses.com' },
  ]],
  ['nothing to look up', []],
])('no problem: %s', (_, keys) => {
  expect(found(keys)).toEqual([]);
});

test.each<[string, KeyView[], RegExp]>([
  ['no record', own(says()), /^s1\._domainkey\.example\.com has no record: ns1 has none\..*recordTtl/],
  ['no record at one of two', own(says(`p=${KEY}`), { ...says(), nameServer: 'ns3' }), /has no record: .*ns3 has none/],
  ['another key', own(says(`p=${OTHER}`)), /has another key than the one that SES signs with/],
  ['another key, by which SES has verified its own', own(says(`p=${OTHER}`)).map((key) => ({ ...key, isVerified: true })),
    /has another key than the stack has set, and SES may have it.*Leave the record, and rotate the key, or give/],
  ['a CNAME to nothing', own({ ...says(), alias: 'gone.example.net' }), /is a CNAME to gone\.example\.net, which has no key/],
  ['the key beside another', own(says(`p=${KEY}`, `p=${OTHER}`)), /another key/],
  ['the key twice', own(says(`p=${KEY}`, `p=${KEY}`)), /verifiers do not take, as it has 2 values/],
  ['a key of another kind', own(says(`k=ed25519; p=${Buffer.alloc(32).toString('base64')}`)), /another key/],
  ['a revoked key', own(says('v=DKIM1; p=')), /no key, as a revoked one.*If the key has leaked, rotate the key, or give/],
  ['no key at all', own(says('v=spf1 -all')), /no key that can be read.*Delete the record of exactly the name s1\._domainkey\.example\.com/],
  ['a key for tests', own(says(`t=y; p=${KEY}`)), /verifiers do not take, as t=y .* Take y out of t=/],
  ['no delegation', own(), /cannot be looked up: its domain is delegated to no name server/],
  ['a CNAME less', three([USED], [says()], [EMPTY[1]]), /^t2\._domainkey.* has no record.*CNAME t2\..* to t2\.dkim\.amazonses\.com/],
  ['a CNAME elsewhere', three([USED], [cname(9, says('p='))], [EMPTY[1]]), /^t2\..* does not lead to t2\.dkim\.amazonses\.com/],
  ['a CNAME elsewhere, of which nobody answers', three([USED], [cname(9, silent)], [EMPTY[1]]), /does not lead to t2/],
  ['a copy of the key', three([says(`p=${KEY}`)], [EMPTY[0]], [EMPTY[1]]), /^t1\..* is no CNAME to SES/],
  ['three empty keys', three([cname(1, says('p='))], [EMPTY[0]], [EMPTY[1]]), /^none of t1\..*, t2\..*, t3\..* leads to a key/],
  ['three CNAMEs to nothing', three([cname(1, says())], [cname(2, says())], [cname(3, says())]), /^none of/],
  ['nobody answers', own(silent), /^blind: nobody could see what s1\._domainkey.*ns2 gave no answer \(ETIMEOUT\).*port 53/],
  ['nobody holds the zone', own({ nameServer: 'ns2', silence: 'lame' }), /^blind: .*does not answer for the domain.*registrar/],
  ['SES itself does not answer', three([cname(1, silent)], [cname(2, silent)], [cname(3, silent)]), /^blind: .*t1/],
  ['empty keys, and SES silent for one', three([cname(1, silent)], [EMPTY[0]], [EMPTY[1]]), /^blind: .*t1/],
])('a problem: %s', (_, keys, message) => {
  expect(found(keys)).toEqual([expect.stringMatching(message)]);
});

test('each of several names is said', () => {
  expect(found(three([says()], [says()], [silent]))).toEqual([
    expect.stringMatching(/^t1/), expect.stringMatching(/^t2/), expect.stringMatching(/^blind: .*t3/),
  ]);
});
