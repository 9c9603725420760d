// Acknowledges findings of cdk-nag that the library cannot correct. It needs no dependency on cdk-nag.
import * as cdk from 'aws-cdk-lib';

interface Finding {
  readonly rule: string;
  /** Why it stays. */
  readonly reason: string;
  /** A resource or an action that the rule finds, and no other. @default - all that the rule finds */
  readonly found?: string;
}

/**
 * The value of `Validations.ACKNOWLEDGED_RULES_METADATA_KEY` in newer releases of aws-cdk-lib.
 *
 * cdk-nag 3 reads this metadata from a construct and its parents. It needs an aws-cdk-lib that has the
 * class `Validations`. With an older one nobody reads the metadata, and CDK would still check it in
 * every synthesis. So the metadata is written only if the class exists.
 */
const ACKNOWLEDGED_RULES = 'aws:cdk:acknowledged-rules';

/** Acknowledges these findings in the resource, beside those that it has. */
export function acknowledge(resource: cdk.CfnResource, findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  const { rules_to_suppress: known = [] } = resource.getMetadata('cdk_nag') ?? {};
  const rules = findings.map(({ rule, reason, found }) =>
    ({ id: rule, reason, ...(found && { applies_to: [found] }) }));
  resource.addMetadata('cdk_nag', { rules_to_suppress: [...known, ...rules] });
  if (!('Validations' in cdk)) return;
  resource.node.addMetadata(ACKNOWLEDGED_RULES, Object.fromEntries(findings.map(({ rule, reason, found }) =>
    [found ? `${rule}[${found}]` : rule, reason])));
}

/** Acknowledges these resources in the policy, and no other wildcard. */
export function acknowledgeWildcards(policy: cdk.CfnResource, arns: readonly string[], reason: string): void {
  const stack = cdk.Stack.of(policy);
  acknowledge(policy, arns.map(arn => ({
    rule: 'AwsSolutions-IAM5', reason, found: `Resource::${asFound(stack.resolve(arn))}`,
  })));
}

/** An ARN as cdk-nag shows it: `<AWS::Region>` in place of a reference. */
function asFound(resolved: any): string {
  if (typeof resolved === 'string') return resolved;
  return 'Ref' in resolved ? `<${resolved.Ref}>` : resolved['Fn::Join'][1].map(asFound).join('');
}
