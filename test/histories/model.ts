// What a user may expect of a history, and nothing of how it comes about: who is there, what was asked for, what is
// somebody else's. The numbers are those of the invariants in CONTRIBUTING.md.
//
// What the product knowingly leaves is said by name (`Leftover`): only that may be there, and nothing else.
import { isDeepStrictEqual } from 'node:util';
import {
  Deployment, DOMAIN, Ending, IdentityPlace, identityOf, Operation, otherRegion, placeName, Topology, Wanted,
} from './operations';
import { IdentitySeen, Look, RecordSeen, World } from './world';

/** Something that must hold does not. */
export class Broken extends Error {}

/**
 * Why a record may stay when no owner is there any more:
 *
 * - `forgotten`: no Delete has come. Nobody knows that the owner is gone.
 * - `zone left`: the stack names no zone any more, so it is not looked at again (docs/adr/0007-zone-changes.md).
 * - `registry harmed`: what a registry record says is gone with it. What was ours is found from then on.
 * - `retained`: the user asked for it.
 * - `replaced by hand`: SES was told by hand to sign in another way, or the identity was made anew. Its record stays
 *   when SES signs with it and no owner has told it so.
 * - `tags taken`: an owner finds in no tag who has told SES (docs/adr/0022-who-set-the-signing.md).
 * - `replaced signing`: a roll-back leaves what was put in the place of a verified signing, which nobody can give back.
 *   So does a Delete, where that were tokens of Easy DKIM that somebody else had published.
 * - `left without registry`: what SES signs with is left to another owner, and that one has no registry record for it:
 *   it names no zone, or none any more, is a replica, or somebody has removed it.
 * - `denied`: for minutes a Delete had no right to see the identity or the zone, or to take its tag off, or a service
 *   was away. A stack is not kept from its end by that. To others it is as if the owner were there.
 * - `skipped`: a roll-back was skipped, or failed: what the stack believes is not what is there.
 */
type Leftover = 'forgotten' | 'zone left' | 'registry harmed' | 'retained' | 'replaced by hand' | 'tags taken'
  | 'replaced signing' | 'left without registry' | 'denied' | 'skipped';

interface OwnerKnown {
  /** Undefined: it is not there. `wanted` is what CloudFormation believes. */
  wanted?: Wanted;
  /** What it was when its stack was complete last. */
  stable?: Wanted;
  /** What it may be instead, since deployments failed half-way. */
  or: Wanted[];
  /** Names of records that it can have written since it came. */
  names: Set<string>;
  /** Its last deployment went well, and since then nothing was done that its signing depends on. */
  isCalm: boolean;
  /** Superseded records, and until when they must stay. */
  superseded: Map<string, number>;
  /** The name of a record that it needs now, when that was seen to be there. */
  needs: string[];
  timeout: number;
}

interface IdentityKnown {
  /** How it signed last by hand, or as it was retained. */
  theirs?: string;
  /** How it signed so, when it began to sign mail at the moment in which an owner was deployed. */
  perhapsTheirs: Set<string>;
  /** SES was told by hand while owners were there, made anew, or its tags were taken. */
  wasTouched: boolean;
}

const DAY = 86_400_000;
const OVERLAP = 14 * DAY;
/** Requests take time. */
const HOUR = 3_600_000;
const REGISTRY = /^cdk-ses-dkim-[0-9a-f]{32}$/;
const COMPLETE = ['CREATE_COMPLETE', 'UPDATE_COMPLETE'];
const ROLLED_BACK = ['ROLLBACK_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'];
const FAILED_FORWARD = ['CREATE_FAILED', 'UPDATE_FAILED'];

export class Model {
  look: Look;
  readonly owners: readonly OwnerKnown[];
  private readonly identities = new Map<string, IdentityKnown>();
  /** Somebody else's records by name, as they were last. */
  private readonly theirs = new Map<string, string>();
  private readonly mayStay = new Map<string, Leftover>();
  /** Of registry records and tags. */
  private readonly labelsLeft = new Map<string, Leftover>();
  /** Since the last deployment: then the secrets are not what they were. */
  private readonly changedSecrets = new Set<string>();
  /** Identities with a tag that never goes. */
  private readonly forgottenAt = new Set<string>();
  /** What the deployment at hand has asked for. */
  private readonly attempts: { readonly owner: number; readonly wanted: Wanted }[] = [];
  /** Names of the CNAMEs that Easy DKIM has had for each identity. */
  private readonly tokens = new Map<string, ReadonlySet<string>>();
  hasFaults = false;
  isDenied = false;

  /** No other deployment goes on at the same time. */
  private isAlone = true;

