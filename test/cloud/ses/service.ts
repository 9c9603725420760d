// Amazon SES v2 of the local cloud: the API over HTTP, its request limit, and who may call what.
import { KeyLength } from './easy-dkim';
import { badRequest, notFound } from './errors';
import { SesDns, SesIdentities } from './identities';
import { identityArn, IdentityRef, IdentityState } from './identity';
import { RequestLimit } from './request-limit';
import { Mailer, SendEmailBody, SentMail } from './send-email';
import { SES_DEFAULTS, SesSettings } from './settings';
import { signingFrom, WireSigningAttributes } from './signing';
import { Tag } from './tags';
import { json, wireIdentity } from './wire';
import { Principal } from '../credentials';
import { Call, CloudContext, HttpService, Reply, Request } from '../http-service';
import { ServiceError } from '../service-error';

export type SesOptions = SesDns & Partial<SesSettings> & {
  /** Called with the identity's state when SES has found its records, or has given up. */
  readonly onSearchEnd?: (state: IdentityState) => void;
};

export interface NewIdentity extends IdentityRef {
  /**
   * `never asked for` is a domain of the first API of SES (VerifyDomainIdentity): it has no DKIM until a call wants it.
   * @default Easy DKIM with 2048 bits
   */
  readonly dkim?: { readonly selector: string; readonly privateKey: string } | { readonly nextKeyLength: KeyLength }
  | 'never asked for';
  /** @default true */
  readonly signingEnabled?: boolean;
  readonly tags?: readonly Tag[];
}

const TAGS = '/v2/email/tags';

const OPERATIONS: Record<string, string> = {
  'POST /v2/email/identities': 'CreateEmailIdentity',
  'POST /v2/email/outbound-emails': 'SendEmail',
  [`GET ${TAGS}`]: 'ListTagsForResource',
  [`POST ${TAGS}`]: 'TagResource',
  [`DELETE ${TAGS}`]: 'UntagResource',
};

/** By method and what follows the identity in the path. */
const IDENTITY_OPERATIONS: Record<string, string> = {
  'GET ': 'GetEmailIdentity',
  'DELETE ': 'DeleteEmailIdentity',
  'PUT /dkim': 'PutEmailIdentityDkimAttributes',
  'PUT /dkim/signing': 'PutEmailIdentityDkimSigningAttributes',
};

export class Ses extends HttpService {
  readonly settings: SesSettings;
  private readonly identities: SesIdentities;
  private readonly mailer: Mailer;
  private readonly limit: RequestLimit;

  constructor(context: CloudContext, { resolver, publisher, onSearchEnd, ...settings }: SesOptions) {
    super('ses', context);
    this.settings = { ...SES_DEFAULTS, ...settings };
    this.identities = new SesIdentities(context, { resolver, publisher }, this.settings, (identity) =>
      onSearchEnd?.(this.identities.state(identity)!));
    this.mailer = new Mailer(context, this.identities);
    this.limit = new RequestLimit(this.settings);
  }

  async stop(): Promise<void> {
    this.identities.stop();
    await super.stop();
  }

  // ---- without HTTP and its limit, for tests and CloudFormation

  /** All mail that was sent, oldest first. */
  get outbox(): readonly SentMail[] {
    return this.mailer.outbox;
  }

  createIdentity({ account, region, name, dkim, signingEnabled = true, tags }: NewIdentity): IdentityState {
    const ref = { account, region, name };
    if (dkim === 'never asked for') return this.identities.createWithoutDkim(ref);
    const attributes = dkim && 'selector' in dkim
      ? { DomainSigningSelector: dkim.selector, DomainSigningPrivateKey: dkim.privateKey }
      : { NextSigningKeyLength: dkim?.nextKeyLength };
    const created = this.identities.create(ref, signingOfNew(attributes, { account }), tags);
    if (!signingEnabled) this.identities.setSigningEnabled(ref, false);
    return { ...created, signingEnabled };
  }

  /** What is so now, also where a caller would be told what was so a moment ago. */
  identity(ref: IdentityRef): IdentityState | undefined {
    return this.identities.state(ref);
  }

  /** The same of all identities there are. */
  allIdentities(): IdentityState[] {
    return this.identities.states();
  }

  tagIdentity(ref: IdentityRef, tags: readonly Tag[]): void {
    this.identities.tag(ref, tags);
  }

  untagIdentity(ref: IdentityRef, keys: readonly string[]): void {
    this.identities.untag(ref, keys);
  }

  /** By the account's administrator. */
  signIdentity(ref: IdentityRef, origin: string, attributes: WireSigningAttributes): IdentityState {
    return this.identities.putSigning(ref, signingFrom(origin, attributes, { account: ref.account }));
  }

  setSigningEnabled(ref: IdentityRef, enabled: boolean): void {
    this.identities.setSigningEnabled(ref, enabled);
  }

  /** False when there is none. */
  deleteIdentity(ref: IdentityRef): boolean {
    return this.identities.delete(ref);
  }

  // ---- HTTP

