// CloudFormation's API: what an SDK client calls to create, update, delete and watch stacks.
import { Stack } from './engine';
import { StackEvent } from './stack';
import { Place, StackInput, Stacks } from './stacks';
import { Call, CloudContext, Reply } from '../http-service';
import { listIn, parametersOf, QueryService, required } from '../query-service';
import { ServiceError } from '../service-error';

export class CloudFormationApi extends QueryService {
  /** Its calls are not in the cloud's call log: those who wait for a stack ask again and again. */
  constructor(context: CloudContext, private readonly stacks: Stacks) {
    super('cloudformation', { ...context, calls: [] }, 'cloudformation.amazonaws.com', '2010-05-15');
  }

  protected handle(call: Call): Reply {
    const input = parametersOf(call);
    const name = required(input, 'StackName');
    const place: Place = { account: call.principal.account, region: call.region };
    this.context.authorize(call.principal, `cloudformation:${call.operation}`, this.stacks.find(place, name)?.identity.id ?? '*');
    switch (call.operation) {
      case 'CreateStack': return this.reply(call, { StackId: this.stacks.create(place, stackInput(input)).identity.id });
      case 'UpdateStack': return this.reply(call, { StackId: this.stacks.update(place, stackInput(input)).identity.id });
      case 'DeleteStack':
        this.stacks.delete(place, name);
        return this.reply(call, {});
      case 'DescribeStacks': return this.reply(call, { Stacks: { member: described(this.stacks.existing(place, name)) } });
      case 'DescribeStackResource':
        return this.reply(call, { StackResourceDetail: detailOf(this.stacks.existing(place, name), required(input, 'LogicalResourceId')) });
      case 'DescribeStackEvents': return this.reply(call, { StackEvents: { member: eventsOf(this.stacks.existing(place, name)) } });
      default: throw this.unknownOperation(call);
    }
  }
}

function stackInput(input: URLSearchParams): StackInput {
  return {
    stackName: required(input, 'StackName'),
    templateBody: required(input, 'TemplateBody'),
    parameters: Object.fromEntries(listIn(input, 'Parameters').map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue])),
    capabilities: listIn(input, 'Capabilities').map((each) => each['']),
  };
}

function described({ identity, status, reason, outputs, events, broken }: Stack) {
  if (broken) throw broken;
  return {
    StackId: identity.id,
    StackName: identity.name,
    StackStatus: status,
    StackStatusReason: reason,
    CreationTime: time(events[0]),
    Outputs: { member: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })) },
  };
}

/** One that is being made is known, but not yet by an id. */
function detailOf({ identity, resources, events }: Stack, LogicalResourceId: string) {
  const last = events.filter(({ logicalId }) => logicalId === LogicalResourceId).at(-1);
  if (!last) throw new ServiceError('ValidationError', 400, `Resource ${LogicalResourceId} does not exist for stack ${identity.name}`);
  return {
    StackId: identity.id,
    StackName: identity.name,
    LogicalResourceId,
    PhysicalResourceId: resources.get(LogicalResourceId)?.physicalId,
    ResourceType: last.type,
    ResourceStatus: last.status,
  };
}

/** The newest first. */
function eventsOf({ identity, events }: Stack) {
  return events.map((event, index) => ({
    EventId: `${identity.id}/${index}`,
    StackId: identity.id,
    StackName: identity.name,
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId,
    ResourceType: event.type,
    ResourceStatus: event.status,
    ResourceStatusReason: event.reason,
    Timestamp: time(event),
  })).reverse();
}

function time({ at }: StackEvent): string {
  return new Date(at).toISOString();
}
