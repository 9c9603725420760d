// IAM of the local cloud: roles with their trust and their policies, and whether a call is allowed.
import { Principal } from './credentials';
import { PolicyDocument } from './iam-policy';

export interface Role {
  readonly arn: string;
  /** Who may assume it. */
  readonly assumeRolePolicy: PolicyDocument;
}

export class Iam {
  putRole(_role: Role): void {}
  deleteRole(_arn: string): void {}
  putRolePolicy(_roleArn: string, _policyKey: string, _document: PolicyDocument): void {}
  removeRolePolicy(_roleArn: string, _policyKey: string): void {}
  /** Throws a ServiceError when the principal's policies do not allow the call. */
  authorize(_principal: Principal, _action: string, _resource: string, _context: Record<string, string[]> = {}): void {}
}
