// The life cycle of stacks: create, update, delete, rollback and clean-up, with a real function behind the custom resources.
import { setTimeout } from 'node:timers/promises';
import { LocalCloud } from '..';
import { Template } from './stack';
import { course, custom, CustomProperties, functionAssets, happened, requests, templateWith } from './test-function';

let cloud: LocalCloud;
const assetDirectory = functionAssets();

beforeEach(async () => {
  cloud = await LocalCloud.start();
});
afterEach(() => cloud.stop());

function deploy(template: Template, stackName = 'app') {
  return cloud.cloudFormation.deploy({ stackName, template, assetDirectory });
}

describe('create', () => {
  test('resources come in the order of their dependencies, and outputs can use their attributes', async () => {
    const result = await deploy(templateWith({
      Second: custom({ Value: { 'Fn::GetAtt': ['First', 'Echo'] } }),
      First: custom({ Value: 'one' }),
      Third: custom({ Value: 'three' }, { DependsOn: 'Second' }),
    }, { Outputs: { Echo: { Value: { 'Fn::GetAtt': ['Second', 'Echo'] } }, Id: { Value: { Ref: 'Third' } } } }));

    expect(result).toMatchObject({ status: 'CREATE_COMPLETE', changed: true, outputs: { Echo: 'one', Id: 'made-Third' } });
    expect(requests(cloud)).toEqual(['Create First id= value=one', 'Create Second id= value=one', 'Create Third id= value=three']);
  });

  test('independent resources are made at the same time', async () => {
    const result = await deploy(templateWith({ One: custom(), Two: custom() }));

    const events = happened(result, 'One', 'Two');
    expect(events.slice(0, 2).sort()).toEqual(['One CREATE_IN_PROGRESS', 'Two CREATE_IN_PROGRESS']);
  });

  test('a failure deletes all that was made, the failed one first, in reverse order', async () => {
    const result = await deploy(templateWith({
      First: custom(),
      Failing: custom({ OnCreate: 'FAILED', Id: 'half-made' }, { DependsOn: 'First' }),
      Never: custom({}, { DependsOn: 'Failing' }),
    }));

    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reason).toBe('Received response status [FAILED] from custom resource. Message returned: as told');
    expect(course(result)).toEqual(['CREATE_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_COMPLETE']);
    expect(requests(cloud)).toEqual([
      'Create First id= value=', 'Create Failing id= value=', 'Delete Failing id=half-made value=', 'Delete First id=made-First value=',
    ]);
    expect(happened(result, 'Failing', 'Function', 'Role').slice(-6)).toEqual([
      'Failing DELETE_IN_PROGRESS', 'Failing DELETE_COMPLETE',
      'Function DELETE_IN_PROGRESS', 'Function DELETE_COMPLETE', 'Role DELETE_IN_PROGRESS', 'Role DELETE_COMPLETE',
    ]);
    expect(result.resources).toEqual({});
  });

  test('what is still being made when another one fails is not waited for, and deleted by a made-up id', async () => {
    const result = await deploy(templateWith({
      Slow: custom({ OnCreate: 'SILENT' }),
      Failing: custom({ OnCreate: 'FAILED' }),
    }));

    expect(result.events.find(({ logicalId, status }) => logicalId === 'Slow' && status === 'CREATE_FAILED')?.reason).toBe('Resource creation cancelled');
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(requests(cloud)).toContainEqual(expect.stringMatching(/^Delete Slow id=app-Slow-[A-Z0-9]{12} value=$/));
  });

  test('a rollback that cannot delete says so, after three attempts', async () => {
    const result = await deploy(templateWith({ Failing: custom({ OnCreate: 'FAILED', OnDelete: 'FAILED' }) }));

    expect(result.status).toBe('ROLLBACK_FAILED');
    expect(requests(cloud).filter((each) => each.startsWith('Delete'))).toHaveLength(3);
    expect(Object.keys(result.resources)).toContain('Failing');
  });

  test('an attribute that is not there fails the stack', async () => {
    const result = await deploy(templateWith({ Thing: custom() }, { Outputs: { Bad: { Value: { 'Fn::GetAtt': ['Thing', 'Nothing'] } } } }));

    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reason).toContain("Vendor response doesn't contain Nothing key in object made-Thing");
  });

  test('a stack that was rolled back can only be deleted', async () => {
    const template = templateWith({ Failing: custom({ OnCreate: 'FAILED' }) });
    await deploy(template);

    await expect(deploy(template)).rejects.toThrow('is in ROLLBACK_COMPLETE state and can not be updated');
    await expect(cloud.cloudFormation.delete('app')).resolves.toMatchObject({ status: 'DELETE_COMPLETE' });
    await expect(deploy(templateWith({}))).resolves.toMatchObject({ status: 'CREATE_COMPLETE' });
  });

  test('a second operation on a stack that is worked on is refused', async () => {
    const first = deploy(templateWith({ Thing: custom({ OnCreate: 'SILENT' }) }));
    while (!await cloud.cloudFormation.describe('app')) await setTimeout(10);

    await expect(deploy(templateWith({}))).rejects.toThrow('is in CREATE_IN_PROGRESS state');
    await cloud.stop();
    await first;
  });
});

