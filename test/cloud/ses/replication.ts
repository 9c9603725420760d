// Deterministic Easy DKIM: the parent whose keys a replica uses, or the error that SES shows in place of it.
import { Identity, identityArn, IdentityRef } from './identity';
import { ReplicaSigning } from './signing';
import { LookError } from './verification';
import { CloudContext } from '../http-service';

/** https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_VerificationInfo.html lists the errors. */
export function parentOf(
  replica: IdentityRef, { parentRegion, by }: ReplicaSigning,
  find: (ref: IdentityRef) => Identity | undefined, authorize: CloudContext['authorize'],
): Identity | LookError {
  if (parentRegion === replica.region) return 'REPLICATION_PRIMARY_INVALID_REGION';
  const ref: IdentityRef = { account: replica.account, region: parentRegion, name: replica.name };
  try {
    const conditions = { 'ses:ReplicaRegion': [replica.region] };
    authorize(by, 'ses:ReplicateEmailIdentityDkimSigningKey', identityArn(ref), conditions);
  } catch {
    return 'REPLICATION_ACCESS_DENIED';
  }
  const parent = find(ref);
  if (!parent) return 'REPLICATION_PRIMARY_NOT_FOUND';
  if (parent.signing.origin === 'EXTERNAL') return 'REPLICATION_PRIMARY_BYO_DKIM_NOT_SUPPORTED';
  return parent.signing.origin === 'AWS_SES' ? parent : 'REPLICATION_REPLICA_AS_PRIMARY_NOT_SUPPORTED';
}
