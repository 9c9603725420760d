// Tests of TXT values: quoted strings, escapes and their limits.
import { parseCharacterStrings, quoteText } from './character-strings';

const texts = (value: string) => parseCharacterStrings(value).map(String);

test('each quoted string is one character string', () => {
  expect(texts('"a" "b"')).toEqual(['a', 'b']);
  expect(texts('"a""b"')).toEqual(['a', 'b']);
  expect(texts('""')).toEqual(['']);
});

test('quotes, backslashes and octal escapes are undone', () => {
  expect(texts(String.raw`"say \"hi\" \\ \101"`)).toEqual([String.raw`say "hi" \ A`]);
});

test.each(['plain', '"open', '"a" b', '', 'a "b"', '"a"b"'])('%s is refused as not quoted', (value) => {
  expect(() => parseCharacterStrings(value)).toThrow(expect.objectContaining({ problem: 'InvalidCharacterString' }));
});

test('a string may have 255 bytes and not one more', () => {
  expect(texts(`"${'x'.repeat(255)}"`)[0]).toHaveLength(255);
  const tooLong = expect.objectContaining({ problem: 'CharacterStringTooLong' });
  expect(() => parseCharacterStrings(`"${'x'.repeat(256)}"`)).toThrow(tooLong);
});

test.each([
  '', 'short', 'with "quotes" and \\', 'x'.repeat(600), 'grüß dich',
])('plain text %# is quoted so that parsing gives it back', (text) => {
  expect(Buffer.concat(parseCharacterStrings(quoteText(text))).toString()).toBe(text);
});
