// What a read shows while a change is not known everywhere in a service yet.
import { Random, randomInt } from './time/random';

export interface StaleReadSettings {
  readonly staleReads: 'never' | 'always' | 'sometimes';
  readonly staleForMs: number;
}

export class StaleReads<State> {
  /** Oldest first. */
  private past: { readonly state: State; readonly until: number }[] = [];

  constructor(
    private readonly settings: StaleReadSettings, private readonly random: Random,
  ) {}

  /** To be told before each change, with the state that a read has to show now. */
  changesFrom(state: State, now: number): void {
    if (this.settings.staleReads !== 'never') this.past.push({ state, until: now + this.settings.staleForMs });
  }

  /** The state now, or one of before. At random, a later read can show an older state than an earlier one. */
  read(current: State, now: number): State {
    this.past = this.past.filter(({ until }) => now < until);
    const states = [...this.past.map(({ state }) => state), current];
    return this.settings.staleReads === 'sometimes' ? states[randomInt(this.random, states.length)] : states[0];
  }
}
