// AWS::Lambda::Function and EventInvokeConfig.
import { NetworkInterfaces } from './network';
import { Physical, physicalName, PreviousState, ResourceProvider, ResourceRequest } from './provider';
import { Iam } from '../../iam';
import { functionArn, FunctionConfiguration, Lambda } from '../../lambda';

export class FunctionProvider implements ResourceProvider {
  readonly replacedBy = ['FunctionName', 'PackageType'];

  constructor(
    private readonly lambda: Lambda, private readonly iam: Iam, private readonly interfaces: NetworkInterfaces,
  ) {}

  create(request: ResourceRequest): Physical {
    const name: string = request.properties.FunctionName ?? physicalName(request);
    return { physicalId: name, attributes: { Arn: this.put(request, name) } };
  }

  update(request: ResourceRequest, previous: PreviousState): Physical {
    this.put(request, previous.physicalId);
    return previous;
  }

  delete({ stack: { account, region } }: ResourceRequest, { attributes, properties }: PreviousState): void {
    const arn = attributes.Arn as string;
    this.lambda.deleteFunction(arn);
    if (properties.VpcConfig) this.interfaces.detach({ account, region, arn, roleArn: properties.Role });
  }

  private put(request: ResourceRequest, name: string): string {
    if (!this.iam.hasRole(request.properties.Role)) {
      throw new Error('The role defined for the function cannot be assumed by Lambda.');
    }
    const { account, region, roleArn, ...others } = configuration(request, name);
    const { VpcConfig } = request.properties;
    const target = { account, region, roleArn, arn: functionArn({ account, region, name }) };
    if (VpcConfig) this.interfaces.attach(target, VpcConfig);
    else this.interfaces.detach(target);
    return this.lambda.putFunction({ account, region, roleArn, ...others });
  }
}

function configuration({ stack, logicalId, properties, assets }: ResourceRequest, name: string): FunctionConfiguration {
  const {
    Code = {}, Runtime, Handler, Role, Timeout = 3, MemorySize = 128, Environment, LoggingConfig,
    ReservedConcurrentExecutions: reserved,
  } = properties;
  if (!String(Runtime).startsWith('nodejs')) throw new Error(`The local Lambda runs Node.js only, not ${Runtime}`);
  const assetPath = assets.get(Code.S3Key);
  if (!assetPath) {
    const known = [...assets.keys()].join(', ') || 'nothing';
    throw new Error(`No code for function ${logicalId} under S3Key ${Code.S3Key}; there is: ${known}`);
  }
  return {
    account: stack.account,
    region: stack.region,
    name,
    assetPath,
    handler: Handler,
    environment: Environment?.Variables ?? {},
    timeout: Number(Timeout),
    memory: Number(MemorySize),
    roleArn: Role,
    logGroup: LoggingConfig?.LogGroup,
    reservedConcurrency: reserved === undefined ? undefined : Number(reserved),
  };
}

export class EventInvokeConfigProvider implements ResourceProvider {
  readonly replacedBy = ['FunctionName', 'Qualifier'];

  constructor(private readonly lambda: Lambda) {}

  create(request: ResourceRequest): Physical {
    this.put(request);
    return { physicalId: physicalName(request), attributes: {} };
  }

  update(request: ResourceRequest, previous: PreviousState): Physical {
    this.put(request);
    return previous;
  }

  delete(request: ResourceRequest): void {
    this.lambda.putEventInvokeConfig(lambdaArnOf(request, request.properties.FunctionName), {});
  }

  private put(request: ResourceRequest): void {
    const { MaximumRetryAttempts: attempts, MaximumEventAgeInSeconds: age } = request.properties;
    this.lambda.putEventInvokeConfig(lambdaArnOf(request, request.properties.FunctionName), {
      maximumRetryAttempts: attempts === undefined ? undefined : Number(attempts),
      maximumEventAge: age === undefined ? undefined : Number(age),
    });
  }
}

/** Of a function that a property names by its name or its ARN. */
export function lambdaArnOf({ stack }: Pick<ResourceRequest, 'stack'>, name: string): string {
  return name.startsWith('arn:') ? name : functionArn({ account: stack.account, region: stack.region, name });
}
