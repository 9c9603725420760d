// Tests of the limit for requests that describe stacks: it counts by account, Region and second.
import { DescribeLimit } from './describe-limit';

const account = '111111111111';
const here = { account, region: 'us-east-1' };

let now: number;
let limit: DescribeLimit;

beforeEach(() => {
  now = 0;
  limit = new DescribeLimit({ now: () => now }, { describesPerSecond: 3 });
});

/** How many of so many requests are let through. */
function allowed(requests: number, principal = { account }, place = here): number {
  let count = 0;
  for (let request = 0; request < requests; request++) {
    try {
      limit.take(principal, place);
      count++;
    } catch (error) {
      expect(error).toMatchObject({ code: 'Throttling', message: 'Rate exceeded' });
    }
  }
  return count;
}

test('what is beyond the limit of a second is throttled', () => {
  expect(allowed(5)).toBe(3);
});

test('a request counts for one second', () => {
  allowed(1);
  now = 500;
  allowed(2);
  now = 999;
  expect(allowed(3)).toBe(0);
  now = 1000;
  expect(allowed(3)).toBe(1);
});

test('another account and another Region have limits of their own', () => {
  allowed(3);
  expect(allowed(5, undefined, { ...here, region: 'eu-west-1' })).toBe(3);
  expect(allowed(5, undefined, { ...here, account: '222222222222' })).toBe(3);
});

test('an exempt caller is neither counted nor throttled', () => {
  const tests = { account };
  limit.exempts(tests);
  expect(allowed(5, tests)).toBe(5);
  expect(allowed(5)).toBe(3);
});
