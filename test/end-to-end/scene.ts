// A scene for end-to-end tests: a local cloud, and short ways to deploy an app, to send mail and to
// look at what there is.
import { createPublicKey } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { sendMail } from './send-mail';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';
import { LocalCloud, LocalCloudOptions, ServiceError, StackResult } from '../cloud';
import { pooledKey } from '../cloud/key-pool';
import { MailVerdict, mailVerdict } from '../cloud/mail-verdict';
import { leanApp } from '../lean-app';
import { FUNCTIONS } from '../whole-size';

export const ACCOUNT = '111111111111';
export const DNS_ACCOUNT = '222222222222';
export const REGION = 'us-east-1';
export const DOMAIN = 'example.com';

export interface Environment {
  readonly account?: string;
  readonly region?: string;
}

/** Where a stack goes, and how it is deployed. */
export interface DeployOptions extends Environment {
  readonly disableRollback?: boolean;
  readonly parameters?: Record<string, string>;
}

/** Keys of the pool: a test cares that keys differ, not which they are. */
export const PEM = { one: pooledKey(2048, 0), two: pooledKey(2048, 1) };

let keysTaken = 2;

/** A key that no other test of the file has. */
export function newKey(bits = 2048): string {
  return pooledKey(bits, keysTaken++);
}

/** What `p=` has: base64 of the SPKI DER. */
export function publicKeyOf(pem: string): string {
  return createPublicKey(pem).export({ type: 'spki', format: 'der' }).toString('base64');
}

/**
 * The calls of a first BYODKIM create, in their order: service, operation, and how many of that
 * operation come before.
 */
export const CREATE_CALLS: readonly [service: string, operation: string, before: number][] = [
  ['cloudformation', 'DescribeStackResource', 0],
  ['secretsmanager', 'GetSecretValue', 0],
  ['ses', 'GetEmailIdentity', 0],
  ['route53', 'GetHostedZone', 0],
  ['route53', 'ListResourceRecordSets', 0],
  ['route53', 'ChangeResourceRecordSets', 0],
  ['route53', 'GetChange', 0],
  ['ses', 'TagResource', 0],
  ['ses', 'PutEmailIdentityDkimSigningAttributes', 0],
  ['ses', 'GetEmailIdentity', 1],
];

export class Scene {
  /**
   * One seed makes the same calls in both ways of running a function (same-seed.test.ts). In `npm test` most tests take
   * the quicker one, and `npx projen test:whole` runs all of them with a process for each function.
   */
  static async start(options: LocalCloudOptions = {}): Promise<Scene> {
    const cloud = await LocalCloud.start({ ...FUNCTIONS, ...options });
    const zone = await cloud.route53.createHostedZone({ account: ACCOUNT, name: DOMAIN });
    return new Scene(cloud, zone.id);
  }

  /** The same with an identity for example.com that signs nothing yet. */
  static async withIdentity(options?: LocalCloudOptions): Promise<Scene> {
    const scene = await Scene.start(options);
    scene.identityExists();
    return scene;
  }

  /** An error that no patience mends. */
  static refusal(message = 'the test refuses this'): ServiceError {
    return new ServiceError('ValidationError', 400, message);
  }

  static newApp(): App {
    return leanApp({ outdir: Scene.newDirectory() });
  }

  /** For a cloud assembly: CDK's own temporary ones are shared by name. */
  static newDirectory(): string {
    return mkdtempSync(join(tmpdir(), 'cdk-'));
  }

  /** ARNs of secrets with the keys of `PEM`. */
  readonly secrets: Readonly<Record<keyof typeof PEM, string>>;

  private secretsMade = 0;

  private constructor(readonly cloud: LocalCloud, /** The public zone of example.com. */ readonly zoneId: string) {
    this.secrets = { one: this.secret(PEM.one), two: this.secret(PEM.two) };
  }

  stop(): Promise<void> {
    return this.cloud.stop();
  }

