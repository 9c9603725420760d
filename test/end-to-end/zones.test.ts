// Where the records go: a parent's zone, a zone of another account, a zone that the public does not
// see, another DNS provider.
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import { RotatingScene } from './rotating-scene';
import { ACCOUNT, byoDkim, DNS_ACCOUNT, DOMAIN, PEM, publicKeyOf, REGION, Scene } from './scene';
import {
  DkimHostedZoneRole, DkimHostedZoneRoleProps, DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps,
} from '../../src';

const WAIT = { waitForVerification: Duration.minutes(30) };

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.start();
});
afterEach(() => scene.stop());

type Signing = (stack: Stack) => DkimSigning | undefined;
const signings: [string, Signing][] = [['Easy DKIM', () => undefined], ['BYODKIM', (stack) =>
  byoDkim(stack, 's1', scene.secrets.one)]];

function dkimOf(stack: Stack, domain: string, props: Omit<EmailIdentityDkimProps, 'identity'>): EmailIdentityDkim {
  return new EmailIdentityDkim(stack, 'Dkim', {
    identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', domain), ...props,
  });
}

test('H records that the app makes itself below the identity, with names and values of the construct', async () => {
  await scene.deployed('Mail', (stack) => {
    const identity = new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain(DOMAIN) });
    const { dkimRecords } = new EmailIdentityDkim(identity, 'Dkim', { identity });
    for (const [index, { name, value }] of dkimRecords.entries()) {
      const hostedZone = route53.HostedZone.fromHostedZoneAttributes(identity, `Zone${index}`, {
        hostedZoneId: scene.zoneId, zoneName: DOMAIN,
      });
      new route53.CnameRecord(identity, `Record${index}`, { zone: hostedZone, recordName: name, domainName: value });
    }
  });
  const { tokens, signingHostedZone } = scene.identity()!;
  expect(scene.records()).toEqual(tokens.map((token) =>
    `CNAME ${token}._domainkey.${DOMAIN}. ${token}.${signingHostedZone}`).sort());

  await scene.verified();
  expect(await scene.send()).toMatchObject({ result: 'pass' });
  expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
});

describe.each(signings)('%s', (_, signing) => {
  test('a subdomain in the zone of its parent', async () => {
    scene.identityExists(REGION, 'mail.example.com');
    scene.write('s1._domainkey.example.com', 'TXT', '"the parent\'s own"');
    const before = scene.all();
    await scene.deployed('Mail', (stack) =>
      void dkimOf(stack, 'mail.example.com', { hostedZone: scene.zoneIn(stack), signing: signing(stack), ...WAIT }));
    expect(await scene.send(REGION, 'mail.example.com'))
      .toMatchObject({ result: 'pass', signingDomain: 'mail.example.com' });
    await scene.destroy('Mail');
    expect(scene.all()).toEqual(before);
  });

  test('a zone and an identity that the same stack makes', async () => {
    const build = (stack: Stack) => void new EmailIdentityDkim(stack, 'Dkim', {
      identity: new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain('example.org') }),
      hostedZone: new route53.PublicHostedZone(stack, 'Zone', { zoneName: 'example.org' }),
      signing: signing(stack),
      ...WAIT,
    });
    await scene.deployed('Mail', build);
    expect(await scene.send(REGION, 'example.org')).toMatchObject({ result: 'pass', signingDomain: 'example.org' });
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE'); // Route 53 deletes no zone that has records
    expect(scene.cloud.route53.hostedZones().map(({ name }) => name)).toEqual(['example.com.']);
    expect(scene.identity(REGION, 'example.org')).toBeUndefined();
  });

  test('without a zone: the outputs say what to publish elsewhere, and a later deployment waits for it', async () => {
    const provider = scene.cloud.dns.provider('elsewhere');
    await provider.createZone('example.org');
    scene.identityExists(REGION, 'example.org');
    const build = (props: Partial<EmailIdentityDkimProps>) => (stack: Stack) => {
      const { dkimRecords, dkimStatus } = dkimOf(stack, 'example.org', { signing: signing(stack), ...props });
      dkimRecords.forEach(({ name, type, value, data }, index) => {
        new CfnOutput(stack, `Name${index}`, { value: name });
        new CfnOutput(stack, `Type${index}`, { value: type });
        new CfnOutput(stack, `Value${index}`, { value });
        new CfnOutput(stack, `Data${index}`, { value: data });
      });
      new CfnOutput(stack, 'Status', { value: dkimStatus });
    };
    const { outputs } = await scene.deployed('Mail', build({}));
    expect(outputs.Status).toMatch(/^(PENDING|NOT_STARTED)$/); // the latter when SES has just been told
    for (let index = 0; `Name${index}` in outputs; index++) {
      const text = outputs[`Type${index}`] === 'TXT' ? outputs[`Data${index}`] : outputs[`Value${index}`];
      provider.set(outputs[`Name${index}`], outputs[`Type${index}`], [text]);
    }
    expect((await scene.deployed('Mail', build(WAIT))).outputs.Status).toBe('SUCCESS');
    expect(await scene.send(REGION, 'example.org')).toMatchObject({ result: 'pass', signingDomain: 'example.org' });
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
  });

  test('a zone that the domain is not delegated to: a domain that signs nothing goes ahead', async () => {
    scene.identityExists(REGION, 'example.org');
    const { id } = await scene.cloud.route53.createHostedZone({
      account: ACCOUNT, name: 'example.org', delegate: false,
    });
    await scene.deployed('Mail', (stack) =>
      void dkimOf(stack, 'example.org', {
        hostedZone: scene.zoneIn(stack, id, 'example.org'), signing: signing(stack),
      }));
    expect(scene.records(id)).not.toEqual([]);
    expect(scene.identity(REGION, 'example.org')?.status).not.toBe('SUCCESS');
    await scene.destroy('Mail');
    expect(scene.all(id)).toEqual([]);
  });
});

