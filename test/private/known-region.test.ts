// Tests of what synthesis knows about a Region.
import { Aws, Lazy } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import { partitionOf } from '../../src/private/known-region';

test('each Region that CDK knows is in the partition that CDK says', () => {
  const { regions } = RegionInfo;
  expect(regions.length).toBeGreaterThan(30);
  const found = regions.map(({ name }) => [name, partitionOf(name)]);
  expect(found).toEqual(regions.map(({ name, partition }) => [name, partition]));
});

test.each([
  ['of the deployment', Aws.REGION],
  ['that comes late', Lazy.string({ produce: () => 'us-east-1' })],
  ['of a partition that is not known', 'moon-north-1'],
])('nothing is known of a Region %s', (_, region) => {
  expect(partitionOf(region)).toBeUndefined();
});
