// What the construct returns: the records and the attributes of each signing method, as tokens.
import { CfnOutput, CfnParameter } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { byoDkim, exampleCom } from './example-com';
import { DkimSigning } from '../../src';
import { resourcesOf, zone } from '../mail-stack';

const attribute = (name: string) => ({ 'Fn::GetAtt': ['DkimE3FDA19C1053', name] });
/** With the dot that keeps CDK and DNS providers from appending the name of a zone. */
const absolute = (name: string) => ({ 'Fn::Join': ['', [attribute(name), '.']] });

test('Easy DKIM returns three CNAMEs and the zone of SES that they point to', () => {
  const { stack, dkim } = exampleCom();

  expect(stack.resolve(dkim.dkimRecords)).toEqual([1, 2, 3].map(number => ({
    name: absolute(`RecordName${number}`),
    type: 'CNAME',
    value: attribute(`RecordValue${number}`),
    data: attribute(`RecordData${number}`),
  })));
  expect(stack.resolve(dkim.signingHostedZone)).toEqual(attribute('SigningHostedZone'));
  expect(stack.resolve(dkim.dkimStatus)).toEqual(attribute('DkimStatus'));
  expect([dkim.selector, dkim.publicKeySha256]).toEqual([undefined, undefined]);
});

test('BYODKIM returns one TXT, the selector and the hash of the public key', () => {
  const { stack, dkim } = exampleCom(of => ({ signing: byoDkim(of) }));

  expect(stack.resolve(dkim.dkimRecords)).toEqual([{
    name: absolute('RecordName1'), type: 'TXT', value: attribute('RecordValue1'), data: attribute('RecordData1'),
  }]);
  expect(stack.resolve([dkim.selector, dkim.publicKeySha256])).toEqual(
    [attribute('Selector'), attribute('PublicKeySha256')]);
  expect(dkim.signingHostedZone).toBeUndefined();
});

test('a replica returns no records', () => {
  const { dkim } = exampleCom(() => ({ signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }) }));

  expect(dkim.dkimRecords).toEqual([]);
  expect([dkim.selector, dkim.publicKeySha256, dkim.signingHostedZone]).toEqual([undefined, undefined, undefined]);
});

test.each<[string, (name: string) => string]>([
  ['the zone of the domain', () => 'example.com'], ['the zone of a parent domain', () => 'com'],
  ['a zone whose name only the deployment knows', (name) => name],
])('H CnameRecord and TxtRecord take the name as it is, in %s', (_, zoneName) => {
  const { stack, dkim } = exampleCom();
  const [{ name, value }] = dkim.dkimRecords;
  const hostedZone = zone(stack, zoneName(new CfnParameter(stack, 'ZoneName').valueAsString));
  new route53.CnameRecord(stack, 'Cname', { zone: hostedZone, recordName: name, domainName: value });
  new route53.TxtRecord(stack, 'Txt', { zone: hostedZone, recordName: name, values: ['v=DKIM1; p='] });

  const names = Object.values(resourcesOf(stack, 'AWS::Route53::RecordSet')).map(({ Properties }) => Properties.Name);
  expect(names).toEqual([absolute('RecordName1'), absolute('RecordName1')]);
});

test('a record can be used in a record set and in an output', () => {
  const { stack, dkim } = exampleCom(of => ({ signing: byoDkim(of) }));
  const [record] = dkim.dkimRecords;
  new route53.RecordSet(stack, 'Record', {
    zone: zone(stack, 'example.com'),
    recordName: record.name,
    recordType: record.type,
    target: route53.RecordTarget.fromValues(record.data),
  });
  new CfnOutput(stack, 'Output', { value: `${record.type} ${record.value}` });

  const [recordSet] = Object.values(resourcesOf(stack, 'AWS::Route53::RecordSet'));
  expect(recordSet.Properties).toMatchObject({
    Name: absolute('RecordName1'),
    Type: 'TXT',
    ResourceRecords: [attribute('RecordData1')],
  });
  expect(Template.fromStack(stack).toJSON().Outputs.Output.Value).toEqual(
    { 'Fn::Join': ['', ['TXT ', attribute('RecordValue1')]] });
});
