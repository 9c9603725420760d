// The mail that SES signs in a history: with which key, until when, and whether it can be verified for the overlap.
import { AT } from './operations';
import { plainName } from '../../cloud/record-name';
import { Clock } from '../../cloud/time/clock';
import { DOMAIN, IdentityPlace, placeName } from '../operations';
import type { QuickServices } from '../quick-services';
import type { RequestSeen } from '../witness';

const FOLLOWED_NAME = /^f\d\./;
/** The public key in a record. */
const KEY = /p=([A-Za-z0-9+/=]+)/;

const HOUR = 3_600_000;

/** What mail was signed with. */
interface Used {
  readonly name: string;
  /** In base64. Undefined with Easy DKIM, whose records are CNAMEs. */
  readonly publicKey: string | undefined;
  last: number;
  /** How long it has to stay verifiable from then on, in ms. */
  overlap: number;
}

export class MailSent {
  private readonly used = new Map<string, Used>();
  /** Public keys that were published, by name. */
  private readonly published = new Map<string, string>();
  /** The name of a record that SES was set to by hand. */
  private byHand?: string;
  /** Names of records of which nothing says any more whether their keys have signed mail. */
  private readonly forgotten = new Set<string>();
  /** Names of records that somebody has changed by hand, or revoked. */
  private readonly given = new Set<string>();
  overlap = Infinity;
  /** Whatever stacks say: somebody has changed the tag with it by hand. */
  private most = Infinity;
  /** The name of a record that is revoked at this moment, unless that is refused. */
  revoking?: string;
  /** How often mail was signed with a key at a look. */
  signed = 0;

  /**
   * @param named names of records of keys that are in use, or will be, whatever SES says
   * @param isAlone one stack has the identity: no deployment of another one changes its signing
   */
  constructor(
    private readonly services: QuickServices, private readonly clock: Clock,
    private readonly named: () => readonly string[], private readonly isAlone: boolean,
  ) {}

  /** What the stack says from now on. What is superseded already keeps its date. */
  setOverlap(wanted: number): void {
    this.look();
    const ms = Math.min(wanted, this.most);
    this.overlap = ms;
    for (const each of this.used.values()) each.overlap = Math.min(each.overlap, ms);
  }

  /** Somebody has cut it by hand, as far as that goes. */
  limitOverlap(ms: number): void {
    this.most = ms;
    this.setOverlap(this.overlap);
  }

  /** A record that is not the handler's any more: nobody can say how long it stays. */
  giveUp(name: string): void {
    this.look();
    this.given.add(name);
    for (const [key, used] of this.used) if (used.name === name) this.used.delete(key);
  }

  /** Somebody has made the identity again. Nothing says any more which of the user's selectors have signed mail. */
  madeAnew(): void {
    for (const name of this.published.keys()) if (FOLLOWED_NAME.test(name)) this.forgotten.add(name);
  }

  /** Somebody has set SES to a selector. */
  setByHand(name: string): void {
    this.byHand = name;
  }

  /** The mail that is signed at this moment as somebody has set SES by hand, if any. */
  signedByHand(): Used[] {
    return this.signedAt(AT).filter(({ name }) => name === this.byHand);
  }

  /**
   * The handler has seen that mail. It looks every hour, and puts nothing off for less than an hour: so much of the
   * overlap can be missing.
   */
  sawByHand(seen: readonly Used[]): void {
    for (const used of seen) this.note({ ...used, overlap: used.overlap - HOUR });
  }

  /** Before the handler tells SES anything. A deployment goes by what it finds, and not for another stack. */
  told(place: IdentityPlace, type: RequestSeen['type']): void {
    if (placeName(place) !== placeName(AT)) return;
    if (type !== 'Rotation' && this.isAlone) this.sawByHand(this.signedByHand());
    this.byHand = undefined;
  }

  /** Notes what mail is signed with now. Called before each change of that. */
  look(): void {
    for (const place of this.services.places) {
      for (const used of this.signedAt(place)) {
        this.signed++;
        this.forgotten.delete(used.name);
        if (this.given.has(used.name)) continue;
        const isOwn = used.publicKey !== undefined;
        const isSeen = this.services.seen(used.name, isOwn ? 'TXT' : 'CNAME').some((value) => this.says(used, value));
        // Deleted with the construct: SES finds that out when it looks next.
        if (!isSeen && !isOwn) continue;
        if (!isSeen) this.fail(`1: ${placeName(place)} signs with ${used.name}, which nobody can look up`);
        if (used.name !== this.byHand) this.note(used);
      }
    }
  }

