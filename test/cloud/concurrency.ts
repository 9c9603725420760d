// How many may run at once; who comes later waits for a place, first come first served.
export class Concurrency {
  private running = 0;
  private readonly queue: (() => void)[] = [];

  constructor(private readonly maximum: () => number) {}

  get full(): boolean {
    return this.running >= this.maximum();
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.full) await new Promise<void>((resolve) => this.queue.push(resolve));
    else this.running++;
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  /** The place goes straight to the next one, so that nobody can come in between. */
  private leave(): void {
    const next = this.queue.shift();
    if (next) next();
    else this.running--;
  }
}
