// Which identities an event names, of AWS Health or of Secrets Manager. It is not believed, but what it names is looked
// at. Pure.
import { WatchedIdentity, WatchRequest } from '../../src/private/contract';

/** All identities that the request has, or those that its event names, in whatever field. */
export function identitiesToLookAt({ Identities, Health, Secret }: WatchRequest): readonly WatchedIdentity[] {
  if (Secret !== undefined) {
    const named = JSON.stringify(Secret);
    return Identities.filter(({ Signing }) => Signing.Method === 'ROTATING_BYODKIM' && named.includes(Signing.SecretArn));
  }
  if (Health === undefined) return Identities;
  const text = JSON.stringify(Health).toLowerCase().replace(/\\u[0-9a-f]{4}|\\./g, ' ');
  const names = new Set(text.match(/[a-z0-9][a-z0-9.-]*[a-z0-9]/g));
  return Identities.filter(({ Identity }) => names.has(Identity.toLowerCase()));
}
