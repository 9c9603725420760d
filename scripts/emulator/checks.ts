// Prints each check of the run as one line, and counts them.
import { inspect } from 'node:util';

export class Checks {
  private passed = 0;
  private failed = 0;

  /** False if there were no checks, because such a run has shown nothing. */
  get allPassed(): boolean {
    return this.failed === 0 && this.passed > 0;
  }

  /** @param found the value that was found, for the message if the check fails */
  that(what: string, holds: boolean, found: unknown): void {
    if (holds) {
      this.passed++;
      return print(`  ok    ${what}`);
    }
    this.fail(`${what}. Found: ${typeof found === 'string' ? found : inspect(found, { depth: 4, breakLength: 120 })}`);
  }

  fail(what: string): void {
    this.failed++;
    print(`  FAIL  ${what}`);
  }

  summary(): string {
    return `${this.passed} passed, ${this.failed} failed`;
  }
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
