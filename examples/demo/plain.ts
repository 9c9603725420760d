// The same change of a key without the library: an identity and a record, as plain resources of CloudFormation.
import { createPublicKey, generateKeyPairSync, KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, SecretValue, Stack } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import { ACCOUNT, REGION } from './app';
import { expectThat } from './expectation';
import { Follower } from './follow';
import { Message, send, showLoss, showVerdicts } from './mail';
import { print, printHeading, printText } from './print';
import type { LocalCloud } from '../../test/cloud';

const DOMAIN = 'plain.example';
const STACK = 'Plain';

/** An identity with a key, and its record. CDK writes both. */
function plainApp(outdir: string, hostedZoneId: string, selector: string, key: KeyObject): App {
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, STACK, { env: { account: ACCOUNT, region: REGION } });
  const zone = route53.PublicHostedZone.fromPublicHostedZoneAttributes(stack, 'Zone', { hostedZoneId, zoneName: DOMAIN });
  new ses.EmailIdentity(stack, 'Identity', {
    identity: ses.Identity.publicHostedZone(zone),
    dkimIdentity: ses.DkimIdentity.byoDkim({
      selector,
      // An app would write a dynamic reference to a secret, which the local CloudFormation does not know.
      privateKey: SecretValue.unsafePlainText(base64(key.export({ type: 'pkcs8', format: 'der' }))),
      publicKey: base64(createPublicKey(key).export({ type: 'spki', format: 'der' })),
    }),
  });
  return app;
}

/** Changes the key while mail is sent. Expects that some of it is lost. */
export async function showPlain(
  cloud: LocalCloud, follower: Follower, [before, after]: readonly [string, string],
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'cdk-ses-dkim-plain-'));
  const { id } = await cloud.route53.createHostedZone({ account: ACCOUNT, name: DOMAIN });
  const deploy = async (selector: string) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const assembly = plainApp(mkdtempSync(join(directory, 'cdk.out-')), id, selector, privateKey).synth();
    const { status, reason } = await follower.follow(assembly.getStackByName(STACK), () =>
      cloud.cloudFormation.deployAssembly(assembly, STACK));
    expectThat('the plain stack is deployed', /_COMPLETE$/.test(status) && !reason, `${status}: ${reason}`);
  };
  const sent = async (description: string, selector: string): Promise<Message> =>
    ({ ...await send(cloud, DOMAIN, [selector]), description });

  printHeading(`7. The same change of key without the library: ${DOMAIN}`);
  printText('The app has ses.EmailIdentity with DkimIdentity.byoDkim(), which writes the record too.');
  try {
    await deploy(before);
    await cloud.clock.pass(cloud.ses.settings.firstLook + 3_600_000);
    const early = await sent('sent before', before);
    await showVerdicts(cloud, [early], 1024);
    print();
    await deploy(after);
    const during = await sent('sent then', after);
    await cloud.clock.pass(3_600_000);
    print();
    await showLoss(cloud, [early, during]);
    printText('The deployment was green. But CloudFormation has deleted the record of the old key, so mail on its way '
      + 'fails. And SES was told of a key whose record nobody could look up yet. This SES signs nothing then, which is '
      + 'the worst case: AWS does not say what it does.');
  } finally {
    await cloud.cloudFormation.delete(STACK, { region: REGION });
    await cloud.route53.deleteHostedZone(id);
    rmSync(directory, { recursive: true, force: true });
  }
}

function base64(der: Buffer): string {
  return der.toString('base64');
}
