// Puts the host that a call was for on the error of the call: Node names it only where it could not be looked up.
type Call = (args: any) => Promise<any>;

interface Client {
  readonly middlewareStack: { add(middleware: (next: Call) => Call, options: { step: 'finalizeRequest' }): void };
}

export function namingHost<C extends Client>(client: C): C {
  client.middlewareStack.add((next) => async (args) => {
    try {
      return await next(args);
    } catch (error) {
      throw Object.assign(error as Error, { host: args.request.hostname });
    }
  }, { step: 'finalizeRequest' });
  return client;
}
