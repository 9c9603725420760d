import * as cdk from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { acknowledgeAnyChange } from '../../src/private/acknowledged-finding';
import { mailStack, resourcesOf } from '../mail-stack';

/** A stack with a policy on `change/*` and on another wildcard, and what cdk-nag finds in it. */
function findings(context = {}) {
  const stack = mailStack(undefined, context);
  const policy = new iam.CfnManagedPolicy(stack, 'Policy', {
    policyDocument: {
      Statement: [{
        Effect: 'Allow',
        Action: 'route53:GetChange',
        Resource: ['change', 'hostedzone'].map(resource => stack.formatArn({ service: 'route53', region: '', account: '', resource, resourceName: '*' })),
      }],
    },
  });
  acknowledgeAnyChange(policy);
  cdk.Aspects.of(stack).add(new AwsSolutionsChecks({ reports: false }));
  return { stack, policy, found: Annotations.fromStack(stack).findError('*', Match.anyValue()).map(error => String(error.entry.data)) };
}

test.each([
  ['a partition known at deployment', {}, 'arn:<AWS::Partition>:route53:::'],
  ['a partition known at synthesis', { '@aws-cdk/core:enablePartitionLiterals': true }, 'arn:aws:route53:::'],
])('with %s, any change is acknowledged and no other wildcard', (_, context, prefix) => {
  const { stack, policy, found } = findings(context);

  expect(found).toEqual([expect.stringContaining(`AwsSolutions-IAM5[Resource::${prefix}hostedzone/*]`)]);
  expect(resourcesOf(stack).Policy.Metadata.cdk_nag.rules_to_suppress[0].reason).toContain('route53:GetChange knows no other resource');
  // cdk-nag 3 needs an aws-cdk-lib that has `Validations`: on one without it there is nobody to tell.
  expect(policy.node.metadata.filter(({ type }) => type === 'aws:cdk:acknowledged-rules').map(({ data }) => data)).toEqual('Validations' in cdk
    ? [{ [`AwsSolutions-IAM5[Resource::${prefix}change/*]`]: expect.stringContaining('route53:GetChange knows no other resource') }] : []);
});
