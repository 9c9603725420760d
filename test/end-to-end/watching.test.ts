// Watching: what a user is told of each thing that can go wrong with DKIM of an identity, and that health is told too.
import { Aws, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import { bareKey, signsByHand } from './hand-made';
import { manyIdentities } from './many-identities';
import { PARENT, parentExists } from './methods';
import { ACCOUNT, byoDkim as byoDkimOf, DOMAIN, newKey, PEM, publicKeyOf, REGION, Scene } from './scene';
import { HEALTHY, HOUR, nextReport, reportsOn, said, WATCHED, watchers } from './watched';
import { EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';
import { sized } from '../whole-size';

const MINUTE = 60_000;
const IDENTITY = { account: ACCOUNT, region: REGION, name: DOMAIN };
const RECORD = `s1._domainkey.${DOMAIN}`;

let scene: Scene;

afterEach(() => scene.stop());

async function easyDkim(props: Partial<EmailIdentityDkimProps> = WATCHED): Promise<void> {
  scene = await Scene.withIdentity();
  await scene.deployed('Mail', scene.easy(props));
  await scene.verified();
}

async function byoDkim(props: Partial<EmailIdentityDkimProps> = WATCHED): Promise<void> {
  scene = await Scene.withIdentity();
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, props));
  await scene.verified();
}

async function replica(): Promise<void> {
  scene = await Scene.withIdentity();
  await parentExists(scene);
  await scene.deployed('Mail', scene.replicaOf(PARENT, WATCHED));
  await scene.verified();
}

/** The names of Easy DKIM's CNAMEs, and where they lead. */
function cnames(region = REGION): { name: string; target: string }[] {
  const { tokens, signingHostedZone } = scene.identity(region)!;
  return tokens.map((token) => ({ name: `${token}._domainkey.${DOMAIN}`, target: `${token}.${signingHostedZone}` }));
}

/** What SES has in its own DNS for one of its keys. */
function sesHas(target: string, text: string): void {
  scene.cloud.dns.provider('amazonses').set(target, 'TXT', [text]);
}

function nameServers(settings: Parameters<Scene['cloud']['dns']['changeNameServer']>[1]): void {
  for (const name of scene.cloud.dns.delegation(DOMAIN)!) scene.cloud.dns.changeNameServer(name, settings);
}

/** The next look finds a problem, and one line of the log says this. */
async function expectProblem(metrics: object, message: RegExp): Promise<void> {
  expect(await nextReport(scene)).toMatchObject({ Problem: 1, ...metrics });
  expect(said(scene).filter((line) => message.test(line))).toHaveLength(1);
}

describe('all is right', () => {
  test.each([['Easy DKIM', easyDkim], ['BYODKIM', byoDkim], ['a replica', replica]])('%s, each hour', async (_, deployed) => {
    await deployed();
    const began = scene.cloud.clock.now();

    await scene.cloud.clock.pass(24 * HOUR);

    const reports = reportsOn(scene);
    expect(reports.map(({ metrics }) => metrics)).toEqual(Array(24).fill(HEALTHY));
    const hours = new Set(reports.map(({ at }) => Math.floor(at / HOUR)));
    expect(hours.size).toBe(24);
    expect(reports[0].at - began).toBeLessThanOrEqual(HOUR);
    expect(said(scene)).toEqual([]);
  });

  test('two metrics are all that is paid for, unless more are asked for', async () => {
    await easyDkim({ watch: true });
    expect(await nextReport(scene)).toEqual({ Problem: 0, LookFailed: 0 });
  });

  test('SES names no selector', async () => {
    scene = await Scene.withIdentity({ ses: { byoDkimTokens: 'none' } });
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WATCHED));
    await scene.verified();

    expect(await nextReport(scene)).toEqual(HEALTHY);
  });

  test('the key is reached by a CNAME, as where another provider has it', async () => {
    await byoDkim();
    scene.erase(RECORD);
    scene.write('key.example.com', 'TXT', `"v=DKIM1; p=${publicKeyOf(PEM.one).slice(0, 200)}" "${publicKeyOf(PEM.one).slice(200)}"`);
    scene.write(RECORD, 'CNAME', 'key.example.com');

    expect(await nextReport(scene)).toEqual(HEALTHY);
  });

  test('another of the three keys is in use, as after a change of SES', async () => {
    await easyDkim();
    const [first, second] = cnames();
    sesHas(second.target, `p=${publicKeyOf(newKey())}`);
    sesHas(first.target, 'p=');

    expect(await nextReport(scene)).toMatchObject({ KeyPublished: 1 });
  });

  test('SES itself leads on to another name', async () => {
    await easyDkim();
    const [first] = cnames();
    sesHas('elsewhere.dkim.amazonses.com', `p=${publicKeyOf(newKey())}`);
    scene.cloud.dns.provider('amazonses').remove(first.target, 'TXT');
    scene.cloud.dns.provider('amazonses').set(first.target, 'CNAME', ['elsewhere.dkim.amazonses.com']);

    expect(await nextReport(scene)).toMatchObject({ KeyPublished: 1 });
  });

  test('one of the name servers is down: the world asks the others', async () => {
    await easyDkim();
    scene.cloud.dns.changeNameServer(scene.cloud.dns.delegation(DOMAIN)![0], { mode: 'silent' });
    expect(await nextReport(scene)).toEqual(HEALTHY);
  });

  test('the identity is in another Region', async () => {
    scene = await Scene.start();
    scene.identityExists('eu-west-1');
    await scene.deployed('Mail', scene.easy({ ...WATCHED, region: 'eu-west-1' }));
    await scene.verified('eu-west-1');

    expect(await nextReport(scene, DOMAIN, 'eu-west-1')).toEqual(HEALTHY);
  });
});

