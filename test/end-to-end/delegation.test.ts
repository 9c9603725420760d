// Public DNS as the world sees it: two providers, CNAMEs, zone cuts, resolvers that remember, networks without DNS.
import { Duration, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { Answer, decode, encode } from 'dns-packet';
import { ACCOUNT, byoDkim, DOMAIN, PEM, publicKeyOf, REGION, Scene } from './scene';
import { DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';
import { FunctionMode, LocalCloudOptions, StackResult } from '../cloud';
import { DnsServer } from '../cloud/dns/dns-server';
import { NameServerSettings } from '../cloud/dns/name-server';

const ORG = 'example.org';
const MINUTE = 60_000;
const WAIT = { waitForVerification: Duration.minutes(30) };
const PUT_SIGNING = 'ses:PutEmailIdentityDkimSigningAttributes';
const CHANGE_RECORDS = 'route53:ChangeResourceRecordSets';

let scene: Scene;

async function begin(options: LocalCloudOptions = {}): Promise<void> {
  scene = await Scene.start(options);
}
afterEach(() => scene.stop());

type Signing = (stack: Stack) => DkimSigning;
const ownKey = (selector = 's1'): Signing => (stack) => byoDkim(stack, selector, scene.secrets.one);

function dkimOf(domain: string, props: (stack: Stack) => Omit<EmailIdentityDkimProps, 'identity'>) {
  return (stack: Stack) => void new EmailIdentityDkim(stack, 'Dkim', {
    identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', domain), ...props(stack),
  });
}

/** BYODKIM for the domain, with its record in that hosted zone. */
function ownKeyIn(zoneId: string, zoneName: string, domain = zoneName) {
  return dkimOf(domain, (stack) => ({ hostedZone: scene.zoneIn(stack, zoneId, zoneName), signing: ownKey()(stack) }));
}

/** Makes an identity that signs with Easy DKIM now. Each publisher gets its CNAMEs. */
async function signsNow(domain: string, publishers: ((name: string, target: string) => void)[]): Promise<void> {
  scene.identityExists(REGION, domain);
  const { tokens, signingHostedZone } = scene.identity(REGION, domain)!;
  for (const publish of publishers) {
    for (const token of tokens) publish(`${token}._domainkey.${domain}`, `${token}.${signingHostedZone}`);
  }
  await scene.verified(REGION, domain);
}

const inZone = (zoneId: string) => (name: string, target: string) => scene.write(name, 'CNAME', target, zoneId);
const atElsewhere = (name: string, target: string) => elsewhere().set(name, 'CNAME', [target]);

function elsewhere() {
  return scene.cloud.dns.provider('elsewhere');
}

/** What the world finds under a name: the texts, or the error. */
async function seen(name: string): Promise<string> {
  return scene.cloud.dns.client().resolveTxt(name).then((records) => records.flat().join(), (error) => error.code);
}

describe('a domain that its parent delegates to Route 53 and to another provider, each with a zone of its own', () => {
  /** Which half of the world asks: 0 is served by Route 53, 0.99 by the other provider. */
  let half: number;
  let zoneId: string;
  let result: StackResult;

  beforeEach(async () => {
    half = 0;
    await begin({ dns: { random: () => half } });
  });

  /** Checks that the bench is as the title says, by a record that only Route 53 has. */
  async function requireHalves(domain: string): Promise<void> {
    scene.write(`here.${domain}`, 'TXT', '"only in Route 53"', zoneId);
    half = 0.99;
    expect(await seen(`here.${domain}`)).toBe('ENOTFOUND');
    half = 0;
    expect(await seen(`here.${domain}`)).toBe('only in Route 53');
  }

  describe('by the registry', () => {
    beforeEach(async () => {
      const other = await elsewhere().createZone(ORG);
      const { id, nameServers } = await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: ORG });
      zoneId = id;
      scene.cloud.dns.delegate(ORG, [...nameServers, ...other.nameServers]);
      await signsNow(ORG, [inZone(zoneId), atElsewhere]);
      await requireHalves(ORG);
    });

    describe('and the half that is asked has the record', () => {
      beforeEach(async () => {
        result = await scene.deploy('Mail', ownKeyIn(zoneId, ORG));
      });

      test('D1 publish before use: SES is not told while half of the name servers have no record', () => {
        expect(scene.writes()).not.toContain(PUT_SIGNING);
      });

      test('D1 the reason names the name servers that have no record', () => {
        expect(String(result.reason)).toContain('ns1.elsewhere.example has none');
      });
    });

    test('the half that has no record is asked: signing is not touched', async () => {
      half = 0.99;
      result = await scene.deploy('Mail', ownKeyIn(zoneId, ORG));
      expect(result.reason).toContain('ns1.elsewhere.example has none');
      expect(scene.writes()).not.toContain(PUT_SIGNING);
      expect(await scene.send(REGION, ORG)).toMatchObject({ result: 'pass' });
    });
  });

  describe('by NS records in a hosted zone', () => {
    const SUBDOMAIN = 'mail.example.com';

    beforeEach(async () => {
      const other = await elsewhere().createZone(SUBDOMAIN, { delegate: false });
      const zone = await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: SUBDOMAIN, delegate: false });
      zoneId = zone.id;
      const ResourceRecords = [...zone.nameServers, ...other.nameServers].map((Value) => ({ Value }));
      scene.cloud.route53.change(scene.zoneId, [
        { Action: 'CREATE', ResourceRecordSet: { Name: SUBDOMAIN, Type: 'NS', TTL: 300, ResourceRecords } },
      ]);
      await signsNow(SUBDOMAIN, [inZone(zoneId), atElsewhere]);
      await requireHalves(SUBDOMAIN);
      result = await scene.deploy('Mail', ownKeyIn(zoneId, SUBDOMAIN));
    });

    test('D1 publish before use: SES is not told while half of the name servers have no record', () => {
      expect(scene.writes()).not.toContain(PUT_SIGNING);
    });
  });
});

