// Tests of what is asked of CloudFormation, and of what is read from its answers.
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { cloudFormationOf } from '../../../lambda/services/cloudformation';

const STACK = 'arn:aws:cloudformation:us-east-1:111111111111:stack/Mail/0a1b2c3d';
let asked: unknown[];

function answering(answer: object) {
  asked = [];
  const send = async (command: { constructor: { name: string }; input: object }) => {
    asked.push([command.constructor.name, command.input]);
    return answer;
  };
  return cloudFormationOf({ send } as unknown as CloudFormationClient);
}

test('the status of a stack is read by its id', async () => {
  const stackStatus = answering({ Stacks: [{ StackStatus: 'UPDATE_ROLLBACK_IN_PROGRESS' }] }).stackStatus(STACK);
  await expect(stackStatus).resolves.toBe('UPDATE_ROLLBACK_IN_PROGRESS');
  expect(asked).toEqual([['DescribeStacksCommand', { StackName: STACK }]]);
});

test('physical id and status of a resource, and since when it has that, are read by its logical id', async () => {
  const detail = {
    PhysicalResourceId: 'us-east-1/example.com',
    ResourceStatus: 'CREATE_IN_PROGRESS',
    LogicalResourceId: 'Dkim',
    LastUpdatedTimestamp: new Date(1),
  };
  await expect(answering({ StackResourceDetail: detail }).resource(STACK, 'Dkim')).resolves
    .toEqual({ physicalId: 'us-east-1/example.com', status: 'CREATE_IN_PROGRESS', since: new Date(1) });
  expect(asked).toEqual([['DescribeStackResourceCommand', { StackName: STACK, LogicalResourceId: 'Dkim' }]]);
});

test('an answer that says nothing is nothing known', async () => {
  await expect(answering({}).stackStatus(STACK)).resolves.toBeUndefined();
  await expect(answering({}).resource(STACK, 'Dkim')).resolves.toEqual({ physicalId: undefined, status: undefined });
});
