// The AWS Query protocol, for the services that speak it: a request has form parameters, and the answer is XML.
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
import { XMLBuilder } from 'fast-xml-parser';
import { Call, CloudContext, HttpService, Reply, Request } from './http-service';
import { ServiceError } from './service-error';
import { randomUuid } from './time/random';

/** What the shared code and other services call an error, and what services of this protocol call it. */
const ERROR_CODES: Record<string, string> = {
  AccessDeniedException: 'AccessDenied',
  UnrecognizedClientException: 'InvalidClientTokenId',
};

const builder = new XMLBuilder({ ignoreAttributes: false });

export abstract class QueryService extends HttpService {
  /** @param version the API's, which is in the names of its XML, too */
  protected constructor(
    name: string, context: CloudContext, private readonly host: string, private readonly version: string,
  ) {
    super(name, context);
  }

  protected operationOf(request: Request): string {
    return parametersOf(request).get('Action') ?? 'Unknown';
  }

  protected renderError({ code, status, message }: ServiceError): Reply {
    const Error = { Type: status < 500 ? 'Sender' : 'Receiver', Code: ERROR_CODES[code] ?? code, Message: message };
    return this.xml(status, {
      ErrorResponse: { ...this.namespace(), Error, RequestId: randomUuid(this.context.random) },
    });
  }

  protected throttled(): ServiceError {
    return new ServiceError('Throttling', 400, 'Rate exceeded');
  }

  protected unknownOperation({ operation }: Call): ServiceError {
    return new ServiceError('InvalidAction', 400, `Could not find operation ${operation} for version ${this.version}`);
  }

  protected reply({ operation }: Call, result: object): Reply {
    return this.xml(200, {
      [`${operation}Response`]: {
        ...this.namespace(),
        [`${operation}Result`]: result,
        ResponseMetadata: {
          RequestId: randomUuid(this.context.random),
        },
      },
    });
  }

  private namespace() {
    return { '@_xmlns': `https://${this.host}/doc/${this.version}/` };
  }

  private xml(status: number, document: object): Reply {
    return { status, headers: { 'content-type': 'text/xml' }, body: builder.build(document) };
  }
}

export function parametersOf(request: Request): URLSearchParams {
  return new URLSearchParams(request.body.toString('utf8'));
}

export function required(input: URLSearchParams, name: string): string {
  const value = input.get(name);
  if (!value) {
    throw new ServiceError(
      'ValidationError', 400, `Value null at '${name}' failed to satisfy constraint: Member must not be null`,
    );
  }
  return value;
}

/** `Name.member.1.Key=…&Name.member.2.Key=…` as a list; members that are no structures come under the key ''. */
export function listIn(input: URLSearchParams, name: string): Record<string, string>[] {
  const members: Record<string, string>[] = [];
  for (const [path, value] of input) {
    const [, index, key = ''] = new RegExp(`^${name}\\.member\\.(\\d+)(?:\\.(\\w+))?$`).exec(path) ?? [];
    if (index) members[Number(index) - 1] = { ...members[Number(index) - 1], [key]: value };
  }
  return members;
}
