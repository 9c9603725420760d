// One run: looks at the identities that the event names, at the pace that SES takes calls, and reports on each.
import { Finding } from './finding';
import { askSes, lookAt, unseen } from './look';
import { metricsLine } from './metrics';
import { identitiesToLookAt } from './named-by-health';
import { lookAtRotation } from './rotation-look';
import { WatchedIdentity, WatchRequest } from '../../src/private/contract';
import { HandlerError } from '../base/errors';
import { Log, logTo } from '../base/log';
import { KeyStoreState, PublicDns, Ses, Surroundings } from '../base/ports';
import { Redactor } from '../base/redaction';
import { Retry } from '../base/retry';

/** What a run needs from outside. */
export interface Environment extends Surroundings {
  readonly dns: PublicDns;
  readonly readerOf: (domain: string, retry: Retry) => Ses['readIn'];
  /** Undefined when there is no such secret. */
  readonly secretOf: (arn: string, retry: Retry) => Promise<KeyStoreState | undefined>;
}

/** What Lambda says of an invocation. */
export interface Invocation {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** SES takes one call a second in an account and Region. A third of them is left to others. */
const PACE_MS = 1_500;
/** One identity that SES does not answer for must not cost the others their look. */
const PATIENCE_MS = 2 * 60_000;
/** Kept for DNS, and for a second look there. */
const DNS_MS = 3 * 60_000;
const SECOND_LOOK_NEEDS_MS = 60_000;
/** Policies that are as new as the stack are not known everywhere yet. */
const ACCESS_GRACE_MS = 30_000;

export async function onSchedule(
  request: WatchRequest, invocation: Invocation, environment: Environment,
): Promise<void> {
  const { region: here, time, write, dns, readerOf, secretOf } = environment;
  const end = time.now() + invocation.getRemainingTimeInMillis();
  const log = logTo(write, new Redactor(), { requestId: invocation.awsRequestId });
  const pace = PACE_MS * request.Runs;
  const patient = () => new Retry({
    time, log, end: Math.min(time.now() + PATIENCE_MS, end - DNS_MS), accessGraceMs: ACCESS_GRACE_MS,
  });

  const inTurn = async (region: string, identities: readonly WatchedIdentity[]) => {
    const reports: Promise<void>[] = [];
    await time.sleep((request.Run + Math.random() / 5) * PACE_MS); // each run has its turn
    for (const watched of identities) {
      const next = time.now() + pace;
      const view = await askSes(watched, region, readerOf(watched.Identity, patient()));
      reports.push(report(watched, region, view));
      await time.sleep(Math.max(0, next - time.now()));
    }
    await Promise.all(reports);
  };
  const report = async (watched: WatchedIdentity, region: string, view: Awaited<ReturnType<typeof askSes>>) => {
    const describe = (arn: string) => secretOf(arn, patient());
    const ofRotation = await lookAtRotation(watched, view, { describe, dns, now: time.now() });
    const { seen, findings } = await lookAt(watched, view, ofRotation, dns, async (ms) => {
      if (time.now() + ms + SECOND_LOOK_NEEDS_MS > end) return false;
      await time.sleep(ms);
      return true;
    }).catch((error: unknown) => unseen(watched, error));
    for (const finding of findings) logFinding(finding, log);
    write(metricsLine(watched, region, seen, time.now()));
  };

  // Each Region has its own limit, and one that does not answer keeps nobody else waiting.
  const identities = identitiesToLookAt(request).map((watched) => ({ region: watched.Region ?? here, watched }));
  await Promise.all([...new Set(identities.map(({ region }) => region))].map((region) =>
    inTurn(region, identities.filter((each) => each.region === region).map(({ watched }) => watched))));
}

function logFinding({ what, whatToDo, isBlind }: Finding, log: Log): void {
  const { message } = new HandlerError(what, whatToDo);
  if (isBlind) log('look-failed', { message });
  else log('problem-seen', { message });
}