describe('a domain whose zone names other name servers than its parent does', () => {
  let zoneId: string;

  beforeEach(async () => {
    // GIVEN a move to Route 53 that has begun with the zone's own NS records, while the registry still has the old ones
    await begin();
    await elsewhere().createZone(ORG);
    const zone = await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: ORG, delegate: false });
    zoneId = zone.id;
    elsewhere().set(ORG, 'NS', zone.nameServers);
    await signsNow(ORG, [inZone(zoneId), atElsewhere]);
    scene.write(`here.${ORG}`, 'TXT', '"only in Route 53"', zoneId);
    expect(await seen(`here.${ORG}`)).toBe('ENOTFOUND');
    expect((await scene.cloud.dns.client().resolveNs(ORG)).sort()).toEqual([...zone.nameServers].sort());
    // WHEN
    await scene.deploy('Mail', ownKeyIn(zoneId, ORG));
  });

  test('D1 publish before use: SES is not told while the parent\'s name servers have no record', () => {
    expect(scene.writes()).not.toContain(PUT_SIGNING);
  });
});

describe.each([
  'app.example.com', '_domainkey.app.example.com',
])('%s is a CNAME to a domain of somebody else', (alias) => {
  const APP = 'app.example.com';
  let result: StackResult;

  beforeEach(async () => {
    await begin();
    await scene.cloud.dns.provider('host').createZone('example.net');
    scene.write(alias, 'CNAME', 'example.net');
    await signsNow(APP, [inZone(scene.zoneId)]);
    scene.write(`here._domainkey.${APP}`, 'TXT', '"seen"');
    expect(await seen(`here._domainkey.${APP}`)).toBe('seen');
    expect(await scene.cloud.dns.client().resolveNs(alias)).toEqual(['ns1.host.example', 'ns2.host.example']);
    result = await scene.deploy('Mail', ownKeyIn(scene.zoneId, DOMAIN, APP));
  });

  test('D2 a record that the world sees is used', () => {
    expect(result).toMatchObject({ status: 'CREATE_COMPLETE' });
  });
});

test('a wildcard CNAME beside the domain does not stand in the way', async () => {
  await begin();
  await scene.cloud.dns.provider('host').createZone('example.net');
  scene.write('*.example.com', 'CNAME', 'example.net');
  await signsNow('mail.example.com', [inZone(scene.zoneId)]);
  const result = await scene.deploy('Mail', ownKeyIn(scene.zoneId, DOMAIN, 'mail.example.com'));
  expect(result).toMatchObject({ status: 'CREATE_COMPLETE' });
});

