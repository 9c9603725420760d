// Sends an answer to the URL that CloudFormation has given for it.
import { HttpRequest } from '@smithy/core/protocols';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/**
 * The SDK's clients send their calls with it, so it is loaded already. Node's `fetch` would load a second HTTP client.
 * That takes as much processor time as several calls.
 */
const http = new NodeHttpHandler({ requestTimeout: 5_000, throwOnRequestTimeout: true });

/** Gives the HTTP status of the reply. */
export async function putAnswer(url: string, body: Buffer): Promise<number> {
  const { protocol, hostname, port, pathname, search } = new URL(url);
  const { response } = await http.handle(new HttpRequest({
    method: 'PUT',
    protocol,
    hostname,
    port: Number(port) || undefined,
    path: pathname + search, // as it was signed
    // The URL is signed without a content type, so that has to be sent empty.
    headers: { 'content-type': '', 'content-length': String(body.length) },
    body,
  }));
  response.body.resume(); // nobody reads it, and the connection can be used again
  return response.statusCode;
}