describe('DNS is not as it should be', () => {
  test('the record of the key is gone', async () => {
    await byoDkim();
    scene.erase(RECORD);
    await expectProblem({ KeyPublished: 0, LookFailed: 0 }, /^s1\._domainkey\.example\.com has no record: .*recordTtl/);
  });

  test.each<[string, string, RegExp]>([
    ['the key of somebody else', `v=DKIM1; k=rsa; p=${publicKeyOf(PEM.two)}`, /has another key than the one that SES signs with/],
    ['no key', 'v=DKIM1; k=rsa; p=', /has no key, as a revoked one/],
    ['a key that is cut short', `v=DKIM1; k=rsa; p=${publicKeyOf(PEM.one).slice(0, 100)}`, /has no key that can be read/],
    ['the key for tests', `v=DKIM1; t=y; p=${publicKeyOf(PEM.one)}`, /verifiers do not take, as t=y/],
  ])('the record has %s', async (_, text, message) => {
    await byoDkim();
    scene.erase(RECORD);
    scene.write(RECORD, 'TXT', (text.match(/.{1,255}/g) ?? []).map((part) => `"${part}"`).join(' '));
    await expectProblem({ KeyPublished: 0, LookFailed: 0 }, message);
  });

  test('the record is changed by words only, and means the same', async () => {
    await byoDkim();
    scene.erase(RECORD);
    const key = publicKeyOf(PEM.one);
    scene.write(RECORD, 'TXT', `"n=ours; p=${key.slice(0, 100)}" "${key.slice(100, 300)}" "${key.slice(300)}"`);
    expect(await nextReport(scene)).toEqual(HEALTHY);
  });

  test.each([['Easy DKIM', easyDkim, REGION], ['a replica', replica, PARENT]])(
    'one of the three CNAMEs is gone: %s', async (_, deployed, region) => {
      await deployed();
      const [, { name, target }] = cnames(region);
      scene.erase(name);
      await expectProblem({ KeyPublished: 0 }, new RegExp(`^${name} has no record: .* Write it as the CNAME ${name} to ${target}`));
    });

  test('one of the three CNAMEs leads to a key of another one', async () => {
    await easyDkim();
    const [first, second] = cnames();
    scene.erase(second.name);
    scene.write(second.name, 'CNAME', first.target);
    await expectProblem({ KeyPublished: 0 }, new RegExp(`^${second.name} does not lead to ${second.target}`));
  });

  test('a copy of the key stands in place of a CNAME: SES could not change it', async () => {
    await easyDkim();
    const [, { name }] = cnames();
    scene.erase(name);
    scene.write(name, 'TXT', '"p="');
    await expectProblem({ KeyPublished: 0 }, new RegExp(`^${name} is no CNAME to SES`));
  });

  test('all three keys of SES are empty', async () => {
    await easyDkim();
    for (const { target } of cnames()) sesHas(target, 'p=');
    await expectProblem({ KeyPublished: 0, LookFailed: 0 }, /^none of .* leads to a key that verifiers can use/);
  });

  test.each([['Easy DKIM', easyDkim, 3], ['BYODKIM', byoDkim, 1]])('%s: the delegation is lost', async (_, deployed, names) => {
    await deployed();
    scene.cloud.dns.undelegate(DOMAIN);
    expect(await nextReport(scene)).toMatchObject({ Problem: 1, KeyPublished: 0 });
    expect(said(scene).filter((line) => /is delegated to no name server/.test(line))).toHaveLength(names);
  });

  test('the domain is delegated to another provider, which has another zone', async () => {
    await byoDkim();
    const { nameServers: theirs } = await scene.cloud.dns.provider('elsewhere').createZone(DOMAIN);
    scene.cloud.dns.delegate(DOMAIN, theirs);
    await expectProblem({ KeyPublished: 0 }, /has no record: ns\d\.elsewhere\.example has none/);
  });

  test('half of the name servers have another zone', async () => {
    await byoDkim();
    const { nameServers: theirs } = await scene.cloud.dns.provider('elsewhere').createZone(DOMAIN);
    scene.cloud.dns.delegate(DOMAIN, [...scene.cloud.dns.delegation(DOMAIN)!, ...theirs]);
    await expectProblem({ KeyPublished: 0 }, /has no record: .*elsewhere\.example has none/);
  });

  test('a record that is back half a minute later was no problem', async () => {
    await byoDkim();
    await nextReport(scene);
    const record = scene.cloud.route53.recordSets(scene.zoneId).find(({ Name }) => Name === `${RECORD}.`)!;
    scene.erase(RECORD);
    const { cloud } = scene;
    const asked = () => cloud.calls.filter(({ operation }) => operation === 'GetEmailIdentity').length;
    const before = asked();
    await cloud.clock.until('SES to be asked', () => asked() > before, 2 * HOUR);
    await cloud.clock.pass(20_000);
    cloud.route53.change(scene.zoneId, [{ Action: 'CREATE', ResourceRecordSet: record }]);
    expect(await nextReport(scene)).toMatchObject({ KeyPublished: 1 });
  });
});

