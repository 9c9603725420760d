// A scene in which example.com signs with a rotating key: short ways to rotate it, and to see where it stands.
import { Duration } from 'aws-cdk-lib';
import { ACCOUNT, DOMAIN, REGION, Scene } from './scene';
import { DkimSigning, EmailIdentityDkimProps, RotatingByoDkimSigningOptions } from '../../src';
import { LocalCloudOptions } from '../cloud';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Short keys are made in a tenth of the time, and a day of overlap costs a tenth of what two weeks cost. */
export const SHORT: RotatingByoDkimSigningOptions = { keyLength: 1024, overlap: Duration.days(1) };

export class RotatingScene {
  static async deployed(
    options: RotatingByoDkimSigningOptions = SHORT,
    props: Partial<EmailIdentityDkimProps> = {},
    cloud: LocalCloudOptions = {},
  ): Promise<RotatingScene> {
    const rotating = new RotatingScene(await Scene.withIdentity(cloud));
    await rotating.deploy(options, props);
    await rotating.scene.verified();
    return rotating;
  }

  constructor(readonly scene: Scene) {}

  get cloud() {
    return this.scene.cloud;
  }

  get clock() {
    return this.cloud.clock;
  }

  deploy(options: RotatingByoDkimSigningOptions = {}, props: Partial<EmailIdentityDkimProps> = {}) {
    return this.scene.deployed('mail', this.dkim(options, props));
  }

  dkim(options: RotatingByoDkimSigningOptions = {}, props: Partial<EmailIdentityDkimProps> = {}) {
    return this.scene.dkim(() => DkimSigning.rotatingByoDkim(options), props);
  }

  get arn(): string {
    const [{ arn }] = this.cloud.secretsManager.described().filter(({ tags }) =>
      tags.some(({ Key }) => Key.startsWith('cdk-ses-dkim:')));
    return arn;
  }

  /** The id of the version that has each label. */
  get labels(): Record<string, string> {
    const { versions } = this.cloud.secretsManager.described().find(({ arn }) => arn === this.arn)!;
    return Object.fromEntries(versions.all().flatMap(({ id, stages }) => [...stages].map((stage) => [stage, id])));
  }

  selectorOf(label: string): string | undefined {
    const { versions } = this.cloud.secretsManager.described().find(({ arn }) => arn === this.arn)!;
    const value = versions.holderOf(label)?.value;
    return value === undefined ? undefined : JSON.parse(value.toString()).selector;
  }

  /** The selector that SES signs with. */
  get selector(): string {
    return this.scene.identity()!.tokens.join();
  }

  /** Asks for a rotation, as `aws secretsmanager rotate-secret` does. */
  rotate(): string {
    return this.cloud.secretsManager.rotate(this.arn, {});
  }

  /** Rotates, and waits until Secrets Manager has done with it, in one way or the other. */
  async rotated(): Promise<void> {
    const before = this.labels.AWSCURRENT;
    this.rotate();
    const end = this.clock.now() + HOUR;
    await this.clock.until('the rotation to end', () => this.clock.now() > end
      || (this.labels.AWSCURRENT !== before && this.labels.AWSPENDING === undefined));
  }

  /** Somebody changes one of the settings that stand in the secret's tags. */
  tag(name: string, value: string): void {
    const { secretsManager } = this.cloud;
    const others = secretsManager.tagsOf(this.arn).filter(({ Key }) => Key !== `cdk-ses-dkim:${name}`);
    secretsManager.change(this.arn, { tags: [...others, { Key: `cdk-ses-dkim:${name}`, Value: value }] });
  }

  /** Selectors that have a record, in the order of their names. */
  get published(): string[] {
    return this.scene.records().filter((line) => line.includes('_domainkey'))
      .map((line) => line.split(' ')[1].replace(`._domainkey.${DOMAIN}.`, ''));
  }

  /** Calls the function, as Secrets Manager, EventBridge or somebody by hand does. */
  run(event: object) {
    const { rotation } = this.cloud.secretsManager.described().find(({ arn }) => arn === this.arn)!;
    return this.cloud.lambda.invoke(rotation!.lambdaArn, JSON.stringify(event));
  }

  get rotationFunction(): string {
    return this.cloud.lambda.functionNames().find((name) => name.includes('Rotation'))!;
  }

  get rotationFunctionArn(): string {
    return `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${this.rotationFunction}`;
  }

  get rotationLog(): string[] {
    return this.cloud.lambda.logs(this.rotationFunction);
  }

  stop(): Promise<void> {
    return this.scene.stop();
  }
}

export { ACCOUNT, DOMAIN, REGION };
