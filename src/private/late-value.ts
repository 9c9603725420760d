// Values that synthesis itself gives, but only at its end, as with `Lazy`.
import { Stack, Token } from 'aws-cdk-lib';

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

/** Whether the text is not final yet. A token that is an intrinsic function of CloudFormation is. */
export function comesLate(stack: Stack, text: string): boolean {
  return Token.isUnresolved(text) && typeof stack.resolve(text) !== 'object';
}

/** The text at the end of synthesis. What only the deployment knows stays a token. */
export function finalText(stack: Stack, text: string): string {
  const resolved = Token.isUnresolved(text) ? stack.resolve(text) ?? '' : text;
  return typeof resolved === 'string' ? resolved : text;
}
