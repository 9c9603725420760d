// The clock that a service of the local cloud is given: it says the time, and a service can sleep on it.

export interface Clock {
  /** Milliseconds since 1970 in the cloud. */
  now(): number;
  date(): Date;
  /** Resolves when that much time has passed in the cloud. Rejects when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * As `sleep`, for a schedule that has no end. It wakes when its time comes, but while a test waits for some work to
   * end, time does not move for it alone. Otherwise work that can never end would go on for ever.
   */
  sleepUntilDue(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Does work that takes real time, such as a DNS query or a new key. The cloud's time stands still until it is done.
   * @param what names the work in the message of a test that fails
   */
  hold<T>(what: string, work: () => T | Promise<T>): Promise<T>;
}
