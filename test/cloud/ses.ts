// Amazon SES v2 of the local cloud: the API over HTTP, the request limit, and sending.
import { Principal } from './credentials';
import { Call, CloudContext, HttpService, Reply, Request } from './http-service';
import { ServiceError } from './service-error';
import { KeyLength } from './ses-easy-dkim';
import { IdentitiesOptions, identityArn, IdentityRef, IdentityState, noSuchIdentity, SesIdentities } from './ses-identities';
import { addressOf, compose, fromHeader, sign, withCrlf } from './ses-mail';
import { badRequest, signingFrom, WireSigningAttributes } from './ses-signing';
import { randomUuid } from './time/random';

export type { IdentityState } from './ses-identities';

export interface SesOptions extends IdentitiesOptions {
  /** Control-plane requests per second, account and Region. @default 1 */
  readonly requestsPerSecond?: number;
}

export interface NewIdentity extends IdentityRef {
  /** @default Easy DKIM with 2048 bits */
  readonly dkim?: { readonly selector: string; readonly privateKey: string } | { readonly nextKeyLength: KeyLength };
  /** @default true */
  readonly signingEnabled?: boolean;
}

/** A message that SES has sent. */
interface SentMail {
  readonly at: number;
  readonly account: string;
  readonly region: string;
  readonly messageId: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: Buffer;
}

/** By method and what follows the identity in the path. */
const IDENTITY_OPERATIONS: Record<string, string> = {
  'GET ': 'GetEmailIdentity',
  'DELETE ': 'DeleteEmailIdentity',
  'PUT /dkim': 'PutEmailIdentityDkimAttributes',
  'PUT /dkim/signing': 'PutEmailIdentityDkimSigningAttributes',
};

export class Ses extends HttpService {
  /** All mail that was sent, oldest first. */
  readonly outbox: SentMail[] = [];

  private readonly identities: SesIdentities;
  private readonly nextRequestAt = new Map<string, number>();
  private readonly requestsPerSecond: number;

  constructor(context: CloudContext, options: SesOptions) {
    super('ses', context);
    this.identities = new SesIdentities(context, options);
    this.requestsPerSecond = options.requestsPerSecond ?? 1;
  }

  async stop(): Promise<void> {
    this.identities.stop();
    await super.stop();
  }

  /** Without HTTP and its limit, for tests and CloudFormation. */
  createIdentity({ account, region, name, dkim, signingEnabled = true }: NewIdentity): IdentityState {
    const attributes = dkim && 'selector' in dkim
      ? { DomainSigningSelector: dkim.selector, DomainSigningPrivateKey: dkim.privateKey }
      : { NextSigningKeyLength: dkim?.nextKeyLength };
    const ref = { account, region, name };
    const created = this.identities.create(ref, signingOfNew(attributes, { account }));
    this.identities.setSigningEnabled(ref, signingEnabled);
    return { ...created, signingEnabled };
  }

  identity(ref: IdentityRef): IdentityState | undefined {
    return this.identities.state(ref);
  }

  /** False when there is none. */
  deleteIdentity(ref: IdentityRef): boolean {
    return this.identities.delete(ref);
  }

  protected operationOf({ method, path }: Request): string {
    if (method === 'POST' && path === '/v2/email/identities') return 'CreateEmailIdentity';
    if (method === 'POST' && path === '/v2/email/outbound-emails') return 'SendEmail';
    const match = /^\/v2\/email\/identities\/[^/]+(\/.*)?$/.exec(path);
    return (match && IDENTITY_OPERATIONS[`${method} ${match[1] ?? ''}`]) ?? `${method} ${path}`;
  }

  protected handle(call: Call): Reply | Promise<Reply> {
    const body = call.body.length > 0 ? JSON.parse(call.body.toString('utf8')) : {};
    return call.operation === 'SendEmail' ? this.sendEmail(call, body) : json(this.control(call, body));
  }

  protected renderError(error: ServiceError): Reply {
    const reply = json({ message: error.message }, error.status);
    return { ...reply, headers: { ...reply.headers, 'x-amzn-errortype': error.code } };
  }

  protected throttled(): ServiceError {
    return new ServiceError('TooManyRequestsException', 429, 'Too many requests');
  }

