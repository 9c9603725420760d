// Records, stacks and domains beside ours: what is somebody else's is never changed, and what is
// ours goes with the last that needs it.
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import { ACCOUNT, byoDkim, DOMAIN, PEM, publicKeyOf, REGION, Scene } from './scene';
import { EmailIdentityDkim, EmailIdentityDkimProps, RecordConflict } from '../../src';

const WAIT = { waitForVerification: Duration.minutes(30) };
const OTHER_REGION = 'eu-west-1';

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.start();
});
afterEach(() => scene.stop());

describe('a record of that name that says something else', () => {
  const NAME = 's2._domainkey.example.com';
  const FOREIGN = '"v=DKIM1; k=rsa; p=somebodyElses"';

  beforeEach(() => {
    scene.identityExists();
    scene.write(NAME, 'TXT', FOREIGN);
  });

  test('fails a create that names both values, and nothing is changed', async () => {
    const result = await scene.deploy('Mail', scene.byo('s2', scene.secrets.two, WAIT));
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reason).toContain('p=somebodyElses');
    expect(result.reason).toContain(`p=${publicKeyOf(PEM.two)}`);
    expect(result.reason).toContain('recordConflict');
    expect(scene.all()).toEqual([`TXT ${NAME}. ${FOREIGN}`]);
    expect(scene.writes()).toEqual([]);
    expect(scene.identity()?.origin).toBe('AWS_SES');
  });

  test('fails an update that names both values; the old signing works on', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    const before = scene.all();
    const calls = scene.cloud.calls.length;
    const result = await scene.deploy('Mail', scene.byo('s2', scene.secrets.two, WAIT));
    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(result.reason).toContain('p=somebodyElses');
    expect(result.reason).toContain(`p=${publicKeyOf(PEM.two)}`);
    expect(scene.all()).toEqual(before);
    expect(scene.writes(calls)).toEqual([]);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test('is replaced on create when that is wanted, and is ours from then on', async () => {
    await scene.deployed('Mail', scene.byo('s2', scene.secrets.two, {
      ...WAIT, recordConflict: RecordConflict.OVERWRITE,
    }));
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
    await scene.destroy('Mail');
    expect(scene.all()).toEqual([]);
  });

  test('is replaced on update when that is wanted', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    await scene.deployed('Mail', scene.byo('s2', scene.secrets.two, {
      ...WAIT, recordConflict: RecordConflict.OVERWRITE,
    }));
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
    await scene.destroy('Mail');
    expect(scene.all()).toEqual([]);
  });
});

test.each([
  ['a CNAME that points elsewhere', 'CNAME', 'elsewhere.example.net'],
  ['a record of another type, which a CNAME cannot stand beside', 'TXT', '"something"'],
] as const)('Easy DKIM meets %s: it fails, names both, and changes nothing', async (_, type, value) => {
  scene.identityExists();
  const [token] = scene.identity()!.tokens;
  scene.write(`${token}._domainkey.example.com`, type, value);
  const before = scene.all();
  const result = await scene.deploy('Mail', scene.easy(WAIT));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toContain(`${type} ${value.replaceAll('"', '')}`);
  expect(result.reason).toContain(`CNAME ${token}.dkim.amazonses.com`);
  expect(scene.all()).toEqual(before);
});

describe('a record with the same meaning that was there before', () => {
  beforeEach(() => scene.identityExists());

  const key = publicKeyOf(PEM.one);
  test.each([
    ['split in another place', `"v=DKIM1; k=rsa; p=${key.slice(0, 30)}" "${key.slice(30, 200)}" "${key.slice(200)}"`],
    ['with p= only', `"p=${key.slice(0, 200)}" "${key.slice(200)}"`],
    ['with a note, and white space', `"v=DKIM1; n=made in 2019;  p=${key.slice(0, 180)}" " ${key.slice(180)};"`],
  ])('is used as it is, %s, and is left in the end', async (_, value) => {
    scene.write('s1._domainkey.example.com', 'TXT', value);
    const before = scene.all();
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    expect(scene.records()).toEqual(before);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    await scene.destroy('Mail');
    expect(scene.all()).toEqual(before);
    expect(scene.identity()?.origin).toBe('AWS_SES');
  });

  test('stays when another selector has come into use, too', async () => {
    scene.write('s1._domainkey.example.com', 'TXT', `"p=${key.slice(0, 200)}" "${key.slice(200)}"`);
    const before = scene.all();
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    await scene.deployed('Mail', scene.byo('s2', scene.secrets.two, WAIT));
    await scene.destroy('Mail');
    expect(scene.all()).toEqual(before);
  });
});

