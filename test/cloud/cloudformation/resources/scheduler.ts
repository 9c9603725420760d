// AWS::Scheduler::ScheduleGroup and Schedule.
import { Physical, physicalName, PreviousState, ResourceProvider, ResourceRequest } from './provider';
import { ScheduleParameters, Scheduler } from '../../scheduler';

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

export class ScheduleProvider implements ResourceProvider {
  readonly replacedBy = ['Name', 'GroupName'];

  constructor(private readonly scheduler: Scheduler) {}

  create(request: ResourceRequest): Physical {
    const name: string = request.properties.Name ?? physicalName(request);
    return { physicalId: name, attributes: { Arn: this.put(request, name) } };
  }

  update(request: ResourceRequest, previous: PreviousState): Physical {
    this.put(request, previous.physicalId);
    return previous;
  }

  delete(request: ResourceRequest, { physicalId: name }: PreviousState): void {
    this.scheduler.deleteSchedule(groupOf(request), name);
  }

  private put(request: ResourceRequest, name: string): string {
    return this.scheduler.putSchedule(groupOf(request), name, request.properties as ScheduleParameters);
  }
}

function groupOf({ stack: { account, region }, properties }: ResourceRequest) {
  return { account, region, name: properties.GroupName ?? 'default' };
}
