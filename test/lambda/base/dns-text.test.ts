// Tests of texts and names in DNS: whatever is written is read again, and how somebody else wrote it means nothing.
import fc from 'fast-check';
import { canonicalName, quote, unquote } from '../../../lambda/base/dns-text';

/** Printable and not, with the letters that mean something in a zone file often among them. */
const text = fc.string({
  unit: fc.oneof(fc.constantFrom('"', '\\', ' ', '\n', ';', '0', '1'), fc.string({
    unit: 'binary', minLength: 1, maxLength: 1,
  })),
  maxLength: 700,
});

describe('quoting', () => {
  test('any text is read as it was written', () => {
    fc.assert(fc.property(text, (original) => {
      expect(unquote(quote(original))).toBe(original);
    }));
  });

  test('no string of a TXT value is longer than 255', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 2000 }), (original) => {
      const strings = quote(original).match(/"(?:[^"\\]|\\[^])*"/g)!;
      expect(Math.max(...strings.map((string) => unquote(string).length))).toBeLessThanOrEqual(255);
    }));
  });

  test('how somebody split a text into strings means nothing', () => {
    fc.assert(fc.property(fc.array(fc.string({
      unit: 'grapheme-ascii', maxLength: 100,
    })), fc.constantFrom(' ', '  ', '', '\t'), (parts, space) => {
      const split = parts.map((part) => `"${part.replace(/["\\]/g, '\\$&')}"`).join(space);
      expect(unquote(split)).toBe(parts.join(''));
    }));
  });

  test.each([
    ['nothing', '""', ''],
    ['an escaped quote', '"a\\"b"', 'a"b'],
    ['an escaped backslash', '"a\\\\b"', 'a\\b'],
    ['an escaped backslash before digits', '"\\\\101"', '\\101'],
    ['octal codes', '"\\101\\073\\040b"', 'A; b'],
    ['letters of two, three and four bytes', '"\\303\\274 \\342\\202\\254 \\360\\237\\224\\221"', 'ü € 🔑'],
    ['a letter that is parted between two strings', '"\\303" "\\274"', 'ü'],
    ['bytes that are no UTF-8', '"a\\374b\\303"', 'a\\374b\\303'],
    ['an octal code that is parted between two strings', '"\\10" "1"', '101'],
    ['digits that are not octal', '"\\189"', '189'],
    ['too few digits for a code', '"\\12"', '12'],
    ['text without quotes', 'v=DKIM1;p=abc', 'v=DKIM1;p=abc'],
    ['strings with and without quotes', 'a "b c" d', 'ab cd'],
    ['no text at all', '', ''],
  ])('%s is read', (_, data, expected) => {
    expect(unquote(data)).toBe(expected);
  });
});

test.each([
  ['Example.COM.', 'example.com'],
  ['example.com', 'example.com'],
  ['\\052.example.com.', '*.example.com'],
  ['a\\100b.example.com', 'a@b.example.com'],
  ['B\\303\\234CHER.example.com', 'bÜcher.example.com'],
  ['\\342\\204\\252ey.example.com', '\u212aey.example.com'],
])('the name %s is compared as %s', (name, expected) => {
  expect(canonicalName(name)).toBe(expected);
});
