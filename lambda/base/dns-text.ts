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
  return strings.map((string) => unescapeText(string.startsWith('"') ? string.slice(1, -1) : string)).join('');
}

function unescapeText(text: string): string {
  return text.replace(/\\([0-7]{3})|\\([\s\S])/g, (_, octal, char) =>
    octal ? String.fromCharCode(parseInt(octal, 8)) : char);
}

export function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** A zone, and each name on the way from it down to a name in it. */
export function namesDownTo(name: string, zone: string): string[] {
  const labels = name.split('.');
  return labels.map((_, index) => labels.slice(index).join('.')).filter((each) => isWithin(each, zone)).reverse();
}

/** A name as this library compares it: lower case, no trailing dot, Route 53's octal escapes resolved. */
export function canonicalName(name: string): string {
  return unescapeText(name).replace(/\.$/, '').toLowerCase();
}
