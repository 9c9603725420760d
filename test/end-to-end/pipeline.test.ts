// What the pipeline of the example deploys, in its order: signed mail in both Regions, and
// everything as it was after the removal.
import { App } from 'aws-cdk-lib';
import { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { Scene } from './scene';
import { addStacks } from '../../examples/pipeline/app';
import { DNS_ACCOUNT, DOMAIN, MAIL_ACCOUNT, PRIMARY_REGION, REPLICA_REGION } from '../../examples/pipeline/settings';

let scene: Scene;
let zoneId: string;
let assembly: CloudAssembly;

beforeEach(async () => {
  scene = await Scene.start({ functions: 'process' });
  zoneId = (await scene.cloud.route53.createHostedZone({ account: DNS_ACCOUNT, name: DOMAIN })).id;
  const app = new App({ outdir: Scene.newDirectory(), analyticsReporting: false });
  addStacks(app, zoneId);
  assembly = app.synth();
});
afterEach(() => scene.stop());

const deploy = (stackName: string) => scene.cloud.cloudFormation.deployAssembly(assembly, stackName);

test('both Regions sign with the same keys, and the records are in the zone of the DNS account', async () => {
  for (const stackName of ['MailDnsRole', 'Primary-Mail', 'Replica-Mail']) {
    expect(await deploy(stackName)).toMatchObject({ status: 'CREATE_COMPLETE' });
  }

  expect(scene.records(zoneId)).toHaveLength(3);
  const { tokens } = scene.identity(PRIMARY_REGION)!;
  expect(scene.identity(REPLICA_REGION)).toMatchObject({ status: 'SUCCESS', tokens });
  for (const region of [PRIMARY_REGION, REPLICA_REGION]) {
    expect(await scene.send(region)).toMatchObject({ result: 'pass', signingDomain: DOMAIN });
  }

  for (const region of [REPLICA_REGION, PRIMARY_REGION]) {
    const stackName = region === PRIMARY_REGION ? 'Primary-Mail' : 'Replica-Mail';
    expect(await scene.destroy(stackName, { account: MAIL_ACCOUNT, region }))
      .toMatchObject({ status: 'DELETE_COMPLETE' });
    expect(scene.identity(region)).toBeUndefined();
  }
  expect(scene.all(zoneId)).toEqual([]);
});

test('without the role of the DNS account, the primary stage fails and leaves nothing', async () => {
  const result = await deploy('Primary-Mail');
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toContain('sts:AssumeRole');
  expect(scene.identity(PRIMARY_REGION)).toBeUndefined();
  expect(scene.all(zoneId)).toEqual([]);
});
