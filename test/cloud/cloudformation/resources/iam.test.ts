// AWS::IAM::Role, Policy and ManagedPolicy: what they allow, and what IAM refuses.
import { LocalCloud } from '../..';
import { StackResult, TemplateResource } from '../stack';

const ACCOUNT = '111111111111';

let cloud: LocalCloud;

beforeEach(async () => {
  cloud = await LocalCloud.start();
});
afterEach(() => cloud.stop());

function deploy(Resources: Record<string, TemplateResource>): Promise<StackResult> {
  return cloud.cloudFormation.deploy({ stackName: 'app', template: { Resources } });
}

function remove(): Promise<StackResult> {
  return cloud.cloudFormation.delete('app');
}

/** Whether the role may do the action on resource `x`. */
function may(roleArn: unknown, action: string): boolean {
  try {
    cloud.iam.authorize({ account: ACCOUNT, roleArn: String(roleArn) }, action, 'x');
    return true;
  } catch {
    return false;
  }
}

function allow(...actions: string[]) {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] };
}

const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
};

function role(properties: object = {}): TemplateResource {
  return { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: TRUST, ...properties } };
}

function inlinePolicy(roleName: string): TemplateResource {
  return {
    Type: 'AWS::IAM::Policy', Properties: { PolicyName: 'p', PolicyDocument: allow('a:b'), Roles: [roleName] },
  };
}

function managedPolicy(properties: object = {}): TemplateResource {
  return { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: allow('a:b'), ...properties } };
}

test('a role has its inline and its attached policies, and an update changes both', async () => {
  const policies = {
    One: managedPolicy({ PolicyDocument: allow('m:One') }), Two: managedPolicy({ PolicyDocument: allow('m:Two') }),
  };
  const inline = (name: string) => ({ PolicyName: name, PolicyDocument: allow(`i:${name}`) });
  const roleWith = (names: string[], managed: string) =>
    role({ Policies: names.map(inline), ManagedPolicyArns: [{ Ref: managed }] });
  const created = await deploy({ ...policies, Role: roleWith(['A', 'B'], 'One') });
  const arn = created.resources.Role.attributes.Arn;
  const actions = ['i:A', 'i:B', 'i:C', 'm:One', 'm:Two'];
  const before = actions.map((action) => may(arn, action));

  await deploy({ ...policies, Role: roleWith(['B', 'C'], 'Two') });
  const after = actions.map((action) => may(arn, action));
  const deleted = await remove();

  expect(created.resources.Role.physicalId).toMatch(/^app-Role-[A-Z0-9]{12}$/);
  expect(arn).toBe(`arn:aws:iam::${ACCOUNT}:role/${created.resources.Role.physicalId}`);
  expect(before).toEqual([true, true, false, true, false]);
  expect(after).toEqual([false, true, true, false, true]);
  expect(deleted.status).toBe('DELETE_COMPLETE');
  expect(cloud.iam.hasRole(String(arn))).toBe(false);
});

test.each([
  'AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy',
])('%s gives its rights to its roles, changes them and takes them away', async (Type) => {
  const name = Type === 'AWS::IAM::Policy' ? { PolicyName: 'rights' } : {};
  const policy = (action: string, ...Roles: unknown[]): TemplateResource =>
    ({ Type, Properties: { ...name, PolicyDocument: allow(action), Roles } });
  const roles = { First: role(), Second: role({ Path: '/deep/' }) };
  const { resources } = await deploy({ ...roles, Policy: policy('a:Old', { Ref: 'First' }) });
  const rightsOf = (id: string) => ['a:Old', 'a:New'].map((action) => may(resources[id].attributes.Arn, action));
  const rights = () => ['First', 'Second'].map(rightsOf);
  const created = rights();

  await deploy({ ...roles, Policy: policy('a:New', { Ref: 'Second' }) });
  const updated = rights();
  await deploy(roles);
  const removed = rights();

  expect(created).toEqual([[true, false], [false, false]]);
  expect(updated).toEqual([[false, false], [false, true]]);
  expect(removed).toEqual([[false, false], [false, false]]);
});

