// What a read shows while a change is not known everywhere in a service yet.
import { STALE_MS } from './faults';
import { Random, randomInt } from './time/random';

export interface StaleReadSettings {
  readonly staleReads: 'never' | 'always' | 'sometimes';
  readonly staleForMs: number;
}

export class StaleReads<State> {
  /** Oldest first. */
  private past: { readonly state: State; readonly changedAt: number }[] = [];

  constructor(
    private readonly settings: StaleReadSettings, private readonly random: Random,
  ) {}

  /** To be told before each change, with the state that a read has to show now. */
  changesFrom(state: State, now: number): void {
    this.past.push({ state, changedAt: now });
  }

  /**
   * The state now, or one of before. At random, a later read can show an older state than an earlier one.
   * @param asOf at the latest the state of that moment: earlier than now where a fault makes the read stale
   */
  read(current: State, now: number, asOf = now): State {
    const { staleReads, staleForMs } = this.settings;
    const since = staleReads === 'never' ? asOf : Math.min(asOf, now - staleForMs);
    this.past = this.past.filter(({ changedAt }) => changedAt > now - Math.max(staleForMs, STALE_MS));
    const states = [...this.past.filter(({ changedAt }) => changedAt > since).map(({ state }) => state), current];
    return staleReads === 'sometimes' && asOf === now ? states[randomInt(this.random, states.length)] : states[0];
  }
}
