// What somebody on call does with a rotating key, by the calls of `aws secretsmanager` and `aws lambda`.
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DescribeSecretCommand, DescribeSecretResponse, RotateSecretCommand, SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ACCOUNT, REGION, ROTATING_DOMAIN } from './app';
import { expectThat } from './expectation';
import { Follower } from './follow';
import { print } from './print';
import type { LocalCloud } from '../../test/cloud';

const DAY = 24 * 3_600_000;
const domain = ROTATING_DOMAIN;

export class RotatingKey {
  constructor(
    private readonly cloud: LocalCloud, private readonly follower: Follower, private readonly secretArn: string,
  ) {}

  /** The selector that SES signs with. */
  get selector(): string {
    return this.cloud.ses.identity({ account: ACCOUNT, region: REGION, name: domain })!.tokens[0];
  }

  /** Changes the key. `onceTold` is called when SES has been told the next key. */
  async rotate(onceTold: () => Promise<void> = async () => {}): Promise<void> {
    const { clock } = this.cloud;
    const { selector } = this;
    await this.follower.followFunctions(domain, async () => {
      await this.begin();
      await clock.until('SES to be told the next key', () => this.selector !== selector);
      await onceTold();
      await this.ended();
    });
    expectThat('SES signs with another key', this.selector !== selector, this.selector);
  }

  /** The same while SES does not look in DNS. */
  async rotateInVain(): Promise<void> {
    const { clock, ses } = this.cloud;
    const { selector } = this;
    const { firstLook } = ses.settings;
    await this.follower.followFunctions(domain, async () => {
      Object.assign(ses.settings, { firstLook: DAY });
      await this.begin();
      await clock.until('SES to be told the next key', () => this.selector !== selector);
      Object.assign(ses.settings, { firstLook });
      await this.ended();
      await clock.pass(2 * firstLook);
    });
    expectThat('SES signs with the key before it again', this.selector === selector, this.selector);
  }

  /** Lets time pass, in which the function looks every hour for what is due. */
  async pass(ms: number): Promise<void> {
    await this.follower.followFunctions(domain, () => this.cloud.clock.pass(ms));
  }

  /** Publishes an empty key under a selector whose key has leaked. Gives the reason when that is refused. */
  async revoke(selector: string): Promise<string | undefined> {
    const payload = JSON.stringify({ SecretId: this.secretArn, Revoke: selector });
    const { RotationLambdaARN: FunctionName } = await this.described();
    const client = new LambdaClient({
      region: REGION, endpoint: this.cloud.lambda.endpoint, credentials: this.cloud.issueCredentials(),
    });
    print(`aws lambda invoke --payload '{"SecretId":"…","Revoke":"${selector}"}'`);
    const { Payload, FunctionError } = await this.follower.followFunctions(domain, () =>
      client.send(new InvokeCommand({ FunctionName, Payload: payload })));
    client.destroy();
    return FunctionError && JSON.parse(Buffer.from(Payload!).toString()).errorMessage;
  }

  private async begin(): Promise<void> {
    print('aws secretsmanager rotate-secret');
    await this.call((client) => client.send(new RotateSecretCommand({ SecretId: this.secretArn })));
  }

  /** Waits until no version has the label of a key that is to come. */
  private async ended(): Promise<void> {
    const labels = () => this.cloud.secretsManager.described().find(({ arn }) => arn === this.secretArn)!.versions;
    await this.cloud.clock.until('the rotation to end', () => labels().holderOf('AWSPENDING') === undefined);
  }

  private described(): Promise<DescribeSecretResponse> {
    return this.call((client) => client.send(new DescribeSecretCommand({ SecretId: this.secretArn })));
  }

  private async call<T>(make: (client: SecretsManagerClient) => Promise<T>): Promise<T> {
    const client = new SecretsManagerClient({
      region: REGION, endpoint: this.cloud.secretsManager.endpoint, credentials: this.cloud.issueCredentials(),
    });
    return make(client).finally(() => client.destroy());
  }
}
