// Two constructs for one identity would undo each other's work on every deployment, so the second one is refused.
import { Stack, Token } from 'aws-cdk-lib';
import { Construct, IConstruct } from 'constructs';

/** By app: what is claimed, and the path of the construct that claims it. */
const claims = new WeakMap<IConstruct, Map<string, string>>();

/**
 * Identities are told apart by account, Region and domain. Where a stack does not say which account and Region it is for, it is only compared
 * with itself and the stacks nested in it: it may be deployed several times, to different ones.
 */
export function claimIdentity(scope: Construct, region: string, domain: string): void {
  const app = scope.node.root;
  const claimed = claims.get(app) ?? new Map<string, string>();
  claims.set(app, claimed);

  const stack = Stack.of(scope);
  const known = ![stack.account, region].some(part => Token.isUnresolved(part));
  const where = known ? stack.account : outermost(stack).node.addr;
  const key = JSON.stringify(stack.resolve([where, region, domain]));

  const other = claimed.get(key);
  if (other) {
    throw new Error(`identity '${domain}' already has an EmailIdentityDkim in its Region: '${other}'. `
      + `Remove it or '${scope.node.path}': each would undo what the other one does`);
  }
  claimed.set(key, scope.node.path);
}

function outermost(stack: Stack): Stack {
  return stack.nestedStackParent ? outermost(stack.nestedStackParent) : stack;
}
