import { OutOfTimeError } from '../../../lambda/base/patience';
import { ChangeRefusedError, ZoneGoneError } from '../../../lambda/base/ports';
import { reasonOf } from '../../../lambda/base/reason';

const service = (name: string, message = 'it says so') => Object.assign(new Error(message), { name, $metadata: {} });

test.each([
  ['AccessDenied', /forbids this call to the function's role/],
  ['AccessDeniedException', /forbids this call to the function's role/],
  ['BadRequestException', /look at method, selector and key of the identity/],
  ['NotFoundException', /Deploy again when it exists/],
  ['ExpiredTokenException', /Deploy again/],
  ['UnrecognizedClientException', /Region may not be enabled/],
  ['SomethingNewException', /Deploy again; if it stays, the function's log/],
])('%s of a service is passed on with its name, its text and what to do', (name, advice) => {
  expect(reasonOf(service(name))).toMatch(new RegExp(`^${name}: it says so\\. `));
  expect(reasonOf(service(name))).toMatch(advice);
});

test('a service’s text is passed on without what looks like a key', () => {
  expect(reasonOf(service('BadRequestException', `Value '${'MIIE'.repeat(30)}' is wrong.`))).toMatch(/^BadRequestException: Value '\[removed\]' is wrong\. SES/);
});

test('a broken connection is said by its name', () => {
  expect(reasonOf(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))).toMatch(/^Error: read ECONNRESET\. Deploy again/);
});

test('time that has run out, and a batch that is refused, come with a way out', () => {
  expect(reasonOf(new OutOfTimeError('there was no time left for: x'))).toBe('there was no time left for: x. Deploy again.');
  expect(reasonOf(new ChangeRefusedError('Route 53 refused it.'))).toMatch(/has to be changed there\.$/);
});

test('a zone that went away in the middle of it comes with a way out, too', () => {
  expect(reasonOf(new ZoneGoneError('There is no hosted zone Z1.'))).toMatch(/^There is no hosted zone Z1\. It was there a moment ago: .* deploy again\.$/);
});

test('our own errors say it themselves', () => {
  expect(reasonOf(new Error('Give the new key a new selector.'))).toBe('Give the new key a new selector.');
});

test('a bug is said by its name, and where to look', () => {
  expect(reasonOf(new TypeError('x is not a function'))).toBe('TypeError: x is not a function. Deploy again; if it stays, the function\'s log says what went before.');
});
