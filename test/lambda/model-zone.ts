// A hosted zone in memory by Route 53's own rules for change batches, for tests of plans.
import type { Change as WireChange, ResourceRecordSet, RRType } from '@aws-sdk/client-route-53';
import { Change, RecordSet } from '../../lambda/ports';
import { applyChangeBatch } from '../cloud/change-batch';
import { plainName } from '../cloud/record-name';

export class ModelZone {
  private sets: ResourceRecordSet[] = [];

  constructor(private readonly apex: string) {}

  /** As the handler reads it. */
  list(): RecordSet[] {
    return this.sets.map((listed) => ({
      name: plainName(listed.Name!), type: listed.Type!, ttl: listed.TTL, values: (listed.ResourceRecords ?? []).map(({ Value }) => Value!), listed,
    }));
  }

  /** Throws what Route 53 would refuse: a CREATE of what is there, a DELETE that is not exact, a record beside a CNAME. */
  apply(changes: readonly Change[]): void {
    if (changes.length > 0) this.applyWire(changes.map(({ action, record }) => ({ Action: action, ResourceRecordSet: toWire(record) })));
  }

  /** Somebody else's doing: whatever had the name goes. */
  set(...sets: ResourceRecordSet[]): void {
    const names = new Set(sets.map(({ Name }) => plainName(Name!)));
    this.remove(...names);
    this.applyWire(sets.map((each) => ({ Action: 'CREATE' as const, ResourceRecordSet: each })));
  }

  remove(...names: string[]): void {
    this.sets = this.sets.filter(({ Name }) => !names.includes(plainName(Name!)));
  }

  /** Name, type, TTL and values of everything, for comparison. */
  content(): string[] {
    return this.list().map(({ name, type, ttl, values }) => `${name} ${type} ${ttl} ${values.join(' | ')}`);
  }

  private applyWire(changes: WireChange[]): void {
    this.sets = applyChangeBatch(`${this.apex}.`, this.sets, changes);
  }
}

function toWire({ name, type, ttl, values, listed }: RecordSet): ResourceRecordSet {
  return (listed as ResourceRecordSet | undefined)
    ?? { Name: name, Type: type as RRType, TTL: ttl, ResourceRecords: values.map((Value) => ({ Value })) };
}
