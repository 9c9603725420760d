// Sends mail through SES, and prints the verdict of an independent verifier that looks in DNS.
import { REGION } from './app';
import { expectThat } from './expectation';
import { printTable } from './print';
import type { LocalCloud } from '../../test/cloud';
import { mailVerdict } from '../../test/cloud/mail-verdict';
import { sendMail } from '../../test/end-to-end/send-mail';

/** A delivered message. */
export interface Message {
  readonly description: string;
  readonly domain: string;
  readonly raw: Buffer;
  /** The selectors of which one must have signed the message. */
  readonly selectors: readonly string[];
}

export async function send(cloud: LocalCloud, domain: string, selectors: readonly string[]): Promise<Message> {
  return { description: 'sent now', domain, raw: await sendMail(cloud, REGION, domain), selectors };
}

/**
 * Prints the verdicts. Expects each to be a pass for the domain of the sender, with the expected selector.
 */
export async function showVerdicts(cloud: LocalCloud, messages: readonly Message[]): Promise<void> {
  const verdicts = [];
  for (const { raw } of messages) verdicts.push(await mailVerdict(raw, cloud.dns.client()));
  printTable(['FROM', 'MESSAGE', 'VERDICT', 'DOMAIN', 'SELECTOR', 'KEY'], verdicts.map((verdict, index) => [
    `news@${messages[index].domain}`,
    messages[index].description,
    `dkim=${verdict.result}${verdict.comment ? ` (${verdict.comment})` : ''}`,
    `d=${verdict.signingDomain ?? ''}`,
    `s=${verdict.selector ?? ''}`,
    verdict.keyLength ? `${verdict.keyLength} bits` : '',
  ]));
  for (const [index, { result, comment, signingDomain, aligned, selector = '', keyLength }] of verdicts.entries()) {
    const { domain, description, selectors } = messages[index];
    const message = `the message from ${domain} ${description}`;
    expectThat(`${message} has dkim=pass`, result === 'pass', `dkim=${result}${comment ? ` (${comment})` : ''}`);
    expectThat(`${message} is signed for ${domain}`, signingDomain === domain && aligned, `d=${signingDomain}`);
    expectThat(
      `${message} is signed with the selector ${selectors.join(' or ')}`,
      selectors.includes(selector),
      `s=${selector}`,
    );
    expectThat(`${message} is signed with a key of 2048 bits`, keyLength === 2048, `${keyLength} bits`);
  }
}
