// One run of the function: a step of a rotation, or the care for secrets or identities.
//
// What holds: a step that no longer counts writes nothing. Rotation was switched off, the label was taken off its
// version, or the secret is gone: then the fence says so before each write, and the step ends.
import { parseEvent, RotationEvent, Step } from './event';
import { careForIdentities } from './identities';
import { noteFailure } from './noted-failure';
import { Environment, Run } from './run';
import { settingsIn, settingsOf } from './secret-settings';
import { nameOf, reasonOf } from '../base/describe-error';
import { HandlerError } from '../base/errors';
import { logTo } from '../base/log';
import { isEnded, KeyStoreState, Services, TAKEN_BACK } from '../base/ports';
import { Redactor } from '../base/redaction';
import { fenceBy, Retry } from '../base/retry';
import { follow } from '../signing/followed-key';
import {
  awaitNextKey, FailedForGoodError, finishNextKey, makeNextKey, tidyUp, useNextKey,
} from '../signing/rotation';
import { isOld, PATIENCE_MS, Rotation, rotationOf } from '../signing/rotation-member';
import { readPending, readStoredKeys, StoredKey } from '../signing/stored-key';
import { retireDue, revokeKey } from '../signing/superseded';
import { goOn, settle, takeBackAfter } from '../signing/taking-back';

/** Secrets Manager has repeated a rotation for long enough by then, so that the hourly care goes on with it. */
const LATE_MS = 30 * 60_000;
/** For so long the care tries a call of a Region that is not the first one. */
const FURTHER_PATIENCE_MS = 2 * 60_000;
/** How many secrets are cared for at a time. They share SES's one call a second, and a change needs one in 20 s. */
const AT_ONCE = 10;
/** What was left half-way is settled, the key in the secret becomes the next one, and that is used. */
const MOST_ROUNDS = 4;
/** Kept of an invocation, so that an error is told before Lambda ends the process. */
const END_MS = 30_000;
/** Kept of the care, for a note that it fails: a call that is not answered can take half of that. */
const NOTE_MS = 60_000;
/** New policies are known everywhere after seconds, rarely minutes. */
const ACCESS_GRACE_MS = 60_000;

export async function onEvent(
  event: Readonly<Record<string, unknown>>, remainingMs: number, environment: Environment,
): Promise<void> {
  const redactor = new Redactor();
  const log = logTo(environment.write, redactor, {});
  const run: Run = { ...environment, redactor, log, end: environment.time.now() + remainingMs - END_MS };
  try {
    const parsed = parseEvent(event);
    if (parsed.kind === 'care') await careForAll(run, parsed.secretArns);
    else if (parsed.kind === 'identities') await careForIdentities(run, parsed);
    else await work(run, parsed);
  } catch (error) {
    const reason = redactor.redact(reasonOf(error));
    log('failed', { errorName: nameOf(error), message: reason });
    throw Object.assign(new Error(reason), { name: 'RotationError' }); // Lambda logs it, and the caller gets it
  }
}

type Work = Exclude<RotationEvent, { kind: 'care' | 'identities' }> | { readonly kind: 'care'; readonly secretArn: string };

/** Nothing of a secret hinders the others. Hundreds can follow one secret, and each change takes minutes. */
async function careForAll(run: Run, secretArns: readonly string[]): Promise<void> {
  const failed: string[] = [];
  const rest = [...secretArns];
  const careForNext = async (secretArn = rest.shift()): Promise<void> => {
    if (secretArn === undefined) return;
    await work(run, { kind: 'care', secretArn }).catch((error: unknown) => {
      run.log('care-failed', { errorName: nameOf(error), message: reasonOf(error) });
      failed.push(secretArn);
    });
    return careForNext();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, () => careForNext()));
  if (failed.length > 0) throw new HandlerError(`The care for ${failed.length} of ${secretArns.length} secrets failed`);
}

