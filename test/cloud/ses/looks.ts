// SES looking in public DNS for its identities: when it looks, what for, and what comes of it.
import { signingHostedZone } from './easy-dkim';
import { Identity } from './identity';
import { lookForCnames, lookForSoa, lookForTxt } from './lookup';
import { VerificationTimes, Look, looked, LookError } from './verification';
import type { LookupClient } from '../dns';
import { Clock } from '../time/clock';

/** Whose Easy DKIM keys an identity uses, or the error that SES shows in place of them. Undefined with BYODKIM. */
export type OwnerOfKeys = (identity: Identity) => Identity | LookError | undefined;

export class Looks {
  constructor(
    private readonly clock: Clock,
    private readonly resolver: LookupClient,
    private readonly times: VerificationTimes,
    private readonly ownerOfKeys: OwnerOfKeys,
    /** Called when a search for records has ended. */
    private readonly onEnd: (identity: Identity) => void = () => undefined,
  ) {}

  /** Wait for the identity's next look, look, and go on. Watching the same identity anew ends it. */
  watch(identity: Identity): void {
    identity.watch.abort('watched anew'); // without a reason, Node makes an error each time
    identity.watch = new AbortController();
    void this.lookAgainAndAgain(identity, identity.watch.signal);
  }

  private async lookAgainAndAgain(identity: Identity, signal: AbortSignal): Promise<void> {
    for (let next = identity.verification.nextLook; next !== undefined; next = identity.verification.nextLook) {
      await this.clock.sleep(next - this.clock.now(), signal).catch(() => undefined);
      if (signal.aborted) return;
      const [look, soa] = await this.clock.hold(`a look of SES for ${identity.name}`, async () =>
        [await this.lookFor(identity), await lookForSoa(this.resolver, identity.name)] as const);
      if (signal.aborted) return;
      const { status } = identity.verification;
      identity.verification = looked(identity.verification, look, this.clock.now(), this.times);
      identity.soa = soa;
      if (status === 'PENDING' && identity.verification.status !== 'PENDING') this.onEnd(identity);
      const { signing, easy } = identity;
      if (look === 'FOUND' && signing.origin === 'AWS_SES') identity.currentKeyLength = easy.keyLength;
    }
  }

  private async lookFor(identity: Identity): Promise<Look> {
    const { signing, name } = identity;
    if (signing.origin === 'EXTERNAL') return lookForTxt(this.resolver, name, signing.selector, signing.key);
    const owner = this.ownerOfKeys(identity)!;
    if (typeof owner === 'string') return owner;
    // No error type says that the parent is not verified yet, so the replica waits with it.
    if (owner !== identity && owner.verification.status !== 'SUCCESS') return 'SERVICE_ERROR';
    return lookForCnames(this.resolver, name, owner.easy.tokens, signingHostedZone(owner.region));
  }
}
