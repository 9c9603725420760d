// The tags of an identity, and which ones SES takes.
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Tag.html
import { badRequest } from './errors';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

const MAX_TAGS = 50;
const KEY = /^[\p{L}\p{N}\s_.:/=+-]{1,128}$/u;
const VALUE = /^[\p{L}\p{N}\s_.:/=+-]{0,256}$/u;

/** Of two tags with one key the later one holds. Throws for what SES refuses, and then nothing is changed. */
export function withTags(tags: readonly Tag[], added: readonly Tag[]): readonly Tag[] {
  for (const tag of added) checkTag(tag);
  const keys = added.map(({ Key }) => Key);
  if (new Set(keys).size < keys.length) throw badRequest('A tag key can be given only once.');
  const all = [...withoutTags(tags, keys), ...added.map(({ Key, Value = '' }) => ({ Key, Value }))];
  if (all.length > MAX_TAGS) throw badRequest(`A resource can have at most ${MAX_TAGS} tags.`);
  return all;
}

/** Keys that are not there are no error. */
export function withoutTags(tags: readonly Tag[], keys: readonly string[]): readonly Tag[] {
  for (const key of keys) checkKey(key);
  return tags.filter(({ Key }) => !keys.includes(Key));
}

function checkTag({ Key, Value = '' }: Tag): void {
  checkKey(Key);
  if (!VALUE.test(Value) || isReserved(Value)) throw badRequest(`The value of the tag ${Key} is not valid.`);
}

function checkKey(key: string): void {
  if (!KEY.test(key) || isReserved(key)) throw badRequest(`The tag key ${key} is not valid.`);
}

/** AWS keeps the prefix for itself, in keys and in values, and in any case of the letters. */
function isReserved(text: string): boolean {
  return text.toLowerCase().startsWith('aws:');
}