describe('the hosted zone delegates a part of itself away', () => {
  const MAIL = 'mail.example.com';

  async function cutAt(name: string): Promise<void> {
    await begin();
    scene.identityExists(REGION, MAIL);
    await elsewhere().createZone(name, { delegate: false });
    const nameServers = ['ns1.elsewhere.example', 'ns2.elsewhere.example'].map((Value) => ({ Value }));
    scene.cloud.route53.change(scene.zoneId, [
      { Action: 'CREATE', ResourceRecordSet: { Name: name, Type: 'NS', TTL: 300, ResourceRecords: nameServers } },
    ]);
  }

  const inParentZone = (signing?: Signing) =>
    dkimOf(MAIL, (stack) => ({ hostedZone: scene.zoneIn(stack), signing: signing?.(stack) }));

  describe.each([
    ['the domain', MAIL, ownKey()],
    ['the domain, with Easy DKIM', MAIL, undefined],
    ['the domain\'s _domainkey', `_domainkey.${MAIL}`, ownKey()],
    ['the very selector', `s1._domainkey.${MAIL}`, ownKey()],
  ])('and that is %s', (_, cut, signing) => {
    let result: StackResult;

    beforeEach(async () => {
      await cutAt(cut);
      scene.write(`below.${cut}`, 'TXT', '"hidden"');
      expect(await seen(`below.${cut}`)).toBe('ENOTFOUND');
      result = await scene.deploy('Mail', inParentZone(signing));
    });

    test('D3 nothing is written below the cut', () => {
      expect(scene.writes()).not.toContain(CHANGE_RECORDS);
    });

    test('D3 the reason names the NS record', () => {
      const reason = expect.stringMatching(`NS.*${cut}|${cut}.*NS`);
      expect(result).toMatchObject({ status: 'ROLLBACK_COMPLETE', reason });
    });
  });

  test('D3 and that is a name above the domain: nothing is written below the cut', async () => {
    await cutAt(MAIL);
    scene.identityExists(REGION, `a.b.${MAIL}`);
    const result = await scene.deploy('Mail', ownKeyIn(scene.zoneId, DOMAIN, `a.b.${MAIL}`));
    expect(result).toMatchObject({ status: 'ROLLBACK_COMPLETE', reason: expect.stringContaining(`delegates ${MAIL} to`) });
    expect(scene.writes()).not.toContain(CHANGE_RECORDS);
  });

  test('D3 and that comes later: an update is refused, and rollback, another zone and deletion work', async () => {
    await begin();
    scene.identityExists(REGION, MAIL);
    await scene.deployed('Mail', inParentZone(ownKey()));
    const zone = await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: MAIL, delegate: false });
    const ResourceRecords = zone.nameServers.map((Value) => ({ Value }));
    scene.cloud.route53.change(scene.zoneId, [
      { Action: 'CREATE', ResourceRecordSet: { Name: MAIL, Type: 'NS', TTL: 300, ResourceRecords } },
    ]);
    const since = scene.cloud.calls.length;
    expect(await scene.deploy('Mail', inParentZone(ownKey('s2')))).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
    expect(scene.writes(since)).toEqual([]);
    await scene.deployed('Mail', ownKeyIn(zone.id, MAIL));
    expect(await seen(`s1._domainkey.${MAIL}`)).toContain('p=');
    expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  });

  test.each([
    'team.example.com', `x.s1._domainkey.${MAIL}`,
  ])('and that is %s, beside the records: they are written and seen', async (cut) => {
    await cutAt(cut);
    expect(await scene.deploy('Mail', inParentZone(ownKey()))).toMatchObject({ status: 'CREATE_COMPLETE' });
    expect(await seen(`s1._domainkey.${MAIL}`)).toContain('p=');
  });
});

