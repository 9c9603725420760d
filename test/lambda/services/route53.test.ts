// Tests of the Route 53 calls with the real SDK clients, against the local Route 53, IAM and STS.
import { ResourceRecordSet, Route53Client, RRType } from '@aws-sdk/client-route-53';
import { STSClient } from '@aws-sdk/client-sts';
import { ZoneSettings } from '../../../lambda/base/desired-state';
import { ChangeRefusedError, OutOfTimeError, ZoneGoneError } from '../../../lambda/base/errors';
import { logTo } from '../../../lambda/base/log';
import { Change, RecordSet } from '../../../lambda/base/ports';
import { Redactor } from '../../../lambda/base/redaction';
import { Retry } from '../../../lambda/base/retry';
import { hostedZone, KnownZones } from '../../../lambda/services/route53';
import { assumeRole } from '../../../lambda/services/sts';
import { DnsWorld } from '../../cloud/dns';
import { MinimalContext, minimalContext } from '../../cloud/minimal-context';
import { Route53 } from '../../cloud/route53';
import { ServiceError } from '../../cloud/service-error';
import { Sts } from '../../cloud/sts';
import { jumpingTime } from '../fixtures/jumping-time';
import { withOwnErrors } from '../fixtures/own-errors';

const ACCOUNT = '111111111111';
const ROLE = 'arn:aws:iam::111111111111:role/DnsWriter';
const BELOW = '_domainkey.example.com';

let context: MinimalContext;
let dns: DnsWorld;
let cloud: Route53;
let sts: Sts;
let id: string;
let lines: string[];
let asleep: () => void;
const clients: { destroy(): void }[] = [];

beforeEach(async () => {
  context = minimalContext();
  asleep = () => undefined;
  dns = new DnsWorld();
  await dns.start();
  cloud = new Route53(context, dns);
  sts = new Sts(context, context.iam);
  await Promise.all([cloud.start(), sts.start()]);
  id = (await cloud.createHostedZone({ account: ACCOUNT, name: 'example.com' })).id;
  lines = [];
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await Promise.all([cloud.stop(), sts.stop(), dns.stop()]);
});

/** Assumes the role where there is one, as the function does. */
function connector({ roleArn }: ZoneSettings) {
  return async () => {
    const own = context.credentials.issue({ account: ACCOUNT });
    const assume = (arn: string) => {
      const client = new STSClient({ region: 'us-east-1', endpoint: sts.endpoint, credentials: own, maxAttempts: 1 });
      clients.push(client);
      return assumeRole(client, arn);
    };
    const credentials = roleArn ? await assume(roleArn) : own;
    const client = withOwnErrors(new Route53Client({
      region: 'us-east-1', endpoint: cloud.endpoint, credentials, maxAttempts: 1,
    }));
    clients.push(client);
    return client;
  };
}

function zone(more: Partial<ZoneSettings> = {}, minutes = 60, known?: KnownZones) {
  const properties: ZoneSettings = { id, ttl: 60, overwrite: false, ...more };
  const log = logTo((line) => lines.push(line), new Redactor());
  const retry = new Retry({
    time: jumpingTime(context.clock, () => asleep()),
    log,
    end: context.clock.now() + minutes * 60_000,
    accessGraceMs: 5_000,
  });
  return hostedZone(properties, connector(properties), retry, known);
}

const set = (Name: string, Type: string, ...values: string[]): ResourceRecordSet =>
  ({ Name, Type: Type as RRType, TTL: 300, ResourceRecords: values.map((Value) => ({ Value })) });
const txt = (label: string, value = '"a"'): RecordSet => ({
  name: `${label}.${BELOW}`, type: 'TXT', ttl: 60, values: [value],
});
const create = (...records: RecordSet[]): Change[] => records.map((record) => ({ action: 'CREATE', record }));
const remove = (...records: RecordSet[]): Change[] => records.map((record) => ({ action: 'DELETE', record }));

function put(...sets: ResourceRecordSet[]): void {
  cloud.change(id, sets.map((each) => ({ Action: 'CREATE', ResourceRecordSet: each })));
}

const operations = () => context.calls.filter(({ service }) => service === 'route53').map(({ operation }) => operation);
const names = (records: readonly RecordSet[]) => records.map(({ name }) => name);

