// What has the function called again while identities wait: only where one waits, and with no more rights than that.
import { Duration, Lazy, Stack } from 'aws-cdk-lib';
import { EmailIdentityDkim } from '../../src';
import { RESOURCE_TYPE } from '../../src/private/contract';
import { imported, mailStack, resourcesOf, statementFor } from '../mail-stack';

const GROUP = 'cdksesdkimSchedulesGroupE49437CD';
const ROLE = 'cdksesdkimSchedulesRoleD1BB3A88';
const POLICY = 'cdksesdkimSchedulesPolicy6D5D6CA7';
const FUNCTION = 'cdksesdkimHandlerAF5469EF';
const ARN = ['arn:', { Ref: 'AWS::Partition' }];

/** So many identities that wait, and one that does not. */
function stackWith(waiting: number, waitForVerification = Duration.minutes(10)): Stack {
  const stack = mailStack();
  new EmailIdentityDkim(stack, 'Dkim', { identity: imported(stack, 'example.com') });
  for (let index = 0; index < waiting; index += 1) {
    const identity = imported(stack, `mail${index}.example.com`);
    new EmailIdentityDkim(stack, `Waiting${index}`, { identity, waitForVerification });
  }
  return stack;
}

function typesOf(stack: Stack): string[] {
  return Object.values(resourcesOf(stack)).map(({ Type }) => Type).sort();
}

test('a stack in which no identity waits has nothing of it', () => {
  expect(Object.keys(resourcesOf(stackWith(0))).filter(id => id.includes('Schedules'))).toEqual([]);
  expect(resourcesOf(stackWith(0))[FUNCTION].Properties.Environment).toBeUndefined();
});

test('however many wait, there are one group, one role and one policy more, under ids that never change', () => {
  const without = typesOf(stackWith(0)).filter(type => type !== RESOURCE_TYPE);
  const stack = stackWith(3);

  expect(Object.keys(resourcesOf(stack)).filter(id => id.includes('Schedules')).sort()).toEqual([GROUP, POLICY, ROLE]);
  expect(typesOf(stack).filter(type => type !== RESOURCE_TYPE)).toEqual(
    [...without, 'AWS::IAM::ManagedPolicy', 'AWS::IAM::Role', 'AWS::Scheduler::ScheduleGroup'].sort());
});

test('the role is for schedules of the group only, and may call the function and nothing else', () => {
  const resources = resourcesOf(stackWith(1));

  const [trust] = resources[ROLE].Properties.AssumeRolePolicyDocument.Statement;
  expect(trust).toEqual({
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: { Service: 'scheduler.amazonaws.com' },
    Condition: {
      StringEquals: { 'aws:SourceAccount': '111111111111', 'aws:SourceArn': { 'Fn::GetAtt': [GROUP, 'Arn'] } },
    },
  });
  expect(resources[ROLE].Properties.Policies).toBeUndefined();
  expect(resources[POLICY].Properties).toMatchObject({
    Roles: [{ Ref: ROLE }],
    PolicyDocument: {
      Statement: [
        { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: { 'Fn::GetAtt': [FUNCTION, 'Arn'] } },
      ],
    },
  });
});

test('the function may create schedules in the group, and give that role to EventBridge Scheduler, and nothing else', () => {
  const stack = stackWith(2);

  expect(statementFor(stack, 'scheduler:CreateSchedule')).toEqual({
    Effect: 'Allow',
    Action: 'scheduler:CreateSchedule',
    Resource: {
      'Fn::Join': ['', [...ARN, ':scheduler:us-east-1:111111111111:schedule/', { Ref: GROUP }, '/*']],
    },
  });
  expect(statementFor(stack, 'iam:PassRole')).toEqual({
    Effect: 'Allow',
    Action: 'iam:PassRole',
    Resource: { 'Fn::GetAtt': [ROLE, 'Arn'] },
    Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
  });
});

test('the function is told the group, the role and how many wait, and is otherwise as without', () => {
  const { Environment, ...others } = resourcesOf(stackWith(3))[FUNCTION].Properties;

  expect(Environment.Variables).toEqual({
    SCHEDULE_GROUP: { Ref: GROUP }, SCHEDULE_ROLE_ARN: { 'Fn::GetAtt': [ROLE, 'Arn'] }, WAITING_IDENTITIES: '3',
  });
  expect(others).toEqual(resourcesOf(stackWith(0))[FUNCTION].Properties);
});

test('what an identity waits with is there before it, and goes after it', () => {
  const dependencies = Object.values(resourcesOf(stackWith(1), RESOURCE_TYPE))
    .map(({ Properties, DependsOn = [] }) => [Properties.Identity, DependsOn.includes(POLICY)]);

  expect(dependencies).toEqual([['example.com', false], ['mail0.example.com', true]]);
});

test('a time that is known at deployment is waited for, too', () => {
  const stack = stackWith(1, Duration.seconds(Lazy.number({ produce: () => 600 })));

  expect(resourcesOf(stack)[FUNCTION].Properties.Environment.Variables.WAITING_IDENTITIES).toBe('1');
});
