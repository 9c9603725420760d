// All identities of the local SES: what calls do to them, what a caller reads, and the key that each one signs with.
import {
  EasyDkimKeys, KeyLength, KeyPublisher, mayChangeKeyLength, newEasyDkimKeys, publish, signingHostedZone, unpublish,
} from './easy-dkim';
import { badRequest, notFound } from './errors';
import { Identity, identityKey, IdentityRef, IdentityState } from './identity';
import { Looks } from './looks';
import { DkimSigner } from './mail';
import { parentOf } from './replication';
import { SesSettings } from './settings';
import { show } from './show';
import { Signing } from './signing';
import { easyDkimKey } from './signing-key';
import { StaleReads } from '../stale-reads';
import { Tag, withoutTags, withTags } from './tags';
import { armed, LookError, Verification } from './verification';
import type { LookupClient } from '../dns';
import { CloudContext } from '../http-service';
import { FIRST_KEY_OF_SES, KEYS_OF_SES, pooledKey } from '../key-pool';
import { ServiceError } from '../service-error';

/** The DNS in which SES looks, and the one in which SES publishes. */
export interface SesDns {
  /** Public DNS. */
  readonly resolver: LookupClient;
  /** Where SES publishes the keys of Easy DKIM: its own DNS, serving `amazonses.com`. */
  readonly publisher: KeyPublisher;
}

const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/;

export class SesIdentities {
  private readonly identities = new Map<string, Identity>();
  private readonly looks: Looks;
  private keysTaken = 0;

  constructor(
    private readonly context: Pick<CloudContext, 'clock' | 'random' | 'authorize'>,
    private readonly dns: SesDns,
    private readonly settings: SesSettings,
    onSearchEnd?: (identity: Identity) => void,
  ) {
    const ownerOfKeys = (identity: Identity) => this.ownerOfKeys(identity);
    this.looks = new Looks(context.clock, dns.resolver, settings, ownerOfKeys, onSearchEnd);
  }

  /** No more looks in DNS. */
  stop(): void {
    for (const identity of this.identities.values()) identity.watch.abort();
  }

  // ---- reading

  states(): IdentityState[] {
    return [...this.identities.values()].map((identity) => this.show(identity));
  }

  /** What is so now. */
  state(ref: IdentityRef): IdentityState | undefined {
    const identity = this.find(ref);
    return identity && this.show(identity);
  }

  /** What SES tells a caller, which can be what was so a moment ago. */
  read(ref: IdentityRef, asOf = this.now()): IdentityState {
    const identity = this.existing(ref);
    return identity.staleReads.read(this.show(identity), this.now(), asOf);
  }

  /** The domain or the nearest one above it that is verified: DKIM is inherited from it. */
  forSending(domain: IdentityRef): IdentityRef | undefined {
    const labels = domain.name.split('.');
    return labels.map((_, depth) => this.find({ ...domain, name: labels.slice(depth).join('.') }))
      .find((identity) => identity?.verification.verifiedForSending);
  }

  /** Nothing is signed before SES has seen the records, or while they are away. */
  signerOf(ref: IdentityRef): DkimSigner | undefined {
    const identity = this.find(ref);
    if (!identity?.signingEnabled || identity.verification.status !== 'SUCCESS') return undefined;
    const { name, signing } = identity;
    if (signing.origin === 'EXTERNAL') {
      return signing.key && { domain: name, selector: signing.selector, privateKey: signing.key };
    }
    const owner = this.ownerOfKeys(identity);
    if (!owner || typeof owner === 'string') return undefined;
    return { domain: name, selector: owner.easy.tokens[0], privateKey: easyDkimKey(owner.easy.privateKey()) };
  }

  // ---- changing

  create(ref: IdentityRef, signing: Signing, tags: readonly Tag[] = []): IdentityState {
    checkDomain(ref);
    if (this.find(ref)) {
      throw new ServiceError('AlreadyExistsException', 400, `Email identity ${ref.name} already exist.`);
    }
    const keyLength = (signing.origin === 'AWS_SES' ? signing.keyLength : undefined) ?? 'RSA_2048_BIT';
    const identity: Identity = {
      account: ref.account,
      region: ref.region,
      name: ref.name,
      signing: this.asKept(signing),
      easy: this.newKeys(keyLength),
      tokensAt: this.now() + this.settings.tokensAfterMs,
      currentKeyLength: keyLength,
      keyLengthChanges: [],
      published: [],
      signingEnabled: true,
      verification: this.started(undefined),
      tags: withTags([], tags),
      staleReads: new StaleReads(this.settings, this.context.random),
      watch: new AbortController(),
    };
    this.identities.set(identityKey(ref), identity);
    if (signing.origin === 'AWS_SES') this.publish(identity);
    this.looks.watch(identity);
    return this.show(identity);
  }

  /** A domain that has proved itself by a TXT record of its own. Nobody looks for DKIM, and there are no tokens. */
  createWithoutDkim(ref: IdentityRef): IdentityState {
    this.create(ref, { origin: 'AWS_SES', keyLength: undefined });
    const identity = this.existing(ref);
    identity.watch.abort();
    identity.tokensAt = Infinity;
    identity.verification = { status: 'NOT_STARTED', since: this.now(), verifiedForSending: true };
    return this.show(identity);
  }

