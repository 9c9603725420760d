// BYODKIM: mail is signed with the user's own key. Its record is published before SES is told of it.
import { KeyPair } from './key';
import { readKeyPair, readPreviousKeyPair } from './secret-key';
import { publishRecords, putSigning, retireRecords, signsNow, SigningResult, Task } from './task';
import { ByoDkim } from '../base/desired-state';
import { HandlerError } from '../base/errors';
import { RecordSet, Services } from '../base/ports';
import { DkimRecord, saysTheSame, txtRecord } from '../records/dkim-record';
import { Check, isAnswered, requireAnswered } from '../records/public-answer';

/**
 * Reads the key to sign with: what the secret holds now.
 *
 * But a secret can change between two deployments. A roll-back then finds another key in it, or none, for the old
 * selector. A selector has one key. So on update, if the key that the secret had before is the published one, it is
 * that one. See docs/adr/0011-replaced-key.md.
 */
export async function readKey(
  domain: string, { selector, secret }: ByoDkim, services: Services, isUpdate: boolean,
): Promise<KeyPair> {
  const reading = readKeyPair(secret, services);
  if (!isUpdate) return reading;
  const name = txtRecord(domain, selector, '').name;
  const [current, answers] = await Promise.all([reading.catch(() => undefined), services.dns.ask(name)]);
  const isPublished = ({ publicKey }: KeyPair) => isAnswered(answers, saysKey(txtRecord(domain, selector, publicKey)));
  const isNothingPublished = answers.every(({ values = [] }) => values.length === 0);
  if (isNothingPublished || (current && isPublished(current))) return reading;
  const before = await readPreviousKeyPair(secret, services);
  if (!before || !isPublished(before)) return reading;
  services.log('previous-key-used', { selector, publicKeySha256: before.publicKeySha256 });
  return before;
}

export async function signWithOwnKey(task: Task, signing: ByoDkim, key: KeyPair): Promise<SigningResult> {
  const { desired, identity, services, progress } = task;
  const { selector } = signing;
  const result = ownKeyResult(desired.domain, signing, key);
  const [record] = result.records;
  const sesUsesSelector = usesSelector(task, selector);
  const acceptedKey = `${selector} ${key.publicKeySha256}`;
  const isUnchanged = sesUsesSelector && (progress.acceptedKey === acceptedKey || await sesHasKey(task, record));
  const records = await publishRecords(task, {
    wanted: [record],
    check: (found) => {
      if (sesUsesSelector && signsNow(identity)) refuseOtherKey(record, found);
    },
    inSync: !isUnchanged,
  });
  if (isUnchanged) {
    services.log('signing-unchanged', { selector, publicKeySha256: key.publicKeySha256 });
    return { ...result, status: identity.status, isUnchanged };
  }
  if (signsNow(identity)) await requireAnswered(record, saysKey(record), desired, services);
  const { status } = await putSigning(task, { origin: 'EXTERNAL', selector, privateKey: key.privateKey });
  progress.acceptedKey = acceptedKey;
  await retireRecords(task, records);
  return { ...result, status };
}

export function ownKeyResult(
  domain: string, { selector }: ByoDkim, { publicKey, publicKeySha256 }: KeyPair,
): Omit<SigningResult, 'status'> {
  return {
    records: [txtRecord(domain, selector, publicKey)],
    attributes: { Selector: selector, PublicKeySha256: publicKeySha256 },
  };
}

/**
 * SES never returns a key, so it is inferred. SES verifies by comparing its key with the TXT record. So if SES reports
 * success, and public DNS has our public key, SES has our key. See docs/adr/0006-which-key-ses-has.md.
 */
async function sesHasKey({ identity, services }: Task, record: DkimRecord): Promise<boolean> {
  return signsNow(identity) && isAnswered(await services.dns.ask(record.name), saysKey(record));
}

/** SES need not name the selector. Then it is the one that was told last. */
function usesSelector({ identity: { origin, tokens }, previous }: Task, selector: string): boolean {
  if (origin !== 'EXTERNAL') return false;
  if (tokens.length > 0) return tokens.includes(selector);
  return previous?.signing.method === 'BYODKIM' && previous.signing.selector === selector;
}

function saysKey(record: DkimRecord): Check {
  return (values) => saysTheSame(record, 'TXT', values);
}

/**
 * A selector has one key. Another key under a selector that signs would break the mail on its way, and the mail until
 * SES has noticed. So a new key gets a new selector (RFC 6376 section 3.1).
 */
function refuseOtherKey(record: DkimRecord, records: readonly RecordSet[]): void {
  const other = records.find(({ name, type, values }) =>
    name === record.name && ['TXT', 'CNAME'].includes(type) && !saysTheSame(record, type, values));
  if (!other) return;
  throw new HandlerError(
    `Mail is signed with another key under this selector now, and its record ${record.name} has to stay for the mail `
    + 'on its way', 'Give the new key a new selector');
}
