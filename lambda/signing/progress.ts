// What a request has done so far. An invocation that has no time left hands it to the next one.

export interface Progress {
  /** SES was told how to sign, or may have been. Noted before the call: it may arrive even when the answer does not. */
  signingPut: boolean;
  /** The selector, and the SHA-256 of the public key, that SES has accepted. */
  acceptedKey?: string;
  /** Records were written where this owner had none. */
  recordsBegun?: boolean;
  /** Since when verification is awaited, in ms since 1970. */
  waitingSince?: number;
}
