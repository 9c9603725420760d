// What a service of the local cloud needs of time: what it is now, and to sleep until later.

export interface Clock {
  /** Milliseconds since 1970 in the cloud. */
  now(): number;
  date(): Date;
  /** Resolves when that much time has passed in the cloud. Rejects when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Time stands still while this work goes on: a look in real DNS, a key that is made, a call of the test's own.
   * @param what names the work for whoever waits for its end
   */
  hold<T>(what: string, work: () => T | Promise<T>): Promise<T>;
}
