// Starts an unmodified MiniStack on a free port of 127.0.0.1.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child, Children } from './children';
import { NoEmulatorError } from './python';
import { ACCOUNT, REGION } from '../../examples/demo/app';

const READY_WITHIN_MS = 60_000;

/** Any credentials: for MiniStack every access key belongs to its one account. */
export const CREDENTIALS = { accessKeyId: 'emulator', secretAccessKey: 'emulator' };

interface MiniStackOptions {
  /** Path of the command of MiniStack. */
  readonly command: string;
  /** Directory for all files that it writes. */
  readonly directory: string;
  /** Environment variables for the functions, which inherit the environment of the server. */
  readonly functionEnvironment: Readonly<Record<string, string>>;
}

export class MiniStack {
  static async start(
    children: Children,
    { command, directory, functionEnvironment }: MiniStackOptions,
  ): Promise<MiniStack> {
    const port = await freePort();
    const server = children.start({
      command,
      args: [],
      directory,
      environment: {
        PATH: [dirname(process.execPath), process.env.PATH].join(delimiter), // the Node.js that runs the functions
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

  private constructor(
    readonly endpoint: string,
    private readonly server: Child,
  ) {}

  /** The output of MiniStack and of the functions. */
  get log(): string {
    return this.server.outputSoFar;
  }

  /** The configuration of an SDK client. */
  get client() {
    return { endpoint: this.endpoint, region: REGION, credentials: CREDENTIALS };
  }

  /** The status of a stack. Undefined if there is no such stack. */
  async stackStatus(name: string, region: string): Promise<string | undefined> {
    const scope = `${CREDENTIALS.accessKeyId}/20260101/${region}/cloudformation/aws4_request`;
    const answer = await fetch(`${this.endpoint}/?Action=DescribeStacks&Version=2010-05-15&StackName=${name}`, {
      // MiniStack reads the account, the Region and the service from this header, and checks no signature.
      headers: { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, Signature=0` },
    });
    return /<StackStatus>(\w+)<\/StackStatus>/.exec(await answer.text())?.[1];
  }

  private async ready(): Promise<void> {
    let ended = false;
    void this.server.ended.then(() => {
      ended = true;
    });
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
