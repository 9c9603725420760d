// Metrics that are read back from a function's log, and what is not valid in the embedded metric format.
import { LocalCloud } from '.';
import { FUNCTION_RESOURCES, functionAssets } from './cloudformation/test-function';
import { metricsIn } from './metrics';

const AT = Date.UTC(2026, 0, 5, 9);

const VALID = {
  _aws: {
    Timestamp: AT,
    CloudWatchMetrics: [{
      Namespace: 'SesDkim',
      Dimensions: [['Domain'], ['Domain', 'Region']],
      Metrics: [{ Name: 'KeyAgeDays', Unit: 'None' }, { Name: 'Verified', Unit: 'Count', StorageResolution: 60 }],
    }],
  },
  Domain: 'example.com',
  Region: 'us-east-1',
  KeyAgeDays: 12.5,
  Verified: [1, 0],
  other: 'text',
};

const assetDirectory = functionAssets(`
  exports.handler = async () => {
    const document = ${JSON.stringify(VALID)};
    document._aws.Timestamp = Date.now();
    process.stdout.write(JSON.stringify(document) + '\\n');
  };
`);

const read = (...lines: string[]) => metricsIn(lines.map((line) => ({ at: AT, line })));
const [directive] = VALID._aws.CloudWatchMetrics;
const withDirective = (changes: object) =>
  ({ ...VALID, _aws: { ...VALID._aws, CloudWatchMetrics: [{ ...directive, ...changes }] } });
const withTime = (Timestamp: unknown) => ({ ...VALID, _aws: { ...VALID._aws, Timestamp } });

test('each value in each set of dimensions', () => {
  const base = { namespace: 'SesDkim', at: AT };
  const [one, two] = [{ Domain: 'example.com' }, { Domain: 'example.com', Region: 'us-east-1' }];
  expect(read('{"decision":"looked"}', 'plain text', JSON.stringify(VALID))).toEqual([
    { ...base, name: 'KeyAgeDays', dimensions: one, value: 12.5, unit: 'None' },
    { ...base, name: 'KeyAgeDays', dimensions: two, value: 12.5, unit: 'None' },
    { ...base, name: 'Verified', dimensions: one, value: 1, unit: 'Count' },
    { ...base, name: 'Verified', dimensions: two, value: 1, unit: 'Count' },
    { ...base, name: 'Verified', dimensions: one, value: 0, unit: 'Count' },
    { ...base, name: 'Verified', dimensions: two, value: 0, unit: 'Count' },
  ]);
});

test('metrics without dimensions', () => {
  expect(read(JSON.stringify(withDirective({ Dimensions: [[]], Metrics: [{ Name: 'KeyAgeDays' }] }))))
    .toMatchObject([{ dimensions: {}, unit: 'None' }]);
});

test.each<[string, unknown]>([
  ['text before the document', `2026-01-05 INFO ${JSON.stringify(VALID)}`],
  ['more than 256 KB', { ...VALID, other: 'x'.repeat(256 * 1024) }],
  ['no time', withTime(undefined)],
  ['a time as a text', withTime(new Date(AT).toISOString())],
  ['seconds in place of milliseconds', withTime(AT / 1000)],
  ['a time to come', withTime(AT + 3 * 3_600_000)],
  ['no metadata', { _aws: 1 }],
  ['no directive', { ...VALID, _aws: { Timestamp: AT, CloudWatchMetrics: [] } }],
  ['no namespace', withDirective({ Namespace: '' })],
  ['no metrics', withDirective({ Metrics: [] })],
  ['more than 100 metrics', withDirective({ Metrics: Array.from({ length: 101 }, () => ({ Name: 'KeyAgeDays' })) })],
  ['dimensions as one list', withDirective({ Dimensions: ['Domain'] })],
  ['no dimensions', withDirective({ Dimensions: undefined })],
  ['a dimension that the document lacks', withDirective({ Dimensions: [['Zone']] })],
  ['a dimension that is a number', withDirective({ Dimensions: [['KeyAgeDays']] })],
  ['more than 30 dimensions', withDirective({ Dimensions: [Array.from({ length: 31 }, () => 'Domain')] })],
  ['a metric that the document lacks', withDirective({ Metrics: [{ Name: 'Missing' }] })],
  ['a metric that is a text', withDirective({ Metrics: [{ Name: 'Domain' }] })],
  ['a metric that is no number', { ...VALID, KeyAgeDays: null }],
  ['an unknown unit', withDirective({ Metrics: [{ Name: 'KeyAgeDays', Unit: 'Days' }] })],
  ['an unknown resolution', withDirective({ Metrics: [{ Name: 'KeyAgeDays', StorageResolution: 30 }] })],
])('%s is an error of the test that asks', (_, document) => {
  const line = typeof document === 'string' ? document : JSON.stringify(document);
  expect(() => read(line)).toThrow(/^This line is not valid in the embedded metric format: /);
});

test.each(['process', 'in-process'] as const)('a cloud gives those of its functions (%s)', async (functions) => {
  const cloud = await LocalCloud.start({ functions });
  try {
    const { resources } = await cloud.cloudFormation.deploy({
      stackName: 'app', template: { Resources: FUNCTION_RESOURCES }, assetDirectory,
    });
    await cloud.clock.pass(3_600_000);
    await cloud.lambda.invoke(String(resources.Function.attributes.Arn), '{}');
    const [datum] = cloud.metrics(resources.Function.physicalId);
    expect(datum).toMatchObject({ name: 'KeyAgeDays', value: 12.5, dimensions: { Domain: 'example.com' } });
    expect(datum.at).toBeGreaterThanOrEqual(AT + 3_600_000);
    expect(cloud.metrics()).toHaveLength(6);
    expect(cloud.metrics('another')).toEqual([]);
  } finally {
    await cloud.stop();
  }
});
