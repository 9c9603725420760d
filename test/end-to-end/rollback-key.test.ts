// A roll-back that could not do all it wanted says that it is done only where SES has the old key.
import { Duration, Stack } from 'aws-cdk-lib';
import { signsByHand, thenFails } from './hand-made';
import { WAIT } from './methods';
import { ACCOUNT, DOMAIN, PEM, publicKeyOf, REGION, Scene } from './scene';
import { quote } from '../../lambda/base/dns-text';
import { EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';
import { LocalCloudOptions, ServiceError } from '../cloud';

const ELSEWHERE: Partial<EmailIdentityDkimProps> = { hostedZone: undefined };
const PUT = 'PutEmailIdentityDkimSigningAttributes';

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

async function restart(settings: LocalCloudOptions['ses']): Promise<void> {
  await scene.stop();
  scene = await Scene.withIdentity({ ses: settings });
}

/** A deployment that fails when the construct is done; gives what the stack ended in. */
async function statusAfter(build: (stack: Stack) => EmailIdentityDkim): Promise<string> {
  return (await scene.deploy('Mail', thenFails(build))).status;
}

describe('5 a roll-back does not claim a key that SES does not have', () => {
  // So mail is signed by a key that nobody may change under its selector.
  test('without a zone, when the update has published another key in one', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, ELSEWHERE));
    expect(await statusAfter(scene.byo('s1', scene.secrets.two, WAIT))).toBe('UPDATE_ROLLBACK_FAILED');
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test('without a zone, when somebody has published the other key elsewhere', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, ELSEWHERE));
    scene.publishKey('s1', PEM.two);
    expect(await statusAfter(scene.byo('s1', scene.secrets.two, { ...ELSEWHERE, ...WAIT }))).toBe('UPDATE_ROLLBACK_FAILED');
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test.each<[string, Partial<EmailIdentityDkimProps>]>([
    ['with a zone', {}], ['without a zone', ELSEWHERE],
  ])('%s, when SES does not take the old key back', async (_, zone) => {
    await restart({ firstLook: 3_600_000 });
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, zone));
    scene.cloud.faults.add({ service: 'ses', operation: PUT, skip: 1, kind: Scene.refusal() });
    expect(await statusAfter(scene.byo('s1', scene.secrets.two, zone))).toBe('UPDATE_ROLLBACK_FAILED');
  });

  test('when SES names no selector, and does not take the old one back', async () => {
    await restart({ byoDkimTokens: 'none' });
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    scene.cloud.faults.add({ service: 'ses', operation: PUT, skip: 1, kind: Scene.refusal() });
    expect(await statusAfter(scene.byo('s2', scene.secrets.two, WAIT))).toBe('UPDATE_ROLLBACK_FAILED');
  });
});

describe('a roll-back that has nothing to do is done', () => {
  test.each<[string, Partial<EmailIdentityDkimProps>]>([
    ['with a zone', {}], ['without a zone', ELSEWHERE],
  ])('%s, when public DNS cannot be asked', async (_, zone) => {
    if ('hostedZone' in zone) scene.publishKey('s1', PEM.one);
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, { ...zone, ...WAIT }));
    scene.cloud.faults.add({ service: 'dns', operation: 'TXT', kind: 'error', times: 1000 });
    const { status } = await scene.deploy('Mail', scene.byo('s2', scene.secrets.two, { ...zone, ...WAIT }));
    scene.cloud.faults.clear();
    expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test('without a zone, when it waits in vain for a record that somebody has removed', async () => {
    scene.publishKey('s1', PEM.one);
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, { ...ELSEWHERE, ...WAIT }));
    scene.erase(`s1._domainkey.${DOMAIN}`);
    signsByHand(scene, 's1', PEM.one); // the same, and SES has to look anew
    const waitForVerification = Duration.minutes(20);
    const { status, reason } = await scene.deploy(
      'Mail', scene.byo('s1', scene.secrets.one, { ...ELSEWHERE, waitForVerification }));
    expect({ status, reason }).toEqual({
      status: 'UPDATE_ROLLBACK_COMPLETE', reason: expect.stringContaining('SES has not verified DKIM'),
    });
  });
});

