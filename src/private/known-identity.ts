// What synthesis knows about an SES identity: its domain, its Region, its account and what it says of its
// signing.
import { ArnFormat, CfnResource, Stack, Token, Tokenization } from 'aws-cdk-lib';
import { CfnEmailIdentity, IEmailIdentity } from 'aws-cdk-lib/aws-ses';
import { partsOfArn } from './known-arn';
import { finalText } from './late-value';
import { renderedProperties } from './rendered-properties';

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

/** The domain at the end of synthesis, when `Lazy` values and aspects have had their say. */
export function finalDomainOf(identity: IEmailIdentity): string {
  const name = resourceOf(identity)?.emailIdentity ?? identity.emailIdentityName;
  return finalText(Stack.of(identity), name);
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

export interface OwnSigning {
  readonly isSet: boolean;
  readonly isOff: boolean;
}

/** What the resource of the identity says of its signing. */
export function ownSigningOf(identity: IEmailIdentity): OwnSigning {
  const { dkimSigningAttributes, dkimAttributes } = resourceOf(identity) ?? {};
  const isOff = !Tokenization.isResolvable(dkimAttributes) && dkimAttributes?.signingEnabled === false;
  return { isSet: dkimSigningAttributes !== undefined, isOff };
}

/** The same at the end of synthesis, with what overrides and aspects have changed. */
export function finalOwnSigningOf(identity: IEmailIdentity): OwnSigning {
  const resource = resourceOf(identity);
  const { DkimSigningAttributes, DkimAttributes } = resource ? renderedProperties(resource) : {};
  return { isSet: DkimSigningAttributes !== undefined, isOff: `${DkimAttributes?.SigningEnabled}` === 'false' };
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
