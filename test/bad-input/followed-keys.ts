// Bad input: a key that follows its secret.
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

const told = (says: string, advises: string, why: string, testedBy = 'test/end-to-end/following-words.test.ts'): Refusal =>
  ({ place: 'rotation', says, advises, why, testedBy });

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
    says: 'selector {value} is given with followSecret, and the secret says the selector',
    advises: 'Leave it out',
    why: 'A new key has a new selector, so both change together: [a key that follows its secret](byodkim.md#without-a-deployment).',
    atSynthesis: [{ title: 'followSecret: a selector', parts: { value: "'mail'" }, build: followed({ selector: 'mail' }) }],
  },
  {
    place: 'synthesis',
    says: 'selectorField {value} is given without followSecret',
    advises: 'Leave it out, or give followSecret: true in place of the selector',
    why: 'Without it, the selector is a property.',
    atSynthesis: [{
      title: 'selectorField: without followSecret',
      parts: { value: "'name'" },
      build: followed({ selector: 'mail', followSecret: undefined, selectorField: 'name' }),
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
    says: "selectorField and jsonField are both '{field}'",
    advises: 'Give key and selector a field each',
    why: 'One field cannot hold both.',
    atSynthesis: [
      { title: 'followSecret: one field for both', parts: { field: 'dkim' }, build: followed({ selectorField: 'dkim' }, { jsonField: 'dkim' }) },
      { title: 'followSecret: the key in the default field of the selector', parts: { field: 'selector' }, build: followed({}, { jsonField: 'selector' }) },
    ],
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
  told("The secret {secret} (field '{field}') has no selector",
    'Write it beside the key: 1 to 63 letters in lower case, digits and inner hyphens, as a JSON string. A new key has a new one',
    'The message does not show what the field holds, because it can be a key. Mail is signed as before.'),
  told('SES did not verify the key with the selector {selector}, and it was taken back',
    'See what the public name servers answer for that selector. Then store the key again',
    'The log says it every hour, until the secret has another key, or the same one once more.'),
  told('The key was not changed: {problem}. SES has the key before it again',
    'See what the public name servers answer for the selector, then store the key again',
    'Mail is signed as before. The record of the key that was taken back stays for its overlap.'),
  told('The tags of {domain} in SES do not say that this stack follows the secret',
    'Nothing was changed. Deploy the stack with a change of the construct, such as another recordTtl',
    'Somebody has removed the tag of the stack from the identity. Or the stack follows the secret no more.',
    'test/end-to-end/following-again.test.ts'),
  told('The secret {secret} has another key than the secret of the stack says',
    'Somebody has changed the secret of the stack by hand. Nothing was changed',
    'The secret of the stack has public keys. A public key without its private key is never published.',
    'test/lambda/signing/stored-key.test.ts'),
  told('The record {name} exists and was not written by this construct: it has {found}; needed is TXT {wanted}',
    'Remove it, or choose another selector',
    'The name of the next key has a record that says something else. `recordConflict` is for deployments only.',
    'test/end-to-end/following-records.test.ts'),
  told('SES keeps the key with the selector {selector}, as the one before it is gone: {problem}',
    'Rotate again',
    'A rotating key: somebody has revoked the record of the key before it, and SES has not verified the next one.',
    'test/end-to-end/revoked-by-hand.test.ts'),
  told('SES keeps the key with the selector {selector}, as the one before it is gone: {problem}',
    'Store a key under another selector',
    'Somebody has deleted the secret and made it again, or has revoked the record of that key, while a new key was tried. So there is '
    + 'no way back.'),
];
