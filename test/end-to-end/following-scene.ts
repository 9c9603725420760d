// A scene in which example.com signs with a key that follows its secret: short ways to store a key, and to see where it
// stands.
import { Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { ACCOUNT, DOMAIN, newKey, REGION, Scene } from './scene';
import { ByoDkimSigningOptions, DkimPrivateKey, DkimSigning, EmailIdentityDkimProps } from '../../src';
import { LocalCloudOptions, StackResult } from '../cloud';
import { NewSecret } from '../cloud/secrets-manager/secrets';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export class FollowingScene {
  static async deployed(
    props: Partial<EmailIdentityDkimProps> = {}, cloud: LocalCloudOptions = {}, secret: Partial<NewSecret> = {},
  ): Promise<FollowingScene> {
    const following = new FollowingScene(await Scene.withIdentity(cloud), secret);
    await following.deploy(props);
    await following.scene.verified();
    return following;
  }

  readonly arn: string;

  constructor(readonly scene: Scene, private readonly made: Partial<NewSecret> = {}) {
    this.arn = scene.cloud.secretsManager.create({
      account: ACCOUNT, region: REGION, name: 'mail/followed', value: valueOf('s1'), ...made,
    }).arn;
  }

  get cloud() {
    return this.scene.cloud;
  }

  get clock() {
    return this.cloud.clock;
  }

  signing(options: Partial<ByoDkimSigningOptions> = {}, arn = this.arn): (stack: Stack) => DkimSigning {
    const { kmsKeyArn } = this.made;
    return (stack) => DkimSigning.byoDkim({
      privateKey: DkimPrivateKey.fromSecret(secretsmanager.Secret.fromSecretAttributes(stack, 'Followed', {
        secretCompleteArn: arn,
        encryptionKey: kmsKeyArn === undefined ? undefined : kms.Key.fromKeyArn(stack, 'FollowedKey', kmsKeyArn),
      }), { jsonField: 'privateKey' }),
      followSecret: true,
      ...options,
    });
  }

  async deploy(props: Partial<EmailIdentityDkimProps> = {}): Promise<StackResult> {
    return this.scene.deployed('mail', this.scene.dkim(this.signing(), props));
  }

  /** Somebody stores a key in the secret. */
  store(selector: string, key = newKey()): void {
    this.cloud.secretsManager.put(this.arn, valueOf(selector, key));
  }

  /** Stores it, and waits until SES has verified it. */
  async changed(selector: string, key?: string): Promise<void> {
    this.store(selector, key);
    await this.clock.until(`${selector} to be verified`, () => this.selector === selector, 2 * HOUR);
    await this.scene.verified();
  }

  /** SES has verified the key, and mail that it signs can be verified. */
  async expectSigned(selector: string): Promise<void> {
    expect(this.scene.identity()).toMatchObject({ origin: 'EXTERNAL', status: 'SUCCESS', tokens: [selector] });
    expect(await this.scene.send()).toMatchObject({ result: 'pass', selector });
  }

  /** SES verifies nothing new, until the given function is called. */
  deaf(): () => void {
    const { settings } = this.cloud.ses;
    const { firstLook } = settings;
    settings.firstLook = 10 * HOUR;
    return () => { settings.firstLook = firstLook; };
  }

  /** The selector that SES signs with. */
  get selector(): string {
    return this.scene.identity()!.tokens.join();
  }

  /** Selectors that have a record, in the order of their names. */
  get published(): string[] {
    return this.scene.records().filter((line) => line.includes('_domainkey'))
      .map((line) => line.split(' ')[1].replace(`._domainkey.${DOMAIN}.`, ''));
  }

  get function(): string {
    return this.cloud.lambda.functionNames().find((name) => name.includes('Rotation'))!;
  }

  get log(): string {
    return this.cloud.lambda.logs(this.function).join('\n');
  }

  /** Calls the function by hand. */
  run(event: object) {
    const arn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${this.function}`;
    return this.cloud.lambda.invoke(arn, JSON.stringify(event));
  }

  stop(): Promise<void> {
    return this.scene.stop();
  }
}

/** As a user stores it. */
export function valueOf(selector: string, privateKey = newKey()): string {
  return JSON.stringify({ selector, privateKey });
}

export { ACCOUNT, DOMAIN, REGION };
