// Several stacks: which of them see each other, and values that one exports and another imports.
import { LocalCloud } from '..';
import { Template } from './stack';

let cloud: LocalCloud;

beforeEach(async () => {
  cloud = await LocalCloud.start();
});
afterEach(() => cloud.stop());

function deploy(template: Template, stackName = 'app') {
  return cloud.cloudFormation.deploy({ stackName, template });
}

function logGroup(properties: Record<string, unknown>): Template {
  return { Resources: { Logs: { Type: 'AWS::Logs::LogGroup', Properties: properties } } };
}

test('one account and Region does not see the stacks of another', async () => {
  const template = logGroup({ LogGroupName: 'same' });

  const here = await deploy(template);
  const elsewhere = { account: '222222222222', region: 'cn-north-1' };
  const there = await cloud.cloudFormation.deploy({ stackName: 'app', template, ...elsewhere });
  const again = await deploy(template, 'second');

  expect([here.status, there.status]).toEqual(['CREATE_COMPLETE', 'CREATE_COMPLETE']);
  expect(there.stackId).toMatch(/^arn:aws-cn:cloudformation:cn-north-1:222222222222:stack\/app\/[0-9a-f-]{36}$/);
  expect(again).toMatchObject({ status: 'ROLLBACK_COMPLETE', reason: expect.stringContaining('already exists') });
});

test('an export can be imported in the same account and Region, and not be deleted while it is', async () => {
  const Outputs = { Name: { Value: { Ref: 'Logs' }, Export: { Name: 'shared' } } };
  await deploy({ ...logGroup({}), Outputs }, 'exporting');
  const importing = logGroup({ Tag: { 'Fn::ImportValue': 'shared' } });

  const imported = await deploy(importing, 'importing');
  const elsewhere = await cloud.cloudFormation.deploy({
    stackName: 'importing', region: 'eu-west-1', template: importing,
  });

  expect(imported.resources.Logs.properties.Tag).toMatch(/^exporting-Logs-/);
  expect(elsewhere).toMatchObject({ status: 'ROLLBACK_COMPLETE', reason: 'No export named shared found.' });
  await expect(cloud.cloudFormation.delete('exporting')).rejects
    .toThrow('Export shared cannot be deleted as it is in use by importing');
  await cloud.cloudFormation.delete('importing');
  await expect(cloud.cloudFormation.delete('exporting')).resolves.toMatchObject({ status: 'DELETE_COMPLETE' });
});
