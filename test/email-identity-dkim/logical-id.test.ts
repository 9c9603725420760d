// The logical id of the custom resource: a renamed or moved construct is the same resource for CloudFormation.
import { Aws, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as ses from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';
import { EmailIdentityDkim } from '../../src';
import { RESOURCE_TYPE } from '../../src/private/contract';
import { imported, mailStack, resourcesOf } from '../mail-stack';

interface Place {
  readonly domain?: string;
  readonly region?: string;
  readonly stack?: Stack;
  /** Whether the construct is inside another construct, and not directly in the stack. */
  readonly isInGroup?: boolean;
}

/** The logical id of a construct named `id`, in a stack of its own. */
function logicalId(id: string, { domain = 'example.com', region, stack = mailStack(), isInGroup }: Place = {}): string {
  const scope = isInGroup ? new Construct(stack, 'Group') : stack;
  new EmailIdentityDkim(scope, id, { identity: imported(stack, domain), region });
  return Object.keys(resourcesOf(stack, RESOURCE_TYPE))[0];
}

test('a construct that is renamed or moved within its stack keeps its logical id', () => {
  expect(logicalId('Renamed')).toBe(logicalId('Dkim'));
  expect(logicalId('Dkim', { isInGroup: true })).toBe(logicalId('Dkim'));
});

test("the logical id does not depend on how the stack's own Region is given", () => {
  const id = logicalId('Dkim');

  expect(logicalId('Dkim', { stack: mailStack({}) })).toBe(id);
  expect(logicalId('Dkim', { region: 'us-east-1' })).toBe(id);
  expect(logicalId('Dkim', { region: Aws.REGION })).toBe(id);
});

test('different domains and Regions have different logical ids', () => {
  const ids = [
    logicalId('Dkim'), logicalId('Dkim', { domain: 'example.org' }), logicalId('Dkim', { region: 'eu-west-1' }),
  ];
  expect(new Set(ids).size).toBe(3);
});

describe("the stack's own Region is written out", () => {
  const notes = (stack: Stack) =>
    Annotations.fromStack(stack).findInfo('*', Match.anyValue()).map(({ entry }) => entry.data);

  test('without env nobody knows that it is the same, so the id has it; deployed stacks have such ids', () => {
    const stack = mailStack({});
    expect(logicalId('Dkim', { stack, region: 'us-east-1' })).toBe('DkimB3363D1AB2CD');
    expect(notes(stack)).toEqual([]);
  });

  test('the same with an identity by its ARN', () => {
    const stack = mailStack({});
    const arn = 'arn:aws:ses:us-east-1:111111111111:identity/example.com';
    new EmailIdentityDkim(stack, 'Dkim', { identity: ses.EmailIdentity.fromEmailIdentityArn(stack, 'Identity', arn) });
    expect(Object.keys(resourcesOf(stack, RESOURCE_TYPE))).toEqual(['DkimB3363D1AB2CD']);
  });

  test('with env it is left out of the id, so there is a note before a stack that had no env is deployed', () => {
    const stack = mailStack();
    logicalId('Dkim', { stack, region: 'us-east-1' });
    expect(notes(stack)).toEqual([expect.stringMatching(
      /^region 'us-east-1' is that of the stack\. Leave region out.*\[ack: cdk-ses-dkim:ownRegion\]$/,
    )]);
  });

  test.each([undefined, 'eu-west-1', Aws.REGION])('there is none for %s', (region) => {
    const stack = mailStack();
    logicalId('Dkim', { stack, region });
    expect(notes(stack)).toEqual([]);
  });
});
