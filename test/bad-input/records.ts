// Bad input: records in the hosted zone that stand in the way of those that are wanted.
import { createPublicKey } from 'node:crypto';
import { AtDeployment, Refusal } from './refusal';
import { PEM, publicKeyOf } from '../end-to-end/scene';

const says = 'The record {name} exists and was not written by this construct: it has {found}; needed is TXT {wanted}';

const KEY_ONE = publicKeyOf(PEM.one);
/** The same key in its older form. */
const PKCS1 = createPublicKey(PEM.one).export({ type: 'pkcs1', format: 'der' }).toString('base64');
const OTHER_KEY = publicKeyOf(PEM.two);

/** A record of somebody else under the selector. */
const inTheWay = (
  title: string, type: 'TXT' | 'CNAME', values: string[], found: string, parts: Record<string, string> = {},
): AtDeployment => ({
  title: `record: ${title}`,
  make: (world) => {
    world.cloud.route53.change(world.scene.zoneId, [{
      Action: 'CREATE',
      ResourceRecordSet: {
        Name: world.recordName(), Type: type, TTL: 300, ResourceRecords: values.map((Value) => ({ Value })),
      },
    }]);
    return {
      build: world.byo(world.scene.secrets.one),
      parts: { name: world.recordName(), found: `${type} ${found}`, wanted: `v=DKIM1; k=rsa; p=${KEY_ONE}`, ...parts },
    };
  },
});

const quoted = (text: string) => text.match(/.{1,200}/g)!.map((part) => `"${part}"`).join(' ');
const record = (key: string, tags = 'v=DKIM1; k=rsa; ') => `${tags}p=${key}`;
const flawed = (title: string, tags: string, what: string, remedy: string, key = KEY_ONE) =>
  inTheWay(title, 'TXT', [quoted(record(key, tags))], record(key, tags), { what, remedy });

export const RECORDS: readonly Refusal[] = [
  {
    place: 'records',
    says,
    advises: 'Remove it, choose another selector, or set recordConflict to OVERWRITE',
    why: 'Somebody has written a record of that name. No mail can be signed with what it says. For Easy DKIM the message has '
      + '`needed is CNAME …`, and SES chooses the names: remove the record, or overwrite it.',
    atDeployment: [
      inTheWay('some text under the selector', 'TXT', ['"hello"'], 'hello'),
      inTheWay('a CNAME under the selector', 'CNAME', ['nowhere.example.net'],
        'nowhere.example.net, which leads to no TXT'),
      inTheWay('commands for a terminal', 'TXT', ['"a\\033[31m b"'], 'a [31m b'),
    ],
  },
  {
    place: 'records',
    says: `${says}. Mail may be signed with the key that is there`,
    advises: 'Choose another selector, or remove it if no mail is signed with that key',
    why: 'The record has the key of somebody else, who may sign mail with it.',
    atDeployment: [inTheWay('the key of somebody else', 'TXT', [quoted(record(OTHER_KEY))], record(OTHER_KEY))],
  },
  {
    place: 'records',
    says: `${says}. Its empty p= says that the key was revoked`,
    advises: 'Take a new key with a new selector, or rotate it',
    why: 'A revoked selector stays revoked: receivers remember it.',
    atDeployment: [inTheWay('a revoked key', 'TXT', ['"v=DKIM1; p="'], 'v=DKIM1; p=')],
  },
  {
    place: 'records',
    says: `${says}. It has this very key, but {what}`,
    advises: '{remedy}',
    why: 'The record has the right key. Something else in it keeps mail from being verified, such as `t=y`: '
      + '[Your own key](byodkim.md). The message says what to change.',
    atDeployment: [
      flawed('a record in test mode', 'v=DKIM1; t=y; ', 't=y says that DKIM is only tested, and mail counts as unsigned',
        'Take y out of t='),
      flawed('a record for SHA-1 alone', 'v=DKIM1; h=sha1; ', 'h=sha1 lacks sha256, by which SES signs',
        'Add sha256 to h=, or take h= out'),
      flawed('a record for another service', 'v=DKIM1; s=tlsrpt; ', 's=tlsrpt is not for mail',
        'Add email to s=, or take s= out'),
      flawed('a record for some senders', 'v=DKIM1; g=news; ', 'g=news limits it to some senders, for verifiers that know g=', 'Take g= out'),
      flawed('a record of another version', 'v=DKIM2; ', 'its version is not v=DKIM1 in the first place', 'Begin it with v=DKIM1'),
      flawed('a record of another type of key', 'v=DKIM1; k=ed25519; ', 'k=ed25519 is not the type of the key', 'Write k=rsa'),
      inTheWay('a record of two values', 'TXT', [quoted(record(KEY_ONE)), '"hello"'], `${record(KEY_ONE)} | hello`,
        { what: 'it has 2 values, of which a verifier takes any', remedy: 'Leave it the value with the key' }),
      flawed('a record with a bare RSAPublicKey', 'v=DKIM1; k=rsa; ', 'not every verifier can read the form of its p=',
        'Write p= as base64 of a SubjectPublicKeyInfo', PKCS1),
      flawed('a record with a tag twice', 'v=DKIM1; t=s; t=s; ', 'it is not a list of tags, each with a name and there once',
        'Correct its tags'),
    ],
  },
];
