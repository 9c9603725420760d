// What the function is called with is hostile: what is not exactly of a known form is refused, and not quoted.
import { parseEvent } from '../../../lambda/rotation/event';
import { KEYS_ARN, NEXT } from '../fixtures/keys-in-memory';

const STEP = { Step: 'createSecret', SecretId: KEYS_ARN, ClientRequestToken: NEXT };

test('a step, the care and a revocation are known', () => {
  expect(parseEvent(STEP)).toEqual({ kind: 'step', secretArn: KEYS_ARN, step: 'createSecret', token: NEXT });
  expect(parseEvent({ Secrets: [KEYS_ARN] })).toEqual({ kind: 'care', secretArns: [KEYS_ARN] });
  expect(parseEvent({ Revoke: 's1', SecretId: KEYS_ARN })).toEqual({ kind: 'revoke', secretArn: KEYS_ARN, selector: 's1' });
});

test.each<[string, object]>([
  ['Step', { ...STEP, Step: 'toString' }],
  ['Step', { ...STEP, Step: ['createSecret'] }],
  ['Step', { SecretId: KEYS_ARN, ClientRequestToken: NEXT }],
  ['SecretId', { ...STEP, SecretId: undefined }],
  ['SecretId', { ...STEP, SecretId: 'Keys' }],
  ['SecretId', { ...STEP, SecretId: `${KEYS_ARN}\n` }],
  ['SecretId', { ...STEP, SecretId: [KEYS_ARN] }],
  ['SecretId', { Revoke: 's1' }],
  ['ClientRequestToken', { ...STEP, ClientRequestToken: 'short' }],
  ['ClientRequestToken', { ...STEP, ClientRequestToken: undefined }],
  ['Revoke', { Revoke: 's1._domainkey', SecretId: KEYS_ARN }],
  ['Revoke', { Revoke: null, SecretId: KEYS_ARN }],
  ['Secrets', { Secrets: [KEYS_ARN, 7] }],
  ['SecretId', { Secrets: KEYS_ARN }],
])('the event is refused for its %s: %j', (name, event) => {
  expect(() => parseEvent(event as Record<string, unknown>)).toThrow(name);
});
