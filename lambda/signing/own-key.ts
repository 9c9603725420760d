// BYODKIM: mail is signed with the user's own key. Its record is published before SES is told of it.
import { KeyPair } from './key';
import { readKeyPair, readPreviousKeyPair } from './secret-key';
import { publishInZone, put, Signing, signsNow, Task, World } from './task';
import { ByoDkimProperties } from '../../src/private/contract';
import { RecordSet, SecretSource } from '../base/ports';
import { DkimRecord, saysTheSame, txtRecord } from '../records/dkim-record';
import { isAnswered, requireAnswered } from '../records/public-answer';

/**
 * The key to sign with: what the secret holds now. But a secret can change between two deployments, and a roll-back then finds another key in it,
 * or none, for the old selector. A selector has one key: on update, where the key that the secret had before is published under the selector, it
 * is that one. See docs/adr/0011-replaced-key.md.
 */
export async function readKey(domain: string, signing: ByoDkimProperties, update: boolean, { secrets, dns, log }: World): Promise<KeyPair> {
  const source = sourceOf(signing);
  const reading = readKeyPair(source, secrets);
  if (!update) return reading;
  const [current, answers] = await Promise.all([reading.catch(() => undefined), dns.ask(txtRecord(domain, signing.Selector, '').name)]);
  const isPublished = ({ publicKey }: KeyPair) => isAnswered(answers, (values) => saysTheSame(txtRecord(domain, signing.Selector, publicKey), 'TXT', values));
  const nothingPublished = answers.every(({ values = [] }) => values.length === 0);
  if (nothingPublished || (current && isPublished(current))) return reading;
  const before = await readPreviousKeyPair(source, secrets);
  if (!before || !isPublished(before)) return reading;
  log('previous-key-used', { selector: signing.Selector, publicKeySha256: before.publicKeySha256 });
  return before;
}

function sourceOf({ SecretArn, JsonField, VersionStage, VersionId }: ByoDkimProperties): SecretSource {
  return { arn: SecretArn, jsonField: JsonField, versionStage: VersionStage, versionId: VersionId };
}

export async function signWithOwnKey(task: Task, signing: ByoDkimProperties, key: KeyPair): Promise<Signing> {
  const { desired, identity, world } = task;
  const ownKey = ownKeySigning(desired.identity, signing, key);
  const [record] = ownKey.records;
  const usesSelector = signsUnder(signing.Selector, task);
  const isRight = (values: readonly string[]) => saysTheSame(record, 'TXT', values);
  // SES never gives a key back. But it has verified its key against what public DNS says under this selector: if that is our key, it has it.
  // And while it still looks, it has what this request gave it: telling it once more would make it begin anew.
  const thisKey = `${signing.Selector} ${key.publicKeySha256}`;
  const holds = usesSelector && (task.progress.taken === thisKey || (signsNow(identity) && isAnswered(await world.dns.ask(record.name), isRight)));
  await publishInZone(task, {
    wanted: [record],
    guard: (records) => usesSelector && signsNow(identity) && refuseOtherKey(record, records),
    inSync: !holds,
  });
  if (holds) {
    world.log('signing-held', { selector: signing.Selector, publicKeySha256: key.publicKeySha256 });
    return { ...ownKey, status: identity.status, held: true };
  }
  if (signsNow(identity)) await requireAnswered(record, isRight, desired, world);
  const { status } = await put(task, { origin: 'EXTERNAL', selector: signing.Selector, privateKey: key.privateKey });
  task.progress.taken = thisKey;
  return { ...ownKey, status };
}

export function ownKeySigning(domain: string, { Selector }: ByoDkimProperties, { publicKey, publicKeySha256 }: KeyPair): Omit<Signing, 'status'> {
  return { records: [txtRecord(domain, Selector, publicKey)], attributes: { Selector, PublicKeySha256: publicKeySha256 } };
}

/** SES need not name the selector; then it is the one that was told to it last. */
function signsUnder(selector: string, { identity: { origin, tokens }, previous }: Task): boolean {
  if (origin !== 'EXTERNAL') return false;
  return tokens.length > 0 ? tokens.includes(selector) : previous?.signing.Method === 'BYODKIM' && previous.signing.Selector === selector;
}

/**
 * A selector has one key. Changing the key under a selector that signs would break the mail on its way and the mail until SES has noticed, so
 * a new key gets a new selector (RFC 6376 section 3.1).
 */
function refuseOtherKey(record: DkimRecord, records: readonly RecordSet[]): void {
  const other = records.find(({ name, type, values }) =>
    name === record.name && ['TXT', 'CNAME'].includes(type) && !saysTheSame(record, type, values));
  if (!other) return;
  throw new Error(`Mail is signed with another key under this selector now, and its record ${record.name} has to stay for the mail on its way. `
    + 'Give the new key a new selector.');
}