describe('describing', () => {
  test('gives the name as the handler compares it', async () => {
    await expect(zone().describe('example.com')).resolves.toEqual({ name: 'example.com', privateZone: false });
  });

  test('tells a private zone', async () => {
    id = (await cloud.createHostedZone({ account: ACCOUNT, name: 'internal.example.com', privateZone: true })).id;
    await expect(zone().describe('example.com')).resolves.toEqual({ name: 'internal.example.com', privateZone: true });
  });

  test('asks once for each zone, and again after a failure', async () => {
    const known: KnownZones = new Map();
    const other = (await cloud.createHostedZone({ account: ACCOUNT, name: 'example.org' })).id;
    const describeAgain = (more: Partial<ZoneSettings> = {}) => zone(more, 60, known).describe('example.com');
    context.faults.add({ service: 'route53', operation: 'GetHostedZone', kind: new ServiceError('Fault', 400, 'no') });
    await expect(describeAgain()).rejects.toThrow('no');
    for (const _ of [1, 2, 3]) await expect(describeAgain()).resolves.toMatchObject({ name: 'example.com' });
    await expect(describeAgain({ id: other })).resolves.toMatchObject({ name: 'example.org' });
    expect(operations()).toHaveLength(3);
  });

  test('takes a zone that says nothing of that for public', async () => {
    const client = { send: async () => ({ HostedZone: { Name: 'example.com.' } }) } as unknown as Route53Client;
    const time = jumpingTime(context.clock);
    const retry = new Retry({ time, log: () => undefined, end: Infinity, accessGraceMs: 0 });
    await expect(hostedZone({ id, ttl: 60, overwrite: false }, async () => client, retry).describe('example.com'))
      .resolves.toEqual({ name: 'example.com', privateZone: false });
  });
});

describe('the cut above a domain', () => {
  const ns = (name: string) => set(name, 'NS', 'ns1.elsewhere.example.', 'ns2.elsewhere.example.');
  const cut = async (domain = 'a.mail.example.com') => (await zone().describe(domain)).cut?.name;

  test('is looked for with one call for each name between, and none for the apex', async () => {
    await expect(cut('example.com')).resolves.toBeUndefined();
    expect(operations()).toEqual(['GetHostedZone']);
    await expect(cut()).resolves.toBeUndefined();
    expect(operations().slice(1)).toEqual(['GetHostedZone', 'ListResourceRecordSets', 'ListResourceRecordSets']);
  });

  test('is told with its name servers', async () => {
    put(ns('mail.example.com'));
    const { cut: found } = await zone().describe('a.mail.example.com');
    expect(found).toMatchObject({
      name: 'mail.example.com', type: 'NS', values: ['ns1.elsewhere.example.', 'ns2.elsewhere.example.'],
    });
  });

  test('is found between other records of its name and names around it', async () => {
    put(
      set('mail.example.com', 'A', '192.0.2.1'), set('mail.example.com', 'TXT', '"text"'), ns('mail.example.com'),
      set('0.mail.example.com', 'TXT', '"x"'), set('ma.example.com', 'A', '192.0.2.1'),
    );
    await expect(cut()).resolves.toBe('mail.example.com');
  });

  test('is the highest of several', async () => {
    put(ns('mail.example.com'), ns('a.mail.example.com'));
    await expect(cut()).resolves.toBe('mail.example.com');
  });

  test.each(['b.mail.example.com', 'il.example.com', 'x.a.mail.example.com'])('is not %s, beside it', async (name) => {
    put(set('a.mail.example.com', 'TXT', '"z"'), ns(name));
    await expect(cut()).resolves.toBeUndefined();
  });
});

describe('how long resolvers remember that a name does not exist', () => {
  test('is what Route 53 gives a zone, the shorter of two times', async () => {
    await expect(zone().negativeTtl()).resolves.toBe(900);
  });

  test('is not known from an answer without that record', async () => {
    const empty = { send: async () => ({ HostedZone: { Name: 'example.com.' } }) } as unknown as Route53Client;
    const time = jumpingTime(context.clock);
    const retry = new Retry({ time, log: () => undefined, end: Infinity, accessGraceMs: 0 });
    await expect(hostedZone({ id: 'Z1', ttl: 60, overwrite: false }, async () => empty, retry).negativeTtl())
      .rejects.toThrow('The answer for the hosted zone Z1 has no zone in it');
  });
});

