// The limit of requests, at moments that the test names.
import { RequestLimit } from './request-limit';

const HERE = { account: '111111111111', region: 'us-east-1' };

test('one call a second is let in, whichever operations they are', () => {
  const limit = new RequestLimit({ requestsPerSecond: 1, requestLimit: 'all operations' });
  expect(limit.admits('GetEmailIdentity', HERE, 10_000)).toBe(true);
  expect(limit.admits('TagResource', HERE, 10_999)).toBe(false);
  expect(limit.admits('TagResource', HERE, 11_000)).toBe(true);
});

test('a call that is refused does not push the next one back', () => {
  const limit = new RequestLimit({ requestsPerSecond: 1, requestLimit: 'all operations' });
  limit.admits('GetEmailIdentity', HERE, 10_000);
  limit.admits('GetEmailIdentity', HERE, 10_900);
  expect(limit.admits('GetEmailIdentity', HERE, 11_000)).toBe(true);
});

test('each account and each Region has a limit of its own', () => {
  const limit = new RequestLimit({ requestsPerSecond: 1, requestLimit: 'all operations' });
  expect(limit.admits('GetEmailIdentity', HERE, 10_000)).toBe(true);
  expect(limit.admits('GetEmailIdentity', { ...HERE, region: 'eu-west-1' }, 10_000)).toBe(true);
  expect(limit.admits('GetEmailIdentity', { ...HERE, account: '222222222222' }, 10_000)).toBe(true);
});

test('set so, each operation has a limit of its own', () => {
  const limit = new RequestLimit({ requestsPerSecond: 1, requestLimit: 'each operation' });
  expect(limit.admits('GetEmailIdentity', HERE, 10_000)).toBe(true);
  expect(limit.admits('TagResource', HERE, 10_000)).toBe(true);
  expect(limit.admits('TagResource', HERE, 10_500)).toBe(false);
});
