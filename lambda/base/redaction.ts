// Keeps keys out of the texts that leave the function: the log, and the reason in the answer to CloudFormation.
//
// What holds: no text leaves with 12 characters in a row of a secret that was read, nor with a run of base64 that is
// longer than any name. Names, ids, ARNs, digests and public keys stay readable, as users need them.

/** This many characters of a secret in a row give it away. Words are shorter, or they are no base64. */
const PIECE = 12;

/** Shorter parts of a secret can be the names of its JSON fields, which users need to read. */
const SHORTEST_HIDDEN = 40;

/** A label of a domain name has at most 63 characters (RFC 1035 2.3.4), and so have selectors. */
const LONGEST_NAME = 63;

const REMOVED = '[removed]';

const PRIVATE_KEY_BLOCK = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g;

/** An ARN, or a run of what base64 and base64url are made of, with the tag of a DKIM record that holds a public key. */
const ARN_OR_RUN = /arn:[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]*:\d*:[^\s'"(),]+|(?:\bp=)?[A-Za-z0-9+/_=-]{12,}/g;

/** How the DER of an RSA public key begins: its algorithm, then a bit string (RFC 5280 4.1). */
const RSA_PUBLIC_KEY = /^30(?:81..|82....|..)300d06092a864886f70d010101050003/;

/** The DER of a private key begins with a version (RFC 5208 5, RFC 8017 A.1.2). It can be in any kind of record. */
const PRIVATE_KEY = /^30(?:81..|82....|..)020100/;

const SHA256 = /^[0-9a-f]{64}$/;

export class Redactor {
  /** All pieces of the secrets. Looking one up costs the same however much was read, and however often. */
  private readonly hidden = new Set<string>();
  private readonly shown: string[] = [];

  /** From now on no piece of this secret leaves. It is told by whoever gets to know the secret. */
  hide(secret: string): void {
    const text = secret.replace(/\s|\\[nr]/g, '');
    for (const run of text.match(/[A-Za-z0-9+/]+={0,2}/g) ?? []) {
      if (run.length >= SHORTEST_HIDDEN) for (const piece of piecesOf(run)) this.hidden.add(piece);
    }
  }

  /** Ids of the request, however long they are. */
  show(...ids: (string | undefined)[]): void {
    this.shown.push(...ids.flatMap((id) => id?.match(ARN_OR_RUN) ?? []));
  }

  redact(text: string): string {
    return text.replace(PRIVATE_KEY_BLOCK, REMOVED).replace(ARN_OR_RUN, (run) => this.mayLeave(run) ? run : REMOVED);
  }

  private mayLeave(run: string): boolean {
    const value = run.replace(/^p=/, '');
    if (startsAs(RSA_PUBLIC_KEY, value)) return true;
    if (startsAs(PRIVATE_KEY, value)) return false;
    const base64 = value.replaceAll('-', '+').replaceAll('_', '/'); // base64url is the same with two other letters
    if (this.hasHidden(value) || (base64 !== value && this.hasHidden(base64))) return false;
    return this.shown.includes(run) || value.length <= LONGEST_NAME || /^(arn:|p=)/.test(run) || SHA256.test(value);
  }

  private hasHidden(run: string): boolean {
    for (const piece of piecesOf(run)) if (this.hidden.has(piece)) return true;
    return false;
  }
}

function* piecesOf(run: string): Generator<string> {
  for (let at = 0; at + PIECE <= run.length; at++) yield run.slice(at, at + PIECE);
}

function startsAs(form: RegExp, run: string): boolean {
  return form.test(Buffer.from(run.slice(0, 64), 'base64').toString('hex'));
}
