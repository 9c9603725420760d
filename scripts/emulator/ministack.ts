// An unmodified MiniStack on a free port of 127.0.0.1, with nothing else of it reachable.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child, Children } from './children';
import { NoEmulatorError } from './python';
import { ACCOUNT, REGION } from '../../examples/demo/app';

const READY_WITHIN_MS = 60_000;

/** What fits anybody: MiniStack takes every key for its one account's. */
export const CREDENTIALS = { accessKeyId: 'emulator', secretAccessKey: 'emulator' };

interface MiniStackOptions {
  /** Path of its command. */
  readonly command: string;
  /** For all that it writes. */
  readonly directory: string;
  /** Reaches the functions, too: they inherit the server's environment. */
  readonly functionEnvironment: Readonly<Record<string, string>>;
}

export class MiniStack {
  static async start(children: Children, { command, directory, functionEnvironment }: MiniStackOptions): Promise<MiniStack> {
    const port = await freePort();
    const server = children.start({
      command,
      args: [],
      directory,
      environment: {
        PATH: [dirname(process.execPath), process.env.PATH].join(delimiter), // the functions run with this Node
        HOME: directory,
        TMPDIR: directory,
        BIND_HOST: '127.0.0.1',
        GATEWAY_PORT: String(port),
        MINISTACK_HOST: '127.0.0.1', // where functions PUT their answers for CloudFormation
        MINISTACK_ACCOUNT_ID: ACCOUNT,
        MINISTACK_REGION: REGION,
        SFTP_ENABLED: '0',
        IOT_MTLS_ENABLED: '0',
        LAMBDA_EXECUTOR: 'local', // with the Node of this machine, not with Docker
        DOCKER_HOST: 'unix:///nonexistent',
        ...functionEnvironment,
      },
    });
    const started = new MiniStack(`http://127.0.0.1:${port}`, server);
    await started.ready();
    return started;
  }

  private constructor(readonly endpoint: string, private readonly server: Child) {}

  /** What it has written, the lines of the functions included. */
  get log(): string {
    return this.server.outputSoFar;
  }

  /** For an SDK client. */
  get client() {
    return { endpoint: this.endpoint, region: REGION, credentials: CREDENTIALS };
  }

  /** Undefined when there is no such stack. */
  async stackStatus(name: string, region: string): Promise<string | undefined> {
    const answer = await fetch(`${this.endpoint}/?Action=DescribeStacks&Version=2010-05-15&StackName=${name}`, {
      // Only who calls, and which service in which Region: MiniStack looks at no signature.
      headers: { authorization: `AWS4-HMAC-SHA256 Credential=${CREDENTIALS.accessKeyId}/20260101/${region}/cloudformation/aws4_request, Signature=0` },
    });
    return /<StackStatus>(\w+)<\/StackStatus>/.exec(await answer.text())?.[1];
  }

  private async ready(): Promise<void> {
    let ended = false;
    void this.server.ended.then(() => { ended = true; });
    for (const since = Date.now(); Date.now() - since < READY_WITHIN_MS && !ended; await sleep(200)) {
      const health = await fetch(`${this.endpoint}/_ministack/health`).catch(() => undefined);
      if (health?.ok) return;
    }
    throw new NoEmulatorError(`MiniStack does not start: ${this.log.trim().split('\n').at(-1)}`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
