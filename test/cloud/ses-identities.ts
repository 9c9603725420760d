// All identities of the local SES: what calls do to them, SES looking in DNS for each, and the key each one signs with.
import { createPrivateKey } from 'node:crypto';
import { promises, SoaRecord } from 'node:dns';
import { CloudContext } from './http-service';
import { partitionOf } from './partition';
import { ServiceError } from './service-error';
import {
  EasyDkimKeys, KeyLength, KeyPublisher, mayChangeKeyLength, newEasyDkimKeys, publish, signingHostedZone, unpublish,
} from './ses-easy-dkim';
import { armed, DkimStatus, Look, looked, LookError, SES_TIMES, Verification, VerificationTimes } from './ses-identity';
import { lookForCnames, lookForSoa, lookForTxt } from './ses-lookup';
import { DkimSigner } from './ses-mail';
import { badRequest, Signing } from './ses-signing';

export interface IdentitiesOptions extends Partial<VerificationTimes> {
  /** Public DNS; asked for a new resolver for each look, so that nothing is cached. */
  readonly resolver: () => promises.Resolver;
  /** Where SES publishes the keys of Easy DKIM: its own DNS, serving `amazonses.com`. */
  readonly publisher: KeyPublisher;
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

const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/;

export class SesIdentities {
  private readonly identities = new Map<string, Identity>();
  private readonly times: VerificationTimes;

  constructor(private readonly context: Pick<CloudContext, 'clock' | 'authorize'>, private readonly options: IdentitiesOptions) {
    this.times = { ...SES_TIMES, ...options };
  }

  /** No more looks in DNS. */
  stop(): void {
    for (const identity of this.identities.values()) identity.watch.abort();
  }

  create(ref: IdentityRef, signing: Signing): IdentityState {
    checkDomain(ref);
    if (this.find(ref)) throw new ServiceError('AlreadyExistsException', 400, `Email identity ${ref.name} already exist.`);
    const keyLength = (signing.origin === 'AWS_SES' ? signing.keyLength : undefined) ?? 'RSA_2048_BIT';
    const identity: Identity = {
      account: ref.account,
      region: ref.region,
      name: ref.name,
      signing,
      easy: newEasyDkimKeys(keyLength, this.context.clock.now()),
      currentKeyLength: keyLength,
      keyLengthChanges: [],
      published: [],
      signingEnabled: true,
      verification: this.arm(undefined),
      watch: new AbortController(),
    };
    this.identities.set(keyOf(ref), identity);
    if (signing.origin === 'AWS_SES') this.publish(identity);
    this.watch(identity);
    return this.show(identity);
  }

  state(ref: IdentityRef): IdentityState | undefined {
    const identity = this.find(ref);
    return identity && this.show(identity);
  }

  /** False when there is none. */
  delete(ref: IdentityRef): boolean {
    const identity = this.find(ref);
    if (!identity) return false;
    identity.watch.abort();
    this.identities.delete(keyOf(ref));
    for (const keys of identity.published) {
      void this.context.clock.hold('keys of Easy DKIM', () => unpublish(keys, signingHostedZone(identity.region), this.options.publisher));
    }
    return true;
  }

  putSigning(ref: IdentityRef, signing: Signing): IdentityState {
    checkDomain(ref);
    const identity = this.find(ref);
    if (!identity) throw noSuchIdentity(ref);
    if (signing.origin === 'AWS_SES') this.prepareEasyDkim(identity, signing.keyLength);
    identity.signing = signing;
    identity.verification = this.arm(identity.verification);
    this.watch(identity);
    return this.show(identity);
  }

  setSigningEnabled(ref: IdentityRef, enabled: boolean): void {
    const identity = this.find(ref);
    // 400, where all other calls say 404.
    if (!identity) throw badRequest(`Email identity ${ref.name} does not exist.`);
    identity.signingEnabled = enabled;
  }

  /** The domain or the nearest one above it that is verified: DKIM is inherited from it. */
  forSending(domain: IdentityRef): IdentityRef | undefined {
    const labels = domain.name.split('.');
    return labels.map((_, depth) => this.find({ ...domain, name: labels.slice(depth).join('.') }))
      .find((identity) => identity?.verification.verifiedForSending);
  }

  /** Nothing is signed before SES has seen the records, or while they are away. */
  async signerOf(ref: IdentityRef): Promise<DkimSigner | undefined> {
    const identity = this.find(ref);
    if (!identity?.signingEnabled || identity.verification.status !== 'SUCCESS') return undefined;
    const { name, signing } = identity;
    if (signing.origin === 'EXTERNAL') return signing.key && { domain: name, selector: signing.selector, privateKey: signing.key };
    const owner = this.easyDkimOwner(identity, signing);
    if (typeof owner === 'string') return undefined;
    return { domain: name, selector: owner.easy.tokens[0], privateKey: createPrivateKey(await owner.easy.privateKey()) };
  }

  private find(ref: IdentityRef): Identity | undefined {
    return this.identities.get(keyOf(ref));
  }

