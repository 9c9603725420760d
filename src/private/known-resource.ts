// The resource of CloudFormation that a construct stands for, if the app creates it.
import { CfnResource } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';

/** An L1 is the resource. An L2, and what others write like one, has it inside. */
export function resourceOf(construct: IConstruct): CfnResource | undefined {
  const resource = CfnResource.isCfnResource(construct) ? construct : construct.node.defaultChild;
  return CfnResource.isCfnResource(resource) ? resource : undefined;
}
