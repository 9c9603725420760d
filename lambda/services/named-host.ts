// Looks at who has answered a call. Puts the host on errors: Node names it only where it could not be looked up.
import { NETWORK } from '../base/describe-error';
import { HandlerError } from '../base/errors';

type Call = (args: any) => Promise<any>;

interface Client {
  readonly middlewareStack: { add(middleware: (next: Call) => Call, options: { step: 'finalizeRequest' }): void };
}

export function namingHost<C extends Client>(client: C): C {
  client.middlewareStack.add((next) => async (args) => {
    try {
      const result = await next(args);
      const { headers, statusCode } = result.response;
      if (!/html/.test(headers['content-type'])) return result;
      // As XML it can be read, and then says nothing: no records, for example.
      throw new HandlerError(`${args.request.hostname} answers with a web page (HTTP status ${statusCode})`, NETWORK);
    } catch (error) {
      throw Object.assign(error as Error, { host: args.request.hostname });
    }
  }, { step: 'finalizeRequest' });
  return client;
}
