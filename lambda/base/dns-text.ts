// How names and texts are written in DNS: quoted strings, escapes, dots. Pure.

/** A character-string of a TXT record holds at most 255 bytes (RFC 1035 3.3). Longer text is several of them. */
const MAX_STRING = 255;

/** Text as quoted strings. Quotes in the text are escaped: for a verifier they are a part of it. */
export function quote(text: string): string {
  const strings = text.match(new RegExp(`[^]{1,${MAX_STRING}}`, 'g')) ?? [''];
  return strings.map((string) => `"${string.replace(/["\\]/g, '\\$&')}"`).join(' ');
}

/**
 * The text of a TXT value in Route 53's form: quoted strings joined, escapes resolved (`\"`, `\\`, octal `\ooo`).
 * How somebody split the text into strings means nothing (RFC 6376 3.6.2.2), so values are compared by this.
 */
export function unquote(data: string): string {
  const strings = data.match(/"(?:[^"\\]|\\[\s\S])*"|[^\s"]+/g) ?? [];
  return decodeUtf8(strings.map((string) =>
    unescapeText(string.startsWith('"') ? string.slice(1, -1) : string)).join(''));
}

/**
 * A name as this library compares it: lower case, no trailing dot, Route 53's octal escapes resolved. DNS takes the
 * letters of ASCII alone for the same in both cases (RFC 4343).
 */
export function canonicalName(name: string): string {
  return decodeUtf8(unescapeText(name)).replace(/\.$/, '').replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Bytes beyond ASCII stand as lone surrogates until all bytes of a letter are together: strings can part them. */
const BYTE = 0xdc00;

function unescapeText(text: string): string {
  return text.replace(/\\([0-3][0-7]{2})|\\([\s\S])/g, (_, octal, char) => {
    if (!octal) return char;
    const byte = parseInt(octal, 8);
    return String.fromCharCode(byte < 0x80 ? byte : BYTE + byte);
  });
}

/** Bytes that are no UTF-8 are shown as Route 53 shows them. */
function decodeUtf8(text: string): string {
  if (!/[\udc80-\udcff]/.test(text)) return text; // nearly always, and the other pattern is slow
  return text.replace(/[\udc80-\udcff]+/gu, (run) => {
    const bytes = Buffer.from(Array.from(run, (char) => char.charCodeAt(0) - BYTE));
    const decoded = bytes.toString();
    return Buffer.from(decoded).equals(bytes) ? decoded : Array.from(bytes, (byte) => `\\${byte.toString(8)}`).join('');
  });
}

export function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** A zone, and each name on the way from it down to a name in it. */
export function namesDownTo(name: string, zone: string): string[] {
  const labels = name.split('.');
  return labels.map((_, index) => labels.slice(index).join('.')).filter((each) => isWithin(each, zone)).reverse();
}
