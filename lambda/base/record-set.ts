// Record sets of a hosted zone, and changes of them.

export interface RecordSet {
  /** Lower case, no trailing dot, escapes resolved. */
  readonly name: string;
  readonly type: string;
  /** Absent for an alias. */
  readonly ttl?: number;
  /** In Route 53's form. Empty for an alias. */
  readonly values: readonly string[];
  /** Exactly what Route 53 listed, which DELETE has to repeat (also routing policies and aliases). */
  readonly listed?: unknown;
}

/** There is no UPSERT, which would overwrite a record unseen. */
export interface Change {
  readonly action: 'CREATE' | 'DELETE';
  readonly record: RecordSet;
}
