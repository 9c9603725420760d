// The tags of a resource, and which ones AWS takes. The services differ in the error only.

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export const MAX_TAGS = 50;
const KEY = /^[\p{L}\p{N}\s_.:/=+@-]{1,128}$/u;
const VALUE = /^[\p{L}\p{N}\s_.:/=+@-]{0,256}$/u;

export class TagRules {
  /** @param refusal the service's error */
  constructor(private readonly refusal: (message: string) => Error, private readonly allowed = { KEY, VALUE }) {}

  /** Of two tags with one key the later one holds. Throws for what is refused, and then nothing is changed. */
  with(tags: readonly Tag[], added: readonly Tag[]): readonly Tag[] {
    for (const tag of added) this.check(tag);
    const keys = added.map(({ Key }) => Key);
    if (new Set(keys).size < keys.length) throw this.refusal('A tag key can be given only once.');
    const all = [...this.without(tags, keys), ...added.map(({ Key, Value = '' }) => ({ Key, Value }))];
    if (all.length > MAX_TAGS) throw this.refusal(`A resource can have at most ${MAX_TAGS} tags.`);
    return all;
  }

  /** Keys that are not there are no error. */
  without(tags: readonly Tag[], keys: readonly string[]): readonly Tag[] {
    for (const key of keys) this.checkKey(key);
    return tags.filter(({ Key }) => !keys.includes(Key));
  }

  private check({ Key, Value = '' }: Tag): void {
    this.checkKey(Key);
    if (!this.allowed.VALUE.test(Value) || isReserved(Value)) {
      throw this.refusal(`The value of the tag ${Key} is not valid.`);
    }
  }

  private checkKey(key: string): void {
    if (!this.allowed.KEY.test(key) || isReserved(key)) throw this.refusal(`The tag key ${key} is not valid.`);
  }
}

/** AWS keeps the prefix for itself, in keys and in values, and in any case of the letters. */
function isReserved(text: string): boolean {
  return text.toLowerCase().startsWith('aws:');
}
