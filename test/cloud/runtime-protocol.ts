// What a function's process and the Lambda service say to each other over IPC.
import { ClockState } from './clock';
import { Nat } from './dns/nat';

export interface InitMessage {
  readonly kind: 'init';
  readonly taskRoot: string;
  /** `file.export`, as Lambda writes it. */
  readonly handler: string;
  readonly clock: ClockState;
  /** `127.0.0.1:PORT` of the public resolver. */
  readonly resolver: string;
}

interface ClockMessage {
  readonly kind: 'clock';
  readonly state: ClockState;
}

export interface InvokeMessage {
  readonly kind: 'invoke';
  readonly requestId: string;
  readonly functionArn: string;
  /** JSON. */
  readonly event: string;
  /** Cloud time in milliseconds. */
  readonly deadline: number;
  /** How the function reaches the name servers of the public DNS. */
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

export type MessageToRuntime = InitMessage | ClockMessage | InvokeMessage;
export type MessageFromRuntime = { readonly kind: 'ready' } | DoneMessage;

/** Ends an invocation on both output streams, so that the other side knows that it has seen all of its log. */
export const END_OF_LOG = '\u0000end';
