// Tests of what errors say to who deploys a stack.
import { describeError, reasonOf, textOf } from '../../../lambda/base/describe-error';
import { ChangeRefusedError, HandlerError, OutOfTimeError, UnreachableError, ZoneGoneError } from '../../../lambda/base/errors';

const service = (name: string, message = 'it says so') => Object.assign(new Error(message), { name, $metadata: {} });
const coded = (code: string, message: string) => Object.assign(new Error(message), { code });

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

describe('our own error', () => {
  test('says what happened and what to do, and the log gets what happened', () => {
    const error = new HandlerError('The selector is taken', 'Take another one');
    expect(reasonOf(error)).toBe('The selector is taken. Take another one.');
    expect(textOf(error)).toBe('The selector is taken');
  });

  test('can say both in one sentence', () => {
    expect(reasonOf(new HandlerError('it is empty; store the key in it'))).toBe('it is empty; store the key in it.');
  });

  test.each([
    [new OutOfTimeError('SES to verify'), 'there was no time left for: SES to verify. Deploy again.'],
    [new ChangeRefusedError('Route 53 refused it', 'Look at the record'), 'Route 53 refused it. Look at the record.'],
    [new UnreachableError('GetZone could not reach it'), 'GetZone could not reach it. See what keeps the function from '
      + 'it: in a VPC it needs a NAT gateway or a VPC endpoint of the service, and security groups, network ACLs, '
      + 'firewall and DNS that let it through. Then deploy again.'],
    [new ZoneGoneError('There is no hosted zone Z1'),
      'There is no hosted zone Z1. It existed a moment ago. Find out who deleted it, or removed the permission for it, '
        + 'then deploy again.'],
  ])('comes with a way out: %s', (error, reason) => {
    expect(reasonOf(error)).toBe(reason);
  });
});

test('a broken connection is said by its code', () => {
  expect(reasonOf(coded('ECONNRESET', 'read ECONNRESET'))).toMatch(/^ECONNRESET: read ECONNRESET\. Deploy again; /);
});

test('a broken connection is said by its code, also where the SDK has counted its attempts', () => {
  const error = Object.assign(coded('ECONNREFUSED', 'connect ECONNREFUSED'), {
    $metadata: { attempts: 1, totalRetryDelay: 0 },
  });
  expect(reasonOf(error)).toMatch(/^ECONNREFUSED: connect ECONNREFUSED\. Deploy again; /);
});

test.each([
  [Object.assign(coded('ECONNRESET', 'socket hang up'), { name: 'TimeoutError' }), /^ECONNRESET: socket hang up\. Deploy/],
  [Object.assign(coded('ETIMEDOUT', 'connect ETIMEDOUT'), { name: 'TimeoutError', syscall: 'connect' }), /^ETIMEDOUT: con/],
])('a broken connection that the SDK calls a time-out is said by its code', (error, said) => {
  expect(reasonOf(error)).toMatch(said);
});

test('a connection to a host of several addresses, which has no text of its own, is said by its code', () => {
  const one = coded('ECONNREFUSED', 'connect ECONNREFUSED');
  const error = Object.assign(new AggregateError([one], ''), { code: 'ECONNREFUSED' });
  expect(reasonOf(error)).toMatch(/^ECONNREFUSED: no connection\. Deploy again; /);
});

test('a call that timed out is no bug', () => {
  const error = Object.assign(new Error('socket timed out'), { name: 'TimeoutError' });
  expect(reasonOf(error)).toMatch(/^TimeoutError: socket timed out\. Deploy again; /);
  expect(reasonOf(Object.assign(error, { code: 'ETIMEDOUT', $metadata: { attempts: 1 } })))
    .toMatch(/^TimeoutError: no answer came in time\. Deploy/);
});

test.each([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'],
  ['CERT_HAS_EXPIRED', 'certificate has expired'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'wrong version number'],
  ['EPROTO', 'write EPROTO'],
])('a connection that is not trusted is said with where to look: %s', (code, message) => {
  expect(reasonOf(coded(code, message)))
    .toBe(`${code}: ${message}. Something between the function and AWS answers in its place, `
      + 'such as a proxy or a firewall: let the function reach AWS directly or by VPC endpoints, then deploy again.');
});

test.each([
  ['JSON was expected', 'Unexpected token \'<\', "<html><hea"... is not valid JSON\n  Deserialization error: to see '
    + 'the raw response, inspect the hidden field {error}.$response on this object.', 'SyntaxError'],
  ['XML was expected', '@aws-sdk XML parse error: mismatched tags <br> and </body>.\n  Deserialization error: to '
    + 'see the raw response, inspect the hidden field {error}.$response on this object.', 'Error'],
])('a web page in place of an answer is said in words for users, where %s', (_, message, name) => {
  const page = Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 403 } });
  expect(reasonOf(page))
    .toBe("UnreadableAnswer: the answer is not of the service's protocol (HTTP status 403). Something between the "
      + 'function and AWS answers '
      + 'in its place, such as a proxy or a firewall: let the function reach AWS directly or by VPC endpoints, then '
      + 'deploy again.');
});

test.each([['Unknown', 'UnknownError'], ['NotFound', 'UnknownError'], ['Unknown', 'Unknown']])(
  'an answer with neither name nor text of a service (%s) is one that cannot be read', (name, message) => {
    const page = Object.assign(service(name, message), { $metadata: { httpStatusCode: 403 } });
    expect(reasonOf(page)).toMatch(/^UnreadableAnswer: the answer is not of the service's protocol \(HTTP status 403\)/);
  });

test('an answer that cannot be read and has no status is said without one', () => {
  expect(describeError(new Error('Deserialization error')).text).toBe("the answer is not of the service's protocol");
});

test.each([
  [new TypeError('x is not a function'), 'TypeError: x is not a function.'],
  [Object.assign(new TypeError('odd argument'), { code: 'ERR_INVALID_ARG_TYPE' }), 'TypeError: odd argument.'],
  [new RangeError('Division by zero'), 'RangeError: Division by zero.'],
  [new Error('something odd'), 'Error: something odd.'],
  ['a text', 'Error: a text.'],
  [undefined, 'Error: undefined.'],
])('a fault of ours is said by its name, with the request to report it: %s', (error, text) => {
  expect(reasonOf(error))
    .toBe(`${text} This is a fault in cdk-ses-dkim. Deploy again; if it stays, report it with the function's log.`);
});