  /** False when there is none. */
  delete(ref: IdentityRef): boolean {
    const identity = this.find(ref);
    if (!identity) return false;
    identity.watch.abort();
    this.identities.delete(identityKey(ref));
    for (const keys of identity.published) unpublish(keys, signingHostedZone(identity.region), this.dns.publisher);
    return true;
  }

  putSigning(ref: IdentityRef, signing: Signing): IdentityState {
    checkDomain(ref);
    const identity = this.existing(ref);
    this.change(identity, () => {
      if (signing.origin === 'AWS_SES') this.prepareEasyDkim(identity, signing.keyLength);
      identity.signing = this.asKept(signing);
      identity.tokensAt = this.now() + this.settings.tokensAfterMs;
      identity.verification = this.started(identity.verification);
    });
    this.looks.watch(identity);
    return this.show(identity);
  }

  setSigningEnabled(ref: IdentityRef, enabled: boolean): void {
    const identity = this.find(ref);
    // 400, where all other calls say 404.
    if (!identity) throw badRequest(`Email identity ${ref.name} does not exist.`);
    this.change(identity, () => identity.signingEnabled = enabled);
  }

  tag(ref: IdentityRef, tags: readonly Tag[]): void {
    const identity = this.existing(ref);
    this.change(identity, () => identity.tags = withTags(identity.tags, tags));
  }

  untag(ref: IdentityRef, keys: readonly string[]): void {
    const identity = this.existing(ref);
    this.change(identity, () => identity.tags = withoutTags(identity.tags, keys));
  }

  /** A change that is refused leaves no stale reads behind. */
  private change(identity: Identity, change: () => void): void {
    const before = this.show(identity);
    change();
    identity.staleReads.changesFrom(before, this.now());
  }

  private find(ref: IdentityRef): Identity | undefined {
    return this.identities.get(identityKey(ref));
  }

  private existing(ref: IdentityRef): Identity {
    const identity = this.find(ref);
    if (!identity) throw notFound(`Email identity ${ref.name} does not exist.`);
    return identity;
  }

  private now(): number {
    return this.context.clock.now();
  }

  // ---- signing

  private asKept(signing: Signing): Signing {
    if (signing.origin !== 'EXTERNAL' || this.settings.selectorCase === 'kept') return signing;
    return { ...signing, selector: signing.selector.toLowerCase() };
  }

  /** Easy DKIM is about to be used with this key length: keep the keys, or make new ones. */
  private prepareEasyDkim(identity: Identity, wanted: KeyLength | undefined): void {
    const now = this.now();
    const inUse = identity.signing.origin === 'AWS_SES';
    if (inUse && wanted === identity.easy.keyLength && this.settings.strictKeyLength) {
      throw badRequest(`The signing key length is already ${wanted}.`);
    }
    const keyLength = wanted ?? identity.easy.keyLength;
    if (keyLength !== identity.easy.keyLength) {
      if (!mayChangeKeyLength(keyLength, identity.keyLengthChanges, now)) {
        throw badRequest('The signing key length can be changed only once in 24 hours.');
      }
      identity.keyLengthChanges.push({ to: keyLength, at: now });
      identity.easy = this.newKeys(keyLength);
    } else if (!inUse && this.settings.newTokensOnReturn) {
      identity.easy = this.newKeys(keyLength);
    }
    this.publish(identity);
  }

  /**
   * The n-th key that is taken in one cloud is always the same, whichever identity takes it. Hundreds of identities
   * share keys, as each takes long to make, and tokens differ anyway.
   */
  private newKeys(keyLength: KeyLength): EasyDkimKeys {
    const { random } = this.context;
    const takeKey = (bits: number) => pooledKey(bits, FIRST_KEY_OF_SES + this.keysTaken++ % KEYS_OF_SES);
    return newEasyDkimKeys(keyLength, this.now(), { random, takeKey });
  }

  private publish({ easy, published, region }: Identity): void {
    if (published.includes(easy)) return;
    published.push(easy);
    publish(easy, signingHostedZone(region), this.dns.publisher);
  }

  private started(before: Verification | undefined): Verification {
    return armed(before, this.now(), this.settings);
  }

  /** Its own ones with Easy DKIM, and its parent's with DEED unless that is refused. */
  private ownerOfKeys(identity: Identity): Identity | LookError | undefined {
    const { signing } = identity;
    if (signing.origin === 'EXTERNAL') return undefined;
    if (!('parentRegion' in signing)) return identity;
    return parentOf(identity, signing, (ref) => this.find(ref), this.context.authorize);
  }

  private show(identity: Identity): IdentityState {
    const owner = this.ownerOfKeys(identity);
    return show(identity, typeof owner === 'string' ? undefined : owner, this.now(), this.settings);
  }
}

function checkDomain({ name }: IdentityRef): void {
  if (!DOMAIN.test(name)) throw badRequest('The EmailIdentity value must be a valid domain.');
}
