// A key that compares texts with tokens: two texts have the same key if they have the same value at
// deployment.
import { Stack, Token } from 'aws-cdk-lib';
import { referencesIn } from './references';

/**
 * The key of some texts, as they are in the template of a stack.
 *
 * The rendered texts are compared, because two different tokens can render the same. That alone is not
 * enough for a reference to another stack. Until CDK has made an export for it, it renders like a
 * reference to a resource of this stack with the same logical id. So the key also has the names of the
 * other stacks.
 */
export function comparisonKey(stack: Stack, ...texts: string[]): string {
  return compared(stack, texts).key;
}

/** The same, with the texts as they are in the template. */
export function compared(stack: Stack, texts: string[]): { readonly key: string; readonly resolved: readonly any[] } {
  // The usual case; tokens are slow.
  if (!texts.some(text => Token.isUnresolved(text))) return { key: JSON.stringify(texts), resolved: texts };
  const otherStacks = referencesIn(stack, texts).map(Stack.of).filter(found => found !== stack);
  const resolved = stack.resolve(texts);
  return { key: JSON.stringify([...resolved, ...otherStacks.map(nameOf)]), resolved };
}

/**
 * How CloudFormation knows a stack: by account, Region and stack name. The construct path is no part of
 * it. If the app moves a stack into a stage, the path changes, but the stack and its logical ids can
 * stay the same.
 */
function nameOf(stack: Stack): string[] {
  const environment = [stack.account, stack.region].filter(part => !Token.isUnresolved(part));
  return [...environment, stack.nestedStackParent ? stack.node.path : stack.stackName];
}
