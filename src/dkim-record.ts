// The shape of one DKIM record, as the construct returns it: its name, its type and its value in two
// forms.
import { RecordType } from 'aws-cdk-lib/aws-route53';

/**
 * A DNS record that SES, and every receiver of mail, must find in the public DNS.
 *
 * Name, value and data are tokens: they are known only at deployment. Use them in outputs, in other
 * resources, or in records at another DNS provider. If the construct has a hosted zone, it writes the
 * records itself. The CNAMEs of a rotating key with `delegatedTo` are known before, and are never written
 * for you.
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim.html
 */
export interface DkimRecord {
  /**
   * Fully qualified name of the record, with a trailing dot.
   *
   * Shape: `<token>._domainkey.<domain>.` or `<selector>._domainkey.<domain>.`. Without the dot, CDK's
   * `RecordSet` and some DNS providers would append the name of the zone.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6376#section-3.6.2.1
   */
  readonly name: string;

  /**
   * Type of the record: `CNAME` for Easy DKIM and for `delegatedTo`, `TXT` for BYODKIM otherwise.
   *
   * @see https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
   */
  readonly type: RecordType;

  /**
   * Value of the record as text, without quotes.
   *
   * For a CNAME it is the target, without a trailing dot. For a TXT it is the whole text in one piece:
   * `v=DKIM1; k=rsa; p=…`, about 400 characters with a 2048-bit key. Use it with a provider that splits
   * and quotes long texts itself.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6376#section-3.6.1
   */
  readonly value: string;

  /**
   * The same value in the form of Route 53 record sets and zone files.
   *
   * For a TXT it is one or more quoted strings of at most 255 bytes, with a space between them. For a
   * CNAME it is the same as `value`: in a zone file, put a dot at its end.
   *
   * @see https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#TXTFormat
   */
  readonly data: string;
}