describe('SES asks the same resolver as the function, which remembers that a name does not exist', () => {
  let took: number;
  let result: StackResult;

  beforeEach(async () => {
    await begin({ dns: { sesSharesResolver: true } });
    scene.identityExists();
  });

  async function updateToSecondSelector(): Promise<void> {
    expect(await scene.cloud.dns.client().resolveNs(DOMAIN)).toHaveLength(2);
    const began = scene.cloud.clock.now();
    result = await scene.deploy('Mail', scene.byo('s2', scene.secrets.two, WAIT));
    took = scene.cloud.clock.now() - began;
    expect(result).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(scene.identity()).toMatchObject({ status: 'SUCCESS', tokens: ['s2'] });
  }

  test('a first selector, which nobody has asked for, is verified within five minutes', async () => {
    const began = scene.cloud.clock.now();
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    expect(scene.cloud.clock.now() - began).toBeLessThan(5 * MINUTE);
  });

  describe.each<[string, () => (stack: Stack) => unknown]>([
    ['from another selector', () => scene.byo('s1', scene.secrets.one, WAIT)],
    ['from Easy DKIM', () => scene.easy(WAIT)],
  ])('a change %s', (_, before) => {
    beforeEach(async () => {
      await scene.deployed('Mail', (stack) => void before()(stack));
      await updateToSecondSelector();
    });

    test('D4 is verified within five minutes: nobody asks for a name before it exists', () => {
      expect(took).toBeLessThan(5 * MINUTE);
    });
  });

  describe('a record that the user publishes after the reason has said what to publish', () => {
    beforeEach(async () => {
      await elsewhere().createZone(ORG);
      // A day, as many providers have it.
      elsewhere().set(ORG, 'SOA', ['ns1.elsewhere.example hostmaster.example 1 7200 900 1209600 86400'], 86400);
      await signsNow(ORG, [atElsewhere]);
      const build = dkimOf(ORG, (stack) => ({ signing: ownKey()(stack), ...WAIT }));
      const refused = await scene.deploy('Mail', build);
      expect(refused.status).toBe('ROLLBACK_COMPLETE');
      const [, value] = /with the value (v=DKIM1; k=rsa; p=[\w+/=]+)/.exec(refused.reason!)!;
      elsewhere().set(`s1._domainkey.${ORG}`, 'TXT', [value]);
      await scene.destroy('Mail');
      result = await scene.deploy('Mail', build);
    });

    test('D4 is verified when it is deployed again', () => {
      expect(result).toMatchObject({ status: 'CREATE_COMPLETE' });
    });
  });
});

describe('the function cannot ask name servers itself', () => {
  let result: StackResult;

  beforeEach(() => begin());

  describe.each<[string, () => (stack: Stack) => unknown]>([
    ['with BYODKIM', () => scene.byo('s1', scene.secrets.one)],
    ['with Easy DKIM of another length', () => scene.dkim(() => DkimSigning.easyDkim({ keyLength: ses.EasyDkimSigningKeyLength.RSA_1024_BIT }))],
  ])('as its network lets no DNS out, %s', (_, build) => {
    beforeEach(async () => {
      scene.cloud.dns.settings.functionNetwork.port53 = false;
      await signsNow(DOMAIN, [inZone(scene.zoneId)]);
      const change = build();
      result = await scene.deploy('Mail', (stack) => void change(stack));
      expect(result).toMatchObject({ status: 'ROLLBACK_COMPLETE' });
    });

    test('D5 signing is not touched, and the reason does not send the user to the registrar', () => {
      expect(String(result.reason)).not.toContain('registrar');
      expect(scene.writes()).not.toContain(PUT_SIGNING);
    });

    test('D5 the reason says what the network has to let out', () => {
      expect(result.reason).toMatch(/port 53|VPC|security group/);
    });
  });

  describe('as those have addresses of IPv6 only', () => {
    beforeEach(async () => {
      const provider = scene.cloud.dns.provider('six', 'ipv6');
      await provider.createZone(ORG);
      await signsNow(ORG, [(name, target) => provider.set(name, 'CNAME', [target])]);
      provider.set(`s1._domainkey.${ORG}`, 'TXT', [`v=DKIM1; k=rsa; p=${publicKeyOf(PEM.one)}`]);
      expect(await seen(`s1._domainkey.${ORG}`)).toContain('p=');
    });

    const deploy = () => scene.deploy('Mail', dkimOf(ORG, (stack) => ({ signing: ownKey()(stack) })));

    test('D5 nobody is told to publish what the world sees, nor sent to the registrar', async () => {
      const { reason } = await deploy();
      expect(String(reason)).not.toMatch(/Publish TXT|registrar/);
      expect(reason).toContain('could not be reached by IPv6');
    });

    test('D5 where the network has IPv6, they are asked by it', async () => {
      scene.cloud.dns.settings.functionNetwork.ipv6 = true;
      expect(await deploy()).toMatchObject({ status: 'CREATE_COMPLETE' });
    });
  });
});

