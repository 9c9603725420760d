// All stacks of the local cloud: what may be done with a stack in its status, and what is being done.
import { isDeepStrictEqual } from 'node:util';
import { CustomResources } from './custom-resource';
import { DescribeLimitSettings } from './describe-limit';
import { OnFailure, Stack } from './engine';
import { planOf, StackInput, validationError } from './plan';
import { Plan } from './resource';
import { IamSettings, resourceProviders, Services } from './resources';
import { ResourceProvider } from './resources/provider';
import { ResponseEndpoint, ResponseUrlSettings } from './response-endpoint';
import { StackIdentity } from './template';
import { CloudContext } from '../http-service';
import { partitionOf } from '../partition';
import { ServiceError } from '../service-error';
import { randomUuid } from '../time/random';

/** The account and Region that a caller works in. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

export interface CloudFormationSettings extends DescribeLimitSettings, ResponseUrlSettings {
  /**
   * For so long a description of a resource shows what was before. Unknown on AWS. 0, as each of the function's first
   * looks would cost that time, and most tests count calls and seconds.
   */
  staleForMs: number;
}

export class Stacks {
  /** Tests may change it at any time. */
  readonly settings: CloudFormationSettings = {
    describesPerSecond: 10, responseUrlSignature: 'version 4', staleForMs: 0,
  };
  /** How IAM resources behave; tests may change it at any time. */
  readonly iamSettings: IamSettings = { policyDelay: 0, managedPoliciesPerRole: 10 };
  /** Directory of a function's code by its `Code.S3Key`: what has been published for templates to use. */
  readonly assets = new Map<string, string>();
  private readonly stacks: Stack[] = [];
  private readonly operations = new Map<Stack, Promise<void>>();
  private readonly providers: Readonly<Record<string, ResourceProvider>>;
  private readonly endpoint: ResponseEndpoint;
  private readonly customResources: ResourceProvider;
  private readonly stopped = new AbortController();

  constructor(private readonly context: CloudContext, services: Services) {
    this.endpoint = new ResponseEndpoint(context, this.settings);
    this.providers = resourceProviders(context, services, this.iamSettings, this.stopped.signal);
    this.customResources = new CustomResources(context, services.lambda, this.endpoint, this.stopped.signal);
  }

  start(): Promise<void> {
    return this.endpoint.start();
  }

  /** Ends what is going on, as a failure. */
  async stop(): Promise<void> {
    this.stopped.abort(new Error('the local cloud was stopped'));
    await Promise.all(this.operations.values());
    await this.endpoint.stop();
  }

  /** Begins to create a stack. */
  create(place: Place, input: StackInput, onFailure: OnFailure): Stack {
    const { stackName: name } = input;
    if (this.find(place, name)) throw new ServiceError('AlreadyExistsException', 400, `Stack [${name}] already exists`);
    const { account, region } = place;
    const partition = partitionOf(region);
    const id = `arn:${partition}:cloudformation:${region}:${account}:stack/${name}/${randomUuid(this.context.random)}`;
    const identity = { id, name, account, region, partition };
    const plan = this.plan(identity, input);
    const stack = new Stack(identity, {
      clock: this.context.clock,
      random: this.context.random,
      assets: this.assets,
      provider: (type) => this.provider(type),
      importValue: (exportName) => this.importValue(exportName, identity),
    });
    this.stacks.push(stack);
    this.operate(stack, () => stack.create(plan, onFailure));
    return stack;
  }

  /** Begins to update a stack. After a failure without a roll-back, the same template may be tried again. */
  update(place: Place, input: StackInput, onFailure: OnFailure): Stack {
    const stack = this.existing(place, input.stackName);
    const plan = this.plan(stack.identity, input);
    if (hasFailedForward(stack)) {
      if (onFailure !== 'preserve') {
        throw validationError(`This stack is currently in a non-terminal [${stack.status}] state. `
          + 'To update the stack from this state, please use the disable-rollback parameter with update-stack API. '
          + 'To rollback to the last known good state, use the rollback-stack API');
      }
    } else if (!stack.isComplete) {
      throw inStatus(stack, 'can not be updated.');
    } else if (isDeepStrictEqual([plan.template, plan.parameters], [stack.plan!.template, stack.plan!.parameters])) {
      throw validationError('No updates are to be performed.');
    }
    this.operate(stack, () => stack.update(plan, onFailure));
    return stack;
  }

  cancelUpdate(place: Place, nameOrId: string): void {
    const stack = this.existing(place, nameOrId);
    if (stack.status !== 'UPDATE_IN_PROGRESS') {
      throw validationError('CancelUpdateStack cannot be called from current stack status');
    }
    stack.cancelUpdate();
  }

