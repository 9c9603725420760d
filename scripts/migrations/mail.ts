// Mail through SES while something is changed, and what receivers make of it: at once, and again a day later.
import { CallRecord } from '../../test/cloud';
import { Scene } from '../../test/end-to-end/scene';

const EVERY_MS = 60_000;
const DAY = 24 * 3_600_000;
/** Calls that change how mail is signed, or what can be looked up. */
const CHANGES = new Set(['PutEmailIdentityDkimSigningAttributes', 'ChangeResourceRecordSets']);

export type Verdict = 'verified' | 'unsigned' | 'unverifiable';

export interface Message {
  readonly at: number;
  readonly raw: Buffer;
  readonly verdict: Verdict;
  readonly aDayLater: Verdict;
}

/**
 * Sends a message a minute until the work has ended, and one whenever something is changed or SES has seen something
 * else. Each is judged at once, and a day later.
 */
export async function mailDuring(scene: Scene, work: () => Promise<void>): Promise<Message[]> {
  const { calls, clock } = scene.cloud;
  const messages: Omit<Message, 'aDayLater'>[] = [];
  let last = Promise.resolve();
  const send = () => last = clock.hold('a message', () => last.then(async () => {
    const raw = await scene.sent();
    messages.push({ at: clock.now(), raw, verdict: await verdictOn(scene, raw) });
  }));
  const now = () => `${scene.identity()?.status} after ${calls.filter(isChange).length}`;
  let seen = now();
  const stopWatching = clock.watch(() => {
    if (seen === now()) return;
    seen = now();
    void send();
  });
  const end = new AbortController();
  const everyMinute = (async () => {
    while (!end.signal.aborted) {
      await send();
      await clock.sleepUntilDue(EVERY_MS, end.signal).catch(() => undefined);
    }
  })();
  await work().finally(() => {
    stopWatching();
    end.abort();
  });
  await everyMinute;
  await last;
  await clock.pass(DAY);
  const judged: Message[] = [];
  for (const message of messages) judged.push({ ...message, aDayLater: await verdictOn(scene, message.raw) });
  return judged;
}

function isChange({ operation, error }: CallRecord): boolean {
  return CHANGES.has(operation) && !error;
}

async function verdictOn(scene: Scene, raw: Buffer): Promise<Verdict> {
  const { result, aligned } = await scene.verdictOn(raw);
  if (result === 'none') return 'unsigned';
  return result === 'pass' && aligned ? 'verified' : 'unverifiable';
}