describe('update', () => {
  test('only what has changed is updated, with its new and old properties', async () => {
    await deploy(templateWith({ Changed: custom({ Value: 1 }), Same: custom({ Value: 1 }) }));

    const result = await deploy(templateWith({ Changed: custom({ Value: 2 }), Same: custom({ Value: 1 }, { DeletionPolicy: 'Retain' }) }));

    expect(course(result)).toEqual(['UPDATE_IN_PROGRESS', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_COMPLETE']);
    expect(requests(cloud).slice(2)).toEqual(['Update Changed id=made-Changed value=2 was=1']);
    expect(result.resources.Changed.attributes.Echo).toBe('2');
  });

  test('the same template again calls nothing', async () => {
    const template = templateWith({ Thing: custom() });
    await deploy(template);

    const result = await deploy(template);

    expect(result).toMatchObject({ status: 'CREATE_COMPLETE', changed: false, reason: 'No updates are to be performed.' });
    expect(cloud.lambda.invocations).toHaveLength(1);
  });

  test('a changed attribute reaches those who use it', async () => {
    const template = (value: string) => templateWith({
      Source: custom({ Value: value }),
      User: custom({ Value: { 'Fn::GetAtt': ['Source', 'Echo'] } }),
    });
    await deploy(template('old'));

    await deploy(template('new'));

    expect(requests(cloud).slice(2)).toEqual(['Update Source id=made-Source value=new was=old', 'Update User id=made-User value=new was=old']);
  });

  test('another physical id is a replacement: the old one is deleted with its old properties when all else has succeeded', async () => {
    await deploy(templateWith({ Thing: custom({ Id: 'a', Value: 'old' }), Later: custom({ Value: 'x' }, { DependsOn: 'Thing' }) }));

    const result = await deploy(templateWith({ Thing: custom({ Id: 'b', Value: 'new' }), Later: custom({ Value: 'y' }, { DependsOn: 'Thing' }) }));

    expect(requests(cloud).slice(2)).toEqual([
      'Update Thing id=a value=new was=old', 'Update Later id=made-Later value=y was=x', 'Delete Thing id=a value=old',
    ]);
    expect(result.resources.Thing.physicalId).toBe('b');
  });

  test('a removed resource is deleted in the end with its last properties', async () => {
    await deploy(templateWith({ Gone: custom({ Value: 'old' }), Stays: custom({ Value: 1 }) }));

    const result = await deploy(templateWith({ Stays: custom({ Value: 2 }) }));

    expect(requests(cloud).slice(2)).toEqual(['Update Stays id=made-Stays value=2 was=1', 'Delete Gone id=made-Gone value=old']);
    expect(Object.keys(result.resources).sort()).toEqual(['Function', 'Role', 'Stays']);
  });

  test('what could not be cleaned up is tried three times and left behind, and the update has succeeded', async () => {
    await deploy(templateWith({ Gone: custom({ OnDelete: 'FAILED' }) }));

    const result = await deploy(templateWith({}));

    expect(result).toMatchObject({ status: 'UPDATE_COMPLETE', reason: undefined });
    expect(requests(cloud).slice(1)).toHaveLength(3);
    expect(happened(result, 'Gone')).toContain('Gone DELETE_FAILED');
  });

  test('a replaced resource of AWS is made before the old one goes, after those that used it', async () => {
    const template = (name: string) => templateWith({
      Logs: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: name } },
      Thing: custom({ Value: { Ref: 'Logs' }, Id: name }),
    });
    await deploy(template('/old'));

    const result = await deploy(template('/new'));

    expect(happened(result, 'Logs', 'Thing')).toEqual([
      'Logs UPDATE_IN_PROGRESS', 'Logs UPDATE_COMPLETE', 'Thing UPDATE_IN_PROGRESS', 'Thing UPDATE_COMPLETE',
      'Thing DELETE_IN_PROGRESS', 'Thing DELETE_COMPLETE', 'Logs DELETE_IN_PROGRESS', 'Logs DELETE_COMPLETE',
    ]);
  });

  test('neither the type of a resource nor the function of a custom resource can change', async () => {
    await deploy(templateWith({ Thing: custom() }));

    const type = await deploy(templateWith({ Thing: custom({}, { Type: 'Custom::Other' }) }));
    const token = await deploy(templateWith({ Thing: custom({ ServiceToken: 'arn:aws:lambda:us-east-1:111111111111:function:other' }) }));

    expect(type).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE', reason: expect.stringContaining('Update of resource type is not permitted') });
    expect(token).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE', reason: 'Modifying service token is not allowed.' });
    expect(cloud.lambda.invocations).toHaveLength(1);
  });
});

