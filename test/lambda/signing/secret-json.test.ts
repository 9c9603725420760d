// Tests of what is said of JSON that holds no key where one is looked for. Names of fields are hostile, too.
import { describeJson, fieldOf } from '../../../lambda/signing/secret-json';

const LONG = 'x'.repeat(60);

test.each([
  ['one field', '{"key":"x"}', "it is neither PEM nor base64, but a JSON object with 'key'; name the field that has the key in jsonField"],
  ['many', JSON.stringify(Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`f${at}`, 1]))),
    "a JSON object with 'f0', 'f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7' and others; name"],
  ['a name that may be a value', JSON.stringify({ [LONG]: 1, key: 'x' }), "with 'key' and others; name"],
  ['only such names', JSON.stringify({ [LONG]: 1, '\u001b[31m': 2 }), 'with fields of other names; name'],
  ['none', '{}', 'with no fields; name'],
  ['a byte order mark', '\uFEFF{"key":"x"}', "a JSON object with 'key'"],
  ['a list', '["x"]', 'it is a JSON array; store'],
  ['a key of the web', '{"kty":"RSA","n":"AQAB"}', 'it is a JWK (JSON Web Key)'],
  ['keys of the web', '{"keys":[{"kty":"RSA"}]}', 'it is a JWK (JSON Web Key)'],
  ['an object in a text', JSON.stringify('{"key":"x"}'), 'it is JSON that was encoded twice'],
  ['raw line breaks', '{ "key": "a\r\nb" }', 'it is JSON with line breaks in its strings'],
  ['a comma too many', '{ "key": "a", }', 'it begins like JSON and is not valid'],
  ['single quotes', "{'key': 'a'}", 'it begins like JSON and is not valid'],
])('%s', (_, text, said) => {
  expect(describeJson(text)).toContain(said);
});

test.each(['', 'x', '"x"', 'null', '12', 'true'])('nothing is said of %j', (text) => {
  expect(describeJson(text)).toBeUndefined();
});

test('in a field, nobody is sent to name a field', () => {
  expect(describeJson('{"key":"x"}', 'outer')).toBe('it is a JSON object in a field; store the key itself in the field');
});

describe('a field that is not there', () => {
  test.each([
    ['in another case', { Key: 'x', user: 'y' }, 'key', "There is 'Key'"],
    ['with other signs', { private_key: 'x', user: 'y' }, 'privateKey', "There is 'private_key'"],
    ['with white space', { key: 'x', user: 'y' }, 'key ', "There is 'key'"],
    ['of another name', { a: 'x', b: 'y' }, 'key', "There is 'a', 'b'"],
  ])('%s', (_, fields, name, said) => {
    expect(() => fieldOf(JSON.stringify(fields), name)).toThrow(`it has no such field; name the field that has the key in jsonField. ${said}`);
  });
});

test('a field that is a key of the web is said to be one', () => {
  expect(() => fieldOf('{"key":{"kty":"RSA"}}', 'key')).toThrow(/^it is a JWK/);
});

test('a field after a byte order mark is read', () => {
  expect(fieldOf('\uFEFF{"key":"x"}', 'key')).toBe('x');
});
