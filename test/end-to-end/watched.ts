// What end-to-end tests need of a watched identity: hours that pass, and what the last look has reported.
import { DOMAIN, REGION, Scene } from './scene';
import { EmailIdentityDkimProps } from '../../src';
import { METRICS } from '../../src/private/contract';

export const HOUR = 3_600_000;

/** Watched, with all metrics. */
export const WATCHED: Partial<EmailIdentityDkimProps> = { watch: true, detailedMetrics: true };

/** What a look reports of an identity that has no problem. */
export const HEALTHY = { Problem: 0, LookFailed: 0, Verified: 1, SigningEnabled: 1, KeyPublished: 1 };

/** The same of one whose key changes. */
export const HEALTHY_KEY = {
  ...HEALTHY, RotationPendingMinutes: 0, SupersededRecords: expect.any(Number), RetirementsOverdue: 0,
};

/** What a look has reported of an identity. */
export interface Report {
  readonly metrics: Readonly<Record<string, number>>;
  readonly at: number;
}

/** All looks at an identity, oldest first. */
export function reportsOn({ cloud }: Scene, domain = DOMAIN, region = REGION): Report[] {
  const reports = new Map<number, Record<string, number>>();
  for (const { namespace, name, dimensions, value, at } of cloud.metrics()) {
    if (namespace !== METRICS.namespace || dimensions.Domain !== domain || dimensions.Region !== region) continue;
    reports.set(at, { ...reports.get(at), [name]: value });
  }
  return [...reports].map(([at, metrics]) => ({ at, metrics }));
}

/** Lets time move until a look that begins from now on has ended, and gives what it has reported. */
export async function nextReport(scene: Scene, domain = DOMAIN, region = REGION): Promise<Report['metrics']> {
  const { clock, lambda } = scene.cloud;
  const isWatcher = new Set(watchers(scene.cloud));
  // A look under way may have read what has changed since.
  await clock.until('looks under way to end', () =>
    lambda.invocations.every(({ functionName, result }) => result !== undefined || !isWatcher.has(functionName)));
  const before = reportsOn(scene, domain, region).length;
  await clock.until(`another look at ${domain}`, () => reportsOn(scene, domain, region).length > before, 2 * HOUR);
  return reportsOn(scene, domain, region).at(-1)!.metrics;
}

/** What the function that watches has said of problems. */
export function said({ cloud }: Scene): string[] {
  return watchers(cloud).flatMap((name) => cloud.lambda.logs(name))
    .filter((line) => /"decision":"(problem-seen|look-failed)"/.test(line))
    .map((line) => JSON.parse(line).message);
}

export function watchers(cloud: Scene['cloud']): string[] {
  return cloud.lambda.functionNames().filter((name) => name.includes('Watch'));
}
