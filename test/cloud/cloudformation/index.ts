// CloudFormation of the local cloud: what tests call, which goes through its API as every tool does.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  CancelUpdateStackCommand, CloudFormationClient, ContinueUpdateRollbackCommand, CreateStackCommand, DeleteStackCommand,
  DescribeStackEventsCommand, DescribeStacksCommand, paginateDescribeStackEvents, RollbackStackCommand,
  Stack as Described, StackEvent as CloudFormationEvent, UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { CloudFormationApi } from './api';
import { readAssembly } from './assembly';
import { DescribeLimit } from './describe-limit';
import { IamSettings, Services } from './resources';
import { DeployRequest, StackAddress, StackEvent, StackResource, StackResult, StackStatus } from './stack';
import { CloudFormationSettings, Place, Stacks } from './stacks';
import { CloudContext } from '../http-service';
import { withoutSockets } from '../network';
import { SimulatedClock } from '../time/simulated-clock';

export * from './stack';

interface AssemblyDeployRequest extends Partial<StackAddress> {
  readonly parameters?: Record<string, string>;
  readonly disableRollback?: boolean;
}

/** Where a stack is, for calls that have its name already. */
type Address = Omit<StackAddress, 'stackName'>;

/** An operation that has begun, and the stack's last event of before. A new stack has none. */
interface Begun {
  readonly stackId: string;
  readonly last: string | undefined;
}

const ACCOUNT = '111111111111';
const REGION = 'us-east-1';

export class CloudFormation {
  readonly iamSettings: IamSettings;
  readonly settings: CloudFormationSettings;
  private readonly limit: DescribeLimit;
  /** What has been uploaded for `TemplateURL`, by its URL. */
  private readonly templates = new Map<string, string>();
  private readonly stacks: Stacks;
  private readonly api: CloudFormationApi;
  /** By account and Region. A client reads its configuration once. */
  private readonly clients = new Map<string, CloudFormationClient>();
  private readonly watched = new Set<Promise<unknown>>();

