// Why a wanted record cannot be published: somebody else's record has its name, or mail on its way needs the old one.
import { DkimRecord } from './dkim-record';
import { unquote } from '../base/dns-text';
import { HandlerError } from '../base/errors';
import { RecordSet } from '../base/ports';

/** A selector is wanted again, with another key than the one whose record has to stay for the mail on its way. */
export class SelectorInUseError extends HandlerError {
  constructor({ name }: DkimRecord, until: string) {
    super(
      `The record ${name} holds the key of mail that is still on its way, and has to stay as it is until ${until}`,
      'Give the key a new selector, or pin the version of the secret that has the old key (versionId)');
  }
}

/** A record of a wanted name says something else, and it is not ours to change. */
export class RecordConflictError extends HandlerError {
  constructor(wanted: DkimRecord, existing: readonly RecordSet[]) {
    super(
      `The record ${wanted.name} exists and was not written by this construct: `
      + `it has ${existing.map(describe).join(', ')}; needed is ${wanted.type} ${wanted.value}`,
      'Remove it, choose another selector, or set recordConflict to OVERWRITE');
  }
}

function describe({ type, values }: RecordSet): string {
  const texts = values.map((value) => type === 'TXT' ? unquote(value) : value).join(' | ');
  return `${type} ${texts.slice(0, 600) || '(alias)'}`;
}
