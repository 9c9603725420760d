// CloudFormation of the local cloud: what tests call, which goes through its API as every tool does.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudFormationClient, CreateStackCommand, DeleteStackCommand, DescribeStackEventsCommand, DescribeStacksCommand, Stack as Described,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { CloudFormationApi } from './api';
import { readAssembly } from './assembly';
import { IamSettings, Services } from './resources';
import { DeployRequest, StackAddress, StackEvent, StackResource, StackResult, StackStatus } from './stack';
import { Place, Stacks } from './stacks';
import { CloudContext } from '../http-service';
import { SimulatedClock } from '../time/simulated-clock';

export * from './stack';

interface AssemblyDeployRequest extends Partial<StackAddress> {
  readonly parameters?: Record<string, string>;
}

const ACCOUNT = '111111111111';
const REGION = 'us-east-1';

export class CloudFormation {
  readonly iamSettings: IamSettings;
  private readonly stacks: Stacks;
  private readonly api: CloudFormationApi;
  private readonly watched = new Set<Promise<unknown>>();

  constructor(private readonly context: CloudContext, private readonly clock: SimulatedClock, services: Services) {
    this.stacks = new Stacks(context, services);
    this.iamSettings = this.stacks.iamSettings;
    this.api = new CloudFormationApi(context, this.stacks);
  }

  get endpoint(): string {
    return this.api.endpoint;
  }

  async start(): Promise<void> {
    await this.stacks.start();
    await this.api.start();
  }

  /** Who waits for a stack gets its end. */
  async stop(): Promise<void> {
    await this.stacks.stop();
    await Promise.allSettled(this.watched);
    await this.api.stop();
  }

  /** Creates the stack or updates it. Throws for what CloudFormation refuses before it begins. */
  async deploy({ template, assetDirectory, ...request }: DeployRequest): Promise<StackResult> {
    this.publish(codeIn(assetDirectory));
    return this.deployBody(JSON.stringify(template, undefined, 1), request); // as CDK writes it
  }

  /** Deploys a stack of a synthesized app, into the stack's own environment unless told otherwise. */
  async deployAssembly(assembly: CloudAssembly | string, stackName: string, request: AssemblyDeployRequest = {}): Promise<StackResult> {
    const { templateBody, assets, account, region } = readAssembly(assembly, stackName);
    this.publish(assets);
    return this.deployBody(templateBody, { account, region, stackName, ...request });
  }

  /** Deletes the stack; after DELETE_FAILED it can be repeated. */
  delete(stackName: string, address: Omit<StackAddress, 'stackName'> = {}): Promise<StackResult> {
    return this.operate(`stack ${stackName} to be deleted`, placeOf(address), async (client) => {
      const { StackId } = await describe(client, stackName);
      const seen = (await eventsOf(client, StackId!)).length;
      await client.send(new DeleteStackCommand({ StackName: StackId }));
      return { stackId: StackId!, seen };
    });
  }

  /** The stack as it is now, with the events of all its operations. */
  async describe(stackName: string, address: Omit<StackAddress, 'stackName'> = {}): Promise<StackResult | undefined> {
    const place = placeOf(address);
    return this.clock.hold(`a look at stack ${stackName}`, async () => {
      const client = this.client(place);
      const found = await describe(client, stackName).catch(unlessMissing);
      return found && this.resultOf(found, await eventsOf(client, found.StackId!), place);
    });
  }

  /** What has happened to the stack until now, oldest first. It asks no API, so it can be called while the stack is at work. */
  eventsNow(stackName: string, address: Omit<StackAddress, 'stackName'> = {}): readonly StackEvent[] {
    return this.stacks.find(placeOf(address), stackName)?.events ?? [];
  }

