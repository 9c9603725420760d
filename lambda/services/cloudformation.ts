// CloudFormation calls: what it is doing with a stack, and with a resource of it.
import {
  CloudFormationClient, DescribeStackResourceCommand, DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudFormation } from '../base/ports';
import { Retry } from '../base/retry';

export function cloudFormationOf(client: CloudFormationClient, retry: Retry): CloudFormation {
  return {
    async stackStatus(StackName) {
      const command = new DescribeStacksCommand({ StackName });
      const { Stacks } = await retry.call('DescribeStacks', () => client.send(command));
      return Stacks?.[0]?.StackStatus;
    },
    async resource(StackName, LogicalResourceId) {
      const command = new DescribeStackResourceCommand({ StackName, LogicalResourceId });
      const { StackResourceDetail: now } = await retry.call('DescribeStackResource', () => client.send(command));
      return { physicalId: now?.PhysicalResourceId, status: now?.ResourceStatus };
    },
  };
}
