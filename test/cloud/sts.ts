// STS of the local cloud: AssumeRole and GetCallerIdentity over the Query protocol.
import { Call, CloudContext, HttpService, Reply, Request } from './http-service';
import { Iam } from './iam';
import { ServiceError } from './service-error';

export class Sts extends HttpService {
  constructor(context: CloudContext, protected readonly iam: Iam) {
    super('sts', context);
  }

  protected operationOf(_request: Request): string {
    return '';
  }

  protected handle(_call: Call): Reply {
    return { status: 500, body: '' };
  }

  protected renderError(error: ServiceError): Reply {
    return { status: error.status, body: '' };
  }

  protected throttled(): ServiceError {
    return new ServiceError('Throttling', 400, 'Rate exceeded');
  }
}