  private deployBody(TemplateBody: string, { stackName, parameters = {}, ...address }: Omit<DeployRequest, 'template'>): Promise<StackResult> {
    const place = placeOf(address);
    const input = {
      StackName: stackName,
      TemplateBody,
      Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
      Capabilities: ['CAPABILITY_IAM' as const, 'CAPABILITY_NAMED_IAM' as const],
    };
    return this.operate(`stack ${stackName} to be deployed`, place, async (client) => {
      const before = await describe(client, stackName).catch(unlessMissing);
      if (!before) return { stackId: (await client.send(new CreateStackCommand(input))).StackId!, seen: 0 };
      const seen = (await eventsOf(client, before.StackId!)).length;
      try {
        await client.send(new UpdateStackCommand(input));
      } catch (error) {
        const { message: reason } = error as Error;
        if (reason === 'No updates are to be performed.') return { ...this.resultOf(before, [], place), changed: false, reason };
        throw error;
      }
      return { stackId: before.StackId!, seen };
    });
  }

  /** Publishes the code of functions, as a CDK deployment does before it calls CloudFormation. */
  private publish(assets: Readonly<Record<string, string>>): void {
    for (const [key, directory] of Object.entries(assets)) this.stacks.assets.set(key, directory);
  }

  private client({ account, region }: Place): CloudFormationClient {
    return new CloudFormationClient({ endpoint: this.endpoint, region, credentials: this.context.credentials.issue({ account }), maxAttempts: 1 });
  }

  /**
   * Begins an operation of a stack, and lets time move until it has ended.
   * @param begin gives the stack and how many of its events are of before; or the result, when there is nothing to do
   */
  private operate(
    what: string, place: Place, begin: (client: CloudFormationClient) => Promise<{ stackId: string; seen: number } | StackResult>,
  ): Promise<StackResult> {
    const operation = this.clock.drive(what, async () => {
      const client = this.client(place);
      const begun = await this.clock.hold(`the call for ${what}`, () => begin(client));
      if (!('seen' in begun)) return begun;
      await this.stacks.end(this.stacks.existing(place, begun.stackId));
      return this.clock.hold(`a look at what came of ${what}`, async () => {
        const events = (await eventsOf(client, begun.stackId)).slice(begun.seen);
        return this.resultOf(await describe(client, begun.stackId), events, place);
      });
    });
    this.watched.add(operation);
    return operation.finally(() => this.watched.delete(operation));
  }

  private resultOf(stack: Described, events: readonly StackEvent[], place: Place): StackResult {
    return {
      stackId: stack.StackId!,
      status: stack.StackStatus as StackStatus,
      changed: true,
      reason: stack.StackStatusReason,
      events,
      outputs: Object.fromEntries((stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue])),
      resources: this.resourcesOf(stack.StackId!, place),
    };
  }

  /** Attributes and properties are what no API tells: looked up behind it. */
  private resourcesOf(stackId: string, place: Place): Record<string, StackResource> {
    return Object.fromEntries([...this.stacks.existing(place, stackId).resources].map(([logicalId, { type, physicalId, attributes, properties }]) =>
      [logicalId, { type, physicalId, attributes, properties }]));
  }
}

async function describe(client: CloudFormationClient, name: string): Promise<Described> {
  const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
  return stack;
}

/** The oldest first. */
async function eventsOf(client: CloudFormationClient, stackId: string): Promise<StackEvent[]> {
  const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName: stackId }));
  return StackEvents.reverse().map((event) => ({
    at: event.Timestamp!.getTime(),
    logicalId: event.LogicalResourceId!,
    type: event.ResourceType!,
    physicalId: event.PhysicalResourceId,
    status: event.ResourceStatus!,
    reason: event.ResourceStatusReason,
  }));
}

function unlessMissing(error: Error): undefined {
  if (!/does not exist$/.test(error.message)) throw error;
  return undefined;
}

function placeOf({ account = ACCOUNT, region = REGION }: Omit<StackAddress, 'stackName'>): Place {
  return { account, region };
}

function codeIn(directory: string | undefined): Record<string, string> {
  if (!directory || !existsSync(directory)) return {};
  return Object.fromEntries(readdirSync(directory).map((name) => [`${name}.zip`, join(directory, name)]));
}
