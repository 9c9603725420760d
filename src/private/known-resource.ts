// The resource of CloudFormation that a construct stands for, if the app creates it.
import { CfnResource } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';

/** An L1 is the resource. An L2, and what others write like one, has it inside. */
export function resourceOf(construct: IConstruct): CfnResource | undefined {
  const resource = CfnResource.isCfnResource(construct) ? construct : construct.node.defaultChild;
  return CfnResource.isCfnResource(resource) ? resource : undefined;
}

/**
 * The construct, and the L2 of the app for the same resource, where only the L1 or a name is given. Below either can be
 * what belongs to the resource.
 *
 * @param member that the L2 has, and what else is around an L1 has not
 */
export function withL2(given: IConstruct, resource: IConstruct | undefined, member: string): Set<IConstruct> {
  const scope = resource?.node.scope;
  return new Set(scope && member in scope && resourceOf(scope) === resource ? [given, scope] : [given]);
}
