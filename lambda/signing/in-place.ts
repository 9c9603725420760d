// Looks whether an identity signs as desired, with its records there. Changes nothing.
import { easyDkimResult } from './easy-dkim';
import { holdsKey, ownKeyResult, readKey, textsIn } from './own-key';
import { hasVerifiedKey, isOtherKey, namesSelector, signsAs } from './ses-rules';
import { tagOf, wasTold, wasToldLast, wasToldReplica } from './signing-tag';
import { acceptedKeyOf, attributesOf, SigningResult } from './task';
import { ResourceAttributes } from '../../src/private/contract';
import { textOf } from '../base/describe-error';
import { ByoDkim, DesiredState, placeOf } from '../base/desired-state';
import { unquote } from '../base/dns-text';
import { OutOfTimeError, ZoneGoneError } from '../base/errors';
import { Owner } from '../base/owner';
import { IdentityState, Services } from '../base/ports';
import { DkimRecord, domainKeyName, holdsTheKey, placed, recordsAt, serves, txtRecord } from '../records/dkim-record';
import { isRevoked, PublicKey, publicKeysIn } from '../records/key-record';
import { followed } from '../records/led-to';
import { valuesFrom } from '../records/public-answer';
import { entriesOf } from '../records/zone-view';

/** What is known of the key that SES has. */
export interface KnownKey {
  /** As in `Progress`. */
  readonly acceptedKey?: string;
  /** The selector of the deployment that is rolled back, if it may have told SES a key. */
  readonly triedSelector?: string;
  /** That deployment wanted the same signing. */
  readonly isSameSigning: boolean;
  readonly owner: Owner;
}

/** The attributes, if signing and records are in place. */
export async function attributesIfInPlace(
  desired: DesiredState, known: KnownKey, services: Services,
): Promise<ResourceAttributes | undefined> {
  const identity = await services.ses.read();
  if (!identity || !signsAs(desired.signing, identity)) return undefined;
  const result = await resultOf(desired, known, identity, services);
  const published = await publishedIn(result.records, desired, known, services);
  // An update that is refused for one record has made none of the others again.
  const isRefused = known.isSameSigning && published.some(({ isTheirs }) => isTheirs);
  const isInPlace = published.every(({ isThere, isTheirs }) => isThere || isTheirs || isRefused)
    && (acceptedKeyOf(result) === known.acceptedKey
      || await hasKey(desired, known, result, identity, services, published.some(({ isThere }) => !isThere)));
  return isInPlace ? attributesOf(result) : undefined;
}

/**
 * SES does not say which key it has, only the selector. The key is the one that SES accepted in this request. If
 * nobody tried to change it, it is the old one. In other cases it is the one that SES has verified, and the public name
 * servers can show that this is another key.
 */
async function hasKey(
  { signing, zone }: DesiredState, known: KnownKey, { records: [record] }: SigningResult, identity: IdentityState,
  { dns }: Services, isTheirs: boolean,
): Promise<boolean> {
  const tag = tagOf(identity, known.owner);
  // SES that was told Easy DKIM again, and looks for a record that somebody has changed, signs nothing.
  if (signing.method !== 'BYODKIM') {
    const { triedSelector } = known;
    const wasToldThat = triedSelector ? wasTold(tag, triedSelector) : wasToldReplica(tag);
    const wasToldOther = triedSelector === undefined ? tag.told[1] : wasToldThat;
    return !isTheirs || known.isSameSigning || hasVerifiedKey(identity) || !wasToldOther;
  }
  const answers = await dns.ask(record.name);
  // If SES does not name the selector, the tag says what it was told last.
  const isOld = isUntried(signing, known)
    && (identity.tokens.length > 0 || wasToldLast(tag, signing.selector.toLowerCase()));
  // Of a record that somebody has changed, nothing has come to SES. A key that somebody has revoked signs nothing that
  // anybody takes, whichever SES has. But a wildcard can say so of all names.
  const isOfBefore = isOld || known.isSameSigning;
  const isRevokedNow = isRevoked(textsIn(answers));
  if (isTheirs ? isOfBefore || isRevokedNow : !zone && isOfBefore && isRevokedNow) return true;
  return ((hasVerifiedKey(identity) && !isOtherKey(identity)) || isOld) && identity.tokens.length > 0
    && answers.every(({ values = [] }) => values.length === 0 || holdsKey(record)(values));
}

function isUntried({ selector }: ByoDkim, { triedSelector }: KnownKey): boolean {
  return triedSelector !== undefined && triedSelector !== selector;
}

async function resultOf(
  desired: DesiredState, known: KnownKey, identity: IdentityState, services: Services,
): Promise<SigningResult> {
  const { domain, signing } = desired;
  switch (signing.method) {
    case 'EASY_DKIM': return easyDkimResult(desired, identity);
    case 'DEED': return { records: [], status: identity.status, attributes: {} };
    case 'BYODKIM': {
      const key = await readKey(domain, signing, services, async () => true)
        .catch((error: unknown) => publishedKey(desired, signing, known, identity, services, error));
      return { ...ownKeyResult(domain, signing, key), status: identity.status };
    }
  }
}

/**
 * The key when nobody can read the secret: it was deleted, or nobody may decrypt it. A deployment with the same secret
 * could not read it either, so it has changed nothing. SES has verified its key, and the record is as we wrote it, or
 * found it: so that is the one in public DNS.
 */
async function publishedKey(
  desired: DesiredState, signing: ByoDkim, known: KnownKey, identity: IdentityState, services: Services,
  error: unknown,
): Promise<PublicKey> {
  const { domain, zone } = desired;
  const { dns, hostedZone, log } = services;
  const isVerified = hasVerifiedKey(identity) && !isOtherKey(identity) && namesSelector(identity, signing.selector);
  if (error instanceof OutOfTimeError || !isVerified) throw error;
  if (!zone || (!known.isSameSigning && !isUntried(signing, known))) throw error;
  const records = await hostedZone(zone).list(domainKeyName(placeOf(desired)));
  if (entriesOf(records, known.owner, [signing.selector.toLowerCase()]).length === 0) throw error;
  const { name } = txtRecord(domain, signing.selector, '');
  const [key, ...others] = publicKeysIn(valuesFrom(name, await dns.ask(name)).map(unquote));
  if (!key || others.length > 0) throw error;
  log('key-unknown', { message: textOf(error) });
  return key;
}

/** What the zone has of each record. What is at another DNS provider is not ours to look after. */
async function publishedIn(
  records: readonly DkimRecord[], desired: DesiredState, { owner }: KnownKey, services: Services,
) {
  const { zone } = desired;
  if (!zone || records.length === 0) return [];
  const written = records.map((record) => placed(record, desired));
  const [{ name }] = written;
  const found = await followed(services.hostedZone(zone), name, services.dns).list(domainKeyName(placeOf(desired)))
    .catch((error: unknown) => {
      if (!(error instanceof ZoneGoneError)) throw error;
    });
  return written.map((wanted) => {
    if (!found) return { isThere: false, isTheirs: true }; // nothing can be put back into a zone that is gone
    const there = recordsAt(wanted.name, found);
    return {
      isThere: there.some((record) => serves(wanted, record) || holdsTheKey(wanted, record)),
      // Somebody has changed it, or what it leads to. An update is refused then, so it was so before.
      isTheirs: there.some((record) => record.name === wanted.name)
        && entriesOf(found, owner, wanted.name.split('.', 1)).every(({ origin }) => origin === 'found'),
    };
  });
}