  private signedAt(place: IdentityPlace): Used[] {
    const identity = this.services.identity(place);
    if (!identity?.signingEnabled || identity.status !== 'SUCCESS') return [];
    const { origin, tokens, publicKey } = identity;
    if (origin !== 'EXTERNAL' && origin !== 'AWS_SES') return [];
    return tokens.map((token) => ({
      name: `${token.toLowerCase()}._domainkey.${DOMAIN}`,
      publicKey: origin === 'EXTERNAL' ? publicKey : undefined,
      last: this.clock.now(),
      overlap: this.overlap,
    }));
  }

  private note(used: Used): void {
    this.used.set(`${used.name} ${used.publicKey}`, used);
  }

  /**
   * After a change of the zone by the handler.
   *
   * @param removed names of records that it took out, or gave another value
   */
  zoneChanged(type: RequestSeen['type'], removed: readonly string[]): void {
    this.look();
    if (type === 'Rotation') this.requireNeededStays(removed);
    this.noteKeys();
    for (const [key, used] of this.used) {
      const isOver = used.last + used.overlap <= this.clock.now();
      if (isOver || used.name === this.revoking || this.isPublished(used)) continue;
      // Deleting the construct retires everything at once. What SES signs with is looked after elsewhere.
      this.used.delete(key);
      if (type === 'Delete') continue;
      const days = (this.clock.now() - used.last) / 86_400_000;
      this.fail(`6: ${used.name} is gone ${days.toFixed(2)} days after the last mail that was signed with it`);
    }
  }

  /** Between deployments nothing goes that is needed now: it is neither retired nor revoked. */
  private requireNeededStays(removed: readonly string[]): void {
    const signing = this.services.places.flatMap((place) => {
      const { origin, tokens = [] } = this.services.identity(place) ?? {};
      return origin === 'EXTERNAL' ? tokens.map((token) => `${token.toLowerCase()}._domainkey.${DOMAIN}`) : [];
    });
    for (const name of [...signing, ...this.named()]) {
      if (!removed.includes(name) || this.given.has(name)) continue;
      const values = this.services.zone.recordSets.filter(({ Name }) => plainName(Name!) === name)
        .flatMap(({ ResourceRecords = [] }) => ResourceRecords.map(({ Value }) => Value!));
      if (values.some((value) => KEY.test(value.replace(/" "|"/g, '')))) continue;
      this.fail(`10: ${name} is ${values.join(' | ') || 'gone'}, and its key is in use`);
    }
  }

  private isPublished(used: Used): boolean {
    return this.services.zone.recordSets.some(({ Name, ResourceRecords = [] }) =>
      plainName(Name!) === used.name && ResourceRecords.some(({ Value }) => this.says(used, Value!)));
  }

  private says({ publicKey }: Used, value: string): boolean {
    return publicKey === undefined || this.services.hasPublicKey(value, publicKey);
  }

  /** No selector is used for two keys. */
  private noteKeys(): void {
    // The user can take a selector again when its record has gone.
    const { recordSets } = this.services.zone;
    for (const name of this.published.keys()) {
      const isThere = recordSets.some(({ Name }) => plainName(Name!) === name);
      if (FOLLOWED_NAME.test(name) && !isThere) this.published.delete(name);
    }
    for (const { Name, Type, ResourceRecords = [] } of this.services.zone.recordSets) {
      const name = plainName(Name!);
      if (Type !== 'TXT' || this.given.has(name)) continue;
      const text = ResourceRecords.map(({ Value }) => Value!.replace(/" "|"/g, '')).join();
      const key = KEY.exec(text)?.[1];
      if (!key) continue;
      const before = this.published.get(name) ?? key;
      this.published.set(name, key);
      if (before === key) continue;
      if (!this.forgotten.has(name)) this.fail(`4: ${name} was published with two keys`);
      this.forgotten.delete(name);
      this.used.delete(`${name} ${before}`);
    }
  }

  private fail(what: string): void {
    this.services.witness.broken.push(what);
  }
}
