// A stage for the handler's whole life of a request: a world in memory, time that jumps, and CloudFormation's end of the line over HTTP.
import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { byo, DOMAIN, MemoryWorld } from './world';
import { CloudFormationEvent } from '../../lambda/cloudformation';
import { Desired } from '../../lambda/desired';
import { onEvent } from '../../lambda/on-event';
import { HandlerEvent, Outside } from '../../lambda/outside';
import { World } from '../../lambda/task';

export const PHYSICAL_ID = `us-east-1/${DOMAIN}`;
export const MINUTE = 60_000;
/** One that CloudFormation makes up for a resource that never answered. */
export const MADE_UP = 'Mail-Dkim-0123456789AB';

let server: Server;
/** What CloudFormation was answered in this test. */
export let answers: { body: any; contentType?: string }[];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    answers.push({ body: JSON.parse(Buffer.concat(chunks).toString()), contentType: request.headers['content-type'] });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());
beforeEach(() => void (answers = []));

export class Stage {
  readonly world = new MemoryWorld();
  /** Whether the time passes while a call hangs. */
  hangs = false;
  readonly sent: HandlerEvent[] = [];
  sendOnFails?: Error;
  /** What CloudFormation says of the stack. */
  stackStatus = 'UPDATE_IN_PROGRESS';
  stackStatusFails?: Error;
  /** By which id it knows the resource; the event's, unless told otherwise. */
  physicalIdNow?: string;
  /** And what it says of it; that the request is at work, unless told otherwise. */
  resourceStatus?: string;
  remaining = 15 * MINUTE;
  worldFor: (desired: Desired, ports: World) => World = (_, ports) => ports;

  async run(event: Partial<HandlerEvent>): Promise<any> {
    const full = this.event(event);
    const { world } = this;
    const end = world.time + this.remaining;
    const outside: Outside = {
      region: 'us-east-1',
      time: { now: () => world.time, sleep: (ms, signal) => this.sleep(ms, signal) },
      write: (line) => void world.lines.push(line),
      world: (desired, patience) => this.worldFor(desired, { ...world.ports(desired), patience }),
      cloudFormation: () => ({
        stackStatus: async () => {
          if (this.stackStatusFails) throw this.stackStatusFails;
          return this.stackStatus;
        },
        resource: async () => {
          if (this.stackStatusFails) throw this.stackStatusFails;
          const { PhysicalResourceId, RequestType } = full;
          return { physicalId: this.physicalIdNow ?? PhysicalResourceId, status: this.resourceStatus ?? `${RequestType.toUpperCase()}_IN_PROGRESS` };
        },
      }),
      sendOn: async (sent) => {
        if (this.sendOnFails) throw this.sendOnFails;
        this.sent.push(sent);
      },
    };
    await onEvent(full, { getRemainingTimeInMillis: () => end - world.time }, outside);
    return answers.at(-1)?.body;
  }

  /** With all further invocations, until CloudFormation is answered. */
  async answered(event: Partial<HandlerEvent>): Promise<any> {
    const before = answers.length;
    const sentBefore = this.sent.length;
    await this.run(event);
    for (let invocations = 1; answers.length === before; invocations++) {
      const sent = this.sent[sentBefore + invocations - 1];
      if (!sent) throw new Error('CloudFormation is not answered, and nothing was sent on');
      if (invocations > 16) throw new Error('Lambda stops a function that has started itself 16 times, and CloudFormation is never answered');
      await this.run(sent);
    }
    return answers.at(-1)!.body;
  }

  /** From one state of the properties to another. */
  update(OldResourceProperties: object, ResourceProperties: object, PhysicalResourceId = PHYSICAL_ID): Promise<any> {
    return this.answered({ RequestType: 'Update', PhysicalResourceId, OldResourceProperties, ResourceProperties } as Partial<HandlerEvent>);
  }

  remove(ResourceProperties: Record<string, unknown>, PhysicalResourceId = PHYSICAL_ID): Promise<any> {
    return this.answered({ RequestType: 'Delete', PhysicalResourceId, ResourceProperties });
  }

  /** Time jumps when the handler pauses. Its guard against hanging calls, which can be aborted, wakes only when one hangs. */
  private async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal && !this.hangs) return new Promise(() => {});
    this.world.time += ms;
    await this.world.onPause?.();
  }

  event(event: Partial<HandlerEvent>): HandlerEvent {
    const { port } = server.address() as AddressInfo;
    const signed = new Date(this.world.time).toISOString().replace(/[-:]|\.\d+/g, '');
    const base: CloudFormationEvent = {
      RequestType: 'Create',
      ResponseURL: `http://127.0.0.1:${port}/?X-Amz-Date=${signed}&X-Amz-Signature=SIGNATURE`,
      StackId: 'arn:aws:cloudformation:us-east-1:111111111111:stack/mail/guid',
      RequestId: 'request-1',
      LogicalResourceId: 'Dkim',
      ResourceProperties: properties(),
    };
    return { ...base, ...event };
  }
}

export function properties(signing: unknown = byo('s1'), more: object = {}): Record<string, unknown> {
  return { ServiceToken: 'arn', Identity: DOMAIN, Signing: signing, HostedZoneId: 'ZONE1', ...more };
}
