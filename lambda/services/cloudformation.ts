// CloudFormation calls: what it is doing with a stack and with a resource of it.
import { CloudFormationClient, DescribeStackResourceCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { Patience } from '../base/patience';
import { CloudFormation } from '../base/ports';

export function cloudFormationOf(client: CloudFormationClient, patience: Patience): CloudFormation {
  return {
    async stackStatus(StackName) {
      const { Stacks } = await patience.insist('DescribeStacks', () => client.send(new DescribeStacksCommand({ StackName })));
      return Stacks?.[0]?.StackStatus;
    },
    async resource(StackName, LogicalResourceId) {
      const command = new DescribeStackResourceCommand({ StackName, LogicalResourceId });
      const { StackResourceDetail: now } = await patience.insist('DescribeStackResource', () => client.send(command));
      return { physicalId: now?.PhysicalResourceId, status: now?.ResourceStatus };
    },
  };
}
