// One DNS record that a DKIM signature is verified with, as the construct hands it out.
import { RecordType } from 'aws-cdk-lib/aws-route53';

/**
 * A DNS record that has to be in the public DNS for SES, and for everybody who receives mail.
 *
 * Name, value and data are only known at deployment: they are tokens, to be used in outputs, in other resources, or as records with
 * another DNS provider. The construct writes the records itself when it is given a hosted zone.
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim.html
 */
export interface DkimRecord {
  /**
   * Fully qualified name of the record, without a trailing dot.
   *
   * Shape: `<token>._domainkey.<domain>` or `<selector>._domainkey.<domain>`. Add the dot (`${record.name}.`) where a tool would
   * append the zone's name otherwise, as `RecordSet` does with a name that it cannot see at synthesis.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6376#section-3.6.2.1
   */
  readonly name: string;

  /**
   * Type of the record.
   *
   * `CNAME` for Easy DKIM, `TXT` for BYODKIM.
   *
   * @see https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
   */
  readonly type: RecordType;

  /**
   * Value of the record as text, without quotes.
   *
   * The target of a CNAME (without a trailing dot), or the text of a TXT in one piece: `v=DKIM1; k=rsa; p=…`, about 400 characters
   * with a 2048-bit key. For providers that split and quote long texts themselves.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6376#section-3.6.1
   */
  readonly value: string;

  /**
   * The same value as Route 53 record sets and zone files take it.
   *
   * A TXT is in quotes, in strings of at most 255 bytes each, separated by a space. The target of a CNAME is the same as `value`.
   *
   * @see https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#TXTFormat
   */
  readonly data: string;
}
