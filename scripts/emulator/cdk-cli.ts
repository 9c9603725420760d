// The real CDK CLI, as a user would run it, in an environment that knows no endpoint but the emulator's.
import { delimiter, dirname, join } from 'node:path';
import { Children, Ended } from './children';
import { CREDENTIALS, MiniStack } from './ministack';
import { REGION } from '../../examples/demo/app';

/** A deployment takes seconds here. */
const LONGEST_SECONDS = 300;
export const PROJECT = join(__dirname, '..', '..');
const CLI = join(PROJECT, 'node_modules', 'aws-cdk', 'bin', 'cdk');

/** What the CLI runs to get templates. */
export interface CdkApp {
  /** Relative to the directory, so that a shell has nothing to quote. Without it the cdk.json there says it. */
  readonly command?: string;
  readonly directory: string;
  /** What it needs besides `PATH`, which it may replace. */
  readonly environment: Readonly<Record<string, string>>;
}

export class CdkCli {
  constructor(private readonly children: Children, private readonly ministack: MiniStack, private readonly directory: string) {}

  run({ command, directory, environment: { PATH = process.env.PATH!, ...environment } }: CdkApp, args: readonly string[]): Promise<Ended> {
    return this.children.run({
      command: process.execPath,
      args: [CLI, ...args, ...command ? ['--app', command] : [], '--output', join(this.directory, 'cdk.out'), '--no-notices', '--no-version-reporting', '--no-color'],
      directory,
      environment: {
        PATH: [dirname(process.execPath), PATH].join(delimiter),
        HOME: this.directory,
        TMPDIR: this.directory,
        CI: 'true', // plain lines, and no question about a newer version
        AWS_ENDPOINT_URL: this.ministack.endpoint,
        AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
        AWS_REGION: REGION,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_CONFIG_FILE: join(this.directory, 'none'),
        AWS_SHARED_CREDENTIALS_FILE: join(this.directory, 'none'),
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        CDK_DISABLE_CLI_TELEMETRY: 'true',
        CDK_DISABLE_VERSION_CHECK: 'true',
        // Should anything still want to leave this machine, it finds no way out.
        HTTP_PROXY: 'http://127.0.0.1:9',
        HTTPS_PROXY: 'http://127.0.0.1:9',
        NO_PROXY: '127.0.0.1',
        ...environment,
      },
    }, LONGEST_SECONDS);
  }
}
