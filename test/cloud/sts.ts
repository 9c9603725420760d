// STS of the local cloud: AssumeRole and GetCallerIdentity over the Query protocol.
import { createHash, randomBytes } from 'node:crypto';
import { XMLBuilder } from 'fast-xml-parser';
import { Call, CloudContext, HttpService, Reply, Request } from './http-service';
import { accountOf, callerArn, Iam, roleName } from './iam';
import { ServiceError } from './service-error';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';
const DEFAULT_DURATION_SECONDS = 3600;

/** What the shared code and other services call an error, and what STS calls it. */
const ERROR_CODES: Record<string, string> = {
  AccessDeniedException: 'AccessDenied',
  UnrecognizedClientException: 'InvalidClientTokenId',
};

export class Sts extends HttpService {
  private readonly builder = new XMLBuilder({ ignoreAttributes: false });

  constructor(context: CloudContext, private readonly iam: Iam) {
    super('sts', context);
  }

  protected operationOf(request: Request): string {
    return parameters(request).get('Action') ?? 'Unknown';
  }

  protected handle(call: Call): Reply {
    switch (call.operation) {
      case 'AssumeRole': return this.reply(call, this.assumeRole(call));
      // STS answers this one whatever the caller's policies say.
      case 'GetCallerIdentity': return this.reply(call, {
        Arn: callerArn(call.principal), UserId: userId(call.principal.roleArn ?? call.principal.account), Account: call.principal.account,
      });
      default: throw new ServiceError('InvalidAction', 400, `Could not find operation ${call.operation} for version 2011-06-15`);
    }
  }

  protected renderError(error: ServiceError): Reply {
    return this.xml(error.status, 'ErrorResponse', {
      Error: { Type: error.status < 500 ? 'Sender' : 'Receiver', Code: ERROR_CODES[error.code] ?? error.code, Message: error.message },
    });
  }

  protected throttled(): ServiceError {
    return new ServiceError('Throttling', 400, 'Rate exceeded');
  }

  private assumeRole(call: Call): object {
    const input = parameters(call);
    const roleArn = required(input, 'RoleArn');
    const sessionName = required(input, 'RoleSessionName');
    const externalId = input.get('ExternalId');
    this.iam.authorizeAssumeRole(call.principal, roleArn, externalId === null ? {} : { 'sts:ExternalId': [externalId] });
    // The session stays tied to the process that asked, so that a fault in its calls kills that process.
    const session = { account: accountOf(roleArn), roleArn, processId: call.principal.processId };
    const credentials = this.context.credentials.issue(session);
    const seconds = Number(input.get('DurationSeconds') ?? DEFAULT_DURATION_SECONDS);
    return {
      Credentials: {
        AccessKeyId: credentials.accessKeyId,
        SecretAccessKey: credentials.secretAccessKey,
        SessionToken: credentials.sessionToken,
        Expiration: new Date(this.context.clock.now() + seconds * 1000).toISOString(),
      },
      AssumedRoleUser: {
        AssumedRoleId: `${userId(roleArn)}:${sessionName}`,
        Arn: `arn:${roleArn.split(':')[1]}:sts::${session.account}:assumed-role/${roleName(roleArn)}/${sessionName}`,
      },
    };
  }

  private reply(call: Call, result: object): Reply {
    return this.xml(200, `${call.operation}Response`, { [`${call.operation}Result`]: result });
  }

  private xml(status: number, root: string, content: object): Reply {
    const requestId = randomBytes(8).toString('hex');
    const error = root === 'ErrorResponse';
    const body = this.builder.build({
      [root]: { '@_xmlns': NAMESPACE, ...content, ...error ? { RequestId: requestId } : { ResponseMetadata: { RequestId: requestId } } },
    });
    return { status, headers: { 'content-type': 'text/xml' }, body };
  }
}

function parameters(request: Request): URLSearchParams {
  return new URLSearchParams(request.body.toString('utf8'));
}

function required(input: URLSearchParams, name: string): string {
  const value = input.get(name);
  if (!value) throw new ServiceError('ValidationError', 400, `Value null at '${name}' failed to satisfy constraint: Member must not be null`);
  return value;
}

/** The stable id that IAM gives to a role or an account; here it only has to differ. */
function userId(name: string): string {
  return `AROA${createHash('sha256').update(name).digest('hex').slice(0, 17).toUpperCase()}`;
}
