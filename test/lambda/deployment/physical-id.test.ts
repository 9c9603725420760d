// Tests of the physical id: it says again what it was made to say.
import { parsePhysicalId, renderPhysicalId } from '../../../lambda/deployment/physical-id';

test.each(['told', 'found', 'untouched', 'failed'] as const)('%s', (course) => {
  expect(parsePhysicalId(renderPhysicalId(course, 'us-east-1/example.com'))).toEqual({ course, identity: 'us-east-1/example.com' });
});

test('one that nothing is known of is an identity alone', () => {
  expect(renderPhysicalId('told', 'us-east-1/example.com')).toBe('us-east-1/example.com');
});

test.each(['Mail-Dkim-0123456789AB', '', 'a/b/c'])("'%s' is made up", (id) => {
  expect(parsePhysicalId(id)).toEqual({ course: 'made-up' });
});