test('a key is changed by a deployment that lasts for an hour: the old event, and what SES has by then, are no problem', async () => {
  await byoDkim();
  scene.identityExists(REGION, `slow.${DOMAIN}`);
  const since = reportsOn(scene).length;

  const { status } = await scene.deploy('Mail', (stack) => {
    scene.byo('s2', scene.secrets.two, WATCHED)(stack);
    const identity = ses.EmailIdentity.fromEmailIdentityName(stack, 'Slow', `slow.${DOMAIN}`);
    new EmailIdentityDkim(stack, 'Never verified', { identity, waitForVerification: Duration.minutes(55) });
  });

  expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(reportsOn(scene).length).toBeGreaterThan(since);
  expect(scene.log().filter((line) => /signs in SES in/.test(line))).toEqual([]);
  await scene.verified();
  expect(await nextReport(scene)).toEqual(HEALTHY);
});

describe('SES is not as it should be', () => {
  test('it has given up', async () => {
    scene = await Scene.withIdentity({ ses: { giveUpAfter: 10 * MINUTE } });
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, { ...WATCHED, hostedZone: undefined }));
    await scene.cloud.clock.until('SES to give up', () => scene.identity()!.status === 'FAILED');
    await expectProblem({ Verified: 0, KeyPublished: 0 }, /status of example\.com in SES in us-east-1 is FAILED \(HOST_NOT_FOUND\)/);
  });

  test('it still looks', async () => {
    scene = await Scene.withIdentity();
    await scene.deployed('Mail', scene.easy({ ...WATCHED, hostedZone: undefined }));
    await expectProblem({ Verified: 0 }, /is PENDING.*goes out unsigned until it has found them/);
  });

  test('signing is switched off', async () => {
    await easyDkim();
    scene.cloud.ses.setSigningEnabled(IDENTITY, false);
    await expectProblem(
      { Verified: 1, SigningEnabled: 0, KeyPublished: 1 }, /switched off in SES in us-east-1.*put-email-identity-dkim-attributes/);
  });

  test('the identity is gone', async () => {
    await easyDkim();
    scene.cloud.ses.deleteIdentity(IDENTITY);
    await expectProblem({ Verified: 0, SigningEnabled: 0, KeyPublished: 0, LookFailed: 0 }, /^there is no identity example\.com/);
  });

  test('somebody has set another key, and that one is looked at', async () => {
    await byoDkim();
    const pem = newKey();
    signsByHand(scene, 'other', pem);
    scene.publishKey('other', pem);
    await scene.verified();
    await expectProblem({ Verified: 1, KeyPublished: 1 }, /by EXTERNAL with selector other, and the stack has set BYODKIM/);
  });

  test('somebody has set another method', async () => {
    await byoDkim();
    scene.cloud.ses.deleteIdentity(IDENTITY);
    scene.identityExists();
    await expectProblem({ Verified: 0, KeyPublished: 0 }, /signs in SES in us-east-1 by AWS_SES, and the stack has set BYODKIM/);
  });

  test('the parent of a replica is gone', async () => {
    await replica();
    scene.cloud.ses.deleteIdentity({ ...IDENTITY, region: PARENT });
    await expectProblem({}, /^the parent of example\.com in eu-west-1 is not there/);
  });

  test('the parent of a replica has a key of its own now', async () => {
    await replica();
    const parent = { ...IDENTITY, region: PARENT };
    scene.cloud.ses.deleteIdentity(parent);
    scene.cloud.ses.createIdentity({ ...parent, dkim: { selector: 'own', privateKey: bareKey(PEM.one) } });
    await expectProblem({}, /^the parent of example\.com in eu-west-1 signs by EXTERNAL with selector own/);
  });
});

