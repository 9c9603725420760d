// The document of a shared policy, as the class that CDK's ManagedPolicy takes.
import { createHash } from 'crypto';
import { IResolveContext, Stack } from 'aws-cdk-lib';
import { PolicyDocument } from 'aws-cdk-lib/aws-iam';
import { policyDescription, policyDocument } from './merged-policy';
import { Permission } from './permissions';

/** It is made anew whenever it is asked for, as permissions are still added. */
export class MergedDocument extends PolicyDocument {
  private kept?: string;

  constructor(private readonly stack: Stack, private readonly permissions: () => readonly Permission[]) {
    super();
  }

  public get isEmpty(): boolean {
    return false;
  }

  public resolve(context: IResolveContext): any {
    return context.resolve(this.toJSON());
  }

  public toJSON(): any {
    return policyDocument(this.stack, this.permissions());
  }

  public get description(): string | undefined {
    return policyDescription(this.stack, this.permissions());
  }

  /**
   * A hash of the content. CDK asks for the logical id many times, so the hash is kept.
   *
   * While CDK prepares the template, there is no hash. At that time CDK still looks for references to
   * other stacks, and replaces them in the template afterwards.
   */
  public hash(preparing: boolean): string {
    if (preparing) {
      this.kept = undefined;
      return '';
    }
    return this.kept ??= createHash('sha256').update(JSON.stringify(this.stack.resolve(this.toJSON())))
      .digest('hex').slice(0, 8).toUpperCase();
  }
}