  private control({ operation, path, principal, region }: Call, body: ControlBody): object {
    const name = operation === 'CreateEmailIdentity' ? String(body.EmailIdentity) : decodeURIComponent(path.split('/')[4] ?? '');
    const ref: IdentityRef = { account: principal.account, region, name: name.toLowerCase() };
    this.throttle(ref);
    this.context.authorize(principal, `ses:${operation}`, identityArn(ref));
    switch (operation) {
      case 'CreateEmailIdentity':
        return wireIdentity(this.identities.create(ref, signingOfNew(body.DkimSigningAttributes ?? {}, principal)));
      case 'GetEmailIdentity': {
        const state = this.identities.state(ref);
        if (!state) throw noSuchIdentity(ref);
        return wireIdentity(state);
      }
      case 'DeleteEmailIdentity':
        if (!this.identities.delete(ref)) throw noSuchIdentity(ref);
        return {};
      case 'PutEmailIdentityDkimAttributes':
        this.identities.setSigningEnabled(ref, body.SigningEnabled ?? false);
        return {};
      case 'PutEmailIdentityDkimSigningAttributes':
        return this.putSigning(ref, body, principal);
      default:
        throw new ServiceError('UnknownOperationException', 404, `the local SES does not know ${operation}`);
    }
  }

  private putSigning(ref: IdentityRef, { SigningAttributesOrigin: origin, SigningAttributes: attributes = {} }: ControlBody, by: Principal): object {
    if (attributes.DomainSigningAttributesOrigin !== undefined) {
      throw badRequest('DomainSigningAttributesOrigin is not allowed here, use SigningAttributesOrigin.');
    }
    const { status, tokens, signingHostedZone } = this.identities.putSigning(ref, signingFrom(origin, attributes, by));
    return { DkimStatus: status, DkimTokens: tokens, SigningHostedZone: signingHostedZone };
  }

  private throttle({ account, region }: IdentityRef): void {
    const now = this.context.clock.now();
    const key = `${account}/${region}`;
    if (now < (this.nextRequestAt.get(key) ?? 0)) throw this.throttled();
    this.nextRequestAt.set(key, now + 1000 / this.requestsPerSecond);
  }

  private async sendEmail({ principal, region }: Call, body: SendEmailBody): Promise<Reply> {
    const raw = body.Content?.Raw && withCrlf(Buffer.from(body.Content.Raw.Data, 'base64'));
    const from = body.FromEmailAddress ?? (raw && fromHeader(raw)) ?? '';
    const address = addressOf(from);
    const sender = { account: principal.account, region };
    const identity = address && this.identities.forSending({ ...sender, name: address.slice(address.indexOf('@') + 1).toLowerCase() });
    if (!identity) {
      throw new ServiceError('MessageRejected', 400,
        `Email address is not verified. The following identities failed the check in region ${region.toUpperCase()}: ${from}`);
    }
    this.context.authorize(principal, 'ses:SendEmail', identityArn(identity), { 'ses:FromAddress': [address] });
    const messageId = randomUuid(this.context.random);
    const message = raw ?? await this.composeSimple(body, from, messageId);
    const signer = await this.identities.signerOf(identity);
    const { ToAddresses = [], CcAddresses = [], BccAddresses = [] } = body.Destination ?? {};
    this.outbox.push({
      ...sender,
      at: this.context.clock.now(),
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
}

interface ControlBody {
  readonly EmailIdentity?: string;
  readonly DkimSigningAttributes?: WireSigningAttributes;
  readonly SigningEnabled?: boolean;
  readonly SigningAttributesOrigin?: string;
  readonly SigningAttributes?: WireSigningAttributes;
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

/** CreateEmailIdentity has no origin of its own: a selector means BYODKIM. */
function signingOfNew(attributes: WireSigningAttributes, by: Principal) {
  const origin = attributes.DomainSigningSelector === undefined ? 'AWS_SES' : 'EXTERNAL';
  return signingFrom(attributes.DomainSigningAttributesOrigin ?? origin, attributes, by);
}

function wireIdentity(state: IdentityState): object {
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

function json(body: object, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** AWS writes times as seconds since 1970. */
function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