describe('listing', () => {
  test('gives the NS records at the very name, which hide all below it', async () => {
    put(set(BELOW, 'TXT', '"o=~"'), set(BELOW, 'NS', 'ns1.elsewhere.example.'), set(`s.${BELOW}`, 'TXT', '"a"'));
    expect(names(await zone().list(BELOW))).toEqual([BELOW, `s.${BELOW}`]);
  });

  test('gives what is below the name and nothing of what stands around it', async () => {
    // GIVEN
    put(
      set('www.example.com', 'A', '192.0.2.1'),
      set('a.example.com', 'TXT', '"a"'),
      set('_domainkey.example.com', 'TXT', '"o=~"'),
      set('_domainkey-x.example.com', 'TXT', '"x"'),
      set('x.a_domainkey.example.com', 'TXT', '"x"'),
      set('_domainkeyx.example.com', 'TXT', '"x"'),
      set('sel._domainkey.mail.example.com', 'TXT', '"x"'),
      set('sel._domainkey.example.com', 'TXT', '"v=DKIM1; " "p=abc"'),
      set('tok._domainkey.example.com', 'CNAME', 'tok.dkim.amazonses.com'),
      set('a.b._domainkey.example.com', 'TXT', '"deep"', '"two"'),
    );
    // THEN
    await expect(zone().list(BELOW)).resolves.toEqual([
      { name: `a.b.${BELOW}`, type: 'TXT', ttl: 300, values: ['"deep"', '"two"'], listed: expect.anything() },
      { name: `sel.${BELOW}`, type: 'TXT', ttl: 300, values: ['"v=DKIM1; " "p=abc"'], listed: expect.anything() },
      { name: `tok.${BELOW}`, type: 'CNAME', ttl: 300, values: ['tok.dkim.amazonses.com'], listed: expect.anything() },
    ]);
    expect(operations()).toEqual(['ListResourceRecordSets']);
  });

  test('gives all of more than one page', async () => {
    // GIVEN
    const below = Array.from({ length: 650 }, (_, index) => `s${String(index).padStart(3, '0')}.${BELOW}`);
    put(...below.map((name) => set(name, 'TXT', '"a"')));
    put(...Array.from({ length: 400 }, (_, index) => set(`z${index}.example.com`, 'A', '192.0.2.1')));
    // THEN
    expect(names(await zone().list(BELOW))).toEqual(below);
    expect(operations()).toHaveLength(3);
  });

  test('ends when the names below have been passed, however large the zone is', async () => {
    put(set(`s.${BELOW}`, 'TXT', '"a"'), ...Array.from({ length: 400 }, (_, index) =>
      set(`z${index}.example.com`, 'A', '192.0.2.1')));
    expect(names(await zone().list(BELOW))).toEqual([`s.${BELOW}`]);
    expect(operations()).toHaveLength(1);
  });

  test('gives weighted records one by one, also over the end of a page', async () => {
    // GIVEN 299 records, and three of one name
    const weighted = ['a', 'b', 'c'].map((SetIdentifier) => ({
      ...set(`w.${BELOW}`, 'TXT', `"${SetIdentifier}"`), SetIdentifier, Weight: 1,
    }));
    put(...Array.from({ length: 299 }, (_, index) => set(`s${index}.${BELOW}`, 'TXT', '"a"')), ...weighted);
    // WHEN
    const found = (await zone().list(BELOW)).filter(({ name }) => name === `w.${BELOW}`);
    // THEN
    expect(found.map(({ values }) => values)).toEqual([['"a"'], ['"b"'], ['"c"']]);
  });

  test('gives names with escapes as they are in DNS', async () => {
    put(set(`*.${BELOW}`, 'TXT', '"wild"'), set(`a@b.${BELOW}`, 'TXT', '"at"'));
    expect(names(await zone().list(BELOW)).sort()).toEqual([`*.${BELOW}`, `a@b.${BELOW}`]);
  });

  test('of nothing is nothing', async () => {
    await expect(zone().list(BELOW)).resolves.toEqual([]);
  });

  test('takes a record set that says little as it is', async () => {
    const client = {
      send: async () => ({ ResourceRecordSets: [{}, { Name: `a.${BELOW}.`, ResourceRecords: [{}] }] }),
    } as unknown as Route53Client;
    const time = jumpingTime(context.clock);
    const retry = new Retry({ time, log: () => undefined, end: Infinity, accessGraceMs: 0 });
    const settings = { id, ttl: 60, overwrite: false };
    await expect(hostedZone(settings, async () => client, retry).list(BELOW))
      .resolves.toMatchObject([{ name: `a.${BELOW}`, type: '', values: [''] }]);
    const empty = { send: async () => ({}) } as unknown as Route53Client;
    await expect(hostedZone(settings, async () => empty, retry).list(BELOW)).resolves.toEqual([]);
  });
});

