// A rotating key whose domain has its DNS elsewhere, in the template: the CNAMEs, the zone that they lead to, and the
// rights in it.
import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { ZONE_ROLE } from './example-com';
import { only, rotating, secretOf, settingsOf, statementsOfFunction } from './rotating';
import { settingsOf as parseTags } from '../../lambda/rotation/secret-settings';
import { DkimSigning, EmailIdentityDkim } from '../../src';
import { ACCOUNT, imported, mailStack, propertiesOf, zone } from '../mail-stack';

const PLACE = 'example.com.keys.example.net';
const ARN = `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:x-AbCdEf`;

const inSlots = (options = {}, props = {}, keys = (stack: Stack) => zone(stack, 'keys.example.net', 'Z0KEYS')) =>
  rotating((stack) => ({ delegatedTo: keys(stack), ...options }), () => ({ hostedZone: undefined, ...props }));

const changesIn = (stack: Stack, which: 'deployment' | 'rotation') =>
  statementsOfFunction(stack, which).filter(({ Action }) => [Action].flat().includes('route53:ChangeResourceRecordSets'));

test('the records to publish are known in the app, and are plain texts', () => {
  const { dkim } = inSlots({ selectorPrefix: 'mail' });

  expect(dkim.dkimRecords).toEqual(['mail-1', 'mail-2'].map((slot) => ({
    name: `${slot}._domainkey.example.com.`,
    type: 'CNAME',
    value: `${slot}._domainkey.${PLACE}`,
    data: `${slot}._domainkey.${PLACE}`,
  })));
});

test('they fit CDK\'s own records of another zone', () => {
  const { stack, dkim } = inSlots();
  const other = zone(stack, 'com', 'Z0OTHER');
  dkim.dkimRecords.forEach(({ name, value }, index) =>
    new route53.CnameRecord(stack, `Record${index}`, { zone: other, recordName: name, domainName: value }));

  const { template } = (stack.node.root as App).synth().getStackByName(stack.stackName);
  const records = Object.values(template.Resources) as any[];
  expect(records.filter(({ Type }) => Type === 'AWS::Route53::RecordSet').map(({ Properties: { Name } }) => Name)).toEqual([
    'dkim-1._domainkey.example.com.', 'dkim-2._domainkey.example.com.',
  ]);
});

test('both functions may change what is below the domain in that zone, and nothing else', () => {
  const { stack } = inSlots();

  for (const which of ['deployment', 'rotation'] as const) {
    expect(changesIn(stack, which)).toMatchObject([{
      Condition: {
        'ForAllValues:StringLike': {
          'route53:ChangeResourceRecordSetsNormalizedRecordNames': `*._domainkey.${PLACE}`,
        },
      },
      Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':route53:::hostedzone/Z0KEYS']] },
    }]);
  }
});

test('the properties and the tags say the same, and the handler reads them', () => {
  const { stack } = inSlots();

  expect(propertiesOf(stack)).toMatchObject({ HostedZoneId: 'Z0KEYS', DelegatedTo: 'keys.example.net' });
  const settings = settingsOf(stack);
  expect(settings).toMatchObject({ HostedZoneId: 'Z0KEYS', DelegatedTo: 'keys.example.net' });
  const tags = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`cdk-ses-dkim:${name}`, `${value}`]));
  const StackId = `arn:aws:cloudformation:us-east-1:${ACCOUNT}:stack/Mail/1`;
  const { members: [{ wanted, owner }] } = parseTags(ARN, { ...tags, 'cdk-ses-dkim:StackId': StackId }, 'us-east-1');
  expect(wanted.zone).toMatchObject({ ttl: 900, delegation: { place: PLACE, slots: ['dkim-1', 'dkim-2'] } });
  expect(owner.domain).toBe(PLACE);
});

test('its secret is another one than that of a plain rotating key: a roll-back finds the old key', () => {
  const [slots, plain] = [inSlots().stack, rotating().stack];

  expect(secretOf(slots).id).toBe(`${only(slots, 'Custom::EmailIdentityDkim').id}SlotKeys`);
  expect(secretOf(slots).id).not.toBe(secretOf(plain).id);
  expect(propertiesOf(plain).DelegatedTo).toBeUndefined();
  expect(settingsOf(plain).DelegatedTo).toBeUndefined();
});

test('a zone that the app creates, with a dot at the end of its name', () => {
  const { stack, dkim } = inSlots({}, {}, (scope) => new route53.PublicHostedZone(scope, 'Keys', { zoneName: 'keys.example.net' }));
  const dotted = inSlots({}, {}, (scope) => zone(scope, 'keys.example.net.', 'Z0KEYS'));

  expect(dkim.dkimRecords[0].value).toBe(`dkim-1._domainkey.${PLACE}`);
  expect(dotted.dkim.dkimRecords[0].value).toBe(`dkim-1._domainkey.${PLACE}`);
  expect(propertiesOf(dotted.stack).DelegatedTo).toBe('keys.example.net');
  expect(propertiesOf(stack).HostedZoneId).toEqual({ Ref: expect.stringContaining('Keys') });
});

test('a domain and a zone that the deployment knows', () => {
  const stack = mailStack();
  const [domain, zoneName] = ['Domain', 'ZoneName'].map((id) => new CfnParameter(stack, id).valueAsString);
  const dkim = new EmailIdentityDkim(stack, 'Dkim', {
    identity: imported(stack, domain),
    signing: DkimSigning.rotatingByoDkim({
      delegatedTo: route53.HostedZone.fromHostedZoneAttributes(stack, 'Keys', { hostedZoneId: 'Z0KEYS', zoneName }),
    }),
  });

  expect(stack.resolve(dkim.dkimRecords[1])).toMatchObject({
    name: { 'Fn::Join': ['', ['dkim-2._domainkey.', { Ref: 'Domain' }, '.']] },
    value: { 'Fn::Join': ['', ['dkim-2._domainkey.', { Ref: 'Domain' }, '.', { Ref: 'ZoneName' }]] },
  });
  expect(changesIn(stack, 'rotation')).toHaveLength(1);
});

test('a zone in another account has its role', () => {
  const { stack } = rotating((scope) => ({ delegatedTo: zone(scope, 'keys.example.net', 'Z0KEYS') }), (scope) => ({
    hostedZone: undefined, hostedZoneRole: iam.Role.fromRoleArn(scope, 'ZoneRole', ZONE_ROLE),
  }));

  expect(settingsOf(stack)).toMatchObject({ HostedZoneId: 'Z0KEYS' });
  expect(changesIn(stack, 'rotation')).toEqual([]);
});