  /** Begins to bring a stack back that failed without a roll-back. */
  rollBack(place: Place, nameOrId: string): Stack {
    const stack = this.existing(place, nameOrId);
    // The text is not known.
    if (!hasFailedForward(stack)) throw inStatus(stack, 'can not be rolled back.');
    this.operate(stack, () => stack.rollBack());
    return stack;
  }

  /** Begins to go on with a roll-back that failed. Only what failed in it can be skipped. */
  continueRollBack(place: Place, nameOrId: string, resourcesToSkip: readonly string[]): void {
    const stack = this.existing(place, nameOrId);
    // Neither text is known.
    if (stack.status !== 'UPDATE_ROLLBACK_FAILED') throw inStatus(stack, 'its roll-back can not be continued.');
    const others = resourcesToSkip.filter((logicalId) => stack.resources.get(logicalId)?.failed !== 'rollback');
    if (others.length > 0) {
      throw validationError(`Only resources whose roll-back failed can be skipped, not [${others.join(', ')}].`);
    }
    this.operate(stack, () => stack.continueRollBack(new Set(resourcesToSkip)));
  }

  /** Begins to delete a stack. It can be repeated after DELETE_FAILED. A stack that is not there is no error. */
  delete(place: Place, nameOrId: string, retainResources: readonly string[]): void {
    const stack = this.find(place, nameOrId);
    if (!stack || stack.status === 'DELETE_COMPLETE') return;
    if (retainResources.length > 0 && stack.status !== 'DELETE_FAILED') {
      throw validationError(`Invalid operation on stack [${stack.identity.id}]. `
        + 'Specify which resources to retain only when the stack is in the DELETE_FAILED state.');
    }
    this.refuseWhileImported(stack);
    this.operate(stack, () => stack.delete(new Set(retainResources)));
  }

  /** Resolves when nothing is going on with the stack any more. */
  async end(stack: Stack): Promise<void> {
    await this.operations.get(stack);
  }

  /** A deleted stack is found by its id only. */
  existing(place: Place, nameOrId: string): Stack {
    const stack = this.find(place, nameOrId);
    if (!stack) throw validationError(`Stack with id ${nameOrId} does not exist`);
    return stack;
  }

  find(place: Place, nameOrId: string): Stack | undefined {
    return this.stacksOf(place).find(({ identity, status }) =>
      identity.id === nameOrId || (identity.name === nameOrId && status !== 'DELETE_COMPLETE'));
  }

  private plan(identity: StackIdentity, input: StackInput): Plan {
    return planOf(identity, input, (type) => void this.provider(type));
  }

  private provider(type: string): ResourceProvider {
    if (type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource') return this.customResources;
    const known = this.providers[type];
    if (known) return known;
    throw new Error(`Template format error: Unrecognized resource type: ${type} `
      + `(the local CloudFormation knows ${Object.keys(this.providers).join(', ')})`);
  }

  private importValue(name: string, place: Place): string {
    const exporting = this.stacksOf(place).find((stack) => stack.status !== 'DELETE_COMPLETE' && name in stack.exports);
    if (!exporting) throw new Error(`No export named ${name} found.`);
    return exporting.exports[name];
  }

  private refuseWhileImported({ identity, exports }: Stack): void {
    const others = this.stacksOf(identity).filter(({ plan, status }) => status !== 'DELETE_COMPLETE' && plan);
    for (const name of Object.keys(exports)) {
      const importing = others.find(({ plan }) => imports(plan!, name));
      if (!importing) continue;
      throw validationError(`Export ${name} cannot be deleted as it is in use by ${importing.identity.name}`);
    }
  }

  private stacksOf({ account, region }: Place): Stack[] {
    return this.stacks.filter(({ identity }) => identity.account === account && identity.region === region);
  }

  private operate(stack: Stack, operation: () => Promise<void>): void {
    if (this.operations.has(stack)) {
      throw inStatus(stack, 'another operation is going on.');
    }
    const note = (error: Error) => {
      stack.broken = error;
    };
    this.operations.set(stack, operation().catch(note).finally(() => this.operations.delete(stack)));
  }
}

function inStatus({ identity, status }: Stack, consequence: string): ServiceError {
  return validationError(`Stack:${identity.id} is in ${status} state and ${consequence}`);
}

/** CREATE_FAILED and UPDATE_FAILED: what a deployment without roll-back ends in. */
function hasFailedForward({ status }: Stack): boolean {
  return status === 'CREATE_FAILED' || status === 'UPDATE_FAILED';
}

function imports({ template }: Plan, name: string): boolean {
  return JSON.stringify(template).includes(`{"Fn::ImportValue":${JSON.stringify(name)}}`);
}
