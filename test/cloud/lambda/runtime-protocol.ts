// The messages between the Lambda service and a function's process, over Node's IPC channel.
import { Nat } from '../dns/nat';
import { Latency } from '../time/function-time';

export interface InitMessage {
  readonly kind: 'init';
  readonly taskRoot: string;
  /** `file.export`, as Lambda writes it. */
  readonly handler: string;
  /** Cloud time in milliseconds. */
  readonly now: number;
  /** With `stream`, for the function's random numbers: see `seededRandom`. */
  readonly seed: number;
  readonly stream: string;
  readonly latency: Latency;
  /** `127.0.0.1:PORT` of the public resolver. */
  readonly resolver: string;
}

/** The process has to wake its first sleeper. */
interface WakeMessage {
  readonly kind: 'wake';
  readonly now: number;
}

/** A service will never answer on this connection, so it must not count as work. */
interface AbandonMessage {
  readonly kind: 'abandon-connection';
  /** The function's own port of the connection. */
  readonly port: number;
}

export interface InvokeMessage {
  readonly kind: 'invoke';
  readonly now: number;
  readonly requestId: string;
  readonly functionArn: string;
  /** JSON. */
  readonly event: string;
  /** Cloud time in milliseconds. */
  readonly deadline: number;
  /** Where the name servers of the public DNS really listen. */
  readonly nat: Nat;
}

export interface InvocationError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: string[];
}

export interface DoneMessage {
  readonly kind: 'done';
  /** JSON of what the handler returned. */
  readonly payload?: string;
  readonly error?: InvocationError;
}

/** The process is idle until a message comes: it has no open call, no DNS query and no work on another thread. */
export interface IdleMessage {
  readonly kind: 'idle';
  /** How many messages the process has read. If more were sent, it is not idle. */
  readonly seen: number;
  /** When the first sleeper is due. */
  readonly wakesAt?: number;
}

export type MessageToRuntime = InitMessage | WakeMessage | AbandonMessage | InvokeMessage;
export type MessageFromRuntime = { readonly kind: 'ready' } | DoneMessage | IdleMessage;

/** Written to both output streams at the end of an invocation, so that the reader knows it has the whole log. */
export const END_OF_LOG = '\u0000end';
