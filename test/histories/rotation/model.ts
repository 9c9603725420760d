// What a user may expect of a key that rotates, and nothing of how it comes about. The numbers are those of the
// invariants in CONTRIBUTING.md. What only a look at each write can see, `MailSent` and `Witness` see.
//
// An owner is *calm* while its last deployment went well and nobody has done anything that its signing depends on. Its
// secret is *whole* while nobody has changed it by hand.
import { isDeepStrictEqual } from 'node:util';
import { keyIn, Stored } from './followed-secret';
import { AT, Deployment, FURTHER, KeyOperation } from './operations';
import type { RotatingWorld } from './rotating-world';
import { Broken, nameOf } from '../model';
import { IdentityPlace, placeName, Region, Wanted } from '../operations';
import { IdentitySeen, Look, RecordSeen } from '../world';

interface OwnerKnown {
  /** Undefined: it is not there. */
  wanted?: Wanted;
  /** It is not sure which properties CloudFormation has of it, and some retain. */
  mayRetain: boolean;
  isCalm: boolean;
  isWhole: boolean;
  /** It has the further Region, or may have it. */
  mayHaveFurther: boolean;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A key that is not verified is taken back after an hour, and an hourly care that fails is followed by the next. */
export const SETTLED_AFTER_HOURS = 5;
/** With a further Region there are two hours for the key, and two more until a Region that does not answer is left. */
const SETTLED_IN_ALL_AFTER_HOURS = 9;
/** The longest overlap, the care that comes once a day, and the day on which it is marked. */
const RETIRED_AFTER = 14 * DAY + 3 * DAY;
const REGISTRY = /^cdk-ses-dkim-[0-9a-f]{32}$/;
const COMPLETE = ['CREATE_COMPLETE', 'UPDATE_COMPLETE'];
const ROLLED_BACK = ['ROLLBACK_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'];
const FAILED_FORWARD = ['CREATE_FAILED', 'UPDATE_FAILED'];

export class KeyModel {
  look: Look;
  readonly owners: readonly OwnerKnown[];
  /** Somebody else's records by name, as they were last. */
  private readonly theirs = new Map<string, string>();
  /** Names of records that were retained, or that a deletion could not reach. */
  private readonly mayStay = new Set<string>();
  private readonly labelsLeft = new Set<string>();
  /** Since when nobody needs a record any more. */
  private readonly needless = new Map<string, number>();
  /** SES was told by hand, or the signing was retained. Then it need not be led back. */
  private isTheirSigning = false;
  /** Names of the records of such signings that a deployment has ended. */
  private readonly wasThere = new Set<string>();
  hasFaults = false;
  isBlind = false;
  /** What the user has stored last, and when. */
  private last: { readonly what: Stored; readonly at: number } = { what: 'f1', at: -Infinity };
  private readonly everStored = new Set<Stored>(['f1']);
  /** Nothing has been in the way of that since. */
  isSure = true;
  /** In which SES answers no call now. */
  private readonly closed = new Set<Region>();
  /** When one was opened last. */
  private openedAt = -Infinity;
  /** The further Region was closed while this was the current key. Until there is another one it can be left behind. */
  private behindSince?: string;
  /** What the further Region signs with was retained. */
  private isFurtherRetained = false;

  constructor(private readonly world: RotatingWorld) {
    this.look = world.look();
    this.owners = world.topology.stacks.map(() =>
      ({ mayRetain: false, isCalm: false, isWhole: true, mayHaveFurther: false }));
  }

  // ---- what can be done now

  allows(operation: KeyOperation): boolean {
    const status = 'owner' in operation ? this.look.stacks[operation.owner]?.status : undefined;
    const isStable = [...COMPLETE, ...ROLLED_BACK].includes(status ?? '');
    switch (operation.do) {
      case 'deploy': {
        if (status === undefined || status === 'DELETE_COMPLETE') return true;
        return isStable || (FAILED_FORWARD.includes(status) && operation.ending.noRollback === true);
      }
      case 'again': return isStable && this.owners[operation.owner].wanted !== undefined;
      case 'remove': return status !== undefined && status !== 'DELETE_COMPLETE';
      case 'skip': return status === 'UPDATE_ROLLBACK_FAILED';
      case 'rotate': case 'cancel rotation': case 'step': case 'revoke': case 'move label': case 'put junk':
      case 'change secret': case 'change tag': case 'remove record':
        return this.world.secretOf(operation.owner) !== undefined;
      case 'change identity': return operation.how !== 'sign again' || this.world.keyToSignAgain() !== undefined;
      default: return true;
    }
  }

