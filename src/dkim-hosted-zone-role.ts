// The role of a hosted zone in another account: what the account of the zone creates for the account that sends mail.
import { Stack } from 'aws-cdk-lib';
import { AccountPrincipal, CfnManagedPolicy, ManagedPolicy, Role } from 'aws-cdk-lib/aws-iam';
import { aws_route53 } from 'aws-cdk-lib/interfaces';
import { Construct } from 'constructs';
import { acknowledgeWildcards } from './private/acknowledged-finding';
import { placeIn } from './private/contract';
import { holds, zoneIdOf, zoneNameOf } from './private/known-zone';
import { MergedDocument } from './private/merged-document';
import { reasonsForWildcards, zonePermissions } from './private/permissions';
import { Grant, grantOf, pack, POLICIES_PER_ROLE } from './private/policy-packing';
import { checkAccountId, checkDomains, checkExternalId, checkReference, checkStackName, checkZoneId, isUnknown } from './private/validation';

/**
 * Properties of `DkimHostedZoneRole`.
 */
export interface DkimHostedZoneRoleProps {
  /**
   * The public hosted zone, in the account of this stack, as an L2 or an L1.
   *
   * @see https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zones-working-with.html
   */
  readonly hostedZone: aws_route53.IHostedZoneRef;

  /**
   * The domains whose DKIM records the role may change: at least one, in lower case.
   *
   * A domain that the zone does not hold has its keys there by CNAMEs, as `delegatedTo` of
   * `DkimSigning.rotatingByoDkim()` needs it. Then the zone needs its name here, too:
   * `HostedZone.fromHostedZoneAttributes()`.
   */
  readonly domains: string[];

  /**
   * The account that may assume the role: the 12 digits of the one with the `EmailIdentityDkim`.
   */
  readonly mailAccount: string;

  /**
   * The name of the stack with the `EmailIdentityDkim`.
   *
   * Then only roles may assume this one whose names begin with that of the stack, as CloudFormation
   * names them. The first 20 characters count, because CloudFormation shortens a long name. Leave it out
   * if that stack gives its function a role with another name.
   *
   * @default - each role of the account that has the permission
   */
  readonly mailStackName?: string;

  /**
   * A text that whoever assumes the role must give: 2 to 256 letters, digits and `_+=.@:/-`.
   *
   * Give the same text to the `EmailIdentityDkim`, as `hostedZoneRoleExternalId`. It is no secret.
   *
   * @default - no text is needed
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
   */
  readonly externalId?: string;

  /**
   * Name of the role. With a name, the account that sends mail knows the ARN before.
   *
   * @default - CloudFormation names it
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
   */
  readonly roleName?: string;
}

/**
 * A role for `hostedZoneRole`: it may change the DKIM records of these domains in one hosted zone, and
 * nothing else.
 *
 * Create it in the account of the zone. In the account that sends mail, import it by its ARN.
 *
 * Throws if
 *
 * - there is no domain, or one is not a domain name,
 * - the zone has an id that is not one of Route 53,
 * - the domains need more than ten managed policies, which is about 1,000 domains with usual names,
 * - `mailAccount`, `mailStackName` or `externalId` is not of its form.
 *
 * @example
 * declare const hostedZone: route53.IHostedZone;
 * new DkimHostedZoneRole(this, 'DkimDns', {
 *   hostedZone,
 *   domains: ['example.com'],
 *   mailAccount: '111111111111',
 *   roleName: 'dkim-dns',
 * });
 */
export class DkimHostedZoneRole extends Construct {
  /**
   * The role. In the same app, give it to the `EmailIdentityDkim` as `hostedZoneRole`; it then needs a `roleName`.
   */
  public readonly role: Role;

  /**
   * @param scope stack in the account of the zone, or a construct in it
   * @param id id of the construct
   * @param props properties of the role
   */
  constructor(scope: Construct, id: string, props: DkimHostedZoneRoleProps) {
    super(scope, id);
    const { hostedZone, domains, mailAccount, mailStackName, externalId } = props;
    const stack = Stack.of(this);
    checkReference('hostedZone', hostedZone, ['hostedZoneRef', 'hostedZoneId'],
      'Pass a hosted zone, for example of HostedZone.fromHostedZoneAttributes()');
    checkDomains(domains);
    for (const domain of domains) checkZoneId(domain, zoneIdOf(hostedZone));
    checkAccountId('mailAccount', mailAccount);
    if (mailStackName !== undefined) checkStackName('mailStackName', mailStackName);
    if (externalId !== undefined) checkExternalId('externalId', externalId);

    const principal = new AccountPrincipal(mailAccount).withConditions({
      ...mailStackName && {
        ArnLike: {
          'aws:PrincipalArn': stack.formatArn({
            service: 'iam', region: '', account: mailAccount, resource: 'role', resourceName: rolesOf(mailStackName),
          }),
        },
      },
      ...externalId && { StringEquals: { 'sts:ExternalId': externalId } },
    });
    this.role = new Role(this, 'Resource', {
      roleName: props.roleName,
      description: 'Changes DKIM records for the account that sends mail (cdk-ses-dkim)',
      assumedBy: principal,
    });
    const grants = domains.map((domain) => {
      const places = placesOf(domain, zoneNameOf(hostedZone));
      return grantOf(stack, places.flatMap(place => zonePermissions(stack, zoneIdOf(hostedZone), place)), places);
    });
    const packed = pack(grants, POLICIES_PER_ROLE);
    if (!packed) {
      throw new Error(`The domains of '${this.node.path}' need more than ${POLICIES_PER_ROLE} managed policies, and a role can have `
        + 'no more. Give some of the domains another DkimHostedZoneRole');
    }
    const [first, ...others] = packed.map((within, index) =>
      this.policyFor(grants.filter(grant => within.includes(grant)), `Records${index > 0 ? index + 1 : ''}`));
    first.node.addDependency(...others); // what the first one loses to a new one, that has before
  }

  /**
   * The domains are in it in the order in which they are given. It is a part of the role, so that whoever depends on
   * the role in this stack can use it until its own deletion is over.
   */
  private policyFor(grants: readonly Grant[], id: string): ManagedPolicy {
    const permissions = grants.flatMap(grant => grant.permissions);
    const policy = new ManagedPolicy(this.role, id, {
      document: new MergedDocument(Stack.of(this), () => permissions), roles: [this.role],
    });
    const resource = policy.node.defaultChild as CfnManagedPolicy | undefined;
    if (!resource) return policy; // the roles are made outside of the app
    for (const [arn, reason] of reasonsForWildcards(permissions)) acknowledgeWildcards(resource, [arn], reason);
    return policy;
  }
}

/** The names of a stack's roles. A long name is cut by CloudFormation, nobody says where. */
function rolesOf(stackName: string): string {
  const most = 20;
  return !isUnknown(stackName) && stackName.length > most ? `${stackName.slice(0, most)}*` : `${stackName}-*`;
}

/**
 * What the records of the domain are below, in this zone. Where only the deployment knows, that can be either. All
 * names in a zone end in its own, so a wildcard is as narrow as that, and short.
 */
function placesOf(domain: string, zoneName: string | undefined): string[] {
  if (zoneName === undefined) return [domain];
  if (isUnknown(zoneName) || isUnknown(domain)) return [domain, placeIn('*', domain)];
  return [holds(zoneName, domain) ? domain : placeIn(zoneName.toLowerCase(), domain)];
}
