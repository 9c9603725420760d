// What a failed deployment says: the reason, and what to do. Pure.
import { withoutKeys } from './log';
import { isBusy, OutOfTimeError } from './patience';
import { ChangeRefusedError, ZoneGoneError } from './ports';

/** By the names of the services' errors. Their texts are for programmers of SDKs, and say nothing to who deploys a stack. */
const ADVICE: Readonly<Record<string, string>> = {
  AccessDenied: 'A policy, permission boundary or service control policy forbids this call to the function\'s role.',
  AccessDeniedException: 'A policy, permission boundary or service control policy forbids this call to the function\'s role.',
  BadRequestException: 'SES does not take this signing: look at method, selector and key of the identity, then deploy again.',
  NotFoundException: 'The identity was deleted meanwhile. Deploy again when it exists.',
  ExpiredTokenException: 'The function\'s credentials have run out. Deploy again.',
  InvalidClientTokenId: 'The Region may not be enabled in this account.',
  UnrecognizedClientException: 'The Region may not be enabled in this account.',
};

const DEFAULT_ADVICE = 'Deploy again; if it stays, the function\'s log says what went before.';

/** Our own errors say in their text what to do; those of services need it said. */
export function reasonOf(error: Error): string {
  if (error instanceof OutOfTimeError) return `${sentence(error.message)} Deploy again.`;
  if (error instanceof ChangeRefusedError) return `${error.message} A record that is protected or managed by a service has to be changed there.`;
  if (error instanceof ZoneGoneError) return `${error.message} It was there a moment ago: see who took it, or the right to it, away, then deploy again.`;
  // A name of its own is that of a service's error, or of a bug.
  if (error.name === 'Error' && !isBusy(error)) return error.message;
  return `${error.name}: ${sentence(withoutKeys(error.message))} ${ADVICE[error.name] ?? DEFAULT_ADVICE}`;
}

/** Services end their texts as they like. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
