// What a resource type is to the engine: create, update, delete, and which changes need a replacement.
import { Random, randomText } from '../../time/random';
import { StackIdentity } from '../template';

export type Properties = Readonly<Record<string, any>>;

export interface ResourceRequest {
  readonly stack: StackIdentity;
  readonly logicalId: string;
  readonly type: string;
  /** All intrinsics resolved. */
  readonly properties: Properties;
  /** Directory of a function's code by `S3Key`. */
  readonly assets: ReadonlyMap<string, string>;
  /** For names and ids that nobody has given. */
  readonly random: Random;
  /** Another resource failed: whoever can, stops waiting. */
  readonly cancelled: AbortSignal;
}

/** What a physical resource is to the template. */
export interface Physical {
  /** `Ref` */
  readonly physicalId: string;
  /** `Fn::GetAtt` */
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface PreviousState extends Physical {
  readonly properties: Properties;
}

export interface ResourceProvider {
  /** Properties whose change needs a new physical resource. */
  readonly replacedBy: readonly string[];
  /** Throws for a change that is never begun, so that there is nothing to roll back. */
  refuse?(before: Properties, after: Properties): void;
  create(request: ResourceRequest): Promise<Physical> | Physical;
  update(request: ResourceRequest, previous: PreviousState): Promise<Physical> | Physical;
  delete(request: ResourceRequest, previous: PreviousState): Promise<void> | void;
  /** How CloudFormation says that there is no such attribute. */
  missingAttribute?(logicalId: string, name: string, physicalId: string): string;
}

/** A failure that leaves, or may leave, something behind which a rollback has to delete. */
export class ResourceFailure extends Error {
  constructor(message: string, readonly physicalId?: string) {
    super(message);
  }
}

/** Nobody waits for this resource any more, because another one failed. */
export class Cancelled extends ResourceFailure {
  constructor(physicalId: string) {
    super('cancelled', physicalId);
  }
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** A name as CloudFormation makes them: stack, logical id and 12 random characters, as long as the service allows. */
export function physicalName(
  { stack, logicalId, random }: Pick<ResourceRequest, 'stack' | 'logicalId' | 'random'>, maximum = 64,
): string {
  const suffix = randomText(random, LETTERS, 12);
  const room = maximum - suffix.length - 2;
  const ofStack = stack.name.slice(0, Math.max(Math.floor(room / 2), room - logicalId.length));
  return `${ofStack}-${logicalId.slice(0, room - ofStack.length)}-${suffix}`;
}
