// Event patterns: which events fit a rule.
import { checkPattern, matchesPattern } from './event-pattern';

const EVENT = {
  'source': 'aws.secretsmanager',
  'detail-type': 'Secret Label Updated',
  'resources': ['arn:aws:secretsmanager:us-east-1:111111111111:secret:mail/key-AbCdEf', 'arn:two'],
  'detail': { name: 'mail/key', labelUpdated: 'AWSCURRENT', count: 3, empty: null, list: [] },
};

test.each<[string, object, boolean]>([
  ['nothing', {}, true],
  ['one of several values', { source: ['aws.health', 'aws.secretsmanager'] }, true],
  ['another value', { source: ['aws.health'] }, false],
  ['two fields', { 'source': ['aws.secretsmanager'], 'detail-type': ['Secret Label Updated'] }, true],
  ['two fields, one of which differs', { 'source': ['aws.secretsmanager'], 'detail-type': ['x'] }, false],
  ['a field of the detail', { detail: { labelUpdated: ['AWSCURRENT'] } }, true],
  ['a field that is not there', { detail: { other: ['x'] } }, false],
  ['a field below a text', { source: { other: ['x'] } }, false],
  ['one value of a list', { resources: ['arn:two'] }, true],
  ['a number', { detail: { count: [3] } }, true],
  ['a number as a text', { detail: { count: ['3'] } }, false],
  ['null', { detail: { empty: [null] } }, true],
  ['another case', { source: ['AWS.secretsmanager'] }, false],
  ['any case', { source: [{ 'equals-ignore-case': 'AWS.SecretsManager' }] }, true],
  ['a prefix', { resources: [{ prefix: 'arn:aws:secretsmanager:' }] }, true],
  ['another prefix', { resources: [{ prefix: 'arn:aws:ses:' }] }, false],
  ['a suffix', { detail: { name: [{ suffix: '/key' }] } }, true],
  ['a wildcard', { resources: [{ wildcard: 'arn:*:secret:mail/key-*' }] }, true],
  ['a wildcard with a dot', { source: [{ wildcard: 'awsx*' }] }, false],
  ['anything but a value', { source: [{ 'anything-but': 'aws.health' }] }, true],
  ['anything but this', { source: [{ 'anything-but': ['aws.secretsmanager', 'x'] }] }, false],
  ['anything but a prefix', { source: [{ 'anything-but': { prefix: 'aws.' } }] }, false],
  ['anything but, where there is nothing', { detail: { other: [{ 'anything-but': 'x' }] } }, false],
  ['what exists', { detail: { name: [{ exists: true }] } }, true],
  ['what does not exist', { detail: { other: [{ exists: false }] } }, true],
  ['what exists and should not', { detail: { name: [{ exists: false }] } }, false],
  ['an empty list', { detail: { list: [{ exists: true }] } }, false],
  ['one of two patterns', { $or: [{ source: ['x'] }, { detail: { name: ['mail/key'] } }] }, true],
  ['none of two patterns', { $or: [{ source: ['x'] }, { source: ['y'] }] }, false],
])('%s', (_, pattern, fits) => expect(matchesPattern(pattern, EVENT)).toBe(fits));

test.each<[string, object]>([
  ['a value that is no list', { source: 'aws.health' }],
  ['a filter that is not known', { source: [{ cidr: '10.0.0.0/24' }] }],
  ['a filter that is not known in one of two patterns', { $or: [{ source: ['x'] }, { detail: { a: [{ numeric: ['>', 1] }] } }] }],
])('%s is refused', (_, pattern) => expect(() => checkPattern(pattern)).toThrow());
