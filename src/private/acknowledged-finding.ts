// Acknowledges a finding of cdk-nag that a service forces: a wildcard. It needs no dependency on cdk-nag.
import * as cdk from 'aws-cdk-lib';

const RULE = 'AwsSolutions-IAM5';

/**
 * The value of `Validations.ACKNOWLEDGED_RULES_METADATA_KEY` in newer releases of aws-cdk-lib.
 *
 * cdk-nag 3 reads this metadata from a construct and its parents. It needs an aws-cdk-lib that has the
 * class `Validations`. With an older one nobody reads the metadata, and CDK would still check it in
 * every synthesis. So the metadata is written only if the class exists.
 */
const ACKNOWLEDGED_RULES = 'aws:cdk:acknowledged-rules';

/** Acknowledges this wildcard in the resources of the policy, and no other. */
export function acknowledgeWildcard(policy: cdk.CfnResource, resource: string, reason: string): void {
  const finding = `Resource::${flatten(cdk.Stack.of(policy).resolve(resource))}`;
  const { rules_to_suppress: rules = [] } = policy.getMetadata('cdk_nag') ?? {};
  policy.addMetadata('cdk_nag', { rules_to_suppress: [...rules, { id: RULE, reason, applies_to: [finding] }] });
  if ('Validations' in cdk) policy.node.addMetadata(ACKNOWLEDGED_RULES, { [`${RULE}[${finding}]`]: reason });
}

/** As cdk-nag writes a resource: a reference is the logical id in angle brackets. */
function flatten(resolved: any): string {
  if (resolved?.Ref) return `<${resolved.Ref}>`;
  const [delimiter, parts] = resolved?.['Fn::Join'] ?? ['', [resolved]];
  return parts.map((part: any) => typeof part === 'string' ? part : flatten(part)).join(delimiter);
}
