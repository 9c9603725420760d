// What can be known at synthesis about an identity that somebody else made or imported: its domain, its Region and its account.
import { ArnFormat, CfnResource, Stack, Token } from 'aws-cdk-lib';
import { CfnEmailIdentity, IEmailIdentity } from 'aws-cdk-lib/aws-ses';
import { partsOfArn } from './known-arn';

/**
 * The name of the identity. That of one made in an app is a token, which would hide it from every check and make it count with the
 * longest possible name in policies; the resource behind it knows the name.
 */
export function domainOf(identity: IEmailIdentity): string {
  const name = resourceOf(identity)?.emailIdentity;
  return name !== undefined && !Token.isUnresolved(name) ? name : identity.emailIdentityName;
}

/** The Region that the identity is in: an imported ARN says it, but its `env` is that of the stack that imports it. */
export function regionOf(identity: IEmailIdentity): string {
  return arnOf(identity).region ?? identity.env.region;
}

/** The Region that it is in for certain. One that is imported by its name has the ARN of its stack's Region, and may be anywhere. */
export function certainRegionOf(identity: IEmailIdentity): string | undefined {
  const region = regionOf(identity);
  return resourceOf(identity) || region !== Stack.of(identity).region ? region : undefined;
}

/** True when the identity says itself how it signs. */
export function setsItsSigning(identity: IEmailIdentity): boolean {
  return resourceOf(identity)?.dkimSigningAttributes !== undefined;
}

export function accountOf(identity: IEmailIdentity): string {
  return arnOf(identity).account ?? identity.env.account;
}

function arnOf(identity: IEmailIdentity) {
  return partsOfArn(identity, identity.emailIdentityArn, ArnFormat.SLASH_RESOURCE_NAME);
}

function resourceOf(identity: IEmailIdentity): CfnEmailIdentity | undefined {
  const resource = identity.node.defaultChild;
  return resource && CfnResource.isCfnResource(resource) && resource.cfnResourceType === CfnEmailIdentity.CFN_RESOURCE_TYPE_NAME
    ? resource as CfnEmailIdentity : undefined;
}
