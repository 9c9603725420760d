// A slot is used again and again. What a resolver remembers of it, a key before or that there was none, must be
// forgotten before mail is signed with the key that is in it now.
import { Duration, Stack } from 'aws-cdk-lib';
import { DelegatedScene, KEYS_ZONE } from './delegated-scene';
import { bareKey } from './hand-made';
import { WAIT } from './methods';
import { DAY, HOUR, MINUTE } from './rotating-scene';
import { ACCOUNT, byoDkim, DOMAIN, PEM, publicKeyOf, REGION, Scene } from './scene';
import { mailVerdict } from '../cloud/mail-verdict';

const OVERLAP = { overlap: Duration.days(1) };

let delegated: DelegatedScene;
let scene: Scene;

afterEach(() => scene.stop());

async function started(): Promise<void> {
  delegated = await DelegatedScene.started();
  ({ scene } = delegated);
}

async function deployed(): Promise<void> {
  delegated = await DelegatedScene.deployed(OVERLAP);
  ({ scene } = delegated);
}

/** As a receiver sees it whose resolver remembers what it was told before. */
const received = async (message: Buffer) =>
  scene.cloud.clock.hold('a receiver', () => mailVerdict(message, scene.cloud.dns.cachingClient()));

/** Its resolver remembers then what the slot has. */
async function looked(slot: string): Promise<void> {
  const look = () => scene.cloud.dns.cachingClient().resolveTxt(`${slot}._domainkey.${DOMAIN}`).catch(() => undefined);
  await scene.cloud.clock.hold('a look', look);
}

function ownKeyIsPublished(): void {
  delegated.provider.set(`own._domainkey.${DOMAIN}`, 'TXT', [`v=DKIM1; k=rsa; p=${publicKeyOf(PEM.one)}`]);
}

describe('a deployment puts a key into a slot, and mail is signed meanwhile', () => {
  const own = (stack: Stack) => scene.dkim(() => byoDkim(stack, 'own', scene.secrets.one), { hostedZone: undefined })(stack);

  /** The user's own key signs, and a resolver remembers what a slot has. */
  async function leftTheSlots(): Promise<void> {
    await deployed();
    const early = await scene.sent();
    await delegated.clock.pass(2 * DAY);
    await delegated.rotated();
    ownKeyIsPublished();
    await scene.deployed('mail', own);
    await scene.verified();
    await delegated.clock.pass(3 * DAY);
    await received(early);
  }

  test('5 the slot had another key', async () => {
    await leftTheSlots();
    await delegated.deploy(OVERLAP);
    await scene.verified();
    expect(await received(await scene.sent())).toMatchObject({ result: 'pass' });
  });

  test('5 the slot had another key, and the function dies before it has waited', async () => {
    await leftTheSlots();
    scene.cloud.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', kind: 'kill-after' });
    await delegated.deploy(OVERLAP);
    await scene.verified();
    expect(await received(await scene.sent())).toMatchObject({ result: 'pass' });
  });

  test('5 somebody has looked at the slots before there was a key', async () => {
    await started();
    ownKeyIsPublished();
    await scene.deployed('mail', own);
    await scene.verified();
    await looked('dkim-1');
    await delegated.deploy(OVERLAP, WAIT);
    expect(await received(await scene.sent())).toMatchObject({ result: 'pass', selector: 'dkim-1' });
  });

  test.each([
    ['of the zone', KEYS_ZONE], ['below the domain', `${DOMAIN}.${KEYS_ZONE}`], ['of the slots', `_domainkey.${DOMAIN}.${KEYS_ZONE}`],
  ])('5 somebody has looked at the slots while a wildcard %s answered for them', async (_, parent) => {
    await started();
    scene.cloud.route53.change(delegated.keysZoneId, [{
      Action: 'CREATE',
      ResourceRecordSet: { Name: `*.${parent}`, Type: 'TXT', TTL: 86_400, ResourceRecords: [{ Value: '"v=spf1 -all"' }] },
    }]);
    ownKeyIsPublished();
    await scene.deployed('mail', own);
    await scene.verified();
    await looked('dkim-1');
    await expect(delegated.deploy(OVERLAP)).rejects.toThrow('resolvers may remember for 86400 seconds that a slot had no key');
    expect(await received(await scene.sent())).toMatchObject({ result: 'pass', selector: 'own' });
  });

  test.each([false, true])('5 the record was erased by hand, a while after the key was made (the function dies: %s)', async (dies) => {
    await deployed();
    await delegated.clock.pass(3 * DAY);
    ownKeyIsPublished();
    scene.cloud.ses.signIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN }, 'EXTERNAL', {
      DomainSigningSelector: 'own', DomainSigningPrivateKey: bareKey(PEM.one),
    });
    await scene.verified();
    scene.erase(`dkim-1._domainkey.${DOMAIN}.keys.example.net`, delegated.keysZoneId);
    await delegated.clock.pass(HOUR);
    await looked('dkim-1');
    if (dies) scene.cloud.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', kind: 'kill-after' });
    await delegated.deploy({ ...OVERLAP, interval: Duration.days(90) });
    await scene.verified();
    expect(await received(await scene.sent())).toMatchObject({ result: 'pass', selector: 'dkim-1' });
  });

  test('a domain that signs nothing waits for nothing', async () => {
    await started();
    const began = delegated.clock.now();
    await delegated.deploy(OVERLAP);
    expect(delegated.clock.now() - began).toBeLessThan(5 * MINUTE);
  });
});

describe('a rotation puts a key into a slot', () => {
  test.each([false, true])('1 half an hour after it was made (the function dies: %s)', async (dies) => {
    await deployed();
    const { clock, cloud } = delegated;
    Object.assign(cloud.secretsManager.settings, { repeats: 12, backOff: { first: MINUTE, longest: 4 * MINUTE } });
    cloud.faults.add({
      service: 'route53', operation: 'ChangeResourceRecordSets', kind: 'access-denied', forMs: 30 * MINUTE,
    });
    if (dies) cloud.faults.add({ service: 'route53', operation: 'GetChange', kind: 'kill-after' });
    delegated.rotate();
    while (!delegated.published.includes('dkim-2')) {
      await looked('dkim-2');
      await clock.pass(20_000);
    }
    await clock.until('SES to verify the key', () =>
      delegated.selector === 'dkim-2' && scene.identity()!.status === 'SUCCESS', 4 * HOUR);
    expect(await received(await scene.sent())).toMatchObject({ result: 'pass', selector: 'dkim-2' });
  });

  test('1 it does not where resolvers may remember for longer than the world is waited for', async () => {
    await deployed();
    const { clock, cloud } = delegated;
    const soa = cloud.route53.recordSets(delegated.keysZoneId).find(({ Type }) => Type === 'SOA')!;
    const setTtl = (TTL: number) => cloud.route53.change(delegated.keysZoneId, [
      { Action: 'UPSERT', ResourceRecordSet: { ...soa, TTL } },
    ]);
    setTtl(86_400);
    delegated.rotate();
    await clock.pass(3 * HOUR);
    expect(delegated.published).toEqual(['dkim-1']);
    expect(delegated.rotationLog.join('\n')).toContain('resolvers may remember for 86400 seconds that a slot had no key');
    setTtl(soa.TTL!);
    await delegated.rotated();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-2' });
  });
});