describe('a domain that signs mail now, with records at another provider', () => {
  const ORG = 'example.org';
  let zoneId: string;
  const provider = () => scene.cloud.dns.provider('elsewhere');
  const inZone = (signing?: Signing) => (stack: Stack) =>
    void dkimOf(stack, ORG, { hostedZone: scene.zoneIn(stack, zoneId, ORG), signing: signing?.(stack), ...WAIT });

  beforeEach(async () => {
    await provider().createZone(ORG);
    scene.identityExists(REGION, ORG);
    const { tokens, signingHostedZone } = scene.identity(REGION, ORG)!;
    for (const token of tokens) {
      provider().set(`${token}._domainkey.${ORG}`, 'CNAME', [`${token}.${signingHostedZone}`]);
    }
    await scene.verified(REGION, ORG);
    zoneId = (await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: ORG, delegate: false })).id;
  });

  test('a change to a key that only an unseen zone has fails, says who was asked, and changes no signing', async () => {
    await scene.deployed('Mail', inZone());
    const calls = scene.cloud.calls.length;
    const result = await scene.deploy('Mail', inZone((stack) => byoDkim(stack, 's1', scene.secrets.one)));
    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(result.reason).toMatch(/ns1\.elsewhere\.example has none; ns2\.elsewhere\.example has none/);
    expect(result.reason).toContain(`Is ${zoneId} the zone that the domain is delegated to?`);
    expect(scene.writes(calls)).not.toContain('ses:PutEmailIdentityDkimSigningAttributes');
    expect(await scene.send(REGION, ORG)).toMatchObject({ result: 'pass' });
  });

  test('so does a create, and nothing of ours is left', async () => {
    const result = await scene.deploy('Mail', inZone((stack) => byoDkim(stack, 's1', scene.secrets.one)));
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reason).toContain('Signing was not touched');
    expect(scene.all(zoneId)).toEqual([]);
    expect(scene.writes()).not.toContain('ses:PutEmailIdentityDkimSigningAttributes');
    expect(await scene.send(REGION, ORG)).toMatchObject({ result: 'pass' });
  });

  test('without a zone it fails and says what to publish; once it is published it goes on', async () => {
    const build = (stack: Stack) =>
      void dkimOf(stack, ORG, { signing: byoDkim(stack, 's1', scene.secrets.one), ...WAIT });
    const result = await scene.deploy('Mail', build);
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    const value = `v=DKIM1; k=rsa; p=${publicKeyOf(PEM.one)}`;
    expect(result.reason).toContain(`Publish TXT s1._domainkey.${ORG} with the value ${value} at your DNS provider`);
    expect(await scene.send(REGION, ORG)).toMatchObject({ result: 'pass' });

    provider().set(`s1._domainkey.${ORG}`, 'TXT', [value]);
    await scene.destroy('Mail');
    await scene.deployed('Mail', build);
    expect(await scene.send(REGION, ORG)).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test('one name server that is gone does not stop it', async () => {
    provider().set(`s1._domainkey.${ORG}`, 'TXT', [`v=DKIM1; k=rsa; p=${publicKeyOf(PEM.one)}`]);
    await scene.cloud.dns.removeNameServers(['ns2.elsewhere.example']);
    await scene.deployed('Mail', (stack) =>
      void dkimOf(stack, ORG, { signing: byoDkim(stack, 's1', scene.secrets.one) }));
    expect(scene.identity(REGION, ORG)?.origin).toBe('EXTERNAL');
  });

  test('a domain that is delegated to nobody any more fails and says so', async () => {
    scene.cloud.dns.undelegate(ORG);
    const result = await scene.deploy('Mail', inZone((stack) => byoDkim(stack, 's1', scene.secrets.one)));
    expect(result.reason).toContain('Signing was not touched');
    expect(result.reason).toMatch(/delegated to none|gave no answer/);
    expect(scene.all(zoneId)).toEqual([]);
  });
});

