// Whoever may tag the secret can write anything: what is not of its form stops a rotation, and weakens nothing.
import { settingsOf } from '../../../lambda/rotation/secret-settings';
import { DOMAIN, REGION, ZONE } from '../fixtures/aws-in-memory';
import { KEYS_ARN, KeysInMemory, ROTATING_OWNER } from '../fixtures/keys-in-memory';

const { tags } = new KeysInMemory();
const settings = (more: Record<string, string | undefined> = {}) => {
  const changed = Object.entries(more).map(([name, value]) => [`cdk-ses-dkim:${name}`, value]);
  const { members: [first, ...further] } = settingsOf(KEYS_ARN, { ...tags, ...Object.fromEntries(changed) }, REGION);
  return { ...first, further };
};

test('the tags name the identity, the zone, and who owns the records', () => {
  const { wanted, owner } = settings();
  expect(wanted).toMatchObject({
    domain: DOMAIN,
    region: REGION,
    zone: { id: ZONE, ttl: 1800, overwrite: false },
    signing: { method: 'ROTATING_BYODKIM', secretArn: KEYS_ARN, selectorPrefix: 'dkim', keyLength: 1024 },
  });
  expect(owner).toEqual(ROTATING_OWNER);
});

test('each of them tells owners apart', () => {
  const labels = [
    {}, { Region: 'eu-west-1' }, { Identity: 'example.org' }, { LogicalResourceId: 'Other' },
    { StackId: tags['cdk-ses-dkim:StackId'].replace('mail', 'other') },
  ].map((more) => settings(more).owner.label);
  expect(new Set(labels).size).toBe(labels.length);
});

test('each further Region has an owner of its own, in the order of the Regions', () => {
  const { owner, further } = settings({ 'FurtherRegion:us-west-2': 'West', 'FurtherRegion:eu-west-1': 'Europe' });
  expect(further.map(({ wanted }) => wanted.region)).toEqual(['eu-west-1', 'us-west-2']);
  expect(further.map(({ wanted }) => wanted.domain)).toEqual([DOMAIN, DOMAIN]);
  const alone = settings({ Region: 'eu-west-1', LogicalResourceId: 'Europe' });
  expect(further[0].owner).toEqual(alone.owner);
  expect(new Set([owner, ...further.map((each) => each.owner)].map(({ label }) => label)).size).toBe(3);
});

test('the overlap is a day at least', () => {
  expect(settings({ RecordOverlap: '0' }).wanted.zone?.overlapSeconds).toBe(86_400);
  expect(settings({ RecordOverlap: '172800' }).wanted.zone?.overlapSeconds).toBe(172_800);
  expect(settings().wanted.zone?.overlapSeconds).toBeUndefined(); // the default, of two weeks
});

test.each<[string, Record<string, string | undefined>]>([
  ['which stack it belongs to', { StackId: undefined }],
  ['which stack it belongs to', { StackId: '' }],
  ['which stack it belongs to', { StackId: 'arn:aws:cloudformation:us-east-1:111111111111:stack/' }],
  ['which stack it belongs to', { LogicalResourceId: undefined }],
  ['which stack it belongs to', { LogicalResourceId: 'Dkim\nDkim' }],
  ['Identity is missing', { Identity: undefined }],
  ['Identity is "Example.com"', { Identity: 'Example.com' }],
  ['HostedZoneId is', { HostedZoneId: '../ZONE' }],
  ['HostedZoneRoleArn is', { HostedZoneRoleArn: 'me' }],
  ['RecordTtl is', { RecordTtl: 'soon' }],
  ['RecordOverlap is', { RecordOverlap: '-1' }],
  ['SelectorPrefix is', { SelectorPrefix: 'a.b' }],
  ['KeyLength is', { KeyLength: '512' }],
  ['Region is', { Region: 'here' }],
  ['FurtherRegions[0].Region is', { 'FurtherRegion:here': 'There' }],
  ['FurtherRegions[1].LogicalResourceId is', { 'FurtherRegion:eu-west-1': 'Europe', 'FurtherRegion:us-west-2': '' }],
])('what is missing or wrong is named: %s, for %j', (named, more) => {
  expect(() => settings(more)).toThrow(named);
});

test('tags of others, and what they inherit, count for nothing', () => {
  const others = { 'Identity': 'example.org', 'cdk-ses-dkim:Signing': 'x', 'cdk-ses-dkim:RecordConflict': 'OVERWRITE' };
  const { members: [{ wanted }] } = settingsOf(KEYS_ARN, { ...tags, ...others }, REGION);
  expect(wanted).toMatchObject({ domain: DOMAIN, zone: { overwrite: false } });
});
