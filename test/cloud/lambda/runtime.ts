// The program in a function's process: it gives the handler the cloud's time and DNS, and runs what comes over IPC.
//
// Node emits `beforeExit` when it has nothing left to do: no request, no DNS query, no work on another thread. Then the
// process is idle. The IPC channel itself must not count as work, so it is unreferenced while a message is handled.
import http from 'node:http';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import { join } from 'node:path';
import timersPromises from 'node:timers/promises';
import { Handler, lambdaConsole, runHandler, splitHandler } from './invocation';
import { END_OF_LOG, InitMessage, InvokeMessage, MessageFromRuntime, MessageToRuntime } from './runtime-protocol';
import { resolveThrough } from '../behind-nat';
import { Nat } from '../dns/nat';
import { FunctionTime } from '../time/function-time';
import { seededRandom } from '../time/random';

let time: FunctionTime;
let nat: Nat = {};
let handler: Handler;
let seen = 0;
let requestId: string | undefined;
const sockets = new Set<Socket>();

process.on('message', (message: MessageToRuntime) => {
  seen++;
  process.channel!.unref();
  switch (message.kind) {
    case 'init': return init(message);
    case 'wake': return time.wake(message.now);
    case 'abandon-connection': return abandonConnection(message.port);
    case 'invoke': return void invoke(message);
  }
});
process.on('beforeExit', () => {
  process.channel!.ref();
  send({ kind: 'idle', seen, wakesAt: time.wakesAt });
});
process.on('disconnect', () => process.exit());

function init({ now, seed, stream, latency, resolver, taskRoot, handler: name }: InitMessage): void {
  time = new FunctionTime(now, seededRandom(seed, `${stream}/latency`), latency);
  Math.random = seededRandom(seed, `${stream}/random`);
  Object.assign(globalThis, time.globals());
  Object.assign(console, lambdaConsole((text) => process.stdout.write(text), () => time.now(), () => requestId));
  timersPromises.setTimeout = (...args) => time.promisedTimeout(...args);
  resolveThrough(resolver, () => nat, time);
  callsTakeTime();
  noteConnections();
  syncBuiltinESMExports();
  handler = load(taskRoot, name);
  send({ kind: 'ready' });
}

async function invoke(message: InvokeMessage): Promise<void> {
  nat = message.nat;
  requestId = message.requestId;
  time.set(message.now);
  const done = await runHandler(handler, message, time, process.env, (text) => process.stderr.write(text));
  for (const stream of [process.stdout, process.stderr]) stream.write(`${END_OF_LOG}\n`);
  send(done);
}

/** A request is delayed before it gets a connection. So a delayed request does not count as work. */
function callsTakeTime(): void {
  const agent =
    http.Agent.prototype as unknown as { addRequest(request: http.ClientRequest, ...rest: unknown[]): void };
  const addRequest = agent.addRequest;
  agent.addRequest = function (request, ...rest) {
    void time.delayCall().then(() => addRequest.call(this, request, ...rest));
  };
  const { fetch } = globalThis;
  globalThis.fetch = async (...args) => {
    await time.delayCall();
    return fetch(...args);
  };
}

/** Keeps a list of the open connections, so that `abandonConnection` finds one by its port. */
function noteConnections(): void {
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    sockets.add(this);
    this.once('close', () => sockets.delete(this));
    return Reflect.apply(connect, this, args);
  };
}

/** The answer never comes. The SDK's time-out, which runs on the cloud's time, ends the call. */
function abandonConnection(port: number): void {
  for (const socket of sockets) {
    if (socket.localPort === port) socket.unref();
  }
}

function load(taskRoot: string, name: string): Handler {
  const [file, exported] = splitHandler(name);
  const found = createRequire(join(taskRoot, 'runtime.js'))(join(taskRoot, file))[exported];
  if (typeof found !== 'function') throw new Error(`Runtime.HandlerNotFound: ${name} in ${taskRoot} is not a function`);
  return found;
}

function send(message: MessageFromRuntime): void {
  process.send?.(message);
}
