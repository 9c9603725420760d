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
  const at = (ResponseURL: string, now: number) => requestedAt({ ...EVENT, ResponseURL }, now);

  test.each([0, 1, 900_000, 3_600_000])('is when the URL was signed, %i ms ago', (ago) => {
    expect(at(`https://bucket.s3.amazonaws.com/x?${SIGNATURE}`, signed + ago)).toBe(signed);
  });

  test('is that date also when it is so old that CloudFormation has given up', () => {
    expect(at(`https://x/?${SIGNATURE}`, signed + 6 * 3_600_000)).toBe(signed);
  });

  test.each<[string, string, number]>([
    ['a date in the future', `https://x/?${SIGNATURE}`, signed - 1],
    ['no date', 'https://x/?AWSAccessKeyId=AKIA&Expires=1777636800&Signature=abc', signed],
    ['a date in another form', 'https://x/?X-Amz-Date=2026-05-01', signed],
    ['a date in the name of another parameter', 'https://x/?Not-X-Amz-Date=20260501T120000Z', signed + 5],
  ])('is now for %s', (_, url, now) => {
    expect(at(url, now)).toBe(now);
  });
});
