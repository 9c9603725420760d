// Bad input of watching, and what the log says of an identity that is watched.
import { dkim } from './app';
import { Refusal } from './refusal';

const SES = 'test/lambda/watch/ses-findings.test.ts';
const DNS = 'test/lambda/watch/dns-findings.test.ts';
const ROTATION = 'test/end-to-end/rotation-watched.test.ts';
const FOLLOWING = 'test/end-to-end/following-watched.test.ts';
const RUN = 'test/lambda/watch/on-schedule.test.ts';

const CHANGE = 'deploy the stack with a change of the construct, such as another recordTtl';

const seen = (testedBy: string, says: string, advises: string, why: string): Refusal =>
  ({ place: 'watching', says, advises, why, testedBy });

export const WATCHED: readonly Refusal[] = [
  {
    place: 'synthesis',
    says: '{path} is not watched, so it has neither metrics nor alarms',
    advises: 'Give it watch: true',
    why: 'Only a watched identity has metrics, an alarm and a rule: [Watching](watching.md).',
    atSynthesis: [
      { title: 'metric: not watched', parts: { path: 'Mail/Dkim' }, build: (stack) => dkim()(stack).metricProblem() },
      { title: 'alarm: not watched', parts: { path: 'Mail/Dkim' }, build: (stack) => dkim()(stack).addProblemAlarm('Alarm') },
      { title: 'rule: not watched', parts: { path: 'Mail/Dkim' }, build: (stack) => dkim()(stack).onProblem('Rule') },
    ],
  },
  {
    place: 'synthesis',
    says: '{path} has no metric {name}',
    advises: 'Give it detailedMetrics: true',
    why: 'Each metric costs. All but `Problem` and `LookFailed` exist only with `detailedMetrics`.',
    atSynthesis: [{
      title: 'metric: not asked for',
      parts: { path: 'Mail/Dkim', name: 'Verified' },
      build: (stack) => dkim(() => ({ watch: true }))(stack).metricVerified(),
    }],
  },
  {
    place: 'synthesis',
    says: "The key of '{path}' does not rotate, so it has no metric {name}",
    advises: 'Use DkimSigning.rotatingByoDkim()',
    why: 'For another key, the construct does not know when it changes.',
    atSynthesis: [{
      title: 'metric: of a key that does not rotate',
      parts: { path: 'Mail/Dkim', name: 'KeyAgeDays' },
      build: (stack) => dkim(() => ({ watch: true, detailedMetrics: true }))(stack).metricKeyAge(),
    }],
  },
  {
    place: 'synthesis',
    says: 'evaluationPeriods is {count}, and has to be a whole number from 1 to 168',
    advises: 'There is one look each hour, and CloudWatch takes an alarm over seven days at the most',
    why: 'CloudFormation would refuse the alarm in mid-deployment.',
    atSynthesis: ['0', '1.5', '169'].map((count) => ({
      title: `alarm: over ${count} looks`,
      parts: { count },
      build: (stack) =>
        dkim(() => ({ watch: true }))(stack).addProblemAlarm('Alarm', { evaluationPeriods: Number(count) }),
    })),
  },
  {
    place: 'synthesis',
    says: 'detailedMetrics is given without watch',
    advises: 'Give watch: true too: without it nobody looks',
    why: 'These metrics show what the function of `watch` sees.',
    atSynthesis: [{ title: 'detailedMetrics: without watch', build: dkim(() => ({ detailedMetrics: true })) }],
  },
];

