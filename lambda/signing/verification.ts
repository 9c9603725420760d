// Looks whether SES has verified DKIM, and says why it has not. A wait of more than seconds holds no invocation.
import { signsAs } from './ses-rules';
import { Signed, Task } from './task';
import { DesiredState } from '../base/desired-state';
import { HandlerError, LookAgainError } from '../base/errors';
import { IdentityState, Services } from '../base/ports';
import { DkimRecord } from '../records/dkim-record';

/** What SES says of its looking. */
type Seen = Pick<IdentityState, 'status' | 'errorType' | 'lastChecked'>;

/** For less than this, no further invocation is worth its start. */
const SHORT_MS = 15_000;

/** For this time after a call, SES may still show the old state. AWS does not say how soon a read shows a change. */
export const STALE_MS = 60_000;

/**
 * Returns the status, without a wait at once. Throws when SES stops looking, when the time is over, and when SES must
 * be asked again later. `mayHaveChanged` is false right after SES has given the status, because a call takes a second.
 */
export async function awaitVerification(
  { desired: { domain, signing, waitSeconds }, progress }: Pick<Task, 'desired' | 'progress'>,
  signed: Signed, { ses, retry, log }: Services, mayHaveChanged: boolean,
): Promise<string> {
  const { status, records } = signed;
  if (waitSeconds === 0 || status === 'SUCCESS') return status;
  progress.awaited = signed;
  const end = waitingEnd({ waitSeconds }, progress, retry.now());
  // FAILED is worth a look: it may be of the time before SES was told.
  for (let look = mayHaveChanged || status === 'FAILED'; ; look = true) {
    const state = look ? await ses.read() : undefined;
    if (look && !state) {
      throw new HandlerError(`The identity ${domain} was deleted while its verification was awaited`,
        'Create it again, then deploy again');
    }
    const last: Seen = state ?? { status };
    log('verification-awaited', { status: last.status, errorType: last.errorType });
    const seen = whatSesSaw(last, records);
    const advice = adviceFor(records);
    if (state && isOfNow(state, progress, retry.now())) {
      if (!signsAs(signing, state)) throw setByAnother(domain, state);
      if (state.status === 'SUCCESS') return state.status;
      if (state.status === 'FAILED') throw new HandlerError(`SES gave up verifying DKIM of ${domain}: ${seen}`, advice);
    }
    const left = end - retry.now();
    if (left <= 0) {
      throw new HandlerError(`SES has not verified DKIM of ${domain} within ${waitSeconds} seconds: ${seen}`, advice);
    }
    const waitingFor = `SES to verify DKIM of ${domain}: ${seen} ${advice}`;
    if (left > SHORT_MS) throw new LookAgainError(waitingFor, end);
    await retry.pause(left, waitingFor);
  }
}

/** Until when the deployment waits, for all that it waits for. */
export function waitingEnd(
  { waitSeconds }: Pick<DesiredState, 'waitSeconds'>, progress: Task['progress'], now: number,
): number {
  progress.waitingSince ??= now;
  return progress.waitingSince + waitSeconds * 1000;
}

/** Whether SES says what has come of what it was told last. */
function isOfNow({ lastChecked }: IdentityState, { signingPutAt = -Infinity }: Task['progress'], now: number): boolean {
  return now >= signingPutAt + STALE_MS || (lastChecked?.getTime() ?? 0) > signingPutAt;
}

function setByAnother(domain: string, { origin, tokens }: IdentityState): Error {
  const selector = origin === 'EXTERNAL' && tokens.length > 0 ? ` with the selector ${tokens.join()}` : '';
  return new HandlerError(
    `Somebody else has set how ${domain} signs, while its verification was awaited: SES has ${origin}${selector} now`,
    'Find out who did, then deploy again');
}

/** What SES says of its last look. */
export function lookOf({ status, errorType = 'none', lastChecked }: Seen): string {
  return `status ${status}, last error ${errorType}, last looked ${lastChecked?.toISOString() ?? 'never'}`;
}

function whatSesSaw(seen: Seen, records: readonly DkimRecord[]): string {
  const expected = records.map(({ name, type, value }) => `${type} ${name} ${value}`).join('; ');
  return `${lookOf(seen)}.`
    + (expected ? ` SES should find in public DNS: ${expected}.` : '');
}

function adviceFor(records: readonly DkimRecord[]): string {
  return records.length > 0
    ? 'Look whether the domain is delegated to the zone that has them.'
    : 'A replica needs no records of its own: look at the identity in the parent Region.';
}
