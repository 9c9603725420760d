// AWS::Lambda::Permission
import { lambdaArnOf } from './lambda';
import { Physical, physicalName, PreviousState, ResourceProvider, ResourceRequest } from './provider';
import { Lambda } from '../../lambda';

export class PermissionProvider implements ResourceProvider {
  readonly replacedBy = [
    'Action', 'EventSourceToken', 'FunctionName', 'FunctionUrlAuthType', 'Principal', 'PrincipalOrgID', 'SourceAccount',
    'SourceArn',
  ];

  constructor(private readonly lambda: Lambda) {}

  create(request: ResourceRequest): Physical {
    const { Action: action, FunctionName, Principal: principal, SourceAccount, SourceArn } = request.properties;
    const functionArn = lambdaArnOf(request, String(FunctionName));
    if (!action || !principal) throw new Error('Action and Principal of a permission are required');
    if (!this.lambda.hasFunction(functionArn)) throw new Error(`Function not found: ${functionArn}`);
    const id = physicalName(request, 100);
    const source = { sourceAccount: SourceAccount, sourceArn: SourceArn };
    this.lambda.permissions.add(id, { functionArn, action, principal, ...source });
    return { physicalId: id, attributes: { Id: id } };
  }

  /** Every property replaces it. */
  update(_: ResourceRequest, previous: PreviousState): Physical {
    return previous;
  }

  delete(_: ResourceRequest, { physicalId }: PreviousState): void {
    this.lambda.permissions.remove(physicalId);
  }
}