/** What the log says. */
export const SEEN: readonly Refusal[] = [
  seen(SES, 'there is no identity {domain} in SES in {region}, so no mail can be sent from it',
    `Create it again, then ${CHANGE}: a new identity does not sign as the old one did`, 'Somebody has deleted it.'),
  seen(SES, 'DKIM signing of {domain} is switched off in SES in {region}, and mail goes out unsigned',
    'Find out who did, and switch it on: aws sesv2 put-email-identity-dkim-attributes --signing-enabled --email-identity {domain} '
    + '--region {region}', 'The construct sets how mail is signed, not whether.'),
  seen(SES, '{domain} signs in SES in {region} by {method}, and the stack has set Easy DKIM (AWS_SES)',
    `Find out who has changed it. To have it as the stack says, ${CHANGE}`, 'The function also looks up the key that SES has now.'),
  seen(SES, '{domain} signs in SES in {region} by {method}, and the stack has set BYODKIM (EXTERNAL) with selector {selector}',
    `Find out who has changed it. To have it as the stack says, ${CHANGE}`, 'The same.'),
  seen(SES, '{domain} signs in SES in {region} by {method}, and the stack has set a rotating key (EXTERNAL) with another selector',
    `Find out who has changed it. To have it as the stack says, ${CHANGE}`, 'The same.'),
  seen(SES, '{domain} signs in SES in {region} by {method}, as another stack has set it, which was removed or rolled back',
    `To have it as the stack says, ${CHANGE}`,
    'Two stacks had this identity: [Moving](moving.md#renaming-and-moving-constructs). No stack cares for that key any more.'),
  seen(SES, '{domain} signs in SES in {region} by {method}, and no tag of the identity says which stack has set it',
    `An update of the identity can take its tags away. To have them written again, ${CHANGE}`,
    'Of a rotating key, or one that follows its secret. Without the tag, another stack that leaves the identity can end the signing, '
    + 'and a key that follows its secret is not changed.'),
  seen(ROTATION, 'the key of {domain} is not changed any more, as rotation of the secret {secret} is switched off',
    'Find out who did. To switch it on again: aws secretsmanager rotate-secret --secret-id {secret}',
    'The command also changes the key at once.'),
  seen(FOLLOWING, 'the key that {domain} was to be signed with was taken back, as SES did not verify it',
    'See in the log of the function that changes keys (…Rotation…) what SES saw. Then store the key again',
    'The key follows its secret: [byodkim.md](byodkim.md#without-a-deployment).'),
  seen(FOLLOWING, 'the function that follows the secret of {domain} has failed for {hours} hours, so a new key is not used',
    'See in the log of the function that changes keys (…Rotation…) what keeps it from that',
    'It looks every hour. The value is no key, or the zone or SES refuses the change.'),
  seen(ROTATION, 'the hourly care of the key of {domain} has failed for {hours} hours, so records of earlier keys can stay',
    'See in the log of the function that changes keys (…Rotation…) what keeps it from that',
    'It deletes records when their overlap is over, and ends what a rotation has left. The zone, SES or Secrets Manager refuses it.'),
  seen(ROTATION, 'a change of the key of {domain} has not come to its end for {hours} hours',
    'See in the log of the function that changes keys (…Rotation…) what keeps it from that',
    'It should end within two hours: [A rotation failed](trouble.md#a-rotation-failed).'),
  seen(ROTATION, 'the key of {domain} cannot be changed any more, as the registry record that lists it is gone',
    `Find out who has deleted it. To have it written again, ${CHANGE}`,
    'Without the [registry record](trouble.md#the-registry-record), the function does not trust the tags of the secret, and '
    + 'each rotation fails. Records of earlier keys are not deleted any more: delete them by hand, 14 days after the last change.'),
  seen(ROTATION, 'the key of {domain} should have been changed by {date}',
    'See in CloudTrail, and in the log of the function that changes keys (…Rotation…), why it was not',
    'Secrets Manager tries again by itself, but not without end.'),
  seen(ROTATION, 'the secret {secret} with the rotating key is gone, or marked for deletion',
    'Restore it: aws secretsmanager restore-secret. SES goes on with the key that it has', 'Somebody has deleted it.'),
  seen(ROTATION, 'nobody could see when the key in the secret {secret} changes: {error}',
    "See whether a policy forbids secretsmanager:DescribeSecret to the function's role", '`LookFailed` is 1.'),
  seen(SES, 'the DKIM status of {domain} in SES in {region} is PENDING: SES still looks for the records, and mail goes out unsigned '
    + 'until it has found them', 'It takes minutes. If it takes longer, look whether the records are in public DNS, and the domain is '
    + 'delegated to them', 'Also `NOT_STARTED`, for a moment.'),
  seen(SES, 'the DKIM status of {domain} in SES in {region} is FAILED: SES has given up, and mail goes out unsigned',
    `SES does not look again by itself. When the records are in public DNS, ${CHANGE}`,
    '[The status is FAILED](trouble.md#the-status-is-failed).'),
  seen(SES, 'the DKIM status of {domain} in SES in {region} is TEMPORARY_FAILURE: SES cannot see the records just now, '
    + 'and stops signing if that lasts for days', 'Look whether the records are in public DNS, and the domain is delegated to them',
  'SES forgets the key after five days.'),
  seen(SES, 'the parent of {domain} in {region} is not there, and a replica has the keys of its parent',
    `Find out who has changed it: the parent signs with Easy DKIM, and is verified. Then ${CHANGE}`, 'Somebody has deleted it.'),
  seen(SES, 'the parent of {domain} in {region} signs by {method}, and a replica has the Easy DKIM keys of its parent',
    `Find out who has changed it: the parent signs with Easy DKIM, and is verified. Then ${CHANGE}`, 'Only Easy DKIM is replicated.'),
  seen(SES, 'the parent of {domain} in {region} has other DKIM tokens than its replica: its keys are not those that the replica has',
    `Find out who has changed it: the parent signs with Easy DKIM, and is verified. Then ${CHANGE}`,
    'As when the parent was deleted and made again.'),

  seen(DNS, '{name} cannot be looked up: its domain is delegated to no name server',
    'Have the domain delegated to the name servers that hold it, at the registrar or in the zone above',
    'The registration of the domain has ended, or somebody has changed its name servers.'),
  seen(DNS, '{name} has no record: {answers}',
    `Write the record again: ${CHANGE}, or publish its attribute dkimRecords where your DNS is`,
    'Each public name server must have the record, because receivers ask any of them. For a CNAME, the message has its target.'),
  seen(DNS, '{name} is no CNAME to SES: {answers}', 'Write it as the CNAME {name} to {target}',
    'A copy of the key is wrong as soon as SES changes the key.'),
  seen(DNS, '{name} does not lead to {target}: {answers}', 'Write it as the CNAME {name} to {target}',
    'This happens when a domain was verified again, with other tokens.'),
  seen(DNS, '{name} is a CNAME to {target}, which has no key: {answers}',
    `Delete the record of exactly the name {name}, if there is one. Write the record again: ${CHANGE}, or publish its attribute dkimRecords where your DNS is`,
    'BYODKIM: somebody has put a CNAME in the place of the record, or what it leads to has gone.'),
  seen(DNS, '{name} has no key, as a revoked one: {answers}',
    'If the key has leaked, rotate the key, or give the construct a new one under a new selector. If not: '
    + `Delete the record of exactly the name {name}, if there is one. Write the record again: ${CHANGE}, or publish its attribute dkimRecords where your DNS is`,
    '`p=` is empty. A deployment would publish the same key again.'),
  seen(DNS, '{name} has no key that can be read: {answers}',
    `Delete the record of exactly the name {name}, if there is one. Write the record again: ${CHANGE}, or publish its attribute dkimRecords where your DNS is`, 'For example, the key was cut in the middle.'),
  seen(DNS, '{name} has another key than the stack has set, and SES may have it: {answers}',
    'Leave the record, and rotate the key, or give the construct a new one under a new selector',
    'BYODKIM: SES has verified its key by the record, when it looked last. So somebody can have given it another key.'),
  seen(DNS, '{name} has another key than the one that SES signs with: {answers}',
    `Delete the record of exactly the name {name}, if there is one. Write the record again: ${CHANGE}, or publish its attribute dkimRecords where your DNS is`,
    'BYODKIM: the record has another key than the last deployment has set in SES, and SES has seen that it is not its own.'),
  seen(DNS, '{name} has a key that verifiers do not take, as {flaw}: {answers}', '{remedy}',
    'As one with `t=y`: [What harms](byodkim.md).'),
  seen(DNS, 'none of {names} leads to a key that verifiers can use',
    'The keys are in the DNS of SES: if it stays so for some hours, ask AWS Support',
    'Often two of the three are empty, but never all three.'),
  seen(DNS, 'nobody could see what {name} has in public DNS: {answers}', '{advice}',
    '`LookFailed`. The advice is that of the same case [in a deployment](#in-public-dns-before-ses-is-told).'),
  seen(RUN, 'nobody could see how {domain} signs, as {host} has not said it: {error}',
    'If it stays so, see what else calls SES in this account, and in a VPC how the function reaches SES',
    '`LookFailed`. SES allows one call a second in an account and Region, for all callers together.'),
  seen(RUN, 'nobody could see whether DKIM of {domain} works: {error}',
    'This is a fault in cdk-ses-dkim: report it, with this line', '`LookFailed`.'),
  seen('test/end-to-end/watching.test.ts', 'nobody could see how {domain} signs, as {host} has not said it: AccessDeniedException: {text}',
    "See which policy, permission boundary or service control policy forbids ses:GetEmailIdentity to the function's role",
    '`LookFailed`.'),
];
