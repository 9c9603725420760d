// A rotating key of a domain whose DNS is at another provider: two CNAMEs there lead into a zone of Route 53, in which
// the keys take turns in two slots.
import { Duration } from 'aws-cdk-lib';
import { DelegatedScene, PLACE, SLOTS } from './delegated-scene';
import { DAY, HOUR, MINUTE } from './rotating-scene';
import { DOMAIN } from './scene';
import { nextReport, reportsOn, said, WATCHED } from './watched';

const CNAMES = SLOTS.map((slot) => ({ name: `${slot}._domainkey.${DOMAIN}`, value: `${slot}._domainkey.${PLACE}` }));

let delegated: DelegatedScene;

afterEach(() => delegated.stop());

function isTold(): boolean {
  return delegated.cloud.calls.some(({ operation }) => operation === 'PutEmailIdentityDkimSigningAttributes');
}

test('the key is in the zone of the user, and the world finds it by the CNAMEs', async () => {
  delegated = await DelegatedScene.deployed();
  const { scene } = delegated;
  expect(delegated.selector).toBe('dkim-1');
  expect(delegated.selectorOf('AWSCURRENT')).toBe('dkim-1');
  expect(delegated.published).toEqual(['dkim-1']);
  expect(scene.all()).toEqual([]); // nothing in the zone that nobody asks
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
});

test('the CNAMEs are known before anything is deployed', async () => {
  delegated = await DelegatedScene.started();
  expect(delegated.records).toEqual(CNAMES.map(({ name, value }) => ({
    name: `${name}.`, type: 'CNAME', value, data: value,
  })));
});

test.each([
  ['none of the CNAMEs', SLOTS],
  ['only the first CNAME', ['dkim-2']],
  ['only the second CNAME', ['dkim-1']],
])('publish before use: with %s at the provider, SES is told nothing and the reason names both', async (_, missing) => {
  delegated = await DelegatedScene.started();
  missing.forEach((slot) => delegated.unlead(slot));
  const { status, reason } = await delegated.scene.deploy('mail', delegated.dkim());
  expect(status).toBe('ROLLBACK_COMPLETE');
  expect(reason).toContain('Public DNS does not lead to the keys of example.com yet');
  for (const { name, value } of CNAMES) expect(reason).toContain(`CNAME ${name} ${value}`);
  expect(isTold()).toBe(false);
  expect(delegated.scene.all(delegated.keysZoneId)).toEqual([]);
  missing.forEach((slot) => delegated.lead(slot));
  await delegated.cloud.cloudFormation.delete('mail');
  await delegated.deploy();
  await delegated.scene.verified();
  expect(await delegated.scene.send()).toMatchObject({ result: 'pass' });
});

test('a CNAME that leads elsewhere is not the one that is needed', async () => {
  delegated = await DelegatedScene.started();
  delegated.lead('dkim-2', `dkim-2._domainkey.elsewhere.${PLACE}`);
  const { status, reason } = await delegated.scene.deploy('mail', delegated.dkim());
  expect(status).toBe('ROLLBACK_COMPLETE');
  expect(reason).toContain(`dkim-2._domainkey.elsewhere.${PLACE}`);
  expect(isTold()).toBe(false);
});

test('a zone that the world does not ask', async () => {
  delegated = await DelegatedScene.started();
  delegated.cloud.dns.undelegate('keys.example.net');
  const { status, reason } = await delegated.scene.deploy('mail', delegated.dkim());
  expect(status).toBe('ROLLBACK_COMPLETE');
  expect(reason).toContain(`Is ${delegated.keysZoneId} the zone that ${PLACE} is delegated to?`);
  expect(isTold()).toBe(false);
});

test('with waitForVerification the deployment waits for the CNAMEs', async () => {
  delegated = await DelegatedScene.started();
  SLOTS.forEach((slot) => delegated.unlead(slot));
  const going = delegated.scene.deploy('mail', delegated.dkim({}, { waitForVerification: Duration.minutes(50) }));
  await delegated.clock.pass(20 * MINUTE);
  SLOTS.forEach((slot) => delegated.lead(slot));
  expect(await going).toMatchObject({ status: 'CREATE_COMPLETE' });
  expect(await delegated.scene.send()).toMatchObject({ result: 'pass' });
});

test('keys take turns in the two slots, and mail passes at each moment', async () => {
  delegated = await DelegatedScene.deployed({ overlap: Duration.days(1) });
  const { scene, clock } = delegated;
  for (const slot of ['dkim-2', 'dkim-1', 'dkim-2']) {
    const before = await scene.sent();
    await delegated.rotated();
    expect(delegated.selector).toBe(slot);
    expect(delegated.selectorOf('AWSCURRENT')).toBe(slot);
    expect(delegated.published).toEqual(SLOTS);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: slot });
    await clock.pass(23 * HOUR);
    expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
    await clock.pass(3 * HOUR);
    expect(delegated.published).toEqual([slot]);
  }
});

