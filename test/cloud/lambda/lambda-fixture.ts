// The fixture for tests of the Lambda service: a test writes the code of a function and runs it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { FunctionConfiguration, FunctionMode, Lambda } from '.';
import { Principal } from '../credentials';
import { DnsWorld } from '../dns';
import { CloudContext } from '../http-service';
import { minimalContext, MinimalContext } from '../minimal-context';
import { DEFAULT_LATENCY } from '../time/function-time';

export const ACCOUNT = '111111111111';
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/function`;
const REGION = 'eu-west-1';
const SEED = 1;

export class LambdaFixture {
  static async start(mode: FunctionMode = 'process'): Promise<LambdaFixture> {
    const fixture = new LambdaFixture(mode);
    await fixture.dns.start();
    await fixture.lambda.start();
    return fixture;
  }

  readonly directory = mkdtempSync(join(tmpdir(), 'lambda-'));
  readonly authorize = jest.fn();
  readonly dns = new DnsWorld();
  readonly context: MinimalContext;
  readonly lambda: Lambda;

  private constructor(mode: FunctionMode) {
    const minimal = minimalContext();
    const context: CloudContext = {
      ...minimal,
      authorize: this.authorize,
      killProcess: (id) => this.lambda.kill(id),
      abandonConnection: (id, port) => this.lambda.abandonConnection(id, port),
    };
    this.context = { ...minimal, ...context, clock: minimal.clock };
    this.lambda = new Lambda(context, {
      simulation: { clock: minimal.clock, seed: SEED, latency: DEFAULT_LATENCY, network: minimal.network },
      mode,
      dns: this.dns,
      endpointEnvironment: () => ({ AWS_ENDPOINT_URL_SESV2: 'http://127.0.0.1:1234' }),
    });
  }

  get clock() {
    return this.context.clock;
  }

  async stop(): Promise<void> {
    await this.lambda.stop();
    await this.dns.stop();
    rmSync(this.directory, { recursive: true });
  }

  /** Writes the code, and makes or changes the function. Gives its ARN. */
  put(code: string, overrides: Partial<FunctionConfiguration> = {}): string {
    writeFileSync(join(this.directory, 'index.js'), code);
    return this.lambda.putFunction({
      account: ACCOUNT,
      region: REGION,
      name: 'worker',
      assetPath: this.directory,
      handler: 'index.handler',
      environment: {},
      timeout: 900,
      memory: 256,
      roleArn: ROLE,
      ...overrides,
    });
  }

  /** What the handler returned, parsed. */
  async result(arn: string, event: unknown = {}) {
    const { payload, error } = await this.lambda.invoke(arn, JSON.stringify(event));
    if (error) throw new Error(error.errorMessage);
    return JSON.parse(payload!);
  }

  client(principal: Principal = { account: ACCOUNT }): LambdaClient {
    const credentials = this.context.credentials.issue(principal);
    return new LambdaClient({ region: REGION, endpoint: this.lambda.endpoint, credentials, maxAttempts: 1 });
  }

  /** Runs that have ended. */
  get ended() {
    return this.lambda.invocations.filter(({ result }) => result !== undefined);
  }

  /** Lets time move until so many runs have ended. */
  untilEnded(runs: number): Promise<void> {
    return this.clock.until(`${runs} runs to have ended`, () => this.ended.length === runs);
  }
}
