// Sends a message through the local SES, with the real SDK client.
import { SendEmailCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { LocalCloud } from '../cloud';

/** Gives the message back as it was delivered. */
export async function sendMail(
  cloud: Pick<LocalCloud, 'ses' | 'issueCredentials'>, region: string, domain: string,
): Promise<Buffer> {
  const client = new SESv2Client({ region, endpoint: cloud.ses.endpoint, credentials: cloud.issueCredentials() });
  await client.send(new SendEmailCommand({
    FromEmailAddress: `news@${domain}`,
    Destination: { ToAddresses: ['reader@example.net'] },
    Content: { Simple: { Subject: { Data: 'News' }, Body: { Text: { Data: 'It is signed, is it not?' } } } },
  }));
  client.destroy();
  return cloud.ses.outbox.at(-1)!.raw;
}
