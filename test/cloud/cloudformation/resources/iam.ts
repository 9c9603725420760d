// AWS::IAM::Role, Policy and ManagedPolicy.
import { IamEntities } from './iam-entities';
import { Physical, physicalName, PreviousState, Properties, ResourceProvider, ResourceRequest } from './provider';
import { PolicyDocument } from '../../iam-policy';

export class RoleProvider implements ResourceProvider {
  readonly replacedBy = ['RoleName', 'Path'];

  constructor(private readonly entities: IamEntities) {}

  create(request: ResourceRequest): Physical {
    const name: string = request.properties.RoleName ?? physicalName(request);
    const arn = this.entities.createRole(request, name, request.properties.AssumeRolePolicyDocument);
    try {
      this.change(request, name, {}, request.properties);
    } catch (error) {
      this.delete(request, { physicalId: name, attributes: {}, properties: request.properties });
      throw error;
    }
    return { physicalId: name, attributes: { Arn: arn, RoleId: `AROA${name.toUpperCase()}` } };
  }

  update(request: ResourceRequest, previous: PreviousState): Physical {
    this.entities.setTrust(previous.attributes.Arn as string, request.properties.AssumeRolePolicyDocument);
    this.change(request, previous.physicalId, previous.properties, request.properties);
    return previous;
  }

  /** CloudFormation takes away what the template gave the role, and nothing else. */
  delete(request: ResourceRequest, { physicalId, properties }: PreviousState): void {
    for (const { PolicyName } of properties.Policies ?? []) this.entities.removeInline(request, physicalId, PolicyName);
    for (const arn of properties.ManagedPolicyArns ?? []) this.entities.detach(request, physicalId, arn);
    this.entities.deleteRole(request, physicalId);
  }

  private change(request: ResourceRequest, name: string, before: Properties, after: Properties): void {
    const policies: { PolicyName: string; PolicyDocument: PolicyDocument }[] = after.Policies ?? [];
    const names = policies.map(({ PolicyName }) => PolicyName);
    for (const { PolicyName } of before.Policies ?? []) {
      if (!names.includes(PolicyName)) this.entities.removeInline(request, name, PolicyName);
    }
    for (const policy of policies) this.entities.putInline(request, name, policy.PolicyName, policy.PolicyDocument);
    const [gone, come] = difference(before.ManagedPolicyArns, after.ManagedPolicyArns);
    for (const arn of gone) this.entities.detach(request, name, arn);
    for (const arn of come) this.entities.attach(request, name, arn);
  }
}

export class PolicyProvider implements ResourceProvider {
  readonly replacedBy = ['PolicyName'];

  constructor(private readonly entities: IamEntities) {}

  create(request: ResourceRequest): Physical {
    const { PolicyName, PolicyDocument: document, Roles = [] } = request.properties;
    for (const role of Roles) this.entities.putInline(request, role, PolicyName, document);
    return { physicalId: physicalName(request), attributes: {} };
  }

  update(request: ResourceRequest, previous: PreviousState): Physical {
    const { PolicyName, PolicyDocument: document, Roles = [] } = request.properties;
    const [gone] = difference(previous.properties.Roles, Roles);
    for (const role of gone) this.entities.removeInline(request, role, PolicyName);
    for (const role of Roles) this.entities.putInline(request, role, PolicyName, document);
    return previous;
  }

  delete(request: ResourceRequest): void {
    const { PolicyName, Roles = [] } = request.properties;
    for (const role of Roles) this.entities.removeInline(request, role, PolicyName);
  }
}

export class ManagedPolicyProvider implements ResourceProvider {
  readonly replacedBy = ['ManagedPolicyName', 'Path', 'Description'];

  constructor(private readonly entities: IamEntities) {}

  create(request: ResourceRequest): Physical {
    const { ManagedPolicyName, Path = '/', PolicyDocument: document, Roles = [] } = request.properties;
    const arn = this.entities.createManaged(request, ManagedPolicyName ?? physicalName(request, 128), Path, document);
    try {
      for (const role of Roles) this.entities.attach(request, role, arn);
    } catch (error) {
      this.delete(request, { physicalId: arn });
      throw error;
    }
    return { physicalId: arn, attributes: { PolicyArn: arn } };
  }

  update(request: ResourceRequest, previous: PreviousState): Physical {
    const arn = previous.physicalId;
    this.entities.putManaged(arn, request.properties.PolicyDocument);
    const [gone, come] = difference(previous.properties.Roles, request.properties.Roles);
    for (const role of gone) this.entities.detach(request, role, arn);
    for (const role of come) this.entities.attach(request, role, arn);
    return previous;
  }

  /** The policy is taken from the roles that the template named; with any other it is refused. */
  delete(request: ResourceRequest, { physicalId }: Pick<PreviousState, 'physicalId'>): void {
    for (const role of request.properties.Roles ?? []) this.entities.detach(request, role, physicalId);
    this.entities.deleteManaged(physicalId);
  }
}

function difference(before: readonly string[] = [], after: readonly string[] = []): [gone: string[], come: string[]] {
  return [before.filter((each) => !after.includes(each)), after.filter((each) => !before.includes(each))];
}