  constructor(private readonly topology: Topology, look: Look) {
    this.look = look;
    this.owners = topology.owners.map(() => ({
      or: [], names: new Set<string>(), isCalm: false, superseded: new Map<string, number>(), needs: [], timeout: 3600,
    }));
  }

  // ---- what can be done now

  allows(operation: Operation): boolean {
    switch (operation.do) {
      case 'deploy': {
        const { status } = this.stackOf(operation.owner) ?? {};
        if (status === undefined || status === 'DELETE_COMPLETE') return true;
        return operation.ending.noRollback ? this.isStable(status) || FAILED_FORWARD.includes(status)
          : this.isStable(status);
      }
      case 'again': return this.isThere(operation.owner) && this.isStable(this.stackOf(operation.owner)?.status);
      case 'remove': return this.isThere(operation.owner) && this.isStable(this.stackOf(operation.owner)?.status);
      case 'delete stack': case 'forget': return this.exists(operation.stack);
      case 'skip': return this.look.stacks[operation.stack]?.status === 'UPDATE_ROLLBACK_FAILED';
      case 'roll back': return FAILED_FORWARD.includes(this.look.stacks[operation.stack]?.status ?? '');
      case 'together': {
        const [one, other] = operation.both.map((each) => this.stackNumber(each as Deployment));
        return one !== other && operation.both.every((each) => this.allows(each));
      }
      case 'harm registry': return this.look.labels[operation.owner] !== undefined;
      case 'change identity': return true;
      default: return true;
    }
  }

  stackNumber(operation: Deployment | Extract<Operation, { do: 'forget' }>): number {
    return 'owner' in operation ? this.topology.owners[operation.owner].stack : operation.stack;
  }

  ownersOf(stack: number): number[] {
    return this.topology.owners.flatMap((owner, number) => owner.stack === stack ? [number] : []);
  }

  isThere(owner: number): boolean {
    return this.owners[owner].wanted !== undefined;
  }

  exists(stack: number): boolean {
    const status = this.look.stacks[stack]?.status;
    return status !== undefined && status !== 'DELETE_COMPLETE';
  }

  private isStable(status = ''): boolean {
    return [...COMPLETE, ...ROLLED_BACK].includes(status);
  }

  private stackOf(owner: number) {
    return this.look.stacks[this.topology.owners[owner].stack];
  }

  /** What the stack is to have, with this change. */
  wantedIn(stack: number, change: ReadonlyMap<number, Wanted | undefined>): Map<number, Wanted> {
    return new Map(this.ownersOf(stack).flatMap((owner) => {
      const wanted = change.has(owner) ? change.get(owner) : this.owners[owner].wanted;
      return wanted ? [[owner, wanted] as const] : [];
    }));
  }

  // ---- somebody else

  wroteRecord(label: string, look: Look): void {
    const name = nameOf(label);
    this.theirs.set(name, this.contentAt(name, look));
    this.disturb((known) => known.names.has(name));
    this.look = look;
    this.forgetNeeds(name);
  }

  removedRecord(name: string, look: Look): void {
    this.theirs.delete(name);
    this.disturb((known) => known.names.has(name));
    this.look = look;
    this.forgetNeeds(name);
  }

  harmedRegistry(owner: number, look: Look): void {
    for (const known of this.sharing(owner)) {
      for (const name of known.names) this.mayStay.set(name, 'registry harmed');
      known.isCalm = false;
      known.superseded.clear();
    }
    this.look = look;
  }

  changedSecret(secret: string): void {
    this.changedSecrets.add(secret);
    this.disturb(({ wanted }) => typeof wanted?.signing === 'object' && wanted.signing.secret === secret);
  }

  changedIdentity(
    at: IdentityPlace, how: Extract<Operation, { do: 'change identity' }>['how'], look: Look,
  ): void {
    const known = this.known(at);
    if (how === 'sign') known.theirs = signingOf(look, at);
    if (how === 'make anew') known.theirs = undefined;
    const isSwitch = how === 'switch off' || how === 'switch on';
    const owners = isSwitch ? [] : this.ownersAt(at);
    if (owners.length > 0 || this.isForgottenAt(at)) known.wasTouched ||= !isSwitch;
    const leftover = how === 'take tags' ? 'tags taken' : 'replaced by hand';
    for (const owner of owners) {
      this.owners[owner].isCalm = false;
      if (how === 'take tags' && owners.length === 1) continue;
      for (const name of this.owners[owner].names) this.mayStay.set(name, leftover);
    }
    // A replica uses the keys of its parent.
    this.disturb((_, owner) => this.owners[owner].wanted?.signing === 'replica');
    this.look = look;
  }