describe('a zone of another account', () => {
  const ROLE = `arn:aws:iam::${DNS_ACCOUNT}:role/records-of-mail`;
  let zoneId: string;

  beforeEach(async () => {
    scene.identityExists(REGION, 'example.org');
    zoneId = (await scene.cloud.route53.createHostedZone({ account: DNS_ACCOUNT, name: 'example.org' })).id;
  });

  /** The account of the zone deploys the role, with exactly the rights that `hostedZoneRole` needs. */
  async function roleExists(props: Partial<DkimHostedZoneRoleProps> = {}): Promise<void> {
    await scene.deployed('Dns', (stack) => void new DkimHostedZoneRole(stack, 'DkimDns', {
      hostedZone: scene.zoneIn(stack, zoneId, 'example.org'),
      domains: ['example.org'],
      mailAccount: ACCOUNT,
      roleName: ROLE.slice(ROLE.indexOf('/') + 1),
      ...props,
    }), { account: DNS_ACCOUNT });
  }

  const build = (signing: Signing, props: Partial<EmailIdentityDkimProps> = {}) => (stack: Stack) =>
    void dkimOf(stack, 'example.org', {
      hostedZone: scene.zoneIn(stack, zoneId, 'example.org'),
      hostedZoneRole: iam.Role.fromRoleArn(stack, 'Role', ROLE),
      signing: signing(stack),
      ...WAIT,
      ...props,
    });
  const own: Signing = (stack) => byoDkim(stack, 's1', scene.secrets.one);

  test.each(
    signings,
  )('is changed through its role, which needs no more than the documentation says (%s)', async (_, signing) => {
    await roleExists();
    const since = scene.cloud.calls.length;
    await scene.deployed('Mail', build(signing));
    expect(scene.cloud.calls.slice(since).filter(({ operation }) => operation === 'AssumeRole')).toHaveLength(1);
    expect(await scene.send(REGION, 'example.org')).toMatchObject({ result: 'pass' });
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(scene.all(zoneId)).toEqual([]);
  });

  test('the construct moves to another stack, which has a role of its own: nothing is left', async () => {
    const rolesOf = (...stacks: string[]) => scene.deployed('Dns', (stack) => {
      const hostedZone = scene.zoneIn(stack, zoneId, 'example.org');
      for (const mailStackName of stacks) {
        new DkimHostedZoneRole(stack, mailStackName, {
          hostedZone, domains: ['example.org'], mailAccount: ACCOUNT, mailStackName, roleName: `dkim-${mailStackName}`,
        });
      }
    }, { account: DNS_ACCOUNT });
    const inStack = (name: string) => scene.deployed(name, (stack) => build(own, {
      hostedZoneRole: iam.Role.fromRoleArn(stack, 'OwnRole', `arn:aws:iam::${DNS_ACCOUNT}:role/dkim-${name}`),
    })(stack));
    await rolesOf('Old');
    await inStack('Old');
    await rolesOf('Old', 'New');
    await inStack('New');
    await scene.destroy('Old');
    await rolesOf('New');
    expect(await scene.send(REGION, 'example.org')).toMatchObject({ result: 'pass' });
    await scene.destroy('New');
    expect(scene.all(zoneId)).toEqual([]);
  });

  test('its role is for more domains than one policy has room for, and more come later', async () => {
    const names = (count: number) => Array.from({ length: count }, (__, index) => `customer-${index}.mail.example.org`);
    await roleExists({ domains: names(10) });
    for (const count of [130, 260]) {
      await roleExists({ domains: names(count) });
      for (const domain of [0, count - 1].map((index) => names(count)[index])) {
        scene.identityExists(REGION, domain);
        await scene.deployed('Mail', (stack) => void dkimOf(stack, domain, {
          hostedZone: scene.zoneIn(stack, zoneId, 'example.org'),
          hostedZoneRole: iam.Role.fromRoleArn(stack, 'Role', ROLE),
          ...WAIT,
        }));
        expect(await scene.send(REGION, domain)).toMatchObject({ result: 'pass' });
        await scene.destroy('Mail');
        scene.cloud.ses.deleteIdentity({ account: ACCOUNT, region: REGION, name: domain });
      }
    }
  });

  test('cannot be changed without a role, and the reason says what is missing', async () => {
    const result = await scene.deploy('Mail', build(own, { hostedZoneRole: undefined }));
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reason).toContain(zoneId);
    expect(result.reason).toContain('hostedZoneRole');
    expect(scene.identity(REGION, 'example.org')?.origin).toBe('AWS_SES');
  });

  test('cannot be changed through a role that is missing or does not trust us, and the reason says so', async () => {
    const result = await scene.deploy('Mail', build(own));
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reason).toContain(`The role ${ROLE} gives no access to the hosted zone ${zoneId}`);
    expect(result.reason).toContain('sts:AssumeRole');
  });

  test('with a role that somebody has made by hand, with the rights that the documentation names', async () => {
    const byHand = `arn:aws:iam::${DNS_ACCOUNT}:role/dns/records-of-mail`;
    const zoneArn = `arn:aws:route53:::hostedzone/${zoneId}`;
    scene.cloud.iam.putRole({
      arn: byHand,
      assumeRolePolicy: {
        Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } },
      },
    });
    scene.cloud.iam.putRolePolicy(byHand, 'records', {
      Statement: [
        { Effect: 'Allow', Action: ['route53:GetHostedZone', 'route53:ListResourceRecordSets'], Resource: zoneArn },
        {
          Effect: 'Allow',
          Action: 'route53:ChangeResourceRecordSets',
          Resource: zoneArn,
          Condition: {
            'ForAllValues:StringLike': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['*._domainkey.example.org'] },
            'ForAllValues:StringEquals': {
              'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME', 'TXT'],
              'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
            },
          },
        },
        { Effect: 'Allow', Action: 'route53:GetChange', Resource: 'arn:aws:route53:::change/*' },
      ],
    });
    await scene.deployed('Mail', (stack) =>
      build(own, { hostedZoneRole: iam.Role.fromRoleArn(stack, 'ByHand', byHand) })(stack));
    expect(await scene.send(REGION, 'example.org')).toMatchObject({ result: 'pass' });
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(scene.all(zoneId)).toEqual([]);
  });

  test('with a role that asks for an external id', async () => {
    await roleExists({ externalId: 'mail/of-example.org' });
    for (const [externalId, found] of [[undefined, false], ['another', false], ['mail/of-example.org', true]] as const) {
      const { status } = await scene.deploy('Mail', build(own, { hostedZoneRoleExternalId: externalId }));
      expect(status).toBe(found ? 'CREATE_COMPLETE' : 'ROLLBACK_COMPLETE');
      if (!found) await scene.destroy('Mail');
    }
    expect(await scene.send(REGION, 'example.org')).toMatchObject({ result: 'pass' });
  });

  test('a rotating key gives the external id too, when no deployment is going on', async () => {
    await roleExists({ externalId: 'mail', mailStackName: 'Mail' });
    await scene.deployed('Mail', build(
      () => DkimSigning.rotatingByoDkim({ keyLength: 1024 }), { hostedZoneRoleExternalId: 'mail' }));
    const keys = () => scene.all(zoneId).filter((line) => line.includes('p=')).length;
    expect(keys()).toBe(1);
    await new RotatingScene(scene).rotated();
    expect(keys()).toBe(2);
    expect(await scene.send(REGION, 'example.org')).toMatchObject({ result: 'pass' });
  });

  test.each([
    ['a stack of another name', { mailStackName: 'Letters' }], ['another account', { mailAccount: '444444444444' }],
    ['another domain', { domains: ['example.com.example.org'] }],
  ])('with a role for %s, nothing is written', async (_, props) => {
    await roleExists(props);
    const { status, reason } = await scene.deploy('Mail', build(own));
    expect({ status, reason }).toEqual({
      status: 'ROLLBACK_COMPLETE', reason: expect.stringContaining(`The role ${ROLE} gives no access to the hosted zone ${zoneId}`),
    });
    expect(scene.all(zoneId)).toEqual([]);
  });

  test('whose role is gone does not stop the delete; the log says what was found', async () => {
    await roleExists();
    await scene.deployed('Mail', build(own));
    scene.cloud.iam.deleteRole(ROLE);
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(scene.identity(REGION, 'example.org')?.origin).toBe('AWS_SES');
    expect(scene.log().map((line) => JSON.parse(line)))
      .toContainEqual(expect.objectContaining({ decision: 'zone-gone', hostedZoneId: zoneId }));
  });
});