test('the old key is told again where nobody signs with the new one', async () => {
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, ELSEWHERE));
  expect(await statusAfter(scene.byo('s1', scene.secrets.two, ELSEWHERE))).toBe('UPDATE_ROLLBACK_COMPLETE');
  scene.publishKey('s1', PEM.one);
  await scene.verified();
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

// The secret holds another key by now, and the one before is the published one. Silence does not show which it is.
test('5 while no public name server answers, a roll-back tells SES neither of two keys', async () => {
  const secret = scene.secret(PEM.one, 'replaced');
  scene.publishKey('s1', PEM.one);
  await scene.deployed('Mail', scene.byo('s1', secret, { ...ELSEWHERE, ...WAIT }));
  scene.cloud.secretsManager.put(secret, PEM.two);
  scene.publishKey('s2', PEM.two);
  const { settings } = scene.cloud.ses;
  const { firstLook } = settings;
  Object.assign(settings, { firstLook: 3_600_000 }); // so nothing is verified, and nothing is asked of DNS for that
  const impatient = { ...ELSEWHERE, waitForVerification: Duration.minutes(10) };
  const deployment = scene.deploy('Mail', scene.byo('s2', secret, impatient));
  await scene.cloud.clock.until('SES to be told', () => scene.identity()!.tokens.join() === 's2');
  Object.assign(settings, { firstLook });
  scene.cloud.faults.add({ service: 'dns', operation: 'TXT', kind: 'error', times: 100_000 });
  expect((await deployment).status).toBe('UPDATE_ROLLBACK_FAILED');
  scene.cloud.faults.clear();
  expect((await scene.continueRollback('Mail', [])).status).toBe('UPDATE_ROLLBACK_COMPLETE');
  await scene.verified();
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

// SES has looked since, and has found another key than its own. So what DNS has is not what SES has.
describe.each([['with a zone', {}], ['without one', ELSEWHERE]])('a key that is changed by hand in DNS and in the secret, %s', (_, props) => {
  test('1 is told by the next deployment, when SES has noticed', async () => {
    const secret = scene.secret(PEM.one, 'by-hand');
    if (props.hostedZone === undefined && 'hostedZone' in props) scene.publishKey('s1', PEM.one);
    await scene.deployed('Mail', scene.byo('s1', secret, props));
    await scene.verified();
    scene.erase(`s1._domainkey.${DOMAIN}`);
    scene.publishKey('s1', PEM.two);
    scene.cloud.secretsManager.put(secret, PEM.two);
    await scene.cloud.clock.until('SES to notice', () => scene.identity()!.status === 'TEMPORARY_FAILURE');
    await scene.deployed('Mail', scene.byo('s1', secret, { ...props, waitForVerification: Duration.minutes(30) }));
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });
});

test('6 another key under a selector of which somebody has switched signing off: mail on its way still verifies', async () => {
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  const early = await scene.sent();
  scene.cloud.ses.setSigningEnabled({ account: ACCOUNT, region: REGION, name: DOMAIN }, false);
  const { status, reason } = await scene.deploy('Mail', scene.byo('s1', scene.secrets.two));
  expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(reason).toContain('Give the new key a new selector');
  expect(await scene.verdictOn(early)).toMatchObject({ result: 'pass' });
});

describe('5 nobody can read the secret any more', () => {
  const READ = 'GetSecretValue';
  const unreadable: [string, ServiceError][] = [
    ['it was deleted', new ServiceError('ResourceNotFoundException', 400, "Secrets Manager can't find the specified secret.")],
    ['it is to be deleted', new ServiceError('InvalidRequestException', 400, 'It was marked for deletion.')],
    ['its KMS key is disabled', new ServiceError('AccessDeniedException', 400, 'Access to KMS is not allowed')],
  ];
  const unreadableFrom = (kind: ServiceError) =>
    scene.cloud.faults.add({ service: 'secretsmanager', operation: READ, kind, times: 1e6 });

  test.each(unreadable)('%s: an update of something else is rolled back', async (_, kind) => {
    const before = await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    unreadableFrom(kind);
    const after = await scene.deploy('Mail',
      scene.byo('s1', scene.secrets.one, { ...WAIT, recordTtl: Duration.minutes(7) }));
    expect(after.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    const [attributes, attributesBefore] = [after, before].map(({ resources }) =>
      Object.values(resources).find(({ type }) => type === 'Custom::EmailIdentityDkim')!.attributes);
    expect(attributes).toEqual(attributesBefore);
  });

  test('an update to another selector is rolled back before SES is told of that', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    unreadableFrom(unreadable[0][1]);
    expect((await scene.deploy('Mail', scene.byo('s2', scene.secrets.two, WAIT))).status).toBe('UPDATE_ROLLBACK_COMPLETE');
  });

  test('so is one where somebody has switched signing off', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    scene.cloud.ses.setSigningEnabled({ account: ACCOUNT, region: REGION, name: DOMAIN }, false);
    unreadableFrom(unreadable[0][1]);
    expect((await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, { ...WAIT, recordTtl: Duration.minutes(7) }))).status)
      .toBe('UPDATE_ROLLBACK_COMPLETE');
  });

  test('nothing is claimed where SES has not verified its key', async () => {
    await restart({ firstLook: 3_600_000 });
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one));
    unreadableFrom(unreadable[0][1]);
    expect((await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, { recordTtl: Duration.minutes(7) }))).status)
      .toBe('UPDATE_ROLLBACK_FAILED');
  });

  test('nothing is claimed where another key is published beside it', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, ELSEWHERE));
    scene.publishKey('s1', PEM.one);
    await scene.verified();
    scene.erase(`s1._domainkey.${DOMAIN}`);
    scene.cloud.route53.change(scene.zoneId, [{
      Action: 'CREATE',
      ResourceRecordSet: {
        Name: `s1._domainkey.${DOMAIN}`,
        Type: 'TXT',
        TTL: 300,
        ResourceRecords: [PEM.one, PEM.two].map((pem) => ({ Value: quote(`p=${publicKeyOf(pem)}`) })),
      },
    }]);
    unreadableFrom(unreadable[0][1]);
    expect((await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, { ...ELSEWHERE, ...WAIT }))).status)
      .toBe('UPDATE_ROLLBACK_FAILED');
  });

  test('nothing is claimed where somebody has replaced the record since SES looked', async () => {
    await restart({ recheckEvery: 24 * 3_600_000 });
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    scene.erase(`s1._domainkey.${DOMAIN}`);
    scene.publishKey('s1', PEM.two);
    unreadableFrom(unreadable[0][1]);
    expect((await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, { ...WAIT, recordTtl: Duration.minutes(7) }))).status)
      .toBe('UPDATE_ROLLBACK_FAILED');
  });
});

