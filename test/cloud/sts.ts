// STS of the local cloud: AssumeRole and GetCallerIdentity over the Query protocol.
import { createHash } from 'node:crypto';
import { Call, CloudContext, Reply } from './http-service';
import { accountOf, callerArn, Iam, roleName } from './iam';
import { parametersOf, QueryService, required } from './query-service';

const DEFAULT_DURATION_SECONDS = 3600;

export class Sts extends QueryService {
  constructor(context: CloudContext, private readonly iam: Iam) {
    super('sts', context, 'sts.amazonaws.com', '2011-06-15');
  }

  protected handle(call: Call): Reply {
    switch (call.operation) {
      case 'AssumeRole': return this.reply(call, this.assumeRole(call));
      // STS answers this one whatever the caller's policies say.
      case 'GetCallerIdentity': return this.reply(call, {
        Arn: callerArn(call.principal),
        UserId: userId(call.principal.roleArn ?? call.principal.account),
        Account: call.principal.account,
      });
      default: throw this.unknownOperation(call);
    }
  }

  private assumeRole(call: Call): object {
    const input = parametersOf(call);
    const roleArn = required(input, 'RoleArn');
    const sessionName = required(input, 'RoleSessionName');
    const externalId = input.get('ExternalId');
    this.iam.authorizeAssumeRole(call.principal, roleArn, externalId === null ? {} : {
      'sts:ExternalId': [externalId],
    });
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
}

/** The stable id that IAM gives to a role or an account; here it only has to differ. */
function userId(name: string): string {
  return `AROA${createHash('sha256').update(name).digest('hex').slice(0, 17).toUpperCase()}`;
}