  passed(look: Look): void {
    const hours = (look.now - this.look.now) / HOUR;
    this.look = look;
    if (hours < 1) return;
    for (const [owner, { isCalm, wanted, needs }] of this.owners.entries()) {
      const identity = this.identity(owner);
      if (!isCalm || !wanted?.zone || wanted.signing === 'replica' || needs.length === 0) continue;
      if (identity?.signingEnabled && !['SUCCESS', 'TEMPORARY_FAILURE'].includes(identity.status) && hours >= 24) {
        if (identity.status !== 'FAILED') this.fail(1, `owner ${owner} is not verified after ${hours} hours: ${identity.status}`);
      }
    }
  }

  // ---- deployments

  /** A deployment with the same properties has nothing to do. */
  isLevel(owner: number): boolean {
    const { isCalm, superseded, wanted } = this.owners[owner];
    const { status, signingEnabled } = this.identity(owner) ?? {};
    const isAlone = this.ownersAt(identityOf(this.topology, owner)).length === 1
      && this.sharing(owner).filter((other) => other.wanted).length === 1;
    return isCalm && superseded.size === 0 && wanted !== undefined && !this.hasFaults && status === 'SUCCESS'
      && signingEnabled === true && isAlone;
  }

  /** A deployment is over, and its faults with it. */
  settle(): void {
    this.hasFaults = false;
    this.isDenied = false;
  }

  /** Before requests are sent: what they may touch. */
  begins(operation: Deployment, wanted: ReadonlyMap<number, Wanted>): void {
    for (const owner of this.ownersOf(this.stackNumber(operation))) {
      const known = this.owners[owner];
      const next = wanted.get(owner);
      for (const one of [next, known.wanted, known.stable, ...known.or]) if (one) this.mayWrite(owner, one);
      if (next && known.wanted?.zone && !next.zone) this.leavesZone(owner);
    }
  }

  /** @param before what there was when the deployment began; `alone`: nothing else was deployed meanwhile */
  ended(
    operation: Deployment, wanted: ReadonlyMap<number, Wanted>, before: Look, look: Look, ending: Ending,
    alone: boolean,
  ): void {
    this.isAlone = alone;
    this.look = look;
    const stack = this.stackNumber(operation);
    for (const owner of this.ownersOf(stack)) this.noteNewTokens(owner, before);
    const { status, reason = '' } = look.stacks[stack]!;
    if (/did not receive a response/.test(reason) && !this.hasFaults) this.fail(9, `stack ${stack}: ${reason}`);
    if (COMPLETE.includes(status)) return this.succeeded(operation, stack, wanted, before, alone);
    if (status === 'DELETE_COMPLETE') return this.deleted(stack, before);
    if (ROLLED_BACK.includes(status)) return this.rolledBack(operation, stack, wanted, before, alone);
    if (FAILED_FORWARD.includes(status) && ending.noRollback) return this.failedForward(stack, wanted);
    if (!this.hasFaults && operation.do !== 'skip') {
      const owners = this.ownersOf(stack);
      const isDelete = status === 'DELETE_FAILED' || status === 'ROLLBACK_FAILED';
      if (isDelete) this.fail(7, `stack ${stack} is ${status}: ${reason}`);
      const isBackSure = (owner: number) => this.owners[owner].isCalm && this.canGoBack(owner, before);
      if (alone && owners.every((owner) => !this.isThere(owner) || isBackSure(owner))) {
        this.fail(5, `stack ${stack} is ${status}: ${reason}`);
      }
    }
    this.failedForward(stack, wanted);
  }

  /**
   * Another key length gives new tokens of Easy DKIM. If somebody else, or another owner, had published those before,
   * they stay.
   */
  private noteNewTokens(owner: number, before: Look): void {
    const place = identityOf(this.topology, owner);
    const [was, now] = [before, this.look].map(({ identities }) => identities[placeName(place)]);
    if (was?.origin !== 'AWS_SES' || now?.origin !== 'AWS_SES' || !signsMail(was)) return;
    const isShared = this.ownersAt(place).some((other) => other !== owner);
    const isOurs = (name: string) => !isShared && this.owners[owner].names.has(name) && !this.mayStay.has(name);
    if (was.tokens.join() === now.tokens.join() || was.tokens.map(nameOf).some(isOurs)) return;
    for (const token of now.tokens) this.mayStay.set(nameOf(token), 'replaced signing');
  }

