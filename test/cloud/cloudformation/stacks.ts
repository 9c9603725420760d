// All stacks of the local cloud: what CloudFormation refuses before it begins, and the operations that it then works on by itself.
import { isDeepStrictEqual } from 'node:util';
import { requiredCapability } from './capabilities';
import { CustomResources } from './custom-resource';
import { dependencyGraph } from './dependencies';
import { Plan, Stack } from './engine';
import { IamSettings, resourceProviders, Services } from './resources';
import { ResourceProvider } from './resources/provider';
import { ResponseEndpoint } from './response-endpoint';
import { Template } from './stack';
import { conditionValues, parameterValues, StackIdentity } from './template';
import { CloudContext } from '../http-service';
import { partitionOf } from '../partition';
import { ServiceError } from '../service-error';
import { randomUuid } from '../time/random';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const MAXIMUM_RESOURCES = 500;
/** Of a template in S3; the local cloud has none, and takes as long a one in the request. */
const MAXIMUM_TEMPLATE_BYTES = 1024 * 1024;

/** The account and Region that a caller works in. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

export interface StackInput {
  readonly stackName: string;
  readonly templateBody: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly capabilities: readonly string[];
}

export class Stacks {
  /** How IAM resources behave; tests may change it at any time. */
  readonly iamSettings: IamSettings = { policyDelay: 0 };
  /** Directory of a function's code by its `Code.S3Key`: what has been published for templates to use. */
  readonly assets = new Map<string, string>();
  private readonly stacks: Stack[] = [];
  private readonly operations = new Map<Stack, Promise<void>>();
  private readonly providers: Readonly<Record<string, ResourceProvider>>;
  private readonly endpoint: ResponseEndpoint;
  private readonly customResources: ResourceProvider;
  private readonly stopped = new AbortController();

  constructor(private readonly context: CloudContext, services: Services) {
    this.endpoint = new ResponseEndpoint(context);
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
  create(place: Place, input: StackInput): Stack {
    const { stackName: name } = input;
    if (this.find(place, name)) throw new ServiceError('AlreadyExistsException', 400, `Stack [${name}] already exists`);
    const { account, region } = place;
    const partition = partitionOf(region);
    const identity = { id: `arn:${partition}:cloudformation:${region}:${account}:stack/${name}/${randomUuid(this.context.random)}`, name, account, region, partition };
    const plan = this.plan(identity, input);
    const stack = new Stack(identity, {
      clock: this.context.clock,
      random: this.context.random,
      assets: this.assets,
      provider: (type) => this.provider(type),
      importValue: (exportName) => this.importValue(exportName, identity),
    });
    this.stacks.push(stack);
    this.operate(stack, () => stack.create(plan));
    return stack;
  }

  /** Begins to update a stack. */
  update(place: Place, input: StackInput): Stack {
    const stack = this.existing(place, input.stackName);
    const plan = this.plan(stack.identity, input);
    if (!['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'].includes(stack.status)) {
      throw invalid(`Stack:${stack.identity.id} is in ${stack.status} state and can not be updated.`);
    }
    if (isDeepStrictEqual([plan.template, plan.parameters], [stack.plan!.template, stack.plan!.parameters])) {
      throw invalid('No updates are to be performed.');
    }
    this.operate(stack, () => stack.update(plan));
    return stack;
  }

  /** Begins to delete a stack; after DELETE_FAILED that can be repeated, and of a stack that is not there it is no error. */
  delete(place: Place, nameOrId: string): void {
    const stack = this.find(place, nameOrId);
    if (!stack || stack.status === 'DELETE_COMPLETE') return;
    this.refuseWhileImported(stack);
    this.operate(stack, () => stack.delete());
  }

  /** Resolves when nothing is going on with the stack any more. */
  async end(stack: Stack): Promise<void> {
    await this.operations.get(stack);
  }

  /** A deleted stack is found by its id only. */
  existing(place: Place, nameOrId: string): Stack {
    const stack = this.find(place, nameOrId);
    if (!stack) throw invalid(`Stack with id ${nameOrId} does not exist`);
    return stack;
  }

  find(place: Place, nameOrId: string): Stack | undefined {
    return this.stacksOf(place).find(({ identity, status }) =>
      identity.id === nameOrId || (identity.name === nameOrId && status !== 'DELETE_COMPLETE'));
  }

  private plan(identity: StackIdentity, { templateBody, parameters, capabilities }: StackInput): Plan {
    if (templateBody.length > MAXIMUM_TEMPLATE_BYTES) {
      throw invalid(`Template may not exceed ${MAXIMUM_TEMPLATE_BYTES} bytes in size, but has ${templateBody.length}`);
    }
    try {
      const template: Template = JSON.parse(templateBody);
      const count = Object.keys(template.Resources).length;
      if (count > MAXIMUM_RESOURCES) throw new Error(`Template format error: Number of resources, ${count}, is greater than maximum allowed, ${MAXIMUM_RESOURCES}`);
      const capability = requiredCapability(template);
      if (capability && !capabilities.some((each) => each === capability || each === 'CAPABILITY_NAMED_IAM')) {
        throw new ServiceError('InsufficientCapabilitiesException', 400, `Requires capabilities : [${capability}]`);
      }
      const values = parameterValues(template, parameters, identity);
      const conditions = conditionValues(template, values);
      const graph = dependencyGraph(template, conditions);
      for (const id of graph.keys()) this.provider(template.Resources[id].Type);
      return { template, parameters: values, conditions, graph };
    } catch (error) {
      throw error instanceof ServiceError ? error : invalid((error as Error).message);
    }
  }

  private provider(type: string): ResourceProvider {
    if (type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource') return this.customResources;
    const known = this.providers[type];
    if (!known) throw new Error(`Template format error: Unrecognized resource type: ${type} (the local CloudFormation knows ${Object.keys(this.providers).join(', ')})`);
    return known;
  }

  private importValue(name: string, place: Place): string {
    const exporting = this.stacksOf(place).find((stack) => stack.status !== 'DELETE_COMPLETE' && name in stack.exports);
    if (!exporting) throw new Error(`No export named ${name} found.`);
    return exporting.exports[name];
  }

  private refuseWhileImported({ identity, exports }: Stack): void {
    for (const name of Object.keys(exports)) {
      const importing = this.stacksOf(identity).find(({ plan, status }) => status !== 'DELETE_COMPLETE' && plan && imports(plan, name));
      if (importing) throw invalid(`Export ${name} cannot be deleted as it is in use by ${importing.identity.name}`);
    }
  }

  private stacksOf({ account, region }: Place): Stack[] {
    return this.stacks.filter(({ identity }) => identity.account === account && identity.region === region);
  }

  private operate(stack: Stack, operation: () => Promise<void>): void {
    if (this.operations.has(stack)) throw invalid(`Stack:${stack.identity.id} is in ${stack.status} state: another operation is going on`);
    const note = (error: Error) => {
      stack.broken = error;
    };
    this.operations.set(stack, operation().catch(note).finally(() => this.operations.delete(stack)));
  }
}

function imports({ template }: Plan, name: string): boolean {
  return JSON.stringify(template).includes(`{"Fn::ImportValue":${JSON.stringify(name)}}`);
}

function invalid(message: string): ServiceError {
  return new ServiceError('ValidationError', 400, message);
}