test('7 12 a zone, its role and the construct are in one stack, and all of it goes', async () => {
  await scene.deployed('mail', (stack) => {
    const zoneName = 'sub.example.org';
    const hostedZone = new route53.PublicHostedZone(stack, 'Zone', { zoneName });
    const identity = new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain(zoneName) });
    const { role } = new DkimHostedZoneRole(stack, 'DkimDns', { hostedZone, domains: [zoneName], mailAccount: ACCOUNT });
    new EmailIdentityDkim(stack, 'Dkim', { identity, hostedZone, hostedZoneRole: role });
  });
  expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
});

test('a zone that is imported by its id and is for another domain is refused at deployment, naming both', async () => {
  scene.identityExists(REGION, 'example.org');
  const result = await scene.deploy('Mail', (stack) => void dkimOf(stack, 'example.org', {
    hostedZone: route53.HostedZone.fromHostedZoneId(stack, 'Zone', scene.zoneId),
  }));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toContain(`The hosted zone ${scene.zoneId} is for ${DOMAIN}, and example.org is not in it`);
});

test('a private zone that is imported by its id is refused at deployment', async () => {
  scene.identityExists();
  const { id } = await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: DOMAIN, privateZone: true });
  const result = await scene.deploy('Mail', (stack) =>
    void dkimOf(stack, DOMAIN, { hostedZone: route53.HostedZone.fromHostedZoneId(stack, 'Zone', id) }));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toContain('is private');
});

