// Refuses a second construct for one identity, because two constructs would undo each other's changes
// in every deployment.
import { Stack, Token } from 'aws-cdk-lib';
import { Construct, IConstruct } from 'constructs';
import { comparisonKey } from './comparison-key';

/** For each app: the path of the construct that has claimed an identity, by a key of that identity. */
const claims = new WeakMap<IConstruct, Map<string, string>>();

/**
 * Claims an identity for a construct. Throws if another construct has claimed it.
 *
 * Account, Region and domain name an identity. One of them can be unknown at synthesis. A stack without
 * an account or Region can be deployed several times, for different identities. Then the claim holds
 * only within the stack and its nested stacks. But one `EmailIdentity` construct is one identity
 * wherever the stacks are deployed. So it is claimed as well.
 */
export function claimIdentity(scope: Construct, identity: IConstruct, region: string, domain: string): void {
  const app = scope.node.root;
  const claimed = claims.get(app) ?? new Map<string, string>();
  claims.set(app, claimed);

  const stack = Stack.of(scope);
  const topLevelStack = topLevelStackOf(stack);
  const isKnown = ![stack.account, region, domain].some(part => Token.isUnresolved(part));
  const account = isKnown ? stack.account : topLevelStack.node.addr;
  const keys = [[account, region, domain], [identity.node.path, region]]
    .map(parts => comparisonKey(topLevelStack, ...parts));

  const other = keys.map(key => claimed.get(key)).find(path => path !== undefined);
  if (other) {
    throw new Error(`identity '${domain}' already has an EmailIdentityDkim in its Region: '${other}'. `
      + `Remove it or '${scope.node.path}': they would undo each other's changes`);
  }
  for (const key of keys) claimed.set(key, scope.node.path);
}

function topLevelStackOf(stack: Stack): Stack {
  return stack.nestedStackParent ? topLevelStackOf(stack.nestedStackParent) : stack;
}
