// What an error says to who deploys a stack: its name, its text, and what to do. Pure.
//
// | the error is                       | name                | text                | what to do              |
// | our own                            | -                   | its own             | in its text             |
// | an answer that cannot be read      | UnreadableAnswer    | ours, with a status | look at the network     |
// | of TLS                             | its code            | its own             | look at the network     |
// | of the connection                  | its code            | its own             | deploy again            |
// | a service's                        | its name            | its own             | by its name             |
// | anything else: a fault in our code | its name            | its own             | report it, with the log |
import { HandlerError } from './errors';

export const NETWORK = 'Something between the function and AWS answers in its place, such as a proxy or a firewall: '
  + 'let the function reach AWS directly or by VPC endpoints, then deploy again.';
const FORBIDDEN = "A policy, permission boundary or service control policy forbids this call to the function's role.";
const REGION_DISABLED = 'The Region may not be enabled in this account.';

/** By the names of the services' errors. Their texts are written for programmers who use the SDK. */
const ADVICE: Readonly<Record<string, string>> = {
  AccessDenied: FORBIDDEN,
  AccessDeniedException: FORBIDDEN,
  BadRequestException: 'SES does not take this signing: look at method, selector and key of the identity, and tags, then deploy again.',
  NotFoundException: 'The identity was deleted meanwhile. Deploy again when it exists.',
  ExpiredTokenException: "The function's credentials have run out. Deploy again.",
  InvalidClientTokenId: REGION_DISABLED,
  UnrecognizedClientException: REGION_DISABLED,
};
const DEFAULT_ADVICE = "Deploy again; if it stays, the function's log says what went before.";
const FAULT_ADVICE = "This is a fault in cdk-ses-dkim. Deploy again; if it stays, report it with the function's log.";

/** Node's and OpenSSL's codes of connections that are not trusted: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const TLS = /CERT|SIGNATURE|^ERR_(TLS|SSL)_|^EPROTO$/;

/** Names of errors of connections, which say less than their codes. The SDK takes some broken ones for a time-out. */
const SYSTEM = new Set(['Error', 'AggregateError', 'TimeoutError']);

/** What the SDK calls an error of which the answer says nothing, and how it puts that. */
const NAMELESS = new Set(['Unknown', 'NotFound']);
const UNSAID = new Set(['UnknownError', 'Unknown', '']);

/** What a failed deployment gives as its reason. */
export function reasonOf(error: unknown): string {
  if (error instanceof HandlerError) return error.message;
  const { name, text, advice } = describeError(error);
  return new HandlerError(`${name}: ${text}`, advice).message;
}

/** What happened, without advice: for the log, and as a part of other texts. */
export function textOf(error: unknown): string {
  return error instanceof HandlerError ? error.whatHappened : describeError(error).text;
}

/** Describes an error that is not our own. */
export function describeError(error: unknown): { name: string; text: string; advice: string } {
  const { name = 'Error', message = String(error), code, status, isOfService, isSlow } = detailsOf(error);
  // The SDK's own text quotes what it stumbles over, and points to a field that only a programmer sees.
  if (message.includes('Deserialization error') || (isOfService && NAMELESS.has(name) && UNSAID.has(message))) {
    const text = `the answer is not of the service's protocol${status === undefined ? '' : ` (HTTP status ${status})`}`;
    return { name: 'UnreadableAnswer', text, advice: NETWORK };
  }
  if (code !== undefined && status === undefined && SYSTEM.has(name) && !isSlow) {
    // When none of several addresses answers, Node's error has no text.
    return { name: code, text: message || 'no connection', advice: TLS.test(code) ? NETWORK : DEFAULT_ADVICE };
  }
  // The SDK's text is of its own settings.
  if (isSlow) return { name, text: 'no answer came in time', advice: DEFAULT_ADVICE };
  if (isOfService || name === 'TimeoutError') return { name, text: message, advice: ADVICE[name] ?? DEFAULT_ADVICE };
  return { name, text: message, advice: FAULT_ADVICE };
}

/** The name of an error, by which services say what is wrong. */
export function nameOf(error: unknown): string {
  return detailsOf(error).name ?? '';
}

/** What an error says of itself. Any of it can be missing: an error can be anything that somebody has thrown. */
export function detailsOf(error: unknown) {
  const metadata = valueIn(error, '$metadata'); // the SDK puts it on errors of services, and of connections to them
  const status = valueIn(metadata, 'httpStatusCode');
  const [name, code] = [textIn(error, 'name'), textIn(error, 'code')];
  const isOfSystem = valueIn(error, 'syscall') !== undefined || valueIn(error, 'errors') !== undefined;
  return {
    name,
    message: textIn(error, 'message'),
    code, // Node's, of a connection that broke
    isSlow: name === 'TimeoutError' && code === 'ETIMEDOUT' && !isOfSystem, // connected, and the answer did not come
    host: textIn(error, 'host'), // that the call was for: services/named-host.ts puts it there
    status: typeof status === 'number' ? status : undefined,
    isOfService: metadata !== undefined,
  };
}

function valueIn(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined;
}

function textIn(object: unknown, name: string): string | undefined {
  const value = valueIn(object, name);
  return typeof value === 'string' ? value : undefined;
}
