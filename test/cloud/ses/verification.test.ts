// The pure steps of an identity's verification.
import { armed, HOUR, Look, looked, SES_TIMES, Verification } from './verification';

const MINUTE = 60_000;
const START = 1_000_000;

function arm(before?: Verification, now = START): Verification {
  return armed(before, now, SES_TIMES);
}

function look(before: Verification, found: Look, now: number): Verification {
  return looked(before, found, now, SES_TIMES);
}

test('SES looks 30 seconds after the call and then every minute', () => {
  // GIVEN
  const pending = arm();
  // WHEN
  const missed = look(pending, 'HOST_NOT_FOUND', START + 30_000);
  // THEN
  expect(pending).toMatchObject({ status: 'PENDING', nextLook: START + 30_000, verifiedForSending: false });
  expect(missed).toMatchObject({
    status: 'PENDING', nextLook: START + 90_000, errorType: 'HOST_NOT_FOUND', lastChecked: START + 30_000,
  });
});

test('the last look is at 72 hours, and then SES looks no more', () => {
  // GIVEN an identity that was missed a moment before the deadline
  const nearlyOver = look(arm(), 'TYPE_NOT_FOUND', START + 72 * HOUR - 10_000);
  expect(nearlyOver).toMatchObject({ status: 'PENDING', nextLook: START + 72 * HOUR });
  // WHEN
  const over = look(nearlyOver, 'INVALID_VALUE', START + 72 * HOUR);
  // THEN
  expect(over).toMatchObject({ status: 'FAILED', errorType: 'INVALID_VALUE' });
  expect(over.nextLook).toBeUndefined();
});

test('a repeated call re-arms a FAILED identity for another 72 hours', () => {
  const failed = look(arm(), 'HOST_NOT_FOUND', START + 73 * HOUR);
  const again = arm(failed, START + 80 * HOUR);
  expect(again).toMatchObject({ status: 'PENDING', since: START + 80 * HOUR, nextLook: START + 80 * HOUR + 30_000 });
  expect(again.errorType).toBeUndefined();
});

test('a call on a verified identity resets the status but not the right to send', () => {
  const verified = look(arm(), 'FOUND', START + 30_000);
  expect(verified).toMatchObject({ status: 'SUCCESS', verifiedForSending: true, lastSuccess: START + 30_000 });
  expect(arm(verified, START + HOUR))
    .toMatchObject({ status: 'PENDING', verifiedForSending: true, lastSuccess: START + 30_000 });
});

test('records that disappear have five days from the look that missed them', () => {
  // GIVEN
  const verified = look(arm(), 'FOUND', START + 30_000);
  // WHEN
  const lostAt = START + 100 * HOUR;
  const lost = look(verified, 'HOST_NOT_FOUND', lostAt);
  const stillLost = look(lost, 'DNS_SERVER_ERROR', lostAt + 119 * HOUR);
  // THEN
  expect(lost).toMatchObject({ status: 'TEMPORARY_FAILURE', nextLook: lostAt + MINUTE });
  expect(stillLost).toMatchObject({
    status: 'TEMPORARY_FAILURE', errorType: 'DNS_SERVER_ERROR', nextLook: lostAt + 119 * HOUR + MINUTE,
  });
  expect(look(stillLost, 'FOUND', lostAt + 119 * HOUR + MINUTE))
    .toMatchObject({ status: 'SUCCESS', verifiedForSending: true });
  expect(look(stillLost, 'HOST_NOT_FOUND', lostAt + 120 * HOUR))
    .toMatchObject({ status: 'FAILED', verifiedForSending: true });
});

test('a found identity has no error type left', () => {
  const missed = look(arm(), 'INVALID_VALUE', START + 30_000);
  expect(look(missed, 'FOUND', START + 90_000).errorType).toBeUndefined();
});

test('a refused replication fails at once, also for a replica that was verified', () => {
  expect(look(arm(), 'REPLICATION_ACCESS_DENIED', START + 30_000))
    .toMatchObject({ status: 'FAILED', errorType: 'REPLICATION_ACCESS_DENIED' });
  const verified = look(arm(), 'FOUND', START + 30_000);
  expect(look(verified, 'REPLICATION_PRIMARY_NOT_FOUND', START + HOUR).status).toBe('FAILED');
});
