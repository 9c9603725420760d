// The configuration of a Lambda function, and the environment variables that Lambda makes of it.
import { CredentialSet } from '../credentials';

export interface FunctionConfiguration {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  /** The directory with the code. */
  readonly assetPath: string;
  /** `file.export` */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Seconds of cloud time. */
  readonly timeout: number;
  /** MB. The function sees the number, but has no such limit. */
  readonly memory: number;
  readonly roleArn: string;
  /** @default `/aws/lambda/<name>` */
  readonly logGroup?: string;
  /** How many runs it may have at once; nobody else can take these. @default - what the account has free */
  readonly reservedConcurrency?: number;
}

/** What differs from process to process, and from cloud to cloud. */
interface ProcessSettings {
  readonly credentials: CredentialSet;
  readonly logStream: string;
  readonly endpoints: Readonly<Record<string, string>>;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
export function functionEnvironment(
  configuration: FunctionConfiguration, { credentials, logStream, endpoints }: ProcessSettings,
): Record<string, string> {
  const { region, name, memory, assetPath, handler, environment, logGroup = `/aws/lambda/${name}` } = configuration;
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
    AWS_LAMBDA_LOG_GROUP_NAME: logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    // The tests may run on an older Node than Lambda. The SDK's warning would be in the log, which tests read.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    LAMBDA_TASK_ROOT: assetPath,
    _HANDLER: handler,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    ...endpoints,
    ...environment,
  };
}
