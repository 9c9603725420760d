// Bad input that the construct refuses: each with the exact message, and with no key text in it.
import { App, Stack } from 'aws-cdk-lib';
import { AT_SYNTHESIS } from './at-synthesis';
import { wholeMessage } from './refusal';
import { mailStack } from '../mail-stack';

const CASES = AT_SYNTHESIS.flatMap((refusal) => (refusal.atSynthesis ?? []).map((each) => ({ ...each, refusal })));

/** The error of an app, or nothing. */
function errorOf(build: (stack: Stack) => void): Error | undefined {
  const stack = mailStack();
  try {
    build(stack);
    (stack.node.root as App).synth();
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

test.each(CASES)('$title', ({ build, parts, isLate, refusal }) => {
  const error = errorOf(build);
  const said = error?.message ?? 'nothing was refused';
  const message = wholeMessage(refusal, parts);
  expect(isLate ? said.slice(said.indexOf(message)) : said).toBe(message);
  expect(error!.name).toMatch(/Error$/);
  expect(said).not.toMatch(/MII[A-Za-z0-9+/]{9}|[\p{Cc}\u2028-\u202e](?!\s*\[)/u);
});
