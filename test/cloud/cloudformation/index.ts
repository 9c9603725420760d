// CloudFormation of the local cloud: what tests call.
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { CloudContext } from '../http-service';
import { partitionOf } from '../partition';
import { readAssembly } from './assembly';
import { CustomResources } from './custom-resource';
import { dependencyGraph } from './dependencies';
import { Plan, Stack } from './engine';
import { IamSettings, resourceProviders, Services } from './resources';
import { ResourceProvider } from './resources/provider';
import { ResponseEndpoint } from './response-endpoint';
import { DeployRequest, StackAddress, StackResult, Template } from './stack';
import { conditionValues, parameterValues, StackIdentity } from './template';

export * from './stack';

export interface AssemblyDeployRequest extends Partial<StackAddress> {
  readonly parameters?: Record<string, string>;
}

const ACCOUNT = '111111111111';
const REGION = 'us-east-1';
/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const MAXIMUM_RESOURCES = 500;
const MAXIMUM_TEMPLATE_BYTES = 1024 * 1024;

export class CloudFormation {
  /** How IAM resources behave; tests may change it at any time. */
  readonly iamSettings: IamSettings = { policyDelay: 0 };
  private readonly stacks = new Map<string, Stack>();
  private readonly busy = new Set<Stack>();
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

  stop(): Promise<void> {
    this.stopped.abort(new Error('the local cloud was stopped'));
    return this.endpoint.stop();
  }

  /** Creates the stack or updates it. Throws for what CloudFormation refuses before it begins. */
  async deploy(request: DeployRequest): Promise<StackResult> {
    const { stack, isNew } = this.stackFor(request);
    const plan = this.plan(stack.identity, request);
    if (isNew) {
      this.stacks.set(keyOf(request), stack);
      return this.operate(stack, () => stack.create(plan));
    }
    if (!['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'].includes(stack.status)) {
      throw new Error(`Stack:${stack.identity.id} is in ${stack.status} state and can not be updated.`);
    }
    if (isDeepStrictEqual([plan.template, plan.parameters], [stack.plan!.template, stack.plan!.parameters])) {
      return { ...resultOf(stack, 0), changed: false, reason: 'No updates are to be performed.' };
    }
    return this.operate(stack, () => stack.update(plan));
  }

  /** Deploys a stack of a synthesized app, into the stack's own environment unless told otherwise. */
  async deployAssembly(assembly: CloudAssembly | string, stackName: string, request: AssemblyDeployRequest = {}): Promise<StackResult> {
    const { template, assets, account, region } = readAssembly(assembly, stackName);
    return this.deploy({ account, region, stackName, ...request, template, assets });
  }

  /** Deletes the stack; after DELETE_FAILED it can be repeated. */
  async delete(stackName: string, address: Omit<StackAddress, 'stackName'> = {}): Promise<StackResult> {
    const key = keyOf({ stackName, ...address });
    const stack = this.stacks.get(key);
    if (!stack) throw new Error(`Stack with id ${stackName} does not exist`);
    this.refuseWhileImported(stack);
    const result = await this.operate(stack, () => stack.delete());
    if (result.status === 'DELETE_COMPLETE') this.stacks.delete(key);
    return result;
  }

  /** The stack as it is now, with the events of all its operations. */
  describe(stackName: string, address: Omit<StackAddress, 'stackName'> = {}): StackResult | undefined {
    const stack = this.stacks.get(keyOf({ stackName, ...address }));
    return stack && resultOf(stack, 0);
  }

  private stackFor(address: StackAddress): { stack: Stack; isNew: boolean } {
    const known = this.stacks.get(keyOf(address));
    if (known) return { stack: known, isNew: false };
    const { stackName: name, account = ACCOUNT, region = REGION } = address;
    const partition = partitionOf(region);
    const id = `arn:${partition}:cloudformation:${region}:${account}:stack/${name}/${randomUUID()}`;
    const identity: StackIdentity = { id, name, account, region, partition };
    const stack = new Stack(identity, {
      clock: this.context.clock,
      provider: (type) => this.provider(type),
      importValue: (exportName) => this.importValue(exportName, identity),
    });
    return { stack, isNew: true };
  }

  private plan(identity: StackIdentity, request: DeployRequest): Plan {
    const text = JSON.stringify(request.template, undefined, 1); // as CDK writes it
    const template: Template = JSON.parse(text);
    const count = Object.keys(template.Resources).length;
    if (count > MAXIMUM_RESOURCES) throw new Error(`Template format error: Number of resources, ${count}, is greater than maximum allowed, ${MAXIMUM_RESOURCES}`);
    if (text.length > MAXIMUM_TEMPLATE_BYTES) throw new Error(`Template may not exceed ${MAXIMUM_TEMPLATE_BYTES} bytes in size, but has ${text.length}`);
    const parameters = parameterValues(template, request.parameters ?? {}, identity);
    const conditions = conditionValues(template, parameters);
    const graph = dependencyGraph(template, conditions);
    for (const id of graph.keys()) this.provider(template.Resources[id].Type);
    return { template, parameters, conditions, graph, assets: { ...codeIn(request.assetDirectory), ...request.assets } };
  }

  private provider(type: string): ResourceProvider {
    if (type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource') return this.customResources;
    const known = this.providers[type];
    if (!known) throw new Error(`Template format error: Unrecognized resource type: ${type} (the local CloudFormation knows ${Object.keys(this.providers).join(', ')})`);
    return known;
  }

  private importValue(name: string, { account, region }: StackIdentity): string {
    const exporting = this.stacksOf(account, region).find((stack) => name in stack.exports);
    if (!exporting) throw new Error(`No export named ${name} found.`);
    return exporting.exports[name];
  }

  private refuseWhileImported({ identity, exports }: Stack): void {
    for (const name of Object.keys(exports)) {
      const importing = this.stacksOf(identity.account, identity.region).find((stack) => stack.plan && imports(stack.plan, name));
      if (importing) throw new Error(`Export ${name} cannot be deleted as it is in use by ${importing.identity.name}`);
    }
  }

  private stacksOf(account: string, region: string): Stack[] {
    return [...this.stacks.values()].filter(({ identity }) => identity.account === account && identity.region === region);
  }

  private async operate(stack: Stack, operation: () => Promise<void>): Promise<StackResult> {
    if (this.busy.has(stack)) throw new Error(`Stack:${stack.identity.id} is in ${stack.status} state: another operation is going on`);
    this.busy.add(stack);
    const seen = stack.events.length;
    try {
      await operation();
    } finally {
      this.busy.delete(stack);
    }
    return resultOf(stack, seen);
  }
}

function keyOf({ stackName, account = ACCOUNT, region = REGION }: StackAddress): string {
  return `${account}/${region}/${stackName}`;
}

function codeIn(directory: string | undefined): Record<string, string> {
  if (!directory || !existsSync(directory)) return {};
  return Object.fromEntries(readdirSync(directory).map((name) => [`${name}.zip`, join(directory, name)]));
}

function imports({ template }: Plan, name: string): boolean {
  return JSON.stringify(template).includes(`{"Fn::ImportValue":${JSON.stringify(name)}}`);
}

function resultOf(stack: Stack, firstEvent: number): StackResult {
  return {
    stackId: stack.identity.id,
    status: stack.status,
    changed: true,
    reason: stack.reason,
    events: stack.events.slice(firstEvent),
    outputs: stack.outputs,
    resources: Object.fromEntries([...stack.resources].map(([logicalId, { type, physicalId, attributes, properties }]) =>
      [logicalId, { type, physicalId, attributes, properties }])),
  };
}
