// Measures a stack with many identities on the local cloud, in simulated time: create, update, roll-back and delete.
import { Duration, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { DkimSigning, EmailIdentityDkimProps } from '../../src';
import type { CallRecord } from '../../test/cloud/http-service';
import { failingAfter } from '../../test/end-to-end/hand-made';
import { allowPolicies, withDomains } from '../../test/end-to-end/many-identities';
import { byoDkim, DOMAIN, Scene } from '../../test/end-to-end/scene';

export const METHODS = ['BYODKIM', 'Easy DKIM', 'DEED', 'Rotating key'] as const;
export type Method = typeof METHODS[number];

export interface Load {
  readonly method: Method;
  readonly identities: number;
  /** How many functions the account may run at once. */
  readonly concurrency: number;
  /** Seconds until Route 53 has a change on all name servers. */
  readonly inSync: number;
  /** Another stack with as many identities in the same zone does the same at the same time. */
  readonly beside: boolean;
}

export interface Operation {
  readonly name: 'create' | 'update' | 'roll-back' | 'delete';
  readonly seconds: number;
  /** Seconds that its calls need at the rates of SES and Route 53. No stack of this account can be faster. */
  readonly quotas: number;
  /** Seconds that CloudFormation waited for the slowest of the custom resources. It gives up after an hour. */
  readonly longestRequest: number;
  readonly calls: number;
  readonly throttled: number;
  /** Custom resources that failed or were cancelled, and stacks that did not end as they should. */
  readonly failures: number;
}

type Result = Awaited<ReturnType<Scene['deploy']>>;
type Build = (stack: Stack) => void;

const THROTTLED = new Set(['TooManyRequestsException', 'Throttling', 'PriorRequestNotComplete']);
const PARENTS = ['eu-west-1', 'eu-central-1'] as const;
const MORE_THAN_A_DAY = 25 * 3_600_000;

type Signing = [signingIn: (stack: Stack) => DkimSigning, props?: Partial<EmailIdentityDkimProps>];

/** How each method signs before the update, and after it. Each update has something to do for each identity. */
const SIGNINGS: Record<Method, (scene: Scene, isAfter: boolean) => Signing> = {
  'BYODKIM': ({ secrets }, isAfter) =>
    [(stack) => isAfter ? byoDkim(stack, 's2', secrets.two) : byoDkim(stack, 's1', secrets.one)],
  'Easy DKIM': (_, isAfter) => [() => DkimSigning.easyDkim({
    keyLength: isAfter ? ses.EasyDkimSigningKeyLength.RSA_1024_BIT : ses.EasyDkimSigningKeyLength.RSA_2048_BIT,
  })],
  'DEED': (_, isAfter) =>
    [() => DkimSigning.deterministicEasyDkim({ parentRegion: PARENTS[Number(isAfter)] }), { hostedZone: undefined }],
  'Rotating key': (_, isAfter) => [
    () => DkimSigning.rotatingByoDkim({ keyLength: 1024 }), { recordTtl: Duration.minutes(isAfter ? 5 : 30) },
  ],
};

export async function measure({ method, identities, concurrency, inSync, beside }: Load): Promise<Operation[]> {
  const scene = await Scene.start({ functions: 'in-process', seed: 1, route53: { insyncAfter: inSync * 1000 } });
  try {
    scene.cloud.lambda.settings.concurrency = concurrency;
    allowPolicies(scene, 20);
    const stacks = beside ? ['Mail', 'Other'] : ['Mail'];
    const build = (name: string, isAfter: boolean): Build => {
      const domains = Array.from({ length: identities }, (_, index) => `${name.toLowerCase()}${index}.${DOMAIN}`);
      for (const parent of method === 'DEED' ? PARENTS : []) {
        for (const domain of domains) if (!scene.identity(parent, domain)) scene.identityExists(parent, domain);
      }
      const [signing, props] = SIGNINGS[method](scene, isAfter);
      return withDomains(scene, domains, props, signing);
    };
    const all = (work: (name: string) => Promise<Result>) => Promise.all(stacks.map(work));
    const [first] = stacks;
    const created = await operation(scene, 'create', () => all((name) => scene.deploy(name, build(name, false))));
    const updated = await operation(scene, 'update', () => all((name) => scene.deploy(name, build(name, true))));
    await scene.cloud.clock.pass(MORE_THAN_A_DAY); // SES changes the length of a key once a day
    // It fails when about half of the identities are changed: CloudFormation cancels the others, and goes back.
    const failing: Build = (stack) => {
      build(first, false)(stack);
      failingAfter(Duration.seconds(Math.max(1, Math.round(created.seconds / 2))), scene, stack);
    };
    const rolledBack = await operation(scene, 'roll-back', () => all((name) =>
      scene.deploy(name, name === first ? failing : build(name, false))));
    return [created, updated, rolledBack, await operation(scene, 'delete', () => all((name) => scene.destroy(name)))];
  } finally {
    await scene.stop();
  }
}

/** How the stack ends, and how another one beside it does. */
const ENDS: Record<Operation['name'], readonly [first: string, beside: string]> = {
  'create': ['CREATE_COMPLETE', 'CREATE_COMPLETE'],
  'update': ['UPDATE_COMPLETE', 'UPDATE_COMPLETE'],
  'roll-back': ['UPDATE_ROLLBACK_COMPLETE', 'UPDATE_COMPLETE'],
  'delete': ['DELETE_COMPLETE', 'DELETE_COMPLETE'],
};

async function operation(scene: Scene, name: Operation['name'], run: () => Promise<Result[]>): Promise<Operation> {
  const { clock, calls } = scene.cloud;
  const [began, callsBefore] = [clock.now(), calls.length];
  const results = await run();
  const made = calls.slice(callsBefore).filter(({ service }) => service !== 's3');
  const admitted = made.filter(({ error }) => !THROTTLED.has(error ?? ''));
  let [longest, failures] = [0, results.filter(({ status }, index) => status !== ENDS[name][index]).length];
  for (const { events } of results) {
    const begun = new Map<string, number>();
    // What fails before the roll-back is meant to.
    const from = events.findIndex(({ status }) => status === 'UPDATE_ROLLBACK_IN_PROGRESS');
    for (const event of events.slice(Math.max(from, 0)).filter(({ type }) => type === 'Custom::EmailIdentityDkim')) {
      if (event.status.endsWith('_IN_PROGRESS')) begun.set(event.logicalId, event.at);
      else longest = Math.max(longest, event.at - (begun.get(event.logicalId) ?? event.at));
      if (event.status.endsWith('_FAILED')) failures += 1;
    }
  }
  return {
    name,
    seconds: Math.round((clock.now() - began) / 1000),
    quotas: Math.round(secondsByQuotas(scene, admitted)),
    longestRequest: Math.round(longest / 1000),
    calls: made.length,
    throttled: made.length - admitted.length,
    failures,
  };
}

/** SES counts the calls of each Region for itself. */
function secondsByQuotas({ cloud }: Scene, calls: readonly CallRecord[]): number {
  const needed = new Map<string, number>();
  for (const service of ['ses', 'route53'] as const) {
    for (const { region } of calls.filter((call) => call.service === service)) {
      const quota = `${service} ${region}`;
      needed.set(quota, (needed.get(quota) ?? 0) + 1 / cloud[service].settings.requestsPerSecond);
    }
  }
  return Math.max(...needed.values());
}
