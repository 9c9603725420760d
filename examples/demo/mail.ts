// Sends mail through SES, and prints the verdict of an independent verifier that looks in DNS.
import { REGION } from './app';
import { expectThat } from './expectation';
import { printTable } from './print';
import type { LocalCloud } from '../../test/cloud';
import { MailVerdict, mailVerdict } from '../../test/cloud/mail-verdict';
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
  const verdicts = await printVerdicts(cloud, messages);
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

/** Prints the verdict on a message whose key was revoked. Expects that nobody trusts it. */
export async function showDistrust(cloud: LocalCloud, message: Message): Promise<void> {
  const [{ result }] = await printVerdicts(cloud, [message]);
  expectThat(`the message from ${message.domain} ${message.description} is not trusted`, result !== 'pass', `dkim=${result}`);
}

async function printVerdicts(cloud: LocalCloud, messages: readonly Message[]): Promise<MailVerdict[]> {
  const verdicts: MailVerdict[] = [];
  for (const { raw } of messages) verdicts.push(await mailVerdict(raw, cloud.dns.client()));
  printTable(['FROM', 'MESSAGE', 'VERDICT', 'DOMAIN', 'SELECTOR', 'KEY'], verdicts.map((verdict, index) => [
    `news@${messages[index].domain}`,
    messages[index].description,
    `dkim=${verdict.result}${verdict.comment ? ` (${verdict.comment})` : ''}`,
    `d=${verdict.signingDomain ?? ''}`,
    `s=${verdict.selector ?? ''}`,
    verdict.keyLength ? `${verdict.keyLength} bits` : '',
  ]));
  return verdicts;
}
