// One rotation of a secret: the four steps in their order, and the repeats of the whole.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
import { Secret } from './secret';
import { SecretsManagerSettings } from './settings';
import { CloudContext } from '../http-service';
import { Lambda } from '../lambda';
import { ServiceError } from '../service-error';
import { randomUuid } from '../time/random';

/** What rotation needs of Lambda. */
export type RotationFunctions = Pick<Lambda, 'authorizeService' | 'call' | 'hasFunction'>;

export type Step = 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret';

const STEPS: readonly Step[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

export class RotationRun {
  /** Documented: the function may have to show where its call comes from. */
  private readonly rotationToken: string;

  /** @param token the id of the new version */
  constructor(
    private readonly context: Pick<CloudContext, 'clock' | 'random'>,
    private readonly functions: RotationFunctions,
    private readonly settings: SecretsManagerSettings,
    private readonly secret: Secret,
    private readonly token: string,
  ) {
    this.rotationToken = randomUuid(context.random);
  }

  /** True when the new version is the current one in the end. Rejects when the rotation is cancelled. */
  async run(cancelled: AbortSignal): Promise<boolean> {
    const { clock } = this.context;
    const { repeats, backOff } = this.settings;
    for (let repeat = 0; ; repeat++) {
      if (await this.allSteps(cancelled)) return true;
      if (repeat >= repeats) return false;
      await clock.sleep(Math.min(backOff.longest, backOff.first * 2 ** repeat), cancelled);
      if (!this.preparesRepeat()) return false;
    }
  }

  /** False when it fails. Synchronous, as documented, and only as far as the function's policy lets the service. */
  async step(step: Step): Promise<boolean> {
    const { secondCalls } = this.settings;
    const first = this.call(step);
    if (secondCalls === 'never') return first;
    if (secondCalls === 'afterwards') await first;
    // Secrets Manager knows of one of the two only.
    await this.call(step);
    return first;
  }

  private async allSteps(cancelled: AbortSignal): Promise<boolean> {
    const { versions } = this.secret;
    for (const step of STEPS) {
      cancelled.throwIfAborted();
      if (!await this.step(step)) return false;
      // Seen: "Pending secret version … was not created by Lambda …".
      if (step === 'createSecret' && versions.all().find(({ id }) => id === this.token)?.value === undefined) return false;
    }
    return versions.holderOf('AWSCURRENT')?.id === this.token && !versions.incomplete;
  }

  /** False when there is no repeat, as the function has taken the label off. */
  private preparesRepeat(): boolean {
    const { versions } = this.secret;
    if (versions.holderOf('AWSPENDING')?.id === this.token) return true;
    const { repeatWithoutLabel } = this.settings;
    if (repeatWithoutLabel === 'labelled again' && !versions.holderOf('AWSPENDING')) {
      versions.begin(this.token, this.context.clock.now());
    }
    return repeatWithoutLabel !== 'none';
  }

  private async call(step: Step): Promise<boolean> {
    const { secret: { arn: SecretId, rotation }, token: ClientRequestToken, rotationToken: RotationToken } = this;
    try {
      authorizeRotation(this.functions, this.settings, this.secret, rotation!.lambdaArn);
      const event = { Step: step, SecretId, ClientRequestToken, RotationToken };
      const { error } = await this.functions.call(rotation!.lambdaArn, JSON.stringify(event));
      return error === undefined;
    } catch (error) {
      if (error instanceof ServiceError) return false; // not allowed, not there, or no place is free
      throw error;
    }
  }
}

/** Throws unless the function's policy lets Secrets Manager invoke it for this secret. */
export function authorizeRotation(
  functions: RotationFunctions,
  { namesSecretAsSource }: SecretsManagerSettings,
  { account, arn }: Secret,
  lambdaArn: string,
): void {
  functions.authorizeService({
    service: 'secretsmanager.amazonaws.com',
    sourceAccount: account,
    ...namesSecretAsSource && { sourceArn: arn },
  }, lambdaArn);
}
