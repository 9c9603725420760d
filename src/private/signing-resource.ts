// The custom resource that sets the signing of an identity in one Region.
import { CfnResource, Lazy, RemovalPolicy } from 'aws-cdk-lib';
import { Construct, IDependable } from 'constructs';
import { RESOURCE_TYPE, ResourceProperties, SERVICE_TIMEOUT } from './contract';
import { SigningTarget } from './late-value';
import { nameAfter } from './logical-id';
import type { Provider } from './provider';
import { isRetained } from './rotating-key';
import { checkRemovalPolicy } from './validation';

interface SigningResourceOptions {
  readonly provider: Provider;
  readonly removalPolicy?: RemovalPolicy;
  /** It needs them, also when it is deleted. */
  readonly rights: IDependable[];
}

export function signingResource(
  scope: Construct, id: string, target: SigningTarget, properties: ResourceProperties,
  { provider, removalPolicy, rights }: SigningResourceOptions,
): CfnResource {
  const resource: CfnResource = new CfnResource(scope, id, {
    type: RESOURCE_TYPE,
    properties: {
      ServiceToken: provider.serviceToken,
      ServiceTimeout: SERVICE_TIMEOUT.toString(),
      ...properties,
      RemovalPolicy: Lazy.uncachedString({ produce: () => isRetained(resource) ? 'RETAIN' : undefined }),
    },
  });
  if (removalPolicy) resource.applyRemovalPolicy(checkRemovalPolicy(removalPolicy));
  // With `Retain`, CloudFormation would not call the handler. The handler must be called: it keeps
  // signing and records, and deletes the registry record. So the policy, also that of an aspect, is a
  // property. `Delete` is CloudFormation's default anyway.
  resource.addDeletionOverride('DeletionPolicy');
  resource.addDeletionOverride('UpdateReplacePolicy');
  nameAfter(target, resource);
  resource.node.addDependency(...rights);
  provider.turns.add(resource, properties.WaitForVerification !== undefined);
  return resource;
}
