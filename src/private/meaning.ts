// What texts stand for: those that stand for the same are the same, however each of them was come by.
import { DefaultTokenResolver, IPostProcessor, IResolvable, IResolveContext, Reference, Stack, StringConcat, Token, Tokenization } from 'aws-cdk-lib';

/**
 * A key for comparing texts that can have tokens. Two tokens that render the same are the same, whatever they are called at synthesis; but what is of
 * another stack renders like what has the same logical id here, until CDK has made exports of it, so the stacks that are referred to count as well.
 */
export function meaningOf(stack: Stack, ...texts: string[]): string {
  const stacks = new StacksReferredTo();
  Tokenization.resolve(texts, { scope: stack, resolver: stacks, preparing: false });
  return JSON.stringify([...stack.resolve(texts), ...stacks.found.filter(found => found !== stack).map(nameOf)]);
}

/** What CloudFormation knows the stack by, and not its path: whoever moves it into a stage has the same stack, and the same logical ids. */
function nameOf(stack: Stack): string[] {
  const where = [stack.account, stack.region].filter(part => !Token.isUnresolved(part));
  return [...where, stack.nestedStackParent ? stack.node.path : stack.stackName];
}

class StacksReferredTo extends DefaultTokenResolver {
  public readonly found: Stack[] = [];

  constructor() {
    super(new StringConcat());
  }

  public resolveToken(token: IResolvable, context: IResolveContext, postProcessor: IPostProcessor): any {
    if (Reference.isReference(token)) this.found.push(Stack.of(token.target));
    return super.resolveToken(token, context, postProcessor);
  }
}
