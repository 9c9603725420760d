// BYODKIM: mail is signed with the user's own key. Its record is published before SES is told of it.
import { KeyPair } from './key';
import { readKeyPair, readPreviousKeyPair } from './secret-key';
import { hasVerifiedKey, isOtherKey, isUnnamed, signsNow, signsWith } from './ses-rules';
import { selectorsNow } from './signing-tag';
import { awaitForgottenHere } from './slot';
import { acceptedKeyOf, publishRecords, putSigning, retireRecords, SigningResult, Task } from './task';
import { waitingEnd } from './verification';
import { ByoDkim } from '../base/desired-state';
import { unquote } from '../base/dns-text';
import { HandlerError } from '../base/errors';
import { NameServerAnswer, Services } from '../base/ports';
import { DkimRecord, placed, recordsAt, saysTheSame, textsOf, txtRecord } from '../records/dkim-record';
import { flawOf, hasKey, hasUsableKey, PublicKey } from '../records/key-record';
import { followed, namesFrom } from '../records/led-to';
import { Check, isAnswered, requireAnswered, valuesFrom } from '../records/public-answer';
import { requireLedHere } from '../records/slots';

/**
 * Reads the key to sign with: what the secret holds now.
 *
 * But a secret can change between two deployments. A roll-back then finds another key in it, or none, for the old
 * selector. A selector has one key. So if the key that the secret had before is the published one, it is that one.
 * See docs/adr/0011-replaced-key.md.
 *
 * @param mayStay on update: whether the selector is the last one that this owner has told SES, or SES names it, or a
 * roll-back goes back to it. Else the key is not taken again, as on create: it may have been replaced as it has leaked
 */
export async function readKey(
  domain: string, { selector, secret }: ByoDkim, services: Services, mayStay?: () => Promise<boolean>,
): Promise<KeyPair> {
  const reading = readKeyPair(secret, services);
  if (!mayStay) return reading;
  const name = txtRecord(domain, selector, '').name;
  const [current, answers] = await Promise.all([reading.catch(() => undefined), services.dns.ask(name)]);
  const isPublished = ({ publicKey }: KeyPair) => isAnswered(answers, holdsKey(txtRecord(domain, selector, publicKey)));
  const isNothingPublished = answers.every(({ values }) => values?.length === 0);
  if (isNothingPublished || (current && isPublished(current))) return reading;
  const before = await readPreviousKeyPair(secret, services);
  // Of two keys nobody knows which one is published.
  if (before && before.publicKey !== current?.publicKey) valuesFrom(name, answers);
  if (!before || !isPublished(before) || !await mayStay()) return reading;
  services.log('previous-key-used', { selector, publicKeySha256: before.publicKeySha256 });
  return before;
}

export async function signWithOwnKey(task: Task, signing: ByoDkim, key: KeyPair): Promise<SigningResult> {
  const { desired, owner, identity, signingTag, services, progress } = task;
  const { selector } = signing;
  const result = ownKeyResult(desired.domain, signing, key);
  const [record] = result.records;
  const written = placed(record, desired);
  const sesUsesSelector = usesSelector(task, selector);
  const acceptedKey = acceptedKeyOf(result);
  const isAccepted = sesUsesSelector && progress.acceptedKey === acceptedKey;
  const answers = !isAccepted && sesUsesSelector && hasVerifiedKey(identity) ? await services.dns.ask(record.name) : [];
  // SES has looked at what is there, and it is another key than its own: then nothing shows which one SES has.
  const isUnchanged = isAccepted || (!isOtherKey(identity) && isAnswered(answers, holdsKey(record)));
  const mustStay = !isUnchanged && sesUsesSelector !== false && hasVerifiedKey(identity);
  if (mustStay) refuseOtherKey(record, textsIn(answers), sesUsesSelector);
  const others = hasVerifiedKey(identity) ? selectorsNow(signingTag, identity).filter((each) => each !== selector) : [];
  const isDelegated = desired.zone?.delegation !== undefined;
  const zone = task.zone && followed(task.zone, written.name, services.dns);
  const records = await publishRecords({ ...task, zone }, {
    wanted: [written],
    inUse: isUnchanged,
    check: (found) => {
      // Mail that SES signs under another name can need this record.
      const isLedTo = namesFrom(others, owner.domain, found).includes(written.name);
      const texts = recordsAt(written.name, found).flatMap(textsOf);
      if (mustStay || isLedTo) refuseOtherKey(written, texts, sesUsesSelector);
    },
    inSync: !isUnchanged,
  });
  if (isUnchanged) {
    services.log('signing-unchanged', { selector, publicKeySha256: key.publicKeySha256 });
    if (flawOf([...new Set(textsIn(answers))])) services.log('key-record-flawed', { records: [record.name] });
    return { ...result, status: identity.status, isUnchanged };
  }
  if (isDelegated) {
    const until = desired.waitSeconds > 0 ? waitingEnd(desired, progress, services.retry.now()) : undefined;
    await requireLedHere(desired, services, until);
  }
  if (isDelegated || signsNow(identity)) await requireAnswered(record, saysKey(record), desired, services);
  if (isDelegated && signsNow(identity)) await awaitForgottenHere(task);
  const { status } = await putSigning(task, { origin: 'EXTERNAL', selector, privateKey: key.privateKey });
  progress.acceptedKey = acceptedKey;
  await retireRecords(task, records);
  return { ...result, status };
}

