// How the local SES writes its answers: JSON, and an identity in the form of GetEmailIdentity.
import { IdentityState } from './identity';
import { Reply } from '../http-service';

export function json(body: object, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

export function wireIdentity(state: IdentityState): object {
  const { soa } = state;
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
      SOARecord: soa && { PrimaryNameServer: soa.nsname, AdminEmail: soa.hostmaster, SerialNumber: soa.serial },
    },
    Policies: {},
    Tags: state.tags,
  };
}

/** AWS writes times as seconds since 1970. */
function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