describe('update rollback', () => {
  test('gives back the old properties to all that was updated, the failed one included, and deletes what was new', async () => {
    await deploy(templateWith({
      First: custom({ Value: 'a1' }),
      Failing: custom({ Value: 'b1' }, { DependsOn: 'First' }),
      Never: custom({ Value: 'c1' }, { DependsOn: 'Failing' }),
      Removed: custom({ Value: 'd1' }),
    }));

    const result = await deploy(templateWith({
      New: custom({ Value: 'n' }),
      First: custom({ Value: 'a2' }, { DependsOn: 'New' }),
      Failing: custom({ Value: 'b2', OnUpdate: 'FAILED' }, { DependsOn: 'First' }),
      Never: custom({ Value: 'c2' }, { DependsOn: 'Failing' }),
    }));

    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(course(result)).toEqual([
      'UPDATE_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE',
    ]);
    expect(requests(cloud).slice(4)).toEqual([
      'Create New id= value=n',
      'Update First id=made-First value=a2 was=a1',
      'Update Failing id=made-Failing value=b2 was=b1',
      'Update First id=made-First value=a1 was=a2',
      'Update Failing id=made-Failing value=b1 was=b2',
      'Delete New id=made-New value=n',
    ]);
    expect(result.reason).toContain('Received response status [FAILED]');
    expect(Object.keys(result.resources).sort()).toEqual(['Failing', 'First', 'Function', 'Never', 'Removed', 'Role']);
    expect(result.resources.First.properties.Value).toBe('a1');
  });

  test('a replacement is undone by an update of the new one, and then the new one is deleted', async () => {
    await deploy(templateWith({ Thing: custom({ Id: 'a', Value: 'old' }), Last: custom({}, { DependsOn: 'Thing' }) }));

    const result = await deploy(templateWith({
      Thing: custom({ Id: 'b', Value: 'new' }), Last: custom({ OnUpdate: 'FAILED' }, { DependsOn: 'Thing' }),
    }));

    expect(requests(cloud).filter((each) => each.includes('Thing')).slice(1)).toEqual([
      'Update Thing id=a value=new was=old', 'Update Thing id=b value=old was=new', 'Delete Thing id=b value=new',
    ]);
    expect(result.resources.Thing.physicalId).toBe('a');
  });

  test('the physical id of a failed answer counts', async () => {
    await deploy(templateWith({ Thing: custom({ Id: 'a', Value: 'old' }) }));

    const result = await deploy(templateWith({ Thing: custom({ Id: 'b', Value: 'new', OnUpdate: 'FAILED' }) }));

    expect(requests(cloud).slice(1)).toEqual([
      'Update Thing id=a value=new was=old', 'Update Thing id=b value=old was=new', 'Delete Thing id=b value=new',
    ]);
    expect(result.resources.Thing.physicalId).toBe('a');
  });

  test('an update that is under way when another one fails is not waited for, and gets its old properties back', async () => {
    await deploy(templateWith({ Slow: custom({ Value: 1 }), Failing: custom({ Value: 1 }) }));

    const result = await deploy(templateWith({ Slow: custom({ Value: 2, OnUpdate: 'SILENT' }), Failing: custom({ Value: 2, OnUpdate: 'FAILED' }) }));

    expect(result.events.find(({ logicalId, status }) => logicalId === 'Slow' && status === 'UPDATE_FAILED')?.reason).toBe('Resource update cancelled');
    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(requests(cloud)).toContain('Update Slow id=made-Slow value=1 was=2');
  });

  test('a replaced resource of AWS is still the old one', async () => {
    const template = (name: string, failing: CustomProperties) => templateWith({
      Logs: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: name } }, Last: custom(failing, { DependsOn: 'Logs' }),
    });
    await deploy(template('/old', {}));

    const result = await deploy(template('/new', { OnUpdate: 'FAILED' }));

    expect(result.resources.Logs.physicalId).toBe('/old');
    expect(happened(result, 'Logs').slice(-2)).toEqual(['Logs DELETE_IN_PROGRESS', 'Logs DELETE_COMPLETE']);
    await expect(deploy(template('/new', {}))).resolves.toMatchObject({ status: 'UPDATE_COMPLETE' });
  });

  test('a resource of AWS that could not be updated keeps what it had', async () => {
    const role = (policies: number) => ({
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: 'small',
        AssumeRolePolicyDocument: { Statement: [] },
        Policies: Array.from({ length: policies }, (_, index) => ({
          PolicyName: `p${index}`, PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'a:b', Resource: 'x'.repeat(4000) }] },
        })),
      },
    });
    await deploy({ Resources: { Role: role(2) } });

    const result = await deploy({ Resources: { Role: role(3) } });

    expect(result).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE', reason: 'Maximum policy size of 10240 bytes exceeded for role small' });
    expect(result.resources.Role.properties.Policies).toHaveLength(2);
  });

  test('that fails itself says so; the stack can be deleted, with everything that the update left', async () => {
    await deploy(templateWith({ Thing: custom({ Value: 1, OnUpdate: 'FAILED' }) }));

    const failed = await deploy(templateWith({ New: custom({ Value: 9 }), Thing: custom({ Value: 2, OnUpdate: 'FAILED' }, { DependsOn: 'New' }) }));
    const deleted = await cloud.cloudFormation.delete('app');

    expect(failed.status).toBe('UPDATE_ROLLBACK_FAILED');
    expect(deleted.status).toBe('DELETE_COMPLETE');
    expect(requests(cloud).slice(-2).sort()).toEqual(['Delete New id=made-New value=9', 'Delete Thing id=made-Thing value=2']);
  });
});

