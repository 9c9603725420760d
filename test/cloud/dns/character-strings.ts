// TXT values as zone files and Route 53 write them: quoted character strings with escapes.

/** Why a TXT value is refused; the names are the ones that Route 53 uses. */
export class CharacterStringError extends Error {
  constructor(readonly problem: 'InvalidCharacterString' | 'CharacterStringTooLong', message: string) {
    super(message);
  }
}

const MAX_CHARACTER_STRING = 255;

/** The bytes of each quoted string of a value such as `"v=DKIM1; k=rsa; p=MII…" "…QAB"`. */
export function parseCharacterStrings(value: string): Buffer[] {
  // Strings need no space between them, but nothing else may stand there.
  if (!/^\s*"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*\s*$/s.test(value)) {
    throw new CharacterStringError('InvalidCharacterString', 'Value should be enclosed in quotation marks');
  }
  const strings = [...value.matchAll(/"((?:[^"\\]|\\.)*)"/gs)].map(([, text]) => Buffer.from(unescape(text), 'latin1'));
  if (strings.some((each) => each.length > MAX_CHARACTER_STRING)) {
    throw new CharacterStringError('CharacterStringTooLong', 'Value is too long');
  }
  return strings;
}

/** Plain text as the value of a TXT record, split where DNS needs it. */
export function quoteText(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  const strings = bytes.match(new RegExp(`.{1,${MAX_CHARACTER_STRING}}`, 'gs')) ?? [''];
  return strings.map((each) => `"${each.replace(/["\\]/g, '\\$&')}"`).join(' ');
}

/** Octal, which is what Route 53 takes where zone files would have decimal. */
function unescape(text: string): string {
  return text.replace(/\\([0-3][0-7]{2}|.)/gs, (_, escaped: string) =>
    escaped.length === 3 ? String.fromCharCode(parseInt(escaped, 8)) : escaped);
}