describe('some of the domain\'s name servers do not work', () => {
  let nameServers: string[];

  beforeEach(async () => {
    await begin();
    await signsNow(DOMAIN, [inZone(scene.zoneId)]);
    nameServers = [...scene.cloud.dns.delegation(DOMAIN)!];
  });

  const deploy = () => scene.deploy('Mail', scene.byo('s1', scene.secrets.one));
  const change = (settings: Partial<NameServerSettings>, names = nameServers) => {
    for (const name of names) scene.cloud.dns.changeNameServer(name, settings);
  };

  describe.each<[string, Partial<NameServerSettings>, RegExp]>([
    ['is silent', { mode: 'silent' }, /gave no answer \(ETIMEOUT\)/],
    ['is slower than resolvers wait', { delay: 60_000 }, /gave no answer \(ETIMEOUT\)/],
    ['refuses the domain', { mode: 'refuses' }, /does not answer for the domain \(REFUSED\)/],
    ['cuts its answers and takes no TCP', { truncatesUdp: true, tcp: false }, /too long for UDP, and none by TCP/],
  ])('one %s', (_, settings, said) => {
    beforeEach(() => change(settings, nameServers.slice(0, 1)));

    test('D5 the deployment goes on, as the world does, and the log names it', async () => {
      expect(await deploy()).toMatchObject({ status: 'CREATE_COMPLETE' });
      const lines = scene.log().filter((line) => line.includes('name-servers-silent'));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain(nameServers[0]);
      expect(lines[0]).toMatch(said);
    });

    test('D5 it is the only reason when the others do so too, and signing is not touched', async () => {
      change(settings);
      const { status, reason } = await deploy();
      expect(status).toBe('ROLLBACK_COMPLETE');
      expect(reason).toMatch(said);
      expect(scene.writes()).not.toContain(PUT_SIGNING);
      // A name server that answers that it does not have the domain is the registrar's or the provider's matter.
      const isDelegation = settings.mode === 'refuses';
      expect(reason!.includes('registrar')).toBe(isDelegation);
      expect(reason!.includes('port 53')).toBe(!isDelegation);
    });
  });

  test('D5 all are slow, but within what resolvers wait', async () => {
    change({ delay: 4_000 });
    expect(await deploy()).toMatchObject({ status: 'CREATE_COMPLETE' });
    expect(scene.log().join()).not.toContain('name-servers-silent');
  });

  test('D5 all add records of every type, such as those of DNSSEC, and options that nobody asked for', async () => {
    const signature = {
      typeCovered: 'TXT',
      algorithm: 13,
      labels: 2,
      originalTTL: 60,
      expiration: 2,
      inception: 1,
      keyTag: 7,
      signersName: DOMAIN,
      signature: Buffer.alloc(64),
    };
    const added = [
      ['RRSIG', signature], ['NSEC', { nextDomain: `a.${DOMAIN}`, rrtypes: ['TXT', 'RRSIG'] }],
      ['NSEC3', {
        algorithm: 1, flags: 0, iterations: 0, salt: Buffer.alloc(2), nextDomain: Buffer.alloc(20), rrtypes: ['A'],
      }],
      ['DNSKEY', { flags: 257, algorithm: 13, key: Buffer.alloc(64) }],
      ['DS', { keyTag: 7, algorithm: 13, digestType: 2, digest: Buffer.alloc(32) }],
      ['SOA', { mname: 'ns.example.net', rname: 'root.example.net', serial: 1 }],
      ['MX', { preference: 1, exchange: 'mx.example.net' }], ['CAA', { flags: 0, tag: 'issue', value: 'ca.example' }],
      ['UNKNOWN_65', Buffer.from([0, 1, 0])],
    ].map(([type, data]) => ({ type, name: DOMAIN, ttl: 60, class: 'IN', data }) as Answer);
    // a cookie, a client's subnet of no known family, a time-out that is cut off, an error in words
    const options = [[10, 8], [8, 4], [11, 1], [15, 2]].map(([code, size]) => ({ code, data: Buffer.alloc(size) }));
    let answered = 0;
    const { reply } = DnsServer.prototype;
    jest.spyOn(DnsServer.prototype, 'reply').mockImplementation(function (this: DnsServer, message, transport) {
      const plain = reply.call(this, message, transport);
      if (!plain) return plain;
      const { answers = [], authorities = [], additionals = [], ...rest } = decode(plain);
      answered++;
      return encode({
        ...rest,
        answers: answers.length > 0 ? [...added, ...answers] : [],
        authorities: [...added, ...authorities],
        additionals: [...added, ...additionals.map((each) => each.type === 'OPT' ? { ...each, options } as Answer : each)],
      });
    });
    try {
      expect(await deploy()).toMatchObject({ status: 'CREATE_COMPLETE' });
    } finally {
      jest.restoreAllMocks();
    }
    expect(answered).toBeGreaterThan(nameServers.length);
    expect(scene.writes()).toContain(PUT_SIGNING);
    expect(scene.log().join()).not.toContain('name-servers-silent');
  });

  test('D5 all cut their answers, and are asked again by TCP', async () => {
    change({ truncatesUdp: true });
    expect(await deploy()).toMatchObject({ status: 'CREATE_COMPLETE' });
    expect(scene.log().join()).not.toContain('name-servers-silent');
  });
});