// It says of each name that has no record that its key was revoked, as mail providers advise for domains without mail.
describe('5 a roll-back where a wildcard says that each other key was revoked', () => {
  beforeEach(async () => {
    await restart({ firstLook: 3_600_000 });
    scene.write(`*._domainkey.${DOMAIN}`, 'TXT', '"v=DKIM1; p="');
  });

  test('does not claim a key that SES does not have', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, ELSEWHERE));
    scene.cloud.faults.add({ service: 'ses', operation: PUT, skip: 1, kind: Scene.refusal() });
    expect(await statusAfter(scene.byo('s1', scene.secrets.two, ELSEWHERE))).toBe('UPDATE_ROLLBACK_FAILED');
  });

  test.each([
    ['byoDkim', (props = {}) => scene.byo('s1', scene.secrets.one, props)],
    ['Easy DKIM', (props = {}) => scene.easy(props)],
  ])('does not claim records that are gone: %s', async (_, build) => {
    await scene.deployed('Mail', build());
    for (const token of scene.identity(REGION)!.tokens) scene.erase(`${token}._domainkey.${DOMAIN}`);
    scene.cloud.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', kind: Scene.refusal(), times: 1000 });
    expect(await statusAfter(build({ recordTtl: Duration.minutes(7) }))).toBe('UPDATE_ROLLBACK_FAILED');
  });
});
