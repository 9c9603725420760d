// When the local SES looks in DNS, and how the status moves with what it sees.
import { createPrivateKey } from 'node:crypto';
import { CreateEmailIdentityCommand } from '@aws-sdk/client-sesv2';
import { base64, DOMAIN, MINUTE, ref, SesStage } from './stage';
import { HOUR } from './verification';
import { pooledKey } from '../key-pool';

const key = createPrivateKey(pooledKey(2048, 0));
const KEY = base64(key);

let stage: SesStage;

beforeEach(async () => {
  stage = await SesStage.start();
});
afterEach(() => stage.stop());

test('after FAILED SES does not look by itself, and a repeated call re-arms it', async () => {
  // GIVEN
  await stage.restart({ lookEvery: HOUR });
  stage.ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
  expect(await stage.look(72 * HOUR)).toMatchObject({ status: 'FAILED', errorType: 'HOST_NOT_FOUND' });
  const failedAt = stage.state().lastChecked;
  // WHEN the record comes too late, while another identity shows that looks go on
  stage.publishKey('s1', key);
  stage.ses.createIdentity(ref('eu-west-1'));
  await stage.look(HOUR, 'eu-west-1');
  // THEN
  expect(stage.state()).toMatchObject({ status: 'FAILED', lastChecked: failedAt });
  await stage.putKey('s1', KEY);
  expect(stage.state().status).toBe('PENDING');
  expect((await stage.look()).status).toBe('SUCCESS');
});

test('the time until SES gives up can be set', async () => {
  await stage.restart({ giveUpAfter: 30_000 });
  stage.ses.createIdentity(ref());
  expect((await stage.look(30_000)).status).toBe('FAILED');
});

test('a call answers NOT_STARTED, or PENDING if so set, and the next read says PENDING', async () => {
  for (const firstStatus of ['NOT_STARTED', 'PENDING'] as const) {
    await stage.restart({ firstStatus });
    const created = await stage.client.send(new CreateEmailIdentityCommand({ EmailIdentity: DOMAIN }));
    expect(created.DkimAttributes!.Status).toBe(firstStatus);
    expect((await stage.put({ SigningAttributesOrigin: 'AWS_SES' })).DkimStatus).toBe(firstStatus);
    expect((await stage.get()).DkimAttributes!.Status).toBe('PENDING');
  }
});

test('signing stops while a record is away and goes on when it is back', async () => {
  // GIVEN
  stage.ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
  stage.publishKey('s1', key);
  await stage.look();
  // WHEN
  stage.zone.remove(`s1._domainkey.${DOMAIN}`, 'TXT');
  // THEN
  expect(await stage.look(HOUR)).toMatchObject({ status: 'TEMPORARY_FAILURE', errorType: 'HOST_NOT_FOUND' });
  expect((await stage.verdictOfMail()).result).toBe('none');
  stage.publishKey('s1', key);
  expect((await stage.look()).status).toBe('SUCCESS');
  expect((await stage.verdictOfMail()).result).toBe('pass');
});

test('a record that stays away for five days ends in FAILED', async () => {
  await stage.restart({ lookEvery: HOUR });
  stage.ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
  stage.publishKey('s1', key);
  await stage.look();
  stage.zone.remove(`s1._domainkey.${DOMAIN}`, 'TXT');
  await stage.look(HOUR);
  expect((await stage.look(5 * 24 * HOUR)).status).toBe('FAILED');
});

test('a look that was under way when a newer call came does not count', async () => {
  // GIVEN a look in DNS that has not been answered yet
  let answer!: (targets: string[]) => void;
  let over!: () => void;
  const ended = new Promise<void>((resolve) => (over = resolve));
  const slow = stage.dns.client();
  const asked = new Promise<void>((ask) => {
    slow.resolveCname = () => new Promise((resolve) => {
      answer = resolve;
      ask();
    });
  });
  slow.resolveSoa = async () => {
    over();
    throw new Error('the last question of a look');
  };
  await stage.restart({ resolver: slow });
  stage.ses.createIdentity(ref());
  const passing = stage.context.clock.pass(MINUTE);
  await asked;
  // WHEN
  await stage.putKey('s1', KEY);
  answer(['wrong.example']);
  await ended;
  // THEN
  expect(stage.state())
    .toMatchObject({ status: 'PENDING', origin: 'EXTERNAL', lastChecked: undefined, errorType: undefined });
  await passing;
});