describe('the domain is delegated to nobody that could have the record', () => {
  let zoneId: string;

  beforeEach(async () => {
    await begin();
    const { id } = await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: ORG });
    zoneId = id;
    await signsNow(ORG, [inZone(zoneId)]);
  });

  test.each<[string, () => void, RegExp]>([
    ['it is not registered any more', () => scene.cloud.dns.undelegate(ORG), /it is delegated to none.*registrar/],
    ['its name servers have no address', () => scene.cloud.dns.delegate(ORG, ['ns1.gone.example', 'ns2.gone.example']),
      /ns1\.gone\.example has no public address.*registrar/],
    ['it is delegated to another provider, which has no zone', () => scene.cloud.dns.delegate(ORG, ['ns1.elsewhere.example']),
      /ns1\.elsewhere\.example does not answer for the domain \(REFUSED\).*registrar/],
  ])('D1 %s: signing is not touched, and the reason says so', async (_, change, reason) => {
    await elsewhere().createZone('else.example');
    change();
    const result = await scene.deploy('Mail', ownKeyIn(zoneId, ORG));
    expect(result).toMatchObject({ status: 'ROLLBACK_COMPLETE', reason: expect.stringMatching(reason) });
    expect(scene.writes()).not.toContain(PUT_SIGNING);
  });
});

describe('the zone names name servers that its parent does not', () => {
  test('D1 publish before use: SES is not told while those have no record', async () => {
    // GIVEN a provider that was added in the zone's own NS records only, which many resolvers go by
    await begin({ dns: { random: () => 0 } });
    const other = await elsewhere().createZone(ORG, { delegate: false });
    const { id, nameServers } = await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: ORG });
    await signsNow(ORG, [inZone(id), atElsewhere]);
    const ns = scene.cloud.route53.recordSets(id).find(({ Type }) => Type === 'NS')!;
    const ResourceRecords = [...nameServers, ...other.nameServers].map((Value) => ({ Value }));
    scene.cloud.route53.change(id, [{ Action: 'UPSERT', ResourceRecordSet: { ...ns, ResourceRecords } }]);
    await scene.cloud.clock.pass(MINUTE);
    // WHEN
    const result = await scene.deploy('Mail', ownKeyIn(id, ORG));
    // THEN
    expect(result.reason).toContain('ns1.elsewhere.example has none');
    expect(result.reason).toContain('Publish the record with the others too');
    expect(scene.writes()).not.toContain(PUT_SIGNING);
  });
});

describe('the record is a CNAME to a key at two providers, of which one has it', () => {
  test('D1 publish before use: SES is not told', async () => {
    await begin({ dns: { random: () => 0 } });
    const text = `v=DKIM1; k=rsa; p=${publicKeyOf(PEM.one)}`;
    const first = await scene.cloud.dns.provider('first').createZone(ORG);
    const second = await elsewhere().createZone(ORG, { delegate: false });
    scene.cloud.dns.delegate(ORG, [...first.nameServers, ...second.nameServers]);
    scene.cloud.dns.provider('first').set(`key.${ORG}`, 'TXT', [text]);
    await signsNow(DOMAIN, [inZone(scene.zoneId)]);
    scene.write(`s1._domainkey.${DOMAIN}`, 'CNAME', `key.${ORG}`);
    const result = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, { hostedZone: undefined }));
    expect(result.reason).toContain(`ns1.elsewhere.example, where the CNAME key.${ORG} leads, has none`);
    expect(scene.writes()).not.toContain(PUT_SIGNING);
  });
});

test('name servers are asked alike by a function in a process and in the test\'s own', async () => {
  const callsOf = async (functions: FunctionMode) => {
    await begin({ functions, seed: 7 });
    await signsNow(DOMAIN, [inZone(scene.zoneId)]);
    const [slow, cutting] = scene.cloud.dns.delegation(DOMAIN)!;
    scene.cloud.dns.changeNameServer(slow, { delay: 60_000 });
    scene.cloud.dns.changeNameServer(cutting, { truncatesUdp: true });
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one));
    return scene.cloud.calls.map(({ at, operation }) => `${at} ${operation}`);
  };
  const inProcess = await callsOf('in-process');
  await scene.stop();
  expect(await callsOf('process')).toEqual(inProcess);
});
