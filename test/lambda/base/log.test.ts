// Tests of the log: one line per decision, of allow-listed fields only.
import fc from 'fast-check';
import { LogFields, logTo } from '../../../lambda/base/log';
import { Redactor } from '../../../lambda/base/redaction';

let lines: string[];
beforeEach(() => {
  lines = [];
});
const write = (line: string) => void lines.push(line);

test('a decision is one line of JSON with the common fields first', () => {
  // WHEN
  logTo(write, new Redactor(), { requestType: 'Create', requestId: 'r-1' })('records-changed', {
    records: ['CREATE TXT a.example.com'], attempt: 2, seconds: 1.5,
  });
  // THEN
  expect(lines).toEqual([
    '{"decision":"records-changed","requestType":"Create","requestId":"r-1","records":["CREATE TXT '
      + 'a.example.com"],"attempt":2,"seconds":1.5}\n',
  ]);
});

test('fields that are not on the list, and those without a value, are not written', () => {
  const fields = {
    status: 'SUCCESS',
    hostedZoneId: undefined,
    ResponseURL: 'https://signed.example',
    privateKey: 'MIIE',
    event: { a: 1 },
    toString: 'x',
    ['__proto__']: 'y',
  } as LogFields;
  logTo(write, new Redactor())('answered', fields);
  expect(lines).toEqual(['{"decision":"answered","status":"SUCCESS"}\n']);
});

test('a decision without fields is a line too', () => {
  logTo(write, new Redactor())('received');
  expect(lines).toEqual(['{"decision":"received"}\n']);
});

test('values are cut', () => {
  logTo(write, new Redactor())('x', {
    message: 'm.'.repeat(5000), records: Array.from({ length: 100 }, () => 'r.'.repeat(5000)),
  });
  const { message, records } = JSON.parse(lines[0]);
  expect(message).toHaveLength(1000);
  expect(records).toHaveLength(20);
  expect(records[0]).toHaveLength(1000);
});

test('nobody can forge a line', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string({ unit: 'binary' })), (message, records) => {
    lines = [];
    logTo(write, new Redactor())('x', { message: `${message}\n{"decision":"answered"}\r\u2028`, records });
    expect(lines).toHaveLength(1);
    expect(lines[0].slice(0, -1)).not.toMatch(/[\r\n]/);
    expect(lines[0].endsWith('}\n')).toBe(true);
    expect(JSON.parse(lines[0])).toMatchObject({ decision: 'x' });
  }));
});

test('values that are no text become one', () => {
  logTo(write, new Redactor())('x', { message: { secret: 'k' }, status: null } as unknown as LogFields);
  expect(JSON.parse(lines[0])).toEqual({ decision: 'x', message: '[object Object]', status: 'null' });
});
