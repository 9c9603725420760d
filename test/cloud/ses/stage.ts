// A local SES with the public DNS of example.com around it, for the tests of this folder.
import { createPublicKey, KeyObject } from 'node:crypto';
import {
  GetEmailIdentityCommand, PutEmailIdentityDkimSigningAttributesCommand,
  PutEmailIdentityDkimSigningAttributesCommandInput, SendEmailCommand, SESv2Client,
} from '@aws-sdk/client-sesv2';
import { IdentityRef, IdentityState } from './identity';
import { Ses } from './service';
import { SesSettings } from './settings';
import { Principal } from '../credentials';
import { DnsProvider } from '../dns/dns-provider';
import { DnsWorld } from '../dns/dns-world';
import type { LookupClient } from '../dns/memory-client';
import { PolicyStatement } from '../iam-policy';
import { MailVerdict, mailVerdict } from '../mail-verdict';
import { MinimalContext, minimalContext } from '../minimal-context';

export const ACCOUNT = '111111111111';
export const DOMAIN = 'example.com';
export const MINUTE = 60_000;

export function ref(region = 'us-east-1', name = DOMAIN): IdentityRef {
  return { account: ACCOUNT, region, name };
}

/** What SES takes: bare base64 of the DER. */
export function base64(privateKey: KeyObject, type: 'pkcs1' | 'pkcs8' = 'pkcs8'): string {
  return privateKey.export({ format: 'der', type }).toString('base64');
}

/** What `p=` has. */
export function publicText(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).toString('base64');
}

type SigningInput = Omit<PutEmailIdentityDkimSigningAttributesCommandInput, 'EmailIdentity'>;

export class SesStage {
  /** Without SES's limit of requests unless told otherwise, as most tests are not about it. */
  static async start(settings: Partial<SesSettings> = {}): Promise<SesStage> {
    const dns = new DnsWorld();
    await dns.start();
    const zone = dns.provider('registrar');
    await zone.createZone(DOMAIN);
    const sesDns = dns.provider('amazonses');
    await sesDns.createZone('amazonses.com');
    const stage = new SesStage(dns, zone, sesDns, settings);
    await stage.ses.start();
    return stage;
  }

  context!: MinimalContext;
  ses!: Ses;

  private constructor(
    readonly dns: DnsWorld,
    /** Serves example.com. */
    readonly zone: DnsProvider,
    private readonly sesDns: DnsProvider,
    settings: Partial<SesSettings>,
  ) {
    this.build(settings);
  }

  /** The administrator's, in us-east-1. */
  get client(): SESv2Client {
    return this.clientIn('us-east-1');
  }

  /** Another SES, without identities, in the same DNS. */
  async restart(settings: Partial<SesSettings & { resolver: LookupClient }>): Promise<void> {
    await this.ses.stop();
    this.build(settings);
    await this.ses.start();
  }

  async stop(): Promise<void> {
    await this.ses.stop();
    await this.dns.stop();
  }

  clientIn(region: string, principal: Principal = { account: ACCOUNT }): SESv2Client {
    const credentials = this.context.credentials.issue(principal);
    return new SESv2Client({ region, endpoint: this.ses.endpoint, credentials, maxAttempts: 1 });
  }

  /** A principal whose role has just these rights. */
  roleWith(statements: PolicyStatement[]): Principal {
    const roleArn = `arn:aws:iam::${ACCOUNT}:role/tester`;
    this.context.iam.putRole({ arn: roleArn, assumeRolePolicy: { Statement: [] } });
    this.context.iam.putRolePolicy(roleArn, 'rights', { Statement: statements });
    return { account: ACCOUNT, roleArn };
  }

  state(region?: string, name?: string): IdentityState {
    const found = this.ses.identity(ref(region, name));
    if (!found) throw new Error(`there is no identity ${name ?? DOMAIN}`);
    return found;
  }

  /** Let so much time pass that SES looks, and wait for what it sees. */
  async look(after = MINUTE, region?: string, name?: string): Promise<IdentityState> {
    const before = this.state(region, name).lastChecked;
    await this.context.clock.pass(after + 1);
    await this.context.clock.until('SES to look', () => this.state(region, name).lastChecked !== before);
    return this.state(region, name);
  }

  publishCnames(tokens = this.state().tokens, target = 'dkim.amazonses.com', domain = DOMAIN): void {
    for (const token of tokens) this.zone.set(`${token}._domainkey.${domain}`, 'CNAME', [`${token}.${target}`]);
  }

  publishKey(selector: string, privateKey: KeyObject, domain = DOMAIN): void {
    this.zone.set(`${selector}._domainkey.${domain}`, 'TXT', [`v=DKIM1; k=rsa; p=${publicText(privateKey)}`]);
  }

  /** GetEmailIdentity, as a caller sees it. */
  get(domain = DOMAIN, by = this.client) {
    return by.send(new GetEmailIdentityCommand({ EmailIdentity: domain }));
  }

  put(input: SigningInput, domain = DOMAIN, by = this.client) {
    return by.send(new PutEmailIdentityDkimSigningAttributesCommand({ EmailIdentity: domain, ...input }));
  }

  putKeyLength(NextSigningKeyLength: 'RSA_1024_BIT' | 'RSA_2048_BIT') {
    return this.put({ SigningAttributesOrigin: 'AWS_SES', SigningAttributes: { NextSigningKeyLength } });
  }

  putKey(selector: string, privateKey: string) {
    return this.put({
      SigningAttributesOrigin: 'EXTERNAL',
      SigningAttributes: { DomainSigningSelector: selector, DomainSigningPrivateKey: privateKey },
    });
  }

  /** Sends a message, and gives what an independent verifier says of it. */
  async verdictOfMail(from = `Jane <jane@${DOMAIN}>`, by = this.client): Promise<MailVerdict> {
    const body = { Text: { Data: 'Hello — it works' }, Html: { Data: '<p>Hello</p>' } };
    await by.send(new SendEmailCommand({
      FromEmailAddress: from,
      Destination: { ToAddresses: ['john@example.net'] },
      Content: { Simple: { Subject: { Data: 'Grüße' }, Body: body } },
    }));
    return mailVerdict(this.ses.outbox.at(-1)!.raw, this.dns.client());
  }

  async verifiedEasyDkim(region = 'us-east-1'): Promise<void> {
    this.ses.createIdentity(ref(region));
    this.publishCnames(this.state(region).tokens);
    await this.look(MINUTE, region);
    expect(this.state(region).status).toBe('SUCCESS');
  }

  private build(settings: Partial<SesSettings>): void {
    const dns = { resolver: this.dns.memoryClient(), publisher: this.sesDns };
    this.context = minimalContext();
    this.ses = new Ses(this.context, { ...dns, requestsPerSecond: Infinity, ...settings });
  }
}
