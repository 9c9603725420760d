// Runs the real CDK CLI as a user would, with the emulator as the only endpoint.
import { delimiter, dirname, join } from 'node:path';
import { Children, Ended } from './children';
import { CREDENTIALS, MiniStack } from './ministack';
import { REGION } from '../../examples/demo/app';

/** On the emulator a deployment takes seconds, so this is more than enough. */
const LONGEST_SECONDS = 300;
export const PROJECT = join(__dirname, '..', '..');
const CLI = join(PROJECT, 'node_modules', 'aws-cdk', 'bin', 'cdk');

/** The app that the CLI runs to get templates. */
export interface CdkApp {
  /**
   * The command, relative to the directory, so that no path needs quotes. Without it the CLI reads cdk.json.
   */
  readonly command?: string;
  readonly directory: string;
  /** Further environment variables. They can replace `PATH`. */
  readonly environment: Readonly<Record<string, string>>;
}

export class CdkCli {
  constructor(
    private readonly children: Children,
    private readonly ministack: MiniStack,
    private readonly directory: string,
  ) {}

  run(
    { command, directory, environment: { PATH = process.env.PATH!, ...environment } }: CdkApp,
    args: readonly string[],
    onLine: (line: string) => void,
  ): Promise<Ended> {
    return this.children.run(
      {
        onLine,
        command: process.execPath,
        args: [
          CLI,
          ...args,
          ...(command ? ['--app', command] : []),
          '--output',
          join(this.directory, 'cdk.out'),
          '--no-notices',
          '--no-version-reporting',
          '--no-color',
        ],
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
          // A proxy that does not exist: nothing can reach the internet.
          HTTP_PROXY: 'http://127.0.0.1:9',
          HTTPS_PROXY: 'http://127.0.0.1:9',
          NO_PROXY: '127.0.0.1',
          ...environment,
        },
      },
      LONGEST_SECONDS,
    );
  }
}
