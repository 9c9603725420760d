// The function that rotates keys, in a quick history: Secrets Manager calls it for each step, a rule every hour for
// what is due, and somebody by hand.
import { MailSent } from './mail-sent';
import { onEvent } from '../../../lambda/rotation/on-event';
import { Account, Region } from '../operations';
import { QuickCalls, TIMEOUT_MS } from '../quick-calls';
import { QuickClients } from '../quick-clients';
import { QuickSecrets } from '../quick-secrets';
import { RequestSeen } from '../witness';

export const FUNCTION = 'arn:aws:lambda:us-east-1:111111111111:function:rotation';

const HOUR = 3_600_000;
/**
 * While nothing is pending, and nobody has set SES by hand, the care comes once a day: when it finds nothing to do, it
 * costs time all the same.
 */
const HOURS_OF_REST = 24;

type Event = Readonly<Record<string, unknown>>;

/** A step that is at work, and what it writes. */
interface StepAtWork {
  readonly arn: string;
  readonly token: string;
  readonly requests: ReadonlyMap<string, RequestSeen>;
}

export class RotationFunction {
  private readonly atWork = new Set<StepAtWork>();
  private hours = 0;
  /** Until then it comes every hour. */
  private busyUntil = -Infinity;

  /** @param rule the secrets that it is called for every hour */
  constructor(
    private readonly calls: QuickCalls, private readonly clients: QuickClients, private readonly secrets: QuickSecrets,
    private readonly mail: MailSent, private readonly rule: () => readonly string[],
  ) {
    secrets.onStep = async (event) => await this.run(JSON.parse(event) as Event) === undefined;
    void this.careEveryHour();
  }

  /** Something has happened that it may look for. */
  expectMore(): void {
    this.busyUntil = this.calls.clock.now() + HOURS_OF_REST * HOUR;
  }

  /** What the rule sends: Lambda repeats it when it fails. */
  care(arns: readonly string[]): Promise<void> {
    return this.calls.deliver(async () => {
      const seen = this.mail.signedByHand();
      const isDone = await this.run({ Secrets: arns }) === undefined;
      if (isDone) this.mail.sawByHand(seen);
      return isDone;
    });
  }

  /** One run of it. Gives the reason when it fails. */
  async run(event: Event): Promise<string | undefined> {
    let reason: string | undefined = 'it has died, or had no more time';
    const requests = new Map<string, RequestSeen>();
    const step = { arn: String(event.SecretId), token: String(event.ClientRequestToken), requests };
    if (event.Step) this.atWork.add(step);
    const { clock } = this.calls;
    await this.calls.run(async (run) => {
      const account: Account = '111111111111';
      const requestFor = (region: Region): RequestSeen => {
        this.noteOvertaken();
        const request = requests.get(region) ?? { type: 'Rotation', identity: { account, region }, hasZone: true };
        requests.set(region, request);
        return request;
      };
      await onEvent(event, TIMEOUT_MS, {
        region: 'us-east-1',
        functionArn: FUNCTION,
        time: { now: () => clock.now(), sleep: (ms, signal) => this.calls.sleep(run, ms, signal) },
        write: (line) => this.calls.log(line),
        services: this.clients.servicesOf({ run, account, requestFor }),
      }).then(() => {
        reason = undefined;
      }, (error: Error) => {
        reason = error.message;
        throw error;
      });
    });
    this.atWork.delete(step);
    return reason;
  }

  /** A step counts no more when its version has no label, or rotation is switched off. Then it must write nothing. */
  noteOvertaken(): void {
    for (const { arn, token, requests } of this.atWork) {
      const { rotation, deletedAt, versions } = this.secrets.find(arn) ?? {};
      const stages = versions?.all().find(({ id }) => id === token)?.stages;
      const hasLabel = stages?.has('AWSPENDING') || stages?.has('AWSCURRENT');
      if (hasLabel && rotation?.enabled && deletedAt === undefined) continue;
      for (const request of requests.values()) request.cancelledAt ??= this.calls.clock.now();
    }
  }

  private async careEveryHour(): Promise<void> {
    for (;;) {
      await this.calls.clock.sleepUntilDue(HOUR);
      const isRest = this.hours++ % HOURS_OF_REST > 0 && this.calls.clock.now() > this.busyUntil
        && this.mail.signedByHand().length === 0;
      const arns = this.rule().filter((arn) => !isRest || this.isUnsettled(arn));
      if (arns.length > 0) void this.care(arns);
    }
  }

  private isUnsettled(arn: string): boolean {
    return this.secrets.find(arn)?.versions.all()
      .some(({ stages }) => stages.has('AWSPENDING') || stages.has('cdk-ses-dkim:taken-back')) === true;
  }
}