  /** A secret with a private key; gives its ARN. */
  secret(value: string, name = `dkim-${++this.secretsMade}`, where: Environment = {}): string {
    return this.cloud.secretsManager.create({ account: ACCOUNT, region: REGION, name, value, ...where }).arn;
  }

  /** Synthesizes an app of one stack and deploys it, with the built function as its asset. */
  deploy(
    stackName: string,
    build: (stack: Stack) => void,
    { account, region, ...options }: DeployOptions = {},
  ): Promise<StackResult> {
    const assembly = this.synthesize(stackName, build, { account, region });
    return this.cloud.cloudFormation.deployAssembly(assembly, stackName, options);
  }

  synthesize(
    stackName: string, build: (stack: Stack) => void, { account = ACCOUNT, region = REGION }: Environment = {},
  ): CloudAssembly {
    const app = Scene.newApp();
    build(new Stack(app, stackName, { env: { account, region } }));
    return app.synth();
  }

  /** Deploys, and fails the test when that fails. */
  async deployed(stackName: string, build: (stack: Stack) => void, options?: DeployOptions): Promise<StackResult> {
    const result = await this.deploy(stackName, build, options);
    if (['CREATE_COMPLETE', 'UPDATE_COMPLETE'].includes(result.status)) return result;
    throw new Error(`${result.status}: ${result.reason}\n${this.log().join('\n')}`);
  }

  /** Goes on with a roll-back that failed; these logical ids are skipped. */
  continueRollback(stackName: string, resourcesToSkip: string[]): Promise<StackResult> {
    return this.cloud.cloudFormation.continueRollback(stackName, { resourcesToSkip });
  }

  destroy(stackName: string, where: Environment = {}): Promise<StackResult> {
    return this.cloud.cloudFormation.delete(stackName, where);
  }

  /** `EmailIdentityDkim` for example.com, with an imported identity and its zone unless told otherwise. */
  dkim(
    signing?: (stack: Stack) => DkimSigning | undefined, props: Partial<EmailIdentityDkimProps> = {},
  ): (stack: Stack) => EmailIdentityDkim {
    return (stack) => new EmailIdentityDkim(stack, 'Dkim', {
      identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', DOMAIN),
      hostedZone: this.zoneIn(stack),
      signing: signing?.(stack),
      ...props,
    });
  }

  easy(props?: Partial<EmailIdentityDkimProps>) {
    return this.dkim(undefined, props);
  }

  byo(selector: string, secretArn: string, props?: Partial<EmailIdentityDkimProps>) {
    return this.dkim((stack) => byoDkim(stack, selector, secretArn), props);
  }

  replicaOf(parentRegion: string, props?: Partial<EmailIdentityDkimProps>) {
    return this.dkim(() => DkimSigning.deterministicEasyDkim({ parentRegion }), { hostedZone: undefined, ...props });
  }

  zoneIn(stack: Stack, id = this.zoneId, zoneName = DOMAIN): route53.IHostedZone {
    return route53.HostedZone.fromHostedZoneAttributes(stack, `Zone${id}`, { hostedZoneId: id, zoneName });
  }

  /** An identity that exists before any stack does. */
  identityExists(region = REGION, name = DOMAIN): void {
    this.cloud.ses.createIdentity({ account: ACCOUNT, region, name });
  }

  identity(region = REGION, name = DOMAIN) {
    return this.cloud.ses.identity({ account: ACCOUNT, region, name });
  }

  /** Waits, in the cloud's time, until SES has verified DKIM. */
  async verified(region = REGION, name = DOMAIN): Promise<void> {
    const { clock } = this.cloud;
    const end = clock.now() + 3600_000;
    const status = () => this.identity(region, name)?.status;
    await clock.until(`${name} to be verified in ${region}`, () => status() === 'SUCCESS' || clock.now() > end);
    if (status() !== 'SUCCESS') {
      throw new Error(`${name} is not verified in ${region}: ${JSON.stringify(this.identity(region, name))}`);
    }
  }