test.each([
  ['another key', `"v=DKIM1; k=rsa; p=${publicKeyOf(PEM.two).slice(0, 200)}" "${publicKeyOf(PEM.two).slice(200)}"`],
  ['the same key in other words', `"p=${publicKeyOf(PEM.one).slice(0, 200)}" "${publicKeyOf(PEM.one).slice(200)}"`],
])('a record that somebody changed after we wrote it, to %s, is left on delete', async (_, value) => {
  scene.identityExists();
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  scene.erase('s1._domainkey.example.com');
  scene.write('s1._domainkey.example.com', 'TXT', value);
  expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
  expect(scene.all()).toEqual([`TXT s1._domainkey.example.com. ${value}`]);
  expect(scene.identity()?.origin).toBe('AWS_SES');
});

describe('another domain', () => {
  const OTHER = 'example.org';
  let otherZone: string;

  beforeEach(async () => {
    scene.identityExists();
    scene.identityExists(REGION, OTHER);
    otherZone = (await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: OTHER })).id;
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  });

  const forOther = (stack: Stack) => new EmailIdentityDkim(stack, 'Dkim', {
    identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', OTHER),
    hostedZone: scene.zoneIn(stack, otherZone, OTHER),
    signing: byoDkim(stack, 's1', scene.secrets.two),
    ...WAIT,
  });

  test('is set up before the old one is cleaned up', async () => {
    const calls = scene.cloud.calls.length;
    await scene.deployed('Mail', forOther);
    expect(await scene.send(REGION, OTHER)).toMatchObject({ result: 'pass', signingDomain: OTHER });
    expect(scene.all()).toEqual([]);
    expect(scene.identity()?.origin).toBe('AWS_SES');
    const puts = scene.cloud.calls.slice(calls).filter(({ operation, status }) =>
      operation.startsWith('PutEmailIdentity') && status === 200);
    expect(puts.map(({ body }) => JSON.parse(body).SigningAttributesOrigin)).toEqual(['EXTERNAL', 'AWS_SES']);
    await scene.destroy('Mail');
    expect(scene.all(otherZone)).toEqual([]);
  });

  test('that cannot be set up leaves the old one at work, and nothing of its own', async () => {
    const before = scene.all();
    scene.cloud.ses.deleteIdentity({ account: ACCOUNT, region: REGION, name: OTHER });
    const result = await scene.deploy('Mail', forOther);
    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(result.reason).toContain(`SES has no identity ${OTHER}`);
    expect(scene.all()).toEqual(before);
    expect(scene.all(otherZone)).toEqual([]);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test.each([
    ['route53', 'GetChange'],
    ['ses', 'PutEmailIdentityDkimSigningAttributes'],
  ])('that fails when its record is there already (%s %s) leaves nothing of its own', async (service, operation) => {
    scene.cloud.faults.add({ service, operation, kind: Scene.refusal() });
    const result = await scene.deploy('Mail', forOther);
    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(scene.all(otherZone)).toEqual([]);
    expect(scene.identity(REGION, OTHER)?.origin).toBe('AWS_SES');
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });
});

test.each(['Easy DKIM', 'BYODKIM'])('a renamed construct takes over records and signing (%s)', async (method) => {
  scene.identityExists();
  const props = (stack: Stack): EmailIdentityDkimProps => ({
    identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', DOMAIN),
    hostedZone: scene.zoneIn(stack),
    signing: method === 'BYODKIM' ? byoDkim(stack, 's1', scene.secrets.one) : undefined,
    ...WAIT,
  });
  await scene.deployed('Mail', (stack) => void new EmailIdentityDkim(stack, 'Old', props(stack)));
  const records = scene.records();
  const { origin } = scene.identity()!;
  const calls = scene.cloud.calls.length;

  await scene.deployed('Mail', (stack) => void new EmailIdentityDkim(stack, 'New', props(stack)));
  expect(scene.writes(calls)).not.toContain('ses:PutEmailIdentityDkimSigningAttributes');
  expect(scene.records()).toEqual(records);
  expect(scene.all()).toHaveLength(records.length + 1);
  expect(scene.identity()).toMatchObject({ origin, status: 'SUCCESS' });
  expect(await scene.send()).toMatchObject({ result: 'pass' });

  await scene.destroy('Mail');
  expect(scene.all()).toEqual([]);
  expect(scene.identity()?.origin).toBe('AWS_SES');
});