  private succeeded(
    operation: Deployment, stack: number, wanted: ReadonlyMap<number, Wanted>, before: Look, alone: boolean,
  ): void {
    for (const owner of this.ownersOf(stack)) {
      const known = this.owners[owner];
      const next = wanted.get(owner);
      if (!next) {
        if (known.wanted) this.removed(owner, before);
        continue;
      }
      const isDeployed = 'owner' in operation && operation.owner === owner;
      // What is as it was is sent no request, unless it failed before. From outside nobody sees whether it did.
      const isSame = isDeepStrictEqual({ timeout: 3600, ...known.wanted }, { timeout: 3600, ...next });
      if (known.wanted && (!isDeployed || isSame)) {
        if (known.or.length > 0) Object.assign(known, { stable: next, or: [], isCalm: false });
        continue;
      }
      this.supersede(owner, next, before);
      Object.assign(known, { wanted: next, stable: next, or: [] });
      known.timeout = next.timeout ?? 3600;
      this.mayWrite(owner, next);
      const others = this.ownersAt(identityOf(this.topology, owner)).filter((other) => other !== owner);
      for (const other of others) this.owners[other].isCalm = false;
      this.disturb((_, other) => this.owners[other].wanted?.signing === 'replica' && other !== owner);
      const place = this.known(identityOf(this.topology, owner));
      // What signs no mail yet is told anew, and is the owner's then; or it does sign when the owner looks.
      if (place.theirs && !signsMail(before.identities[placeName(identityOf(this.topology, owner))])) {
        place.perhapsTheirs.add(place.theirs);
        Object.assign(place, { theirs: undefined, wasTouched: place.wasTouched || this.signsByHand(owner) });
      }
      if (this.signsByHand(owner)) continue;
      if (alone) this.requireAsked(owner, next);
      const at = identityOf(this.topology, owner);
      const isTold = signingOf(before, at) !== signingOf(this.look, at);
      if (alone && others.length === 0 && isTold) place.wasTouched = false;
      known.isCalm = alone;
    }
    if (operation.do === 'skip') this.skipped(stack);
  }

  /** The construct found what was set by hand, and has told SES nothing. */
  private signsByHand(owner: number): boolean {
    const place = identityOf(this.topology, owner);
    const { theirs } = this.known(place);
    return theirs !== undefined && theirs === signingOf(this.look, place);
  }

  private signsAs(owner: number): boolean {
    const { origin, tokens = [] } = this.identity(owner) ?? {};
    return [this.owners[owner].wanted!, ...this.owners[owner].or].some(({ signing }) =>
      typeof signing === 'object' ? origin === 'EXTERNAL' && tokens[0] === signing.selector
        : signing === 'replica' ? origin?.startsWith('AWS_SES_') : origin === 'AWS_SES');
  }

  private requireAsked(owner: number, { signing, zone }: Wanted): void {
    const identity = this.identity(owner);
    const who = `owner ${owner}, which was deployed`;
    if (!identity) return this.fail(4, `${who}: there is no identity`);
    const { origin, tokens, publicKey } = identity;
    const known = this.owners[owner];
    known.needs = [];
    if (typeof signing === 'object') {
      if (origin !== 'EXTERNAL' || tokens[0] !== signing.selector) {
        this.fail(4, `${who}, signs with ${origin} ${tokens.join()} and not with ${signing.selector}`);
      }
      if (zone) {
        const name = nameOf(signing.selector);
        const values = this.recordsAt(name).flatMap(({ values: each }) => each).map(unquoted);
        // Which key SES has is inferred from public DNS (docs/adr/0006-which-key-ses-has.md). That was changed.
        if (publicKey && !this.theirs.has(name) && !values.some((value) => value.includes(publicKey))) {
          this.fail(1, `${who}, signs with ${signing.selector}, and ${name} has another key or none`);
        }
        known.needs = [name];
      }
    } else if (signing === 'replica') {
      const { region } = identityOf(this.topology, owner);
      const expected = `AWS_SES_${otherRegion(region).toUpperCase().replaceAll('-', '_')}`;
      if (origin !== expected) this.fail(4, `${who}, signs with ${origin} and not with ${expected}`);
    } else {
      if (origin !== 'AWS_SES') this.fail(4, `${who}, signs with ${origin} and not with Easy DKIM`);
      if (zone) {
        const missing = tokens.map(nameOf).filter((name) => this.recordsAt(name).length === 0);
        if (missing.length > 0) this.fail(1, `${who}, lacks ${missing.join()}`);
        known.needs = tokens.map(nameOf);
      }
    }
  }

  private supersede(owner: number, next: Wanted, before: Look): void {
    const known = this.owners[owner];
    if (!known.wanted) known.superseded.clear();
    if (!known.isCalm || !known.wanted?.zone || !next.zone) return void known.superseded.clear();
    const needed = new Set(this.namesOf(owner, next));
    for (const name of known.needs) {
      if (!needed.has(name) && !known.superseded.has(name)) known.superseded.set(name, before.now + OVERLAP);
    }
    for (const name of needed) known.superseded.delete(name);
    for (const [name, until] of [...known.superseded]) {
      if (this.look.now <= until || this.mayStay.has(name) || this.theirs.has(name)) continue;
      known.superseded.delete(name);
      // A deployment is what retires them.
      const isUsed = this.owners.some((other, number) => number !== owner && other.names.has(name))
        || Object.values({ ...before.identities, ...this.look.identities })
          .some(({ tokens }) => tokens.some((token) => nameOf(token) === name));
      if (before.now > until && !isUsed && this.recordsAt(name).length > 0) {
        this.fail(12, `owner ${owner} does not retire ${name}`);
      }
      if (this.recordsAt(name).length === 0) known.names.delete(name);
    }
  }

