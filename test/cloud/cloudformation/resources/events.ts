// AWS::Events::Rule, of the default bus.
import { Physical, physicalName, PreviousState, ResourceProvider, ResourceRequest } from './provider';
import { EventBridge, RuleParameters } from '../../event-bridge';

export class RuleProvider implements ResourceProvider {
  readonly replacedBy = ['Name', 'EventBusName'];

  constructor(private readonly eventBridge: EventBridge) {}

  create(request: ResourceRequest): Physical {
    const { Name: name = physicalName(request), EventBusName = 'default' } = request.properties;
    if (EventBusName !== 'default') throw new Error('The local EventBridge has the default bus only');
    return { physicalId: name, attributes: { Arn: this.put(request, name) } };
  }

  update(request: ResourceRequest, previous: PreviousState): Physical {
    this.put(request, previous.physicalId);
    return previous;
  }

  delete({ stack: { account, region } }: ResourceRequest, { physicalId: name }: PreviousState): void {
    this.eventBridge.deleteRule({ account, region, name });
  }

  private put({ stack: { account, region }, properties }: ResourceRequest, name: string): string {
    return this.eventBridge.putRule({ account, region, name }, properties as RuleParameters);
  }
}
