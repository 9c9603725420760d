// The choice between failing and overwriting, for a record name that already has another value in the
// hosted zone.

/**
 * What the deployment does when the hosted zone already has a record of that name with another value.
 *
 * @see https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
 */
export enum RecordConflict {
  /**
   * The deployment fails and names both values. It changes nothing.
   */
  FAIL = 'FAIL',

  /**
   * The deployment replaces the record. From then on the record belongs to this construct and is
   * deleted with it. A roll-back does not bring the old value back.
   *
   * Use this only if no mail is signed with the key that is there. This construct cannot see whether
   * SES in another Region or another mail service signs with it. Some receivers still have the old
   * value until its TTL is over, and cannot verify mail that SES signs meanwhile.
   *
   * Where another construct uses the record, or SES signs with it now in the Region of the identity,
   * the deployment fails. It also fails where the record has an empty `p=`: that key was revoked.
   */
  OVERWRITE = 'OVERWRITE',
}