describe('delete', () => {
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

  test('goes in reverse order, and the function is there to the end of its custom resources', async () => {
    await deploy(templateWith({ First: custom(), Second: custom({}, { DependsOn: 'First' }) }));

    const result = await cloud.cloudFormation.delete('app');

    expect(result).toMatchObject({ status: 'DELETE_COMPLETE', resources: {} });
    expect(happened(result, 'First', 'Second', 'Function', 'Role').filter((each) => each.endsWith('COMPLETE'))).toEqual([
      'Second DELETE_COMPLETE', 'First DELETE_COMPLETE', 'Function DELETE_COMPLETE', 'Role DELETE_COMPLETE',
    ]);
    await expect(cloud.cloudFormation.describe('app')).resolves.toBeUndefined();
  });

  test('that fails says why, keeps what the resource needs, and can be repeated', async () => {
    const template = templateWith({ Thing: custom({ Mark: `${reluctant}/mark` }), Other: { Type: 'AWS::Logs::LogGroup' } });
    await cloud.cloudFormation.deploy({ stackName: 'app', template, assetDirectory: reluctant });

    const first = await cloud.cloudFormation.delete('app');
    const second = await cloud.cloudFormation.delete('app');

    expect(first).toMatchObject({ status: 'DELETE_FAILED', reason: 'Received response status [FAILED] from custom resource. Message returned: not yet' });
    expect(Object.keys(first.resources).sort()).toEqual(['Function', 'Role', 'Thing']);
    expect(second).toMatchObject({ status: 'DELETE_COMPLETE', resources: {} });
  });

  test('a retained resource is left alone', async () => {
    await deploy(templateWith({ Kept: custom({}, { DeletionPolicy: 'Retain' }), Gone: custom() }));

    const result = await cloud.cloudFormation.delete('app');

    expect(happened(result, 'Kept')).toEqual(['Kept DELETE_SKIPPED']);
    expect(requests(cloud).filter((each) => each.startsWith('Delete'))).toEqual(['Delete Gone id=made-Gone value=']);
  });

  test('a retained resource is left alone when it leaves the template and when its creation is rolled back, too', async () => {
    await deploy(templateWith({ Kept: custom({}, { DeletionPolicy: 'Retain' }) }));
    await deploy(templateWith({}));
    await deploy(templateWith({
      Kept: custom({}, { DeletionPolicy: 'Retain' }),
      NotYetKept: custom({}, { DeletionPolicy: 'RetainExceptOnCreate' }),
      Failing: custom({ OnCreate: 'FAILED' }, { DependsOn: ['Kept', 'NotYetKept'] }),
    }), 'other');

    expect(requests(cloud).filter((each) => each.startsWith('Delete') && each.includes('ept'))).toEqual(['Delete NotYetKept id=made-NotYetKept value=']);
  });

  test('of what does not exist is refused', async () => {
    await expect(cloud.cloudFormation.delete('nothing')).rejects.toThrow('Stack with id nothing does not exist');
  });
});

