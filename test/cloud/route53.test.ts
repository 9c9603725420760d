// Tests of the local Route 53 with the real SDK client, and of what its name servers answer.
import {
  Change, ChangeResourceRecordSetsCommand, GetChangeCommand, GetHostedZoneCommand, ListResourceRecordSetsCommand,
  ListResourceRecordSetsResponse,
  ResourceRecordSet, Route53Client,
} from '@aws-sdk/client-route-53';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { Principal } from './credentials';
import { DnsWorld } from './dns';
import { HostedZoneInfo } from './hosted-zone';
import { Iam } from './iam';
import { MinimalContext, minimalContext } from './minimal-context';
import { Route53 } from './route53';
import { Sts } from './sts';

const ACCOUNT = '111111111111';
const ROLE = 'arn:aws:iam::111111111111:role/Handler';

let iam: Iam;
let context: MinimalContext;
let world: DnsWorld;
let route53: Route53;
let zone: HostedZoneInfo;
let client: Route53Client;

beforeEach(async () => {
  // Its time stands still, so only the test decides what fits into a second.
  context = minimalContext();
  iam = context.iam;
  world = new DnsWorld({ clock: context.clock });
  route53 = new Route53(context, world);
  await world.start();
  await route53.start();
  zone = await route53.createHostedZone({ account: ACCOUNT, name: 'example.com' });
  client = clientOf({ account: ACCOUNT });
});

afterEach(async () => {
  client.destroy();
  await route53.stop();
  await world.stop();
});

/** Does not retry, so that every refusal is seen. */
function clientOf(principal: Principal): Route53Client {
  return new Route53Client({
    region: 'us-east-1', endpoint: route53.endpoint, credentials: context.credentials.issue(principal), maxAttempts: 1,
  });
}

function txt(name: string, ...values: string[]): ResourceRecordSet {
  return { Name: name, Type: 'TXT', TTL: 300, ResourceRecords: values.map((Value) => ({ Value })) };
}

function cname(name: string, value: string): ResourceRecordSet {
  return { Name: name, Type: 'CNAME', TTL: 300, ResourceRecords: [{ Value: value }] };
}

function change(...changes: [Change['Action'], ResourceRecordSet][]) {
  return client.send(new ChangeResourceRecordSetsCommand({
    HostedZoneId: zone.id,
    ChangeBatch: { Changes: changes.map(([Action, set]) => ({ Action, ResourceRecordSet: set })) },
  }));
}

function listed() {
  return client.send(new ListResourceRecordSetsCommand({ HostedZoneId: zone.id }));
}

function ownRecords() {
  return route53.recordSets(zone.id).filter((each) => each.Name !== 'example.com.');
}

