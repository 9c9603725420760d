// Refuses records whose names are too long for DNS, before anything is written. Synthesis need not know them.
import { MAX_NAME, recordNameLength, REGISTRY_LABEL_LENGTH, TOKEN_LENGTH } from '../../src/private/contract';
import { DesiredState } from '../base/desired-state';
import { HandlerError } from '../base/errors';

export function requireShortNames({ domain, signing, zone }: DesiredState): void {
  if (signing.method === 'DEED') return; // its records are its parent's
  const label = signing.method === 'BYODKIM' ? signing.selector.length : TOKEN_LENGTH;
  const length = recordNameLength(domain, Math.max(label, zone ? REGISTRY_LABEL_LENGTH : 0));
  if (length <= MAX_NAME) return;
  throw new HandlerError(`The name of a record of ${domain} would have ${length} characters, and DNS takes ${MAX_NAME}`,
    label > REGISTRY_LABEL_LENGTH ? 'Use a shorter selector, or a shorter domain' : 'Use a shorter domain');
}
