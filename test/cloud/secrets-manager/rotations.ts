// The rotation of secrets: who asks for one, when the schedule does, and that only one goes on at a time.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html
import { accessDenied, invalidRequest } from './errors';
import { authorizeRotation, RotationFunctions, RotationRun } from './rotation-run';
import { checkRules, nextWindow, RotationRules, scheduleOf } from './rotation-window';
import { Secret } from './secret';
import { SecretsManagerSettings } from './settings';
import { CloudContext } from '../http-service';
import { MILLISECONDS } from '../schedule-expression';
import { ServiceError } from '../service-error';
import { randomUuid } from '../time/random';

/** What RotateSecret asks for. What is left out stays as it was. */
export interface RotationRequest {
  readonly token?: string;
  readonly lambdaArn?: string;
  readonly rules?: RotationRules;
  /** @default true */
  readonly immediately?: boolean;
}

interface Observer {
  /** What CloudTrail notes, such as `RotationFailed`. */
  tell(eventName: string, secret: Secret): void;
  /** Labels or dates are other ones. */
  changed(secret: Secret): void;
}

interface Schedule {
  readonly ended: AbortController;
  /** Another schedule has taken its place, but its next rotation still comes. */
  isLast?: boolean;
}

interface Going {
  readonly secret: Secret;
  readonly token: string;
  readonly cancelled: AbortController;
}

export class Rotations {
  /** By the secret's ARN; several, when old ones still have a rotation to come. */
  private readonly schedules = new Map<string, Set<Schedule>>();
  /** Of one secret several, when somebody has taken the label off an earlier one that is still repeated. */
  private readonly going = new Set<Going>();
  private readonly trials = new Map<string, Promise<boolean>>();

  constructor(
    private readonly context: Pick<CloudContext, 'clock' | 'random'>,
    private readonly functions: RotationFunctions,
    private readonly settings: SecretsManagerSettings,
    private readonly observer: Observer,
  ) {}

  /** Gives the id of the new version. */
  request(
    secret: Secret, { token = randomUuid(this.context.random), immediately = true, ...request }: RotationRequest,
  ): string {
    if (this.goingOn(secret).some((each) => each.token === token)) return token;
    const { lambdaArn = secret.rotation?.lambdaArn, rules = secret.rotation?.rules ?? {} } = request;
    this.check(secret, lambdaArn, rules);
    const wasRate = secret.rotation && scheduleOf(secret.rotation.rules)?.kind === 'rate';
    secret.rotation = { lambdaArn: lambdaArn!, rules, enabled: true };
    this.schedule(secret, { immediately, wasRate });
    this.begin(secret, token);
    if (immediately) void this.rotate(secret, token);
    else this.trials.set(secret.arn, this.trial(secret, token));
    return token;
  }

  /** Labels stay as they are: documented. A step that has begun goes on to its end. */
  cancel(secret: Secret): void {
    this.forget(secret);
    if (secret.rotation) secret.rotation = { ...secret.rotation, enabled: false };
    secret.nextRotationAt = undefined;
  }

  /** The secret is gone. */
  forget(secret: Secret): void {
    for (const { ended } of this.schedules.get(secret.arn) ?? []) ended.abort();
    this.schedules.delete(secret.arn);
    for (const { cancelled } of this.goingOn(secret)) cancelled.abort();
  }

  stop(): void {
    for (const schedules of this.schedules.values()) for (const { ended } of schedules) ended.abort();
    for (const { cancelled } of this.going) cancelled.abort();
  }

  /** False when the trial of the last request has failed. */
  async trialOf({ arn }: Secret): Promise<boolean> {
    return await this.trials.get(arn) ?? true;
  }

  private check(secret: Secret, lambdaArn: string | undefined, rules: RotationRules): void {
    if (!lambdaArn) throw invalidRequest('No Lambda rotation function ARN is associated with this secret.');
    checkRules(rules);
    // Documented: the function has to be in the Region of the secret.
    if (lambdaArn.split(':')[3] !== secret.region || !this.functions.hasFunction(lambdaArn)) {
      throw new ServiceError('ResourceNotFoundException', 400, 'Lambda does not exist or could not be accessed');
    }
    try {
      authorizeRotation(this.functions, this.settings, secret, lambdaArn);
    } catch {
      throw accessDenied('Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy '
        + 'grants access to the principal secretsmanager.amazonaws.com.');
    }
    // The words were seen: https://github.com/hashicorp/terraform-provider-aws/issues/35023
    if (secret.versions.incomplete) {
      throw invalidRequest("A previous rotation isn't complete. That rotation will be reattempted.");
    }
  }

