// What synthesis knows about a hosted zone: its name, and whether it is private.
import { CfnOutput } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { isPrivate, zoneNameOf } from '../../src/private/known-zone';
import { mailStack, zone } from '../mail-stack';

const vpcOf = (stack: ReturnType<typeof mailStack>) =>
  ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-1', availabilityZones: ['us-east-1a'] });

test('the name of a zone is known unless it was imported by its id', () => {
  const stack = mailStack();

  expect(zoneNameOf(zone(stack, 'example.com'))).toBe('example.com');
  expect(zoneNameOf(new route53.PublicHostedZone(stack, 'Made', { zoneName: 'example.org' }))).toBe('example.org');
  expect(zoneNameOf(route53.HostedZone.fromHostedZoneId(stack, 'ById', 'Z0EXAMPLE'))).toBeUndefined();
});

test('a zone with a VPC is private', () => {
  const stack = mailStack();
  const vpc = vpcOf(stack);

  expect(isPrivate(new route53.PrivateHostedZone(stack, 'Private', { zoneName: 'example.com', vpc }))).toBe(true);
  expect(isPrivate(new route53.HostedZone(stack, 'WithVpc', { zoneName: 'example.com', vpcs: [vpc] }))).toBe(true);
});

test('a zone without a VPC is not private, and neither is an imported zone', () => {
  const stack = mailStack();

  expect(isPrivate(new route53.PublicHostedZone(stack, 'Public', { zoneName: 'example.com' }))).toBe(false);
  expect(isPrivate(new route53.HostedZone(stack, 'Plain', { zoneName: 'example.com' }))).toBe(false);
  expect(isPrivate(zone(stack, 'example.com'))).toBe(false);
});

test('a zone construct whose default child is not a hosted zone is not private', () => {
  const stack = mailStack();
  const wrapped = zone(stack, 'example.com');
  new CfnOutput(wrapped as any, 'Default', { value: 'x' });

  expect(isPrivate(wrapped)).toBe(false);
});