  private removed(owner: number, before: Look): void {
    const known = this.owners[owner];
    const place = identityOf(this.topology, owner);
    if ([known.wanted!, ...known.or].some(({ retain }) => retain)) {
      // The signing that another owner has told SES is not this one's to keep.
      const hasOthers = this.ownersAt(place).length > 1;
      // One whose Create may have failed keeps nothing.
      if (known.or.length > 0 || !known.stable || (this.known(place).wasTouched && hasOthers)) {
        Object.assign(this.known(place), { theirs: undefined, wasTouched: true });
      } else if (this.signsAs(owner) || !hasOthers) {
        this.known(place).theirs = signingOf(this.look, place);
        // Its record can be another owner's.
        for (const token of this.identity(owner)?.tokens ?? []) this.mayStay.set(nameOf(token), 'retained');
      }
      for (const name of known.names) {
        if (this.recordsAt(name).length > 0 && !this.theirs.has(name)) {
          this.mayStay.set(name, 'retained');
          // What its signing needs is the user's from then on, as somebody else's.
          if (known.isCalm && known.needs.includes(name)) this.theirs.set(name, this.contentAt(name, this.look));
        } else if (known.isCalm && known.needs.includes(name) && !this.theirs.has(name)) {
          this.fail(10, `owner ${owner} was removed with RETAIN, and ${name} is gone`);
        }
      }
    }
    this.handOver(owner);
    this.disturb((_, other) => this.owners[other].wanted?.signing === 'replica' && other !== owner);
    this.forget(owner);
    this.requireLedBack(owner, place, before);
  }

  /** When the last owner of an identity is gone: SES signs as it was set by hand, or with Easy DKIM. */
  private requireLedBack(owner: number, place: IdentityPlace, before: Look): void {
    const known = this.known(place);
    const identity = this.look.identities[placeName(place)];
    if (this.ownersAt(place).length > 0 || !identity || this.isForgottenAt(place)) return;
    const { origin, tokens } = identity;
    const { theirs } = known;
    const now = signingOf(this.look, place);
    if (now !== theirs) known.theirs = undefined;
    if (theirs && signingOf(before, place) === theirs) {
      // Beside it, another owner can have told SES its own signing, which nobody can give back.
      if (now !== theirs && this.isAlone) {
        this.fail(5, `${placeName(place)} signed with ${theirs}, and with ${now} when owner ${owner} is gone`);
      }
      return;
    }
    if (origin === 'AWS_SES') return void Object.assign(known, { wasTouched: false, perhapsTheirs: new Set() });
    if (known.wasTouched || known.perhapsTheirs.has(now!)) return;
    this.fail(12, `${placeName(place)} signs with ${origin} ${tokens.join()} when the last owner is gone`);
  }

  private deleted(stack: number, before: Look): void {
    const gone = this.ownersOf(stack).filter((owner) => this.isThere(owner));
    for (const owner of gone) this.removed(owner, before);
    for (const owner of this.ownersOf(stack)) this.forget(owner);
  }

  /** No Delete has come. */
  forgotten(stack: number, before: Look, look: Look): void {
    for (const owner of this.ownersOf(stack)) {
      const label = before.labels[owner];
      const names = new Set([...this.owners[owner].names]);
      if (label && this.isThere(owner)) {
        this.labelsLeft.set(label, 'forgotten');
        this.forgottenAt.add(placeName(identityOf(this.topology, owner)));
        for (const name of names) this.mayStay.set(name, 'forgotten');
        this.leaveNames(names, 'forgotten');
      }
      this.forget(owner);
    }
    this.look = look;
  }

  private isForgottenAt(place: IdentityPlace): boolean {
    return this.forgottenAt.has(placeName(place));
  }

  /** A record that is listed by who never goes stays with all that share it. */
  private leaveNames(names: ReadonlySet<string>, why: Leftover): void {
    for (const name of names) this.mayStay.set(name, why);
  }

