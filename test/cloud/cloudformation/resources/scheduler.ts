// AWS::Scheduler::ScheduleGroup
import { Physical, physicalName, ResourceProvider, ResourceRequest } from './provider';
import { Scheduler } from '../../scheduler';

export class ScheduleGroupProvider implements ResourceProvider {
  readonly replacedBy = ['Name'];

  constructor(private readonly scheduler: Scheduler) {}

  create(request: ResourceRequest): Physical {
    const { stack: { account, region }, properties } = request;
    const name: string = properties.Name ?? physicalName(request);
    return { physicalId: name, attributes: { Arn: this.scheduler.createGroup({ account, region, name }) } };
  }

  update(_: ResourceRequest, previous: Physical): Physical {
    return previous;
  }

  delete({ stack: { account, region } }: ResourceRequest, { physicalId: name }: Physical): void {
    this.scheduler.deleteGroup({ account, region, name });
  }
}
