// Tests of the log: one line per decision, of allow-listed fields only, and no key in the message of a service.
import fc from 'fast-check';
import { LogFields, logTo, withoutKeys } from '../../../lambda/base/log';

let lines: string[];
beforeEach(() => {
  lines = [];
});
const write = (line: string) => void lines.push(line);

test('a decision is one line of JSON with the common fields first', () => {
  // WHEN
  logTo(write, { requestType: 'Create', requestId: 'r-1' })('records-changed', { records: ['CREATE TXT a.example.com'], attempt: 2, seconds: 1.5 });
  // THEN
  expect(lines).toEqual([
    '{"decision":"records-changed","requestType":"Create","requestId":"r-1","records":["CREATE TXT a.example.com"],"attempt":2,"seconds":1.5}\n',
  ]);
});

test('fields that are not on the list, and those without a value, are not written', () => {
  const fields = {
    status: 'SUCCESS', identity: undefined, ResponseURL: 'https://signed.example', privateKey: 'MIIE', event: { a: 1 }, toString: 'x', ['__proto__']: 'y',
  } as LogFields;
  logTo(write)('answered', fields);
  expect(lines).toEqual(['{"decision":"answered","status":"SUCCESS"}\n']);
});

test('a decision without fields is a line too', () => {
  logTo(write)('received');
  expect(lines).toEqual(['{"decision":"received"}\n']);
});

test('values are cut', () => {
  logTo(write)('x', { message: 'm'.repeat(5000), records: Array.from({ length: 100 }, () => 'r'.repeat(5000)) });
  const { message, records } = JSON.parse(lines[0]);
  expect(message).toHaveLength(1000);
  expect(records).toHaveLength(20);
  expect(records[0]).toHaveLength(1000);
});

test('nobody can forge a line', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string({ unit: 'binary' })), (message, records) => {
    lines = [];
    logTo(write)('x', { message: `${message}\n{"decision":"answered"}\r\u2028`, records });
    expect(lines).toHaveLength(1);
    expect(lines[0].slice(0, -1)).not.toMatch(/[\r\n]/);
    expect(lines[0].endsWith('}\n')).toBe(true);
    expect(JSON.parse(lines[0])).toMatchObject({ decision: 'x' });
  }));
});

test('values that are no text become one', () => {
  logTo(write)('x', { message: { secret: 'k' }, status: null } as unknown as LogFields);
  expect(JSON.parse(lines[0])).toEqual({ decision: 'x', message: '[object Object]', status: 'null' });
});

describe('the message of a service', () => {
  const KEY = 'MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBALw9+/'.repeat(8);

  test('is shown without a key that it quotes', () => {
    const message = `1 validation error detected: Value '${KEY}' at 'signingAttributes.domainSigningPrivateKey' failed to satisfy constraint: Member must `
      + `have length less than or equal to 20480 (${KEY}==)`;
    expect(withoutKeys(message)).toBe("1 validation error detected: Value '[removed]' at 'signingAttributes.domainSigningPrivateKey' failed to satisfy "
      + 'constraint: Member must have length less than or equal to 20480 ([removed])');
  });

  test('is shown without a key in lines or in base64url', () => {
    expect(withoutKeys(KEY.replace(/.{64}/g, '$&\n'))).not.toMatch(/[A-Za-z0-9+/]{64}/);
    expect(withoutKeys(`x ${KEY.replaceAll('+', '-').replaceAll('/', '_')}`)).toBe('x [removed]');
  });

  test('is shown as it is otherwise', () => {
    const message = 'User: arn:aws:sts::111111111111:assumed-role/Handler/session is not authorized to perform: ses:GetEmailIdentity on resource: '
      + 'arn:aws:ses:us-east-1:111111111111:identity/mail.example.com (RequestId: fa5f7a41-3b5f-4a8d-9f0e-0a1b2c3d4e5f)';
    expect(withoutKeys(message)).toBe(message);
  });
});
