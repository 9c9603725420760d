// How the clients of all entries are made.

/** The SDK tries once: `Retry` retries, with the time that is left in view. A call that hangs is cut off. */
export const clientSettings = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
};

/** Clients outlive an invocation, with their connections. */
export function perRegion<T>(make: (region: string) => T): (region: string) => T {
  const made = new Map<string, T>();
  return (region) => {
    const client = made.get(region) ?? make(region);
    made.set(region, client);
    return client;
  };
}
