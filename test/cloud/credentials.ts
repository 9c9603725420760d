// All credentials that the local cloud has issued, and the principal that each belongs to.
import { Random, randomText } from './time/random';

export interface Principal {
  readonly account: string;
  /** ARN of the role behind a session; without one the caller is the account's administrator, who may do all. */
  readonly roleArn?: string;
  /** Set for the process of a Lambda function, so that a fault can kill just that one. */
  readonly processId?: string;
  /** Of the function whose code calls. */
  readonly functionArn?: string;
}

export interface CredentialSet {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

const HEX = '0123456789abcdef';

export class Credentials {
  private readonly principals = new Map<string, Principal>();

  constructor(private readonly random: Random = Math.random) {}

  issue(principal: Principal): CredentialSet {
    const accessKeyId =
      `${principal.roleArn ? 'ASIA' : 'AKIA'}${randomText(this.random, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}`;
    this.principals.set(accessKeyId, principal);
    return {
      accessKeyId, secretAccessKey: randomText(this.random, HEX, 40), sessionToken: randomText(this.random, HEX, 40),
    };
  }

  find(accessKeyId: string): Principal | undefined {
    return this.principals.get(accessKeyId);
  }
}