describe('changing', () => {
  test('is in sync when the name servers have it', async () => {
    // GIVEN
    cloud.settings.insyncAfter = 45_000;
    // WHEN
    const { inSync } = await zone().change(create(txt('sel', '"v=DKIM1; p=abc"')));
    expect(operations()).toEqual(['ChangeResourceRecordSets']);
    const made = context.clock.now();
    await inSync();
    // THEN
    await expect(dns.client().resolveTxt(`sel.${BELOW}`)).resolves.toEqual([['v=DKIM1; p=abc']]);
    const looks = context.calls.filter(({ operation }) => operation === 'GetChange').map(({ at }) => at - made);
    expect(looks).toEqual([12_000, 18_000, 24_000, 30_000, 36_000, 42_000, 48_000]);
  });

  test('what it made, it finds and takes away', async () => {
    const subject = zone();
    await subject.change(create(txt('sel'), {
      name: `tok.${BELOW}`, type: 'CNAME', ttl: 60, values: ['tok.dkim.amazonses.com'],
    }));
    await subject.change(remove(...await subject.list(BELOW)));
    await expect(subject.list(BELOW)).resolves.toEqual([]);
  });

  test.each<[string, ResourceRecordSet[]]>([
    ['an alias', [{
      Name: `sel.${BELOW}`,
      Type: 'TXT',
      AliasTarget: { HostedZoneId: 'Z1', DNSName: 'x.example.com.', EvaluateTargetHealth: false },
    }]],
    ['weighted records', ['a', 'b'].map((SetIdentifier) => ({
      ...set(`sel.${BELOW}`, 'TXT', `"${SetIdentifier}"`), SetIdentifier, Weight: 7,
    }))],
    ['a name with an escape', [set(`*.${BELOW}`, 'TXT', '"wild"')]],
    ['a value with escapes', [set(`sel.${BELOW}`, 'TXT', '"a\\"b\\\\c\\303\\274" "d"', '"e"')]],
  ])('%s is listed and taken away exactly', async (_, sets) => {
    // GIVEN
    put(...sets);
    const subject = zone();
    const found = await subject.list(BELOW);
    expect(found).toHaveLength(sets.length);
    // WHEN
    await subject.change(remove(...found));
    // THEN
    await expect(subject.list(BELOW)).resolves.toEqual([]);
  });

  test('an alias has no values and no TTL', async () => {
    put({
      Name: `sel.${BELOW}`,
      Type: 'TXT',
      AliasTarget: {
        HostedZoneId: 'Z1', DNSName: 'x.example.com.', EvaluateTargetHealth: false,
      },
    });
    await expect(zone().list(BELOW)).resolves.toMatchObject([{ type: 'TXT', values: [], ttl: undefined }]);
  });

  test('waits while Route 53 is busy with the zone, or with the account', async () => {
    // GIVEN
    cloud.settings.processingTime = 5_000;
    const [one, two] = [zone(), zone()];
    // WHEN
    await Promise.all([one.change(create(txt('a'))), two.change(create(txt('b')))]);
    context.faults.add({ service: 'route53', kind: 'throttle', times: 2 });
    await one.change(create(txt('c')));
    // THEN
    expect(names(await one.list(BELOW))).toEqual(['a', 'b', 'c'].map((label) => `${label}.${BELOW}`));
    expect(lines.some((line) => line.includes('PriorRequestNotComplete'))).toBe(true);
    expect(lines.some((line) => line.includes('"errorName":"Throttling"'))).toBe(true);
  });

  test('ends in time when the name servers do not get it', async () => {
    cloud.settings.insyncAfter = Infinity;
    const { inSync } = await zone({}, 1).change(create(txt('a')));
    await expect(inSync())
      .rejects.toThrow(new OutOfTimeError(`Route 53 to bring the zone ${id} in sync`));
  });

  test.each<[string, Change[], RegExp]>([
    ['a record that is there already', create(txt('there')), /already exists/],
    ['a record that is gone', remove(txt('gone')), /it was not found/],
    ['a record that was changed', remove(txt('there', '"b"')), /do not match the current values/],
    ['a value that is none', create(txt('sel', 'no quotes')), /InvalidCharacterString|quotation marks/],
  ])('a batch with %s is refused as a whole', async (_, changes, reason) => {
    // GIVEN
    put({ ...set(`there.${BELOW}`, 'TXT', '"a"'), TTL: 60 });
    const before = cloud.recordSets(id);
    // WHEN
    const given = zone().change([...create(txt('fine')), ...changes]);
    // THEN
    await expect(given).rejects.toBeInstanceOf(ChangeRefusedError);
    await expect(given).rejects.toThrow(reason);
    await expect(given).rejects.toThrow(`Route 53 refused the change of zone ${id}: `);
    expect(cloud.recordSets(id)).toEqual(before);
  });

  test('a change whose answer was lost shows as refused, so that the zone is read again', async () => {
    context.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', kind: 'cut-after' });
    const subject = zone();
    await expect(subject.change(create(txt('sel')))).rejects.toBeInstanceOf(ChangeRefusedError);
    expect(names(await subject.list(BELOW))).toEqual([`sel.${BELOW}`]);
  });

  test('a refusal that comes without single messages says what it says', async () => {
    context.faults.add({ service: 'route53', kind: new ServiceError('InvalidInput', 400, 'Invalid request') });
    await expect(zone().change(create(txt('sel'))))
      .rejects.toThrow(`Route 53 refused the change of zone ${id}: Invalid request`);
  });
});

