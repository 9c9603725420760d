// Custom resources: the event that the function gets, waiting for its answer, and what CloudFormation makes of it.
import { CloudContext } from '../http-service';
import { Lambda } from '../lambda';
import {
  Cancelled, Physical, physicalName, PreviousState, Properties, ResourceFailure, ResourceProvider, ResourceRequest,
} from './resources/provider';
import { MAXIMUM_RESPONSE_BYTES, ResponseEndpoint } from './response-endpoint';
import { randomUuid } from '../time/random';

const DEFAULT_TIMEOUT_SECONDS = 3600;
const MAXIMUM_PHYSICAL_ID_BYTES = 1024;

interface Response {
  readonly Status?: string;
  readonly Reason?: string;
  readonly PhysicalResourceId?: string;
  readonly StackId?: string;
  readonly RequestId?: string;
  readonly LogicalResourceId?: string;
  readonly Data?: Record<string, unknown>;
}

type RequestType = 'Create' | 'Update' | 'Delete';

export class CustomResources implements ResourceProvider {
  /** Never by a property: the answer's physical id decides. */
  readonly replacedBy = [];

  constructor(
    private readonly context: Pick<CloudContext, 'clock' | 'random'>,
    private readonly lambda: Pick<Lambda, 'invocations' | 'invokeAsync'>,
    private readonly endpoint: Pick<ResponseEndpoint, 'expect'>,
    /** The cloud stops: nobody waits any more. */
    private readonly stopped: AbortSignal,
  ) {}

  refuse(before: Properties, after: Properties): void {
    if (before.ServiceToken !== after.ServiceToken) throw new Error('Modifying service token is not allowed.');
  }

  create(request: ResourceRequest): Promise<Physical> {
    return this.request('Create', request);
  }

  update(request: ResourceRequest, previous: PreviousState): Promise<Physical> {
    return this.request('Update', request, previous);
  }

  async delete(request: ResourceRequest, previous: PreviousState): Promise<void> {
    await this.request('Delete', request, previous);
  }

  missingAttribute(_logicalId: string, name: string, physicalId: string): string {
    return `CustomResource attribute error: Vendor response doesn't contain ${name} key in object ${physicalId} in `
      + 'S3 bucket cloudformation-custom-resource-storage';
  }

  private async request(type: RequestType, request: ResourceRequest, previous?: PreviousState): Promise<Physical> {
    // Whether or not it answers, something may exist: the rollback's Delete needs an id, and a
    // failed Create that gave none gets a made-up one.
    const fallbackId = previous?.physicalId ?? physicalName(request, 255);
    const requestId = randomUuid(this.context.random);
    const timeout = timeoutSeconds(request.properties);
    let invocationId = '';
    const { url, body } = this.endpoint.expect(request.stack.region, request.stack.id, request.logicalId,
      () => this.lambda.invocations.findLast((run) => run.requestId === invocationId)?.processId);
    const event = {
      RequestType: type,
      ServiceToken: request.properties.ServiceToken,
      ResponseURL: url,
      StackId: request.stack.id,
      RequestId: requestId,
      LogicalResourceId: request.logicalId,
      ...previous && { PhysicalResourceId: previous.physicalId },
      ResourceType: request.type,
      ResourceProperties: strings(request.properties),
      ...type === 'Update' && { OldResourceProperties: strings(previous!.properties) },
    };
    try {
      invocationId = this.lambda.invokeAsync(request.properties.ServiceToken, JSON.stringify(event));
    } catch (error) {
      // Nothing ran, so there is nothing that a rollback would have to delete.
      throw new ResourceFailure((error as Error).message, previous?.physicalId);
    }
    const text = await this.answerInTime(request, timeout, body, fallbackId, requestId);
    return physical(
      type, text, { StackId: request.stack.id, RequestId: requestId, LogicalResourceId: request.logicalId }, fallbackId,
    );
  }

  private async answerInTime(
    request: ResourceRequest, timeout: number, body: Promise<string>, fallbackId: string, requestId: string,
  ): Promise<string> {
    const waiting = new AbortController();
    const cancelled = AbortSignal.any([waiting.signal, request.cancelled, this.stopped]);
    const outOfTime = this.context.clock.sleep(timeout * 1000, cancelled).then(
      () => {
        throw new ResourceFailure('CloudFormation did not receive a response from your Custom Resource. ' +
          `Please check your logs for requestId [${requestId}].`, fallbackId);
      },
      () => {
        // The function goes on; CloudFormation does not wait for it: https://github.com/aws/aws-cdk/issues/26139
        throw new Cancelled(fallbackId);
      },
    );
    try {
      return await Promise.race([body, outOfTime]);
    } finally {
      waiting.abort();
    }
  }
}

/** What the answer says, or a failure. */
function physical(
  type: RequestType,
  text: string,
  expected: Pick<Response, 'StackId' | 'RequestId' | 'LogicalResourceId'>,
  fallbackId: string,
): Physical {
  if (Buffer.byteLength(text) > MAXIMUM_RESPONSE_BYTES) {
    throw new ResourceFailure('Response object is too long.', fallbackId);
  }
  const response = parsed(text, fallbackId);
  // The id of a failed answer counts, too: after a failed Update it is what the rollback goes on
  // with (https://github.com/aws/aws-cdk/issues/13527).
  const physicalId = type === 'Delete' ? fallbackId : response.PhysicalResourceId || fallbackId;
  for (const key of ['StackId', 'RequestId', 'LogicalResourceId'] as const) {
    if (response[key] !== expected[key]) {
      throw new ResourceFailure(
        `Invalid response object: Value of property ${key} is '${response[key]}' instead of '${expected[key]}'`,
        fallbackId,
      );
    }
  }
  if (response.Status === 'FAILED') {
    throw new ResourceFailure(
      `Received response status [FAILED] from custom resource. Message returned: ${response.Reason}`, physicalId,
    );
  }
  if (response.Status !== 'SUCCESS') {
    throw new ResourceFailure(`Invalid response object: Status is '${response.Status}'`, physicalId);
  }
  if (type !== 'Delete'
    && (!response.PhysicalResourceId || Buffer.byteLength(physicalId) > MAXIMUM_PHYSICAL_ID_BYTES)) {
    throw new ResourceFailure('Invalid PhysicalResourceId', fallbackId);
  }
  return { physicalId, attributes: response.Data ?? {} };
}

function parsed(text: string, fallbackId: string): Response {
  try {
    return JSON.parse(text);
  } catch {
    throw new ResourceFailure('Invalid Response object: not JSON', fallbackId);
  }
}

function timeoutSeconds({ ServiceTimeout }: Properties): number {
  const seconds = Number(ServiceTimeout ?? DEFAULT_TIMEOUT_SECONDS);
  if (seconds >= 1 && seconds <= DEFAULT_TIMEOUT_SECONDS) return seconds;
  throw new ResourceFailure(`ServiceTimeout must be between 1 and ${DEFAULT_TIMEOUT_SECONDS}, but is `
    + `'${ServiceTimeout}'`);
}

/** CloudFormation sends every scalar as a string. */
function strings(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strings);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, strings(each)]));
  }
  return String(value);
}