  private rolledBack(
    operation: Deployment, stack: number, wanted: ReadonlyMap<number, Wanted>, before: Look, alone: boolean,
  ): void {
    for (const owner of this.ownersOf(stack)) {
      const known = this.owners[owner];
      if (!known.wanted) {
        if (wanted.has(owner)) this.creationRolledBack(owner, before, alone);
        continue;
      }
      if (operation.do === 'skip' || operation.do === 'roll back') {
        if (known.stable && !known.stable.zone) this.leavesZone(owner);
        Object.assign(known, { wanted: known.stable ?? known.wanted, or: operation.do === 'skip' ? known.or : [] });
        continue;
      }
      const { isCalm } = known;
      if (!known.wanted.zone && wanted.get(owner)?.zone) this.leavesZone(owner);
      // Its selector before has to be right again, with the key that SES had.
      // Whoever says that it is back has to be, also where it need not have come back.
      if (isCalm && alone && this.hasSecret(known.wanted)) {
        this.requireAsked(owner, known.wanted);
        this.requireSameSigning(owner, before);
      }
      if (isCalm && alone && !this.hasFaults && this.canGoBack(owner, before)) {
        // The length of a key may not be what it was: SES changes it once a day.
        known.isCalm = typeof known.wanted.signing === 'object';
      } else {
        known.isCalm = false;
        known.superseded.clear();
      }
      const isChanged = wanted.get(owner) !== known.wanted;
      if (!isChanged) continue;
      const others = this.ownersAt(identityOf(this.topology, owner)).filter((other) => other !== owner);
      for (const other of others) this.owners[other].isCalm = false;
    }
    if (operation.do === 'skip' || operation.do === 'roll back') this.skipped(stack);
  }

  private creationRolledBack(owner: number, before: Look, alone: boolean): void {
    const place = identityOf(this.topology, owner);
    const known = this.owners[owner];
    const key = placeName(place);
    const was = before.identities[key];
    const now = this.look.identities[key];
    const others = this.ownersAt(place);
    const { theirs } = this.known(place);
    const isReplaced = theirs !== undefined && theirs === signingOf(before, place)
      && theirs !== signingOf(this.look, place);
    if (isReplaced && (this.hasFaults || !alone || signsMail(was))) {
      this.leaveNames(known.names, 'replaced signing');
      // Where there are others, either can have replaced it.
      const isSure = alone && others.length === 0;
      const theirsNow = isSure ? signingOf(this.look, place) : undefined;
      Object.assign(this.known(place), { theirs: theirsNow, wasTouched: !isSure });
    } else if (was && now && alone && !this.hasFaults && others.length === 0 && !this.isForgottenAt(place)
      && !this.known(place).wasTouched) {
      const isBack = now.origin === 'AWS_SES' || signingOf(before, place) === signingOf(this.look, place);
      if (!isBack) this.fail(5, `after a failed create ${key} signs with ${now.origin} ${now.tokens.join()}`);
    }
    this.handOver(owner);
    this.forget(owner);
  }

  /** What SES signs with is left to others of the identity, and goes with them. One that is forgotten never goes. */
  private handOver(owner: number): void {
    const place = identityOf(this.topology, owner);
    const { names } = this.owners[owner];
    if (this.isForgottenAt(place)) this.leaveNames(names, 'forgotten');
    if (this.known(place).wasTouched) this.leaveNames(names, 'tags taken');
    for (const other of this.ownersAt(place).filter((one) => one !== owner)) {
      this.owners[other].isCalm = false;
      if (!this.hasRegistry(other) || this.labelsLeft.has(this.look.labels[other]!)) this.leaveNames(names, 'left without registry');
      for (const name of names) this.owners[other].names.add(name);
    }
  }

  private hasRegistry(owner: number): boolean {
    const label = this.look.labels[owner];
    return label !== undefined && this.recordsAt(nameOf(label)).length > 0;
  }

  private requireSameSigning(owner: number, before: Look): void {
    const key = placeName(identityOf(this.topology, owner));
    const [was, now] = [before.identities[key], this.look.identities[key]];
    if (was && now && was.publicKey !== now.publicKey) this.fail(5, `owner ${owner} signs with another key than before`);
  }

  /**
   * A roll-back can be refused for what is not the handler's affair: the secret has another key now, SES changes the
   * length of a key once a day, a domain that signs mail becomes no replica of a parent that is not verified, and
   * without a zone the user may have published nothing, where no mail was signed before.
   */
  private canGoBack(owner: number, before: Look): boolean {
    const { signing, zone } = this.owners[owner].wanted!;
    const { account, region } = identityOf(this.topology, owner);
    if (typeof signing === 'object') {
      return (zone || signsMail(before.identities[placeName({ account, region })])) && this.hasSecret({ signing });
    }
    const parent = this.look.identities[placeName({ account, region: otherRegion(region) })];
    return signing !== 'replica' || (parent?.origin === 'AWS_SES' && parent.status === 'SUCCESS');
  }