test('the limits of sizes and numbers are kept', async () => {
  const large = (characters: number) => allow('a'.repeat(characters));
  const managed = (document: object) => managedPolicy({ PolicyDocument: document });
  const eleven = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`P${index}`, managedPolicy()]));
  const refs = Object.keys(eleven).map((Ref) => ({ Ref }));
  const failure = async (resources: Record<string, TemplateResource>) => {
    const { status, reason } = await deploy(resources);
    await remove();
    return `${status}: ${reason}`;
  };

  await expect(failure({ Policy: managed(large(6144)) })).resolves
    .toBe('ROLLBACK_COMPLETE: Cannot exceed quota for PolicySize: 6144');
  await expect(failure({ ...eleven, Role: role({ ManagedPolicyArns: refs }) })).resolves
    .toContain('Cannot exceed quota for PoliciesPerRole: 10');
  await expect(failure({ Role: role({ AssumeRolePolicyDocument: large(2048) }) })).resolves
    .toContain('Cannot exceed quota for ACLSizePerRole: 2048');
  await expect(failure({ Role: role({ Policies: [{ PolicyName: 'p', PolicyDocument: large(10240) }] }) })).resolves
    .toContain('Maximum policy size of 10240');
  await expect(failure({ Policy: managed(large(5900)) })).resolves.toBe('CREATE_COMPLETE: undefined');
});

test('a policy of AWS is known by name or refused, and a role that is not there cannot get one', async () => {
  const ofAws = (name: string) => role({ ManagedPolicyArns: [`arn:aws:iam::aws:policy/${name}`] });
  const known = await deploy({ Role: ofAws('service-role/AWSLambdaBasicExecutionRole') });
  await remove();
  const unknown = await deploy({ Role: ofAws('AdministratorAccess') });
  await remove();
  const nobody = await deploy({ Policy: inlinePolicy('nobody') });
  await remove();
  const attached = await deploy({ Policy: managedPolicy({ Roles: ['nobody'] }) });

  expect(known.status).toBe('CREATE_COMPLETE');
  expect(unknown.reason).toContain('AdministratorAccess does not exist or is not attachable');
  expect([nobody.reason, attached.reason]).toEqual(Array(2).fill('The role with name nobody cannot be found.'));
});

test('a role that a test made can get a policy from a stack, and a role name is taken once', async () => {
  const arn = `arn:aws:iam::${ACCOUNT}:role/mine`;
  cloud.iam.putRole({ arn, assumeRolePolicy: TRUST as never });

  await deploy({ Policy: inlinePolicy('mine') });
  const rights = may(arn, 'a:b');
  const template = { Resources: { Role: role({ RoleName: 'mine' }) } };
  const taken = await cloud.cloudFormation.deploy({ stackName: 'other', template });

  expect(rights).toBe(true);
  expect(taken.reason).toBe('Role with name mine already exists.');
});

test('a new policy can take its time to be in effect, and one that was removed meanwhile never is', async () => {
  cloud.cloudFormation.iamSettings.policyDelay = 3600_000;
  const policy = (name: string) => ({ PolicyName: name, PolicyDocument: allow(`i:${name}`) });
  const { resources } = await deploy({ Role: role({ Policies: [policy('A'), policy('B')] }) });
  const arn = resources.Role.attributes.Arn;
  await deploy({ Role: role({ Policies: [policy('A')] }) });
  const atFirst = may(arn, 'i:A');

  await cloud.clock.pass(3600_000);

  expect(atFirst).toBe(false);
  expect([may(arn, 'i:A'), may(arn, 'i:B')]).toEqual([true, false]);
});

