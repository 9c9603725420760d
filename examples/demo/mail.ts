// Sends mail through SES, and prints the verdict of an independent verifier that looks in DNS.
import { REGION } from './app';
import { expectThat } from './expectation';
import { printTable, shortened } from './print';
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
export async function showVerdicts(cloud: LocalCloud, messages: readonly Message[], bits = 2048): Promise<void> {
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
    expectThat(`${message} is signed with a key of ${bits} bits`, keyLength === bits, `${keyLength} bits`);
  }
}

/** Prints the verdict on a message whose key was revoked. Expects that nobody trusts it. */
export function showDistrust(cloud: LocalCloud, message: Message): Promise<void> {
  return showNoPass(cloud, [message], ({ domain, description }) => `the message from ${domain} ${description} is not trusted`);
}

/** Prints the verdicts on messages that were lost. Expects that none passes. */
export function showLoss(cloud: LocalCloud, messages: readonly Message[]): Promise<void> {
  return showNoPass(cloud, messages, ({ description }) => `the message ${description} is lost`);
}

async function showNoPass(
  cloud: LocalCloud, messages: readonly Message[], expected: (message: Message) => string,
): Promise<void> {
  const verdicts = await printVerdicts(cloud, messages);
  for (const [index, { result }] of verdicts.entries()) {
    expectThat(expected(messages[index]), result !== 'pass', `dkim=${result}`);
  }
}

async function printVerdicts(cloud: LocalCloud, messages: readonly Message[]): Promise<MailVerdict[]> {
  const verdicts: MailVerdict[] = [];
  for (const { raw } of messages) verdicts.push(await mailVerdict(raw, cloud.dns.client()));
  printTable(['FROM', 'MESSAGE', 'VERDICT', 'SELECTOR'], verdicts.map((verdict, index) => [
    messages[index].domain,
    messages[index].description,
    shortened(`dkim=${verdict.result}${verdict.comment ? ` (${verdict.comment})` : ''}`, 21),
    shortened(verdict.selector ?? '', 20),
  ]));
  return verdicts;
}
