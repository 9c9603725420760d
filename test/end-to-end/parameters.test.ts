// Values that only the deployment knows, and that change: a domain, a zone or a role from a parameter.
import { CfnParameter, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { ACCOUNT, DOMAIN, REGION, Scene } from './scene';
import { EmailIdentityDkim } from '../../src';

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});

afterEach(() => scene.stop());

const OTHER = `mail.${DOMAIN}`;

/** The construct for a domain that a parameter gives. */
function ofParameter(count = 1) {
  return (stack: Stack) => {
    const hostedZone = scene.zoneIn(stack);
    for (const index of Array(count).keys()) {
      const domain = new CfnParameter(stack, `Domain${index}`).valueAsString;
      new EmailIdentityDkim(stack, `Dkim${index}`, {
        identity: ses.EmailIdentity.fromEmailIdentityName(stack, `Identity${index}`, domain),
        hostedZone,
      });
    }
  };
}

const recordsOf = (domain: string) => scene.all().filter((line) => line.includes(`_domainkey.${domain}.`));

test('H a domain from a parameter whose value changes: the old one is released, with its records', async () => {
  scene.identityExists(REGION, OTHER);
  await scene.deployed('Mail', ofParameter(), { parameters: { Domain0: DOMAIN } });
  expect(recordsOf(DOMAIN)).toHaveLength(4);

  await scene.deployed('Mail', ofParameter(), { parameters: { Domain0: OTHER } });

  expect(recordsOf(DOMAIN)).toEqual([]);
  expect(recordsOf(OTHER)).toHaveLength(4);
  await scene.verified(REGION, OTHER);
  expect(await scene.send(REGION, OTHER)).toMatchObject({ result: 'pass' });
});

test('H a deployment that fails after the value has changed leaves all as it was', async () => {
  await scene.deployed('Mail', ofParameter(), { parameters: { Domain0: DOMAIN } });
  const before = scene.all();

  const { status } = await scene.deploy('Mail', ofParameter(), { parameters: { Domain0: OTHER } });

  expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(scene.all()).toEqual(before);
});

test('H a zone from a parameter whose value changes: in the old one is what a zone in the template leaves there', async () => {
  const of = (zoneId: (stack: Stack) => string) => (stack: Stack) => new EmailIdentityDkim(stack, 'Dkim', {
    identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', DOMAIN),
    hostedZone: scene.zoneIn(stack, zoneId(stack)),
  });
  const left: string[][] = [];
  for (const isParameter of [false, true]) {
    const other = await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: DOMAIN });
    for (const ZoneId of [scene.zoneId, other.id]) {
      const inZone = of((stack) => isParameter ? new CfnParameter(stack, 'ZoneId').valueAsString : ZoneId);
      await scene.deployed('Mail', inZone, { parameters: isParameter ? { ZoneId } : {} });
    }
    expect(scene.records(other.id)).toHaveLength(3);
    left.push(scene.all().map((line) => line.replace(/cdk-ses-dkim-\w{32}|\d{4}-\d\d-\d\dT[\d:]+Z/g, '…')));
    await scene.destroy('Mail');
    for (const { Name, Type } of scene.cloud.route53.recordSets(scene.zoneId)) {
      if (Type !== 'NS' && Type !== 'SOA') scene.erase(Name!.replace(/\.$/, ''));
    }
  }
  expect(left[1]).toEqual(left[0]);
});

test('H more domains from parameters than a description has room for are deployed all the same', async () => {
  const domains = ['a', 'b', 'c', 'd', 'e'].map((label) => `${label}.${DOMAIN}`);
  for (const domain of domains) scene.identityExists(REGION, domain);
  const parameters = Object.fromEntries(domains.map((domain, index) => [`Domain${index}`, domain]));
  await scene.deployed('Mail', ofParameter(domains.length), { parameters });

  for (const domain of domains) expect(recordsOf(domain)).toHaveLength(4);
});
