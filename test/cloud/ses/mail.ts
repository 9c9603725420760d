// The mail SES sends: composed as an RFC 5322 message and DKIM-signed with the key SES was given.
import type { KeyObject } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import addressparser from 'nodemailer/lib/addressparser';
import DKIM from 'nodemailer/lib/dkim';
import MailComposer from 'nodemailer/lib/mail-composer';

interface SimpleMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly replyTo: readonly string[];
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
  readonly date: Date;
  readonly messageId: string;
}

export interface DkimSigner {
  readonly domain: string;
  readonly selector: string;
  readonly privateKey: KeyObject;
}

export function compose({ to, cc, replyTo, ...mail }: SimpleMail): Promise<Buffer> {
  const addresses = { to: [...to], cc: [...cc], replyTo: [...replyTo] };
  return new MailComposer({ ...mail, ...addresses, newline: 'windows' }).compile().build();
}

export function sign(message: Buffer, signer: DkimSigner): Promise<Buffer> {
  const privateKey = signer.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return buffer(new DKIM({ domainName: signer.domain, keySelector: signer.selector, privateKey }).sign(message));
}

/** The bare address of a From value such as `Jane <jane@example.com>`. */
export function addressOf(from: string): string | undefined {
  const [first] = addressparser(from, { flatten: true });
  return first?.address || undefined;
}

/** The From header of a raw message. */
export function fromHeader(message: Buffer): string | undefined {
  const [head] = message.toString('latin1').split(/\r?\n\r?\n/, 1);
  const unfolded = head.replace(/\r?\n[ \t]+/g, ' ');
  return /^from:\s*(.*)$/im.exec(unfolded)?.[1].trim();
}

/** A raw message as it goes over SMTP, where every line ends in CRLF. */
export function withCrlf(message: Buffer): Buffer {
  return Buffer.from(message.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
}
