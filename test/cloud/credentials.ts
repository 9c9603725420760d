// Who calls: every set of credentials given out in the local cloud, and the principal behind it.
import { randomBytes } from 'node:crypto';

export interface Principal {
  readonly account: string;
  /** ARN of the role behind a session; without one the caller is the account's administrator, who may do all. */
  readonly roleArn?: string;
  /** Set for the process of a Lambda function, so that a fault can kill just that one. */
  readonly processId?: string;
}

export interface CredentialSet {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export class Credentials {
  private readonly principals = new Map<string, Principal>();

  issue(principal: Principal): CredentialSet {
    const accessKeyId = `${principal.roleArn ? 'ASIA' : 'AKIA'}${randomBytes(8).toString('hex').toUpperCase()}`;
    this.principals.set(accessKeyId, principal);
    return { accessKeyId, secretAccessKey: randomBytes(20).toString('hex'), sessionToken: randomBytes(20).toString('hex') };
  }

  find(accessKeyId: string): Principal | undefined {
    return this.principals.get(accessKeyId);
  }
}
