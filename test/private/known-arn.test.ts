// What synthesis knows about an ARN.
import { ArnFormat, Aws, Fn, Stack } from 'aws-cdk-lib';
import { partsOfArn } from '../../src/private/known-arn';

const parts = (arn: string) => partsOfArn(new Stack(), arn, ArnFormat.SLASH_RESOURCE_NAME);

test('the parts of an ARN are known, and each can be a token', () => {
  expect(parts('arn:aws:ses:eu-west-1:111111111111:identity/example.com')).toMatchObject({
    region: 'eu-west-1',
    account: '111111111111',
  });
  expect(parts(`arn:${Aws.PARTITION}:ses:eu-west-1:${Aws.ACCOUNT_ID}:identity/example.com`)).toMatchObject(
    { partition: Aws.PARTITION, region: 'eu-west-1', account: Aws.ACCOUNT_ID });
});

test('an ARN that is one token has no known parts', () => {
  expect(parts(Fn.importValue('Arn'))).toEqual({});
});
