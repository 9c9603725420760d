// The local Secrets Manager of a quick history, called without HTTP. It calls the function that rotates.
import { SecretsManager } from '../cloud/secrets-manager';
import { Secret } from '../cloud/secrets-manager/secret';
import { Clock } from '../cloud/time/clock';
import { Random } from '../cloud/time/random';

/** Times are numbers on the wire, and dates for who has the SDK. */
const DATE = /Date$/;

/** Nothing goes over a network, all is allowed, and faults are those of who calls. */
const WITHOUT_HTTP = {
  faults: undefined,
  credentials: undefined,
  calls: [],
  network: undefined,
  abandonConnection: undefined,
  killProcess: () => undefined,
  authorize: () => undefined,
} as unknown as ConstructorParameters<typeof SecretsManager>[0];

interface Input {
  readonly SecretId: string;
  readonly VersionStage?: string;
  readonly MoveToVersionId?: string;
}

export class QuickSecrets extends SecretsManager {
  /** False when a step has failed. */
  onStep?: (event: string) => Promise<boolean>;
  /** Before a function makes another version the current one. */
  onCurrent?: (secret: Secret, versionId: string) => void;

  constructor(clock: Clock, random: Random) {
    super({ ...WITHOUT_HTTP, clock, random }, {
      functions: {
        hasFunction: () => true,
        authorizeService: () => undefined,
        call: async (_, event) => await this.onStep!(event) ? {} : { error: 'the step has failed' } as any,
      },
      send: () => undefined,
    });
  }

  /** As a client of the SDK gets the answer. */
  call(account: string, operation: string, input: Input): object {
    const region = input.SecretId.split(':')[3];
    if (operation === 'UpdateSecretVersionStage' && input.VersionStage === 'AWSCURRENT') {
      this.onCurrent?.(this.find(input.SecretId)!, input.MoveToVersionId!);
    }
    const body = Buffer.from(JSON.stringify(input));
    const { body: answer } = this.handle({
      method: 'POST', path: '/', headers: {}, body, service: this.name, operation, region, principal: { account }, asOf: 0,
    } as unknown as Parameters<SecretsManager['handle']>[0]) as { readonly body: string };
    return JSON.parse(answer, (key, value) => DATE.test(key) && value !== null ? new Date(value * 1000) : value);
  }

  find(arn: string): Secret | undefined {
    return this.described().find((secret) => secret.arn === arn);
  }
}
