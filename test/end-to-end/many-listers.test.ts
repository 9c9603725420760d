// Many registry records that list a record which the construct has found: an update ends, whoever has made them.
import { Duration } from 'aws-cdk-lib';
import { DOMAIN, PEM, Scene } from './scene';
import { digestOf, renderRegistry } from '../../lambda/records/registry';

let scene: Scene;
afterEach(() => scene.stop());

test.each([[5, 20], [200, 0]])('9 %d of them, each with %d lines beside', async (pages, lines) => {
  scene = await Scene.withIdentity({ ses: { firstLook: 5 * 3_600_000 } });
  scene.publishKey('s1', PEM.one);
  const build = (minutes: number) => scene.byo('s1', scene.secrets.one, { recordTtl: Duration.minutes(minutes) });
  await scene.deployed('Mail', build(5));
  const { ResourceRecords = [] } = scene.cloud.route53.recordSets(scene.zoneId).find(({ Name }) => Name!.startsWith('s1.'))!;
  const digest = digestOf('TXT', ResourceRecords.map(({ Value }) => Value!));
  const values = [
    ...renderRegistry({ region: 'eu-west-1', entries: [{ label: 's1', type: 'TXT', origin: 'found', digest }] }),
    ...Array.from({ length: lines }, (_, line) => `"${String(line).padStart(250, 'x')}"`),
  ];
  for (let page = 0; page < pages; page++) {
    const Name = `cdk-ses-dkim-${String(page).padStart(32, '0')}._domainkey.${DOMAIN}`;
    const ResourceRecordSet = { Name, Type: 'TXT', TTL: 300, ResourceRecords: values.map((Value) => ({ Value })) } as const;
    scene.cloud.route53.change(scene.zoneId, [{ Action: 'CREATE', ResourceRecordSet }]);
  }
  await scene.deployed('Mail', build(7));
});
