// An independent judge of signed mail: mailauth reads the message and looks its key up in the given DNS.
import { createPublicKey } from 'node:crypto';
import { promises } from 'node:dns';
import { DKIMResult } from 'mailauth';
import { dkimVerify } from 'mailauth/lib/dkim/verify';

export interface MailVerdict {
  /** RFC 8601 result of DKIM: `pass`, `fail`, `neutral` (such as no key found), `none` (not signed), … */
  readonly result: string;
  readonly comment?: string;
  readonly selector?: string;
  /** `d=` of the signature. */
  readonly signingDomain?: string;
  /** Whether the signing domain is that of the From header, as DMARC wants it. */
  readonly aligned: boolean;
  /** Bits of the public key found in DNS. */
  readonly keyLength?: number;
}

/** The verdict on the best signature of the message. */
export async function mailVerdict(message: Buffer | string, resolver: promises.Resolver): Promise<MailVerdict> {
  const { results } = await dkimVerify(message, {
    resolver: async (name, type) => await resolver.resolve(name, type) as string[][],
  });
  const best: DKIMResult & { publicKey?: string } = results.find(({ status }) => status.result === 'pass')
    ?? results[0];
  return {
    result: best.status.result,
    comment: best.status.comment || undefined,
    selector: best.selector,
    signingDomain: best.signingDomain,
    aligned: Boolean(best.status.aligned),
    keyLength: best.publicKey ? createPublicKey(best.publicKey).asymmetricKeyDetails?.modulusLength : undefined,
  };
}
