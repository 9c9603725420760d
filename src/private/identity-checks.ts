// What synthesis refuses about the identity of a construct.
import { Token } from 'aws-cdk-lib';
import { aws_ses } from 'aws-cdk-lib/interfaces';
import { accountOf, certainRegionOf, OwnSigning } from './known-identity';
import { partitionOf } from './known-region';
import { KnownTarget } from './late-value';
import { shown } from './shown';
import { checkAccount, checkDomain, checkPartition, checkRegion, checkSameRegion } from './validation';

export function checkIdentity(
  identity: aws_ses.IEmailIdentityRef, own: OwnSigning, { stack, domain, region, known }: KnownTarget,
): void {
  checkDomain(domain);
  checkRegion('region', region);
  checkPartition(`region ${shown(region)}`, partitionOf(region), partitionOf(stack.region));
  checkSameRegion(region, domain, certainRegionOf(identity));
  const advice = 'Put the EmailIdentityDkim into a stack of that account';
  checkAccount('identity', known(accountOf(identity)), stack.account, advice);
  if (own.isSet) {
    throw new Error(`identity ${shown(domain)} sets its signing itself, by dkimIdentity or dkimSigningAttributes. It and `
      + "this construct would undo each other's changes. Leave both out of the identity");
  }
  if (own.isOff) {
    throw new Error(`identity ${shown(domain)} has dkimSigning: false. SES would verify the records and sign nothing. Leave `
      + 'dkimSigning out of the identity (dkimAttributes, if it is an L1), or remove the EmailIdentityDkim');
  }
}

/** An identity of the former name can be somebody else's. The rights and the properties are for that one. */
export function checkSameName(before: string, now: string): void {
  if (Token.isUnresolved(before) || now === before) return;
  throw new Error(`identity ${shown(before)} was renamed to ${shown(now)} after the EmailIdentityDkim was made, which would set the `
    + 'signing of the former. Give the identity its name before that');
}