describe('what the message says to do helps', () => {
  const aChange = { ...WATCHED, recordTtl: Duration.minutes(29) };

  async function healthyAfter(build: (stack: Stack) => unknown): Promise<void> {
    expect(await nextReport(scene)).toMatchObject({ Problem: 1 });
    await scene.deployed('Mail', build);
    await scene.verified();
    expect(await nextReport(scene)).toEqual(HEALTHY);
  }

  test('the record of the key is gone', async () => {
    await byoDkim();
    scene.erase(RECORD);
    await healthyAfter(scene.byo('s1', scene.secrets.one, aChange));
  });

  test('SES has given up, and the records are there by now', async () => {
    scene = await Scene.withIdentity({ ses: { giveUpAfter: 10 * MINUTE } });
    await scene.deployed('Mail', scene.easy({ ...WATCHED, hostedZone: undefined }));
    await scene.cloud.clock.until('SES to give up', () => scene.identity()!.status === 'FAILED');
    scene.publishTokens();
    await healthyAfter(scene.easy({ ...aChange, hostedZone: undefined }));
  });

  test('somebody has set another method', async () => {
    await byoDkim();
    scene.cloud.ses.signIdentity(IDENTITY, 'AWS_SES', {});
    await healthyAfter(scene.byo('s1', scene.secrets.one, aChange));
  });

  test('the identity was deleted, and is made again', async () => {
    await byoDkim();
    scene.cloud.ses.deleteIdentity(IDENTITY);
    scene.identityExists();
    await healthyAfter(scene.byo('s1', scene.secrets.one, aChange));
  });
});

