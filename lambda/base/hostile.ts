// What comes from elsewhere, looked at before it is believed. Pure.

/** Undefined when it cannot be read. A parser's own error can quote the text, so it ends here. */
export function ifReadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
