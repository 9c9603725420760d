// Looks whether SES has verified DKIM, and says why it has not. A wait of more than seconds holds no invocation.
import { Signed, Task } from './task';
import { HandlerError, LookAgainError } from '../base/errors';
import { IdentityState, Services } from '../base/ports';
import { DkimRecord } from '../records/dkim-record';

/** What SES says of its looking. */
type Seen = Pick<IdentityState, 'status' | 'errorType' | 'lastChecked'>;

/** For less than this, no further invocation is worth its start. */
const SHORT_MS = 15_000;

/**
 * Returns the status, at once when no wait was asked for. Throws when SES gives up, when the time is over, and when SES
 * has to be asked again later. `mayHaveChanged` is false right after SES has said the status: a call costs a second.
 */
export async function awaitVerification(
  { desired: { domain, waitSeconds }, progress }: Pick<Task, 'desired' | 'progress'>,
  signed: Signed, { ses, retry, log }: Services, mayHaveChanged: boolean,
): Promise<string> {
  const { status, records } = signed;
  if (waitSeconds === 0 || status === 'SUCCESS') return status;
  progress.waitingSince ??= retry.now();
  progress.awaited = signed;
  const end = progress.waitingSince + waitSeconds * 1000;
  for (let look = mayHaveChanged; ; look = true) {
    const state: Seen | undefined = look ? await ses.read() : { status };
    if (!state) {
      throw new HandlerError(`The identity ${domain} was deleted while its verification was awaited`,
        'Create it again, then deploy again');
    }
    log('verification-awaited', { status: state.status, errorType: state.errorType });
    if (state.status === 'SUCCESS') return state.status;
    const seen = whatSesSaw(state, records);
    const advice = adviceFor(records);
    if (state.status === 'FAILED') throw new HandlerError(`SES gave up verifying DKIM of ${domain}: ${seen}`, advice);
    const left = end - retry.now();
    if (left <= 0) {
      throw new HandlerError(`SES has not verified DKIM of ${domain} within ${waitSeconds} seconds: ${seen}`, advice);
    }
    const waitingFor = `SES to verify DKIM of ${domain}: ${seen} ${advice}`;
    if (left > SHORT_MS) throw new LookAgainError(waitingFor, end);
    await retry.pause(left, waitingFor);
  }
}

function whatSesSaw({ status, errorType, lastChecked }: Seen, records: readonly DkimRecord[]): string {
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