describe('a change', () => {
  test('is listed at once, PENDING for its time, and in DNS when it is INSYNC', async () => {
    // WHEN
    const { ChangeInfo } = await change(['CREATE', txt('s1._domainkey.Example.com', '"p=A" "B"')]);
    // THEN
    expect(ChangeInfo)
      .toMatchObject({ Id: expect.stringMatching(/^\/change\/C/), Status: 'PENDING', SubmittedAt: expect.any(Date) });
    expect((await listed()).ResourceRecordSets).toContainEqual(txt('s1._domainkey.example.com.', '"p=A" "B"'));
    await expect(world.client().resolveTxt('s1._domainkey.example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });

    // WHEN
    await context.clock.pass(29_000);
    // THEN
    expect((await client.send(new GetChangeCommand({ Id: ChangeInfo!.Id }))).ChangeInfo?.Status).toBe('PENDING');

    // WHEN
    await context.clock.pass(1_000);
    // THEN
    expect((await client.send(new GetChangeCommand({ Id: ChangeInfo!.Id }))).ChangeInfo)
      .toEqual({ ...ChangeInfo, Status: 'INSYNC' });
    expect(await world.client().resolveTxt('s1._domainkey.example.com')).toEqual([['p=A', 'B']]);
  });

  test('becomes visible in its turn when several are under way', async () => {
    await change(['CREATE', txt('a.example.com', '"1"')]);
    await context.clock.pass(10_000);
    await change(['UPSERT', txt('a.example.com', '"2"')], ['CREATE', txt('b.example.com', '"3"')]);
    await context.clock.pass(20_000);
    expect(await world.client().resolveTxt('a.example.com')).toEqual([['1']]);
    await context.clock.pass(10_000);
    expect(await world.client().resolveTxt('a.example.com')).toEqual([['2']]);
    expect(await world.client().resolveTxt('b.example.com')).toEqual([['3']]);
  });

  test('keeps another one of the same zone off while it is processed, not until INSYNC', async () => {
    await change(['CREATE', txt('a.example.com', '"1"')]);
    await expect(change(['CREATE', txt('b.example.com', '"1"')])).rejects.toMatchObject({
      name: 'PriorRequestNotComplete', $metadata: { httpStatusCode: 400 },
    });
    await context.clock.pass(2_000);
    await expect(change(['CREATE', txt('b.example.com', '"1"')])).resolves.toBeDefined();
  });

  test('is all or nothing, and a refusal names all that is wrong', async () => {
    route53.change(zone.id, [{ Action: 'CREATE', ResourceRecordSet: txt('a.example.com', '"1"') }]);
    const attempt = change(
      ['CREATE', txt('new.example.com', '"1"')],
      ['CREATE', txt('a.example.com', '"2"')],
      ['DELETE', txt('b.example.com', '"1"')],
    );
    await expect(attempt).rejects.toMatchObject({
      name: 'InvalidChangeBatch',
      message: "[Tried to create resource record set [name='a.example.com.', type='TXT'] but it already exists, "
        + "Tried to delete resource record set [name='b.example.com.', type='TXT'] but it was not found]",
      $metadata: { httpStatusCode: 400 },
    });
    expect(ownRecords()).toEqual([txt('a.example.com.', '"1"')]);
    // A refused batch was never processed, so the next need not wait.
    await expect(change(['UPSERT', txt('a.example.com', '"2"')])).resolves.toBeDefined();
  });

  test('may be large, with every character that XML escapes', async () => {
    const names = Array.from({ length: 900 }, (_, index) => `r${index}.example.com.`);
    await change(...names.map((name): ['CREATE', ResourceRecordSet] => ['CREATE', txt(name, `"<&>' 007" "${name}"`)]));
    expect(ownRecords()).toHaveLength(900);
    expect(ownRecords()).toContainEqual(txt('r7.example.com.', '"<&>\' 007" "r7.example.com."'));
  });

  test('that is too large for one batch is refused as a whole, and nothing waits for it', async () => {
    const names = Array.from({ length: 1001 }, (_, index) => `r${index}.example.com.`);
    const attempt = change(...names.map((name): ['CREATE', ResourceRecordSet] => ['CREATE', txt(name, '"1"')]));
    await expect(attempt).rejects.toMatchObject({
      name: 'InvalidChangeBatch',
      message: '[Number of records limit of 1000 exceeded.]',
      $metadata: { httpStatusCode: 400 },
    });
    expect(ownRecords()).toEqual([]);
    await expect(change(['CREATE', txt('a.example.com', '"1"')])).resolves.toBeDefined();
  });

  test('may be as large as the setting says', async () => {
    route53.settings.limits = { ...route53.settings.limits, valueCharacters: 2 };
    const tooLong = '[RDATA character limit of 2 exceeded.]';
    const record = txt('a.example.com', '"1"');
    await expect(change(['CREATE', record])).rejects.toThrow(tooLong);
    expect(() => route53.change(zone.id, [{ Action: 'CREATE', ResourceRecordSet: record }])).toThrow(tooLong);
  });

  test('of an unknown id, or of another account, is not found', async () => {
    const { ChangeInfo } = await change(['CREATE', txt('a.example.com', '"1"')]);
    const notFound = { name: 'NoSuchChange', $metadata: { httpStatusCode: 404 } };
    await expect(client.send(new GetChangeCommand({ Id: 'C0' }))).rejects.toMatchObject(notFound);
    await expect(clientOf({ account: '222222222222' }).send(new GetChangeCommand({ Id: ChangeInfo!.Id })))
      .rejects.toMatchObject(notFound);
  });
});

describe('listing', () => {
  test('goes by reversed labels, then by type', async () => {
    const records = [
      txt('b.example.com', '"1"'), txt('z.a.example.com', '"1"'), txt('a.example.com', '"1"'),
      txt('example.com', '"1"'),
    ];
    route53.change(zone.id, records.map((set) => ({ Action: 'CREATE', ResourceRecordSet: set })));
    route53.change(zone.id, [{
      Action: 'CREATE', ResourceRecordSet: { ...txt('b.example.com', '192.0.2.99'), Type: 'A' },
    }]);
    expect((await listed()).ResourceRecordSets?.map((each) => `${each.Name} ${each.Type}`)).toEqual([
      'example.com. NS', 'example.com. SOA', 'example.com. TXT',
      'a.example.com. TXT', 'z.a.example.com. TXT', 'b.example.com. A', 'b.example.com. TXT',
    ]);
  });

  test('starts where it is told to, and goes on page by page', async () => {
    const names = ['a', 'b', 'c', 'd'].map((each) => `${each}.example.com.`);
    route53.change(zone.id, names.map((name) => ({ Action: 'CREATE', ResourceRecordSet: txt(name, '"1"') })));
    const page = await client.send(new ListResourceRecordSetsCommand({
      HostedZoneId: zone.id, StartRecordName: 'B.example.com', StartRecordType: 'TXT', MaxItems: 2,
    }));
    expect(page)
      .toMatchObject({ IsTruncated: true, MaxItems: 2, NextRecordName: 'd.example.com.', NextRecordType: 'TXT' });
    expect(page.ResourceRecordSets?.map((each) => each.Name)).toEqual(names.slice(1, 3));

    const seen: string[] = [];
    let next: ListResourceRecordSetsResponse | undefined;
    do {
      next = await client.send(new ListResourceRecordSetsCommand({
        HostedZoneId: zone.id,
        StartRecordName: next?.NextRecordName,
        StartRecordType: next?.NextRecordType,
        MaxItems: 2,
      }));
      seen.push(...next.ResourceRecordSets!.map((set) => set.Name!));
    } while (next.IsTruncated);
    expect(seen).toEqual(['example.com.', 'example.com.', ...names]);
  });

  test('passes over smaller types, and ends after the last', async () => {
    route53.change(zone.id, [{ Action: 'CREATE', ResourceRecordSet: txt('a.example.com', '"1"') }]);
    const from = (StartRecordName?: string, StartRecordType?: 'A' | 'TXT' | 'SPF') =>
      client.send(new ListResourceRecordSetsCommand({ HostedZoneId: zone.id, StartRecordName, StartRecordType }));
    expect((await from('a.example.com', 'SPF')).ResourceRecordSets).toHaveLength(1);
    expect((await from('z.example.com')).ResourceRecordSets ?? []).toEqual([]);
    expect(await from('z.example.com')).toMatchObject({ IsTruncated: false, MaxItems: 300 });
    await expect(from(undefined, 'TXT')).rejects.toMatchObject({ name: 'InvalidInput' });
  });

  test('gives at most 300 at a time', async () => {
    const sets = Array.from({ length: 310 }, (_, index) => txt(`r${index}.example.com`, '"1"'));
    route53.change(zone.id, sets.map((set) => ({ Action: 'CREATE', ResourceRecordSet: set })));
    expect((await listed()).ResourceRecordSets).toHaveLength(300);
    expect((await listed()).IsTruncated).toBe(true);
  });

  test('gives weighted and alias records back as they were made', async () => {
    const weighted: ResourceRecordSet = { ...txt('w.example.com.', '"1"'), SetIdentifier: 'blue', Weight: 10 };
    const multi: ResourceRecordSet = { ...txt('m.example.com.', '"1"'), SetIdentifier: 'one', MultiValueAnswer: true };
    const alias: ResourceRecordSet = {
      Name: 'x.example.com.',
      Type: 'A',
      AliasTarget: { HostedZoneId: 'Z2FDTNDATAQYW2', DNSName: 'd1.cloudfront.net.', EvaluateTargetHealth: false },
    };
    await change(
      ['CREATE', weighted], ['CREATE', { ...weighted, SetIdentifier: 'green' }], ['CREATE', multi], ['CREATE', alias],
    );
    expect((await listed()).ResourceRecordSets)
      .toEqual(expect.arrayContaining([weighted, { ...weighted, SetIdentifier: 'green' }, multi, alias]));
    const page = await client.send(new ListResourceRecordSetsCommand({
      HostedZoneId: zone.id,
      StartRecordName: 'w.example.com',
      StartRecordType: 'TXT',
      StartRecordIdentifier: 'blue',
      MaxItems: 1,
    }));
    expect(page).toMatchObject({ NextRecordIdentifier: 'green' });
    expect(page.ResourceRecordSets).toEqual([weighted]);
    await context.clock.pass(60_000);
    expect(await world.client().resolveTxt('w.example.com')).toEqual([['1']]);
    await change(['DELETE', weighted], ['DELETE', alias]);
    expect(ownRecords().map((each) => each.SetIdentifier)).toEqual(['one', 'green']);
  });

  test('writes names in lower case and with octal escapes, and DNS has them plain', async () => {
    route53.change(zone.id, [{
      Action: 'CREATE', ResourceRecordSet: cname('*.Wild.example.com', 'Target.example.com'),
    }]);
    expect(ownRecords().map((each) => each.Name)).toEqual(['\\052.wild.example.com.']);
    expect(await world.client().resolveCname('any.wild.example.com')).toEqual(['Target.example.com']);
    route53.change(zone.id, [{
      Action: 'DELETE', ResourceRecordSet: cname('\\052.wild.example.com.', 'Target.example.com'),
    }]);
    expect(ownRecords()).toEqual([]);
  });
});

describe('a hosted zone', () => {
  test('whose name is asked for before it exists is missing to that resolver for a quarter of an hour', async () => {
    const ask = () => world.cachingClient().resolveTxt('s1._domainkey.example.com');
    await expect(ask()).rejects.toMatchObject({ code: 'ENOTFOUND' });
    route53.change(zone.id, [{ Action: 'CREATE', ResourceRecordSet: txt('s1._domainkey.example.com', '"1"') }]);
    expect(await world.client().resolveTxt('s1._domainkey.example.com')).toEqual([['1']]);
    // The SOA of a hosted zone has a TTL of 900 seconds, which is less than its minimum of a day.
    await context.clock.pass(899_000);
    await expect(ask()).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await context.clock.pass(1_001);
    expect(await ask()).toEqual([['1']]);
  });

  test('with NS records below its apex refers to others there', async () => {
    route53.change(zone.id, [
      { Action: 'CREATE', ResourceRecordSet: { ...txt('mail.example.com', 'ns1.acme.example'), Type: 'NS' } },
      { Action: 'CREATE', ResourceRecordSet: txt('s1._domainkey.mail.example.com', '"never seen"') },
    ]);
    const provider = world.provider('acme');
    await provider.createZone('mail.example.com', { delegate: false });
    const ask = () => world.client().resolveTxt('s1._domainkey.mail.example.com');
    await expect(ask()).rejects.toMatchObject({ code: 'ENOTFOUND' });
    provider.set('s1._domainkey.mail.example.com', 'TXT', ['seen']);
    expect(await ask()).toEqual([['seen']]);
  });

  test('says its name servers, which are the ones that it is delegated to', async () => {
    const answer = await client.send(new GetHostedZoneCommand({ Id: zone.id }));
    expect(answer).toMatchObject({
      HostedZone: {
        Id: `/hostedzone/${zone.id}`, Name: 'example.com.', Config: { PrivateZone: false }, ResourceRecordSetCount: 2,
      },
      DelegationSet: { NameServers: zone.nameServers },
    });
    expect((await world.client().resolveNs('example.com')).sort()).toEqual([...zone.nameServers].sort());
    expect(await world.client().resolve4(zone.nameServers[0])).toHaveLength(1);
    expect(route53.hostedZones()).toEqual([zone]);
  });

  test('that is private is in no public DNS', async () => {
    const { id } = await route53.createHostedZone({ account: ACCOUNT, name: 'internal.test', privateZone: true });
    expect((await client.send(new GetHostedZoneCommand({ Id: id }))).HostedZone?.Config?.PrivateZone).toBe(true);
    route53.change(id, [{ Action: 'CREATE', ResourceRecordSet: txt('a.internal.test', '"1"') }]);
    await expect(world.client().resolveTxt('a.internal.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  test('that is not delegated answers for itself but is not found', async () => {
    const parked = await route53.createHostedZone({ account: ACCOUNT, name: 'parked.test', delegate: false });
    route53.change(parked.id, [{ Action: 'CREATE', ResourceRecordSet: txt('parked.test', '"1"') }]);
    await expect(world.client().resolveTxt('parked.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    const own = world.client();
    own.setServers([world.listeningAt(parked.nameServers[0])]);
    expect(await own.resolveTxt('parked.test')).toEqual([['1']]);
  });

  test('is deleted only when it is empty, and then is gone from DNS', async () => {
    route53.change(zone.id, [{ Action: 'CREATE', ResourceRecordSet: txt('a.example.com', '"1"') }]);
    await expect(route53.deleteHostedZone(zone.id)).rejects.toMatchObject({ code: 'HostedZoneNotEmpty' });
    route53.change(zone.id, [{ Action: 'DELETE', ResourceRecordSet: txt('a.example.com', '"1"') }]);
    await route53.deleteHostedZone(zone.id);
    await expect(world.client().resolveNs('example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(listed()).rejects.toMatchObject({ name: 'NoSuchHostedZone', $metadata: { httpStatusCode: 404 } });
    expect(() => world.listeningAt(zone.nameServers[0])).toThrow('There is no name server');
  });

  test('that moved to another provider leaves that delegation alone when it is deleted', async () => {
    await world.provider('acme').createZone('example.com');
    await route53.deleteHostedZone(zone.id);
    expect(await world.client().resolveNs('example.com')).toEqual(['ns1.acme.example', 'ns2.acme.example']);
  });
});

describe('access', () => {
  const right = (Action: string, Resource: string, Condition = {}) => ({
    Effect: 'Allow' as const, Action, Resource, Condition,
  });

  beforeEach(() => {
    iam.putRole({ arn: ROLE, assumeRolePolicy: { Statement: [] } });
    client = clientOf({ account: ACCOUNT, roleArn: ROLE });
  });

  test('a role may do nothing without a policy', async () => {
    const attempts = [
      listed(),
      change(['CREATE', txt('a.example.com', '"1"')]),
      client.send(new GetHostedZoneCommand({ Id: zone.id })),
      client.send(new GetChangeCommand({ Id: 'C1' })),
    ];
    for (const attempt of attempts) {
      await expect(attempt).rejects.toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    }
  });

  test('a change is held to the names, types and actions of the policy', async () => {
    iam.putRolePolicy(ROLE, 'dns', {
      Statement: [right('route53:ChangeResourceRecordSets', `arn:aws:route53:::hostedzone/${zone.id}`, {
        'ForAllValues:StringEquals': {
          'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['s1._domainkey.example.com'],
          'route53:ChangeResourceRecordSetsRecordTypes': ['TXT'],
          'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
        },
      })],
    });
    await expect(change(['CREATE', txt('S1._domainkey.example.com.', '"1"')])).resolves.toBeDefined();
    for (const attempt of [
      change(['DELETE', txt('s1._domainkey.example.com', '"1"')], ['CREATE', txt('www.example.com', '"1"')]),
      change(['CREATE', cname('s1._domainkey.example.com', 'x.test')]),
      change(['UPSERT', txt('s1._domainkey.example.com', '"2"')]),
    ]) {
      await expect(attempt).rejects.toMatchObject({ name: 'AccessDenied' });
    }
  });

  test('the zone of another account is closed even to its administrator', async () => {
    client = clientOf({ account: '222222222222' });
    await expect(listed()).rejects.toMatchObject({
      name: 'AccessDenied', message: 'User: arn:aws:iam::222222222222:root is not authorized to access this resource',
    });
  });
});

describe('a role in the account of the zone', () => {
  const OTHER_ROLE = 'arn:aws:iam::222222222222:role/DnsWriter';

  test('opens the zone to whoever may assume it', async () => {
    // GIVEN
    const sts = new Sts(context, iam);
    await sts.start();
    const theirs = await route53.createHostedZone({ account: '222222222222', name: 'theirs.test' });
    iam.putRole({ arn: ROLE, assumeRolePolicy: { Statement: [] } });
    iam.putRolePolicy(ROLE, 'assume', {
      Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: OTHER_ROLE },
    });
    iam.putRole({
      arn: OTHER_ROLE,
      assumeRolePolicy: { Statement: { Effect: 'Allow', Principal: { AWS: ROLE }, Action: 'sts:AssumeRole' } },
    });
    iam.putRolePolicy(OTHER_ROLE, 'dns', {
      Statement: { Effect: 'Allow', Action: 'route53:GetHostedZone', Resource: '*' },
    });
    // WHEN
    const caller = new STSClient({
      region: 'us-east-1',
      endpoint: sts.endpoint,
      credentials: context.credentials.issue({ account: ACCOUNT, roleArn: ROLE }),
    });
    const { Credentials: session } = await caller.send(new AssumeRoleCommand({
      RoleArn: OTHER_ROLE, RoleSessionName: 'dkim',
    }));
    client = new Route53Client({
      region: 'us-east-1',
      endpoint: route53.endpoint,
      credentials: {
        accessKeyId: session!.AccessKeyId!,
        secretAccessKey: session!.SecretAccessKey!,
        sessionToken: session!.SessionToken,
      },
    });
    // THEN
    await expect(client.send(new GetHostedZoneCommand({ Id: theirs.id }))).resolves.toBeDefined();
    await expect(client.send(new GetHostedZoneCommand({ Id: zone.id })))
      .rejects.toMatchObject({ name: 'AccessDenied' });
    await sts.stop();
  });
});

describe('limits and faults', () => {
  test('more than 5 requests a second of one account are throttled', async () => {
    for (let count = 0; count < 5; count++) await listed();
    const throttled = { name: 'Throttling', message: 'Rate exceeded', $metadata: { httpStatusCode: 400 } };
    await expect(listed()).rejects.toMatchObject(throttled);
    await expect(client.send(new GetChangeCommand({ Id: 'C1' }))).rejects.toMatchObject(throttled);
    // Another account has its own five.
    await expect(clientOf({ account: '222222222222' }).send(new GetChangeCommand({ Id: 'C1' })))
      .rejects.toMatchObject({ name: 'NoSuchChange' });
    await context.clock.pass(1_001);
    await expect(listed()).resolves.toBeDefined();
  });

  test('times and limits can be set', async () => {
    Object.assign(route53.settings, { insyncAfter: 0, processingTime: 0, requestsPerSecond: 100 });
    for (let count = 0; count < 10; count++) await change(['UPSERT', txt('a.example.com', `"${count}"`)]);
    expect(await world.client().resolveTxt('a.example.com')).toEqual([['9']]);
  });

  test.each([
    ['throttle', { name: 'Throttling' }],
    ['access-denied', { name: 'AccessDenied' }],
    ['error', { name: 'InternalFailure', $metadata: { httpStatusCode: 500 } }],
  ] as const)('the fault %s is answered in the form of Route 53', async (kind, expected) => {
    context.faults.add({ service: 'route53', operation: 'ListResourceRecordSets', kind });
    await expect(listed()).rejects.toMatchObject(expected);
    await expect(listed()).resolves.toBeDefined();
  });

  test.each([
    ['POST', '/2013-04-01/hostedzone/Z1/rrset', '<ChangeResourceRecordSetsRequest/>', 400, 'MalformedInput'],
    ['POST', '/2013-04-01/hostedzone/Z1/rrset/', '<a><b></a>', 400, 'MalformedInput'],
    ['GET', '/2013-04-01/healthcheck', undefined, 404, 'UnknownOperationException'],
  ])('%s %s with %s is refused', async (method, path, body, status, code) => {
    const { accessKeyId } = context.credentials.issue({ account: ACCOUNT });
    const headers = {
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/us-east-1/route53/aws4_request, Signature=0`,
    };
    const answer = await fetch(route53.endpoint + path, { method, headers, body });
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(`<Code>${code}</Code>`);
  });
});
