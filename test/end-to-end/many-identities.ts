// Stacks with many identities: subdomains of example.com with a key of their own and records in its zone.
import { Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { byoDkim, DOMAIN, Scene } from './scene';
import { DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';

const QUOTA_KEY = 'cdk-ses-dkim:managedPoliciesPerRole';

type Build = (stack: Stack) => void;

/** A scene's quota of managed policies for each role, of which the app is to know. */
const quotas = new WeakMap<Scene, number>();

/** The account has a higher quota of managed policies for each role, and the stacks that are built then know it. */
export function allowPolicies(scene: Scene, quota: number): void {
  scene.cloud.cloudFormation.iamSettings.managedPoliciesPerRole = quota;
  quotas.set(scene, quota);
}

/** Lets the stack know the quota of its account, when it is not the usual one. */
export function tellQuota(scene: Scene, stack: Stack): void {
  if (quotas.has(scene)) stack.node.setContext(QUOTA_KEY, quotas.get(scene));
}

/** An identity with BYODKIM for each domain, of which SES knows. Gives what builds the stack. */
export function withDomains(
  scene: Scene, domains: readonly string[], props: Partial<EmailIdentityDkimProps> = {},
  signingIn: (stack: Stack) => DkimSigning = (stack) => byoDkim(stack, 's1', scene.secrets.one),
): Build {
  for (const domain of domains) if (!scene.identity(undefined, domain)) scene.identityExists(undefined, domain);
  return (stack) => {
    tellQuota(scene, stack);
    const hostedZone = scene.zoneIn(stack);
    const signing = signingIn(stack);
    for (const domain of domains) {
      const identity = ses.EmailIdentity.fromEmailIdentityName(stack, `Identity-${domain}`, domain);
      new EmailIdentityDkim(stack, `Dkim-${domain}`, { identity, hostedZone, signing, ...props });
    }
  };
}

export function manyIdentities(
  scene: Scene, count: number, props?: Partial<EmailIdentityDkimProps>, signingIn?: (stack: Stack) => DkimSigning,
): Build {
  const domains = Array.from({ length: count }, (_, index) => `d${index}.${DOMAIN}`);
  return withDomains(scene, domains, props, signingIn);
}
