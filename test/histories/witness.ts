// Watches a quick history at the moment of each write, where a look afterwards would come too late.
import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { DOMAIN, IdentityPlace, placeName } from './operations';
import type { QuickServices } from './quick-services';
import { plainName } from '../cloud/record-name';
import type { WireSigningAttributes } from '../cloud/ses/signing';
import { Clock } from '../cloud/time/clock';

/** A call that has passed the fence takes up to 25 seconds, and a look of the fence counts for 5. */
const OVERTAKEN_ENDS_MS = 30_000;
/** The same for a step of a rotation: here no call that has an effect takes longer. */
const OVERTAKEN_STEP_ENDS_MS = 7_000;
/**
 * From a look at the identity, or in DNS, to the call that tells SES. SES can verify the identity in between, and
 * somebody can remove the record. Nobody can rule that out.
 */
const LOOK_TO_CALL_MS = 5_000;

/** A request that CloudFormation has made, or a run of the function that rotates, and what has come of it. */
export interface RequestSeen {
  readonly type: 'Create' | 'Update' | 'Delete' | 'Rotation';
  readonly identity: IdentityPlace;
  readonly hasZone: boolean;
  /** The run that has answered it. */
  answeredBy?: string;
  /** When CloudFormation gave up waiting for it, or the step of a rotation counted no more. */
  cancelledAt?: number;
  /** When it has looked at its identity last, and whether mail was signed then. */
  looked?: { readonly at: number; readonly signs: boolean };
}

export class Witness {
  readonly broken: string[] = [];
  writes = 0;
  /**
   * By owner: its identity, and whether it names the zone. Who names none writes nothing down there, so nobody can know
   * that it uses a record.
   */
  readonly owners = new Map<number, { readonly place: string; readonly hasZone: boolean; readonly label: string }>();

  /** When somebody has removed a record by hand, by its name. */
  private readonly removedByHand = new Map<string, number>();

  constructor(private readonly services: QuickServices, private readonly clock: Clock) {}

  removesByHand(name: string): void {
    this.removedByHand.set(name, this.clock.now());
  }

  /** Before each write of the handler. */
  writing(request: RequestSeen, what: string): void {
    this.writes++;
    if (request.answeredBy !== undefined) this.broken.push(`11: ${what} after the request was answered`);
    const endsAfter = request.type === 'Rotation' ? OVERTAKEN_STEP_ENDS_MS : OVERTAKEN_ENDS_MS;
    if (request.cancelledAt !== undefined && this.clock.now() > request.cancelledAt + endsAfter) {
      const seconds = (this.clock.now() - request.cancelledAt) / 1000;
      this.broken.push(`11: ${what} ${seconds} s after the request was given up`);
    }
  }

  /**
   * A run whose connection broke says the same once more. So does one that Lambda repeats after it had answered, where
   * SES is away: it fails before it would look whether its request still stands. CloudFormation reads the first answer.
   */
  answered(request: RequestSeen, run: string, isSesAway: boolean): void {
    const isSecond = request.answeredBy !== undefined && request.answeredBy !== run;
    if (isSecond && !isSesAway) this.broken.push('9: two runs answered one request');
    request.answeredBy = run;
  }

  looking(request: RequestSeen): void {
    request.looked = { at: this.clock.now(), signs: this.signs(request.identity) };
  }

  /** Before SES is told. */
  telling({ identity, hasZone, looked }: RequestSeen, origin: unknown, attributes: WireSigningAttributes): void {
    const { DomainSigningSelector: selector, DomainSigningPrivateKey: key } = attributes;
    if (origin !== 'EXTERNAL' || !key) return;
    const isFresh = looked !== undefined && this.clock.now() - looked.at <= LOOK_TO_CALL_MS;
    const signs = isFresh ? looked.signs : this.signs(identity);
    const name = `${selector}._domainkey.${DOMAIN}`;
    if (this.clock.now() - (this.removedByHand.get(name) ?? -Infinity) <= LOOK_TO_CALL_MS) return;
    if ((hasZone || signs) && !this.services.seen(name, 'TXT').some((text) => this.services.holds(text, key))) {
      this.broken.push(`1: SES was told of ${selector} in ${placeName(identity)} before the world sees its record`);
    }
  }

  /** After a change of the zone. */
  changed({ type }: RequestSeen, changes: readonly Change[], before: readonly ResourceRecordSet[]): void {
    const removed = changes.filter(({ Action }) => Action === 'DELETE')
      .map(({ ResourceRecordSet: set }) => ({ name: plainName(set!.Name!), type: set!.Type! }))
      .filter(({ name }) => name.endsWith(`.${DOMAIN}`) && !name.startsWith('cdk-ses-dkim-'));
    this.services.mail?.zoneChanged(type, removed.map(({ name }) => name));
    for (const { name } of removed) {
      for (const place of this.services.places) {
        const identity = this.services.identity(place);
        const [selector] = identity?.tokens ?? [];
        if (identity?.origin !== 'EXTERNAL' || !this.isKnown(place, before)) continue;
        // Another key under the same selector harms nobody where nothing is signed yet.
        if (type !== 'Delete' && !this.signs(place)) continue;
        if (name !== `${selector.toLowerCase()}._domainkey.${DOMAIN}` || !identity.publicKey) continue;
        const holds = (sets: readonly ResourceRecordSet[]) => sets.some((set) => plainName(set.Name!) === name
          && set.ResourceRecords?.some(({ Value }) => this.services.hasPublicKey(Value!, identity.publicKey!)));
        if (holds(before) && !holds(this.services.zone.recordSets)) {
          this.broken.push(`10: a ${type} took out ${name}, with which ${placeName(place)} signs`);
        }
      }
    }
  }

  private signs(place: IdentityPlace): boolean {
    const { status = '', signingEnabled } = this.services.identity(place) ?? {};
    return ['SUCCESS', 'TEMPORARY_FAILURE'].includes(status) && signingEnabled === true;
  }

  private isKnown(place: IdentityPlace, before: readonly ResourceRecordSet[]): boolean {
    const here = [...this.owners.values()].filter((owner) => owner.place === placeName(place));
    const isListed = (label: string) => before.some(({ Name }) => Name!.startsWith(label));
    return here.length > 0 && here.every(({ hasZone, label }) => hasZone && isListed(label));
  }
}
