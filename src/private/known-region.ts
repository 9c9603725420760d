// What synthesis knows about a Region: whether it is that of the stack, and its partition.
import { Stack, Token } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import { comesLate } from './late-value';

/**
 * The Region as the stack writes it. `Aws.REGION` is the Region of the stack, whether the stack knows
 * its Region or not.
 */
export function regionIn(stack: Stack, region: string): string {
  if (!Token.isUnresolved(region) || comesLate(region)) return region;
  return stack.resolve(region).Ref === 'AWS::Region' ? stack.region : region;
}

/** Undefined for a Region that only the deployment knows, or that is younger than aws-cdk-lib. */
export function partitionOf(region: string): string | undefined {
  return Token.isUnresolved(region) ? undefined : RegionInfo.get(region).partition;
}
