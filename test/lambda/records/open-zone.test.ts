// Tests of the look at a hosted zone before anything is written to it.
import { ZoneSettings } from '../../../lambda/base/desired-state';
import { ZoneGoneError } from '../../../lambda/base/errors';
import { HostedZone, RecordSet } from '../../../lambda/base/ports';
import { openZone } from '../../../lambda/records/open-zone';

const never = async () => {
  throw new Error('it is only looked at');
};
const record = (name: string): RecordSet => ({
  name: `${name}._domainkey.mail.example.com`, type: 'TXT', ttl: 60, values: ['"a"'],
});
const zoneOf = (describe: HostedZone['describe'], list: HostedZone['list'] = async () => []): HostedZone => ({
  describe, wildcardFor: async () => [], negativeTtl: async () => 900, list, change: never,
});
const zoneNamed = (name: string, privateZone = false) => zoneOf(async () => ({ name, privateZone }));
const properties = { id: 'Z1', ttl: 60, overwrite: false };

test.each(['mail.example.com', 'example.com', 'com'])('the zone %s holds the domain mail.example.com', async (name) => {
  await expect(openZone(zoneNamed(name), properties, 'mail.example.com')).resolves.toBeDefined();
});

test('its records are listed along with the look, and anew for whoever asks a second time', async () => {
  const listed: string[] = [];
  const zone = await openZone(zoneOf(async () => ({ name: 'example.com', privateZone: false }), async (below) => {
    listed.push(below);
    return [record(`s${listed.length}`)];
  }), properties, 'mail.example.com');
  expect(listed).toEqual(['_domainkey.mail.example.com']);
  expect(await zone.list('_domainkey.mail.example.com')).toEqual([record('s1')]);
  expect(listed).toHaveLength(1);
  expect(await zone.list('_domainkey.mail.example.com')).toEqual([record('s2')]);
});

test('what is changed is the zone that was opened', async () => {
  const changed: unknown[] = [];
  const describe = async () => ({ name: 'example.com', privateZone: false });
  const zone = await openZone(
    {
      describe,
      wildcardFor: async () => [],
      negativeTtl: async () => 900,
      list: async () => [],
      change: async (changes) => {
        changed.push(changes);
        return { inSync: async () => undefined };
      },
    },
    properties,
    'example.com',
  );
  await zone.change([]);
  expect(changed).toEqual([[]]);
});

test.each(['example.net', 'ample.com', 'sub.mail.example.com'])('the zone %s does not', async (name) => {
  await expect(openZone(zoneNamed(name), properties, 'mail.example.com')).rejects
    .toThrow(`The hosted zone Z1 is for ${name}, and mail.example.com is not in it. Use the zone of the domain or `
      + 'of a parent of it.');
});

test('a private zone is refused', async () => {
  await expect(openZone(zoneNamed('example.com', true), properties, 'example.com')).rejects
    .toThrow('The hosted zone Z1 (example.com) is private. SES and receivers look in public DNS: use the public zone.');
});

test('a zone that is gone is said with the way out', async () => {
  const gone = zoneOf(async () => { throw new ZoneGoneError('There is no hosted zone Z1.'); });
  await expect(openZone(gone, properties, 'example.com')).rejects
    .toThrow('There is no hosted zone Z1. Use the id of a hosted zone in this account, or set hostedZoneRole.');
  await expect(openZone(gone, { ...properties, roleArn: 'arn:role' }, 'example.com')).rejects
    .toThrow('There is no hosted zone Z1. Use the id of a hosted zone in the account of arn:role.');
});

test('a zone that the function may not open is said with the way out', async () => {
  const refused = Object.assign(new Error('not authorized'), { name: 'AccessDenied' });
  await expect(openZone(zoneOf(async () => { throw refused; }), properties, 'example.com')).rejects
    .toThrow('The function has no access to the hosted zone Z1: not authorized. A zone of another account needs '
      + 'hostedZoneRole; in this account, a permission boundary or service control policy forbids the call.');
});