  /** Easy DKIM is about to be used with this key length: keep the keys, or make new ones. */
  private prepareEasyDkim(identity: Identity, wanted: KeyLength | undefined): void {
    const now = this.context.clock.now();
    const inUse = identity.signing.origin === 'AWS_SES';
    if (inUse && wanted === identity.easy.keyLength && (this.options.strictKeyLength ?? true)) {
      throw badRequest(`The signing key length is already ${wanted}.`);
    }
    const keyLength = wanted ?? identity.easy.keyLength;
    if (keyLength !== identity.easy.keyLength) {
      if (!mayChangeKeyLength(keyLength, identity.keyLengthChanges, now)) {
        throw badRequest('The signing key length can be changed only once in 24 hours.');
      }
      identity.keyLengthChanges.push({ to: keyLength, at: now });
      identity.easy = newEasyDkimKeys(keyLength, now);
    } else if (!inUse && this.options.newTokensOnReturn) {
      identity.easy = newEasyDkimKeys(keyLength, now);
    }
    this.publish(identity);
  }

  private publish({ easy, published, region }: Identity): void {
    if (published.includes(easy)) return;
    published.push(easy);
    void this.context.clock.hold('keys of Easy DKIM', () => publish(easy, signingHostedZone(region), this.options.publisher));
  }

  private arm(before: Verification | undefined): Verification {
    return armed(before, this.options.firstStatus ?? 'PENDING', this.context.clock.now(), this.times);
  }

  /** Wait for the next look, look, and go on; a newer call ends it. */
  private watch(identity: Identity): void {
    identity.watch.abort();
    const { nextLook } = identity.verification;
    if (nextLook === undefined) return;
    const watch = identity.watch = new AbortController();
    this.context.clock.sleep(nextLook - this.context.clock.now(), watch.signal).then(async () => {
      const [look, soa] = await this.context.clock.hold(`a look of SES for ${identity.name}`, async () => {
        const resolver = this.options.resolver();
        return [await this.lookFor(identity, resolver), await lookForSoa(resolver, identity.name)] as const;
      });
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
    const owner = this.easyDkimOwner(identity, signing);
    if (typeof owner === 'string') return owner;
    // No error type says that the parent is not verified yet, so the replica waits with it.
    if (owner !== identity && owner.verification.status !== 'SUCCESS') return 'SERVICE_ERROR';
    return lookForCnames(resolver, name, owner.easy.tokens, signingHostedZone(owner.region));
  }

  /** Whose Easy DKIM keys the identity uses: its own, or its parent's unless that is refused. */
  private easyDkimOwner(identity: Identity, signing: Exclude<Signing, { origin: 'EXTERNAL' }>): Identity | LookError {
    if (signing.origin === 'AWS_SES') return identity;
    const { parentRegion, by } = signing as Extract<Signing, { parentRegion: string }>;
    if (parentRegion === identity.region) return 'REPLICATION_PRIMARY_INVALID_REGION';
    const ref = { account: identity.account, region: parentRegion, name: identity.name };
    try {
      this.context.authorize(by, 'ses:ReplicateEmailIdentityDkimSigningKey', identityArn(ref), { 'ses:ReplicaRegion': [identity.region] });
    } catch {
      return 'REPLICATION_ACCESS_DENIED';
    }
    const parent = this.find(ref);
    if (!parent) return 'REPLICATION_PRIMARY_NOT_FOUND';
    if (parent.signing.origin === 'EXTERNAL') return 'REPLICATION_PRIMARY_BYO_DKIM_NOT_SUPPORTED';
    return parent.signing.origin === 'AWS_SES' ? parent : 'REPLICATION_REPLICA_AS_PRIMARY_NOT_SUPPORTED';
  }

  private show(identity: Identity): IdentityState {
    const { account, region, name, signing, signingEnabled, verification, soa } = identity;
    const { status, verifiedForSending, lastChecked, lastSuccess, errorType } = verification;
    const seen = {
      account, region, name, signingEnabled, origin: signing.origin, status, verifiedForSending, lastChecked, lastSuccess, errorType, soa,
    };
    if (signing.origin === 'EXTERNAL') return { ...seen, tokens: [signing.selector] };
    const owner = this.easyDkimOwner(identity, signing);
    if (typeof owner === 'string') return { ...seen, tokens: [] };
    return {
      ...seen,
      tokens: owner.easy.tokens,
      signingHostedZone: signingHostedZone(owner.region),
      nextKeyLength: owner.easy.keyLength,
      currentKeyLength: owner.currentKeyLength,
      keyGeneratedAt: owner.easy.generatedAt,
    };
  }
}

export function identityArn({ account, region, name }: IdentityRef): string {
  return `arn:${partitionOf(region)}:ses:${region}:${account}:identity/${name}`;
}

export function noSuchIdentity({ name }: IdentityRef): ServiceError {
  return new ServiceError('NotFoundException', 404, `Email identity ${name} does not exist.`);
}

function checkDomain({ name }: IdentityRef): void {
  if (!DOMAIN.test(name)) throw badRequest('The EmailIdentity value must be a valid domain.');
}

function keyOf({ account, region, name }: IdentityRef): string {
  return `${account}/${region}/${name}`;
}
