// How an error shows a value that somebody gave: in quotes, in one line, not too long, and never as a key.

/** A domain has up to 253. The start of a longer value says which it is. */
const LONGEST = 256;

/** No name has so much of what base64 is made of in a row. */
const KEY = /BEGIN[A-Z0-9]*KEY|[A-Za-z0-9+/=]{120}/;

export function shown(value: unknown): string {
  const text = String(value);
  if (looksLikeKey(text)) return `(${text.length} characters that look like a key, and are not shown)`;
  // Terminals obey control characters, and some characters turn the direction of writing.
  const line = text.replace(/[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/gu, ' ');
  return line.length > LONGEST ? `'${line.slice(0, LONGEST)}…' (${line.length} characters)` : `'${line}'`;
}

/** White space, also as it is written in JSON, does not make a key another text. */
export function looksLikeKey(text: string): boolean {
  return KEY.test(text.replace(/\s|\\[rn]/g, ''));
}
