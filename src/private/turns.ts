// The turns of the custom resources of a stack: CloudFormation works on ten at a time, not on all at once.
import { CfnResource, Lazy, Stack } from 'aws-cdk-lib';

/**
 * How many custom resources are worked on at a time. A new account can run ten functions at once. Lambda tries again
 * later what finds no place, after up to five minutes, while CloudFormation's hour goes by.
 */
const AT_A_TIME = 10;

/** The same for those that wait until SES has verified the records. They do next to nothing for minutes. */
const WAITING_AT_A_TIME = 30;

export class Turns {
  private readonly resources = new Map<CfnResource, { readonly waits: boolean; end: CfnResource }>();
  private earlier?: ReadonlyMap<CfnResource, CfnResource>;
  private isLooking = false;

  constructor(private readonly stack: Stack) {}

  /** @param waits the resource waits for SES, or may */
  public add(resource: CfnResource, waits: boolean): void {
    this.resources.set(resource, { waits, end: resource });
    // Who comes before whom is only known when the app is complete, and so is what else depends on what.
    resource.addOverride('DependsOn', Lazy.uncachedAny({
      produce: ({ preparing }) => this.dependenciesOf(resource, preparing),
    }));
  }

  /** The turn ends with another resource, for which a function runs as well. */
  public extend(resource: CfnResource, end: CfnResource): void {
    this.resources.get(resource)!.end = end;
  }

  private dependenciesOf(resource: CfnResource, preparing: boolean): string[] | undefined {
    if (preparing) {
      // CDK looks for references to other stacks, and no logical id has any. Those of policies are dear: a hash each.
      this.earlier = undefined;
      return undefined;
    }
    const known = resource.obtainDependencies()
      .filter((each): each is CfnResource => CfnResource.isCfnResource(each) && Stack.of(each) === this.stack)
      .filter(isInTemplate);
    const before = this.isLooking ? undefined : (this.earlier ??= this.findEarlier()).get(resource);
    const ids = [...known, ...before ? [this.resources.get(before)!.end] : []].map(each => this.idOf(each));
    return ids.length > 0 ? [...new Set(ids)].sort() : undefined;
  }

  private idOf(resource: CfnResource): string {
    return this.stack.resolve(resource.logicalId);
  }

  /** For each resource the one whose end it waits for. */
  private findEarlier(): ReadonlyMap<CfnResource, CfnResource> {
    const earlier = new Map<CfnResource, CfnResource>();
    if (this.resources.size <= AT_A_TIME) return earlier;
    const sequence = this.sequence();
    for (const [waits, width] of [[false, AT_A_TIME], [true, WAITING_AT_A_TIME]] as const) {
      const turn = sequence.filter(resource => this.resources.get(resource)!.waits === waits);
      for (const [index, resource] of turn.slice(width).entries()) earlier.set(resource, turn[index]);
    }
    return earlier;
  }

  /**
   * All resources in one sequence, by their logical ids. The order of the constructs does not count, and one that is
   * added or removed changes the turns of ten others. But what a resource depends on, through whatever resources of
   * the app, comes before it: so no turn can close a circle.
   */
  private sequence(): CfnResource[] {
    const byId = new Map(this.stack.node.findAll()
      .filter((each): each is CfnResource => CfnResource.isCfnResource(each) && Stack.of(each) === this.stack)
      .map(each => [this.idOf(each), each]));
    const sequence = new Set<CfnResource>();
    const visited = new Set<string>();
    const visit = (id: string) => {
      const resource = byId.get(id);
      if (!resource || visited.has(id)) return;
      visited.add(id);
      [...this.namedBy(resource)].sort().forEach(visit);
      if (this.resources.has(resource)) sequence.add(resource);
    };
    this.isLooking = true;
    try {
      [...this.resources.keys()].map(each => this.idOf(each)).sort().forEach(visit);
    } finally {
      this.isLooking = false;
    }
    return [...sequence];
  }

  /** What the resource depends on, by logical ids, as CloudFormation sees it in the template. */
  private namedBy(resource: CfnResource): Set<string> {
    return new Set(references(this.stack.resolve(resource._toCloudFormation()).Resources));
  }
}

/** Newer versions of CDK also give what the template leaves out, such as the policy of a role that takes none. */
function isInTemplate(resource: CfnResource): boolean {
  return (resource as unknown as { readonly shouldSynthesize: () => boolean }).shouldSynthesize();
}

/** The logical ids that a part of a template names, and some names that are none. */
function references(part: any): string[] {
  if (Array.isArray(part)) return part.flatMap(references);
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries<any>(part).flatMap(([key, value]) => {
    switch (key) {
      case 'Ref': return [value];
      case 'DependsOn': return [value].flat();
      case 'Fn::GetAtt': return [[value].flat()[0]].map(id => String(id).split('.')[0]);
      case 'Fn::Sub': {
        const [text, variables] = [value].flat();
        const named = [...String(text).matchAll(/\$\{([^!.}][^.}]*)/g)].map(([, name]) => name.trim());
        return [...named, ...references(variables)];
      }
      default: return references(value);
    }
  });
}
