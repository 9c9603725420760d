// Makes a managed policy one that CloudFormation replaces whenever its content changes, whatever aspects do to it.
import { Aspects, Lazy, Stack, Token } from 'aws-cdk-lib';
import { CfnManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { renderedProperties } from './rendered-properties';

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
  Object.assign(policy, { overrideLogicalId });
  // An override wins over a policy that is set in any other way.
  const changes = { visit: (node: unknown) => node === policy && haveLastWord(policy, () => contentHash(false)) };
  Aspects.of(policy).add(changes, { priority: Number.MAX_SAFE_INTEGER });
}

function haveLastWord(policy: CfnManagedPolicy, contentHash: () => string): void {
  policy.addDeletionOverride('DeletionPolicy');
  policy.addDeletionOverride('UpdateReplacePolicy');
  const { policyDocument } = policy;
  policy.policyDocument = {}; // only the name is looked for, and the document is dear
  const { ManagedPolicyName: given } = renderedProperties(policy);
  policy.policyDocument = policyDocument;
  if (given === undefined) return;
  // A description that changes would replace the policy by one of the same name.
  policy.addPropertyDeletionOverride('Description');
  const name = typeof given === 'string' ? given.slice(0, MAX_NAME - '-12345678'.length) : Token.asString(given);
  policy.addPropertyOverride('ManagedPolicyName', Lazy.uncachedString({ produce: () => `${name}-${contentHash()}` }));
}
