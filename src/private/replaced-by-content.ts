// Makes a managed policy one that CloudFormation replaces whenever its content changes, whatever aspects do to it.
import { Lazy, Stack, Token } from 'aws-cdk-lib';
import { CfnManagedPolicy } from 'aws-cdk-lib/aws-iam';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const MAX_NAME = 128;

/**
 * The logical id, also one that an aspect gives, gets a hash of the content. So another content is another resource.
 * CloudFormation creates it before it deletes the old one. For that,
 *
 * - a name that an aspect gives gets the hash as well: IAM does not give a name twice, and the rules of an
 *   organization are often about how a name begins,
 * - no old policy is retained. Each would stay attached, until the role can take no more.
 *
 * @param contentHash the hash; empty as long as CDK prepares the template
 */
export function replaceByContent(policy: CfnManagedPolicy, contentHash: (preparing: boolean) => string): void {
  const override = policy.overrideLogicalId.bind(policy);
  const overrideLogicalId = (id: string) =>
    override(Lazy.uncachedString({ produce: ({ preparing }) => `${id}${contentHash(preparing)}` }));
  overrideLogicalId(Stack.of(policy).resolve(policy.logicalId));
  // No aspect has the last word: after the last one, CDK lets none add another aspect to the stack.
  const render = policy._toCloudFormation.bind(policy) as () => { Resources?: { [logicalId: string]: unknown } };
  const changed = (resource: unknown) => Lazy.uncachedAny({
    produce: context => replaceable(context.resolve(resource), contentHash(context.preparing)),
  });
  const _toCloudFormation = () => ({
    Resources: Object.fromEntries(Object.entries(render().Resources ?? {}).map(([id, each]) => [id, changed(each)])),
  });
  Object.assign(policy, { overrideLogicalId, _toCloudFormation });
}

/** @param policy as it is in the template */
function replaceable(policy: any, contentHash: string): unknown {
  delete policy.DeletionPolicy;
  delete policy.UpdateReplacePolicy;
  const { ManagedPolicyName: given } = policy.Properties;
  if (given === undefined) return policy;
  // A description that changes would replace the policy by one of the same name.
  delete policy.Properties.Description;
  const name = typeof given === 'string' ? given.slice(0, MAX_NAME - '-12345678'.length) : Token.asString(given);
  policy.Properties.ManagedPolicyName = `${name}-${contentHash}`;
  return policy;
}
