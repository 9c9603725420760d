// CloudFormation's API: what an SDK client calls to create, update, roll back, delete and watch stacks.
import { DescribeLimit } from './describe-limit';
import { describeEvents, describeResource, describeStack } from './descriptions';
import { OnFailure, Stack } from './engine';
import { StackInput, validationError } from './plan';
import { Place, Stacks } from './stacks';
import { Call, CallRecord, CloudContext, Reply } from '../http-service';
import { listIn, parametersOf, QueryService, required } from '../query-service';

/** Of a template in the request itself. What is longer has to be in S3. */
const MAXIMUM_TEMPLATE_BODY = 51_200;

export class CloudFormationApi extends QueryService {
  /** @param templates what is in S3 for `TemplateURL`, by its URL */
  constructor(
    context: CloudContext, private readonly stacks: Stacks, private readonly templates: ReadonlyMap<string, string>,
    private readonly limit: DescribeLimit,
  ) {
    super('cloudformation', context, 'cloudformation.amazonaws.com', '2010-05-15');
  }

  /** Those who wait for a stack ask again and again, so their calls are left out. */
  protected isLogged({ operation }: CallRecord): boolean {
    return operation === 'DescribeStackResource';
  }

  protected handle(call: Call): Reply {
    const input = parametersOf(call);
    const name = required(input, 'StackName');
    const place: Place = { account: call.principal.account, region: call.region };
    if (call.operation.startsWith('Describe')) this.limit.take(call.principal, place);
    const stackId = this.stacks.find(place, name)?.identity.id ?? '*';
    this.context.authorize(call.principal, `cloudformation:${call.operation}`, stackId);
    return this.reply(call, this.answerTo(call, input, place, name));
  }

  private answerTo(call: Call, input: URLSearchParams, place: Place, name: string): object {
    const { stacks } = this;
    switch (call.operation) {
      case 'CreateStack': return idOf(stacks.create(place, this.stackInput(input), onFailureOf(input)));
      case 'UpdateStack': return idOf(stacks.update(place, this.stackInput(input), onFailureOf(input)));
      case 'RollbackStack': return idOf(stacks.rollBack(place, name));
      case 'CancelUpdateStack':
        stacks.cancelUpdate(place, name);
        return {};
      case 'ContinueUpdateRollback':
        stacks.continueRollBack(place, name, textsIn(input, 'ResourcesToSkip'));
        return {};
      case 'DeleteStack':
        stacks.delete(place, name, textsIn(input, 'RetainResources'));
        return {};
      case 'DescribeStacks': return { Stacks: { member: describeStack(stacks.existing(place, name), call.asOf) } };
      case 'DescribeStackResource': {
        const logicalId = required(input, 'LogicalResourceId');
        const until = call.asOf - stacks.settings.staleForMs;
        return { StackResourceDetail: describeResource(stacks.existing(place, name), logicalId, until) };
      }
      case 'DescribeStackEvents':
        return describeEvents(stacks.existing(place, name), input.get('NextToken') ?? undefined);
      default: throw this.unknownOperation(call);
    }
  }

  private stackInput(input: URLSearchParams): StackInput {
    const parameters = listIn(input, 'Parameters').map(({ ParameterKey: key, ParameterValue: value }) => [key, value]);
    return {
      stackName: required(input, 'StackName'),
      template: this.templateOf(input),
      parameters: Object.fromEntries(parameters),
      capabilities: textsIn(input, 'Capabilities'),
    };
  }

  private templateOf(input: URLSearchParams): string {
    const url = input.get('TemplateURL');
    if (url !== null) {
      const template = this.templates.get(url);
      if (template === undefined) throw validationError('S3 error: Access Denied');
      return template;
    }
    const body = required(input, 'TemplateBody');
    if (Buffer.byteLength(body) > MAXIMUM_TEMPLATE_BODY) {
      throw validationError("1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
        + `Member must have length less than or equal to ${MAXIMUM_TEMPLATE_BODY}`);
    }
    return body;
  }
}

/** A create says it in one of two ways, an update in the first. */
function onFailureOf(input: URLSearchParams): OnFailure {
  const disableRollback = input.get('DisableRollback');
  const onFailure = input.get('OnFailure');
  if (disableRollback !== null && onFailure !== null) {
    throw validationError('You can specify either DisableRollback or OnFailure, but not both.');
  }
  if (onFailure === 'DELETE') throw validationError('The local CloudFormation does not know OnFailure=DELETE.');
  return disableRollback === 'true' || onFailure === 'DO_NOTHING' ? 'preserve' : 'roll back';
}

function idOf({ identity }: Stack) {
  return { StackId: identity.id };
}

function textsIn(input: URLSearchParams, name: string): string[] {
  return listIn(input, name).map((each) => each['']);
}
