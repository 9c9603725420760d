// Bad input: the options of a rotating key.
import { Aws, Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { dkim, HOSTILE, HOSTILE_SHOWN, imported, KEY_TEXT, zone } from './app';
import { AtSynthesis, Refusal } from './refusal';
import { DkimSigning, EmailIdentityDkim } from '../../src';

type Some = Record<string, unknown>;

const rotating = (options: (stack: Stack) => Some = () => ({}), props: Some = {}) =>
  dkim((stack) => ({ hostedZone: zone(stack), ...props, signing: DkimSigning.rotatingByoDkim(options(stack)) }));

const bad = (
  option: string, value: unknown, parts: Record<string, string>, title = Object.values(parts)[0],
): AtSynthesis => ({ title: `rotating key: ${option}: ${title}`, parts, build: rotating(() => ({ [option]: value })) });

const CRON = "Give a cron() expression, for example 'cron(0 9 ? * 3#1 *)'";

export const ROTATING_KEYS: readonly Refusal[] = [
  {
    place: 'synthesis',
    says: "A rotating key of 'example.com' needs a hostedZone: each new key is published there, without a deployment",
    advises: 'Pass the hosted zone of the domain. Where DNS is elsewhere, use DkimSigning.easyDkim(): SES rotates its keys behind '
      + 'the same three records. Or pass any zone of yours as delegatedTo of the key',
    why: 'A new key is made without a deployment, so the function must be able to publish its record.',
    atSynthesis: [{ title: 'rotating key: no zone', build: rotating(undefined, { hostedZone: undefined }) }],
  },
  {
    place: 'synthesis',
    says: 'The ARN of hostedZoneRole has {length} characters. A rotating key has it in a tag of its secret, which holds 256',
    advises: 'Give the role a shorter path or name',
    why: 'Secrets Manager starts a rotation with the ARN of the secret alone. What the function needs is in its tags.',
    atSynthesis: [{
      title: 'rotating key: a role with a long path',
      parts: { length: '257' },
      build: dkim((stack) => ({
        hostedZone: zone(stack),
        hostedZoneRole: iam.Role.fromRoleArn(stack, 'Role', `arn:aws:iam::222222222222:role/${'p'.repeat(222)}/dns`),
        signing: DkimSigning.rotatingByoDkim(),
      })),
    }],
  },
  {
    place: 'synthesis',
    says: 'hostedZoneRole is {arn}. A rotating key has it in a tag of its secret, which takes letters, digits and _+=.@:/- only',
    advises: 'Give the role another path or name',
    why: 'IAM takes more characters than a tag does: a comma in a name, and others in a path.',
    atSynthesis: [{
      title: 'rotating key: a role with a comma in its name',
      parts: { arn: "'arn:aws:iam::222222222222:role/dns,dkim'" },
      build: dkim((stack) => ({
        hostedZone: zone(stack),
        hostedZoneRole: iam.Role.fromRoleArn(stack, 'Role', 'arn:aws:iam::222222222222:role/dns,dkim'),
        signing: DkimSigning.rotatingByoDkim(),
      })),
    }],
  },
  {
    place: 'synthesis',
    says: "The key of 'Mail/Dkim' does not rotate",
    advises: 'Use DkimSigning.rotatingByoDkim(). The key of followSecret is changed by storing another one',
    why: '`grantRotate()` is for rotating keys.',
    atSynthesis: [{
      title: 'grantRotate: another key',
      build: (stack) => {
        new EmailIdentityDkim(stack, 'Dkim', { identity: imported(stack, 'example.com') })
          .grantRotate(new iam.AccountRootPrincipal());
      },
    }],
  },
  {
    place: 'synthesis',
    says: 'furtherRegions is {kind}',
    advises: "Give a list of the codes of Regions, for example ['eu-west-1']",
    why: 'Each further Region gets a resource of its own.',
    atSynthesis: [
      bad('furtherRegions', 'eu-west-1', { kind: 'a string' }),
      bad('furtherRegions', 7, { kind: 'a number' }),
    ],
  },
  {
    place: 'synthesis',
    says: "furtherRegions: {value} is not an AWS Region. Write its code, for example 'eu-west-1'",
    advises: '',
    why: 'A Region has a code and a name.',
    atSynthesis: [
      bad('furtherRegions', ['Ireland'], { value: "'Ireland'" }),
      bad('furtherRegions', ['us-west-2', ''], { value: "''" }, 'none'),
      bad('furtherRegions', [HOSTILE], { value: HOSTILE_SHOWN }, 'commands for a terminal'),
    ],
  },
  {
    place: 'synthesis',
    says: 'delegatedTo and furtherRegions are both given. A key has two selectors then, and a Region that keeps one would keep it from all',
    advises: 'Give each Region a construct of its own, with another selectorPrefix',
    why: 'The two selectors are used again and again. Each Region has to be ready before one is used for another key.',
    atSynthesis: [{
      title: 'rotating key: delegatedTo and furtherRegions',
      build: dkim((stack) => ({
        signing: DkimSigning.rotatingByoDkim({ delegatedTo: zone(stack), furtherRegions: ['eu-west-1'] }),
      })),
    }],
  },
  {
    place: 'synthesis',
    says: 'furtherRegions has a Region that only the deployment knows',
    advises: 'Write the codes of the Regions',
    why: 'A Region is in the names of resources and tags, which synthesis makes.',
    atSynthesis: [bad('furtherRegions', [Aws.REGION], {}, 'a token')],
  },
  {
    place: 'synthesis',
    says: 'furtherRegions has {value}, which is {what}',
    advises: 'Give each further Region once',
    why: 'The Region of the identity is the first one by itself.',
    atSynthesis: [
      bad('furtherRegions', ['us-east-1'], { value: "'us-east-1'", what: 'the Region of identity' }, "the identity's own"),
      bad('furtherRegions', ['eu-west-1', 'eu-west-1'], { value: "'eu-west-1'", what: 'there twice' }, 'twice'),
    ],
  },
  {
    place: 'synthesis',
    says: "furtherRegions: {value} is in partition {partition} of AWS, and the rest is in 'aws'",
    advises: 'No credentials are good for both. Keep all in one partition',
    why: 'China and GovCloud have accounts of their own.',
    atSynthesis: [bad('furtherRegions', ['cn-north-1'], { value: "'cn-north-1'", partition: "'aws-cn'" })],
  },
  {
    place: 'synthesis',
    says: 'interval and schedule both say when the key is changed',
    advises: 'Give one of them',
    why: 'An interval counts from the last change, and a schedule names days.',
    atSynthesis: [{
      title: 'rotating key: interval and schedule',
      build: rotating(() => ({ interval: Duration.days(90), schedule: 'cron(0 9 ? * 3#1 *)' })),
    }],
  },
  {
    place: 'synthesis',
    says: 'interval is {kind}',
    advises: 'Pass a Duration, for example Duration.days(90)',
    why: 'A number alone has no unit.',
    atSynthesis: [bad('interval', 90, { kind: 'a number' })],
  },
  {
    place: 'synthesis',
    says: 'interval is {days} days, and has to be 1 to 999 whole days',
    advises: 'That is what Secrets Manager takes',
    why: 'Its schedules count in days.',
    atSynthesis: [
      bad('interval', Duration.days(0), { days: '0' }), bad('interval', Duration.hours(36), { days: '1.5' }),
      bad('interval', Duration.days(1000), { days: '1000' }),
    ],
  },
  {
    place: 'synthesis',
    says: 'schedule is {kind}',
    advises: CRON,
    why: 'A schedule is a text.',
    atSynthesis: [bad('schedule', null, { kind: 'null' }), bad('schedule', {}, { kind: 'another object' })],
  },
  {
    place: 'synthesis',
    says: 'schedule {value} is not a cron() expression of Secrets Manager: six fields, of which the first is 0, the third or the fifth is ?, '
      + "and the last is *, for example 'cron(0 9 ? * 3#1 *)'",
    advises: 'For a number of days use interval',
    why: 'Secrets Manager begins at whole hours, in UTC, and takes any year. Days are those of the month or those of the week.',
    atSynthesis: [
      ...['cron(0 9 * * * *)', 'cron(0 9 ? * ? *)', 'cron(0 9 1 * MON *)', '', 'monthly', 'rate(90 days)', 'cron(30 9 ? * 3#1 *)', 'cron(0 9 ? * 3#1)', 'cron(0 9 1 * ? 2027)', 'cron(0 9 ? * 3#1 *) '].map((text) =>
        bad('schedule', text, { value: `'${text}'` })),
      bad('schedule', `cron(0 9 ${HOSTILE} * ? *)`, { value: `'cron(0 9 ${HOSTILE_SHOWN.slice(1, -1)} * ? *)'` }, 'commands for a terminal'),
      bad('schedule', KEY_TEXT, { value: '(86 characters that look like a key, and are not shown)' }, 'the text of a key'),
    ],
  },
  {
    place: 'synthesis',
    says: 'overlap is {seconds} seconds, and has to be 86400 to 31536000 whole seconds',
    advises: 'Mail on its way needs the record for days, and no longer than that',
    why: 'Receivers look the key up when they get the mail, and some look it up again days later.',
    atSynthesis: [
      bad('overlap', Duration.hours(23), { seconds: '82800' }), bad('overlap', Duration.days(366), { seconds: '31622400' }),
      bad('overlap', Duration.millis(86_400_500), { seconds: '86400.5' }),
    ],
  },
  {
    place: 'synthesis',
    says: 'overlap is {kind}',
    advises: 'Pass a Duration, for example Duration.minutes(30)',
    why: 'A number alone has no unit.',
    atSynthesis: [bad('overlap', 14, { kind: 'a number' })],
  },
  {
    place: 'synthesis',
    says: 'keyLength is {value}',
    advises: 'Use 2048 or 1024',
    why: 'SES takes RSA keys of 1024 or 2048 bits.',
    atSynthesis: [
      bad('keyLength', 4096, { value: '4096' }), bad('keyLength', 0, { value: '0' }), bad('keyLength', '2048', { value: "'2048'" }),
    ],
  },
  {
    place: 'synthesis',
    says: 'selectorPrefix is {kind}',
    advises: "Give the first part of the selectors, for example 'dkim'",
    why: 'A selector is a text.',
    atSynthesis: [bad('selectorPrefix', 1, { kind: 'a number' })],
  },
  {
    place: 'synthesis',
    says: 'selectorPrefix {value} cannot begin a selector',
    advises: "Use 1 to 47 lower-case letters, digits and inner hyphens, for example 'dkim'",
    why: 'A selector has at most 63 characters, and a date and six digits come after the prefix.',
    atSynthesis: [
      ...['', 'Mail', 'a.b', 'a_b', '-a', 'a-', 'a'.repeat(48)].map((text) => bad('selectorPrefix', text, { value: `'${text}'` })),
      bad('selectorPrefix', HOSTILE, { value: HOSTILE_SHOWN }, 'commands for a terminal'),
    ],
  },
  {
    place: 'synthesis',
    says: 'encryptionKey is {kind}',
    advises: 'Pass a key, for example of Key.fromKeyArn()',
    why: 'The secret takes the key, not its ARN.',
    atSynthesis: [bad('encryptionKey', 'alias/dkim', { kind: 'a string' })],
  },
  {
    place: 'synthesis',
    says: 'encryptionKey is given by the alias {alias}, and the ARN of its key is not known in this app',
    advises: 'Pass the key itself, for example with kms.Key.fromKeyArn() and the ARN of the key',
    why: 'An IAM policy cannot name a key by its alias.',
    atSynthesis: [{
      title: 'rotating key: encryptionKey: an alias',
      parts: { alias: "'alias/dkim'" },
      build: rotating((stack) => ({ encryptionKey: kms.Alias.fromAliasName(stack, 'Key', 'alias/dkim') })),
    }],
  },
  {
    place: 'synthesis',
    says: 'encryptionKey {arn} is not of the account and Region of the stack, where the secret is',
    advises: 'Pass a key of this account and Region',
    why: 'Secrets Manager encrypts with a key of its own Region.',
    atSynthesis: ['arn:aws:kms:us-east-1:222222222222:key/1', 'arn:aws:kms:eu-west-1:111111111111:key/1'].map((arn) => ({
      title: `rotating key: encryptionKey: ${arn}`,
      parts: { arn: `'${arn}'` },
      build: rotating((stack) => ({ encryptionKey: kms.Key.fromKeyArn(stack, 'Key', arn) })),
    })),
  },
];
