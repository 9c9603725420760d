// Network interfaces of functions in a VPC, and AWS::EC2::SecurityGroup. Lambda makes and deletes the interfaces with
// the rights of the function's role.
import { Physical, PreviousState, ResourceProvider, ResourceRequest } from './provider';
import { Iam } from '../../iam';
import { randomText } from '../../time/random';

interface FunctionInVpc {
  readonly account: string;
  readonly region: string;
  readonly arn: string;
  readonly roleArn: string;
}

interface VpcConfig {
  readonly SubnetIds: string[];
  readonly SecurityGroupIds: string[];
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions */
const DESCRIBE = ['DescribeNetworkInterfaces', 'DescribeSubnets'];
const CHANGE = ['CreateNetworkInterface', 'DeleteNetworkInterface', 'AssignPrivateIpAddresses', 'UnassignPrivateIpAddresses'];

export class NetworkInterfaces {
  /** The security groups of the interfaces that a function has, by the function's ARN. */
  private readonly groups = new Map<string, string[]>();

  constructor(private readonly iam: Iam) {}

  attach(target: FunctionInVpc, { SecurityGroupIds }: VpcConfig): void {
    const missing = [...DESCRIBE, ...CHANGE].find((action) => !this.may(target, action));
    if (missing) {
      throw new Error(`The provided execution role does not have permissions to call ${missing} on EC2`);
    }
    this.groups.set(target.arn, SecurityGroupIds);
  }

  /** Without the rights of the role, the interfaces stay. */
  detach(target: FunctionInVpc): void {
    if (CHANGE.every((action) => this.may(target, action))) this.groups.delete(target.arn);
  }

  isUsed(securityGroup: string): boolean {
    return [...this.groups.values()].some((each) => each.includes(securityGroup));
  }

  /** Lambda itself asks, and not the code of the function. */
  private may({ account, region, roleArn }: FunctionInVpc, action: string): boolean {
    const [, partition] = roleArn.split(':');
    const resource = DESCRIBE.includes(action) ? '*' : `arn:${partition}:ec2:${region}:${account}:network-interface/eni-1`;
    try {
      this.iam.authorize({ account, roleArn }, `ec2:${action}`, resource);
      return true;
    } catch {
      return false;
    }
  }
}

export class SecurityGroupProvider implements ResourceProvider {
  readonly replacedBy = ['GroupDescription', 'GroupName', 'VpcId'];

  constructor(private readonly interfaces: NetworkInterfaces) {}

  create({ random, properties }: ResourceRequest): Physical {
    const id = `sg-${randomText(random, '0123456789abcdef', 17)}`;
    return { physicalId: id, attributes: { GroupId: id, VpcId: properties.VpcId } };
  }

  update(_request: ResourceRequest, previous: PreviousState): Physical {
    return previous;
  }

  delete(_request: ResourceRequest, { physicalId }: PreviousState): void {
    if (this.interfaces.isUsed(physicalId)) throw new Error(`resource ${physicalId} has a dependent object`);
  }
}