  /** Nothing that somebody else has written is in the way of it. */
  mayHave(next: Wanted | undefined): boolean {
    if (next?.follows) return this.isUsable(this.look);
    const selector = next && !next.rotating && typeof next.signing === 'object' ? next.signing.selector : undefined;
    return selector === undefined || !this.theirs.has(nameOf(selector));
  }

  /** What is stored is a key, and no other key has its selector. */
  private isUsable({ records }: Look): boolean {
    const key = keyIn(this.last.what);
    if (!key) return false;
    return records.filter(({ name }) => name === nameOf(key.selector))
      .every(({ values }) => values.join().replace(/" "|"/g, '').includes(`p=${key.publicKey}`));
  }

  // ---- by hand

  stored(what: Stored): void {
    this.last = { what, at: this.look.now };
    this.everStored.add(what);
    this.isSure = !this.isBlind && !this.isHindered && this.present.every((owner) => this.owners[owner].isCalm);
  }

  /** Somebody has changed the secret of an owner, its tags or its labels. */
  harmedSecret(owner: number): void {
    Object.assign(this.owners[owner], { isCalm: false, isWhole: false });
  }

  /**
   * Somebody has taken AWSPENDING off a version. If that had a key, SES can have been told it. Its record waits for the
   * next change of the key, or the next deployment.
   */
  movedPending(owner: number, hadNext: boolean): void {
    if (hadNext) this.owners[owner].isCalm = false;
  }

  wroteRecord(name: string): void {
    this.theirs.set(name, this.contentAt(name));
    this.disturb();
  }

  removedRecord(name: string): void {
    this.theirs.delete(name);
    this.disturb();
  }

  changedIdentity(how: Extract<KeyOperation, { do: 'change identity' }>['how']): void {
    if (how === 'switch off' || how === 'switch on') return;
    this.isTheirSigning = ['sign', 'sign again', 'take tags'].includes(how);
    this.disturb();
  }

  revoked(owner: number, selector: string, reason: string | undefined): void {
    const name = nameOf(selector);
    this.needless.delete(name);
    const [{ values = [] } = {}] = this.recordsAt(name);
    if (reason !== undefined) {
      const { isCalm, isWhole } = this.owners[owner];
      const isNeeded = this.neededNames().has(name) || values.length === 0 || this.theirs.has(name);
      if (isCalm && isWhole && !isNeeded && !this.isHindered && this.present.length === 1) {
        this.fail(6, `${name} was not revoked: ${reason}`);
      }
      return;
    }
    if (!/p="?$/.test(values.join())) this.fail(6, `${name} was revoked, and is ${values.join(' | ') || 'gone'}`);
  }

  closedRegion(region: Region, isClosed: boolean): void {
    if (!isClosed) {
      if (this.closed.delete(region)) this.openedAt = this.look.now;
      return;
    }
    this.closed.add(region);
    if (region === FURTHER.region) this.behindSince = 'unknown';
  }

  /** Calls of the handler can fail. */
  get isHindered(): boolean {
    return this.hasFaults || this.closed.size > 0;
  }

  private disturb(): void {
    this.isSure = false;
    for (const owner of this.owners) owner.isCalm = false;
  }

  // ---- deployments

  /**
   * It begins in the middle of a rotation. With another way of signing, it ends that, and the further Region leaves the
   * stack. After a roll-back, the Region goes on with the key that it has.
   */
  beginsInRotation(owner: number, next: Wanted | undefined): void {
    if (this.owners[owner].wanted?.rotating?.further && !next?.rotating) this.behindSince = 'unknown';
  }

  /** @param before what there was when it began; `isBare`: nothing was wrong, so that it has to go well */
  ended(operation: Deployment, next: Wanted | undefined, before: Look, isBare: boolean): void {
    const { owner } = operation;
    const known = this.owners[owner];
    const { status, reason } = this.look.stacks[owner]!;
    const others = this.present.filter((other) => other !== owner);
    for (const other of others) this.owners[other].isCalm = false;
    const mayFail = this.isHindered || others.length > 0;
    if (known.mayHaveFurther && !next?.rotating?.further) this.leftFurther(owner, next);
    if (next?.rotating?.further) known.mayHaveFurther = true;
    if (status === 'DELETE_COMPLETE' || status === 'ROLLBACK_COMPLETE') return this.removed(owner, next);
    if (operation.do === 'remove') {
      const isMarked = this.world.secretOf(owner)?.deletedAt !== undefined;
      if (!mayFail && !isMarked) this.fail(7, `the stack is ${status}: ${reason}`);
      return this.unsure(owner);
    }
    if (COMPLETE.includes(status)) {
      // What is as it was is sent no request.
      if (known.wanted && isDeepStrictEqual({ timeout: 3600, ...known.wanted }, { timeout: 3600, ...next! })) return;
      const isNewSecret = secretKind(known.wanted) !== secretKind(next) || !secretKind(next);
      const hadFurther = known.wanted?.rotating?.further;
      Object.assign(known, { wanted: next, mayRetain: false, isWhole: known.isWhole || isNewSecret });
      if (!this.isHindered) known.mayHaveFurther = next!.rotating?.further === true;
      if (next!.rotating?.further && !hadFurther && !this.isHindered) this.behindSince = undefined;
      if (next!.rotating?.further) this.isFurtherRetained = false;
      const isTheirs = this.isTheirSigning && signingIn(before) === signingIn(this.look);
      if (!isTheirs && known.isWhole) this.requireAsked(owner, next!);
      if (!isTheirs) this.signsAgain(before);
      known.isCalm = others.length === 0 && !isTheirs && known.isWhole;
      return;
    }
    // Then Secrets Manager goes on with what the deployment has ended. Roll-backs meet that too, when another Region
    // comes or goes between the end of the rotation and the change of the schedule.
    const isLabelledAgain = this.world.settings.repeatWithoutLabel === 'labelled again'
      && reason?.includes('previous rotation');
    if (isBare && status === 'UPDATE_ROLLBACK_COMPLETE' && operation.do !== 'skip' && !isLabelledAgain) {
      this.fail(4, `nothing was wrong, and the stack is ${status}: ${reason}`);
    }
    if (status === 'UPDATE_ROLLBACK_COMPLETE') {
      if (operation.do === 'skip') return this.unsure(owner);
      if (known.isCalm && known.isWhole && !mayFail) this.requireAsked(owner, known.wanted!);
      else known.isCalm = false;
      return;
    }
    if (status === 'UPDATE_ROLLBACK_FAILED' && known.isCalm && known.isWhole && !mayFail && !isLabelledAgain) {
      this.fail(5, `the stack is ${status}: ${reason}`);
    }
    this.unsure(owner, next);
  }

  /** A signing by hand ends. By the tag it was there before, so a stack that goes with its selector leaves it. */
  private signsAgain({ identities }: Look): void {
    const tokens = this.isTheirSigning ? identities[placeName(AT)]?.tokens ?? [] : [];
    for (const token of tokens) this.wasThere.add(nameOf(token));
    this.isTheirSigning = false;
  }

  /**
   * It can have gone from the further Region. With RETAIN, what is there is the user's from then on. CloudFormation
   * forgets a resource that it cannot delete after an update, also because it cannot cancel the rotation before that.
   */
  private leftFurther(owner: number, next: Wanted | undefined): void {
    const { mayRetain, wanted, isWhole } = this.owners[owner];
    const isLeft = this.isHindered || !isWhole;
    if (!isLeft && !mayRetain && !wanted?.retain && !next?.retain) return;
    this.isFurtherRetained = true;
    for (const { name } of this.look.records) if (!isRegistry(name)) this.mayStay.add(name);
    const label = this.look.labels[owner + this.owners.length];
    if (isLeft && label !== undefined) this.labelsLeft.add(label);
  }

  private unsure(owner: number, next?: Wanted): void {
    const { wanted, mayRetain } = this.owners[owner];
    Object.assign(this.owners[owner], {
      wanted: next ?? wanted, isCalm: false, mayRetain: mayRetain || wanted?.retain === true || next?.retain === true,
    });
  }

  private removed(owner: number, next: Wanted | undefined): void {
    const known = this.owners[owner];
    const isRetained = known.mayRetain || known.wanted?.retain === true || next?.retain === true;
    if (isRetained || this.isTheirSigning || this.present.length > 1 || this.isHindered) {
      for (const { name } of this.look.records) if (!isRegistry(name)) this.mayStay.add(name);
    }
    if (isRetained || this.isHindered) this.isTheirSigning = true;
    Object.assign(known, {
      wanted: undefined, mayRetain: false, isCalm: false, isWhole: true, mayHaveFurther: false,
    });
    this.needless.clear();
  }

  private requireAsked(owner: number, wanted: Wanted): void {
    this.requireAskedIn(AT, owner, wanted);
    if (!wanted.rotating?.further) return;
    if (!this.mayBeBehind(owner)) this.requireAskedIn(FURTHER, owner, wanted);
  }

  /** A Region that was closed goes on with the key that it has, until the next change of the key. */
  private mayBeBehind(owner: number): boolean {
    const current = this.world.selectorOf(owner, 'AWSCURRENT');
    if (this.behindSince === 'unknown' && !this.closed.has(FURTHER.region)) this.behindSince = current;
    if (this.behindSince !== undefined && this.behindSince !== 'unknown' && this.behindSince !== current) {
      this.behindSince = undefined;
    }
    return this.behindSince !== undefined;
  }

  private requireAskedIn(place: IdentityPlace, owner: number, { signing, rotating, follows }: Wanted): void {
    const identity = this.identityIn(place)!;
    const { origin, tokens } = identity;
    const expected = rotating || follows ? [this.world.selectorOf(owner, 'AWSCURRENT'), this.world.selectorOf(owner, 'AWSPENDING')]
      : typeof signing === 'object' ? [signing.selector] : undefined;
    if (!expected) {
      if (origin !== 'AWS_SES') this.fail(4, `it was deployed with Easy DKIM, and signs with ${origin} ${tokens.join()}`);
      return;
    }
    if (origin !== 'EXTERNAL' || !expected.includes(tokens[0])) {
      this.fail(4, `it was deployed with ${expected.join(' or ')}, and signs with ${origin} ${tokens.join()}`);
    }
    const values = this.recordsAt(nameOf(tokens[0])).flatMap((record) => record.values.map((each) => each.replace(/" "|"/g, '')));
    if (this.theirs.has(nameOf(tokens[0])) || values.some((value) => value.includes(identity.publicKey!))) return;
    this.fail(1, `it signs with ${tokens.join()}, whose record is ${values.join(' | ') || 'not there'}`);
  }

  // ---- time

  /** @param before what there was when the time began */
  passed(before: Look): void {
    const hours = (this.look.now - before.now) / HOUR;
    if (hours < SETTLED_AFTER_HOURS) return;
    for (const owner of this.present) {
      const { wanted, isCalm, isWhole } = this.owners[owner];
      const isStable = [...COMPLETE, ...ROLLED_BACK].includes(this.look.stacks[owner]!.status);
      const { further } = wanted!.rotating ?? {};
      const settledAfter = further ? SETTLED_IN_ALL_AFTER_HOURS : SETTLED_AFTER_HOURS;
      if (this.closed.has(AT.region) || this.look.now - this.openedAt < settledAfter * HOUR) continue;
      if (!secretKind(wanted) || !isWhole || !isStable) continue;
      const { versions } = this.world.secretOf(owner)!;
      const pending = versions.incomplete;
      // One that Secrets Manager has begun by its schedule can be on its way.
      if (pending && this.look.now - pending.createdAt > settledAfter * HOUR) {
        const since = new Date(pending.createdAt).toISOString();
        this.fail(12, `AWSPENDING is left on a version of ${since}, at ${new Date(this.look.now).toISOString()}`);
      }
      if (!isCalm || pending || this.present.length > 1) continue;
      const places = further && !this.mayBeBehind(owner) ? [AT, FURTHER] : [AT];
      if (wanted!.follows) this.requireFollowed(before);
      for (const place of places) this.requireCurrent(place, owner, hours);
    }
  }

  /** What the user has stored is used, when there has been time for it. */
  private requireFollowed(before: Look): void {
    const { what, at } = this.last;
    const isDue = this.isSure && this.look.now - at > SETTLED_AFTER_HOURS * HOUR;
    if (!isDue || !this.isUsable(before) || !this.isUsable(this.look)) return;
    const { tokens, publicKey } = this.identity!;
    const key = keyIn(what)!;
    if (tokens[0] === key.selector && publicKey === key.publicKey) return;
    this.fail(4, `${what} is stored since ${new Date(at).toISOString()}, and SES signs with ${tokens.join()}`);
  }

  /** Of a followed key, SES never has one that the user has not stored so. */
  private requireStored(owner: number): void {
    if (this.world.showsKey(owner)) this.fail(3, 'the secret of the stack has a private key');
    const { wanted, isCalm } = this.owners[owner];
    if (!wanted?.follows || !isCalm) return;
    const { tokens, publicKey } = this.identity!;
    const isStored = [...this.everStored].some((what) => {
      const key = keyIn(what);
      return key?.selector === tokens[0] && key.publicKey === publicKey;
    });
    if (!isStored) this.fail(4, `SES signs with ${tokens.join()}, which the user has not stored`);
  }

  private requireCurrent(place: IdentityPlace, owner: number, hours: number): void {
    const { tokens, status, signingEnabled } = this.identityIn(place)!;
    const current = this.world.selectorOf(owner, 'AWSCURRENT');
    if (tokens[0] !== current) {
      this.fail(4, `SES in ${place.region} signs with ${tokens.join()}, and AWSCURRENT is ${current}`);
    }
    if (!this.isBlind && signingEnabled && status !== 'SUCCESS' && status !== 'FAILED' && hours > 24) {
      this.fail(1, `SES in ${place.region} has not verified ${current}: ${status}`);
    }
  }

  // ---- what holds at any time

  check(): void {
    const { broken } = this.world;
    if (broken.length > 0) throw new Broken(broken[0]);
    for (const [name, content] of this.theirs) {
      const now = this.contentAt(name);
      if (now !== content) this.fail(2, `somebody else's ${name} was ${content}, and is ${now || 'gone'}`);
    }
    this.requireNothingElse();
    this.requireRetired();
    for (const owner of this.present) this.requireStored(owner);
  }

  private requireNothingElse(): void {
    const furtherOf = (owner: number) => this.owners[owner].mayHaveFurther ? [owner + this.owners.length] : [];
    const numbers = this.present.flatMap((owner) => [owner, ...furtherOf(owner)]);
    const labels = new Set([...this.labelsLeft, ...numbers.flatMap((number) => this.look.labels[number] ?? [])]);
    // An owner that CloudFormation has forgotten gets the record that SES signs with, as any other owner that stays.
    const ofLeft = new Set<string>();
    for (const { name, values } of this.look.records.filter((record) => isRegistry(record.name))) {
      const of = /of=(cdk-ses-dkim-[0-9a-f]{32})/.exec(values.join())?.[1] ?? name.split('.')[0];
      if (!labels.has(of)) this.mayBeLeft(of, `a registry record is left: ${name} ${values.join(' | ')}`);
      if (!this.labelsLeft.has(of)) continue;
      for (const [, selector] of values.join().matchAll(/record=([a-z0-9-]+)/g)) ofLeft.add(nameOf(selector));
    }
    const { origin, tokens = [] } = this.identity ?? {};
    const leftSigning = tokens.map(nameOf).filter((name) => this.wasThere.has(name));
    for (const { name } of this.look.records.filter((record) => !isRegistry(record.name))) {
      const mayStay = this.theirs.has(name) || this.mayStay.has(name) || ofLeft.has(name) || leftSigning.includes(name);
      if (this.present.length === 0 && !mayStay) {
        this.fail(12, `a record is left: ${name}`);
      }
    }
    const tags = [AT, FURTHER].flatMap((place) => Object.entries(this.identityIn(place)?.tags ?? {}));
    for (const [label, value] of tags) {
      // Another owner takes that one off, when it goes at the latest.
      const isLeft = value.includes('leaves') && (this.present.length > 0 || this.labelsLeft.size > 0);
      if (REGISTRY.test(label) && !labels.has(label) && !isLeft) this.mayBeLeft(label, `a tag is left: ${label} ${value}`);
    }
    if (this.present.length === 0 && !this.isTheirSigning && origin !== 'AWS_SES' && leftSigning.length === 0) {
      this.fail(12, `SES signs with ${origin} ${tokens.join()} when nobody is there`);
    }
    const further = this.identityIn(FURTHER);
    const isInFurther = this.present.some((owner) => this.owners[owner].mayHaveFurther);
    const mayBeOfLeft = this.isFurtherRetained || this.labelsLeft.size > 0;
    if (!isInFurther && !mayBeOfLeft && further?.origin !== 'AWS_SES') {
      if (this.isHindered) this.isFurtherRetained = true;
      else this.fail(12, `SES in ${FURTHER.region} signs with ${further?.tokens.join()}, which is not of the stack`);
    }
  }

  private mayBeLeft(label: string, what: string): void {
    if (!this.isHindered) this.fail(12, what);
    this.labelsLeft.add(label);
  }

  /** Of a rotating key, the care deletes what nobody needs. */
  private requireRetired(): void {
    const needed = this.neededNames();
    const [owner] = this.present;
    const { wanted, isCalm, isWhole } = this.owners[owner ?? 0];
    const hasCare = this.present.length === 1 && secretKind(wanted) && isCalm && isWhole && this.closed.size === 0;
    if (!hasCare) return this.needless.clear();
    for (const name of this.needless.keys()) if (this.recordsAt(name).length === 0) this.needless.delete(name);
    for (const { name } of this.look.records) {
      if (isRegistry(name) || this.theirs.has(name) || this.mayStay.has(name)) continue;
      if (needed.has(name)) {
        this.needless.delete(name);
        continue;
      }
      const since = this.needless.get(name) ?? this.look.now;
      this.needless.set(name, since);
      if (this.look.now - since > RETIRED_AFTER) {
        this.fail(12, `${name} is not retired ${(this.look.now - since) / DAY} days after it was needed last`);
      }
    }
  }

  private neededNames(): ReadonlySet<string> {
    const keys = this.present.flatMap((owner) =>
      ['AWSCURRENT', 'AWSPENDING'].flatMap((label) => this.world.selectorOf(owner, label) ?? []));
    const tokens = [AT, FURTHER].flatMap((place) => this.identityIn(place)?.tokens ?? []);
    return new Set([...keys, ...tokens].map(nameOf));
  }

  // ---- bookkeeping

  get present(): number[] {
    return this.owners.flatMap(({ wanted }, owner) => wanted ? [owner] : []);
  }

  private get identity(): IdentitySeen | undefined {
    return this.identityIn(AT);
  }

  private identityIn(place: IdentityPlace): IdentitySeen | undefined {
    return this.look.identities[placeName(place)];
  }

  private recordsAt(name: string): RecordSeen[] {
    return this.look.records.filter((record) => record.name === name);
  }

  private contentAt(name: string): string {
    return this.recordsAt(name).map(({ type, ttl, values }) => `${type} ${ttl} ${values.join(' | ')}`).join(', ');
  }

  private fail(invariant: number, what: string): never {
    throw new Broken(`${invariant}: ${what}`);
  }
}

function isRegistry(name: string): boolean {
  return REGISTRY.test(name.split('.')[0]);
}

/** The kinds of keys that change each have a secret of their own. */
function secretKind(wanted: Wanted | undefined): 'rotating' | 'follows' | undefined {
  return wanted?.rotating ? 'rotating' : wanted?.follows && 'follows';
}

function signingIn({ identities }: Look): string {
  return Object.values(identities).map(({ origin, tokens }) => `${origin} ${tokens.join()}`).join();
}
