// Tests of when CloudFormation's clock started.
import { CloudFormationEvent, requestedAt } from '../../../lambda/deployment/event';

const SIGNATURE = 'X-Amz-Date=20260501T120000Z&X-Amz-Signature=0123456789abcdef';
const EVENT: CloudFormationEvent = {
  RequestType: 'Create',
  ResponseURL: '',
  StackId: 'arn:aws:cloudformation:us-east-1:111111111111:stack/Mail/0a1b2c3d',
  RequestId: 'request-1',
  LogicalResourceId: 'Dkim',
  ResourceProperties: {},
};

describe('when CloudFormation\'s clock started', () => {
  const signed = Date.UTC(2026, 4, 1, 12, 0, 0);
  const at = (ResponseURL: string) => requestedAt({ ...EVENT, ResponseURL });

  test('is when the URL was signed', () => {
    expect(at(`https://bucket.s3.amazonaws.com/x?${SIGNATURE}`)).toBe(signed);
  });

  test.each([
    ['no date', 'https://x/?AWSAccessKeyId=AKIA&Expires=1777636800&Signature=abc'],
    ['a date in another form', 'https://x/?X-Amz-Date=2026-05-01'],
    ['a date in the name of another parameter', 'https://x/?Not-X-Amz-Date=20260501T120000Z'],
  ])('is not known from %s', (_, url) => {
    expect(at(url)).toBeUndefined();
  });
});
