// The form of the registry record: a TXT record beside the DKIM records that says who wrote which of them. Pure.
//
// There is one per owner, below `_domainkey.<domain>`, and further pages of it where the list is long. It changes only
// in the same atomic batch as the records it lists (docs/adr/0002-records-and-registry.md). Records of this form are in
// users' zones, so it never changes.
import { RecordType } from './dkim-record';
import { REGION } from '../../src/private/contract';
import { canonicalName, quote, unquote } from '../base/dns-text';
import { isRegistryLabel } from '../base/owner';
import { sha256 } from '../base/sha256';

/** Whether this library wrote the record, or it was there before. */
export type Origin = 'ours' | 'found';

export interface Entry {
  /** The record's first label; the rest is `_domainkey.<domain>`, so an entry can never point anywhere else. */
  readonly label: string;
  readonly type: RecordType;
  readonly origin: Origin;
  /** Digest of the record's value, so that a record that somebody changed since is recognized as theirs. */
  readonly digest: string;
  /** Set once superseded: ISO time until which the record must stay. */
  readonly until?: string;
}

export interface Registry {
  /** Label of the owner's own registry record, in a further page of it. */
  readonly of?: string;
  /** Where the owner's identity is. */
  readonly region?: string;
  readonly entries: readonly Entry[];
}

const VERSION = 'cdk-ses-dkim1';
/** What the values of a record amount to, however they are split or ordered. */
export function digestOf(type: string, values: readonly string[]): string {
  const canonical = values.map((value) => type === 'TXT' ? unquote(value) : canonicalName(value)).sort();
  return sha256([type, ...canonical].join('\n')).slice(0, 32);
}

/** The registry record's values in Route 53's form: one for the head, one for each entry. */
export function renderRegistry(registry: Registry): string[] {
  const { of, region, entries } = registry;
  const head = `v=${VERSION}${of ? `; of=${of}` : ''}${region ? `; region=${region}` : ''}`;
  const lines = entries.map(({ label, type, origin, digest, until }) =>
    `record=${label}; type=${type}; origin=${origin}; digest=${digest}${until ? `; until=${until}` : ''}`);
  // Route 53 refuses a value that is there twice, which only a registry record that somebody edited could lead to.
  return [head, ...new Set(lines.sort())].map(quote);
}

/**
 * Reads a registry record. Anybody who may write to the zone can write one. So what is not exactly of the form is
 * passed over, and without a head of this version nothing is believed.
 */
export function parseRegistry(values: readonly string[]): Registry {
  const lines = values.map((value) => fields(unquote(value)));
  const head = lines.find((line) => line.get('v') === VERSION);
  if (!head) return { entries: [] };
  const [of, region] = [head.get('of') ?? '', head.get('region') ?? ''];
  return {
    ...(isRegistryLabel(of) ? { of } : {}),
    ...(REGION.test(region) ? { region } : {}),
    entries: lines.flatMap((line) => entryOf(line) ?? []),
  };
}

function entryOf(line: Map<string, string>): Entry | undefined {
  const [label, type, origin, digest, until] = ['record', 'type', 'origin', 'digest', 'until']
    .map((name) => line.get(name) ?? '');
  if (!/^[a-z0-9-]{1,63}$/.test(label) || isRegistryLabel(label)) return undefined;
  if (type !== 'TXT' && type !== 'CNAME') return undefined;
  if (origin !== 'ours' && origin !== 'found') return undefined;
  if (!/^[0-9a-f]{32}$/.test(digest)) return undefined;
  if (until !== '' && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(until)) return undefined;
  return { label, type, origin, digest, ...(until ? { until } : {}) };
}

function fields(line: string): Map<string, string> {
  return new Map(line.split(';').map((part) => {
    const [name, ...rest] = part.split('=');
    return [name.trim(), rest.join('=').trim()] as const;
  }));
}
