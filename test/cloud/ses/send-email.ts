// SendEmail of the local SES: who may send, what goes out, and the outbox that tests look into.
import { badRequest } from './errors';
import { SesIdentities } from './identities';
import { identityArn } from './identity';
import { addressOf, compose, fromHeader, sign, withCrlf } from './mail';
import { Call, CloudContext } from '../http-service';
import { ServiceError } from '../service-error';
import { randomUuid } from '../time/random';

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

/** The parameters as they are on the wire. */
export interface SendEmailBody {
  readonly FromEmailAddress?: string;
  readonly Destination?: {
    readonly ToAddresses?: string[];
    readonly CcAddresses?: string[];
    readonly BccAddresses?: string[];
  };
  readonly ReplyToAddresses?: string[];
  readonly Content?: {
    readonly Raw?: { readonly Data: string };
    readonly Simple?: {
      readonly Subject: { readonly Data: string };
      readonly Body: { readonly Text?: { readonly Data: string }; readonly Html?: { readonly Data: string } };
    };
  };
}

export class Mailer {
  /** Oldest first. */
  readonly outbox: SentMail[] = [];

  constructor(
    private readonly context: Pick<CloudContext, 'clock' | 'random' | 'authorize'>,
    private readonly identities: SesIdentities,
  ) {}

  /** Gives the message's id. */
  async send({ principal, region }: Pick<Call, 'principal' | 'region'>, body: SendEmailBody): Promise<string> {
    const raw = body.Content?.Raw && withCrlf(Buffer.from(body.Content.Raw.Data, 'base64'));
    const from = body.FromEmailAddress ?? (raw && fromHeader(raw)) ?? '';
    const address = addressOf(from) ?? '';
    const domain = address.slice(address.indexOf('@') + 1).toLowerCase();
    const sender = { account: principal.account, region };
    const identity = this.identities.forSending({ ...sender, name: domain });
    if (!identity) {
      throw new ServiceError('MessageRejected', 400, 'Email address is not verified. '
        + `The following identities failed the check in region ${region.toUpperCase()}: ${from}`);
    }
    this.context.authorize(principal, 'ses:SendEmail', identityArn(identity), { 'ses:FromAddress': [address] });
    const messageId = randomUuid(this.context.random);
    const message = raw ?? await this.compose(body, from, messageId);
    const signer = this.identities.signerOf(identity);
    const { ToAddresses = [], CcAddresses = [], BccAddresses = [] } = body.Destination ?? {};
    this.outbox.push({
      ...sender,
      at: this.context.clock.now(),
      messageId,
      from,
      to: [...ToAddresses, ...CcAddresses, ...BccAddresses],
      raw: signer ? await sign(message, signer) : message,
    });
    return messageId;
  }

  private compose(
    { Content, Destination, ReplyToAddresses = [] }: SendEmailBody, from: string, messageId: string,
  ): Promise<Buffer> {
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
