// The JSON in a secret: the field that holds the key, and what is wrong where there is none. Pure.
import { UnusableKeyError } from './unusable-key';
import { ifReadable, isObject } from '../base/hostile';

type Fields = ReadonlyMap<string, unknown>;

/** What AWS and its users name fields. Anything else may be a value in the wrong place, so it is not shown. */
const FIELD_NAME = /^[A-Za-z][\w.-]{0,30}$/;
const MOST_FIELDS_SHOWN = 8;

const JWK = 'it is a JWK (JSON Web Key); convert it to PEM and store that';

/** The key's text, from a field of a secret whose value is a JSON object. */
export function fieldOf(text: string, name: string): string {
  const value = parsed(text);
  if (!isObject(value)) {
    const json = describeJson(text);
    throw new UnusableKeyError(json ? `it is not a JSON object; ${json}`
      : 'it is not a JSON object, so it has no fields; leave jsonField out if the key is the whole value');
  }
  const fields: Fields = new Map(Object.entries(value)); // what all objects inherit is no field
  const found = fields.get(name);
  if (found === undefined) {
    throw new UnusableKeyError('it has no such field; name the field that has the key in jsonField. '
      + `There is ${named(fields, name)}`);
  }
  if (typeof found !== 'string') {
    throw new UnusableKeyError(isObject(found) && isJwk(found) ? JWK
      : 'the field is not a string; store the key as a JSON string');
  }
  return found;
}

/** What JSON it is in place of a key. Undefined for what is no JSON, and for a text in quotes. */
export function describeJson(text: string, jsonField?: string): string | undefined {
  const value = parsed(text);
  if (value === undefined) return /^\s*(?:\[|\{(?!\{))/.test(text) ? describeDamage(text) : undefined;
  if (typeof value === 'string') {
    return isObject(parsed(value)) ? 'it is JSON that was encoded twice; store the JSON object itself' : undefined;
  }
  if (Array.isArray(value)) return 'it is a JSON array; store the key alone, or in a field of a JSON object';
  if (!isObject(value)) return undefined;
  if (isJwk(value)) return JWK;
  if (jsonField !== undefined) return 'it is a JSON object in a field; store the key itself in the field';
  return `it is neither PEM nor base64, but a JSON object with ${named(new Map(Object.entries(value)))}; name the field `
    + 'that has the key in jsonField';
}

function parsed(text: string): unknown {
  return ifReadable(() => JSON.parse(text.replace(/^\uFEFF/, '')));
}

/** One key, or a set of them (RFC 7517). */
function isJwk(value: object): boolean {
  return 'kty' in value || ('keys' in value && Array.isArray(value.keys));
}

function describeDamage(text: string): string {
  // Between the parts of JSON a space is the same as a line break. In its strings only the space is allowed.
  return parsed(text.replace(/[\r\n\t]/g, ' ')) === undefined
    ? 'it begins like JSON and is not valid; look at its quotes, commas and braces, and store it again'
    : 'it is JSON with line breaks in its strings, which JSON does not allow; write each of them as \\n';
}

/** The fields by name; where one is nearly the wanted one, that one alone. */
function named(fields: Fields, wanted?: string): string {
  const alike = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const names = [...fields.keys()].filter((name) => FIELD_NAME.test(name));
  const near = names.filter((name) => wanted !== undefined && alike(name) === alike(wanted));
  const shown = (near.length > 0 ? near : names).slice(0, MOST_FIELDS_SHOWN).map((name) => `'${name}'`);
  if (shown.length === 0) return fields.size === 0 ? 'no fields' : 'fields of other names';
  return `${shown.join(', ')}${near.length === 0 && fields.size > shown.length ? ' and others' : ''}`;
}
