// One sandbox of a Lambda function, whichever way it runs: it takes one event at a time.
import { InvocationError, InvokeMessage } from './runtime-protocol';
import { Network } from '../network';
import { Latency } from '../time/function-time';
import { SimulatedClock } from '../time/simulated-clock';

/** What all functions of a cloud share. */
export interface Simulation {
  readonly clock: SimulatedClock;
  readonly seed: number;
  readonly latency: Latency;
  /** Of the cloud's services, for a function that has no sockets. */
  readonly network: Network;
}

export interface InstanceOptions {
  readonly id: string;
  /** All of its environment: nothing of the test's own is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** Directory of the code. */
  readonly taskRoot: string;
  /** `file.export` */
  readonly handler: string;
  /** The stream of the seed from which its random numbers come. */
  readonly stream: string;
  /** `127.0.0.1:PORT` of the public resolver. */
  readonly resolver: string;
  /** Called with each line of stdout and stderr. */
  readonly log: (line: string) => void;
  readonly simulation: Simulation;
}

/** What an invocation ended with. */
export interface InvocationResult {
  /** JSON of what the handler returned. */
  readonly payload?: string;
  readonly error?: InvocationError;
}

export interface FunctionInstance {
  readonly id: string;
  readonly alive: boolean;
  /** Resolves when it and its output have ended, with the reason. */
  readonly ended: Promise<string>;
  /** Resolves when the handler is loaded: Lambda's time-out does not count that. */
  started(): Promise<void>;
  invoke(invocation: Omit<InvokeMessage, 'kind' | 'now'>): Promise<InvocationResult>;
  /** A service hangs on purpose: the connection from that port of its own keeps it busy no more. */
  letGo(port: number): void;
  kill(): void;
}