describe('nobody can look', () => {
  test('SES is throttled for the hour', async () => {
    await easyDkim();
    scene.cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', kind: 'throttle', forMs: HOUR });
    expect(await nextReport(scene)).toEqual({ Problem: 1, LookFailed: 1 });
    expect(said(scene)).toEqual([expect.stringMatching(/^nobody could see how example\.com signs.*TooManyRequestsException/)]);
    expect(await nextReport(scene)).toEqual(HEALTHY);
  });

  test.each(['error', 'unavailable', 'hang', 'cut-before', 'access-denied'] as const)('SES does not answer: %s', async (kind) => {
    await easyDkim();
    scene.cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', kind, forMs: HOUR });
    expect(await nextReport(scene)).toEqual({ Problem: 1, LookFailed: 1 });
    expect(said(scene)).toHaveLength(1);
  });

  test('SES is throttled for a minute: the look comes later, and is one', async () => {
    await easyDkim();
    scene.cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', kind: 'throttle', times: 5 });
    expect(await nextReport(scene)).toEqual(HEALTHY);
  });

  test.each(['silent', 'refuses'] as const)('all name servers of the domain are down: %s', async (mode) => {
    await byoDkim();
    nameServers({ mode });
    expect(await nextReport(scene)).toMatchObject({ Problem: 1, LookFailed: 1 });
    expect(await nextReport(scene)).not.toHaveProperty('KeyPublished');
    expect(said(scene).join('\n')).toMatch(/^nobody could see what s1\._domainkey\.example\.com has in public DNS/m);
  });

  test('SES leads on from a key, and one of its own name servers is down', async () => {
    await easyDkim();
    const { dns } = scene.cloud;
    const target = `${scene.identity()!.tokens[0]}.dkim.amazonses.com`;
    const ofSes = dns.provider('amazonses');
    const texts = await dns.client().resolveTxt(target);
    ofSes.remove(target, 'TXT');
    ofSes.set(target, 'CNAME', ['next.dkim.amazonses.com']);
    ofSes.set('next.dkim.amazonses.com', 'TXT', texts.map((each) => each.join('')));
    dns.setReachable('ns1.amazonses.example', false);
    expect(await nextReport(scene)).toEqual(HEALTHY);
  });

  test('the function\'s network lets no question out', async () => {
    await easyDkim();
    scene.cloud.dns.settings.functionNetwork.port53 = false;
    expect(await nextReport(scene)).toMatchObject({ Problem: 1, LookFailed: 1, Verified: 1 });
    expect(said(scene)[0]).toContain('port 53');
  });

  test('nobody calls the function: there is no metric, which the alarm takes for a problem', async () => {
    await easyDkim();
    await nextReport(scene);
    await scene.destroy('Mail');
    const before = reportsOn(scene).length;
    await scene.cloud.clock.pass(3 * HOUR);
    expect(reportsOn(scene)).toHaveLength(before);
  });
});

describe('an event of AWS Health', () => {
  beforeEach(async () => {
    scene = await Scene.withIdentity();
    scene.identityExists(REGION, `mail.${DOMAIN}`);
    scene.cloud.eventBridge.settings.healthEvents = true;
  });

  test('wakes a look at the identity that it names, and at no other', async () => {
    await scene.deployed('Mail', (stack) => {
      for (const domain of [DOMAIN, `mail.${DOMAIN}`]) {
        const identity = ses.EmailIdentity.fromEmailIdentityName(stack, domain, domain);
        new EmailIdentityDkim(stack, `Dkim ${domain}`, { identity, ...WATCHED });
      }
    });
    scene.publishTokens();
    const before = scene.cloud.clock.now();
    await scene.verified();
    await scene.cloud.clock.until('a look', () => reportsOn(scene).length > 0, 5 * MINUTE);

    expect(reportsOn(scene)[0].metrics).toEqual(HEALTHY);
    expect(reportsOn(scene)[0].at - before).toBeLessThan(5 * MINUTE);
    expect(reportsOn(scene, `mail.${DOMAIN}`)).toEqual([]);
  });

  test('is not believed', async () => {
    await scene.deployed('Mail', scene.easy(WATCHED));
    await scene.verified();
    scene.cloud.eventBridge.send({
      source: 'aws.health',
      detailType: 'AWS Health Event',
      account: ACCOUNT,
      region: REGION,
      resources: [],
      detail: {
        service: 'SES',
        eventTypeCode: 'AWS_SES_DKIM_PENDING_TO_FAILED',
        eventDescription: [{ language: 'en_US', latestDescription: `The DKIM setup of the domain ${DOMAIN} has failed.` }],
      },
    });
    await scene.cloud.clock.until('a look', () => reportsOn(scene).length > 0, 5 * MINUTE);
    expect(reportsOn(scene)[0].metrics).toEqual(HEALTHY);
  });
});

describe('many identities', () => {
  const count = sized(90, 150); // more than one target has room for

  test(`${count} in one stack are all looked at each hour, and nobody else is kept from SES`, async () => {
    scene = await Scene.start();
    const { stackId } = await scene.deployed('Mail', manyIdentities(scene, count, { watch: true }));
    expect(stackId).toBeDefined();
    const since = scene.cloud.calls.length;
    await scene.cloud.clock.pass(2 * HOUR);

    for (let index = 0; index < count; index += 1) {
      expect(reportsOn(scene, `d${index}.${DOMAIN}`).slice(-2).map(({ metrics }) => metrics))
        .toEqual(Array(2).fill({ Problem: 0, LookFailed: 0 }));
    }
    const looks = scene.cloud.calls.slice(since).filter(({ operation }) => operation === 'GetEmailIdentity');
    expect(looks.length).toBeLessThanOrEqual(2 * count * 1.05); // hardly any is refused
  });
});