/**
 * Signs with the key that the secret had before: the zone has that one, and does not take the one of now. So it is when
 * a roll-back comes to a selector that public DNS does not show, as the domain is not delegated to the zone yet.
 */
export async function signWithKeyBefore(task: Task, signing: ByoDkim, refusal: Error): Promise<SigningResult> {
  const { services } = task;
  const before = await readPreviousKeyPair(signing.secret, services);
  if (!before) throw refusal;
  const result = await signWithOwnKey(task, signing, before);
  services.log('previous-key-used', { selector: signing.selector, publicKeySha256: before.publicKeySha256 });
  return result;
}

export function ownKeyResult(
  domain: string, { selector }: ByoDkim, { publicKey, publicKeySha256 }: PublicKey,
): Omit<SigningResult, 'status'> {
  return {
    records: [txtRecord(domain, selector, publicKey)],
    attributes: { Selector: selector, PublicKeySha256: publicKeySha256 },
  };
}

/** SES may not name the selector. Then it is that of the last call, or undefined, which means unknown. */
function usesSelector({ identity, previous, signingTag }: Task, selector: string): boolean | undefined {
  if (!isUnnamed(identity)) return signsWith(identity, { selector });
  const told = selectorsNow(signingTag, identity);
  if (told.length > 0) return told.includes(selector.toLowerCase()) && (told.length === 1 || undefined);
  return previous?.signing.method === 'BYODKIM' ? previous.signing.selector === selector : undefined;
}

/**
 * SES never returns a key, so it is inferred. SES verifies by comparing its key with the TXT record. So if SES reports
 * success, and public DNS has our public key, SES has our key. See docs/adr/0006-which-key-ses-has.md.
 */
export function holdsKey({ value }: DkimRecord): Check {
  return (values) => hasKey(value, values.map(unquote));
}

/** A record with this key can still harm mail. Then somebody must correct it, and waiting does not help. */
export function saysKey(record: DkimRecord): Check {
  return (values) => {
    const flaw = holdsKey(record)(values) ? flawOf(values.map(unquote)) : undefined;
    if (!flaw) return saysTheSame(record, 'TXT', values);
    throw new HandlerError(
      `Public DNS has this very key under ${record.name}, but ${flaw.what}. Signing was not touched`, flaw.remedy);
  };
}

export function textsIn(answers: readonly NameServerAnswer[]): string[] {
  return answers.flatMap(({ values = [] }) => values.map(unquote));
}

/**
 * A selector has one key. Another key under a selector that signs would break the mail on its way, and the mail until
 * SES has noticed. So a new key gets a new selector (RFC 6376 section 3.1).
 */
export function refuseOtherKey({ name, value }: DkimRecord, texts: readonly string[], isNamed = false): void {
  if (!hasUsableKey(texts) || hasKey(value, texts)) return;
  throw new HandlerError(
    `Mail ${isNamed ? 'is' : 'may be'} signed with another key under this selector now, and its record ${name} has to `
    + 'stay for the mail on its way', 'Give the new key a new selector');
}