describe.each([
  ['first', [REGION, OTHER_REGION]],
  ['last', [OTHER_REGION, REGION]],
])('one key for one domain in two Regions, the stack that wrote the record deleted %s', (_, [first, last]) => {
  test('the record goes with the last stack that needs it', async () => {
    for (const region of [REGION, OTHER_REGION]) {
      scene.identityExists(region);
      await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT), { region });
    }
    expect(scene.records()).toHaveLength(1);
    const records = scene.records();

    expect((await scene.destroy('Mail', { region: first })).status).toBe('DELETE_COMPLETE');
    expect(scene.records()).toEqual(records);
    expect(scene.identity(first)?.origin).toBe('AWS_SES');
    expect(await scene.send(last)).toMatchObject({ result: 'pass', selector: 's1' });

    expect((await scene.destroy('Mail', { region: last })).status).toBe('DELETE_COMPLETE');
    expect(scene.all()).toEqual([]);
    expect(scene.identity(last)?.origin).toBe('AWS_SES');
  });
});

describe('beside ses.EmailIdentity with records of its own', () => {
  const publicZone = (stack: Stack) =>
    route53.PublicHostedZone.fromPublicHostedZoneAttributes(stack, 'PublicZone', {
      hostedZoneId: scene.zoneId, zoneName: DOMAIN,
    });
  const native = (stack: Stack) =>
    new ses.EmailIdentity(stack, 'Native', { identity: ses.Identity.publicHostedZone(publicZone(stack)) });
  const signings = {
    'Easy DKIM': () => undefined,
    'BYODKIM': (stack: Stack) => byoDkim(stack, 's1', scene.secrets.one),
  };
  const nativeRecords = () => {
    const { tokens } = scene.identity()!;
    return tokens.map((token) => `CNAME ${token}._domainkey.example.com. ${token}.dkim.amazonses.com`).sort();
  };

  describe.each(Object.entries(signings))('%s', (method, signing) => {
    const both = (stack: Stack) => void new EmailIdentityDkim(stack, 'Dkim', {
      identity: native(stack), hostedZone: scene.zoneIn(stack), signing: signing(stack), ...WAIT,
    });

    test('in one stack: deleted together, nothing is left', async () => {
      await scene.deployed('Mail', both);
      expect(await scene.send()).toMatchObject({ result: 'pass' });
      expect(scene.records()).toHaveLength(method === 'BYODKIM' ? 4 : 3);
      expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
      expect(scene.all()).toEqual([]);
      expect(scene.identity()).toBeUndefined();
    });

    test('in one stack: when the construct goes, the native records stay and mail verifies by them', async () => {
      await scene.deployed('Mail', both);
      await scene.deployed('Mail', (stack) => void native(stack));
      expect(scene.all()).toEqual(nativeRecords());
      await scene.verified();
      expect(await scene.send()).toMatchObject({ result: 'pass' });
      expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
      expect(scene.all()).toEqual([]);
    });

    test('in two stacks, ours deleted first: the native records stay', async () => {
      await scene.deployed('Identity', (stack) => void native(stack));
      await scene.deployed('Mail', scene.dkim(signing, WAIT));
      expect(await scene.send()).toMatchObject({ result: 'pass' });
      expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
      expect(scene.all()).toEqual(nativeRecords());
      expect(scene.identity()?.origin).toBe('AWS_SES');
      expect((await scene.destroy('Identity')).status).toBe('DELETE_COMPLETE');
      expect(scene.all()).toEqual([]);
    });

    test('in two stacks, the native one deleted first: ours is deleted all the same', async () => {
      await scene.deployed('Identity', (stack) => void native(stack));
      await scene.deployed('Mail', scene.dkim(signing, WAIT));
      expect((await scene.destroy('Identity')).status).toBe('DELETE_COMPLETE');
      expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
      expect(scene.all()).toEqual([]);
    });
  });

  test('native records that were taken away are made by the next deployment, and are ours then', async () => {
    const build = (identity: (stack: Stack) => ses.IEmailIdentity, recordTtl: Duration) => (stack: Stack) =>
      void new EmailIdentityDkim(stack, 'Dkim', {
        identity: identity(stack), hostedZone: scene.zoneIn(stack), recordTtl, ...WAIT,
      });
    const bare = (stack: Stack) => new ses.EmailIdentity(stack, 'Native', { identity: ses.Identity.domain(DOMAIN) });
    await scene.deployed('Mail', build(native, Duration.minutes(30)));
    const expected = nativeRecords();
    await scene.deployed('Mail', build(bare, Duration.minutes(30)));
    await scene.deployed('Mail', build(bare, Duration.minutes(20)));
    expect(scene.records()).toEqual(expected);
    await scene.destroy('Mail');
    expect(scene.all()).toEqual([]);
  });
});

