// By what a secret is found: names and ARNs, and those that look like something else than they are.
import { means, newSecretArn, partialArn } from './secret-id';

const OWNER = { account: '111111111111' };
const OTHER = { account: '222222222222' };

function secret(name: string) {
  const named = { ...OWNER, region: 'us-east-1', name };
  return { ...named, arn: newSecretArn(named, Math.random) };
}

test('an ARN ends in a hyphen and six characters, other ones for each secret', () => {
  const [one, other] = [secret('mail/dkim'), secret('mail/dkim')];
  expect(one.arn).toMatch(/^arn:aws:secretsmanager:us-east-1:111111111111:secret:mail\/dkim-[a-zA-Z0-9]{6}$/);
  expect(one.arn).not.toBe(other.arn);
});

test('an ordinary secret is found by its name, its ARN, and its ARN without the end', () => {
  const one = secret('mail/dkim');
  for (const id of ['mail/dkim', one.arn, partialArn(one)]) expect(means(id, OWNER, one)).toBe(true);
});

test('another account finds it by both ARNs, but not by the name', () => {
  const one = secret('mail/dkim');
  expect(means(one.arn, OTHER, one)).toBe(true);
  expect(means(partialArn(one), OTHER, one)).toBe(true);
  expect(means('mail/dkim', OTHER, one)).toBe(false);
});

test('a secret whose name ends in a hyphen and six characters is not found by its partial ARN', () => {
  const one = secret('mail/dkim-secret');
  expect(means(partialArn(one), OWNER, one)).toBe(false);
  expect(means(one.arn, OWNER, one)).toBe(true);
  expect(means('mail/dkim-secret', OWNER, one)).toBe(true);
});

test.each(['mail/dkim-secre', 'mail/dkim-secrets', 'mail/dkim_secret', 'mail/dkim-sec.et'])(
  'a name that only resembles that is found by its partial ARN: %s', (name) => {
    const one = secret(name);
    expect(means(partialArn(one), OWNER, one)).toBe(true);
  });

test('a secret is not found by the beginning of its name, nor by its name in another case', () => {
  const one = secret('mail/dkim');
  for (const name of ['mail', 'mail/dkim-', 'Mail/dkim']) {
    expect(means(name, OWNER, one)).toBe(false);
    expect(means(partialArn({ ...one, name }), OWNER, one)).toBe(false);
  }
});

test('the name with the random end is neither the name nor an ARN', () => {
  const one = secret('mail/dkim');
  expect(means(one.arn.split(':').at(-1)!, OWNER, one)).toBe(false);
});

test('the complete ARN of a deleted secret does not find the new one of that name', () => {
  const [deleted, anew] = [secret('mail/dkim'), secret('mail/dkim')];
  expect(means(deleted.arn, OWNER, anew)).toBe(false);
});
