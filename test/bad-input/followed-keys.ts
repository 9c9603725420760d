// Bad input: a key that follows its secret, and retirement between deployments.
import { Stack } from 'aws-cdk-lib';
import { dkim, secret, zone } from './app';
import { Refusal } from './refusal';
import { DkimPrivateKey, DkimSigning } from '../../src';

type Some = Record<string, unknown>;

const followed = (options: Some = {}, ofKey: Some = { jsonField: 'privateKey' }, props: Some = {}) => dkim((stack: Stack) => ({
  hostedZone: zone(stack),
  ...props,
  signing: DkimSigning.byoDkim({
    privateKey: DkimPrivateKey.fromSecret(secret(stack), ofKey), followSecret: true, ...options,
  }),
}));

const WORDS = 'test/end-to-end/following-words.test.ts';
const told = (says: string, advises: string, why: string): Refusal =>
  ({ place: 'rotation', says, advises, why, testedBy: WORDS });

/** What synthesis refuses. */
export const FOLLOWED_KEYS: readonly Refusal[] = [
  {
    place: 'synthesis',
    says: "followSecret of 'example.com' needs a hostedZone: the function writes its records without a deployment",
    advises: 'Pass the hosted zone of the domain, or leave it out',
    why: 'A key can be stored between two deployments. The function must be able to publish its record.',
    atSynthesis: [{ title: 'followSecret: no zone', build: followed({}, undefined, { hostedZone: undefined }) }],
  },
  {
    place: 'synthesis',
    says: "retireBetweenDeployments of 'example.com' needs a hostedZone: the function writes its records without a deployment",
    advises: 'Pass the hosted zone of the domain, or leave it out',
    why: 'Without a zone the construct has no records.',
    atSynthesis: [{ title: 'retireBetweenDeployments: no zone', build: dkim(() => ({ retireBetweenDeployments: true })) }],
  },
  {
    place: 'synthesis',
    says: 'selector {value} is given with followSecret, and the secret says the selector',
    advises: 'Leave it out',
    why: 'A new key has a new selector, so both change together: [a key that follows its secret](byodkim.md#without-a-deployment).',
    atSynthesis: [{ title: 'followSecret: a selector', parts: { value: "'mail'" }, build: followed({ selector: 'mail' }) }],
  },
  {
    place: 'synthesis',
    says: 'selectorField is given without followSecret',
    advises: 'Give followSecret: true too, or the selector itself',
    why: 'Without it, the selector is a property.',
    atSynthesis: [{
      title: 'selectorField: without followSecret', build: followed({ selector: 'mail', followSecret: undefined, selectorField: 'name' }),
    }],
  },
  {
    place: 'synthesis',
    says: 'followSecret needs a jsonField',
    advises: "Store key and selector as a JSON object, and name the key's field",
    why: 'The secret must hold the selector beside the key.',
    atSynthesis: [{ title: 'followSecret: no jsonField', build: followed({}, {}) }],
  },
  {
    place: 'synthesis',
    says: 'privateKey names version {version}, and followSecret follows the current one',
    advises: 'Leave it out',
    why: 'A key with a fixed version changes only with a deployment.',
    atSynthesis: [{
      title: 'followSecret: a version',
      parts: { version: "'AWSPENDING'" },
      build: followed({}, { jsonField: 'privateKey', versionStage: 'AWSPENDING' }),
    }],
  },
];

/** What the log of the function says. */
export const FOLLOWED: readonly Refusal[] = [
  told('The secret {secret} (stage AWSCURRENT, field {field}) has no selector',
    'Write it beside the key: 1 to 63 letters in lower case, digits and inner hyphens, as a JSON string. A new key has a new one',
    'The message does not show what the field holds, because it can be a key. Mail is signed as before.'),
  told('SES did not verify the key with the selector {selector}, and it was taken back',
    'See what the public name servers answer for that selector. Then store the key under another selector',
    'The log says it every hour, until the secret has another key or selector.'),
  told('The key was not changed: SES has not verified it in time: {seen}. SES has the key before it again',
    'See what the public name servers answer for the selector. Then store the key under another selector',
    'SES did not verify the key within an hour, or it has stopped looking.'),
  told('SES signs {domain} by {origin} with the selector {selector}, and no version of the secret {secret} has that key',
    'Nothing was changed. Deploy the stack with a change of the construct, so that it says how the domain is signed',
    'Somebody else has told SES a key. Or the secret has more than 20 newer versions, or its policy does not allow to list them.'),
  told('The registry record of this stack in the hosted zone {zone} does not list the key of {domain}',
    'Nothing was changed. The secret or the records were changed by hand, or the stack signs otherwise now. Deploy the stack again',
    'The function checks its input against the records. Otherwise somebody who may call it could lead a key into another zone.'),
  told('The secret {secret} has another key, or {domain} is signed otherwise now', 'Nothing more was changed',
    'Somebody has stored a newer key, or a deployment runs. That continues.'),
  told('SES has not verified the next key yet: {seen}',
    'It is published, so mail that is signed with it can be verified. It is looked at again',
    'SES usually needs minutes. The key is taken back after an hour.'),
  told('SES has not verified the key with the selector {selector}, and no version of the secret {secret} has the key before it',
    'Store a key under another selector', 'Somebody has deleted the secret and made it again.'),
  told('The key was not changed: SES signs otherwise meanwhile: {seen}', 'Deploy the stack again', 'Somebody else has told SES a key or a method.'),
  told('The versions of the secret {secret} could not be listed: {error}', '', 'The policy of the secret can forbid it. A key without a label is not found then.'),
  told("The event's {name} is missing, or not of its form", '', "Somebody calls the function by hand: The event's LogicalResourceId is missing, or not of its form."),
  told("The event's Identities are not of their form", '', 'Somebody calls the function by hand.'),
];