  protected operationOf({ method, path }: Request): string {
    const match = /^\/v2\/email\/identities\/[^/]+(\/.*)?$/.exec(path);
    const operation = match ? IDENTITY_OPERATIONS[`${method} ${match[1] ?? ''}`] : OPERATIONS[`${method} ${path}`];
    return operation ?? `${method} ${path}`;
  }

  protected async handle(call: Call): Promise<Reply> {
    const body = call.body.length > 0 ? JSON.parse(call.body.toString('utf8')) : {};
    if (call.operation === 'SendEmail') return json({ MessageId: await this.mailer.send(call, body as SendEmailBody) });
    const sender = { account: call.principal.account, region: call.region };
    if (!this.limit.admits(call.operation, sender, this.context.clock.now())) throw this.throttled();
    return json(call.path === TAGS ? this.ofTags(call, body) : this.ofIdentity(call, body));
  }

  protected renderError(error: ServiceError): Reply {
    const reply = json({ message: error.message }, error.status);
    return { ...reply, headers: { ...reply.headers, 'x-amzn-errortype': error.code } };
  }

  protected throttled(): ServiceError {
    return new ServiceError('TooManyRequestsException', 429, 'Too many requests');
  }

  // ---- operations

  private ofIdentity({ operation, path, principal, region, asOf }: Call, body: IdentityBody): object {
    const creates = operation === 'CreateEmailIdentity';
    const name = creates ? String(body.EmailIdentity) : decodeURIComponent(path.split('/')[4] ?? '');
    const ref: IdentityRef = { account: principal.account, region, name: name.toLowerCase() };
    const tags = creates ? body.Tags ?? [] : [];
    this.context.authorize(principal, `ses:${operation}`, identityArn(ref), tagConditions(tags));
    switch (operation) {
      case 'CreateEmailIdentity': {
        const signing = signingOfNew(body.DkimSigningAttributes ?? {}, principal);
        return wireIdentity(this.asAnswered(this.identities.create(ref, signing, tags)));
      }
      case 'GetEmailIdentity':
        return wireIdentity(this.identities.read(ref, asOf));
      case 'DeleteEmailIdentity':
        if (!this.identities.delete(ref)) throw notFound(`Email identity ${ref.name} does not exist.`);
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

  private putSigning(ref: IdentityRef, body: IdentityBody, by: Principal): object {
    const { SigningAttributesOrigin: origin, SigningAttributes: attributes = {} } = body;
    if (attributes.DomainSigningAttributesOrigin !== undefined) {
      throw badRequest('DomainSigningAttributesOrigin is not allowed here, use SigningAttributesOrigin.');
    }
    const { status, tokens, signingHostedZone } =
      this.asAnswered(this.identities.putSigning(ref, signingFrom(origin, attributes, by)));
    return { DkimStatus: status, DkimTokens: tokens, SigningHostedZone: signingHostedZone };
  }

  /** SES has not begun to look yet, and says so to who has just called. */
  private asAnswered(state: IdentityState): IdentityState {
    return { ...state, status: this.settings.firstStatus };
  }

  private ofTags({ operation, query, principal, region, asOf }: Call, body: TagBody): object {
    const arn = body.ResourceArn ?? query.get('ResourceArn') ?? '';
    const tags = body.Tags ?? [];
    const keys = query.getAll('TagKeys');
    this.context.authorize(principal, `ses:${operation}`, arn, tagConditions(tags, keys));
    const ref: IdentityRef = { account: principal.account, region, name: arn.slice(arn.indexOf(':identity/') + 10) };
    // Configuration sets and other things can have tags too, but the local SES has none of those.
    if (identityArn(ref) !== arn) throw notFound(`The resource ${arn} does not exist.`);
    switch (operation) {
      case 'TagResource':
        this.identities.tag(ref, tags);
        return {};
      case 'UntagResource':
        this.identities.untag(ref, keys);
        return {};
      default:
        return { Tags: this.identities.read(ref, asOf).tags };
    }
  }
}

interface IdentityBody {
  readonly EmailIdentity?: string;
  readonly DkimSigningAttributes?: WireSigningAttributes;
  readonly Tags?: readonly Tag[];
  readonly SigningEnabled?: boolean;
  readonly SigningAttributesOrigin?: string;
  readonly SigningAttributes?: WireSigningAttributes;
}

interface TagBody {
  readonly ResourceArn?: string;
  readonly Tags?: readonly Tag[];
}

/** CreateEmailIdentity has no origin of its own: a selector means BYODKIM. */
function signingOfNew(attributes: WireSigningAttributes, by: Principal) {
  const origin = attributes.DomainSigningSelector === undefined ? 'AWS_SES' : 'EXTERNAL';
  return signingFrom(attributes.DomainSigningAttributesOrigin ?? origin, attributes, by);
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html */
function tagConditions(tags: readonly Tag[], keys: readonly string[] = []): Record<string, string[]> {
  const named = [...tags.map(({ Key }) => Key), ...keys];
  const values = tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, [Value]]);
  return named.length === 0 ? {} : { ...Object.fromEntries(values), 'aws:TagKeys': named };
}