  /** Sends a message through SES, and gives an independent verifier's verdict. */
  async send(region = REGION, domain = DOMAIN): Promise<MailVerdict> {
    return this.verdictOn(await this.sent(region, domain));
  }

  /** Sends a message through SES and gives it back as it was delivered. */
  sent(region = REGION, domain = DOMAIN): Promise<Buffer> {
    return this.cloud.clock.hold('mail to be sent', () => sendMail(this.cloud, region, domain));
  }

  verdictOn(message: Buffer): Promise<MailVerdict> {
    return this.cloud.clock.hold('a verdict on mail', () => mailVerdict(message, this.cloud.dns.client()));
  }

  /** What is in a zone besides NS, SOA and registry records: `TYPE name value`. */
  records(zoneId = this.zoneId): string[] {
    return this.all(zoneId).filter((line) => !line.includes(' cdk-ses-dkim-'));
  }

  /** The same with registry records. */
  all(zoneId = this.zoneId): string[] {
    return this.cloud.route53.recordSets(zoneId)
      .filter(({ Type }) => Type !== 'NS' && Type !== 'SOA')
      .map(({ Name, Type, ResourceRecords }) =>
        `${Type} ${Name} ${(ResourceRecords ?? []).map(({ Value }) => Value).join(' ')}`)
      .sort();
  }

  /** Writes a record by hand, as somebody else would. */
  write(Name: string, Type: 'TXT' | 'CNAME', Value: string, zoneId = this.zoneId): void {
    this.cloud.route53.change(zoneId, [{
      Action: 'CREATE', ResourceRecordSet: { Name, Type, TTL: 300, ResourceRecords: [{ Value }] },
    }]);
  }

  /** Writes a DKIM record by hand, for the public key that belongs to a private one. */
  publishKey(selector: string, pem: string): void {
    const key = publicKeyOf(pem);
    this.write(
      `${selector}._domainkey.${DOMAIN}`, 'TXT', `"v=DKIM1; k=rsa; p=${key.slice(0, 200)}" "${key.slice(200)}"`,
    );
  }

  /** Writes the CNAMEs of Easy DKIM by hand, for the tokens that SES has for the identity. */
  publishTokens(region = REGION): void {
    const { tokens, signingHostedZone } = this.identity(region)!;
    for (const token of tokens) this.write(`${token}._domainkey.${DOMAIN}`, 'CNAME', `${token}.${signingHostedZone}`);
  }

  erase(name: string, zoneId = this.zoneId): void {
    const found = this.cloud.route53.recordSets(zoneId).find(({ Name }) => Name === `${name}.`)!;
    this.cloud.route53.change(zoneId, [{ Action: 'DELETE', ResourceRecordSet: found }]);
  }

  /** All lines that functions have written. */
  log(): string[] {
    return this.cloud.lambda.functionNames().flatMap((name) => this.cloud.lambda.logs(name));
  }

  /**
   * Calls that change something, since the given point of the call log; the answers to
   * CloudFormation (s3) are none.
   */
  writes(since = 0): string[] {
    return this.cloud.calls.slice(since)
      .filter(({ service, operation }) => service !== 's3' && /^(Put|Change|Create|Delete)/.test(operation))
      .map(({ service, operation }) => `${service}:${operation}`);
  }
}

/** BYODKIM with the key in the secret of that ARN. */
export function byoDkim(
  stack: Stack, selector: string, secretArn: string, options?: Parameters<typeof DkimPrivateKey.fromSecret>[1],
): DkimSigning {
  const secret = secretsmanager.Secret.fromSecretCompleteArn(stack, `Secret${selector}`, secretArn);
  return DkimSigning.byoDkim({ selector, privateKey: DkimPrivateKey.fromSecret(secret, options) });
}
