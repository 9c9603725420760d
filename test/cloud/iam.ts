// IAM of the local cloud: roles with their trust and their policies, and whether a call is allowed.
import { Principal } from './credentials';
import { applies, evaluate, listOf, PolicyDocument, PolicyRequest, PolicyStatement, statementsOf } from './iam-policy';
import { ServiceError } from './service-error';

export interface Role {
  readonly arn: string;
  /** Who may assume it. */
  readonly assumeRolePolicy: PolicyDocument;
}

export class Iam {
  private readonly roles = new Map<string, {
    assumeRolePolicy: PolicyDocument;
    policies: Map<string, PolicyDocument>;
  }>();

  /** Creates the role, or gives the existing one another trust. */
  putRole(role: Role): void {
    this.roles.set(role.arn, {
      assumeRolePolicy: role.assumeRolePolicy, policies: this.roles.get(role.arn)?.policies ?? new Map(),
    });
  }

  /** Sessions of a deleted role may do nothing any more. */
  deleteRole(arn: string): void {
    this.roles.delete(arn);
  }

  hasRole(arn: string): boolean {
    return this.roles.has(arn);
  }

  /** By its name, which is unique in an account whatever the path. */
  findRole(account: string, name: string): string | undefined {
    return [...this.roles.keys()].find((arn) => accountOf(arn) === account && roleName(arn) === name);
  }

  /** @param policyKey whatever names the policy to its maker: an inline policy's name, a managed policy's ARN */
  putRolePolicy(roleArn: string, policyKey: string, document: PolicyDocument): void {
    const role = this.roles.get(roleArn);
    if (!role) throw new ServiceError('NoSuchEntity', 404, `The role with name ${roleName(roleArn)} cannot be found.`);
    role.policies.set(policyKey, document);
  }

  /** Both may be gone already: a stack deletes roles and policies in an order of its own. */
  removeRolePolicy(roleArn: string, policyKey: string): void {
    this.roles.get(roleArn)?.policies.delete(policyKey);
  }

  /** Throws a ServiceError when the principal's policies do not allow the call. */
  authorize(principal: Principal, action: string, resource: string, context: Record<string, string[]> = {}): void {
    if (this.identityEffect(principal, { action, resource, context }) !== 'Allow') {
      throw denied(principal, action, resource);
    }
  }

  /**
   * Throws unless the role's trust lets the caller in. A trust that names the caller itself is
   * enough within one account; one that names the account, and every trust across accounts, asks
   * the caller's own policies too:
   * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
   */
  authorizeAssumeRole(principal: Principal, roleArn: string, context: Record<string, string[]> = {}): void {
    const request = {
      action: 'sts:AssumeRole', resource: roleArn, context: { ...principalContext(principal), ...context },
    };
    const own = this.identityEffect(principal, request);
    const trust = this.trustOf(principal, roleArn, request);
    const sameAccount = accountOf(roleArn) === principal.account;
    const allowed = own !== 'Deny' && ((trust === 'caller' && sameAccount) || (trust !== 'nobody' && own === 'Allow'));
    // STS does not tell a role that is not there from one that does not trust the caller.
    if (!allowed) throw denied(principal, 'sts:AssumeRole', roleArn);
  }

  /** Whether the trust of a role lets in an AWS service, which acts for a resource that the context names. */
  serviceMayAssume(service: string, roleArn: string, context: Record<string, string[]>): boolean {
    const trust = this.roles.get(roleArn)?.assumeRolePolicy;
    const request: PolicyRequest = { action: 'sts:AssumeRole', context };
    const effects = (trust ? statementsOf(trust) : []).filter((each) => applies(each, request)
      && (each.Principal === '*' || listOf(each.Principal?.Service).includes(service))).map(({ Effect }) => Effect);
    return effects.includes('Allow') && !effects.includes('Deny');
  }

  private identityEffect(principal: Principal, request: PolicyRequest): 'Allow' | 'Deny' | 'None' {
    if (!principal.roleArn) return 'Allow';
    return evaluate(this.roles.get(principal.roleArn)?.policies.values() ?? [], {
      ...request, context: { ...principalContext(principal), ...request.context },
    });
  }

  private trustOf(principal: Principal, roleArn: string, request: PolicyRequest): 'caller' | 'account' | 'nobody' {
    const role = this.roles.get(roleArn);
    // A trust policy has no Resource element: it is about its own role.
    const statements = role
      ? statementsOf(role.assumeRolePolicy).filter((each) => applies(each, { ...request, resource: undefined }))
      : [];
    const trusted = (effect: PolicyStatement['Effect']) =>
      statements.filter((each) => each.Effect === effect).map((each) => principalMatch(each, principal));
    if (trusted('Deny').some((match) => match !== 'nobody')) return 'nobody';
    const allowing = trusted('Allow');
    return allowing.includes('caller') ? 'caller' : allowing.includes('account') ? 'account' : 'nobody';
  }
}

/** `arn:aws:sts::111111111111:assumed-role/Name/session`, or the account itself for an administrator. */
export function callerArn(principal: Principal): string {
  if (!principal.roleArn) return rootArn(principal.account, 'aws');
  const [, partition] = principal.roleArn.split(':');
  return `arn:${partition}:sts::${principal.account}:assumed-role/${roleName(principal.roleArn)}/session`;
}

export function accountOf(arn: string): string {
  return arn.split(':')[4];
}

export function roleName(roleArn: string): string {
  return roleArn.split('/').at(-1)!;
}

function principalContext(principal: Principal): Record<string, string[]> {
  return {
    'aws:PrincipalArn': [principal.roleArn ?? rootArn(principal.account, 'aws')],
    'aws:PrincipalAccount': [principal.account],
    // Only a call of the code has it: https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
    ...principal.functionArn && { 'lambda:SourceFunctionArn': [principal.functionArn] },
  };
}

function principalMatch(statement: PolicyStatement, principal: Principal): 'caller' | 'account' | 'nobody' {
  const named = statement.Principal === '*' ? ['*'] : listOf(statement.Principal?.AWS);
  if (named.some((each) => each === '*' || each === principal.roleArn)) return 'caller';
  const account = (each: string) =>
    each === principal.account || /^arn:[\w-]+:iam::(\d+):root$/.exec(each)?.[1] === principal.account;
  return named.some(account) ? 'account' : 'nobody';
}

function rootArn(account: string, partition: string): string {
  return `arn:${partition}:iam::${account}:root`;
}

function denied(principal: Principal, action: string, resource: string): ServiceError {
  return new ServiceError('AccessDeniedException', 403,
    `User: ${callerArn(principal)} is not authorized to perform: ${action} on resource: ${resource}`);
}
