// The policies of functions: which services may invoke which function, as AddPermission writes them.
// https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html
import { applies, PolicyStatement } from '../iam-policy';

/** What `AWS::Lambda::Permission` has. */
export interface Permission {
  readonly functionArn: string;
  readonly action: string;
  /** A service, such as `events.amazonaws.com`, or an account. */
  readonly principal: string;
  readonly sourceAccount?: string;
  readonly sourceArn?: string;
}

/** The service that calls, and for which resource of which account it does. */
export interface ServiceCaller {
  readonly service: string;
  readonly sourceAccount: string;
  /** Left out by a service that does not say. */
  readonly sourceArn?: string;
}

export class Permissions {
  private readonly statements = new Map<string, PolicyStatement>();

  /** @param id names it in the function's policy */
  add(id: string, { functionArn, action, principal, sourceAccount, sourceArn }: Permission): void {
    this.statements.set(id, {
      Effect: 'Allow',
      Principal: principal.endsWith('.amazonaws.com') ? { Service: principal } : { AWS: principal },
      Action: action,
      Resource: functionArn,
      Condition: {
        ...sourceAccount && { StringEquals: { 'AWS:SourceAccount': sourceAccount } },
        ...sourceArn && { ArnLike: { 'AWS:SourceArn': sourceArn } },
      },
    });
  }

  remove(id: string): void {
    this.statements.delete(id);
  }

  /** The policy goes with its function. */
  removeAll(functionArn: string): void {
    for (const [id, { Resource }] of this.statements) if (Resource === functionArn) this.statements.delete(id);
  }

  allow({ service, sourceAccount, sourceArn }: ServiceCaller, functionArn: string): boolean {
    const request = {
      action: 'lambda:InvokeFunction',
      resource: functionArn,
      context: { 'aws:SourceAccount': [sourceAccount], ...sourceArn && { 'aws:SourceArn': [sourceArn] } },
    };
    return [...this.statements.values()].some((each) =>
      (each.Principal as Record<string, string>).Service === service && applies(each, request));
  }
}