describe('two stacks deployed at the same time into one zone', () => {
  test('with domains of their own', async () => {
    const domains = ['a.example.com', 'b.example.com'];
    const build = (domain: string) => (stack: Stack) =>
      void dkimOf(stack, domain, { hostedZone: scene.zoneIn(stack), ...WAIT });
    for (const domain of domains) scene.identityExists(REGION, domain);
    await Promise.all(domains.map((domain) => scene.deployed(`Mail-${domain[0]}`, build(domain))));
    for (const domain of domains) {
      expect(await scene.send(REGION, domain)).toMatchObject({ result: 'pass', signingDomain: domain });
    }
    const results = await Promise.all(domains.map((domain) => scene.destroy(`Mail-${domain[0]}`)));
    expect(results.map(({ status }) => status)).toEqual(['DELETE_COMPLETE', 'DELETE_COMPLETE']);
    expect(scene.all()).toEqual([]);
  });

  test('with one key for one domain in two Regions: one record, which both deletes together take away', async () => {
    const regions = [REGION, 'eu-west-1'];
    for (const region of regions) scene.identityExists(region);
    await Promise.all(regions.map((region) =>
      scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT), { region })));
    expect(scene.records()).toHaveLength(1);
    for (const region of regions) expect(await scene.send(region)).toMatchObject({ result: 'pass', selector: 's1' });
    const results = await Promise.all(regions.map((region) => scene.destroy('Mail', { region })));
    expect(results.map(({ status }) => status)).toEqual(['DELETE_COMPLETE', 'DELETE_COMPLETE']);
    expect(scene.all()).toEqual([]);
  });
});