describe('kept on purpose (RETAIN)', () => {
  beforeEach(() => scene.identityExists());

  test.each([
    ['Easy DKIM', 'AWS_SES', () => scene.easy({ ...WAIT, removalPolicy: RemovalPolicy.RETAIN })],
    ['BYODKIM', 'EXTERNAL', () => scene.byo('s1', scene.secrets.one, { ...WAIT, removalPolicy: RemovalPolicy.RETAIN })],
  ])('%s: signing and records stay when the stack goes; the registry record goes', async (_, origin, build) => {
    await scene.deployed('Mail', build());
    const records = scene.records();
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(scene.all()).toEqual(records);
    expect(scene.identity()).toMatchObject({ origin, status: 'SUCCESS' });
    expect(await scene.send()).toMatchObject({ result: 'pass' });
  });

  test('what was kept is found by the next stack, and left by it', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, { ...WAIT, removalPolicy: RemovalPolicy.RETAIN }));
    const records = scene.records();
    await scene.destroy('Mail');
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    await scene.destroy('Mail');
    expect(scene.all()).toEqual(records);
  });
});

describe('the zone of the records changes', () => {
  beforeEach(async () => {
    scene.identityExists();
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  });

  test('taken away: the record stays, marked with its time, and mail verifies', async () => {
    const records = scene.records();
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, { ...WAIT, hostedZone: undefined }));
    expect(scene.records()).toEqual(records);
    expect(scene.all().join('\n')).toMatch(/record=s1; type=TXT; origin=ours; digest=\w+; until=\d{4}-/);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test('another one: the old record stays marked, so that mail verifies before and after the delegation', async () => {
    const early = await scene.sent();
    const records = scene.records();
    const { id, nameServers } = await scene.cloud.route53.createHostedZone({
      account: ACCOUNT, name: DOMAIN, delegate: false,
    });
    const build = (stack: Stack) =>
      scene.byo('s1', scene.secrets.one, { ...WAIT, hostedZone: scene.zoneIn(stack, id) })(stack);
    const calls = scene.cloud.calls.length;
    await scene.deployed('Mail', build);
    expect(scene.writes(calls)).not.toContain('ses:PutEmailIdentityDkimSigningAttributes');
    expect(scene.records(id)).toEqual(records);
    expect(scene.records()).toEqual(records);
    expect(scene.all().join('\n')).toMatch(/record=s1; .*until=/);
    expect(scene.all(id).join('\n')).not.toMatch(/until=/);
    expect((await scene.verdictOn(early)).result).toBe('pass');

    scene.cloud.dns.delegate(DOMAIN, nameServers);
    expect((await scene.verdictOn(early)).result).toBe('pass');
    await scene.destroy('Mail');
    expect(scene.all(id)).toEqual([]);
    expect(scene.records()).toEqual(records);
  });
});

describe('records that the app wrote itself', () => {
  /** As docs/moving.md has it. */
  const nativeRecords = (removalPolicy?: RemovalPolicy) => (stack: Stack) => {
    const hostedZone = route53.PublicHostedZone.fromPublicHostedZoneAttributes(stack, 'Zone', {
      hostedZoneId: scene.zoneId, zoneName: DOMAIN,
    });
    const identity = new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.publicHostedZone(hostedZone) });
    for (const child of identity.node.findAll()) {
      if (removalPolicy && child instanceof route53.CfnRecordSet) child.applyRemovalPolicy(removalPolicy);
    }
  };

  test('serve the construct that takes their place, when they were retained first', async () => {
    await scene.deployed('Mail', nativeRecords());
    const records = scene.records();
    await scene.deployed('Mail', nativeRecords(RemovalPolicy.RETAIN));
    await scene.deployed('Mail', (stack) => void new EmailIdentityDkim(stack, 'Dkim', {
      identity: new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain(DOMAIN) }),
      hostedZone: scene.zoneIn(stack),
      ...WAIT,
    }));
    expect(scene.records()).toEqual(records);
    expect(await scene.send()).toMatchObject({ result: 'pass' });
  });
});
