// Two constructs for one identity would undo each other's work on every deployment, so the second one is refused; and one that is renamed is the
// same resource still.
import { createHash } from 'crypto';
import { Stack, Token } from 'aws-cdk-lib';
import { Construct, IConstruct } from 'constructs';
import { meaningOf } from './meaning';

/** By app: what is claimed, and the path of the construct that claims it. */
const claims = new WeakMap<IConstruct, Map<string, string>>();

/**
 * Identities are told apart by account, Region and domain. Where a stack does not say for which of them it is, it is only compared with itself and the
 * stacks nested in it: it may be deployed several times, to different ones.
 */
export function claimIdentity(scope: Construct, identity: IConstruct, region: string, domain: string): void {
  const app = scope.node.root;
  const claimed = claims.get(app) ?? new Map<string, string>();
  claims.set(app, claimed);

  const stack = Stack.of(scope);
  const whole = outermost(stack);
  const known = ![stack.account, region, domain].some(part => Token.isUnresolved(part));
  const where = known ? stack.account : whole.node.addr;
  // Stacks that are for anywhere are told apart, but one construct is one identity in whichever of them.
  const keys = [[where, region, domain], [identity.node.path, region]].map(parts => meaningOf(whole, ...parts));

  const other = keys.map(key => claimed.get(key)).find(path => path !== undefined);
  if (other) {
    throw new Error(`identity '${domain}' already has an EmailIdentityDkim in its Region: '${other}'. `
      + `Remove it or '${scope.node.path}': each would undo what the other one does`);
  }
  for (const key of keys) claimed.set(key, scope.node.path);
}

/**
 * A logical id that follows from the identity. If it followed from the construct's path, as CDK's ids do, a construct that is renamed or moved within
 * its stack would be a new resource and the Delete of the old one, which takes away the signing that the new one found.
 */
export function logicalIdFor(stack: Stack, region: string, domain: string): string {
  const identity = meaningOf(stack, region === stack.region ? '' : region, domain);
  return `Dkim${createHash('sha256').update(identity).digest('hex').slice(0, 12).toUpperCase()}`;
}

function outermost(stack: Stack): Stack {
  return stack.nestedStackParent ? outermost(stack.nestedStackParent) : stack;
}
