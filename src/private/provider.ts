// What all constructs of a stack share: the functions, and what the constructs say about them.
import { Stack } from 'aws-cdk-lib';
import { Construct, IConstruct, IDependable } from 'constructs';
import { FunctionSettings } from './function-settings';
import { ownPermission, Permission, selfInvokePermission } from './permissions';
import { Rotation } from './rotation';
import { Schedules } from './schedules';
import { ONLY_YOURS, SharedFunction } from './shared-function';
import { SharedPolicies } from './shared-policies';
import { Turns } from './turns';
import { Watcher } from './watcher';
import type { DkimFunctionOptions } from '../dkim-function';

/**
 * Id of the provider in the stack. It never changes, because CloudFormation would replace the function
 * of every stack.
 */
const ID = 'cdk-ses-dkim';

export class Provider extends Construct {
  /** The provider of the stack, with its function. */
  public static of(scope: IConstruct): Provider {
    const provider = Provider.in(Stack.of(scope));
    provider.function ??= new SharedFunction(provider, {
      description: 'DKIM signing of SES identities (cdk-ses-dkim)',
      handler: 'deployment/index.handler',
      memorySize: 512,
      whyNo: { queue: 'A lost event fails the deployment', concurrency: ONLY_YOURS },
      permissions: (arn, log) => [selfInvokePermission(arn), ownPermission(Stack.of(provider), log)],
    }, provider.settings.options);
    return provider;
  }

  /** Sets the functions of the stack, before or after they are made. */
  public static configure(scope: IConstruct, options: DkimFunctionOptions): void {
    const { settings, function: made, rotates, watches } = Provider.in(Stack.of(scope));
    settings.add(scope, options);
    for (const each of [made, rotates, watches]) each?.apply(options);
  }

  private static in(stack: Stack): Provider {
    const existing = stack.node.tryFindChild(ID);
    if (existing && !(existing instanceof Provider)) {
      throw new Error(`The id '${ID}' in stack '${stack.stackName}' is taken by another construct, or by another copy `
        + 'of this library. Give that construct another id, and install the library only once');
    }
    return existing ?? new Provider(stack);
  }

  /** The turns of the custom resources that the function serves. */
  public readonly turns: Turns;
  private function?: SharedFunction;
  private policies?: SharedPolicies;
  private rotates?: Rotation;
  private watches?: Watcher;
  private readonly settings: FunctionSettings;

  private constructor(stack: Stack) {
    super(stack, ID);
    this.turns = new Turns(stack);
    this.settings = new FunctionSettings(stack);
    this.node.addValidation({ validate: () => this.policies?.problems(this.function!) ?? [] });
  }

  public get serviceToken(): string {
    return this.function!.arn;
  }

  /** Gives the function the permissions for one identity. Its custom resource must depend on the result. */
  public grant(permissions: Permission[]): IDependable {
    this.policies ??= new SharedPolicies(this, this.function!.role, this.function!.ownPermissions);
    return this.policies.grant(permissions);
  }

  /** For one more identity that waits for verification. A stack in which none waits has no schedules. */
  public schedules(): Schedules {
    const id = 'Schedules';
    const schedules = this.node.tryFindChild(id) as Schedules | undefined ?? new Schedules(this, id, this.function!);
    schedules.addIdentity();
    return schedules;
  }

  /** The function that changes keys. A stack without a rotating key has none. */
  public rotation(): Rotation {
    return this.rotates ??= new Rotation(this, 'Rotation', this.settings.options, () => this.policies);
  }

  /** The function that looks. A stack in which nothing is watched has none. */
  public watcher(): Watcher {
    return this.watches ??= new Watcher(this, 'Watch', this.settings.options);
  }
}
