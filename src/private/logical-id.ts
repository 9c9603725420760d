// The logical id of the custom resource. It follows from the identity, not from the place of the
// construct in the app.
import { createHash } from 'crypto';
import { CfnResource, Lazy, Stack } from 'aws-cdk-lib';
import { comparisonKey } from './comparison-key';
import { comesLate, finalText, SigningTarget } from './late-value';

/**
 * The logical id for an identity in a stack.
 *
 * CDK would derive it from the path of the construct. Then a construct that is renamed or moved within
 * its stack would be a new resource. CloudFormation would create the new one, which finds everything in
 * place, and then delete the old one, which takes the signing away (docs/adr/0014-logical-id.md).
 *
 * The stack's own Region is left out. A stack that gets an `env` later keeps its logical ids.
 */
export function logicalIdFor(stack: Stack, region: string, domain: string): string {
  const identity = comparisonKey(stack, region === stack.region ? '' : region, domain);
  return `Dkim${createHash('sha256').update(identity).digest('hex').slice(0, 12).toUpperCase()}`;
}

/** Names a resource after the identity: the custom resource itself, or with an end, one that belongs to it. */
export function nameAfter({ stack, region, domain }: SigningTarget, resource: CfnResource, end = ''): void {
  const produce = () => logicalIdFor(stack, finalText(stack, region), finalText(stack, domain)) + end;
  resource.overrideLogicalId(comesLate(domain, region) ? Lazy.uncachedString({ produce }) : produce());
}

/** Of the custom resource. */
export const LOGICAL_ID_LENGTH = 'Dkim'.length + 12;
