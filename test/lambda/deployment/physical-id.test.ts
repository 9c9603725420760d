// Tests of the physical id: it says again what it was made to say, in the form that stacks have stored.
import { parsePhysicalId, renderPhysicalId } from '../../../lambda/deployment/physical-id';

const IDENTITY = 'us-east-1/example.com';

test.each([
  ['us-east-1/example.com', { succeeded: true, signingPut: true }],
  ['found/us-east-1/example.com', { succeeded: true, signingPut: false }],
  ['failed/us-east-1/example.com', { succeeded: false, signingPut: true }],
  ['untouched/us-east-1/example.com', { succeeded: false, signingPut: false }],
])("the id '%s' says how the Create ended", (id, create) => {
  expect(renderPhysicalId(IDENTITY, create)).toBe(id);
  expect(parsePhysicalId(id)).toEqual({ identity: IDENTITY, create });
});

test.each(['Mail-Dkim-0123456789AB', '', 'a/b/c', 'toString/us-east-1/example.com', undefined])(
  "the id '%s' was made up by CloudFormation", (id) => {
    expect(parsePhysicalId(id)).toEqual({});
  });
