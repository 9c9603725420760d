// Rotating keys of a stack whose policies name the secrets by their tag, as their ARNs find no room.
import { Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { HOUR } from './rotating-scene';
import { DOMAIN, Scene } from './scene';
import { DkimSigning, EmailIdentityDkim } from '../../src';

const LABELS = [60, 60, 50].map((length) => 'a'.repeat(length)).join('.');
const DOMAINS = Array.from({ length: 47 }, (_, index) => `${LABELS}.d${index}.${DOMAIN}`);

let scene: Scene;

afterEach(() => scene.stop());

test('47 domains with long names sign, and one of them rotates', async () => {
  scene = await Scene.start();
  const { cloud } = scene;
  for (const domain of DOMAINS) scene.identityExists(undefined, domain);
  const policies: string[] = [];
  await scene.deployed('mail', (stack) => {
    const hostedZone = scene.zoneIn(stack);
    DOMAINS.forEach((domain, index) => new EmailIdentityDkim(stack, `Dkim${index}`, {
      identity: ses.EmailIdentity.fromEmailIdentityName(stack, `Identity${index}`, domain),
      hostedZone,
      signing: DkimSigning.rotatingByoDkim({ keyLength: 1024 }),
    }));
    policies.push(...policiesOf(stack));
  });
  expect(policies.join()).toContain('aws:ResourceTag/cdk-ses-dkim:StackId');

  const last = DOMAINS.at(-1)!;
  const secret = () => cloud.secretsManager.described().find(({ tags }) => tags.some(({ Value }) => Value === last))!;
  const before = secret().versions.holderOf('AWSCURRENT')!.id;
  await scene.verified(undefined, last);
  cloud.secretsManager.rotate(secret().arn, {});
  await cloud.clock.until('the key to be changed', () => secret().versions.holderOf('AWSCURRENT')!.id !== before, HOUR);

  expect(await scene.send(undefined, last)).toMatchObject({ result: 'pass' });
  expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  expect(scene.all()).toEqual([]);
});

/** The documents of the managed policies, as far as they are known before synthesis. */
function policiesOf(stack: Stack): string[] {
  return stack.node.findAll().flatMap((node) => 'document' in node ? JSON.stringify(stack.resolve(node.document)) : []);
}
