// Refuses records whose names are too long for DNS, before anything is written. Synthesis need not know them.
import { MAX_NAME, recordNameLength, REGISTRY_LABEL_LENGTH } from '../../src/private/contract';
import { DesiredState, placeOf } from '../base/desired-state';
import { HandlerError } from '../base/errors';

/** Nobody says how long a token of Easy DKIM is. In a zone the name of the registry record is longer than with one. */
export function requireShortNames({ domain, signing, zone }: DesiredState): void {
  const ofKey = signing.method === 'BYODKIM' ? signing.selector.length : 0;
  const length = recordNameLength(placeOf({ domain, zone }), Math.max(ofKey, zone ? REGISTRY_LABEL_LENGTH : 0));
  if (length <= MAX_NAME || (ofKey === 0 && !zone)) return;
  throw new HandlerError(`The name of a record of ${domain} would have ${length} characters, and DNS takes ${MAX_NAME}`,
    ofKey > REGISTRY_LABEL_LENGTH ? 'Use a shorter selector, or a shorter domain' : 'Use a shorter domain');
}