describe('a part that the zone delegates to others', () => {
  const ns = (name: string): RecordSet => ({ name, type: 'NS', ttl: 60, values: ['ns1.elsewhere.example.'] });
  const open = (cut: RecordSet | undefined, listed: RecordSet[] = []) => openZone(
    zoneOf(async () => ({ name: 'example.com', privateZone: false, cut }), async () => listed),
    properties, 'mail.example.com',
  );

  test.each([
    ['the domain', ns('mail.example.com'), []],
    ['_domainkey', undefined, [record('s1'), ns('_domainkey.mail.example.com')]],
  ])('is refused when it holds the records, with the NS record: %s', async (_, cut, listed) => {
    const { name } = cut ?? listed[1];
    await expect(open(cut, listed)).rejects.toThrow(`The hosted zone Z1 delegates ${name} to other name servers `
      + '(NS ns1.elsewhere.example.), so nobody ever sees what it has at or below that name.');
  });

  test('I whose zone cannot be that of the domain is not advised', async () => {
    await expect(open(ns('mail.example.com'))).rejects.toThrow('Use the hosted zone of mail.example.com that those name '
      + 'servers serve. Without one of Route 53, leave hostedZone out, and publish the records there.');
    await expect(open(undefined, [ns('_domainkey.mail.example.com')])).rejects
      .toThrow(/Nothing was written there\. Leave hostedZone out, and publish the records there\.$/);
  });

  test('a name that only ends like it is no part of it', async () => {
    await expect(open(ns('ail.example.com'))).resolves.toBeDefined();
    await expect(open({ ...ns('mail.example.com'), type: 'A' })).resolves.toBeDefined();
  });

  test('has its name servers named, each, and cut where they are many', async () => {
    const values = Array.from({ length: 50 }, (_, index) => `ns${index}.elsewhere.example.`);
    const error = await open({ ...ns('mail.example.com'), values }).then(() => undefined, ({ message }: Error) => message);
    expect(error).toContain('(NS ns0.elsewhere.example., ns1.elsewhere.example., ');
    expect(error!.length).toBeLessThan(1_000);
  });

  test('is no matter below _domainkey, beside the records', async () => {
    await expect(open(undefined, [record('s1'), ns('s2._domainkey.mail.example.com')])).resolves.toBeDefined();
  });
});

describe('a wildcard that answers for the domain', () => {
  const [web, mail] = [['A', '192.0.2.1'], ['MX', '10 mx.example.net']].map(([type, value]): RecordSet =>
    ({ name: '*.example.com', type, ttl: 60, values: [value] }));
  const open = (wildcard: RecordSet[], listed: RecordSet[] = [], settings: ZoneSettings = properties) => openZone(
    { ...zoneOf(async () => ({ name: 'example.com', privateZone: false }), async () => listed), wildcardFor: async () => wildcard },
    settings, 'mail.example.com',
  );

  test('is refused when mail arrives by it, which a first record would end', async () => {
    await expect(open([web, mail])).rejects.toThrow('The hosted zone Z1 answers for mail.example.com by its wildcard MX '
      + '*.example.com. With a record below mail.example.com, it would no longer, and mail to the domain would be lost. '
      + 'Nothing was written there. Give mail.example.com an MX record of its own first');
  });

  test('is no matter when it leads to a web site, or a record is there already', async () => {
    await expect(open([web])).resolves.toBeDefined();
    await expect(open([web, mail], [record('s1')])).resolves.toBeDefined();
  });

  test('is no matter in the zone of slots, where no mail arrives', async () => {
    const delegation = { place: 'mail.example.com.keys.example.com', slots: ['dkim-a', 'dkim-b'] };
    await expect(open([mail], [], { ...properties, delegation })).resolves.toBeDefined();
  });
});

test('a zone behind a role that refuses the function is said with what to look at', async () => {
  const refused = zoneOf(async () => { throw new ZoneGoneError('The role refuses it', true); });
  await expect(openZone(refused, { ...properties, roleArn: 'arn:role' }, 'example.com')).rejects
    .toThrow("The role refuses it. See whether the role is there, its trust policy lets the function's role assume it, and "
      + 'its own policies allow the calls to that hosted zone.');
});

test('another failure is passed on', async () => {
  const problem = new Error('AccessDenied');
  await expect(openZone(zoneOf(async () => { throw problem; }), properties, 'example.com')).rejects.toBe(problem);
});
