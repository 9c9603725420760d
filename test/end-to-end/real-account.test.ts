// The tests for a real account, on the local cloud: their stacks deploy and sign, and their look
// after the removal sees what is left.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ACCOUNT, DNS_ACCOUNT, DOMAIN, PEM, REGION, Scene } from './scene';

const PARENT_REGION = 'eu-north-1';
const ROLE = `arn:aws:iam::${DNS_ACCOUNT}:role/dns`;

/** By file: the stacks in order, their Regions, the domain. */
const cases = [
  { file: 'easy-dkim', stacks: [['cdk-ses-dkim-integ-easy', REGION]], domain: 'easy.example.com', hosted: 'here' },
  { file: 'byodkim', stacks: [['cdk-ses-dkim-integ-byo', REGION]], domain: 'byo.example.com', hosted: 'here' },
  { file: 'rotation', stacks: [['cdk-ses-dkim-integ-rotation', REGION]], domain: 'rotation.example.com', hosted: 'here' },
  {
    file: 'deed',
    stacks: [['cdk-ses-dkim-integ-deed-parent', PARENT_REGION], ['cdk-ses-dkim-integ-deed-replica', REGION]],
    domain: 'deed.example.com',
    hosted: 'here',
  },
  {
    file: 'cross-account-zone',
    stacks: [['cdk-ses-dkim-integ-cross-account', REGION]],
    domain: 'mail.example.org',
    hosted: 'dns-account',
  },
] as const;

let scene: Scene;
let environment: Record<string, string | undefined>;

beforeEach(async () => {
  scene = await Scene.start();
  scene.secret(PEM.one, 'cdk-ses-dkim/integ');
  const { id } = await scene.cloud.route53.createHostedZone({ account: DNS_ACCOUNT, name: 'example.org' });
  scene.cloud.iam.putRole({
    arn: ROLE,
    assumeRolePolicy: {
      Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'sts:AssumeRole' }],
    },
  });
  scene.cloud.iam.putRolePolicy(ROLE, 'dns', { Statement: [{ Effect: 'Allow', Action: 'route53:*', Resource: '*' }] });
  const { accessKeyId, secretAccessKey, sessionToken } = scene.cloud.issueCredentials();
  environment = {
    ...process.env,
    ...scene.cloud.endpointEnvironment(),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    CDK_INTEG_HOSTED_ZONE_ID: scene.zoneId,
    CDK_INTEG_HOSTED_ZONE_NAME: DOMAIN,
    CDK_INTEG_DNS_HOSTED_ZONE_ID: id,
    CDK_INTEG_DNS_HOSTED_ZONE_NAME: 'example.org',
    CDK_INTEG_DNS_ROLE_ARN: ROLE,
    CDK_INTEG_PARENT_REGION: PARENT_REGION,
  };
});
afterEach(() => scene.stop());

/** As integ-runner runs it, but without the process of `tsx` itself, which only starts this one. */
function run(file: string, args: readonly string[] = [], more: Record<string, string> = {}) {
  return promisify(execFile)(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd: join(__dirname, '..'), env: { ...environment, ...more },
  });
}

test.each(cases)('$file', async ({ file, stacks, domain, hosted }) => {
  const assembly = Scene.newDirectory();
  await run(`integ.${file}.ts`, [], { CDK_OUTDIR: assembly });
  for (const [name] of stacks) {
    expect(await scene.cloud.cloudFormation.deployAssembly(assembly, name))
      .toMatchObject({ status: 'CREATE_COMPLETE' });
  }
  for (const [, region] of stacks) {
    expect(await scene.send(region, domain)).toMatchObject({ result: 'pass', signingDomain: domain });
  }
  await expect(run('integ-after-removal.ts', [domain, hosted]))
    .rejects.toThrow(/still has:\n(TXT|CNAME) \S+_domainkey/);

  for (const [name, region] of [...stacks].reverse()) {
    expect(await scene.destroy(name, { region })).toMatchObject({ status: 'DELETE_COMPLETE' });
  }
  await run('integ-after-removal.ts', [domain, hosted]);
});
