// The one finding of cdk-nag that Route 53 forces, acknowledged on the resource that has it, without a dependency on cdk-nag.
import * as cdk from 'aws-cdk-lib';

const RULE = 'AwsSolutions-IAM5';

const REASON = 'route53:GetChange knows no other resource than the change, and its id is not known before it is made.';

/**
 * `Validations.ACKNOWLEDGED_RULES_METADATA_KEY`, which cdk-nag 3 reads from a construct and the ones around it. The aws-cdk-lib that it takes has the
 * class; with an older one nobody would read it, and CDK would check it in the manifest at every synthesis all the same.
 */
const ACKNOWLEDGED_RULES = 'aws:cdk:acknowledged-rules';

/** Acknowledges `change/*` in the resources of this policy, and no other wildcard. */
export function acknowledgeAnyChange(policy: cdk.CfnResource): void {
  const partition = cdk.Stack.of(policy).partition;
  const finding = `Resource::arn:${cdk.Token.isUnresolved(partition) ? '<AWS::Partition>' : partition}:route53:::change/*`;
  policy.addMetadata('cdk_nag', { rules_to_suppress: [{ id: RULE, reason: REASON, applies_to: [finding] }] });
  if ('Validations' in cdk) policy.node.addMetadata(ACKNOWLEDGED_RULES, { [`${RULE}[${finding}]`]: REASON });
}
