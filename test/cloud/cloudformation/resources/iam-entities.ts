// The names, attachments, sizes and quotas that CloudFormation meets in IAM. Whether a call is allowed, `Iam` knows.
import { ResourceRequest } from './provider';
import { Iam } from '../../iam';
import { PolicyDocument } from '../../iam-policy';
import { Clock } from '../../time/clock';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, in characters without white space. */
const MANAGED_POLICY_CHARACTERS = 6144;
const INLINE_POLICIES_CHARACTERS = 10240;
const TRUST_POLICY_CHARACTERS = 2048;

/** What of AWS's own policies functions are usually given. */
const AWS_MANAGED: Record<string, PolicyDocument> = {
  'service-role/AWSLambdaBasicExecutionRole': {
    Version: '2012-10-17',
    Statement: [{
      Effect: 'Allow', Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'], Resource: '*',
    }],
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
  /** A quota of the account, which AWS raises to 20 when it is asked. @default 10 */
  managedPoliciesPerRole: number;
}

export class IamEntities {
  private readonly roles = new Map<string, RoleEntity>();
  /** By ARN. */
  private readonly policies = new Map<string, PolicyDocument>();
  /** Which change of a policy of a role is the newest, as an older one may still be on its way. */
  private readonly newest = new Map<string, symbol>();

  constructor(
    private readonly clock: Clock,
    private readonly iam: Iam,
    private readonly settings: IamSettings,
    private readonly stopped: AbortSignal,
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
    if (characters(trust) > TRUST_POLICY_CHARACTERS) throw quotaExceeded('ACLSizePerRole', TRUST_POLICY_CHARACTERS);
    this.iam.putRole({ arn: roleArn, assumeRolePolicy: trust });
  }

  /** Refused while somebody else's policies are with the role: the role's own have to be taken from it before. */
  deleteRole({ stack }: ResourceRequest, name: string): void {
    const key = `${stack.account}/${name}`;
    const role = this.roles.get(key);
    if (!role) return;
    if (role.managed.size > 0) throw new Error('Cannot delete entity, must detach all policies first.');
    if (role.inline.size > 0) throw new Error('Cannot delete entity, must delete policies first.');
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

  /**
   * Names are unique in an account, whatever the path, and without regard to case. So a policy with a name of its own
   * cannot move to another logical id: the new one is made before the old one goes.
   */
  createManaged(request: ResourceRequest, name: string, path: string, document: PolicyDocument): string {
    const { account } = request.stack;
    const names = [...this.policies.keys()].filter((arn) => accountOf(arn) === account).map(nameOf);
    if (names.includes(name.toLowerCase())) {
      throw new Error(`A policy called ${name} already exists. Duplicate names are not allowed.`);
    }
    const arn = arnOf(request, `policy${path}${name}`);
    this.putManaged(arn, document);
    return arn;
  }

  putManaged(policyArn: string, document: PolicyDocument): void {
    if (characters(document) > MANAGED_POLICY_CHARACTERS) throw quotaExceeded('PolicySize', MANAGED_POLICY_CHARACTERS);
    this.policies.set(policyArn, document);
    for (const { arn } of this.rolesWith(policyArn)) this.putIntoEffect(arn, policyArn, document);
  }

  deleteManaged(policyArn: string): void {
    if (this.rolesWith(policyArn).length > 0) throw new Error('Cannot delete a policy attached to entities.');
    this.policies.delete(policyArn);
  }

  attach(request: ResourceRequest, roleName: string, policyArn: string): void {
    const role = this.role(request, roleName);
    const document = this.policies.get(policyArn) ?? AWS_MANAGED[/:iam::aws:policy\/(.+)$/.exec(policyArn)?.[1] ?? ''];
    if (!document) {
      throw new Error(`Policy ${policyArn} does not exist or is not attachable `
        + `(of AWS's own the local cloud knows ${Object.keys(AWS_MANAGED)}).`);
    }
    const { managedPoliciesPerRole: quota } = this.settings;
    if (!role.managed.has(policyArn) && role.managed.size >= quota) throw quotaExceeded('PoliciesPerRole', quota);
    role.managed.add(policyArn);
    this.putIntoEffect(role.arn, policyArn, document);
  }

  /** Both may be gone already. */
  detach(request: ResourceRequest, roleName: string, policyArn: string): void {
    const role = this.roles.get(`${request.stack.account}/${roleName}`);
    if (!role) return;
    role.managed.delete(policyArn);
    this.takeOutOfEffect(role.arn, policyArn);
  }

  private putIntoEffect(roleArn: string, policyKey: string, document: PolicyDocument): void {
    const { policyDelay } = this.settings;
    if (policyDelay === 0) return this.iam.putRolePolicy(roleArn, policyKey, document);
    const change = Symbol(policyKey);
    this.newest.set(`${roleArn} ${policyKey}`, change);
    const takeEffect = () => {
      const isNewest = this.newest.get(`${roleArn} ${policyKey}`) === change;
      if (isNewest && this.iam.hasRole(roleArn)) this.iam.putRolePolicy(roleArn, policyKey, document);
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
    const arn = this.iam.findRole(request.stack.account, name);
    if (!arn) throw new Error(`The role with name ${name} cannot be found.`);
    const found = { arn, inline: new Map(), managed: new Set<string>() };
    this.roles.set(key, found);
    return found;
  }

  private rolesWith(policyArn: string): RoleEntity[] {
    return [...this.roles.values()].filter(({ managed }) => managed.has(policyArn));
  }
}

function quotaExceeded(quota: string, value: number): Error {
  return new Error(`Cannot exceed quota for ${quota}: ${value}`);
}

function characters(document: PolicyDocument): number {
  return JSON.stringify(document).replace(/\s/g, '').length;
}

function arnOf({ stack }: ResourceRequest, resource: string): string {
  return `arn:${stack.partition}:iam::${stack.account}:${resource}`;
}

function accountOf(arn: string): string {
  return arn.split(':')[4];
}

/** Lower case: IAM tells names that differ in case only not apart. */
function nameOf(arn: string): string {
  return arn.split('/').at(-1)!.toLowerCase();
}
