// How many may run at once. Who finds no place has to come again.
export class Concurrency {
  private running = 0;

  constructor(private readonly maximum: () => number) {}

  /** Undefined when all places are taken. */
  run<T>(work: () => Promise<T>): Promise<T> | undefined {
    if (this.running >= this.maximum()) return undefined;
    this.running++;
    return work().finally(() => void this.running--);
  }
}
