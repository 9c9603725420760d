// Refuses a second construct for one identity, because two constructs would undo each other's changes
// in every deployment.
import { Stack, Token } from 'aws-cdk-lib';
import { Construct, IConstruct } from 'constructs';
import { comparisonKey } from './comparison-key';
import { shown } from './shown';

/**
 * The app has the claims: the path of the construct that has claimed an identity, by a key of that
 * identity. An app can have several copies of this library. They find each other's claims by the symbol.
 */
const CLAIMS = Symbol.for('cdk-ses-dkim.claims');

/**
 * Claims an identity for a construct. Throws if another construct has claimed it.
 *
 * Account, Region and domain name an identity. One of them can be unknown at synthesis. A stack without
 * an account or Region can be deployed several times, for different identities. Then the claim holds
 * only within the stack and its nested stacks. But one `EmailIdentity` construct is one identity
 * wherever the stacks are deployed. So it is claimed as well.
 */
export function claimIdentity(scope: Construct, identity: IConstruct, region: string, domain: string): void {
  const claimed = claimsOf(scope.node.root);
  const stack = Stack.of(scope);
  const topLevelStack = topLevelStackOf(stack);
  const isKnown = ![stack.account, region, domain].some(part => Token.isUnresolved(part));
  const account = isKnown ? stack.account : topLevelStack.node.addr;
  const keys = [[account, region, domain], [identity.node.path, region]]
    .map(parts => comparisonKey(topLevelStack, ...parts));

  const other = keys.map(key => claimed.get(key)).find(path => path !== undefined && path !== scope.node.path);
  if (other) {
    throw new Error(`identity ${shown(domain)} already has an EmailIdentityDkim in its Region: '${other}'. `
      + `Remove it or '${scope.node.path}', whichever is not deployed yet: they would undo each other's changes`);
  }
  for (const key of keys) claimed.set(key, scope.node.path);
}

function claimsOf(app: IConstruct & { [CLAIMS]?: Map<string, string> }): Map<string, string> {
  return app[CLAIMS] ??= new Map();
}

function topLevelStackOf(stack: Stack): Stack {
  return stack.nestedStackParent ? topLevelStackOf(stack.nestedStackParent) : stack;
}