  // ---- the schedule

  private schedule(secret: Secret, { immediately, wasRate }: { immediately: boolean; wasRate?: boolean }): void {
    const { arn, rotation } = secret;
    const schedules = this.schedules.get(arn) ?? new Set<Schedule>();
    this.schedules.set(arn, schedules);
    const isRate = scheduleOf(rotation!.rules)?.kind === 'rate';
    const keepsLast = this.settings.oldRateStillRotates && !immediately && (wasRate || isRate);
    for (const each of schedules) {
      if (keepsLast) each.isLast = true;
      else each.ended.abort();
    }
    const schedule: Schedule = { ended: new AbortController() };
    schedules.add(schedule);
    this.follow(secret, schedule, rotation!.rules, immediately).catch(() => undefined)
      .finally(() => schedules.delete(schedule));
  }

  private async follow(secret: Secret, schedule: Schedule, rules: RotationRules, immediately: boolean): Promise<void> {
    const { clock, random } = this.context;
    const since = clock.now();
    let openedAt = immediately ? since : undefined;
    const next = () => nextWindow(rules, {
      rotatedAt: Math.max(since, openedAt ?? 0, secret.currentSince ?? 0),
      openedAt,
      joinsOpen: this.settings.joinsOpenWindow,
    }, clock.now());
    for (let window = next(); window; window = next()) {
      const { closes } = window;
      if (!schedule.isLast) secret.nextRotationAt = closes;
      const opens = Math.max(window.opens, clock.now());
      // Its first step, too, is called inside the window: the start of the function takes some seconds.
      const lasts = Math.max(0, closes - MILLISECONDS.minute - opens);
      await clock.sleepUntilDue(opens + random() * lasts - clock.now(), schedule.ended.signal);
      // A value that was put by hand meanwhile counts as a rotation.
      const isPutOff = scheduleOf(rules)?.kind === 'rate' && next()!.opens > window.opens;
      if (!isPutOff) {
        openedAt = window.opens;
        if (this.goingOn(secret).length === 0) await this.rotateOnSchedule(secret);
      }
      if (schedule.isLast) return;
    }
  }

  /** One that is not complete is "reattempted", as the words of the refusal say. */
  private rotateOnSchedule(secret: Secret): Promise<void> {
    const token = secret.versions.incomplete?.id ?? randomUuid(this.context.random);
    this.begin(secret, token);
    return this.rotate(secret, token);
  }

  // ---- rotations

  private goingOn(secret: Secret): Going[] {
    return [...this.going].filter((each) => each.secret === secret);
  }

  private begin(secret: Secret, token: string): void {
    secret.versions.begin(token, this.context.clock.now());
    this.observer.changed(secret);
  }

  private async rotate(secret: Secret, token: string): Promise<void> {
    const { clock } = this.context;
    await this.during(secret, token, async (cancelled) => {
      await clock.sleep(this.settings.startDelay, cancelled);
      this.observer.tell('RotationStarted', secret);
      if (await this.run(secret, token).run(cancelled)) {
        secret.lastRotatedAt = clock.now();
        this.observer.tell('RotationSucceeded', secret);
      } else {
        this.observer.tell('RotationFailed', secret);
      }
    });
  }

  /** Of the configuration: testSecret alone, on a pending version without a value. Documented. */
  private async trial(secret: Secret, token: string): Promise<boolean> {
    const { startDelay, failedTrial } = this.settings;
    let passed = false;
    await this.during(secret, token, async (cancelled) => {
      await this.context.clock.sleep(startDelay, cancelled);
      this.observer.tell('TestRotationStarted', secret);
      passed = await this.run(secret, token).step('testSecret');
      cancelled.throwIfAborted();
      if (passed || failedTrial === 'leaves nothing') secret.versions.takeOff('AWSPENDING');
      this.observer.tell(passed ? 'TestRotationSucceeded' : 'TestRotationFailed', secret);
    });
    return passed;
  }

  private run(secret: Secret, token: string): RotationRun {
    return new RotationRun(this.context, this.functions, this.settings, secret, token);
  }

  private async during(secret: Secret, token: string, work: (cancelled: AbortSignal) => Promise<void>): Promise<void> {
    const going: Going = { secret, token, cancelled: new AbortController() };
    this.going.add(going);
    try {
      await work(going.cancelled.signal);
    } catch (error) {
      if (!going.cancelled.signal.aborted) throw error;
    } finally {
      this.going.delete(going);
      this.observer.changed(secret);
    }
  }
}
