// Values that synthesis itself gives, but only at its end, as with `Lazy`.
import { IResolvable, Lazy, Stack, StringConcat, Token, Tokenization } from 'aws-cdk-lib';

/** The identity whose signing is set, and the stack that sets it. */
export interface SigningTarget {
  readonly stack: Stack;
  readonly domain: string;
  readonly region: string;
}

/** The same, as far as it is known when something is checked. */
export interface KnownTarget extends SigningTarget {
  /** Gives the text of a token, as far as it is known: nothing at first, and `finalText` in the end. */
  readonly known: (text: string) => string;
}

export const asItIs = (text: string) => text;

/**
 * Whether a text has a value of `Lazy` in it. It must not be resolved before the end of synthesis: CDK keeps the first
 * value that it gets.
 */
export function comesLate(...texts: string[]): boolean {
  return texts.some(text => Tokenization.reverseString(text).tokens.some(token => shownInJson(token) === LAZY));
}

const shownInJson = (token: IResolvable & { toJSON?(): unknown }) => token.toJSON?.();

/** How CDK shows every `Lazy`, but no token of CloudFormation. */
const LAZY = shownInJson(Lazy.any({ produce: () => undefined }));

const standIns = new WeakMap<IResolvable, IResolvable>();

/** The text with a stand-in for each `Lazy`: a reference, which can be resolved at any time. */
export function withStandIns(text: string): string {
  if (!comesLate(text)) return text;
  const mapToken = (token: IResolvable) => {
    if (shownInJson(token) !== LAZY) return token;
    if (!standIns.has(token)) standIns.set(token, Token.asAny({ Ref: `${token}`.replace(/\W/g, '-') }));
    return standIns.get(token);
  };
  return Tokenization.reverseString(text).mapTokens({ mapToken }).join(new StringConcat());
}

/** The text at the end of synthesis. What only the deployment knows stays a token. */
export function finalText(stack: Stack, text: string): string {
  if (!Token.isUnresolved(text)) return text;
  const resolved = stack.resolve(text) ?? '';
  return typeof resolved === 'string' || comesLate(text) ? Token.asString(resolved) : text;
}
