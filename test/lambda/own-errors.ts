// jest runs tests in a realm of their own, where an error of Node's http module is no `Error`, and the SDK would hide it in another one.

interface MiddlewareClient {
  readonly middlewareStack: {
    add(middleware: (next: (args: any) => Promise<any>) => (args: any) => Promise<any>, options: { step: 'deserialize'; priority: 'low' }): void;
  };
}

/** The client, with the errors of its connections as they are outside of jest. */
export function withOwnErrors<T>(client: T): T {
  (client as MiddlewareClient).middlewareStack.add((next) => (args) => next(args).catch((error: Error) => {
    throw error instanceof Error ? error : Object.assign(new Error((error as Error).message), error, { name: (error as Error).name });
  }), { step: 'deserialize', priority: 'low' });
  return client;
}
