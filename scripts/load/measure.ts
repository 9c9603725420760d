// Measures one stack with many identities on the local cloud, in simulated time: its create, update and delete.
import { allowPolicies, manyIdentities } from '../../test/end-to-end/many-identities';
import { byoDkim, Scene } from '../../test/end-to-end/scene';

export interface Load {
  readonly identities: number;
  /** How many functions the account may run at once. */
  readonly concurrency: number;
  /** Seconds until Route 53 has a change on all name servers. */
  readonly inSync: number;
}

export interface Operation {
  readonly name: 'create' | 'update' | 'delete';
  readonly status: string;
  readonly seconds: number;
  /** Seconds that CloudFormation waited for the slowest of the custom resources. It gives up after half an hour. */
  readonly longestRequest: number;
  readonly calls: number;
  readonly throttled: number;
  /** Custom resources that failed, with those that were cancelled for them. */
  readonly failures: number;
}

const THROTTLED = new Set(['TooManyRequestsException', 'Throttling', 'PriorRequestNotComplete']);

/** BYODKIM with records in one zone. The update gives each identity another selector and key. */
export async function measure({ identities, concurrency, inSync }: Load): Promise<Operation[]> {
  const scene = await Scene.start({ functions: 'in-process', seed: 1, route53: { insyncAfter: inSync * 1000 } });
  try {
    scene.cloud.lambda.settings.concurrency = concurrency;
    allowPolicies(scene, 20);
    const build = (selector: string, secret: string) =>
      manyIdentities(scene, identities, {}, (stack) => byoDkim(stack, selector, secret));
    const { one, two } = scene.secrets;
    return [
      await operation(scene, 'create', () => scene.deploy('Mail', build('s1', one))),
      await operation(scene, 'update', () => scene.deploy('Mail', build('s2', two))),
      await operation(scene, 'delete', () => scene.destroy('Mail')),
    ];
  } finally {
    await scene.stop();
  }
}

async function operation(
  scene: Scene, name: Operation['name'], run: () => ReturnType<Scene['destroy']>,
): Promise<Operation> {
  const { clock, calls } = scene.cloud;
  const [began, callsBefore] = [clock.now(), calls.length];
  const { status, events } = await run();
  const made = calls.slice(callsBefore).filter(({ service }) => service !== 's3');
  const begun = new Map<string, number>();
  let [longest, failures] = [0, 0];
  for (const event of events.filter(({ type }) => type === 'Custom::EmailIdentityDkim')) {
    if (event.status.endsWith('_IN_PROGRESS')) begun.set(event.logicalId, event.at);
    else longest = Math.max(longest, event.at - begun.get(event.logicalId)!);
    if (event.status.endsWith('_FAILED')) failures += 1;
  }
  return {
    name,
    status,
    seconds: Math.round((clock.now() - began) / 1000),
    longestRequest: Math.round(longest / 1000),
    calls: made.length,
    throttled: made.filter(({ error }) => THROTTLED.has(error ?? '')).length,
    failures,
  };
}
