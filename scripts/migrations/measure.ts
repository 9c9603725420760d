// Makes one change on the local cloud, in simulated time, while mail is sent, and counts what became of the mail.
import { Change } from './changes';
import { mailDuring, Message } from './mail';
import { RotatingScene } from '../../test/end-to-end/rotating-scene';
import { Scene } from '../../test/end-to-end/scene';

const MINUTE = 60_000;

/** A time in which SES signs nothing, whatever anybody does: it was told how to sign, and has not looked in DNS yet. */
interface Delay {
  readonly from: number;
  readonly to: number;
}

export interface Measured {
  readonly messages: number;
  readonly unsigned: number;
  readonly unverifiable: number;
  readonly unverifiableADayLater: number;
  /** From the first unsigned message to the next signed one, the longest, in ms. */
  readonly longestUnsigned: number;
  /** SES's own delay, in ms. */
  readonly delayOfSes: number;
  /** What must not be, in words. */
  readonly failures: readonly string[];
}

/** @param firstLook how long after a call SES looks in DNS, in ms */
export async function measure(
  { before, change, origin, sesNeeds = (usual) => usual }: Change, firstLook: number,
): Promise<Measured> {
  const scene = await Scene.withIdentity({ functions: 'in-process', seed: 1, ses: { firstLook } });
  const { clock, calls, ses } = scene.cloud;
  try {
    const rotating = new RotatingScene(scene);
    await before(rotating);
    await scene.verified();
    const callsBefore = calls.length;
    const told = () => calls.slice(callsBefore).filter(({ operation, error }) =>
      operation === 'PutEmailIdentityDkimSigningAttributes' && !error);
    const firstNeeds = sesNeeds(firstLook);
    Object.assign(ses.settings, { firstLook: firstNeeds });
    const stopWatching = clock.watch(() => {
      if (told().length > 0) Object.assign(ses.settings, { firstLook });
    });
    const messages = await mailDuring(scene, async () => {
      await clock.pass(5 * MINUTE);
      await change(rotating);
      await scene.verified();
      await clock.pass(10 * MINUTE);
    }).finally(stopWatching);
    const delays = told().map(({ at, body }, index, all): Delay => {
      // The records of Easy DKIM can be written only when SES has given their names. So it takes SES one look more.
      const needs = (index === 0 ? firstNeeds : firstLook) + (body.includes('"AWS_SES"') ? ses.settings.lookEvery : 0);
      return { from: at, to: Math.min(at + needs, all[index + 1]?.at ?? Infinity) };
    });
    const { origin: signsWith, status } = scene.identity()!;
    return {
      messages: messages.length,
      unsigned: messages.filter(({ verdict }) => verdict === 'unsigned').length,
      unverifiable: messages.filter(({ verdict }) => verdict === 'unverifiable').length,
      unverifiableADayLater: messages.filter(({ aDayLater }) => aDayLater === 'unverifiable').length,
      longestUnsigned: longestUnsigned(messages),
      delayOfSes: delays.reduce((sum, { from, to }) => sum + to - from, 0),
      failures: [
        ...messages.flatMap((message) => failureOf(message, delays)),
        ...signsWith === origin && status === 'SUCCESS' ? [] : [`in the end SES has ${signsWith}, ${status}`],
      ],
    };
  } finally {
    await scene.stop();
  }
}

function failureOf({ at, verdict, aDayLater }: Message, delays: readonly Delay[]): string[] {
  const when = new Date(at).toISOString();
  if (verdict === 'unverifiable') return [`the message of ${when} could not be verified`];
  if (aDayLater === 'unverifiable') return [`the message of ${when} could not be verified a day later`];
  const isExcused = delays.some(({ from, to }) => from <= at && at <= to);
  return verdict === 'unsigned' && !isExcused ? [`the message of ${when} was not signed, outside of SES's own delay`] : [];
}

function longestUnsigned(messages: readonly Message[]): number {
  let [longest, since] = [0, undefined as number | undefined];
  for (const { at, verdict } of messages) {
    if (verdict === 'unsigned') since ??= at;
    if (since !== undefined) longest = Math.max(longest, at - since);
    if (verdict !== 'unsigned') since = undefined;
  }
  return longest;
}
