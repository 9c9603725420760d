// In which order resources are worked on: what refers to what, and a step for each when its dependencies are done.
import { Template } from './stack';
import { references } from './template';

/** Key to the keys that have to be done before. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** The dependencies between the template's resources whose conditions hold. Refuses unknown references and circles. */
export function dependencyGraph(template: Template, conditions: Readonly<Record<string, boolean>>): Graph {
  const present = Object.entries(template.Resources)
    .filter(([, { Condition }]) => Condition === undefined || conditions[Condition]);
  const ids = new Set(present.map(([id]) => id));
  const graph = new Map(present.map(([id, { DependsOn = [], Properties }]) => {
    const explicit = [DependsOn].flat();
    const referred = references(Properties, template, conditions);
    const unknown = [...referred, ...explicit.filter((each) => !(each in template.Resources))]
      .filter((each) => !ids.has(each));
    if (unknown.length > 0) {
      const names = unknown.join(', ');
      throw new Error(`Template format error: Unresolved resource dependencies [${names}] in resource ${id}`);
    }
    // DependsOn may name a resource whose condition does not hold.
    return [id, new Set([...referred, ...explicit.filter((each) => ids.has(each))])];
  }));
  refuseCircles(graph);
  return graph;
}

export function reversed(graph: Graph): Graph {
  const result = new Map([...graph.keys()].map((key) => [key, new Set<string>()]));
  for (const [key, dependencies] of graph) {
    for (const dependency of dependencies) result.get(dependency)?.add(key);
  }
  return result;
}

/**
 * Runs the step for each key when all its dependencies have gone well, in parallel as CloudFormation does. What depends
 * on a failed one is left out. Returns the keys that failed. A step says by `false` that it failed.
 *
 * @param stop when aborted, nothing further is begun
 */
export async function inOrder(
  graph: Graph, step: (key: string) => Promise<boolean>, stop?: AbortSignal,
): Promise<string[]> {
  const failed: string[] = [];
  const runs = new Map<string, Promise<boolean>>();
  const run = (key: string): Promise<boolean> => {
    const known = runs.get(key);
    if (known) return known;
    const started = (async () => {
      const dependencies = [...graph.get(key)!].filter((each) => graph.has(each));
      const ready = (await Promise.all(dependencies.map(run))).every(Boolean);
      if (!ready || stop?.aborted) return false;
      const done = await step(key);
      if (!done) failed.push(key);
      return done;
    })();
    runs.set(key, started);
    return started;
  };
  await Promise.all([...graph.keys()].map(run));
  return failed;
}

function refuseCircles(graph: Graph): void {
  const left = new Map(graph);
  for (;;) {
    const free = [...left].filter(([, dependencies]) => ![...dependencies].some((each) => left.has(each)));
    if (left.size === 0) return;
    if (free.length === 0) throw new Error(`Circular dependency between resources: [${[...left.keys()].join(', ')}]`);
    for (const [key] of free) left.delete(key);
  }
}
