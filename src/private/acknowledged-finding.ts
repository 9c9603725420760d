// Acknowledges the one finding of cdk-nag that Route 53 forces. It needs no dependency on cdk-nag.
import * as cdk from 'aws-cdk-lib';

const RULE = 'AwsSolutions-IAM5';

const REASON = 'route53:GetChange knows no other resource than the change, and its id is not known before it is made.';

/**
 * The value of `Validations.ACKNOWLEDGED_RULES_METADATA_KEY` in newer releases of aws-cdk-lib.
 *
 * cdk-nag 3 reads this metadata from a construct and its parents. It needs an aws-cdk-lib that has the
 * class `Validations`. With an older one nobody reads the metadata, and CDK would still check it in
 * every synthesis. So the metadata is written only if the class exists.
 */
const ACKNOWLEDGED_RULES = 'aws:cdk:acknowledged-rules';

/** Acknowledges `change/*` in the resources of this policy, and no other wildcard. */
export function acknowledgeAnyChange(policy: cdk.CfnResource): void {
  const { partition } = cdk.Stack.of(policy);
  const partitionInFinding = cdk.Token.isUnresolved(partition) ? '<AWS::Partition>' : partition;
  const finding = `Resource::arn:${partitionInFinding}:route53:::change/*`;
  policy.addMetadata('cdk_nag', { rules_to_suppress: [{ id: RULE, reason: REASON, applies_to: [finding] }] });
  if ('Validations' in cdk) policy.node.addMetadata(ACKNOWLEDGED_RULES, { [`${RULE}[${finding}]`]: REASON });
}
