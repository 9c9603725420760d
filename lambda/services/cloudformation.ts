// CloudFormation calls: what it is doing with a stack, and with a resource of it.
import {
  CloudFormationClient, DescribeStackResourceCommand, DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { nameOf } from '../base/describe-error';
import { CloudFormation } from '../base/ports';

/** Each call is made once: who asks tries again, or goes on without an answer. */
export function cloudFormationOf(client: CloudFormationClient): CloudFormation {
  return {
    async stackStatus(StackName) {
      const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
      return Stacks?.[0]?.StackStatus;
    },
    async resource(StackName, LogicalResourceId) {
      const command = new DescribeStackResourceCommand({ StackName, LogicalResourceId });
      try {
        const { StackResourceDetail: now } = await client.send(command);
        return {
          physicalId: now?.PhysicalResourceId, status: now?.ResourceStatus, since: now?.LastUpdatedTimestamp,
        };
      } catch (error) {
        if (nameOf(error) === 'ValidationError') return undefined;
        throw error;
      }
    },
  };
}
