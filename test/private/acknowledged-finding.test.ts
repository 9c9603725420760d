// The acknowledged finding of cdk-nag: `change/*` of Route 53 and no other wildcard.
import * as cdk from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { acknowledgeWildcards } from '../../src/private/acknowledged-finding';
import { mailStack, resourcesOf } from '../mail-stack';

const REASON = 'route53:GetChange knows no other resource than the change.';

/** A policy with `change/*` and with another wildcard, and what cdk-nag finds in its stack. */
function findings(context = {}) {
  const stack = mailStack(undefined, context);
  const policy = new iam.CfnManagedPolicy(stack, 'Policy', {
    policyDocument: {
      Statement: [{
        Effect: 'Allow',
        Action: 'route53:GetChange',
        Resource: ['change', 'hostedzone'].map(resource =>
          stack.formatArn({ service: 'route53', region: '', account: '', resource, resourceName: '*' })),
      }],
    },
  });
  const anyChange = stack.formatArn({
    service: 'route53', region: '', account: '', resource: 'change', resourceName: '*',
  });
  acknowledgeWildcards(policy, [anyChange], REASON);
  cdk.Aspects.of(stack).add(new AwsSolutionsChecks({ reports: false }));
  const found = Annotations.fromStack(stack).findError('*', Match.anyValue()).map(error => String(error.entry.data));
  return { stack, policy, found };
}

test.each([
  ['a partition known at deployment', {}, 'arn:<AWS::Partition>:route53:::'],
  ['a partition known at synthesis', { '@aws-cdk/core:enablePartitionLiterals': true }, 'arn:aws:route53:::'],
])('with %s, change/* is acknowledged and no other wildcard is', (_, context, prefix) => {
  const { stack, policy, found } = findings(context);

  expect(found).toEqual([expect.stringContaining(`AwsSolutions-IAM5[Resource::${prefix}hostedzone/*]`)]);
  const reason = REASON;
  expect(resourcesOf(stack).Policy.Metadata.cdk_nag.rules_to_suppress[0].reason).toEqual(reason);
  // cdk-nag 3 runs only on an aws-cdk-lib with `Validations`, so the metadata for it is written only there.
  const acknowledged = policy.node.metadata.filter(({ type }) => type === 'aws:cdk:acknowledged-rules');
  expect(acknowledged.map(({ data }) => data)).toEqual(
    'Validations' in cdk ? [{ [`AwsSolutions-IAM5[Resource::${prefix}change/*]`]: reason }] : []);
});
