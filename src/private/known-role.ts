// What synthesis knows about a role: the construct that has its policies.
import { Reference, Tokenization } from 'aws-cdk-lib';
import { CfnRole } from 'aws-cdk-lib/aws-iam';
import { aws_iam } from 'aws-cdk-lib/interfaces';
import { IConstruct } from 'constructs';
import { withL2 } from './known-resource';

/** What has the policies of the role below it. */
export function roleWithPolicies(role: aws_iam.IRoleRef): Set<IConstruct> {
  const { tokens } = Tokenization.reverseString(role.roleRef.roleArn);
  const targets = tokens.flatMap(token => Reference.isReference(token) ? [token.target] : []);
  return withL2(role, targets.find(CfnRole.isCfnRole), 'roleRef');
}
