// What synthesis knows about a Region: whether it is that of the stack, and its partition.
import { Stack, Token } from 'aws-cdk-lib';
import { comesLate } from './late-value';

/**
 * The Region as the stack writes it. `Aws.REGION` is the Region of the stack, whether the stack knows
 * its Region or not.
 */
export function regionIn(stack: Stack, region: string): string {
  if (!Token.isUnresolved(region) || comesLate(region)) return region;
  return stack.resolve(region).Ref === 'AWS::Region' ? stack.region : region;
}

/**
 * The partitions, by the names of their Regions: https://docs.aws.amazon.com/general/latest/gr/rande.html
 *
 * `RegionInfo` of aws-cdk-lib says the same. But to load it takes a tenth of the time of a small `cdk synth`.
 */
const PARTITIONS: ReadonlyArray<readonly [RegExp, string]> = [
  [/^(?:af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-\d+$/, 'aws'],
  [/^cn-/, 'aws-cn'],
  [/^us-gov-/, 'aws-us-gov'],
  [/^eusc-/, 'aws-eusc'],
  [/^us-iso-/, 'aws-iso'],
  [/^us-isob-/, 'aws-iso-b'],
  [/^eu-isoe-/, 'aws-iso-e'],
  [/^us-isof-/, 'aws-iso-f'],
];

/** Undefined for a Region that only the deployment knows, or of a partition that is younger than this library. */
export function partitionOf(region: string): string | undefined {
  return Token.isUnresolved(region) ? undefined : PARTITIONS.find(([names]) => names.test(region))?.[1];
}
