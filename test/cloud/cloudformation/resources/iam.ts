// AWS::IAM::Role, Policy and ManagedPolicy, with the size limits that large stacks meet.
import { Physical, physicalName, PreviousState, Properties, ResourceProvider, ResourceRequest } from './provider';
import { Iam } from '../../iam';
import { PolicyDocument } from '../../iam-policy';
import { Clock } from '../../time/clock';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, in characters without white space. */
const MANAGED_POLICY_CHARACTERS = 6144;
const INLINE_POLICIES_CHARACTERS = 10240;
const TRUST_POLICY_CHARACTERS = 2048;
const MANAGED_POLICIES_PER_ROLE = 10;

/** What of AWS's own policies functions are usually given. */
const AWS_MANAGED: Record<string, PolicyDocument> = {
  'service-role/AWSLambdaBasicExecutionRole': {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'], Resource: '*' }],
  },
};

interface RoleEntity {
  readonly arn: string;
  readonly inline: Map<string, PolicyDocument>;
  readonly managed: Set<string>;
}

export interface IamSettings {
  /** Milliseconds until a new or changed policy is in effect: IAM is eventually consistent. @default 0 */
  policyDelay: number;
}

/** What IAM knows of names, attachments and sizes, which the evaluating `Iam` does not need. */
export class IamEntities {
  private readonly roles = new Map<string, RoleEntity>();
  private readonly policies = new Map<string, PolicyDocument>();
  /** Which change of a policy of a role is the newest, as an older one may still be on its way. */
  private readonly newest = new Map<string, symbol>();

  constructor(
    private readonly clock: Clock, private readonly iam: Iam, private readonly settings: IamSettings, private readonly stopped: AbortSignal,
  ) {}

  createRole(request: ResourceRequest, name: string, trust: PolicyDocument): string {
    const { RoleName, Path = '/' } = request.properties;
    const arn = arnOf(request, `role${Path}${name}`);
    if (RoleName && this.iam.hasRole(arn)) throw new Error(`Role with name ${name} already exists.`);
    this.setTrust(arn, trust);
    this.roles.set(`${request.stack.account}/${name}`, { arn, inline: new Map(), managed: new Set() });
    return arn;
  }

  setTrust(roleArn: string, trust: PolicyDocument): void {
    if (characters(trust) > TRUST_POLICY_CHARACTERS) throw new Error(`Cannot exceed quota for ACLSizePerRole: ${TRUST_POLICY_CHARACTERS}`);
    this.iam.putRole({ arn: roleArn, assumeRolePolicy: trust });
  }

  deleteRole({ stack }: ResourceRequest, name: string): void {
    const key = `${stack.account}/${name}`;
    const role = this.roles.get(key);
    if (!role) return;
    this.iam.deleteRole(role.arn);
    this.roles.delete(key);
  }

  putInline(request: ResourceRequest, roleName: string, policyName: string, document: PolicyDocument): void {
    const role = this.role(request, roleName);
    const others = [...role.inline].filter(([name]) => name !== policyName).map(([, each]) => characters(each));
    if (others.reduce((sum, each) => sum + each, characters(document)) > INLINE_POLICIES_CHARACTERS) {
      throw new Error(`Maximum policy size of ${INLINE_POLICIES_CHARACTERS} bytes exceeded for role ${roleName}`);
    }
    role.inline.set(policyName, document);
    this.putIntoEffect(role.arn, `inline/${policyName}`, document);
  }

  removeInline(request: ResourceRequest, roleName: string, policyName: string): void {
    const role = this.role(request, roleName);
    role.inline.delete(policyName);
    this.takeOutOfEffect(role.arn, `inline/${policyName}`);
  }

  putManaged(policyArn: string, document: PolicyDocument): void {
    if (characters(document) > MANAGED_POLICY_CHARACTERS) throw new Error(`Cannot exceed quota for PolicySize: ${MANAGED_POLICY_CHARACTERS}`);
    this.policies.set(policyArn, document);
    for (const { arn } of this.rolesWith(policyArn)) this.putIntoEffect(arn, policyArn, document);
  }

  deleteManaged(policyArn: string): void {
    for (const role of this.rolesWith(policyArn)) {
      role.managed.delete(policyArn);
      this.takeOutOfEffect(role.arn, policyArn);
    }
    this.policies.delete(policyArn);
  }

  attach(request: ResourceRequest, roleName: string, policyArn: string): void {
    const role = this.role(request, roleName);
    const document = this.policies.get(policyArn) ?? AWS_MANAGED[/:iam::aws:policy\/(.+)$/.exec(policyArn)?.[1] ?? ''];
    if (!document) throw new Error(`Policy ${policyArn} does not exist or is not attachable (of AWS's own the local cloud knows ${Object.keys(AWS_MANAGED)}).`);
    role.managed.add(policyArn);
    if (role.managed.size > MANAGED_POLICIES_PER_ROLE) {
      role.managed.delete(policyArn);
      throw new Error(`Cannot exceed quota for PoliciesPerRole: ${MANAGED_POLICIES_PER_ROLE}`);
    }
    this.putIntoEffect(role.arn, policyArn, document);
  }

  detach(request: ResourceRequest, roleName: string, policyArn: string): void {
    const role = this.role(request, roleName);
    role.managed.delete(policyArn);
    this.takeOutOfEffect(role.arn, policyArn);
  }

  private putIntoEffect(roleArn: string, policyKey: string, document: PolicyDocument): void {
    const { policyDelay } = this.settings;
    if (policyDelay === 0) return this.iam.putRolePolicy(roleArn, policyKey, document);
    const change = Symbol(policyKey);
    this.newest.set(`${roleArn} ${policyKey}`, change);
    const takeEffect = () => {
      if (this.newest.get(`${roleArn} ${policyKey}`) === change && this.iam.hasRole(roleArn)) this.iam.putRolePolicy(roleArn, policyKey, document);
    };
    this.clock.sleep(policyDelay, this.stopped).then(takeEffect, () => undefined);
  }

