// One execution environment of a Lambda function: it runs one event at a time. There are two ways to run it.
import { InvocationError, InvokeMessage } from './runtime-protocol';
import { Network } from '../network';
import { Latency } from '../time/function-time';
import { SimulatedClock } from '../time/simulated-clock';

/** What all functions of a cloud share. */
export interface Simulation {
  readonly clock: SimulatedClock;
  readonly seed: number;
  readonly latency: Latency;
  /** Finds the cloud's services by their address, for a function that has no sockets. */
  readonly network: Network;
}

export interface InstanceOptions {
  readonly id: string;
  /** All its environment variables. It inherits none from the test. */
  readonly environment: Readonly<Record<string, string>>;
  /** Directory of the code. */
  readonly taskRoot: string;
  /** `file.export` */
  readonly handler: string;
  /** Names the function's own random numbers: see `seededRandom`. */
  readonly stream: string;
  /** `127.0.0.1:PORT` of the public resolver. */
  readonly resolver: string;
  /** Called with each line of stdout and stderr. */
  readonly log: (line: string) => void;
  readonly simulation: Simulation;
}

/** The outcome of an invocation. */
export interface InvocationResult {
  /** JSON of what the handler returned. */
  readonly payload?: string;
  readonly error?: InvocationError;
}

export interface FunctionInstance {
  readonly id: string;
  readonly alive: boolean;
  /** Resolves with the reason when the instance has ended and its output is read. */
  readonly ended: Promise<string>;
  /** Resolves when the handler is loaded. Lambda's time-out begins afterwards. */
  started(): Promise<void>;
  invoke(invocation: Omit<InvokeMessage, 'kind' | 'now'>): Promise<InvocationResult>;
  /**
   * A service will never answer on the connection from that port of the function. So the open connection must not count
   * as work, or time would stand still for ever.
   */
  abandonConnection(port: number): void;
  kill(): void;
}
