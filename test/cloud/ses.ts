// Amazon SES v2 of the local cloud: domain identities whose DKIM status follows what is in DNS, and mail signed with their keys.
import { createPrivateKey, KeyObject, randomUUID } from 'node:crypto';
import { promises, SoaRecord } from 'node:dns';
import { DkimSigningAttributesOrigin } from '@aws-sdk/client-sesv2';
import { Principal } from './credentials';
import { Call, CloudContext, HttpService, Reply, Request } from './http-service';
import { ServiceError } from './service-error';
import {
  EasyDkimKeys, KeyLength, KeyPublisher, mayChangeKeyLength, newEasyDkimKeys, publish, signingHostedZone, unpublish,
} from './ses-easy-dkim';
import { armed, DkimStatus, Look, looked, LookError, SES_TIMES, Verification, VerificationTimes } from './ses-identity';
import { lookForCnames, lookForSoa, lookForTxt } from './ses-lookup';
import { addressOf, compose, DkimSigner, fromHeader, readSigningKey, sign, withCrlf } from './ses-mail';

export interface SesOptions extends Partial<VerificationTimes> {
  /** Public DNS; asked for a new resolver for each look, so that nothing is cached. */
  readonly resolver: () => promises.Resolver;
  /** Where SES publishes the keys of Easy DKIM: its own DNS, serving `amazonses.com`. */
  readonly publisher: KeyPublisher;
  /** Control-plane requests per second, account and Region. @default 1 */
  readonly requestsPerSecond?: number;
  /** Refuse to set the key length that the identity already has. @default true */
  readonly strictKeyLength?: boolean;
  /** What a status is between a call and the first look. @default PENDING */
  readonly firstStatus?: 'PENDING' | 'NOT_STARTED';
  /** Make new tokens whenever an identity comes back to Easy DKIM, also with the same key length. @default false */
  readonly newTokensOnReturn?: boolean;
}

