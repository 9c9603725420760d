// Why a wanted record cannot be published: the record of its name is somebody else's, or mail needs it as it is.
import { DkimRecord, holdsTheKey, textsOf } from './dkim-record';
import { flawOf, hasUsableKey, isRevoked } from './key-record';
import { unquote } from '../base/dns-text';
import { HandlerError } from '../base/errors';
import { RecordSet } from '../base/ports';

const NEW_KEY = 'Take a new key with a new selector, or rotate it';

/** A record of a wanted name says something else, and it is not ours to change. */
export class RecordConflictError extends HandlerError {
  /** The record was not written by this library. */
  static foreign(wanted: DkimRecord, existing: readonly RecordSet[], mayOverwrite: boolean): RecordConflictError {
    const [cause, whatToDo] = causeOf(wanted, existing, mayOverwrite);
    return new RecordConflictError(
      `The record ${wanted.name} exists and was not written by this construct: ${both(wanted, existing)}${cause}`,
      whatToDo);
  }
}

/** Mail needs the record of a selector as it is. OVERWRITE does not change that. */
export class SelectorInUseError extends RecordConflictError {
  /** A selector is wanted again, with another key than the one that it was superseded with. */
  static superseded(
    { name }: DkimRecord, existing: readonly RecordSet[], { until, now }: Record<'until' | 'now', string>,
  ): SelectorInUseError {
    if (isRevoked(existing.flatMap(textsOf))) {
      return new SelectorInUseError(`The record ${name} says that the key of this selector was revoked`, NEW_KEY);
    }
    if (until > now) {
      return new SelectorInUseError(
        `The record ${name} holds the key of mail that is still on its way, and has to stay as it is until ${until}`,
        'Give the key a new selector, or pin the version of the secret that has the old key (versionId)');
    }
    return new SelectorInUseError(`The record ${name} holds an earlier key, which receivers may remember`,
      'Give the key a new selector: a selector has one key');
  }

  static byAnother(wanted: DkimRecord, existing: readonly RecordSet[]): SelectorInUseError {
    return new SelectorInUseError(
      `Another stack, or the same domain in another Region, uses the record ${wanted.name}: ${both(wanted, existing)}`,
      'Choose another selector. One selector can serve both where both have the same key');
  }
}

function both({ type, value }: DkimRecord, existing: readonly RecordSet[]): string {
  return `it has ${existing.map(describe).join(', ')}; needed is ${type} ${value}`;
}

/** Overwriting is advised only where no mail can be signed with what is there. */
function causeOf(
  wanted: DkimRecord, existing: readonly RecordSet[], mayOverwrite: boolean,
): [cause: string, whatToDo: string] {
  const texts = existing.flatMap(textsOf);
  const isUsable = hasUsableKey(texts);
  const flaw = existing.some((record) => holdsTheKey(wanted, record)) ? flawOf(texts) : undefined;
  if (flaw && (isUsable || texts.length === 1)) return [`. It has this very key, but ${flaw.what}`, flaw.remedy];
  if (isUsable) {
    return ['. Mail may be signed with the key that is there', 'Choose another selector, or remove it if no mail is signed with that key'];
  }
  if (isRevoked(texts)) return ['. Its empty p= says that the key was revoked', NEW_KEY];
  if (!mayOverwrite) return ['', 'Remove it, or choose another selector'];
  const other = wanted.type === 'TXT' ? 'choose another selector, ' : ''; // SES chooses those of Easy DKIM
  return ['', `Remove it, ${other}or set recordConflict to OVERWRITE`];
}

function describe({ type, values, aliasOf, leadsTo }: RecordSet): string {
  const texts = values.map((value) => type === 'TXT' ? unquote(value) : value).join(' | ').slice(0, 600);
  const itself = `${type} ${texts || (aliasOf ? `(alias of ${aliasOf})` : '(alias)')}`;
  if (!leadsTo) return itself;
  return `${itself}, which leads to ${leadsTo.map(unquote).join(' | ').slice(0, 600) || 'no TXT'}`;
}