describe('a zone that cannot be had', () => {
  const letIn = () => context.iam.putRole({
    arn: ROLE,
    assumeRolePolicy: { Statement: { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' } },
  });

  test.each(['describe', 'list', 'change'] as const)('is gone for %s when there is none', async (call) => {
    id = 'ZGONE';
    const subject = zone();
    const given = call === 'describe'
      ? subject.describe('example.com')
      : call === 'list' ? subject.list(BELOW) : subject.change(create(txt('a')));
    await expect(given).rejects.toThrow(new ZoneGoneError('There is no hosted zone ZGONE.'));
  });

  test('is gone when its role is, once the grace for fresh IAM is over', async () => {
    const given = zone({ roleArn: ROLE }).list(BELOW);
    await expect(given).rejects.toBeInstanceOf(ZoneGoneError);
    await expect(given).rejects.toThrow(`The role ${ROLE} gives no access to the hosted zone ${id}: `);
    expect(lines.length).toBeGreaterThan(0);
  });

  test('is gone when its role may not touch it', async () => {
    letIn();
    await expect(zone({ roleArn: ROLE }).describe('example.com')).rejects.toBeInstanceOf(ZoneGoneError);
  });

  test('is had by a role that appears within the grace', async () => {
    // GIVEN
    asleep = () => {
      letIn();
      const Resource = `arn:aws:route53:::hostedzone/${id}`;
      context.iam.putRolePolicy(ROLE, 'zone', {
        Statement: { Effect: 'Allow', Action: 'route53:ListResourceRecordSets', Resource },
      });
    };
    // THEN
    await expect(zone({ roleArn: ROLE }).list(BELOW)).resolves.toEqual([]);
    expect(lines).toHaveLength(1);
  });

  test('is not gone because the function itself may not touch it: that is an error to be mended', async () => {
    context.faults.add({ service: 'route53', kind: 'access-denied', times: 1000 });
    await expect(zone().list(BELOW)).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(zone().list(BELOW)).rejects.not.toBeInstanceOf(ZoneGoneError);
  });
});
