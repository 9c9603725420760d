// Looks after what is superseded, between deployments: retires a record that is due, and revokes a key that leaked.
import { isUnnamed } from './ses-rules';
import { selectorsNow, tagOf } from './signing-tag';
import { WantedState } from '../base/desired-state';
import { HandlerError } from '../base/errors';
import { Owner } from '../base/owner';
import { Services } from '../base/ports';
import { domainKeyName, recordName } from '../records/dkim-record';
import { namesFrom } from '../records/led-to';
import { alreadyListed, openZone } from '../records/open-zone';
import { hasSuperseded, Publisher, retire, revoke } from '../records/publication';
import { entriesOf } from '../records/zone-view';

export interface Superseded {
  readonly wanted: WantedState;
  readonly owner: Owner;
  readonly services: Services;
}

/**
 * Deletes what was superseded for long enough, but neither what SES signs with nor what is needed for another reason.
 * SES is asked while anything is superseded: somebody can set it to a superseded selector for some hours.
 */
export async function retireDue(
  { wanted, owner, services }: Superseded, needed: () => Promise<readonly string[]>,
): Promise<void> {
  const { log, retry, ses } = services;
  const { signing } = wanted;
  const publisher = await publisherOf({ wanted, owner, services });
  const records = await publisher.zone.list(domainKeyName(owner.domain));
  // To wait for a further Region that does not answer takes minutes. So it is asked when a record is due.
  const before = signing.method === 'ROTATING_BYODKIM' && signing.isFurther ? retry.now() : undefined;
  if (!hasSuperseded(records, owner, before)) return log('nothing-superseded');
  const identity = await ses.read();
  const inUse = identity ? selectorsNow(tagOf(identity, owner), identity) : [];
  // SES need not name the selector that it signs with. Then nobody knows whether it is this one.
  if (identity && isUnnamed(identity)) return log('selector-not-named');
  await retire(publisher, records, [...inUse, ...await needed()]);
}

/**
 * Publishes an empty `p=` for a superseded key that leaked, for an overlap from now: then verifiers trust none of its
 * signatures (RFC 6376 3.6.1). `needed`: the selectors that the stack signs with. With further Regions, the record is
 * that of all of them.
 */
export async function revokeKey(
  all: readonly [Superseded, ...Superseded[]], selector: string, needed: readonly string[],
): Promise<void> {
  const [first] = all;
  const inUse = new Set(needed);
  for (const { owner, services } of all) {
    const identity = await services.ses.read();
    for (const each of identity ? selectorsNow(tagOf(identity, owner), identity) : []) inUse.add(each);
  }
  const publisher = await publisherOf(first);
  const { domain } = first.owner;
  const records = await publisher.zone.list(domainKeyName(domain));
  if (namesFrom([...inUse], domain, records).includes(recordName(selector, domain))) {
    throw new HandlerError(`Mail of ${first.wanted.domain} is signed with the selector ${selector} now`,
      'Change the key first (rotatingByoDkim: aws secretsmanager rotate-secret; followSecret: store another key). '
      + 'Revoke the old selector when the log has key-current for the new one');
  }
  const lists = ({ owner }: Superseded) => entriesOf(records, owner, [selector]).some(({ until }) => until);
  // A Region that missed a change of the key is the only one that lists the key which it went on with.
  const { owner } = all.find(lists) ?? first;
  const partners = all.flatMap((each) => each.owner.label === owner.label ? [] : [each.owner.label]);
  await revoke({ ...publisher, owner, zone: alreadyListed(publisher.zone, records) }, selector, partners);
}

async function publisherOf({ wanted: { domain, zone: settings }, owner, services }: Superseded): Promise<Publisher> {
  if (!settings) throw new HandlerError(`There is no hosted zone for ${domain}`, 'Deploy the stack again with a change of the construct');
  const zone = await openZone(services.hostedZone(settings), settings, owner.domain);
  return { owner, zone, settings, retry: services.retry, log: services.log };
}