  /** Its secret is as it was. */
  private hasSecret({ signing }: Pick<Wanted, 'signing'>): boolean {
    return typeof signing !== 'object' || !this.changedSecrets.has(signing.secret);
  }

  /** A stack that failed without a roll-back, or whose roll-back failed: it may be either way. */
  private failedForward(stack: number, wanted: ReadonlyMap<number, Wanted>): void {
    for (const owner of this.ownersOf(stack)) {
      const known = this.owners[owner];
      const next = wanted.get(owner);
      if ((known.wanted && !known.wanted.zone) || (next && !next.zone)) this.leavesZone(owner);
      if (next !== known.wanted) known.or.push(...known.wanted ? [known.wanted] : []);
      known.wanted = next ?? known.wanted;
      known.isCalm = false;
      known.superseded.clear();
      known.needs = [];
      const place = this.known(identityOf(this.topology, owner));
      if (place.theirs && !this.signsByHand(owner)) place.wasTouched = true;
      for (const other of this.ownersAt(identityOf(this.topology, owner))) this.owners[other].isCalm = false;
    }
  }

  private skipped(stack: number): void {
    for (const owner of this.ownersOf(stack)) {
      this.owners[owner].isCalm = false;
      this.owners[owner].superseded.clear();
      if (this.look.stacks[stack]!.owners.includes(owner)) continue;
      this.handOver(owner);
      this.forget(owner);
    }
  }

  // ---- what holds at any time

  check(world: World): void {
    if (world.broken.length > 0) throw new Broken(world.broken[0]);
    this.dropWhatWasOverwritten();
    for (const [name, content] of this.theirs) {
      const now = this.contentAt(name, this.look);
      if (now !== content) this.fail(2, `somebody else's ${name} was ${content}, and is ${now || 'gone'}`);
    }
    for (const known of this.owners) {
      for (const [name, until] of known.superseded) {
        if (this.look.now < until && this.recordsAt(name).length === 0) this.fail(6, `${name} is gone before its overlap`);
      }
    }
    this.requireNothingElse();
  }

  private isSignedWith(name: string): boolean {
    return Object.values(this.look.identities).some(({ tokens }) => tokens.some((token) => nameOf(token) === name));
  }

  /** Of ours there is only what an owner that is there can need, and what is known to stay. */
  requireNothingElse(): void {
    const present = this.owners.flatMap((known, owner) => known.wanted ? [owner] : []);
    const labels = new Set(present.flatMap((owner) => this.look.labels[owner] ?? []));
    const isKnown = (label: string) => labels.has(label) || this.labelsLeft.has(label);
    for (const { name, values } of this.look.records) {
      const [label] = name.split('.');
      if (!REGISTRY.test(label)) continue;
      const of = /of=(cdk-ses-dkim-[0-9a-f]{32})/.exec(values.join())?.[1] ?? label;
      if (isKnown(of)) continue;
      if (!this.isDenied) this.fail(12, `a registry record is left: ${name} ${values.join(' | ')}`);
      this.labelsLeft.set(of, 'denied');
      const listed = [...values.join().matchAll(/record=([a-z0-9-]+);/g)].map(([, each]) => nameOf(each));
      this.leaveNames(new Set(listed), 'denied');
    }
    for (const { name } of this.look.records) {
      if (REGISTRY.test(name.split('.')[0])) continue;
      const isUsed = present.some((owner) => this.owners[owner].names.has(name));
      if (isUsed || this.theirs.has(name) || this.mayStay.has(name)) continue;
      // What SES signs with stays: beside another deployment, nobody can give back the signing that it has replaced.
      if (this.isAlone || !this.isSignedWith(name)) this.fail(12, `a record is left: ${name}`);
      this.mayStay.set(name, 'replaced signing');
    }
    for (const [key, { tags }] of Object.entries(this.look.identities)) {
      const here = present.filter((owner) => placeName(identityOf(this.topology, owner)) === key);
      for (const [label, value] of Object.entries(tags)) {
        if (!REGISTRY.test(label) || isKnown(label)) continue;
        if (value.includes('leaves') && (here.length > 0 || this.forgottenAt.has(key))) continue;
        if (!this.isDenied) this.fail(12, `a tag is left in ${key}: ${label} ${value}`);
        this.labelsLeft.set(label, 'denied');
        this.forgottenAt.add(key);
      }
    }
  }

  /** OVERWRITE replaces what has the name of a wanted record. */
  private dropWhatWasOverwritten(): void {
    for (const { wanted } of [...this.owners, ...this.attempts]) {
      if (!wanted?.overwrite || !wanted.zone || typeof wanted.signing !== 'object') continue;
      const name = nameOf(wanted.signing.selector);
      if (this.theirs.has(name) && this.theirs.get(name) !== this.contentAt(name, this.look)) this.theirs.delete(name);
    }
    this.attempts.length = 0;
  }

