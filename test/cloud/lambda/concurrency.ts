// The concurrency limit of Lambda: how many runs an account may have at once in a Region.
export class Concurrency {
  private running = 0;

  constructor(private readonly maximum: () => number) {}

  /** Undefined when the limit is reached: Lambda throttles the call. */
  run<T>(work: () => Promise<T>): Promise<T> | undefined {
    if (this.running >= this.maximum()) return undefined;
    this.running++;
    return work().finally(() => void this.running--);
  }
}
