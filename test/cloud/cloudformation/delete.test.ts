// A stack is deleted: the order of things, what is kept, and a second attempt.
import { LocalCloud } from '..';
import { Template } from './stack';
import { custom, functionAssets, happened, requests, templateWith } from './test-function';

let cloud: LocalCloud;
const assetDirectory = functionAssets();

beforeEach(async () => {
  cloud = await LocalCloud.start({ functions: 'in-process' });
});
afterEach(() => cloud.stop());

function deploy(template: Template, stackName = 'app') {
  return cloud.cloudFormation.deploy({ stackName, template, assetDirectory });
}

/** Deletes only when it is asked again. */
const reluctant = functionAssets(`const { existsSync, writeFileSync } = require('node:fs');
  exports.handler = async (event) => {
    const again = existsSync(event.ResourceProperties.Mark);
    if (event.RequestType === 'Delete') writeFileSync(event.ResourceProperties.Mark, '');
    const { StackId, RequestId, LogicalResourceId } = event;
    const Status = event.RequestType === 'Delete' && !again ? 'FAILED' : 'SUCCESS';
    await fetch(event.ResponseURL, { method: 'PUT', body: Buffer.from(JSON.stringify({
      Status, Reason: 'not yet', PhysicalResourceId: 'x', StackId, RequestId, LogicalResourceId })) });
  };`);

test('a delete goes in reverse order, and the function is there to the end of its custom resources', async () => {
  await deploy(templateWith({ First: custom(), Second: custom({}, { DependsOn: 'First' }) }));

  const result = await cloud.cloudFormation.delete('app');

  expect(result).toMatchObject({ status: 'DELETE_COMPLETE', resources: {} });
  expect(happened(result, 'First', 'Second', 'Function', 'Role').filter((each) => each.endsWith('COMPLETE'))).toEqual([
    'Second DELETE_COMPLETE', 'First DELETE_COMPLETE', 'Function DELETE_COMPLETE', 'Role DELETE_COMPLETE',
  ]);
  await expect(cloud.cloudFormation.describe('app')).resolves.toBeUndefined();
});

test('a delete that fails says why, keeps what the resource needs, and can be repeated', async () => {
  const Other = { Type: 'AWS::Logs::LogGroup' };
  const template = templateWith({ Thing: custom({ Mark: `${reluctant}/mark` }), Other });
  await cloud.cloudFormation.deploy({ stackName: 'app', template, assetDirectory: reluctant });

  const first = await cloud.cloudFormation.delete('app');
  const second = await cloud.cloudFormation.delete('app');

  expect(first.status).toBe('DELETE_FAILED');
  expect(first.reason).toBe('Received response status [FAILED] from custom resource. Message returned: not yet');
  expect(Object.keys(first.resources).sort()).toEqual(['Function', 'Role', 'Thing']);
  expect(second).toMatchObject({ status: 'DELETE_COMPLETE', resources: {} });
});

test('a resource with DeletionPolicy Retain is left alone', async () => {
  await deploy(templateWith({ Kept: custom({}, { DeletionPolicy: 'Retain' }), Gone: custom() }));

  const result = await cloud.cloudFormation.delete('app');

  expect(happened(result, 'Kept')).toEqual(['Kept DELETE_SKIPPED']);
  expect(requests(cloud).filter((each) => each.startsWith('Delete'))).toEqual(['Delete Gone id=made-Gone value=']);
});

test('a resource with DeletionPolicy Retain stays when it leaves the template, and after a roll-back', async () => {
  await deploy(templateWith({ Kept: custom({}, { DeletionPolicy: 'Retain' }) }));
  await deploy(templateWith({}));
  await deploy(templateWith({
    Kept: custom({}, { DeletionPolicy: 'Retain' }),
    NotYetKept: custom({}, { DeletionPolicy: 'RetainExceptOnCreate' }),
    Failing: custom({ OnCreate: 'FAILED' }, { DependsOn: ['Kept', 'NotYetKept'] }),
  }), 'other');

  const deleted = requests(cloud).filter((each) => each.startsWith('Delete') && each.includes('ept'));
  expect(deleted).toEqual(['Delete NotYetKept id=made-NotYetKept value=']);
});

test('a delete of what does not exist is refused', async () => {
  await expect(cloud.cloudFormation.delete('nothing')).rejects.toThrow('Stack with id nothing does not exist');
});

describe('RetainResources', () => {
  const undeletable = () => deploy(templateWith({ Stuck: custom({ OnDelete: 'FAILED' }), Other: custom() }));

  test('leaves a resource that could not be deleted as it is, and the stack goes', async () => {
    await undeletable();
    await cloud.cloudFormation.delete('app');
    const before = requests(cloud).length;

    const result = await cloud.cloudFormation.delete('app', { retainResources: ['Stuck'] });

    expect(result).toMatchObject({ status: 'DELETE_COMPLETE', resources: {} });
    expect(happened(result, 'Stuck', 'Function')).toEqual([
      'Stuck DELETE_SKIPPED', 'Function DELETE_IN_PROGRESS', 'Function DELETE_COMPLETE',
    ]);
    expect(requests(cloud).slice(before)).toEqual([]);
  });

  test('is refused before a delete has failed', async () => {
    await undeletable();

    await expect(cloud.cloudFormation.delete('app', { retainResources: ['Stuck'] })).rejects
      .toThrow('in the DELETE_FAILED state');
  });
});
