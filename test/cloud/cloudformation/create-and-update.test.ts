// A stack is created and updated: the order of things, replacement, clean-up, and the roll-back of a failed create.
import { LocalCloud } from '..';
import { Template } from './stack';
import { stackStatuses, custom, functionAssets, happened, reasonOf, requests, templateWith } from './test-function';

let cloud: LocalCloud;
const assetDirectory = functionAssets();

beforeEach(async () => {
  cloud = await LocalCloud.start({ functions: 'in-process' });
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

    expect(result).toMatchObject({ status: 'CREATE_COMPLETE', changed: true });
    expect(result.outputs).toEqual({ Echo: 'one', Id: 'made-Third' });
    expect(requests(cloud)).toEqual([
      'Create First id= value=one', 'Create Second id= value=one', 'Create Third id= value=three',
    ]);
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
    expect(result.reason)
      .toBe('Received response status [FAILED] from custom resource. Message returned: the test wants it');
    expect(stackStatuses(result)).toEqual(['CREATE_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_COMPLETE']);
    expect(requests(cloud)).toEqual([
      'Create First id= value=',
      'Create Failing id= value=',
      'Delete Failing id=half-made value=',
      'Delete First id=made-First value=',
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

    expect(reasonOf(result, 'Slow', 'CREATE_FAILED')).toBe('Resource creation cancelled');
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
    const Outputs = { Bad: { Value: { 'Fn::GetAtt': ['Thing', 'Nothing'] } } };
    const result = await deploy(templateWith({ Thing: custom() }, { Outputs }));

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
    await cloud.clock.until('the stack to be there', () => cloud.cloudFormation.eventsNow('app').length > 0);

    await expect(deploy(templateWith({}))).rejects.toThrow('is in CREATE_IN_PROGRESS state');
    await cloud.stop();
    await first;
  });
});

describe('update', () => {
  test('only what has changed is updated, with its new and old properties', async () => {
    await deploy(templateWith({ Changed: custom({ Value: 1 }), Same: custom({ Value: 1 }) }));

    const result = await deploy(templateWith({
      Changed: custom({ Value: 2 }), Same: custom({ Value: 1 }, { DeletionPolicy: 'Retain' }),
    }));

    expect(stackStatuses(result))
      .toEqual(['UPDATE_IN_PROGRESS', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_COMPLETE']);
    expect(requests(cloud).slice(2)).toEqual(['Update Changed id=made-Changed value=2 was=1']);
    expect(result.resources.Changed.attributes.Echo).toBe('2');
  });

  test('the same template again calls nothing', async () => {
    const template = templateWith({ Thing: custom() });
    await deploy(template);

    const result = await deploy(template);

    expect(result).toMatchObject({ status: 'CREATE_COMPLETE', changed: false });
    expect(result.reason).toBe('No updates are to be performed.');
    expect(cloud.lambda.invocations).toHaveLength(1);
  });

  test('a changed attribute reaches those who use it', async () => {
    const template = (value: string) => templateWith({
      Source: custom({ Value: value }),
      User: custom({ Value: { 'Fn::GetAtt': ['Source', 'Echo'] } }),
    });
    await deploy(template('old'));

    await deploy(template('new'));

    expect(requests(cloud).slice(2)).toEqual([
      'Update Source id=made-Source value=new was=old', 'Update User id=made-User value=new was=old',
    ]);
  });

  test('another physical id is a replacement: the old one is deleted with its old properties in the end', async () => {
    const template = (id: string, value: string, later: string) => templateWith({
      Thing: custom({ Id: id, Value: value }), Later: custom({ Value: later }, { DependsOn: 'Thing' }),
    });
    await deploy(template('a', 'old', 'x'));

    const result = await deploy(template('b', 'new', 'y'));

    expect(requests(cloud).slice(2)).toEqual([
      'Update Thing id=a value=new was=old', 'Update Later id=made-Later value=y was=x', 'Delete Thing id=a value=old',
    ]);
    expect(result.resources.Thing.physicalId).toBe('b');
  });

  test('a removed resource is deleted in the end with its last properties', async () => {
    await deploy(templateWith({ Gone: custom({ Value: 'old' }), Stays: custom({ Value: 1 }) }));

    const result = await deploy(templateWith({ Stays: custom({ Value: 2 }) }));

    expect(requests(cloud).slice(2)).toEqual([
      'Update Stays id=made-Stays value=2 was=1', 'Delete Gone id=made-Gone value=old',
    ]);
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
    const other = 'arn:aws:lambda:us-east-1:111111111111:function:other';
    const token = await deploy(templateWith({ Thing: custom({ ServiceToken: other }) }));

    expect([type.status, token.status]).toEqual(Array(2).fill('UPDATE_ROLLBACK_COMPLETE'));
    expect(type.reason).toContain('Update of resource type is not permitted');
    expect(token.reason).toBe('Modifying service token is not allowed.');
    expect(cloud.lambda.invocations).toHaveLength(1);
  });
});