describe('several stacks', () => {
  test('one account and Region does not see the stacks of another', async () => {
    const template: Template = { Resources: { Logs: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: 'same' } } } };

    const here = await deploy(template);
    const there = await cloud.cloudFormation.deploy({ stackName: 'app', template, account: '222222222222', region: 'cn-north-1' });
    const again = await deploy(template, 'second');

    expect([here.status, there.status]).toEqual(['CREATE_COMPLETE', 'CREATE_COMPLETE']);
    expect(there.stackId).toMatch(/^arn:aws-cn:cloudformation:cn-north-1:222222222222:stack\/app\/[0-9a-f-]{36}$/);
    expect(again).toMatchObject({ status: 'ROLLBACK_COMPLETE', reason: expect.stringContaining('already exists') });
  });

  test('an export can be imported in the same account and Region, and not be deleted while it is', async () => {
    await deploy({
      Resources: { Logs: { Type: 'AWS::Logs::LogGroup' } }, Outputs: { Name: { Value: { Ref: 'Logs' }, Export: { Name: 'shared' } } },
    }, 'exporting');
    const importing: Template = { Resources: { Logs: { Type: 'AWS::Logs::LogGroup', Properties: { Tag: { 'Fn::ImportValue': 'shared' } } } } };

    const imported = await deploy(importing, 'importing');
    const elsewhere = await cloud.cloudFormation.deploy({ stackName: 'importing', region: 'eu-west-1', template: importing });

    expect(imported.resources.Logs.properties.Tag).toMatch(/^exporting-Logs-/);
    expect(elsewhere).toMatchObject({ status: 'ROLLBACK_COMPLETE', reason: 'No export named shared found.' });
    await expect(cloud.cloudFormation.delete('exporting')).rejects.toThrow('Export shared cannot be deleted as it is in use by importing');
    await cloud.cloudFormation.delete('importing');
    await expect(cloud.cloudFormation.delete('exporting')).resolves.toMatchObject({ status: 'DELETE_COMPLETE' });
  });
});