async function work(run: Run, event: Work, rounds = MOST_ROUNDS): Promise<void> {
  const { region, redactor, time } = run;
  const { secretArn } = event;
  const what = event.kind === 'step' ? event.step : event.kind;
  const log = logTo(run.write, redactor, {
    requestType: what, requestId: event.kind === 'step' ? event.token : undefined, secretArn,
  });
  log('received');
  redactor.show(secretArn);
  const accessGraceMs = event.kind === 'step' ? ACCESS_GRACE_MS : 0;
  const retryWith = (end: number, fence?: () => Promise<void>, patienceMs?: number) =>
    new Retry({ time, log, end, accessGraceMs, patienceMs, fence });
  /** They need no tags of the secret. */
  const bareWith = (fence?: () => Promise<void>) =>
    run.services({ domain: '', region }, { retry: retryWith(run.end, fence), log, redactor }, '');
  const bare = bareWith();
  const looking = bare.keyStore(secretArn);
  // A new schedule is tried only once, and the version for that can be shown late.
  const found = await looking.describe(event.kind === 'step' ? event.token : undefined);
  if (!found) {
    log('secret-gone');
    if (event.kind !== 'revoke') return;
    throw new HandlerError(`The secret ${secretArn} is gone, or marked for deletion. Nothing was revoked`,
      'Restore it: aws secretsmanager restore-secret. Or write an empty p= into the record of the key that leaked');
  }
  if (await isTrial(event, found, bare)) return log('schedule-tried');
  const state = event.kind === 'care' && await clearLeft(secretArn, found, bare) ? await looking.describe() ?? found : found;
  if (event.kind === 'care' && isEnded(state, time.now())) return log('rotation-ended');
  const requireWanted = (job: Work, now: KeyStoreState | undefined) => {
    if (!now || !isWanted(job, state, now, time.now())) throw overtaken(event, state, now, time.now());
  };
  requireWanted(event, state);
  const { members, stackId } = settingsOf(secretArn, state.tags, region);
  const fenceFor = (job: Work, looked = time.now()) =>
    fenceBy(async () => requireWanted(job, await looking.describe()), time, looked);
  const end = event.kind === 'care' ? run.end - NOTE_MS : run.end;
  const rotationFor = (job: Work, looked?: number) => {
    const fence = fenceFor(job, looked);
    return rotationOf(members, (wanted) => {
      // The care goes on without a further Region that does not answer.
      const patienceMs = job.kind === 'care' && wanted.signing.isFurther ? FURTHER_PATIENCE_MS : undefined;
      return run.services(wanted, { retry: retryWith(end, fence, patienceMs), log, redactor }, stackId);
    });
  };
  try {
    const hasMore = await carryOut(event, rotationFor(event), state, bareWith(fenceFor(event))) === true;
    if (hasMore && rounds > 1) return await work(run, event, rounds - 1);
  } catch (error) {
    if (event.kind !== 'step' || !(error instanceof FailedForGoodError)) throw error;
    await takeBackAfter(rotationFor({ kind: 'care', secretArn }, -Infinity), event.token, error);
  }
  log('done');
}

/** A version without a value is made to try a new schedule: there is nothing to test. */
async function isTrial(event: Work, { versions }: KeyStoreState, { keyStore }: Services): Promise<boolean> {
  if (event.kind !== 'step' || event.step !== 'testSecret' || event.token !== versions.AWSPENDING) return false;
  return await keyStore(event.secretArn).read(event.token) === undefined;
}

/** A version that was left without a key goes, whatever else is wrong: with it, nothing would rotate any more. */
async function clearLeft(secretArn: string, state: KeyStoreState, services: Services): Promise<boolean> {
  const pending = await readPending(secretArn, state, services);
  const isLeft = pending && !pending.key && services.retry.now() - (state.changedAt ?? Infinity) >= PATIENCE_MS;
  if (!isLeft) return false;
  await services.keyStore(secretArn).moveLabel('AWSPENDING', pending.versionId);
  services.log('empty-version-cleared');
  return true;
}

/**
 * A step counts while its version has a label, until another run has come to the last step, or takes the key back.
 * Care goes on as long as all is as it was when it began. Neither goes on when a deployment has the stack sign
 * otherwise, or has changed the tags: it may have left a Region.
 */
function isWanted(event: Work, before: KeyStoreState, state: KeyStoreState, now: number): boolean {
  const { rotates, versions, tags } = state;
  if (settingsIn(tags) !== settingsIn(before.tags)) return false;
  if (event.kind !== 'revoke' && isEnded(state, now)) return false;
  const { AWSCURRENT, AWSPENDING } = versions;
  if (event.kind !== 'step') return rotates === before.rotates && AWSPENDING === before.versions.AWSPENDING;
  if (versions[TAKEN_BACK] === event.token) return false;
  const mayBeCurrent = event.step === 'finishSecret' || before.versions.AWSCURRENT === event.token;
  return rotates && (AWSCURRENT === event.token ? mayBeCurrent : AWSPENDING === event.token);
}

