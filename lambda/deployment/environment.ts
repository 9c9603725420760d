// What the function is surrounded by: its Region, time, its output, and the services that it calls.
import { HandlerEvent } from './event';
import { DesiredState } from '../base/desired-state';
import { CloudFormation, Services } from '../base/ports';
import { Retry, Timekeeper } from '../base/retry';

/** What Lambda says of the running invocation. */
export interface Invocation {
  readonly getRemainingTimeInMillis: () => number;
}

export interface Environment {
  /** The function's own Region. */
  readonly region: string;
  readonly time: Timekeeper;
  /** Writes a line of the log. */
  readonly write: (line: string) => void;
  readonly services: (desired: DesiredState, common: Pick<Services, 'retry' | 'log' | 'redactor'>) => Services;
  readonly cloudFormation: (retry: Retry) => CloudFormation;
  /** Starts this function once more, with this event. */
  readonly startInvocation: (event: HandlerEvent, retry: Retry) => Promise<void>;
}
