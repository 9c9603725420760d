// Reads a template into a plan, and refuses what CloudFormation refuses before it begins.
import { requiredCapability } from './capabilities';
import { dependencyGraph } from './dependencies';
import { Plan } from './resource';
import { Template } from './stack';
import { conditionValues, parameterValues, StackIdentity } from './template';
import { ServiceError } from '../service-error';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const MAXIMUM_RESOURCES = 500;
/** Of a template in S3. "1 MB" is a million bytes here: what cfn-lint and the refusals of CloudFormation speak of. */
const MAXIMUM_TEMPLATE_BYTES = 1_000_000;

export interface StackInput {
  readonly stackName: string;
  readonly template: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly capabilities: readonly string[];
}

/** @param refuseType throws for a resource type that there is not */
export function planOf(
  identity: StackIdentity, { template: text, parameters, capabilities }: StackInput, refuseType: (type: string) => void,
): Plan {
  if (Buffer.byteLength(text) > MAXIMUM_TEMPLATE_BYTES) {
    throw validationError(`Template may not exceed ${MAXIMUM_TEMPLATE_BYTES} bytes in size.`);
  }
  try {
    const template: Template = JSON.parse(text);
    const count = Object.keys(template.Resources).length;
    if (count > MAXIMUM_RESOURCES) {
      throw new Error(`Template format error: Number of resources, ${count}, is greater than maximum allowed, `
        + MAXIMUM_RESOURCES);
    }
    const capability = requiredCapability(template);
    if (capability && !capabilities.some((each) => each === capability || each === 'CAPABILITY_NAMED_IAM')) {
      throw new ServiceError('InsufficientCapabilitiesException', 400, `Requires capabilities : [${capability}]`);
    }
    const values = parameterValues(template, parameters, identity);
    const conditions = conditionValues(template, values);
    const graph = dependencyGraph(template, conditions);
    for (const id of graph.keys()) refuseType(template.Resources[id].Type);
    return { template, parameters: values, conditions, graph };
  } catch (error) {
    throw error instanceof ServiceError ? error : validationError((error as Error).message);
  }
}

/** What CloudFormation answers to most requests that it does not carry out. */
export function validationError(message: string): ServiceError {
  return new ServiceError('ValidationError', 400, message);
}