function overtaken(event: Work, before: KeyStoreState, state: KeyStoreState | undefined, now: number): Error {
  const { secretArn: arn } = event;
  if (event.kind !== 'step' && state && state.versions.AWSPENDING !== before.versions.AWSPENDING) {
    return new HandlerError(`A change of the key in the secret ${arn} has begun or ended meanwhile`,
      'Nothing more was changed. Try again');
  }
  const version = event.kind === 'step' ? event.token : '';
  const what = state && settingsIn(state.tags) !== settingsIn(before.tags)
    ? `The tags of the secret ${arn} were changed during this step`
    : state && isEnded(state, now) ? `The stack of the secret ${arn} is being changed to sign otherwise`
      : !state?.rotates ? `The rotation of the secret ${arn} is switched off, or the secret is gone`
        : `The version ${version} of the secret ${arn} has no label of a rotation, or is being taken back`;
  return new HandlerError(what, 'Nothing more was changed');
}

const STEPS: Readonly<Record<Step, (rotation: Rotation, token: string) => Promise<void>>> = {
  createSecret: makeNextKey, setSecret: useNextKey, testSecret: awaitNextKey, finishSecret: finishNextKey,
};

/** True when there is more to do. */
async function carryOut(event: Work, rotation: Rotation, state: KeyStoreState, noting: Services): Promise<unknown> {
  switch (event.kind) {
    case 'care': return care(rotation, state, noting);
    case 'revoke': return revokeKey(rotation, event.selector, await neededSelectors(rotation));
    case 'step': {
      const step = state.versions.AWSCURRENT === event.token ? tidyUp : STEPS[event.step];
      return step(rotation, event.token);
    }
  }
}

/** Those of the keys that AWSCURRENT and AWSPENDING name: mail is signed with the one, or will be with the other. */
async function neededSelectors([{ wanted, services }]: Rotation): Promise<readonly string[]> {
  const { secretArn } = wanted.signing;
  const { current, pending } = await readStoredKeys(secretArn, services);
  return [current, pending?.key].flatMap((key) => key ? [key.selector] : []);
}

/**
 * What was left half-way is settled: else Secrets Manager would refuse each later rotation and each new schedule.
 *
 * @param noting have time left when all the others have none
 */
async function care(rotation: Rotation, state: KeyStoreState, noting: Services): Promise<boolean> {
  const { AWSCURRENT = '', AWSPENDING, [TAKEN_BACK]: takenBack } = state.versions;
  const [{ wanted: { signing: { secretArn } }, services }] = rotation;
  const { current, pending } = await readStoredKeys(secretArn, services, state)
    .catch(async (error: unknown) => {
      await noteFailure(secretArn, noting, state, true).catch(() => undefined); // that is no reason to give
      throw error;
    });
  const isTakenBack = pending !== undefined && takenBack === pending.versionId;
  let [hasMore, isSettled] = [false, false];
  const jobs = [
    ...rotation.map((member) => () => retireDue(member, () => neededSelectors(rotation))),
    async () => { hasMore = current?.follows !== undefined && await follow(rotation); },
    async () => {
      if (AWSPENDING === AWSCURRENT) await tidyUp(rotation, AWSCURRENT);
      else if (hasMore || !pending?.key) return;
      else if (isTakenBack || isOld(pending.key, rotation)) await settle(rotation);
      else if (!isRepeated(rotation, pending.key)) await goOn(rotation, pending.versionId);
      else return;
      isSettled = true;
    },
  ];
  const failures: unknown[] = [];
  for (const job of jobs) await job().catch((error: unknown) => failures.push(error)); // one is not to hinder the other
  if (hasMore) return true;
  // This run counts no longer when it has taken the label off. The next one notes what still fails.
  if (current && !isSettled) {
    await noteFailure(secretArn, noting, state, failures.length > 0).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
  return false;
}

/** Secrets Manager repeats the steps, but not for as long as several Regions need, and never with a followed secret. */
function isRepeated([{ services: { retry } }, ...further]: Rotation, { madeAt, follows }: StoredKey): boolean {
  return !follows && (further.length === 0 || retry.now() - madeAt < LATE_MS);
}
