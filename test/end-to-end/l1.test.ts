// A stack of L1s: identity, zone, secret and key are plain resources of CloudFormation, made and deleted with it.
import { Duration, Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { ACCOUNT, PEM, REGION, Scene } from './scene';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim } from '../../src';

const DOMAIN = 'example.org';
const WAIT = { waitForVerification: Duration.minutes(30) };

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.start();
});
afterEach(() => scene.stop());

const keyIn = (stack: Stack) => new kms.CfnKey(stack, 'Key', {
  keyPolicy: {
    Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' }],
  },
});

const signings: [string, (stack: Stack) => DkimSigning][] = [
  ['Easy DKIM', () => DkimSigning.easyDkim()],
  ['BYODKIM', (stack) => DkimSigning.byoDkim({
    selector: 's1',
    privateKey: DkimPrivateKey.fromSecret(new secretsmanager.CfnSecret(stack, 'Secret', {
      secretString: PEM.one, kmsKeyId: keyIn(stack).attrArn,
    })),
  })],
  ['a rotating key', (stack) => DkimSigning.rotatingByoDkim({ encryptionKey: keyIn(stack) })],
];

test.each(signings)('%s: mail is signed and verifies, and nothing is left', async (_, signing) => {
  await scene.deployed('Mail', (stack) => void new EmailIdentityDkim(stack, 'Dkim', {
    identity: new ses.CfnEmailIdentity(stack, 'Identity', { emailIdentity: DOMAIN }),
    hostedZone: new route53.CfnHostedZone(stack, 'Zone', { name: `${DOMAIN}.` }),
    signing: signing(stack),
    ...WAIT,
  }));
  expect(await scene.send(REGION, DOMAIN)).toMatchObject({ result: 'pass', signingDomain: DOMAIN });

  expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
  expect(scene.identity(REGION, DOMAIN)).toBeUndefined();
  expect(scene.cloud.route53.hostedZones().map(({ name }) => name)).not.toContain(`${DOMAIN}.`);
});

test('a rotating key in a zone for a domain whose DNS is elsewhere', async () => {
  const provider = scene.cloud.dns.provider('elsewhere');
  await provider.createZone(DOMAIN);
  for (const slot of ['dkim-1', 'dkim-2']) {
    provider.set(`${slot}._domainkey.${DOMAIN}`, 'CNAME', [`${slot}._domainkey.${DOMAIN}.keys.example.net`]);
  }
  await scene.deployed('Mail', (stack) => void new EmailIdentityDkim(stack, 'Dkim', {
    identity: new ses.CfnEmailIdentity(stack, 'Identity', { emailIdentity: DOMAIN }),
    signing: DkimSigning.rotatingByoDkim({
      delegatedTo: new route53.CfnHostedZone(stack, 'Keys', { name: 'keys.example.net' }),
    }),
    ...WAIT,
  }));
  expect(await scene.send(REGION, DOMAIN)).toMatchObject({ result: 'pass', selector: 'dkim-1' });
  expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
});
