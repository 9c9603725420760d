// A Delete that could not do its work says so, also while a stack is rolled back. An Update may succeed all the same
// then; a Delete would leave records behind. In a clean-up CloudFormation forgets them anyway.
import { MINUTE, PHYSICAL_ID, properties, StackInMemory } from '../fixtures/stack-in-memory';

const denied = () => Promise.reject(Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' }));

const STATUSES = ['DELETE_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS'];

test.each(STATUSES)('a Delete that cannot reset the signing fails (%s)', async (status) => {
  const stack = new StackInMemory();
  await stack.answered({});
  stack.stackStatus = status;
  stack.aws.putRefused = Object.assign(new Error('not today'), { name: 'BadRequestException' });
  expect(await stack.remove(properties())).toMatchObject({
    Status: 'FAILED', PhysicalResourceId: PHYSICAL_ID, Reason: expect.stringContaining('not today'),
  });
});

test.each(['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS'])(
  'in a clean-up CloudFormation forgets the resource, so that nothing else of the stack is to be left (%s)', async (status) => {
    const stack = new StackInMemory();
    await stack.answered({});
    stack.stackStatus = status;
    stack.aws.putRefused = Object.assign(new Error('not today'), { name: 'BadRequestException' });
    expect(await stack.remove(properties())).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: PHYSICAL_ID });
    expect(stack.aws.lines.join('\n')).toMatch(/"failed".*not today[^]*"left-behind"/);
  });

test('a Delete that fails is answered, also while CloudFormation says nothing of the stack', async () => {
  const stack = new StackInMemory();
  await stack.answered({});
  stack.servicesFor = (services) => ({
    ...services,
    ses: {
      ...services.ses,
      putSigning: async () => {
        stack.stackStatusFails = Object.assign(new Error('Rate exceeded'), { name: 'Throttling' });
        throw Object.assign(new Error('not today'), { name: 'BadRequestException' });
      },
    },
  });
  expect(await stack.remove(properties())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('not today') });
});

test('a Delete says within a minute that a call is not authorized: its policies are no longer new', async () => {
  const stack = new StackInMemory();
  await stack.answered({});
  stack.servicesFor = (services) => ({
    ...services,
    ses: { ...services.ses, read: () => services.retry.call('GetEmailIdentity', denied) },
  });
  const began = stack.aws.time;
  const { Status, Reason } = await stack.remove(properties());
  expect(Status).toBe('FAILED');
  expect(Reason).toContain('AccessDeniedException');
  expect(stack.aws.time - began).toBeLessThan(MINUTE);
});

test('a Delete is answered when the resource that took the place of this one has been deleted already', async () => {
  const stack = new StackInMemory();
  await stack.answered({});
  stack.physicalIdNow = PHYSICAL_ID;
  stack.resourceStatus = 'DELETE_COMPLETE';
  expect(await stack.remove(properties(), `failed/${PHYSICAL_ID}`)).toMatchObject({ Status: 'SUCCESS' });
});