  constructor(private readonly context: CloudContext, private readonly clock: SimulatedClock, services: Services) {
    this.stacks = new Stacks(context, services);
    this.iamSettings = this.stacks.iamSettings;
    this.settings = this.stacks.settings;
    this.limit = new DescribeLimit(context.clock, this.settings);
    this.api = new CloudFormationApi(context, this.stacks, this.templates, this.limit);
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
  async deployAssembly(
    assembly: CloudAssembly | string, stackName: string, request: AssemblyDeployRequest = {},
  ): Promise<StackResult> {
    const { templateBody, assets, account, region } = readAssembly(assembly, stackName);
    this.publish(assets);
    return this.deployBody(templateBody, { account, region, stackName, ...request });
  }

  /** Deletes the stack; after DELETE_FAILED it can be repeated, and resources can be left as they are. */
  delete(
    stackName: string, { retainResources, ...address }: Address & { retainResources?: string[] } = {},
  ): Promise<StackResult> {
    return this.operate(`stack ${stackName} to be deleted`, address, (client) =>
      requestFor(client, stackName, (StackName) =>
        client.send(new DeleteStackCommand({ StackName, RetainResources: retainResources }))));
  }

  /** Gives up an update that is going on; whoever called `deploy` gets the end of the roll-back. */
  async cancelUpdate(stackName: string, address: Address = {}): Promise<void> {
    await this.clock.hold(`the update of ${stackName} to be cancelled`, () =>
      this.client(address).send(new CancelUpdateStackCommand({ StackName: stackName })));
  }

  /** Brings a stack back that was deployed with its roll-back disabled, and failed. */
  rollback(stackName: string, address: Address = {}): Promise<StackResult> {
    return this.operate(`stack ${stackName} to be rolled back`, address, (client) =>
      requestFor(client, stackName, (StackName) =>
        client.send(new RollbackStackCommand({ StackName }))));
  }

  /** Goes on with a roll-back that failed; resources can be left as they are. */
  continueRollback(
    stackName: string, { resourcesToSkip, ...address }: Address & { resourcesToSkip?: string[] } = {},
  ): Promise<StackResult> {
    return this.operate(`the roll-back of ${stackName} to go on`, address, (client) =>
      requestFor(client, stackName, (StackName) =>
        client.send(new ContinueUpdateRollbackCommand({ StackName, ResourcesToSkip: resourcesToSkip }))));
  }

  /** The stack as it is now, with the events of all its operations. */
  async describe(stackName: string, address: Address = {}): Promise<StackResult | undefined> {
    return this.clock.hold(`a look at stack ${stackName}`, async () => {
      const client = this.client(address);
      const found = await describe(client, stackName).catch(unlessMissing);
      return found && this.resultOf(found, await eventsOf(client, found.StackId!), placeOf(address));
    });
  }

  /**
   * What has happened to the stack until now, oldest first. It asks no API, so it can be called
   * while the stack is at work.
   */
  eventsNow(stackName: string, address: Address = {}): readonly StackEvent[] {
    return this.stacks.find(placeOf(address), stackName)?.events ?? [];
  }

  private deployBody(
    body: string, { stackName, parameters = {}, disableRollback, ...address }: Omit<DeployRequest, 'template'>,
  ): Promise<StackResult> {
    const input = {
      StackName: stackName,
      TemplateURL: this.upload(body, stackName, placeOf(address)),
      DisableRollback: disableRollback,
      Parameters: Object.entries(parameters).map(([key, value]) => ({ ParameterKey: key, ParameterValue: value })),
      Capabilities: ['CAPABILITY_IAM' as const, 'CAPABILITY_NAMED_IAM' as const],
    };
    return this.operate(`stack ${stackName} to be deployed`, address, async (client) => {
      const before = await describe(client, stackName).catch(unlessMissing);
      if (!before) return { stackId: (await client.send(new CreateStackCommand(input))).StackId!, last: undefined };
      const last = await lastEventOf(client, before.StackId!);
      try {
        await client.send(new UpdateStackCommand(input));
      } catch (error) {
        const { message: reason } = error as Error;
        if (reason !== 'No updates are to be performed.') throw error;
        return { ...this.resultOf(before, [], placeOf(address)), changed: false, reason };
      }
      return { stackId: before.StackId!, last };
    });
  }

  /** Begins an operation of a stack, and lets time move until it has ended. */
  private operate(
    what: string, address: Address, begin: (client: CloudFormationClient) => Promise<Begun | StackResult>,
  ): Promise<StackResult> {
    const place = placeOf(address);
    const operation = this.clock.drive(what, async () => {
      const client = this.client(address);
      const begun = await this.clock.hold(`the call for ${what}`, () => begin(client));
      if (!('last' in begun)) return begun;
      await this.stacks.end(this.stacks.existing(place, begun.stackId));
      return this.clock.hold(`a look at what came of ${what}`, async () => {
        const events = await eventsOf(client, begun.stackId, begun.last);
        return this.resultOf(await describe(client, begun.stackId), events, place);
      });
    });
    this.watched.add(operation);
    return operation.finally(() => this.watched.delete(operation));
  }

  /** Uploads a template, as the CDK does whatever its size. */
  private upload(body: string, stackName: string, { account, region }: Place): string {
    const url = `https://assets-${account}-${region}.s3.amazonaws.com/${stackName}.json`;
    this.templates.set(url, body);
    return url;
  }

  /** Publishes the code of functions, as a CDK deployment does before it calls CloudFormation. */
  private publish(assets: Readonly<Record<string, string>>): void {
    for (const [key, directory] of Object.entries(assets)) this.stacks.assets.set(key, directory);
  }

  private client(address: Address): CloudFormationClient {
    const { account, region } = placeOf(address);
    const place = `${account}/${region}`;
    const client = this.clients.get(place) ?? this.newClient(account, region);
    this.clients.set(place, client);
    return client;
  }

  private newClient(account: string, region: string): CloudFormationClient {
    const principal = { account };
    this.limit.exempts(principal);
    const credentials = this.context.credentials.issue(principal);
    const requestHandler = withoutSockets(this.context.network);
    return new CloudFormationClient({ endpoint: this.endpoint, region, credentials, maxAttempts: 1, requestHandler });
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
    const { resources } = this.stacks.existing(place, stackId);
    return Object.fromEntries([...resources].map(([logicalId, { type, physicalId, attributes, properties }]) =>
      [logicalId, { type, physicalId, attributes, properties }]));
  }
}

/** Sends a request about a stack that there is. */
async function requestFor(
  client: CloudFormationClient, stackName: string, send: (stackId: string) => Promise<unknown>,
): Promise<Begun> {
  const stackId = (await describe(client, stackName)).StackId!;
  const last = await lastEventOf(client, stackId);
  await send(stackId);
  return { stackId, last };
}

async function describe(client: CloudFormationClient, name: string): Promise<Described> {
  const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
  return stack;
}

async function lastEventOf(client: CloudFormationClient, stackId: string): Promise<string | undefined> {
  const { StackEvents: [last] = [] } = await client.send(new DescribeStackEventsCommand({ StackName: stackId }));
  return last?.EventId;
}

/** All events, or those after the one of that id; the oldest first. */
async function eventsOf(client: CloudFormationClient, stackId: string, after?: string): Promise<StackEvent[]> {
  const found: CloudFormationEvent[] = [];
  for await (const { StackEvents = [] } of paginateDescribeStackEvents({ client }, { StackName: stackId })) {
    const known = StackEvents.findIndex(({ EventId }) => EventId === after);
    found.push(...known < 0 ? StackEvents : StackEvents.slice(0, known));
    if (known >= 0) break;
  }
  return found.reverse().map((event) => ({
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

function placeOf({ account = ACCOUNT, region = REGION }: Address): Place {
  return { account, region };
}

function codeIn(directory: string | undefined): Record<string, string> {
  if (!directory || !existsSync(directory)) return {};
  return Object.fromEntries(readdirSync(directory).map((name) => [`${name}.zip`, join(directory, name)]));
}
