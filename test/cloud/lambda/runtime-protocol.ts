// What a function's process and the Lambda service say to each other over IPC.
import { Nat } from '../dns/nat';
import { Latency } from '../time/function-time';

export interface InitMessage {
  readonly kind: 'init';
  readonly taskRoot: string;
  /** `file.export`, as Lambda writes it. */
  readonly handler: string;
  /** Cloud time in milliseconds. */
  readonly now: number;
  /** For the function's random numbers: another stream of the seed for each process. */
  readonly seed: number;
  readonly stream: string;
  readonly latency: Latency;
  /** `127.0.0.1:PORT` of the public resolver. */
  readonly resolver: string;
}

/** One sleeper is due. */
interface WakeMessage {
  readonly kind: 'wake';
  readonly now: number;
}

/** A service hangs on purpose: this connection keeps nobody busy any more. */
interface LetGoMessage {
  readonly kind: 'let-go';
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

/** Nothing is left to do until a message comes: no call, no look in DNS, no work on another thread. */
export interface IdleMessage {
  readonly kind: 'idle';
  /** How many messages have been read. One more may be on its way. */
  readonly seen: number;
  /** When the first sleeper is due. */
  readonly wakesAt?: number;
}

export type MessageToRuntime = InitMessage | WakeMessage | LetGoMessage | InvokeMessage;
export type MessageFromRuntime = { readonly kind: 'ready' } | DoneMessage | IdleMessage;

/** Ends an invocation on both output streams, so that the other side knows that it has seen all of its log. */
export const END_OF_LOG = '\u0000end';