test('runs that meet, of an event that is delivered twice, look all the same', async () => {
  scene = await Scene.start();
  scene.cloud.eventBridge.settings.deliveries = 3;
  await scene.deployed('Mail', manyIdentities(scene, 10, { watch: true }));
  await scene.cloud.clock.pass(90 * MINUTE);
  for (let index = 0; index < 10; index += 1) {
    const reports = reportsOn(scene, `d${index}.${DOMAIN}`);
    expect(reports.length).toBeGreaterThanOrEqual(3);
    for (const { metrics } of reports) expect(metrics).toEqual({ Problem: 0, LookFailed: 0 });
  }
});

test('the domain is known to the deployment only, in a stack for any Region', async () => {
  scene = await Scene.withIdentity();
  await scene.deployed('Mail', (stack) => {
    const domain = new CfnParameter(stack, 'Domain').valueAsString;
    const dkim = new EmailIdentityDkim(stack, 'Dkim', {
      identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', domain),
      signing: byoDkimOf(stack, 's1', scene.secrets.one),
      hostedZone: route53.HostedZone.fromHostedZoneId(stack, 'Zone', scene.zoneId),
      region: Aws.REGION,
      ...WATCHED,
    });
    dkim.onProblem('Rule');
  }, { parameters: { Domain: DOMAIN } });
  await scene.verified();
  expect(await nextReport(scene)).toEqual(HEALTHY);
});

test('watching comes and goes, and the signing stays as it is', async () => {
  await byoDkim({});
  const since = scene.cloud.calls.length;
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WATCHED));
  expect(await nextReport(scene)).toEqual(HEALTHY);
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one));
  await scene.cloud.clock.pass(2 * HOUR);

  expect(scene.writes(since)).toEqual([]);
  expect(reportsOn(scene)).toHaveLength(1);
  expect(scene.cloud.eventBridge.ruleArns()).toEqual([]);
  expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
});

test('whoever writes into DNS writes no metric and no line of the log', async () => {
  await byoDkim();
  scene.erase(RECORD);
  scene.write(RECORD, 'TXT', '"\\012{\\\"_aws\\\":{}}\\015\\012{\\\"decision\\\":\\\"problem-seen\\\"}"');
  await expectProblem({ KeyPublished: 0 }, /has no key that can be read/);
  const lines = watchers(scene.cloud).flatMap((name) => scene.cloud.lambda.logs(name));
  expect(lines.filter((line) => /^\{"(_aws|decision)":/.test(line))).toEqual(lines.filter((line) => line.startsWith('{')));
  expect(new Set(scene.cloud.metrics().map(({ namespace }) => namespace))).toEqual(new Set(['cdk-ses-dkim']));
});

test('it looks, and does nothing else: no key, no write', async () => {
  await byoDkim();
  scene.erase(RECORD);
  const since = scene.cloud.calls.length;
  await nextReport(scene);
  const calls = scene.cloud.calls.slice(since);
  expect(new Set(calls.map(({ service, operation }) => `${service} ${operation}`))).toEqual(new Set(['ses GetEmailIdentity']));
  expect(watchers(scene.cloud)).toHaveLength(1);
});

test('an alarm and an event rule are deployed with it', async () => {
  scene = await Scene.withIdentity();
  await scene.deployed('Mail', (stack) => {
    const dkim = scene.easy(WATCHED)(stack);
    dkim.addProblemAlarm('Alarm');
    dkim.onProblem('Rule', { eventPattern: { account: [ACCOUNT] } }) satisfies events.Rule;
  });
});

test('another key in the record that SES signs with: what the look advises brings the mail back', async () => {
  const props = { ...WATCHED, waitForVerification: Duration.minutes(30) };
  scene = await Scene.withIdentity();
  await scene.deployed('mail', scene.byo('s1', scene.secrets.one, props));
  scene.erase(RECORD);
  scene.publishKey('s1', newKey());
  await nextReport(scene);
  expect(said(scene).join('\n')).toContain(`Delete the record of exactly the name ${RECORD}, if there is one. Write the record again`);
  scene.erase(RECORD);
  await scene.deployed('mail', scene.byo('s1', scene.secrets.one, { ...props, recordTtl: Duration.minutes(20) }));
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});
