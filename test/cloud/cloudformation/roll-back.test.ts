// An update that fails or is cancelled is rolled back, and a roll-back that fails can be continued.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalCloud } from '..';
import { Template } from './stack';
import {
  stackStatuses, custom, CustomProperties, functionAssets, happened, reasonOf, requests, templateWith,
} from './test-function';

let cloud: LocalCloud;
const assetDirectory = functionAssets();

beforeEach(async () => {
  cloud = await LocalCloud.start({ functions: 'in-process' });
});
afterEach(() => cloud.stop());

function deploy(template: Template, stackName = 'app') {
  return cloud.cloudFormation.deploy({ stackName, template, assetDirectory });
}

describe('update rollback', () => {
  test('gives all that was updated its old properties, the one that failed too, and deletes what is new', async () => {
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
    expect(stackStatuses(result)).toEqual([
      'UPDATE_IN_PROGRESS',
      'UPDATE_ROLLBACK_IN_PROGRESS',
      'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS',
      'UPDATE_ROLLBACK_COMPLETE',
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

  test('that ends with another physical id than the first one leaves the first resource alone', async () => {
    await deploy(templateWith({ Thing: custom({ Value: 'old' }), Last: custom({}, { DependsOn: 'Thing' }) }));

    // Without an Id the function answers with the physical id that it is told.
    const result = await deploy(templateWith({
      Thing: custom({ Id: 'b', Value: 'new' }), Last: custom({ OnUpdate: 'FAILED' }, { DependsOn: 'Thing' }),
    }));

    expect(result.resources.Thing.physicalId).toBe('b');
    expect(requests(cloud).filter((each) => each.includes('Thing')).slice(1)).toEqual([
      'Update Thing id=made-Thing value=new was=old', 'Update Thing id=b value=old was=new',
    ]);
  });

  test('an update under way when another one fails is not waited for, and gets its old properties', async () => {
    await deploy(templateWith({ Slow: custom({ Value: 1 }), Failing: custom({ Value: 1 }) }));

    const result = await deploy(templateWith({
      Slow: custom({ Value: 2, OnUpdate: 'SILENT' }), Failing: custom({ Value: 2, OnUpdate: 'FAILED' }),
    }));

    expect(reasonOf(result, 'Slow', 'UPDATE_FAILED')).toBe('Resource update cancelled');
    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(requests(cloud)).toContain('Update Slow id=made-Slow value=1 was=2');
  });

  test('a replaced resource of AWS is still the old one', async () => {
    const template = (name: string, failing: CustomProperties) => templateWith({
      Logs: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: name } },
      Last: custom(failing, { DependsOn: 'Logs' }),
    });
    await deploy(template('/old', {}));

    const result = await deploy(template('/new', { OnUpdate: 'FAILED' }));

    expect(result.resources.Logs.physicalId).toBe('/old');
    expect(happened(result, 'Logs').slice(-2)).toEqual(['Logs DELETE_IN_PROGRESS', 'Logs DELETE_COMPLETE']);
    await expect(deploy(template('/new', {}))).resolves.toMatchObject({ status: 'UPDATE_COMPLETE' });
  });

  test('a resource of AWS that could not be updated keeps what it had', async () => {
    const Statement = [{ Effect: 'Allow', Action: 'a:b', Resource: 'x'.repeat(4000) }];
    const large = { Version: '2012-10-17', Statement };
    const role = (policies: number) => ({
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: 'small',
        AssumeRolePolicyDocument: { Statement: [] },
        Policies: Array.from({ length: policies }, (_, index) => ({ PolicyName: `p${index}`, PolicyDocument: large })),
      },
    });
    await deploy({ Resources: { Role: role(2) } });

    const result = await deploy({ Resources: { Role: role(3) } });

    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(result.reason).toBe('Maximum policy size of 10240 bytes exceeded for role small');
    expect(result.resources.Role.properties.Policies).toHaveLength(2);
  });

  test('that fails itself says so; the stack can be deleted, with everything that the update left', async () => {
    await deploy(templateWith({ Thing: custom({ Value: 1, OnUpdate: 'FAILED' }) }));

    const failed = await deploy(templateWith({
      New: custom({ Value: 9 }), Thing: custom({ Value: 2, OnUpdate: 'FAILED' }, { DependsOn: 'New' }),
    }));
    const deleted = await cloud.cloudFormation.delete('app');

    expect(failed.status).toBe('UPDATE_ROLLBACK_FAILED');
    expect(deleted.status).toBe('DELETE_COMPLETE');
    expect(requests(cloud).slice(-2).sort()).toEqual([
      'Delete New id=made-New value=9', 'Delete Thing id=made-Thing value=2',
    ]);
  });
});

describe('CancelUpdateStack', () => {
  test('gives up what is at work, begins nothing further, and rolls back', async () => {
    await deploy(templateWith({ Slow: custom({ Value: 1 }), Later: custom({ Value: 1 }, { DependsOn: 'Slow' }) }));

    const deploying = deploy(templateWith({
      Slow: custom({ Value: 2, OnUpdate: 'SILENT' }), Later: custom({ Value: 2 }, { DependsOn: 'Slow' }),
    }));
    await cloud.clock.until('the third request', () => requests(cloud).length === 3);
    await cloud.cloudFormation.cancelUpdate('app');
    const result = await deploying;

    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(reasonOf(result, 'app', 'UPDATE_ROLLBACK_IN_PROGRESS')).toBe('User Initiated');
    expect(reasonOf(result, 'Slow', 'UPDATE_FAILED')).toBe('Resource update cancelled');
    expect(requests(cloud).slice(2)).toEqual([
      'Update Slow id=made-Slow value=2 was=1', 'Update Slow id=made-Slow value=1 was=2',
    ]);
  });

  test('rolls back also where the roll-back of failures is disabled', async () => {
    await deploy(templateWith({ Slow: custom({ Value: 1 }) }));

    const template = templateWith({ Slow: custom({ Value: 2, OnUpdate: 'SILENT' }) });
    const deploying = cloud.cloudFormation.deploy({
      stackName: 'app', template, assetDirectory, disableRollback: true,
    });
    await cloud.clock.until('the second request', () => requests(cloud).length === 2);
    await cloud.cloudFormation.cancelUpdate('app');

    await expect(deploying).resolves.toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
  });

  test('is refused when no update is going on', async () => {
    await deploy(templateWith({}));

    await expect(cloud.cloudFormation.cancelUpdate('app')).rejects
      .toThrow('CancelUpdateStack cannot be called from current stack status');
  });
});

describe('ContinueUpdateRollback', () => {
  /** Refuses every Update while the file is there. */
  const stubborn = functionAssets(`const { existsSync } = require('node:fs');
    exports.handler = async (event) => {
      const { StackId, RequestId, LogicalResourceId } = event;
      const isStuck = event.RequestType === 'Update' && existsSync(event.ResourceProperties.Obstacle);
      const Status = isStuck ? 'FAILED' : 'SUCCESS';
      await fetch(event.ResponseURL, { method: 'PUT', body: Buffer.from(JSON.stringify({
        Status, Reason: 'stuck', PhysicalResourceId: 'x', StackId, RequestId, LogicalResourceId })) });
    };`);
  const obstacle = join(stubborn, 'obstacle');

  const stuckAt = (value: string): Template => templateWith({
    First: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: value.length } },
    Stuck: custom({ Value: value, Obstacle: obstacle }, { DependsOn: 'First' }),
    Later: custom({ Value: value, Obstacle: '' }, { DependsOn: 'Stuck' }),
  });
  const deployStubborn = (value: string) =>
    cloud.cloudFormation.deploy({ stackName: 'app', template: stuckAt(value), assetDirectory: stubborn });

  /** An update whose roll-back has failed. */
  async function failedRollBack(): Promise<void> {
    await deployStubborn('old');
    writeFileSync(obstacle, '');
    const { status } = await deployStubborn('newer');
    expect(status).toBe('UPDATE_ROLLBACK_FAILED');
  }

  afterEach(() => rmSync(obstacle, { force: true }));

  test('tries again what could not be rolled back', async () => {
    await failedRollBack();
    rmSync(obstacle);

    const result = await cloud.cloudFormation.continueRollback('app');

    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(stackStatuses(result)).toEqual([
      'UPDATE_ROLLBACK_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE',
    ]);
    expect(requests(cloud).slice(2)).toEqual([
      'Update Stuck id=x value=newer was=old',
      'Update Stuck id=x value=old was=newer',
      'Update Stuck id=x value=old was=newer',
    ]);
  });

  test('fails again when nothing was mended', async () => {
    await failedRollBack();

    const { status } = await cloud.cloudFormation.continueRollback('app');

    expect(status).toBe('UPDATE_ROLLBACK_FAILED');
  });

  test('skips a resource: nothing is sent to it, and the stack believes that it has its old properties', async () => {
    await failedRollBack();
    const before = requests(cloud).length;

    const result = await cloud.cloudFormation.continueRollback('app', { resourcesToSkip: ['Stuck'] });
    rmSync(obstacle);
    const next = await deployStubborn('next');

    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(happened(result, 'Stuck')).toEqual(['Stuck UPDATE_COMPLETE']);
    expect(result.resources.Stuck.properties.Value).toBe('old');
    expect(next.status).toBe('UPDATE_COMPLETE');
    expect(requests(cloud).slice(before)).toEqual([
      'Update Stuck id=x value=next was=old', 'Update Later id=x value=next was=old',
    ]);
  });

  test('skips nothing but what could not be rolled back, and only after a failure', async () => {
    await failedRollBack();
    await expect(cloud.cloudFormation.continueRollback('app', { resourcesToSkip: ['Later', 'Stuck'] })).rejects
      .toThrow('Only resources whose roll-back failed can be skipped, not [Later].');
    rmSync(obstacle);
    await cloud.cloudFormation.continueRollback('app');

    await expect(cloud.cloudFormation.continueRollback('app')).rejects.toThrow('is in UPDATE_ROLLBACK_COMPLETE state');
  });
});
