// Bad input: the identity, its domain and its Region, as the app has them.
import { Aspects, Lazy } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { created, dkim, dkimOf, HOSTILE, HOSTILE_SHOWN, imported, importedByArn, KEY_TEXT, zone } from './app';
import { AtSynthesis, Refusal } from './refusal';
import { EmailIdentityDkim } from '../../src';

const notADomain = (title: string, name: string, value = `'${name}'`): AtSynthesis =>
  ({ title: `identity: ${title}`, parts: { value }, build: dkimOf(name) });

const identityIs = (title: string, kind: string, identity: unknown): AtSynthesis =>
  ({ title: `identity: ${title}`, parts: { kind }, build: dkim(() => ({ identity })) });

const RENAMED = 'dev.example.com';

const renamed = (title: string, rename: (identity: ses.CfnEmailIdentity) => void): AtSynthesis => ({
  title: `identity: renamed ${title}`,
  isLate: true,
  parts: { value: "'example.com'", name: `'${RENAMED}'` },
  build: (stack) => {
    const identity = new ses.CfnEmailIdentity(stack, 'Named', { emailIdentity: 'example.com' });
    new EmailIdentityDkim(stack, 'Dkim', { identity });
    rename(identity);
  },
});

export const IDENTITIES: readonly Refusal[] = [
  {
    place: 'synthesis',
    says: 'identity is {kind}',
    advises: 'Pass an EmailIdentity, or one that is imported with EmailIdentity.fromEmailIdentityName()',
    why: 'The construct takes the identity itself, not its name. TypeScript says so too; JavaScript does not.',
    atSynthesis: [
      identityIs('none', 'undefined', undefined),
      identityIs('null', 'null', null),
      identityIs('a domain in its place', 'a string', 'example.com'),
      identityIs('an object of another kind', 'another object', {}),
      {
        title: 'identity: no properties at all',
        parts: { kind: 'undefined' },
        build: (stack) => new EmailIdentityDkim(stack, 'Dkim', undefined as any),
      },
    ],
  },
  {
    place: 'synthesis',
    says: 'identity {value} is an e-mail address, and only domains have DKIM signing of their own',
    advises: 'Pass the identity of the domain {domain}: it signs for its addresses too',
    why: 'SES refuses DKIM settings of an address. The settings of the domain are used for all its addresses.',
    atSynthesis: [
      {
        title: 'identity: an imported e-mail address',
        parts: { value: "'user@example.com'", domain: "'example.com'" },
        build: dkimOf('user@example.com'),
      },
      {
        title: 'identity: an e-mail address that the app creates',
        parts: { value: "'User@Example.com'", domain: "'example.com'" },
        build: dkim((stack) => ({
          identity: new ses.EmailIdentity(stack, 'Created', { identity: ses.Identity.email('User@Example.com') }),
        })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: 'identity {value} was renamed to {name} after the EmailIdentityDkim was made, which would set the signing of the former',
    advises: 'Give the identity its name before that',
    why: 'The usual cause is an Aspect, or an override. An identity of the former name can be somebody else\'s.',
    atSynthesis: [
      renamed('by its property', (identity) => void (identity.emailIdentity = RENAMED)),
      renamed('by an override', (identity) => identity.addPropertyOverride('EmailIdentity', RENAMED)),
      renamed('by an Aspect', (identity) => Aspects.of(identity).add({ visit: () => void (identity.emailIdentity = RENAMED) })),
    ],
  },
  {
    place: 'synthesis',
    says: 'identity {value} has upper-case letters',
    advises: 'Write {domain}, in ses.EmailIdentity too',
    why: 'DNS does not distinguish upper case and lower case, but IAM conditions do.',
    atSynthesis: [
      {
        title: 'identity: a domain in upper case',
        parts: { value: "'Example.com'", domain: "'example.com'" },
        build: dkim((stack) => ({ identity: created(stack, 'Example.com') })),
      },
      {
        title: 'identity: a domain in upper case that only Lazy gives',
        isLate: true,
        parts: { value: "'Example.com'", domain: "'example.com'" },
        build: dkim((stack) => ({ identity: created(stack, Lazy.string({ produce: () => 'Example.com' })) })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: 'identity {value} is not a domain name',
    advises: "Write it as in 'mail.example.com': labels of 1 to 63 letters, digits and inner hyphens, no dot at the end, "
      + "other scripts in their 'xn--' form",
    why: 'It must be only the name of the domain, as DNS has it.',
    atSynthesis: [
      notADomain('a dot at the end', 'example.com.'),
      notADomain('empty', ''),
      notADomain('a blank before it', ' example.com'),
      notADomain('a URL', 'https://Example.com/'),
      notADomain('another script', 'bücher.example'),
      notADomain('a wildcard', '*.example.com'),
      notADomain('a top-level domain', 'com'),
      notADomain('an underscore', '_domainkey.example.com'),
      notADomain('a label of 64 characters', `${'a'.repeat(64)}.com`),
      notADomain('two dots', 'example..com'),
      notADomain('an IP address in brackets', '[192.0.2.1]'),
      notADomain('an address without its domain', 'user@'),
      notADomain('254 characters', `${'a.'.repeat(125)}test`),
      notADomain('4,000 characters', 'a.'.repeat(2000), `'${'a.'.repeat(128)}…' (4000 characters)`),
      notADomain('commands for a terminal', HOSTILE, HOSTILE_SHOWN),
      notADomain('the text of a key', KEY_TEXT, '(86 characters that look like a key, and are not shown)'),
    ],
  },
  {
    place: 'synthesis',
    says: 'identity {value} has {length} characters, so the name of {record} would have {name}, and DNS takes 253',
    advises: 'Use a domain of at most {most}{otherWay}',
    why: 'The names of the records start with a label and `._domainkey.`.',
    atSynthesis: [
      {
        title: 'identity: too long for the name of the registry record',
        parts: {
          value: `'${'a.'.repeat(94)}example.com'`,
          length: '199',
          record: 'the registry record',
          name: '256',
          most: '196',
          otherWay: ', or leave hostedZone out and publish dkimRecords yourself',
        },
        build: dkim((stack) => ({ identity: imported(stack, `${'a.'.repeat(94)}example.com`), hostedZone: zone(stack) })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: "identity is in account {account}, and the stack is deployed to account '111111111111'",
    advises: 'Put the EmailIdentityDkim into a stack of that account',
    why: 'The function has no permissions in another account. A hosted zone and a secret may be in one; see '
      + '[Other accounts](other-accounts.md).',
    atSynthesis: [
      {
        title: 'identity: of another account',
        parts: { account: "'222222222222'" },
        build: dkim((stack) => ({
          identity: importedByArn(stack, 'arn:aws:ses:us-east-1:222222222222:identity/example.com'),
        })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: "identity 'example.com' sets its signing itself, by dkimIdentity or dkimSigningAttributes. It and this construct "
      + "would undo each other's changes",
    advises: 'Leave both out of the identity',
    why: 'Each would change what the other has set, in its own deployments. '
      + 'If the identity sends mail with it now, first read [Moving](moving.md#records-that-your-app-writes-already).',
    atSynthesis: [
      {
        title: 'identity: sets its own signing',
        build: dkim((stack) => ({
          identity: created(stack, 'example.com', {
            dkimIdentity: ses.DkimIdentity.easyDkim(ses.EasyDkimSigningKeyLength.RSA_1024_BIT),
          }),
        })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: "identity 'example.com' has dkimSigning: false. SES would verify the records and sign nothing",
    advises: 'Leave dkimSigning out of the identity (dkimAttributes, if it is an L1), or remove the EmailIdentityDkim',
    why: 'The construct sets how SES signs. `dkimSigning` sets whether it signs.',
    atSynthesis: [
      {
        title: 'identity: its signing is switched off',
        build: dkim((stack) => ({ identity: created(stack, 'example.com', { dkimSigning: false }) })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: "identity 'example.com' already has an EmailIdentityDkim in its Region: 'Mail/Dkim'",
    advises: "Remove it or 'Mail/Second', whichever is not deployed yet: they would undo each other's changes",
    why: 'One construct sets one identity. Remove the one that is not deployed yet: a deployed one takes its records with it. '
      + 'To move it to another stack: '
      + '[Moving](moving.md#renaming-and-moving-constructs).',
    atSynthesis: [
      {
        title: 'identity: two constructs for one',
        build: (stack) => {
          dkimOf('example.com')(stack);
          new EmailIdentityDkim(stack, 'Second', { identity: created(stack) });
        },
      },
    ],
  },
  {
    place: 'synthesis',
    says: "region is {region}, and the identity 'example.com' is in {ofIdentity}",
    advises: 'Leave region out, or pass the identity of {region}, for example with ses.EmailIdentity.fromEmailIdentityName()',
    why: 'The same domain in another Region is another identity.',
    atSynthesis: [
      {
        title: 'region: not that of an identity of the app',
        parts: { region: "'eu-west-1'", ofIdentity: "'us-east-1'" },
        build: dkim((stack) => ({ identity: created(stack), region: 'eu-west-1' })),
      },
      {
        title: 'region: not that in the ARN of the identity',
        parts: { region: "'us-east-1'", ofIdentity: "'eu-central-1'" },
        build: dkim((stack) => ({
          region: 'us-east-1',
          identity: importedByArn(stack, 'arn:aws:ses:eu-central-1:111111111111:identity/example.com'),
        })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: '{property} {value} is not an AWS Region',
    advises: "Write its code, for example 'eu-west-1'",
    why: 'Use the code of the Region, not its name or an availability zone.',
    atSynthesis: [
      ...['Ireland', '', 'us-east-1a', 'EU-WEST-1', 'eu_west_1'].map((region): AtSynthesis => ({
        title: `region: '${region}'`, parts: { property: 'region', value: `'${region}'` }, build: dkim(() => ({ region })),
      })),
      {
        title: 'region: commands for a terminal',
        parts: { property: 'region', value: HOSTILE_SHOWN },
        build: dkim(() => ({ region: HOSTILE })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: '{property} is {kind}',
    advises: "Write the code of a Region, for example 'eu-west-1'",
    why: 'A Region is a text.',
    atSynthesis: [
      { title: 'region: a number', parts: { property: 'region', kind: 'a number' }, build: dkim(() => ({ region: 5 })) },
    ],
  },
  {
    place: 'synthesis',
    says: "{property} is in partition {partition} of AWS, and the rest is in 'aws'",
    advises: 'No credentials are good for both. Keep all in one partition',
    why: 'China and GovCloud have accounts of their own.',
    atSynthesis: [
      {
        title: 'region: of another partition',
        parts: { property: "region 'cn-north-1'", partition: "'aws-cn'" },
        build: dkim(() => ({ region: 'cn-north-1' })),
      },
      {
        title: 'identity: of another partition',
        parts: { property: "region 'us-gov-west-1'", partition: "'aws-us-gov'" },
        build: dkim((stack) => ({
          identity: importedByArn(stack, 'arn:aws-us-gov:ses:us-gov-west-1:111111111111:identity/example.com'),
        })),
      },
    ],
  },
];
