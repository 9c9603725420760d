// The physical id: it names the identity, and tells the Delete how the Create ended. Pure.
import { Desired } from '../base/desired';
import { Course } from '../signing/release';

export interface PhysicalId {
  readonly course: Course;
  /** Region and domain. Of a made-up id nothing. */
  readonly identity?: string;
}

const MARKS: readonly Course[] = ['found', 'untouched', 'failed'];

/** The Region and the domain: changing those replaces the resource, changing anything else updates it. */
export function identityOf({ region, identity }: Desired): string {
  return `${region}/${identity}`;
}

export function renderPhysicalId(course: Exclude<Course, 'made-up'>, identity: string): string {
  return course === 'told' ? identity : `${course}/${identity}`;
}

export function parsePhysicalId(id: string): PhysicalId {
  const [first, ...rest] = id.split('/');
  const mark = MARKS.find((course) => course === first);
  if (mark) return { course: mark, identity: rest.join('/') };
  return rest.length === 1 ? { course: 'told', identity: id } : { course: 'made-up' };
}
