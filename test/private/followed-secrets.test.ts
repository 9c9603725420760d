// How many followed secrets one rule of EventBridge has room for.
import { Aws } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { FollowedSecrets } from '../../src/private/followed-secrets';
import { mailStack } from '../mail-stack';

function rulesFor(name: (number: number) => string): number {
  const stack = mailStack();
  const secrets = new FollowedSecrets(stack, 'Followed', 'arn:aws:lambda:us-east-1:111111111111:function:rotation');
  for (let number = 1; number <= 20; number++) {
    const arn = `arn:aws:secretsmanager:us-east-1:111111111111:secret:${name(number)}`;
    secrets.add({ arn, maxLength: 600, followedBy: `arn-${number}`, maxFollowedBy: 100 });
  }
  return Object.keys(Template.fromStack(stack).findResources('AWS::Events::Rule')).length;
}

test('a dynamic reference in the ARN of a secret counts as long as its value can be', () => {
  expect(rulesFor((number) => `{{resolve:ssm:/${number}}}`)).toBe(rulesFor((number) => `${Aws.STACK_NAME}${number}`));
  expect(rulesFor((number) => `mail/${number}`)).toBe(1);
});
