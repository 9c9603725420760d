// What a request comes with, and what the handler can do outside of itself.
import { CloudFormationEvent } from './cloudformation';
import { Desired } from '../base/desired';
import { Log } from '../base/log';
import { Patience, Timekeeper } from '../base/patience';
import { CloudFormation } from '../base/ports';
import { Progress, World } from '../signing/task';

/** An event of CloudFormation, or the same event sent on by an earlier invocation that had no time left. */
export type HandlerEvent = CloudFormationEvent & { readonly Progress?: Progress };

export interface Invocation {
  readonly getRemainingTimeInMillis: () => number;
}

export interface Outside {
  /** The function's own Region. */
  readonly region: string;
  readonly time: Timekeeper;
  readonly write: (line: string) => void;
  readonly world: (desired: Desired, patience: Patience, log: Log) => World;
  readonly cloudFormation: (patience: Patience) => CloudFormation;
  /** Starts this function once more, with this event. */
  readonly sendOn: (event: HandlerEvent, patience: Patience) => Promise<void>;
}

/** Left of an invocation and of CloudFormation's time for the answer itself, with its repeats. */
export const ANSWER_MS = 30_000;

/** For what is done in the time that is kept for the answer. */
export function shortPatience({ time }: Outside, log: Log): Patience {
  return new Patience(time, log, time.now() + ANSWER_MS / 3, ANSWER_MS);
}
