// Makes a managed policy one that CloudFormation replaces whenever its content changes, whatever aspects do to it.
import { IResolveContext, Lazy, Stack, Token } from 'aws-cdk-lib';
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
  const render = policy._toCloudFormation.bind(policy);
  const produce = (context: IResolveContext) => {
    const template = context.resolve(render());
    Object.values(template.Resources ?? {}).forEach(each => makeReplaceable(each, contentHash(context.preparing)));
    return template;
  };
  Object.assign(policy, { overrideLogicalId, _toCloudFormation: () => Lazy.uncachedAny({ produce }) });
}

/** @param policy as it is in the template */
function makeReplaceable(policy: any, contentHash: string): void {
  delete policy.DeletionPolicy;
  delete policy.UpdateReplacePolicy;
  const { ManagedPolicyName: given } = policy.Properties;
  if (given === undefined) return;
  // A description that changes would replace the policy by one of the same name.
  delete policy.Properties.Description;
  const name = typeof given === 'string' ? given.slice(0, MAX_NAME - '-12345678'.length) : Token.asString(given);
  policy.Properties.ManagedPolicyName = `${name}-${contentHash}`;
}
