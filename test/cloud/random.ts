// Random texts of the local cloud. All come from Math.random, which a simulation seeds to repeat a run.

const LETTERS_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

export function randomText(length: number, letters = LETTERS_AND_DIGITS): string {
  return Array.from({ length }, () => letters[Math.floor(Math.random() * letters.length)]).join('');
}

/** An identifier in the form of a UUID of version 4. */
export function randomId(): string {
  const hex = (length: number) => randomText(length, '0123456789abcdef');
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${randomText(1, '89ab')}${hex(3)}-${hex(12)}`;
}