  // ---- bookkeeping

  private fail(invariant: number, what: string): never {
    throw new Broken(`${invariant}: ${what}`);
  }

  /** All names that a deployment with these properties can write. */
  private namesOf(owner: number, { signing, zone }: Wanted): string[] {
    if (!zone || signing === 'replica') return [];
    if (typeof signing === 'object') return [nameOf(signing.selector)];
    return this.tokenNames(owner, this.look);
  }

  private mayWrite(owner: number, wanted: Wanted): void {
    this.attempts.push({ owner, wanted });
    const known = this.owners[owner];
    for (const name of this.namesOf(owner, wanted)) known.names.add(name);
  }

  /** The tokens of Easy DKIM are known only afterwards, and not any more when SES signs in another way then. */
  noteTokens(before: Look, look: Look): void {
    const isNew = ({ name, type }: RecordSeen) => type === 'CNAME' && this.recordsAt(name, before).length === 0;
    const made = look.records.filter(isNew).map(({ name }) => name);
    for (const { owner, wanted } of this.attempts) {
      if (!wanted.zone || (wanted.signing !== 'easy' && wanted.signing !== 'shorter')) continue;
      const place = placeName(identityOf(this.topology, owner));
      const tokens = new Set([
        ...this.tokens.get(place) ?? [], ...made, ...this.tokenNames(owner, before), ...this.tokenNames(owner, look),
      ]);
      this.tokens.set(place, tokens);
      for (const name of tokens) this.owners[owner].names.add(name);
    }
  }

  private tokenNames(owner: number, look: Look): string[] {
    const { origin, tokens = [] } = look.identities[placeName(identityOf(this.topology, owner))] ?? {};
    return origin === 'AWS_SES' ? tokens.map(nameOf) : [];
  }

  private leavesZone(owner: number): void {
    const label = this.look.labels[owner];
    if (label) this.labelsLeft.set(label, 'zone left');
    for (const known of this.sharing(owner)) {
      for (const name of known.names) this.mayStay.set(name, 'zone left');
    }
  }

  private forget(owner: number): void {
    Object.assign(this.owners[owner], {
      wanted: undefined,
      stable: undefined,
      or: [],
      names: new Set(),
      isCalm: false,
      superseded: new Map(),
      needs: [],
      timeout: 3600,
    });
  }

  /** The owner, and all that can have a record with it. */
  private sharing(owner: number): OwnerKnown[] {
    const { names } = this.owners[owner];
    return this.owners.filter((other, number) => number === owner || [...other.names].some((name) => names.has(name)));
  }

  private disturb(which: (known: OwnerKnown, owner: number) => boolean): void {
    for (const [owner, known] of this.owners.entries()) if (which(known, owner)) known.isCalm = false;
  }

  private forgetNeeds(name: string): void {
    for (const known of this.owners) {
      known.needs = known.needs.filter((each) => each !== name);
      known.superseded.delete(name);
    }
  }

  private known(place: IdentityPlace): IdentityKnown {
    const key = placeName(place);
    const found = this.identities.get(key) ?? { wasTouched: false, perhapsTheirs: new Set<string>() };
    this.identities.set(key, found);
    return found;
  }

  private ownersAt(place: IdentityPlace): number[] {
    return this.topology.owners.flatMap((_, owner) =>
      this.isThere(owner) && placeName(identityOf(this.topology, owner)) === placeName(place) ? [owner] : []);
  }

  private identity(owner: number): IdentitySeen | undefined {
    return this.look.identities[placeName(identityOf(this.topology, owner))];
  }

  private recordsAt(name: string, look = this.look): RecordSeen[] {
    return look.records.filter((record) => record.name === name);
  }

  private contentAt(name: string, look: Look): string {
    return this.recordsAt(name, look).map(({ type, ttl, values }) => `${type} ${ttl} ${values.join(' | ')}`).join(', ');
  }
}

function signsMail({ status, signingEnabled }: Partial<IdentitySeen> = {}): boolean {
  return ['SUCCESS', 'TEMPORARY_FAILURE'].includes(status ?? '') && signingEnabled === true;
}

/** How an identity signs, in one word. */
function signingOf({ identities }: Look, place: IdentityPlace): string | undefined {
  const identity = identities[placeName(place)];
  // A replica shows its parent's tokens.
  return identity && [identity.origin, ...identity.origin.startsWith('AWS_SES_') ? [] : identity.tokens].join(' ');
}

export function nameOf(label: string): string {
  return `${label.toLowerCase()}._domainkey.${DOMAIN}`;
}

function unquoted(value: string): string {
  return value.replace(/" "|"/g, '');
}

