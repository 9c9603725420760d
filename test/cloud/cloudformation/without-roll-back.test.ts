// Deployments whose roll-back is disabled: what a failure keeps, how the next update goes on, and RollbackStack.
import { LocalCloud } from '..';
import { Template } from './stack';
import { stackStatuses, custom, functionAssets, happened, requests, templateWith } from './test-function';

let cloud: LocalCloud;
const assetDirectory = functionAssets();

beforeEach(async () => {
  cloud = await LocalCloud.start({ functions: 'in-process' });
});
afterEach(() => cloud.stop());

function deploy(template: Template, disableRollback = true) {
  return cloud.cloudFormation.deploy({ stackName: 'app', template, assetDirectory, disableRollback });
}

describe('a create that fails', () => {
  const failing = templateWith({
    First: custom(),
    Failing: custom({ OnCreate: 'FAILED', Id: 'half-made' }),
    Never: custom({}, { DependsOn: 'Failing' }),
    Last: custom({}, { DependsOn: 'First' }),
  });

  test('keeps what was made, and goes on with what does not need the one that failed', async () => {
    const result = await deploy(failing);

    expect(result.status).toBe('CREATE_FAILED');
    expect(stackStatuses(result)).toEqual(['CREATE_IN_PROGRESS', 'CREATE_FAILED']);
    expect(result.reason)
      .toBe('Received response status [FAILED] from custom resource. Message returned: the test wants it');
    expect(Object.keys(result.resources).sort()).toEqual(['Failing', 'First', 'Function', 'Last', 'Role']);
    expect(requests(cloud).filter((each) => each.startsWith('Delete'))).toEqual([]);
  });

  test('is made again by the next update, which deletes the failed one in its clean-up', async () => {
    await deploy(failing);
    const before = requests(cloud).length;

    const result = await deploy(templateWith({
      First: custom(),
      Failing: custom({ Id: 'whole' }),
      Never: custom({}, { DependsOn: 'Failing' }),
      Last: custom({}, { DependsOn: 'First' }),
    }));

    expect(stackStatuses(result))
      .toEqual(['UPDATE_IN_PROGRESS', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_COMPLETE']);
    expect(requests(cloud).slice(before)).toEqual([
      'Create Failing id= value=', 'Create Never id= value=', 'Delete Failing id=half-made value=',
    ]);
    expect(happened(result, 'Failing')).toEqual([
      'Failing CREATE_IN_PROGRESS', 'Failing CREATE_COMPLETE', 'Failing DELETE_IN_PROGRESS', 'Failing DELETE_COMPLETE',
    ]);
    expect(result.resources.Failing.physicalId).toBe('whole');
  });

  test('can be tried again with the same template', async () => {
    await deploy(failing);
    const before = requests(cloud).length;

    const result = await deploy(failing);

    expect(result.status).toBe('UPDATE_FAILED');
    expect(requests(cloud).slice(before)).toEqual(['Create Failing id= value=']);
  });

  test('is not updated with the roll-back enabled', async () => {
    await deploy(failing);

    await expect(deploy(templateWith({}), false)).rejects
      .toThrow('This stack is currently in a non-terminal [CREATE_FAILED] state.');
  });

  test('is rolled back by RollbackStack, which deletes all', async () => {
    await deploy(failing);

    const result = await cloud.cloudFormation.rollback('app');

    expect(result).toMatchObject({ status: 'ROLLBACK_COMPLETE', resources: {} });
    expect(stackStatuses(result)).toEqual(['ROLLBACK_IN_PROGRESS', 'ROLLBACK_COMPLETE']);
    expect(requests(cloud)).toContain('Delete Failing id=half-made value=');
  });

  test('is rolled back to nothing also after further updates have failed, with each failed attempt', async () => {
    await deploy(failing);
    await deploy(templateWith({ Failing: custom({ OnCreate: 'FAILED', Id: 'again' }) }));

    const result = await cloud.cloudFormation.rollback('app');

    expect(result).toMatchObject({ status: 'ROLLBACK_COMPLETE', resources: {} });
    expect(requests(cloud)).toEqual(expect.arrayContaining([
      'Delete Failing id=half-made value=', 'Delete Failing id=again value=', 'Delete First id=made-First value=',
    ]));
  });

  test('is deleted with all that it kept', async () => {
    await deploy(failing);

    await expect(cloud.cloudFormation.delete('app')).resolves.toMatchObject({ status: 'DELETE_COMPLETE' });
    expect(requests(cloud)).toContain('Delete Failing id=half-made value=');
  });
});

describe('an update that fails', () => {
  const template = (value: string, failing: 'FAILED' | 'SUCCESS' = 'SUCCESS', more = {}) => templateWith({
    First: custom({ Value: value }),
    Failing: custom({ Value: value, OnUpdate: failing }, { DependsOn: 'First' }),
    Never: custom({ Value: value }, { DependsOn: 'Failing' }),
    ...more,
  });

  beforeEach(async () => {
    await deploy(template('1', 'SUCCESS', { Gone: custom({ Value: 'g' }) }));
  });

  test('keeps what was updated, and cleans nothing up', async () => {
    const result = await deploy(template('2', 'FAILED', { New: custom({ Value: 'n' }) }));

    expect(stackStatuses(result)).toEqual(['UPDATE_IN_PROGRESS', 'UPDATE_FAILED']);
    expect(requests(cloud).slice(4).sort()).toEqual([
      'Create New id= value=n',
      'Update Failing id=made-Failing value=2 was=1',
      'Update First id=made-First value=2 was=1',
    ]);
    expect(Object.keys(result.resources)).toContain('Gone');
  });

  test('is sent again by the next update, and the clean-up follows then', async () => {
    await deploy(template('2', 'FAILED'));
    const before = requests(cloud).length;

    const result = await deploy(template('2', 'SUCCESS'));

    expect(result.status).toBe('UPDATE_COMPLETE');
    expect(requests(cloud).slice(before)).toEqual([
      'Update Failing id=made-Failing value=2 was=2',
      'Update Never id=made-Never value=2 was=1',
      'Delete Gone id=made-Gone value=g',
    ]);
  });

  test('is sent again also when nothing in the template has changed', async () => {
    await deploy(template('2', 'FAILED'));
    const before = requests(cloud).length;

    const result = await deploy(template('2', 'FAILED'));

    expect(result.status).toBe('UPDATE_FAILED');
    expect(requests(cloud).slice(before)).toEqual(['Update Failing id=made-Failing value=2 was=2']);
  });

  test('is rolled back by RollbackStack to what was there before the first attempt', async () => {
    await deploy(template('2', 'FAILED', { New: custom({ Value: 'n' }) }));
    await deploy(template('3', 'FAILED', { Newer: custom({ Value: 'm' }) }));
    const before = requests(cloud).length;

    const result = await cloud.cloudFormation.rollback('app');

    expect(stackStatuses(result)).toEqual([
      'UPDATE_ROLLBACK_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE',
    ]);
    const [first, second, ...deletes] = requests(cloud).slice(before);
    expect([first, second]).toEqual([
      'Update First id=made-First value=1 was=3', 'Update Failing id=made-Failing value=1 was=3',
    ]);
    expect(deletes.sort()).toEqual(['Delete New id=made-New value=n', 'Delete Newer id=made-Newer value=m']);
    expect(Object.keys(result.resources).sort()).toEqual(['Failing', 'First', 'Function', 'Gone', 'Never', 'Role']);
    await expect(deploy(template('4'), false)).resolves.toMatchObject({ status: 'UPDATE_COMPLETE' });
  });
});

test('a replacement is cleaned up once a later update succeeds, whichever physical resource is left', async () => {
  const template = (id: string, failing: 'FAILED' | 'SUCCESS', value: number) => templateWith({
    Thing: custom({ Id: id, Value: value }), Last: custom({ OnUpdate: failing, Value: value }, { DependsOn: 'Thing' }),
  });
  await deploy(template('a', 'SUCCESS', 1));
  await deploy(template('b', 'FAILED', 2));

  const back = await deploy(template('a', 'SUCCESS', 3));

  expect(back.resources.Thing.physicalId).toBe('a');
  expect(requests(cloud).filter((each) => each.startsWith('Delete'))).toEqual(['Delete Thing id=b value=2']);
});

test('a stack that has not failed is not rolled back', async () => {
  await deploy(templateWith({}));

  await expect(cloud.cloudFormation.rollback('app')).rejects
    .toThrow('is in CREATE_COMPLETE state and can not be rolled back.');
});
