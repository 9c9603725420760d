// Waits until SES has verified DKIM, or says why it has not.
import { signsAs } from './ses-rules';
import { SigningResult, Task } from './task';
import { HandlerError } from '../base/errors';
import { IdentityState } from '../base/ports';
import { backOff } from '../base/retry';
import { DkimRecord } from '../records/dkim-record';

/** SES answers one call a second for a whole account, in which a hundred may wait. */
const FIRST_PAUSE_MS = 5_000;

/** So long after SES was told, it may show what was before: AWS does not say how soon a read shows a change. */
const STALE_MS = 60_000;

/** Returns the status, at once when no wait was asked for. Throws when SES gives up or the time is over. */
export async function awaitVerification(task: Task, { status, records }: SigningResult): Promise<string> {
  const { desired: { domain, signing, waitSeconds }, progress, services: { ses, retry, log } } = task;
  if (waitSeconds === 0 || status === 'SUCCESS') return status;
  progress.waitingSince ??= retry.now();
  const end = progress.waitingSince + waitSeconds * 1000;
  for (let tries = 1; ; tries++) {
    const state = await ses.read();
    if (!state) {
      throw new HandlerError(`The identity ${domain} was deleted while its verification was awaited`,
        'Create it again, then deploy again');
    }
    log('verification-awaited', { status: state.status, errorType: state.errorType });
    const { signingPutAt = -Infinity } = progress;
    const isOfNow = retry.now() >= signingPutAt + STALE_MS || (state.lastChecked?.getTime() ?? 0) > signingPutAt;
    if (isOfNow && !signsAs(signing, state)) throw setByAnother(domain, state);
    if (isOfNow && state.status === 'SUCCESS') return state.status;
    const seen = whatSesSaw(state, records);
    const advice = adviceFor(records);
    if (isOfNow && state.status === 'FAILED') throw new HandlerError(`SES gave up verifying DKIM of ${domain}: ${seen}`, advice);
    const left = end - retry.now();
    if (left <= 0) {
      throw new HandlerError(`SES has not verified DKIM of ${domain} within ${waitSeconds} seconds: ${seen}`, advice);
    }
    const pause = Math.min(left, backOff(tries, FIRST_PAUSE_MS));
    await retry.pause(pause, `SES to verify DKIM of ${domain}: ${seen} ${advice}`);
  }
}

function setByAnother(domain: string, { origin, tokens }: IdentityState): Error {
  const selector = origin === 'EXTERNAL' && tokens.length > 0 ? ` with the selector ${tokens.join()}` : '';
  return new HandlerError(
    `Somebody else has set how ${domain} signs, while its verification was awaited: SES has ${origin}${selector} now`,
    'Find out who did, then deploy again');
}

function whatSesSaw({ status, errorType, lastChecked }: IdentityState, records: readonly DkimRecord[]): string {
  const last = lastChecked?.toISOString() ?? 'never';
  const expected = records.map(({ name, type, value }) => `${type} ${name} ${value}`).join('; ');
  return `status ${status}, last error ${errorType ?? 'none'}, last looked ${last}.`
    + (expected ? ` SES should find in public DNS: ${expected}.` : '');
}

function adviceFor(records: readonly DkimRecord[]): string {
  return records.length > 0
    ? 'Look whether the domain is delegated to the zone that has them.'
    : 'A replica needs no records of its own: look at the identity in the parent Region.';
}