describe('managed policies of one role', () => {
  const policies = (count: number, action = 'a:b') => Object.fromEntries(Array.from({ length: count }, (_, index) => {
    // A changed policy has another logical id, as those of this library have.
    const logicalId = `P${index}${action.replace(/\W/g, '')}`;
    return [logicalId, managedPolicy({ Roles: [{ Ref: 'Role' }], PolicyDocument: allow(action) })];
  }));

  test('a policy under a new logical id is attached before the old one goes, and counts', async () => {
    await deploy({ Role: role(), ...policies(6) });

    const result = await deploy({ Role: role(), ...policies(5, 'a:c') });

    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(result.reason).toBe('Cannot exceed quota for PoliciesPerRole: 10');
  });

  test('five of them can all change', async () => {
    await deploy({ Role: role(), ...policies(5) });

    await expect(deploy({ Role: role(), ...policies(5, 'a:c') })).resolves.toMatchObject({ status: 'UPDATE_COMPLETE' });
  });

  test('an account can have a higher quota', async () => {
    cloud.cloudFormation.iamSettings.managedPoliciesPerRole = 12;

    const most = await deploy({ Role: role(), ...policies(12) });
    const more = await deploy({ Role: role(), ...policies(13) });

    expect(most.status).toBe('CREATE_COMPLETE');
    expect(more.reason).toBe('Cannot exceed quota for PoliciesPerRole: 12');
  });
});

describe('the name of a managed policy', () => {
  const taken = 'A policy called Rights already exists. Duplicate names are not allowed.';

  test('is taken once in an account, whatever the path and the case', async () => {
    await deploy({ Policy: managedPolicy({ ManagedPolicyName: 'rights' }) });

    const template = { Resources: { Policy: managedPolicy({ ManagedPolicyName: 'Rights', Path: '/deep/' }) } };
    const second = await cloud.cloudFormation.deploy({ stackName: 'second', template });
    const elsewhere = await cloud.cloudFormation.deploy({ stackName: 'app', account: '222222222222', template });

    expect(second).toMatchObject({ status: 'ROLLBACK_COMPLETE', reason: taken });
    expect(elsewhere.status).toBe('CREATE_COMPLETE');
  });

  test('does not move to another logical id, as the new policy is made before the old one goes', async () => {
    await deploy({ Policy1: managedPolicy({ ManagedPolicyName: 'Rights' }) });

    const result = await deploy({ Policy2: managedPolicy({ ManagedPolicyName: 'Rights' }) });

    expect(result).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE', reason: taken });
    expect(Object.keys(result.resources)).toEqual(['Policy1']);
  });

  test('is free again when its policy is deleted', async () => {
    const resources = { Policy: managedPolicy({ ManagedPolicyName: 'Rights' }) };
    await deploy(resources);
    await remove();

    await expect(deploy(resources)).resolves.toMatchObject({ status: 'CREATE_COMPLETE' });
  });
});

describe('what is still attached', () => {
  const attachedElsewhere = async (deletionPolicy: Partial<TemplateResource>) => {
    await deploy({ Policy: { ...managedPolicy({ Roles: [{ Ref: 'Role' }] }), ...deletionPolicy }, Role: role() });
    return remove();
  };

  test('keeps a role: a policy that was retained is not detached', async () => {
    const result = await attachedElsewhere({ DeletionPolicy: 'Retain' });

    expect(result.status).toBe('DELETE_FAILED');
    expect(result.reason).toBe('Cannot delete entity, must detach all policies first.');
  });

  test('goes with the policy that names the role', async () => {
    await expect(attachedElsewhere({})).resolves.toMatchObject({ status: 'DELETE_COMPLETE' });
  });

  test('keeps a policy that a role of another stack uses', async () => {
    const { resources } = await deploy({ Policy: managedPolicy() });
    const template = { Resources: { Role: role({ ManagedPolicyArns: [resources.Policy.physicalId] }) } };
    await cloud.cloudFormation.deploy({ stackName: 'other', template });

    const refused = await remove();
    await cloud.cloudFormation.delete('other');
    const deleted = await remove();

    expect(refused).toMatchObject({ status: 'DELETE_FAILED', reason: 'Cannot delete a policy attached to entities.' });
    expect(deleted.status).toBe('DELETE_COMPLETE');
  });

  test('keeps a role when it is an inline policy of another stack', async () => {
    const { resources } = await deploy({ Role: role() });
    const template = { Resources: { Policy: inlinePolicy(resources.Role.physicalId) } };
    await cloud.cloudFormation.deploy({ stackName: 'other', template });

    await expect(remove()).resolves.toMatchObject({
      status: 'DELETE_FAILED', reason: 'Cannot delete entity, must delete policies first.',
    });
  });
});
