// What the future of a stack depends on: a digest of the stack's resource, the zones and the identities.
import { createHash } from 'node:crypto';
import { World } from './world';
import { StackResult } from '../../cloud';

/** Times differ. And nobody can seed how a rotating key is made. */
export function withoutChance(line: string): string {
  return line.replace(/until=[^";]+/g, 'until').replace(/(record=dkim-\d{8}-[^"]*digest=)\w+/g, '$1')
    .replace(/^(TXT dkim-\d{8}-.*p=).*/, '$1');
}

/** Of two runs with one digest, what comes next is the same. Times differ, and names that CloudFormation makes up. */
export function digestOf(world: World, { status, resources }: StackResult): string {
  const ours = Object.entries(resources).filter(([, { type }]) => type === 'Custom::EmailIdentityDkim');
  const state = {
    status,
    resources: ours,
    others: Object.entries(resources).map(([logicalId, { type }]) => `${logicalId} ${type}`).sort(),
    zones: world.domains.map((domain) => world.linesOf(domain)).flat()
      .map(withoutChance),
    identities: world.domains.flatMap((domain) => world.identities(domain)).map((identity) => {
      const { origin, status: verified, tokens, tags } = identity;
      return { origin, verified, tokens, tags };
    }),
    schedules: world.scene.cloud.scheduler.schedules().length,
  };
  return createHash('sha256').update(JSON.stringify(state)).digest('hex');
}
