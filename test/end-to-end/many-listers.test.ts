// Many registry records that list a record of the construct, or one that it has found: a request ends, whoever has made
// them.
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { DOMAIN, PEM, Scene } from './scene';
import { digestOf, Origin, renderRegistry } from '../../lambda/records/registry';
import { EmailIdentityDkimProps } from '../../src';

let scene: Scene;
afterEach(() => scene.stop());

const build = (minutes: number, props: Partial<EmailIdentityDkimProps> = {}) =>
  scene.byo('s1', scene.secrets.one, { recordTtl: Duration.minutes(minutes), ...props });

/** So many registry records list s1, each with so many lines beside, and so many other records. */
function list(origin: Origin, pages: number, lines = 0, others = 0): void {
  const { ResourceRecords = [] } = scene.cloud.route53.recordSets(scene.zoneId).find(({ Name }) => Name!.startsWith('s1.'))!;
  const digest = digestOf('TXT', ResourceRecords.map(({ Value }) => Value!));
  const labels = ['s1', ...Array.from({ length: others }, (_, other) => `other${other}`)];
  const values = [
    ...renderRegistry({
      region: 'eu-west-1', entries: labels.map((label) => ({ label, type: 'TXT' as const, origin, digest })),
    }),
    ...Array.from({ length: lines }, (_, line) => `"${String(line).padStart(250, 'x')}"`),
  ];
  for (let page = 0; page < pages; page++) {
    const Name = `cdk-ses-dkim-${String(page).padStart(32, '0')}._domainkey.${DOMAIN}`;
    const ResourceRecordSet = { Name, Type: 'TXT', TTL: 300, ResourceRecords: values.map((Value) => ({ Value })) } as const;
    scene.cloud.route53.change(scene.zoneId, [{ Action: 'CREATE', ResourceRecordSet }]);
  }
}

/** How many registry records say of a record that it is the library's. */
const saying = (origin: Origin) => scene.all().filter((line) => line.includes(`origin=${origin};`)).length;

test.each([[5, 20], [200, 0]])('9 %d of them, each with %d lines beside', async (pages, lines) => {
  scene = await Scene.withIdentity({ ses: { firstLook: 5 * 3_600_000 } });
  scene.publishKey('s1', PEM.one);
  await scene.deployed('Mail', build(5));
  list('found', pages, lines);
  await scene.deployed('Mail', build(7));
});

describe.each<Origin>(['ours', 'found'])('200 of them list a record of ours as %s', (origin) => {
  test('7 it is retained: a delete ends, and nobody else deletes it later', async () => {
    scene = await Scene.withIdentity();
    await scene.deployed('Mail', build(5, { removalPolicy: RemovalPolicy.RETAIN }));
    await scene.verified();
    list(origin, 200);
    expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
    expect([saying('found'), saying('ours')]).toEqual([200, 0]);
    expect(await scene.send()).toMatchObject({ result: 'pass' });
  });

  test('9 somebody deletes it: an update makes it again, for all of them', async () => {
    scene = await Scene.withIdentity();
    await scene.deployed('Mail', build(5));
    await scene.verified();
    list(origin, 200);
    scene.erase(`s1._domainkey.${DOMAIN}`);
    await scene.deployed('Mail', build(7));
    expect([saying('found'), saying('ours')]).toEqual([0, 201]);
    await scene.verified();
    expect(await scene.send()).toMatchObject({ result: 'pass' });
  });
});

// No batch holds it twice, so nobody can change it. No version of this library has written one as long.
describe.each<Origin>(['ours', 'found'])('one of 25,000 characters lists a record of ours as %s', (origin) => {
  test.each<RemovalPolicy>([RemovalPolicy.DESTROY, RemovalPolicy.RETAIN])('7 a delete ends (%s)', async (removalPolicy) => {
    scene = await Scene.withIdentity();
    await scene.deployed('Mail', build(5, { removalPolicy }));
    list(origin, 1, 0, 300);
    expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  });

  test('9 somebody deletes the record: an update makes it again', async () => {
    scene = await Scene.withIdentity();
    await scene.deployed('Mail', build(5));
    list(origin, 1, 0, 300);
    scene.erase(`s1._domainkey.${DOMAIN}`);
    await scene.deployed('Mail', build(7));
    await scene.verified();
    expect(await scene.send()).toMatchObject({ result: 'pass' });
  });
});
