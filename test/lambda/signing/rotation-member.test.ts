// Before a rotation writes anything: do SES, the registry record in the zone and the published key say what the secret
// says.
import { DOMAIN, keyLine, keyRecord, record } from '../fixtures/aws-in-memory';
import { HOUR, KeysInMemory, NEXT } from '../fixtures/keys-in-memory';

let keys: KeysInMemory;

beforeEach(async () => {
  keys = await KeysInMemory.deployed();
  keys.sesVerifies();
  keys.addNext();
});

const REVOKED = 'v=DKIM1; k=rsa; p=';
const WILDCARD = `*._domainkey.${DOMAIN}`;

/** The zone without the record of that name, and with another one. */
function replace(label: string, name: string, text: string): void {
  const others = keys.aws.zone.records.filter((each) => !each.name.startsWith(`${label}.`));
  keys.aws.zone.records = [...others, record(name, 'TXT', text.startsWith('"') ? text : `"${text}"`)];
}

/** A deployment that has begun before has marked the records of these selectors. */
function mark(...selectors: string[]): void {
  keys.aws.zone.records = keys.aws.zone.records.map((each) => ({
    ...each,
    values: each.values.map((value) => selectors.some((selector) => value.includes(`record=${selector};`))
      ? value.replace(/"$/, '; until=2026-12-07T00:00:00Z"') : value),
  }));
}

/** The registry record is there, and does not list it. */
function unlist(selector: string): void {
  keys.aws.zone.records = keys.aws.zone.records.map((each) =>
    ({ ...each, values: each.values.filter((value) => !value.includes(`record=${selector};`)) }));
}

const isListed = (selector: string) =>
  keys.aws.zone.registries.flat().some((line) => line.includes(`record=${selector};`) && !line.includes('until='));

test('a secret whose tags name no hosted zone changes nothing', async () => {
  delete keys.tags['cdk-ses-dkim:HostedZoneId'];
  await expect(keys.step('setSecret')).rejects.toThrow('The tags of the secret name no hosted zone for example.com');
  expect(keys.aws.puts).toEqual([]);
});

test('where SES names no selector, the tag of the identity says which one it has', async () => {
  keys.aws.set({ tokens: [] });
  await keys.step('setSecret');
  expect(keys.aws.identity.tokens).toEqual(['n1']);
});

describe('where the records of the keys are marked as superseded', () => {
  beforeEach(async () => {
    await keys.step('setSecret');
    mark('s1', 'n1');
    expect([isListed('s1'), isListed('n1')]).toEqual([false, false]);
  });

  test('and SES signs with the next key, that is used, and its record is needed again', async () => {
    await keys.step('setSecret');
    await keys.step('testSecret');
    mark('s1', 'n1');
    await keys.step('finishSecret');
    expect([isListed('s1'), isListed('n1')]).toEqual([false, true]);
  });

  test('and SES signs with one that is not listed, nothing is published', async () => {
    unlist('n1');
    const { records } = keys.aws.zone;
    await expect(keys.step('setSecret')).rejects.toThrow('does not list the key');
    expect(keys.aws.zone.records).toBe(records);
  });

  test('and SES signs with neither, nothing is published', async () => {
    keys.aws.set({ origin: 'AWS_SES', tokens: ['t1', 't2', 't3'] });
    const { records } = keys.aws.zone;
    await expect(keys.step('setSecret')).rejects.toThrow('SES signs example.com otherwise');
    expect(keys.aws.zone.records).toBe(records);
  });
});

describe('where a wildcard answers for the key that is used', () => {
  beforeEach(() => replace('s1', WILDCARD, keyRecord('s1').data));

  test('it is led on to the next one, though no registry record lists it', async () => {
    unlist('s1');
    await keys.allSteps();
    expect(keys.aws.identity.tokens).toEqual(['n1']);
    expect(keys.aws.zone.contents).toContain(keyLine('n1', 'two'));
  });

  test('and the stack has no registry record there, nothing is written', async () => {
    keys.aws.zone.records = keys.aws.zone.records.filter(({ name }) => name === WILDCARD);
    await expect(keys.step('setSecret')).rejects.toThrow('does not list the key');
    expect(keys.aws.puts).toEqual([]);
    expect(keys.aws.zone.records).toHaveLength(1);
  });

  test('but with another key, nothing is written', async () => {
    replace('*', WILDCARD, keyRecord('s1', 'three').data);
    unlist('s1');
    await expect(keys.step('setSecret')).rejects.toThrow('does not list the key');
    expect(keys.aws.puts).toEqual([]);
  });
});

test('a key that somebody has revoked is not published again by the change that leads away from it', async () => {
  replace('s1', `s1._domainkey.${DOMAIN}`, REVOKED);
  await keys.allSteps();
  expect(keys.aws.identity.tokens).toEqual(['n1']);
  expect(keys.aws.zone.contents).toEqual([keyLine('n1', 'two'), `TXT s1._domainkey.${DOMAIN} "${REVOKED}"`]);
});

test('what the record of the key that is used says besides it is left as it is', async () => {
  const { name, data } = keyRecord('s1');
  replace('s1', name, data.replace('k=rsa', 't=y; k=rsa'));
  await keys.allSteps();
  expect(keys.aws.identity.tokens).toEqual(['n1']);
  expect(keys.aws.zone.contents).toContain(`TXT ${name} ${data.replace('k=rsa', 't=y; k=rsa')}`);
});

test('a key that a CNAME leads to is led on to the next one, and the CNAME stays', async () => {
  const { name, data } = keyRecord('s1');
  const there = keys.aws.zone.records.filter((each) => each.name !== name);
  keys.aws.zone.records = [...there, record(name, 'CNAME', 'key.example.net')];
  keys.aws.publicAnswer = (asked) => {
    const inZone = keys.aws.zone.records.flatMap((each) => each.name === asked ? each.values : []);
    return [{ nameServer: 'ns1', values: asked === 'key.example.net' ? [data] : inZone }];
  };
  await keys.allSteps();
  expect(keys.aws.identity.tokens).toEqual(['n1']);
  expect(keys.aws.zone.contents).toContain(`CNAME ${name} key.example.net`);
});

test('records have the TTL and the overlap that the tags of the secret say', async () => {
  Object.assign(keys.tags, { 'cdk-ses-dkim:RecordTtl': '600', 'cdk-ses-dkim:RecordOverlap': '172800' });
  await keys.allSteps();
  const { time, zone: { records, registries } } = keys.aws;
  expect(records.find(({ name }) => name.startsWith('n1.'))).toMatchObject({ ttl: 600 });
  const until = /record=s1;.*until=([^;]+)/.exec(registries.flat().join('\n'))![1];
  expect(Math.abs(Date.parse(until) - time - 48 * HOUR)).toBeLessThan(60_000);
});

test('where somebody has taken our tag off, the key that is used is known to be ours', async () => {
  keys.aws.set({ tags: {} });
  await keys.step('setSecret');
  expect(Object.values(keys.aws.identity.tags)).toEqual(['told=EXTERNAL:n1 told=EXTERNAL:s1']);
});

test('another key under the selector of the next one stays, and SES is told nothing', async () => {
  const other = keyRecord('n1', 'three');
  keys.aws.zone.records = [...keys.aws.zone.records, record(other.name, 'TXT', other.data)];
  await expect(keys.step('setSecret')).rejects.toThrow('another key under this selector');
  expect(keys.aws.puts).toEqual([]);
  expect(keys.aws.zone.contents).toContain(keyLine('n1', 'three'));
});

test('another key that comes under the selector while the next one is published stays, too', async () => {
  const other = keyRecord('n1', 'three');
  keys.aws.zone.meanwhile = () => {
    keys.aws.zone.meanwhile = undefined;
    keys.aws.zone.records = [...keys.aws.zone.records, record(other.name, 'TXT', other.data)];
  };
  await expect(keys.step('setSecret')).rejects.toThrow('another key under this selector');
  expect(keys.aws.puts).toEqual([]);
  expect(keys.aws.zone.contents).toContain(keyLine('n1', 'three'));
});

test('a key has the hour of SES to the second', async () => {
  await keys.step('setSecret');
  keys.aws.set({ status: 'PENDING' });
  keys.aws.onPause = undefined;
  keys.aws.time += HOUR - 10 * 60_000;
  await expect(keys.step('testSecret')).rejects.toThrow('SES has not verified the next key yet');
  expect(keys.idOf('AWSPENDING')).toBe(NEXT);
  keys.aws.time += 60_000;
  await expect(keys.step('testSecret')).rejects.toThrow('SES has not verified the next key in time');
});
