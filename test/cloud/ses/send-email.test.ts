// Mail that the local SES sends, judged by an independent verifier.
import { createPrivateKey } from 'node:crypto';
import { PutEmailIdentityDkimAttributesCommand, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { ACCOUNT, base64, DOMAIN, MINUTE, ref, SesStage } from './stage';
import { pooledKey } from '../key-pool';
import { mailVerdict } from '../mail-verdict';
import { refusal } from '../minimal-context';

const key = createPrivateKey(pooledKey(2048, 0));
const KEY = base64(key);

let stage: SesStage;

beforeEach(async () => {
  stage = await SesStage.start();
});
afterEach(() => stage.stop());

test('an identity that is not verified may not send', async () => {
  stage.ses.createIdentity(ref());
  expect(await refusal(stage.verdictOfMail())).toMatchObject({ name: 'MessageRejected' });
  expect(stage.ses.outbox).toEqual([]);
});

test('a subdomain without an identity of its own is signed for by its parent domain', async () => {
  await stage.verifiedEasyDkim();
  stage.ses.createIdentity(ref('us-east-1', `other.${DOMAIN}`));
  expect(await stage.verdictOfMail(`jane@news.mail.${DOMAIN}`))
    .toMatchObject({ result: 'pass', signingDomain: DOMAIN });
  expect(await stage.verdictOfMail(`jane@other.${DOMAIN}`)).toMatchObject({ result: 'pass', signingDomain: DOMAIN });
});

test('a subdomain with a verified identity of its own signs for itself', async () => {
  // GIVEN
  await stage.verifiedEasyDkim();
  const subdomain = `mail.${DOMAIN}`;
  stage.ses.createIdentity({ ...ref('us-east-1', subdomain), dkim: { selector: 's1', privateKey: KEY } });
  stage.publishKey('s1', key, subdomain);
  await stage.look(MINUTE, 'us-east-1', subdomain);
  // THEN
  expect(await stage.verdictOfMail(`jane@${subdomain}`))
    .toMatchObject({ result: 'pass', selector: 's1', signingDomain: subdomain });
});

test('a raw message is signed as it is, also with bare line feeds and a folded From header', async () => {
  // GIVEN
  await stage.verifiedEasyDkim();
  const raw = `Subject: raw\nFrom: "Jane, of\n Example" <jane@${DOMAIN}>\nTo: john@example.net\n\nHello\n`;
  // WHEN
  await stage.client.send(new SendEmailCommand({
    Destination: { ToAddresses: ['john@example.net'] }, Content: { Raw: { Data: Buffer.from(raw) } },
  }));
  // THEN
  const [sent] = stage.ses.outbox;
  expect(sent).toMatchObject({ account: ACCOUNT, region: 'us-east-1', to: ['john@example.net'] });
  expect(sent.raw.toString()).toContain('\r\n\r\nHello\r\n');
  expect(await mailVerdict(sent.raw, stage.dns.client())).toMatchObject({ result: 'pass', aligned: true });
});

test('signing that is switched off sends unsigned', async () => {
  await stage.verifiedEasyDkim();
  await stage.client.send(new PutEmailIdentityDkimAttributesCommand({ EmailIdentity: DOMAIN, SigningEnabled: false }));
  expect(stage.state().signingEnabled).toBe(false);
  expect((await stage.verdictOfMail()).result).toBe('none');
  await stage.client.send(new PutEmailIdentityDkimAttributesCommand({ EmailIdentity: DOMAIN, SigningEnabled: true }));
  expect((await stage.verdictOfMail()).result).toBe('pass');
});

test('an identity can be made with signing switched off', () => {
  expect(stage.ses.createIdentity({ ...ref(), signingEnabled: false }).signingEnabled).toBe(false);
  expect(stage.state().signingEnabled).toBe(false);
});

test('the verifier sees a message that was changed on its way', async () => {
  await stage.verifiedEasyDkim();
  await stage.verdictOfMail();
  const raw = stage.ses.outbox[0].raw.toString('latin1');
  expect((await mailVerdict(raw.replace('To: john', 'To: jack'), stage.dns.client())).result).toBe('fail');
});

test('the verifier looks in DNS: without the record there is no pass', async () => {
  await stage.verifiedEasyDkim();
  await stage.verdictOfMail();
  stage.zone.remove(`${stage.state().tokens[0]}._domainkey.${DOMAIN}`, 'CNAME');
  expect(await mailVerdict(stage.ses.outbox[0].raw, stage.dns.client()))
    .toMatchObject({ result: 'neutral', comment: 'no key' });
});
