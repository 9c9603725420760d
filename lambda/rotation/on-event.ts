// One run of the function: a step of a rotation, or the care for one or many secrets.
//
// What holds: a step that no longer counts writes nothing. Rotation was switched off, the label was taken off its
// version, or the secret is gone: then the fence says so before each write, and the step ends.
import { parseEvent, RotationEvent } from './event';
import { settingsOf } from './secret-settings';
import { nameOf, reasonOf } from '../base/describe-error';
import { WantedState } from '../base/desired-state';
import { HandlerError } from '../base/errors';
import { Log, logTo } from '../base/log';
import { KeyStoreState, Services } from '../base/ports';
import { Redactor } from '../base/redaction';
import { Retry, Timekeeper } from '../base/retry';
import {
  awaitNextKey, finishNextKey, isOld, makeNextKey, PATIENCE_MS, Rotation, settle, tidyUp, useNextKey,
} from '../signing/rotation';
import { readStoredKeys } from '../signing/stored-key';
import { retireDue, revokeKey } from '../signing/superseded';

/** What surrounds the function: its Region, time, its output, and the services that it calls. */
export interface Environment {
  readonly region: string;
  readonly time: Timekeeper;
  /** Writes a line of the log. */
  readonly write: (line: string) => void;
  readonly services: (
    wanted: Pick<WantedState, 'domain' | 'region'>, common: Pick<Services, 'retry' | 'log' | 'redactor'>, stackId: string,
  ) => Services;
}

/** Kept of an invocation, so that an error is told before Lambda ends the process. */
const END_MS = 30_000;
/** New policies are known everywhere after seconds, rarely minutes. */
const ACCESS_GRACE_MS = 60_000;
/** A look of the fence counts for so long. */
const LOOK_COUNTS_MS = 5_000;

interface Run extends Environment {
  readonly log: Log;
  readonly redactor: Redactor;
  /** Until when calls may begin, in ms since 1970. */
  readonly end: number;
}

export async function onEvent(
  event: Readonly<Record<string, unknown>>, remainingMs: number, environment: Environment,
): Promise<void> {
  const redactor = new Redactor();
  const log = logTo(environment.write, redactor, {});
  const run: Run = { ...environment, redactor, log, end: environment.time.now() + remainingMs - END_MS };
  try {
    const parsed = parseEvent(event);
    if (parsed.kind === 'care') await careForAll(run, parsed.secretArns);
    else await work(run, parsed);
  } catch (error) {
    const reason = redactor.redact(reasonOf(error));
    log('failed', { errorName: nameOf(error), message: reason });
    throw Object.assign(new Error(reason), { name: 'RotationError' }); // Lambda logs it, and the caller gets it
  }
}

type Work = Exclude<RotationEvent, { kind: 'care' }> | { readonly kind: 'care'; readonly secretArn: string };

/** Nothing of a secret hinders the others. */
async function careForAll(run: Run, secretArns: readonly string[]): Promise<void> {
  const failed: string[] = [];
  for (const secretArn of secretArns) {
    try {
      await work(run, { kind: 'care', secretArn });
    } catch (error) {
      run.log('care-failed', { errorName: nameOf(error), message: reasonOf(error) });
      failed.push(secretArn);
    }
  }
  if (failed.length > 0) throw new HandlerError(`The care for ${failed.length} of ${secretArns.length} secrets failed`);
}

async function work(run: Run, event: Work): Promise<void> {
  const { region, redactor, time } = run;
  const { secretArn } = event;
  const what = event.kind === 'step' ? event.step : event.kind;
  const log = logTo(run.write, redactor, {
    requestType: what, requestId: event.kind === 'step' ? event.token : undefined, secretArn,
  });
  log('received');
  redactor.show(secretArn);
  const retryWith = (fence?: () => Promise<void>) =>
    new Retry({ time, log, end: run.end, accessGraceMs: ACCESS_GRACE_MS, fence });
  const storeWith = (retry: Retry) => run.services({ domain: '', region }, { retry, log, redactor }, '').keyStore(secretArn);
  const looking = storeWith(retryWith());
  const state = await looking.describe();
  if (!state) return log('secret-gone');
  const requireWanted = (now: KeyStoreState | undefined) => {
    if (!now || !isWanted(event, state, now)) throw overtaken(event, now);
  };
  requireWanted(state);
  const { wanted, owner, stackId } = settingsOf(secretArn, state.tags, region);
  let looked = time.now();
  const fence = async () => {
    if (time.now() - looked < LOOK_COUNTS_MS) return;
    looked = time.now();
    requireWanted(await looking.describe());
  };
  const services = run.services(wanted, { retry: retryWith(fence), log, redactor }, stackId);
  await carryOut(event, { wanted, owner, services }, state);
  log('done');
}

/** A step counts while its version has a label. Care goes on as long as all is as it was when it began. */
function isWanted(event: Work, before: KeyStoreState, { rotates, versions }: KeyStoreState): boolean {
  if (event.kind !== 'step') return rotates === before.rotates && versions.AWSPENDING === before.versions.AWSPENDING;
  return rotates && [versions.AWSPENDING, versions.AWSCURRENT].includes(event.token);
}

function overtaken(event: Work, now: KeyStoreState | undefined): Error {
  const what = !now?.rotates ? `The rotation of the secret ${event.secretArn} is switched off, or the secret is gone`
    : `The version ${event.kind === 'step' ? event.token : ''} of the secret ${event.secretArn} has no label of a rotation`;
  return new HandlerError(what, 'Nothing more was changed');
}

async function carryOut(event: Work, rotation: Rotation, state: KeyStoreState): Promise<void> {
  switch (event.kind) {
    case 'care': return care(rotation, state);
    case 'revoke': {
      const { current, pending } = await readStoredKeys(event.secretArn, rotation.services);
      const needed = [current, pending?.key].flatMap((key) => key ? [key.selector] : []);
      return revokeKey(rotation, event.selector, needed);
    }
    case 'step': {
      if (state.versions.AWSCURRENT === event.token) return tidyUp(rotation, event.token);
      const { pending } = await readStoredKeys(event.secretArn, rotation.services);
      // A version without a value is made to try a new schedule. There is nothing to test.
      if (event.step === 'testSecret' && !pending?.key) return rotation.services.log('schedule-tried');
      switch (event.step) {
        case 'createSecret': return makeNextKey(rotation, event.token);
        case 'setSecret': return useNextKey(rotation, event.token);
        case 'testSecret': return awaitNextKey(rotation, event.token);
        case 'finishSecret': return finishNextKey(rotation, event.token);
      }
    }
  }
}

/** What was left half-way is settled: else Secrets Manager would refuse each later rotation and each new schedule. */
async function care(rotation: Rotation, { changedAt = Infinity }: KeyStoreState): Promise<void> {
  const { wanted: { signing: { secretArn } }, services } = rotation;
  const { pending } = await readStoredKeys(secretArn, services);
  await retireDue(rotation);
  const now = services.retry.now();
  const isLeft = pending && (pending.key ? isOld(pending.key, now) : now - changedAt >= PATIENCE_MS);
  if (isLeft) await settle(rotation);
}