/** Which identity. */
export interface IdentityRef {
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

export interface NewIdentity extends IdentityRef {
  /** @default Easy DKIM with 2048 bits */
  readonly dkim?: { readonly selector: string; readonly privateKey: string } | { readonly nextKeyLength: KeyLength };
  /** @default true */
  readonly signingEnabled?: boolean;
}

/** What SES shows of an identity. It never shows a private key. */
export interface IdentityState extends IdentityRef {
  /** `AWS_SES`, `EXTERNAL`, or `AWS_SES_<REGION>` of a replica. */
  readonly origin: string;
  readonly status: DkimStatus;
  readonly signingEnabled: boolean;
  /** Tokens of Easy DKIM, or the selector of BYODKIM. */
  readonly tokens: readonly string[];
  /** Not with BYODKIM. */
  readonly signingHostedZone?: string;
  readonly nextKeyLength?: KeyLength;
  readonly currentKeyLength?: KeyLength;
  readonly keyGeneratedAt?: number;
  readonly verifiedForSending: boolean;
  readonly lastChecked?: number;
  readonly lastSuccess?: number;
  readonly errorType?: LookError;
  readonly soa?: SoaRecord;
}

/** A message that SES has sent. */
export interface SentMail {
  readonly at: number;
  readonly account: string;
  readonly region: string;
  readonly messageId: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: Buffer;
}

type Signing =
  | { readonly origin: 'AWS_SES' }
  | { readonly origin: 'EXTERNAL'; readonly selector: string; readonly key: KeyObject | undefined }
  /** `by` is whose rights count when SES fetches the key from the parent. */
  | { readonly origin: `AWS_SES_${string}`; readonly parentRegion: string; readonly by: Principal };

interface Identity extends IdentityRef {
  signing: Signing;
  /** Kept while another method is in use. */
  easy: EasyDkimKeys;
  /** Of the last key that was verified. */
  currentKeyLength: KeyLength;
  readonly keyLengthChanges: { to: KeyLength; at: number }[];
  /** All keys that stand in SES's DNS; old ones stay there for mail on its way. */
  readonly published: EasyDkimKeys[];
  signingEnabled: boolean;
  verification: Verification;
  soa?: SoaRecord;
  /** Ends the waiting for the next look. */
  watch: AbortController;
}

/** The signing attributes as they are on the wire. */
interface WireSigningAttributes {
  readonly DomainSigningSelector?: string;
  readonly DomainSigningPrivateKey?: string;
  readonly NextSigningKeyLength?: KeyLength;
  readonly DomainSigningAttributesOrigin?: string;
}

const IDENTITIES = '/v2/email/identities';
/** By method and what follows the identity in the path. */
const IDENTITY_OPERATIONS: Record<string, string> = {
  'GET ': 'GetEmailIdentity',
  'DELETE ': 'DeleteEmailIdentity',
  'PUT /dkim': 'PutEmailIdentityDkimAttributes',
  'PUT /dkim/signing': 'PutEmailIdentityDkimSigningAttributes',
};
const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/;
const SELECTOR = /^(?=.{1,63}$)[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/;
const PRIVATE_KEY = /^(?=.{1,20480}$)[a-zA-Z0-9+/]+={0,2}$/;

export class Ses extends HttpService {
  /** All mail that was sent, oldest first. */
  readonly outbox: SentMail[] = [];

  private readonly identities = new Map<string, Identity>();
  private readonly nextRequestAt = new Map<string, number>();
  private readonly times: VerificationTimes;

  constructor(context: CloudContext, private readonly options: SesOptions) {
    super('ses', context);
    this.times = {
      firstLook: options.firstLook ?? SES_TIMES.firstLook,
      lookEvery: options.lookEvery ?? SES_TIMES.lookEvery,
      recheckEvery: options.recheckEvery ?? SES_TIMES.recheckEvery,
      giveUpAfter: options.giveUpAfter ?? SES_TIMES.giveUpAfter,
      restoreWithin: options.restoreWithin ?? SES_TIMES.restoreWithin,
    };
  }

  async stop(): Promise<void> {
    for (const identity of this.identities.values()) identity.watch.abort();
    await super.stop();
  }

  // ---- for tests and CloudFormation

  createIdentity(input: NewIdentity): IdentityState {
    const { dkim, signingEnabled } = input;
    const attributes: WireSigningAttributes = !dkim ? {}
      : 'selector' in dkim ? { DomainSigningSelector: dkim.selector, DomainSigningPrivateKey: dkim.privateKey }
        : { NextSigningKeyLength: dkim.nextKeyLength };
    const identity = this.create(input, attributes, { account: input.account });
    identity.signingEnabled = signingEnabled ?? true;
    return this.show(identity);
  }

  identity(ref: IdentityRef): IdentityState | undefined {
    const identity = this.find(ref);
    return identity && this.show(identity);
  }

  /** False when there is none. */
  deleteIdentity(ref: IdentityRef): boolean {
    const identity = this.find(ref);
    if (!identity) return false;
    identity.watch.abort();
    this.identities.delete(keyOf(ref));
    for (const keys of identity.published) void unpublish(keys, signingHostedZone(identity.region), this.options.publisher);
    return true;
  }

  // ---- HTTP

  protected operationOf({ method, path }: Request): string {
    if (method === 'POST' && path === IDENTITIES) return 'CreateEmailIdentity';
    if (method === 'POST' && path === '/v2/email/outbound-emails') return 'SendEmail';
    const [, part] = /^\/v2\/email\/identities\/[^/]+(\/.*)?$/.exec(path) ?? [undefined, 'unknown'];
    return IDENTITY_OPERATIONS[`${method} ${part ?? ''}`] ?? `${method} ${path}`;
  }

  protected handle(call: Call): Reply | Promise<Reply> {
    const body = call.body.length > 0 ? JSON.parse(call.body.toString('utf8')) : {};
    if (call.operation === 'SendEmail') return this.sendEmail(call, body);
    const name = call.operation === 'CreateEmailIdentity' ? String(body.EmailIdentity) : decodeURIComponent(call.path.split('/')[4] ?? '');
    const ref: IdentityRef = { account: call.principal.account, region: call.region, name: name.toLowerCase() };
    this.throttle(ref);
    this.context.authorize(call.principal, `ses:${call.operation}`, arnOf(ref));
    switch (call.operation) {
      case 'CreateEmailIdentity': return json(this.wireIdentity(this.create(ref, body.DkimSigningAttributes ?? {}, call.principal)));
      case 'GetEmailIdentity': return json(this.wireIdentity(this.existing(ref)));
      case 'DeleteEmailIdentity':
        this.existing(ref);
        this.deleteIdentity(ref);
        return json({});
      case 'PutEmailIdentityDkimAttributes': return this.putDkimAttributes(ref, body);
      case 'PutEmailIdentityDkimSigningAttributes': return this.putSigningAttributes(ref, body, call.principal);
      default: throw new ServiceError('UnknownOperationException', 404, `the local SES does not know ${call.operation}`);
    }
  }

  protected renderError(error: ServiceError): Reply {
    return { ...json({ message: error.message }, error.status), headers: { 'content-type': 'application/json', 'x-amzn-errortype': error.code } };
  }

  protected throttled(): ServiceError {
    return new ServiceError('TooManyRequestsException', 429, 'Too many requests');
  }

  private throttle({ account, region }: IdentityRef): void {
    const now = this.context.clock.now();
    const key = `${account}/${region}`;
    if (now < (this.nextRequestAt.get(key) ?? 0)) throw this.throttled();
    this.nextRequestAt.set(key, now + 1000 / (this.options.requestsPerSecond ?? 1));
  }

  // ---- operations

  private create(ref: IdentityRef, attributes: WireSigningAttributes, principal: Principal): Identity {
    if (!DOMAIN.test(ref.name)) throw badRequest('The EmailIdentity value must be a valid domain.');
    if (this.find(ref)) throw new ServiceError('AlreadyExistsException', 400, `Email identity ${ref.name} already exist.`);
    const origin = attributes.DomainSigningAttributesOrigin ?? (attributes.DomainSigningSelector === undefined ? 'AWS_SES' : 'EXTERNAL');
    const signing = signingFrom(origin, attributes, principal);
    const now = this.context.clock.now();
    const keyLength = attributes.NextSigningKeyLength ?? 'RSA_2048_BIT';
    const identity: Identity = {
      account: ref.account,
      region: ref.region,
      name: ref.name,
      signing,
      easy: newEasyDkimKeys(keyLength, now),
      currentKeyLength: keyLength,
      keyLengthChanges: [],
      published: [],
      signingEnabled: true,
      verification: this.arm(undefined),
      watch: new AbortController(),
    };
    this.identities.set(keyOf(ref), identity);
    this.publish(identity);
    this.watch(identity);
    return identity;
  }

  private putSigningAttributes(ref: IdentityRef, body: Record<string, unknown>, principal: Principal): Reply {
    if (!DOMAIN.test(ref.name)) throw badRequest('The EmailIdentity value must be a valid domain.');
    const identity = this.existing(ref);
    const attributes = (body.SigningAttributes ?? {}) as WireSigningAttributes;
    if (attributes.DomainSigningAttributesOrigin !== undefined) {
      throw badRequest('DomainSigningAttributesOrigin is not allowed here, use SigningAttributesOrigin.');
    }
    const signing = signingFrom(String(body.SigningAttributesOrigin), attributes, principal);
    if (signing.origin === 'AWS_SES') this.prepareEasyDkim(identity, attributes.NextSigningKeyLength);
    identity.signing = signing;
    identity.verification = this.arm(identity.verification);
    this.watch(identity);
    const { status, tokens, signingHostedZone: zone } = this.show(identity);
    return json({ DkimStatus: status, DkimTokens: tokens, SigningHostedZone: zone });
  }

  private putDkimAttributes(ref: IdentityRef, body: Record<string, unknown>): Reply {
    const identity = this.find(ref);
    if (!identity) throw badRequest(`Email identity ${ref.name} does not exist.`); // really 400, where all other calls say 404
    identity.signingEnabled = body.SigningEnabled === true;
    return json({});
  }

  private async sendEmail(call: Call, body: SendEmailBody): Promise<Reply> {
    const raw = body.Content?.Raw ? withCrlf(Buffer.from(body.Content.Raw.Data, 'base64')) : undefined;
    const from = body.FromEmailAddress ?? (raw && fromHeader(raw)) ?? '';
    const identity = this.identityForSending(call, from);
    this.context.authorize(call.principal, 'ses:SendEmail', arnOf(identity), { 'ses:FromAddress': [addressOf(from) ?? from] });
    const messageId = randomUUID();
    const message = raw ?? await this.composeSimple(body, from, messageId);
    const signer = await this.signerOf(identity);
    const { ToAddresses = [], CcAddresses = [], BccAddresses = [] } = body.Destination ?? {};
    this.outbox.push({
      at: this.context.clock.now(),
      account: identity.account,
      region: identity.region,
      messageId,
      from,
      to: [...ToAddresses, ...CcAddresses, ...BccAddresses],
      raw: signer ? await sign(message, signer) : message,
    });
    return json({ MessageId: messageId });
  }

  private composeSimple({ Content, Destination, ReplyToAddresses = [] }: SendEmailBody, from: string, messageId: string): Promise<Buffer> {
    const simple = Content?.Simple;
    if (!simple) throw badRequest('the local SES sends Simple and Raw content');
    return compose({
      from,
      to: Destination?.ToAddresses ?? [],
      cc: Destination?.CcAddresses ?? [],
      replyTo: ReplyToAddresses,
      subject: simple.Subject.Data,
      text: simple.Body.Text?.Data,
      html: simple.Body.Html?.Data,
      date: this.context.clock.date(),
      messageId: `<${messageId}@email.amazonses.com>`,
    });
  }

  // ---- identities

  private find(ref: IdentityRef): Identity | undefined {
    return this.identities.get(keyOf(ref));
  }

  private existing(ref: IdentityRef): Identity {
    const identity = this.find(ref);
    if (!identity) throw new ServiceError('NotFoundException', 404, `Email identity ${ref.name} does not exist.`);
    return identity;
  }

  /** The domain of the address or the nearest domain above it that is verified: its DKIM is inherited. */
  private identityForSending({ principal: { account }, region }: Call, from: string): Identity {
    const labels = addressOf(from)?.split('@')[1]?.toLowerCase().split('.') ?? [];
    const nearest = labels.map((_, depth) => this.find({ account, region, name: labels.slice(depth).join('.') }))
      .find((identity) => identity?.verification.verifiedForSending);
    if (nearest) return nearest;
    throw new ServiceError('MessageRejected', 400,
      `Email address is not verified. The following identities failed the check in region ${region.toUpperCase()}: ${from}`);
  }

  /** Easy DKIM is about to be used with this key length: keep the keys, or make new ones. */
  private prepareEasyDkim(identity: Identity, keyLength: KeyLength | undefined): void {
    const now = this.context.clock.now();
    const returns = identity.signing.origin !== 'AWS_SES';
    if (keyLength === undefined || keyLength === identity.easy.keyLength) {
      if (keyLength !== undefined && !returns && (this.options.strictKeyLength ?? true)) {
        throw badRequest(`The signing key length is already ${keyLength}.`);
      }
      if (!returns || !this.options.newTokensOnReturn) return;
    } else {
      if (!mayChangeKeyLength(keyLength, identity.keyLengthChanges, now)) {
        throw badRequest('The signing key length can be changed only once in 24 hours.');
      }
      identity.keyLengthChanges.push({ to: keyLength, at: now });
    }
    identity.easy = newEasyDkimKeys(keyLength ?? identity.easy.keyLength, now);
    this.publish(identity);
  }

  private publish(identity: Identity): void {
    identity.published.push(identity.easy);
    void publish(identity.easy, signingHostedZone(identity.region), this.options.publisher);
  }

  /** The identity whose Easy DKIM keys a replica uses, or why it may not. */
  private parentOf(replica: Identity, { parentRegion, by }: { parentRegion: string; by: Principal }): Identity | LookError {
    if (parentRegion === replica.region) return 'REPLICATION_PRIMARY_INVALID_REGION';
    const ref = { account: replica.account, region: parentRegion, name: replica.name };
    try {
      this.context.authorize(by, 'ses:ReplicateEmailIdentityDkimSigningKey', arnOf(ref), { 'ses:ReplicaRegion': [replica.region] });
    } catch {
      return 'REPLICATION_ACCESS_DENIED';
    }
    const parent = this.find(ref);
    if (!parent) return 'REPLICATION_PRIMARY_NOT_FOUND';
    if (parent.signing.origin === 'EXTERNAL') return 'REPLICATION_PRIMARY_BYO_DKIM_NOT_SUPPORTED';
    return parent.signing.origin === 'AWS_SES' ? parent : 'REPLICATION_REPLICA_AS_PRIMARY_NOT_SUPPORTED';
  }

  /** Nobody is signed for before SES has seen the records, or while they are away. */
  private async signerOf(identity: Identity): Promise<DkimSigner | undefined> {
    if (!identity.signingEnabled || identity.verification.status !== 'SUCCESS') return undefined;
    const { signing } = identity;
    if (signing.origin === 'EXTERNAL') {
      return signing.key && { domain: identity.name, selector: signing.selector, privateKey: signing.key };
    }
    const owner = this.easyDkimOwner(identity);
    if (!owner) return undefined;
    return { domain: identity.name, selector: owner.easy.tokens[0], privateKey: createPrivateKey(await owner.easy.privateKey) };
  }

  /** Whose Easy DKIM keys the identity uses: its own or its parent's. */
  private easyDkimOwner(identity: Identity): Identity | undefined {
    const { signing } = identity;
    if (signing.origin === 'AWS_SES') return identity;
    if (signing.origin === 'EXTERNAL') return undefined;
    const parent = this.parentOf(identity, signing);
    return typeof parent === 'string' ? undefined : parent;
  }

  // ---- verification

  private arm(before: Verification | undefined): Verification {
    return armed(before, this.options.firstStatus ?? 'PENDING', this.context.clock.now(), this.times);
  }

  /** Wait for the next look, look, and go on; a newer call ends it. */
  private watch(identity: Identity): void {
    identity.watch.abort();
    const { nextLook } = identity.verification;
    if (nextLook === undefined) return;
    const watch = identity.watch = new AbortController();
    this.context.clock.sleep(Math.max(0, nextLook - this.context.clock.now()), watch.signal).then(async () => {
      const resolver = this.options.resolver();
      const look = await this.lookFor(identity, resolver);
      const soa = await lookForSoa(resolver, identity.name);
      if (watch.signal.aborted) return;
      identity.verification = looked(identity.verification, look, this.context.clock.now(), this.times);
      identity.soa = soa;
      if (look === 'FOUND' && identity.signing.origin === 'AWS_SES') identity.currentKeyLength = identity.easy.keyLength;
      this.watch(identity);
    }, () => undefined);
  }

  private async lookFor(identity: Identity, resolver: promises.Resolver): Promise<Look> {
    const { signing, name } = identity;
    if (signing.origin === 'EXTERNAL') return lookForTxt(resolver, name, signing.selector, signing.key);
    const owner = signing.origin === 'AWS_SES' ? identity : this.parentOf(identity, signing);
    if (typeof owner === 'string') return owner;
    // No error type says that the parent is not verified yet, so the replica waits with it.
    if (owner !== identity && owner.verification.status !== 'SUCCESS') return 'SERVICE_ERROR';
    return lookForCnames(resolver, name, owner.easy.tokens, signingHostedZone(owner.region));
  }

  // ---- what is shown

  private show(identity: Identity): IdentityState {
    const { account, region, name, signing, signingEnabled, verification, soa } = identity;
    const owner = this.easyDkimOwner(identity);
    return {
      account,
      region,
      name,
      signingEnabled,
      soa,
      origin: signing.origin,
      status: verification.status,
      tokens: signing.origin === 'EXTERNAL' ? [signing.selector] : owner?.easy.tokens ?? [],
      signingHostedZone: owner && signingHostedZone(owner.region),
      nextKeyLength: owner?.easy.keyLength,
      currentKeyLength: owner?.currentKeyLength,
      keyGeneratedAt: owner?.easy.generatedAt,
      verifiedForSending: verification.verifiedForSending,
      lastChecked: verification.lastChecked,
      lastSuccess: verification.lastSuccess,
      errorType: verification.errorType,
    };
  }

  private wireIdentity(identity: Identity): object {
    const state = this.show(identity);
    return {
      IdentityType: 'DOMAIN',
      FeedbackForwardingStatus: true,
      VerifiedForSendingStatus: state.verifiedForSending,
      VerificationStatus: state.verifiedForSending ? 'SUCCESS' : state.status,
      DkimAttributes: {
        SigningEnabled: state.signingEnabled,
        Status: state.status,
        Tokens: state.tokens,
        SigningHostedZone: state.signingHostedZone,
        SigningAttributesOrigin: state.origin,
        NextSigningKeyLength: state.nextKeyLength,
        CurrentSigningKeyLength: state.currentKeyLength,
        LastKeyGenerationTimestamp: seconds(state.keyGeneratedAt),
      },
      VerificationInfo: {
        LastCheckedTimestamp: seconds(state.lastChecked),
        LastSuccessTimestamp: seconds(state.lastSuccess),
        ErrorType: state.errorType,
        SOARecord: state.soa && { PrimaryNameServer: state.soa.nsname, AdminEmail: state.soa.hostmaster, SerialNumber: state.soa.serial },
      },
      Policies: {},
      Tags: [],
    };
  }
}

interface SendEmailBody {
  readonly FromEmailAddress?: string;
  readonly Destination?: { readonly ToAddresses?: string[]; readonly CcAddresses?: string[]; readonly BccAddresses?: string[] };
  readonly ReplyToAddresses?: string[];
  readonly Content?: {
    readonly Raw?: { readonly Data: string };
    readonly Simple?: {
      readonly Subject: { readonly Data: string };
      readonly Body: { readonly Text?: { readonly Data: string }; readonly Html?: { readonly Data: string } };
    };
  };
}

/** Checks what the real SES checks, which is little: a key is only looked at as text. */
function signingFrom(origin: string, attributes: WireSigningAttributes, by: Principal): Signing {
  if (!(Object.values(DkimSigningAttributesOrigin) as string[]).includes(origin)) {
    throw badRequest(`The signing attributes origin ${origin} is not valid.`);
  }
  const { DomainSigningSelector: selector, DomainSigningPrivateKey: privateKey, NextSigningKeyLength: keyLength } = attributes;
  if (origin === 'EXTERNAL') {
    if (!SELECTOR.test(selector ?? '')) throw badRequest('The DomainSigningSelector value is not valid.');
    if (!PRIVATE_KEY.test(privateKey ?? '')) throw badRequest('The DomainSigningPrivateKey value is not valid.');
    if (keyLength !== undefined) throw badRequest('NextSigningKeyLength is for Easy DKIM only.');
    return { origin, selector: selector!, key: readSigningKey(privateKey!) };
  }
  if (selector !== undefined || privateKey !== undefined) throw badRequest('A selector and a private key are for EXTERNAL only.');
  if (origin === 'AWS_SES') {
    if (!['RSA_1024_BIT', 'RSA_2048_BIT', undefined].includes(keyLength)) throw badRequest('The NextSigningKeyLength value is not valid.');
    return { origin };
  }
  if (keyLength !== undefined) throw badRequest('NextSigningKeyLength is for Easy DKIM only.');
  return { origin: origin as `AWS_SES_${string}`, parentRegion: origin.slice('AWS_SES_'.length).toLowerCase().replaceAll('_', '-'), by };
}

function keyOf({ account, region, name }: IdentityRef): string {
  return `${account}/${region}/${name}`;
}

function arnOf({ account, region, name }: IdentityRef): string {
  return `arn:${partitionOf(region)}:ses:${region}:${account}:identity/${name}`;
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

function badRequest(message: string): ServiceError {
  return new ServiceError('BadRequestException', 400, message);
}

function json(body: object, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** AWS writes times as seconds since 1970. */
function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
