// What synthesis knows about an SES identity: its domain, its Region, its account and who sets its
// signing.
import { ArnFormat, CfnResource, Stack, Token } from 'aws-cdk-lib';
import { CfnEmailIdentity, IEmailIdentity } from 'aws-cdk-lib/aws-ses';
import { partsOfArn } from './known-arn';

/**
 * The domain of the identity.
 *
 * The name of an identity that the app creates is a token. No check could read it, and a policy would
 * count it as the longest possible name. So the name is taken from the CloudFormation resource inside
 * the construct.
 */
export function domainOf(identity: IEmailIdentity): string {
  const name = resourceOf(identity)?.emailIdentity;
  return name !== undefined && !Token.isUnresolved(name) ? name : identity.emailIdentityName;
}

/**
 * The Region in the ARN. The `env` of an imported identity is only that of the stack that imports it.
 */
export function regionOf(identity: IEmailIdentity): string {
  return arnOf(identity).region ?? identity.env.region;
}

/**
 * The Region of the identity, or undefined if it is only a guess. An identity that is imported by its
 * name gets the Region of its stack in its ARN, but can be in any Region.
 */
export function certainRegionOf(identity: IEmailIdentity): string | undefined {
  const region = regionOf(identity);
  return resourceOf(identity) || region !== Stack.of(identity).region ? region : undefined;
}

/** Whether the identity's own resource sets how it signs. */
export function setsOwnSigning(identity: IEmailIdentity): boolean {
  return resourceOf(identity)?.dkimSigningAttributes !== undefined;
}

export function accountOf(identity: IEmailIdentity): string {
  return arnOf(identity).account ?? identity.env.account;
}

function arnOf(identity: IEmailIdentity) {
  return partsOfArn(identity, identity.emailIdentityArn, ArnFormat.SLASH_RESOURCE_NAME);
}

/** The CloudFormation resource, if the app creates the identity. */
function resourceOf(identity: IEmailIdentity): CfnEmailIdentity | undefined {
  const resource = identity.node.defaultChild;
  const isEmailIdentity = CfnResource.isCfnResource(resource)
    && resource.cfnResourceType === CfnEmailIdentity.CFN_RESOURCE_TYPE_NAME;
  return isEmailIdentity ? resource as CfnEmailIdentity : undefined;
}
