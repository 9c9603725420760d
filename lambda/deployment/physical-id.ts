// The physical id: it names the identity, and says how the Create ended. Pure.
//
// Ids of these forms are in users' stacks, so they never change:
//
// | id                      | the Create       | SES was told how to sign           |
// | ----------------------- | ---------------- | ---------------------------------- |
// | `us-east-1/example.com` | succeeded        | yes                                |
// | `found/us-east-1/…`     | succeeded        | no: the identity signed so before  |
// | `failed/us-east-1/…`    | failed           | yes                                |
// | `untouched/us-east-1/…` | failed           | no                                 |
// | anything else           | was not answered | unknown: CloudFormation made it up |
import { WantedState } from '../base/desired-state';
import { CreateOutcome } from '../signing/release';

export interface PhysicalId {
  /** Region and domain. Undefined, as the outcome, when CloudFormation made the id up. */
  readonly identity?: string;
  readonly create?: CreateOutcome;
}

const OUTCOMES: Readonly<Record<string, CreateOutcome>> = {
  found: { succeeded: true, signingPut: false },
  failed: { succeeded: false, signingPut: true },
  untouched: { succeeded: false, signingPut: false },
};

/** The Region and the domain: changing those replaces the resource, changing anything else updates it. */
export function identityOf({ region, domain }: Pick<WantedState, 'region' | 'domain'>): string {
  return `${region}/${domain}`;
}

export function renderPhysicalId(identity: string, { succeeded, signingPut }: CreateOutcome): string {
  const mark = Object.keys(OUTCOMES).find((name) =>
    OUTCOMES[name].succeeded === succeeded && OUTCOMES[name].signingPut === signingPut);
  return mark ? `${mark}/${identity}` : identity;
}

export function parsePhysicalId(id = ''): PhysicalId {
  const [first, ...rest] = id.split('/');
  if (Object.hasOwn(OUTCOMES, first)) return { identity: rest.join('/'), create: OUTCOMES[first] };
  return rest.length === 1 ? { identity: id, create: { succeeded: true, signingPut: true } } : {};
}
