// Looks at the world whenever all is idle, before time moves on: after each call. Says what must not be at any moment.
import { createPublicKey } from 'node:crypto';
import { CallRecord } from '../../cloud';
import { PLACE } from '../delegated-scene';
import { DOMAIN, publicKeyOf } from '../scene';
import { isWrite, requestFor } from './requests';
import { Domain, World } from './world';

/** What does not hold: the name of the check, and what was seen. */
export interface Broken {
  readonly check: string;
  readonly what: string;
}

export const PUBLISH_BEFORE_USE = '1 publish before use';
export const STRANGERS = '2 never someone else\'s record';
export const STAYS_PUBLISHED = '10 what SES signs with stays published';

/** What a caller of PutEmailIdentityDkimSigningAttributes sends. */
interface Signing {
  readonly SigningAttributesOrigin: string;
  readonly SigningAttributes?: { readonly DomainSigningSelector: string; readonly DomainSigningPrivateKey: string };
}

export class Witness {
  readonly broken: Broken[] = [];
  /** The records with which mail was signed at any time, by domain. */
  readonly signedWith = new Map<string, Set<string>>();
  /** Domains that a Delete has let go of. With Easy DKIM, SES may sign on for a while. */
  private readonly released = new Set<string>();
  private seen = 0;
  private readonly stopWatching: () => void;

  constructor(private readonly world: World) {
    this.stopWatching = world.scene.cloud.clock.watch(() => this.look());
  }

  stop(): void {
    this.stopWatching();
  }

  look(): void {
    const { calls } = this.world.scene.cloud;
    if (calls.length === this.seen) return;
    const fresh = calls.slice(this.seen);
    this.seen = calls.length;
    for (const domain of this.world.domains) this.noteSigning(domain);
    for (const call of fresh.filter(isWrite)) this.check(call);
  }

  private check(call: CallRecord): void {
    const request = requestFor(this.world.scene.cloud, call);
    // A rotation is no request. It is of the first domain.
    if (call.operation === 'PutEmailIdentityDkimSigningAttributes') this.checkPut(call, request?.domain ?? DOMAIN);
    if (request?.type === 'Delete') this.released.add(request.domain);
    else if (request) this.released.delete(request.domain);
    for (const domain of this.world.domains) {
      const gone = this.world.strangersRecords(domain).filter((line) => !this.linesOf(domain).includes(line));
      for (const line of gone) this.note(STRANGERS, call, `${line} is gone`);
      for (const name of this.unpublished(domain)) this.note(STAYS_PUBLISHED, call, `${name} is not in the zone`);
    }
  }

  /** SES is told to sign with a key: the world can look that key up by now. */
  private checkPut(call: CallRecord, domain: string): void {
    const { SigningAttributesOrigin: origin, SigningAttributes: attributes }: Signing = JSON.parse(call.body);
    if (origin !== 'EXTERNAL' || !attributes) return;
    const name = `${attributes.DomainSigningSelector}._domainkey.${domain}`;
    const key = publicKey(attributes.DomainSigningPrivateKey);
    if (!this.world.textsOf(name).some((text) => text.includes(`p=${key}`))) {
      this.note(PUBLISH_BEFORE_USE, call, `${name} is not answered with the key`);
    }
  }

  /** The names that SES signs with, and that are not in the zone. Whoever lets go of Easy DKIM takes its records. */
  private unpublished(domain: Domain): string[] {
    const lines = this.linesOf(domain);
    return this.world.identities(domain).flatMap(({ origin, status, tokens }) => {
      const isEasy = origin === 'AWS_SES' && status === 'SUCCESS' && !this.released.has(domain.name);
      const isUsed = origin === 'EXTERNAL' || isEasy;
      return isUsed ? tokens.map((token) => `${token}._domainkey.${domain.name}`)
        .filter((name) => !isThere(lines, name)) : [];
    });
  }

  private noteSigning(domain: Domain): void {
    const tokens = this.world.identities(domain).filter(({ status, origin }) =>
      status === 'SUCCESS' && !origin?.startsWith('AWS_SES_')).flatMap((identity) => identity.tokens);
    if (tokens.length === 0) return;
    const known = this.signedWith.get(domain.name) ?? new Set();
    this.signedWith.set(domain.name, known);
    for (const line of this.linesOf(domain)) {
      if (tokens.some((token) => line.includes(` ${token}._domainkey.`))) known.add(line);
    }
  }

  private linesOf(domain: Domain): string[] {
    return this.world.linesOf(domain);
  }

  private note(check: string, { service, operation, at }: CallRecord, what: string): void {
    const time = new Date(at).toISOString().slice(11, 19);
    this.broken.push({ check, what: `after ${service} ${operation} at ${time}: ${what}` });
  }
}

/** A CNAME into a zone of ours is not enough: what it leads to has to be there. */
function isThere(lines: readonly string[], name: string): boolean {
  return lines.map((line) => line.split(' ')).some(([type, found, value]) => found === `${name}.`
    && !(type === 'CNAME' && value.endsWith(PLACE) && !isThere(lines, value)));
}

const publicKeys = new Map<string, string>();

function publicKey(privateKey: string): string {
  const known = publicKeys.get(privateKey) ?? publicKeyOf(pemOf(privateKey));
  publicKeys.set(privateKey, known);
  return known;
}

/** SES takes either form of a key, and does not say which it has. */
function pemOf(base64: string): string {
  const lines = base64.match(/.{1,64}/g)!.join('\n');
  const forms = ['PRIVATE KEY', 'RSA PRIVATE KEY'].map((label) =>
    `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`);
  return forms.find((pem) => {
    try {
      return createPublicKey(pem);
    } catch {
      return false;
    }
  })!;
}