test('a look counts the records before, and those that should be gone', async () => {
  delegated = await DelegatedScene.deployed({ overlap: Duration.days(1) }, WATCHED);
  const { scene, clock, cloud } = delegated;
  expect(await nextReport(scene)).toMatchObject({ SupersededRecords: 0, RetirementsOverdue: 0 });
  await delegated.rotated();
  expect(await nextReport(scene)).toMatchObject({ SupersededRecords: 1, RetirementsOverdue: 0 });
  cloud.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', kind: 'access-denied', times: 1000 });
  await clock.pass(30 * HOUR);
  expect(reportsOn(scene).at(-1)!.metrics).toMatchObject({ SupersededRecords: 1, RetirementsOverdue: 1 });
});

test('somebody has damaged the record of a slot: what the look advises leaves the CNAME, and brings the mail back', async () => {
  delegated = await DelegatedScene.deployed({}, WATCHED);
  const { scene, keysZoneId } = delegated;
  const [{ value: record }] = CNAMES;
  scene.erase(record, keysZoneId);
  scene.write(record, 'TXT', '"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"', keysZoneId);
  await nextReport(scene);
  expect(said(scene).join()).toContain(`Delete the record of exactly the name ${record}, if there is one. Write the record again: deploy`);
  scene.erase(record, keysZoneId);
  await delegated.deploy({}, { ...WATCHED, recordTtl: Duration.minutes(10) });
  await scene.verified();
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
});

test('old mail still verifies: a slot is not written anew before the overlap of its key is over', async () => {
  delegated = await DelegatedScene.deployed({ overlap: Duration.days(3) });
  const { scene, clock } = delegated;
  const before = await scene.sent();
  await delegated.rotated();
  await clock.pass(DAY);
  delegated.rotate();
  await clock.pass(5 * HOUR);
  expect(delegated.labels.AWSPENDING).toBeUndefined();
  expect(delegated.selector).toBe('dkim-2');
  expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
  expect(delegated.rotationLog.join('\n')).toContain('The slot dkim-1 of example.com holds the key before this one');
  await clock.pass(2 * DAY);
  await delegated.rotated();
  expect(delegated.selector).toBe('dkim-1');
});

test('a key in a slot is used only when resolvers have forgotten what the slot had before', async () => {
  delegated = await DelegatedScene.deployed({ overlap: Duration.days(1) });
  const { scene, clock, cloud } = delegated;
  const name = `dkim-2._domainkey.${DOMAIN}`;
  delegated.rotate();
  await clock.until('the next key to be made', () => delegated.selectorOf('AWSPENDING') === 'dkim-2');
  // A receiver looks it up in this moment, and its resolver remembers the answer.
  await clock.hold('a look', () => cloud.dns.cachingClient().resolveTxt(name).catch(() => undefined));
  await clock.until('SES to be told', () => delegated.selector === 'dkim-2');
  const texts = await clock.hold('a look', () => cloud.dns.cachingClient().resolveTxt(name));
  expect(texts.flat().join('')).toContain('p=MII');
  await clock.until('the rotation to end', () => delegated.labels.AWSPENDING === undefined);
  expect(delegated.selectorOf('AWSCURRENT')).toBe('dkim-2');
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-2' });
  expect(delegated.rotationLog.join('\n')).toContain('and resolvers may remember for 15 minutes what was there before');
});

test('a CNAME that is gone: the rotation says so, and leaves the key as it is', async () => {
  delegated = await DelegatedScene.deployed();
  delegated.unlead('dkim-2');
  delegated.rotate();
  await delegated.clock.pass(5 * HOUR);
  expect(delegated.labels.AWSPENDING).toBeUndefined();
  expect(delegated.rotationLog.join('\n')).toContain(`CNAME ${CNAMES[1].name} ${CNAMES[1].value}`);
  expect(await delegated.scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
  delegated.lead('dkim-2');
  await delegated.rotated();
  expect(await delegated.scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-2' });
});

test('a key that SES does not verify is taken back', async () => {
  delegated = await DelegatedScene.deployed();
  const { scene, clock, cloud } = delegated;
  delegated.rotate();
  await clock.until('SES to be told', () => delegated.selector === 'dkim-2');
  delegated.unlead('dkim-2');
  await clock.pass(5 * HOUR);
  expect(delegated.labels.AWSPENDING).toBeUndefined();
  expect(delegated.selector).toBe('dkim-1');
  await scene.verified();
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
  expect(cloud.lambda.logs(delegated.rotationFunction).join('\n')).toContain('"next-key-taken-back"');
});

test('a leaked key within the overlap: the key before it is revoked, and its slot is free', async () => {
  delegated = await DelegatedScene.deployed();
  const { scene } = delegated;
  await delegated.rotated();
  await delegated.run({ SecretId: delegated.arn, Revoke: 'dkim-1' });
  await delegated.rotated();
  expect(delegated.selector).toBe('dkim-1');
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
});

test('removing the construct leaves nothing of it', async () => {
  delegated = await DelegatedScene.deployed();
  await delegated.rotated();
  const { scene } = delegated;
  expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  expect(scene.all(delegated.keysZoneId)).toEqual([]);
  expect(scene.identity()).toMatchObject({ origin: 'AWS_SES', tags: [] });
  expect(scene.cloud.secretsManager.described().length).toBe(2); // those of the scene
});
