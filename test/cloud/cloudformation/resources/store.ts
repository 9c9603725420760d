// Resource types that only have to exist: nothing in the local cloud acts on them.
import { Physical, physicalName, Properties, ResourceProvider, ResourceRequest } from './provider';

interface StoreOptions {
  readonly replacedBy?: readonly string[];
  /** @default a generated name */
  readonly physicalId?: (request: ResourceRequest) => string;
  readonly attributes?: (request: ResourceRequest, physicalId: string) => Record<string, unknown>;
}

export class Store implements ResourceProvider {
  readonly replacedBy: readonly string[];
  /** By account, Region and physical id. */
  private readonly kept = new Map<string, Properties>();

  constructor(private readonly options: StoreOptions = {}) {
    this.replacedBy = options.replacedBy ?? [];
  }

  create(request: ResourceRequest): Physical {
    const physicalId = this.options.physicalId?.(request) ?? physicalName(request);
    const key = keyOf(request, physicalId);
    if (this.kept.has(key)) {
      throw new Error(`Resource of type '${request.type}' with identifier '${physicalId}' already exists.`);
    }
    this.kept.set(key, request.properties);
    return { physicalId, attributes: this.options.attributes?.(request, physicalId) ?? {} };
  }

  update(request: ResourceRequest, { physicalId, attributes }: Physical): Physical {
    this.kept.set(keyOf(request, physicalId), request.properties);
    return { physicalId, attributes };
  }

  delete(request: ResourceRequest, { physicalId }: Physical): void {
    this.kept.delete(keyOf(request, physicalId));
  }
}

function keyOf({ stack }: ResourceRequest, physicalId: string): string {
  return `${stack.account}/${stack.region}/${physicalId}`;
}
