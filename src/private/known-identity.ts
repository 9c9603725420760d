// What synthesis knows about an SES identity: its domain, its Region, its account and what it says of its
// signing.
import { ArnFormat, Reference, Stack, Token, Tokenization } from 'aws-cdk-lib';
import { CfnEmailIdentity, IEmailIdentity } from 'aws-cdk-lib/aws-ses';
import { aws_ses } from 'aws-cdk-lib/interfaces';
import { IConstruct } from 'constructs';
import { partsOfArn } from './known-arn';
import { resourceOf, withL2 } from './known-resource';
import { finalText } from './late-value';
import { renderedProperties } from './rendered-properties';

/**
 * The domain of the identity.
 *
 * The name of an identity that the app creates is a token. No check could read it, and a policy would
 * count it as the longest possible name. So the name is taken from the CloudFormation resource.
 */
export function domainOf(identity: aws_ses.IEmailIdentityRef): string {
  const name = namedResource(identity)?.emailIdentity;
  return name !== undefined && !Token.isUnresolved(name) ? name : identity.emailIdentityRef.emailIdentity;
}

/** The domain at the end of synthesis, when `Lazy` values, aspects and overrides have had their say. */
export function finalDomainOf(identity: aws_ses.IEmailIdentityRef): string {
  const resource = namedResource(identity);
  const rendered = resource && renderedProperties(resource).EmailIdentity;
  if (typeof rendered === 'string') return rendered;
  return finalText(Stack.of(identity), resource?.emailIdentity ?? identity.emailIdentityRef.emailIdentity);
}

/**
 * The Region in the ARN. The `env` of an imported identity is only that of the stack that imports it.
 */
export function regionOf(identity: aws_ses.IEmailIdentityRef): string {
  return arnOf(identity).region ?? identity.env.region;
}

/**
 * The Region of the identity, or undefined if it is only a guess. An identity that is imported by its
 * name gets the Region of its stack in its ARN, but can be in any Region.
 */
export function certainRegionOf(identity: aws_ses.IEmailIdentityRef): string | undefined {
  const region = regionOf(identity);
  const isOfApp = CfnEmailIdentity.isCfnEmailIdentity(resourceOf(identity));
  return isOfApp || region !== Stack.of(identity).region ? region : undefined;
}

/**
 * What is one identity, whatever constructs stand for it. One that is imported by the name of an identity of the app is
 * that. If the name is only a part of the domain, as in `news.${name}`, it is another.
 */
export function identityBehind(identity: aws_ses.IEmailIdentityRef): IConstruct {
  const { length, tokens: [name] } = Tokenization.reverseString(identity.emailIdentityRef.emailIdentity);
  const named = length === 1 && Reference.isReference(name) ? resourceOf(name.target) : undefined;
  return resourceOf(identity) ?? (CfnEmailIdentity.isCfnEmailIdentity(named) ? named : identity);
}

/** What has the records of the identity below it. */
export function identityWithRecords(identity: aws_ses.IEmailIdentityRef): Set<IConstruct> {
  return withL2(identity, identityBehind(identity), 'emailIdentityRef');
}

export interface OwnSigning {
  readonly isSet: boolean;
  readonly isOff: boolean;
}

/** What the resource of the identity says of its signing. */
export function ownSigningOf(identity: aws_ses.IEmailIdentityRef, region: string): OwnSigning {
  const { dkimSigningAttributes, dkimAttributes } = signingResource(identity, region) ?? {};
  const isOff = !Tokenization.isResolvable(dkimAttributes) && dkimAttributes?.signingEnabled === false;
  return { isSet: dkimSigningAttributes !== undefined, isOff };
}

/** The same at the end of synthesis, with what overrides and aspects have changed. */
export function finalOwnSigningOf(identity: aws_ses.IEmailIdentityRef, region: string): OwnSigning {
  const resource = signingResource(identity, region);
  const { DkimSigningAttributes, DkimAttributes } = resource ? renderedProperties(resource) : {};
  return { isSet: DkimSigningAttributes !== undefined, isOff: `${DkimAttributes?.SigningEnabled}` === 'false' };
}

/** An identity that is imported by the name of one of the app is that one, if it is in the same account and Region. */
function signingResource(identity: aws_ses.IEmailIdentityRef, region: string): CfnEmailIdentity | undefined {
  const named = namedResource(identity);
  const isThat = named && Stack.of(named).region === region && Stack.of(named).account === Stack.of(identity).account;
  return isThat ? named : undefined;
}

export function accountOf(identity: aws_ses.IEmailIdentityRef): string {
  return arnOf(identity).account ?? identity.env.account;
}

/** Only an L2 has an ARN. */
function arnOf(identity: aws_ses.IEmailIdentityRef) {
  const { emailIdentityArn = '' } = identity as Partial<IEmailIdentity>;
  return partsOfArn(identity, emailIdentityArn, ArnFormat.SLASH_RESOURCE_NAME);
}

/** The resource of the app that has the name of the identity. */
function namedResource(identity: aws_ses.IEmailIdentityRef): CfnEmailIdentity | undefined {
  const behind = identityBehind(identity);
  return CfnEmailIdentity.isCfnEmailIdentity(behind) ? behind : undefined;
}
