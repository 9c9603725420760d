// Waits until SES has verified DKIM, or says why it has not.
import { Desired } from '../base/desired';
import { Log } from '../base/log';
import { backOff, Patience } from '../base/patience';
import { IdentityState, Ses } from '../base/ports';
import { DkimRecord } from '../records/dkim-record';

/** SES answers one call a second for a whole account, in which a hundred may wait. */
const FIRST_PAUSE_MS = 5_000;

/** Returns the status, at once when no wait was asked for. Throws when SES gives up or the time is over. */
export async function awaitVerification(
  { identity: domain, wait }: Desired, status: string, records: readonly DkimRecord[],
  { ses, patience, log }: { ses: Ses; patience: Patience; log: Log }, progress: { waitingSince?: number },
): Promise<string> {
  if (wait === 0 || status === 'SUCCESS') return status;
  progress.waitingSince ??= patience.now();
  const end = progress.waitingSince + wait * 1000;
  for (let tries = 1; ; tries++) {
    const state = await ses.read();
    if (!state) throw new Error(`The identity ${domain} was deleted while its verification was awaited. Create it again, then deploy again.`);
    log('verification-awaited', { status: state.status, errorType: state.errorType });
    if (state.status === 'SUCCESS') return state.status;
    if (state.status === 'FAILED') throw new Error(`SES gave up verifying DKIM of ${domain}: ${whatSesSaw(state, records)}`);
    const left = end - patience.now();
    if (left <= 0) throw new Error(`SES has not verified DKIM of ${domain} within ${wait} seconds: ${whatSesSaw(state, records)}`);
    await patience.pause(Math.min(left, backOff(tries, FIRST_PAUSE_MS)), `SES to verify DKIM of ${domain}: ${whatSesSaw(state, records)}`);
  }
}

function whatSesSaw({ status, errorType, lastChecked }: IdentityState, records: readonly DkimRecord[]): string {
  const seen = `status ${status}, last error ${errorType ?? 'none'}, last looked ${lastChecked?.toISOString() ?? 'never'}`;
  const expected = records.length > 0
    ? `SES should find in public DNS: ${records.map(({ name, type, value }) => `${type} ${name} ${value}`).join('; ')}. `
      + 'Look whether the domain is delegated to the zone that has them.'
    : 'A replica needs no records of its own: look at the identity in the parent Region.';
  return `${seen}. ${expected}`;
}