  private takeOutOfEffect(roleArn: string, policyKey: string): void {
    this.newest.delete(`${roleArn} ${policyKey}`);
    this.iam.removeRolePolicy(roleArn, policyKey);
  }

  /** Also a role that is not from a stack. */
  private role(request: ResourceRequest, name: string): RoleEntity {
    const key = `${request.stack.account}/${name}`;
    const known = this.roles.get(key);
    if (known) return known;
    const arn = arnOf(request, `role/${name}`);
    if (!this.iam.hasRole(arn)) throw new Error(`The role with name ${name} cannot be found.`);
    const found = { arn, inline: new Map(), managed: new Set<string>() };
    this.roles.set(key, found);
    return found;
  }

  private rolesWith(policyArn: string): RoleEntity[] {
    return [...this.roles.values()].filter(({ managed }) => managed.has(policyArn));
  }
}

export class RoleProvider implements ResourceProvider {
  readonly replacedBy = ['RoleName', 'Path'];

  constructor(private readonly entities: IamEntities) {}

  create(request: ResourceRequest): Physical {
    const name: string = request.properties.RoleName ?? physicalName(request);
    const arn = this.entities.createRole(request, name, request.properties.AssumeRolePolicyDocument);
    try {
      this.change(request, name, {}, request.properties);
    } catch (error) {
      this.entities.deleteRole(request, name);
      throw error;
    }
    return { physicalId: name, attributes: { Arn: arn, RoleId: `AROA${name.toUpperCase()}` } };
  }

  update(request: ResourceRequest, previous: PreviousState): Physical {
    this.entities.setTrust(previous.attributes.Arn as string, request.properties.AssumeRolePolicyDocument);
    this.change(request, previous.physicalId, previous.properties, request.properties);
    return previous;
  }

  delete(request: ResourceRequest, { physicalId }: PreviousState): void {
    this.entities.deleteRole(request, physicalId);
  }

  private change(request: ResourceRequest, name: string, before: Properties, after: Properties): void {
    const policies: { PolicyName: string; PolicyDocument: PolicyDocument }[] = after.Policies ?? [];
    const names = policies.map(({ PolicyName }) => PolicyName);
    for (const { PolicyName } of before.Policies ?? []) {
      if (!names.includes(PolicyName)) this.entities.removeInline(request, name, PolicyName);
    }
    for (const { PolicyName, PolicyDocument: document } of policies) this.entities.putInline(request, name, PolicyName, document);
    const [gone, come] = difference(before.ManagedPolicyArns, after.ManagedPolicyArns);
    for (const arn of gone) this.entities.detach(request, name, arn);
    for (const arn of come) this.entities.attach(request, name, arn);
  }
}

export class PolicyProvider implements ResourceProvider {
  readonly replacedBy = ['PolicyName'];

  constructor(private readonly entities: IamEntities) {}

  create(request: ResourceRequest): Physical {
    const { PolicyName, PolicyDocument: document, Roles = [] } = request.properties;
    for (const role of Roles) this.entities.putInline(request, role, PolicyName, document);
    return { physicalId: physicalName(request), attributes: {} };
  }

  update(request: ResourceRequest, previous: PreviousState): Physical {
    const { PolicyName, PolicyDocument: document, Roles = [] } = request.properties;
    const [gone] = difference(previous.properties.Roles, Roles);
    for (const role of gone) this.entities.removeInline(request, role, PolicyName);
    for (const role of Roles) this.entities.putInline(request, role, PolicyName, document);
    return previous;
  }

  delete(request: ResourceRequest): void {
    for (const role of request.properties.Roles ?? []) this.entities.removeInline(request, role, request.properties.PolicyName);
  }
}

export class ManagedPolicyProvider implements ResourceProvider {
  readonly replacedBy = ['ManagedPolicyName', 'Path', 'Description'];

  constructor(private readonly entities: IamEntities) {}

  create(request: ResourceRequest): Physical {
    const { ManagedPolicyName = physicalName(request, 128), Path = '/', PolicyDocument: document, Roles = [] } = request.properties;
    const arn = arnOf(request, `policy${Path}${ManagedPolicyName}`);
    this.entities.putManaged(arn, document);
    try {
      for (const role of Roles) this.entities.attach(request, role, arn);
    } catch (error) {
      this.entities.deleteManaged(arn);
      throw error;
    }
    return { physicalId: arn, attributes: { PolicyArn: arn } };
  }

  update(request: ResourceRequest, previous: PreviousState): Physical {
    const arn = previous.physicalId;
    this.entities.putManaged(arn, request.properties.PolicyDocument);
    const [gone, come] = difference(previous.properties.Roles, request.properties.Roles);
    for (const role of gone) this.entities.detach(request, role, arn);
    for (const role of come) this.entities.attach(request, role, arn);
    return previous;
  }

  delete(_request: ResourceRequest, { physicalId }: PreviousState): void {
    this.entities.deleteManaged(physicalId);
  }
}

function difference(before: readonly string[] = [], after: readonly string[] = []): [gone: string[], come: string[]] {
  return [before.filter((each) => !after.includes(each)), after.filter((each) => !before.includes(each))];
}

function characters(document: PolicyDocument): number {
  return JSON.stringify(document).replace(/\s/g, '').length;
}

function arnOf({ stack }: ResourceRequest, resource: string): string {
  return `arn:${stack.partition}:iam::${stack.account}:${resource}`;
}
