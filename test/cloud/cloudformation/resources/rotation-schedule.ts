// AWS::SecretsManager::RotationSchedule: RotateSecret on Create and Update, CancelRotateSecret on Delete.
import { Physical, PreviousState, Properties, ResourceFailure, ResourceProvider, ResourceRequest } from './provider';
import { SecretsManager } from '../../secrets-manager';

export class RotationScheduleProvider implements ResourceProvider {
  readonly replacedBy = ['SecretId'];

  constructor(private readonly secretsManager: SecretsManager) {}

  /** Its id is the secret's ARN. So under another logical id it is the same one, and the first one's Delete ends it. */
  async create({ properties }: ResourceRequest): Promise<Physical> {
    return { physicalId: await this.rotate(properties), attributes: { Id: properties.SecretId } };
  }

  async update({ properties }: ResourceRequest, previous: PreviousState): Promise<Physical> {
    await this.rotate(properties);
    return previous;
  }

  delete(_: ResourceRequest, { physicalId: arn }: PreviousState): void {
    if (this.secretsManager.hasSecret(arn)) this.secretsManager.cancelRotation(arn);
  }

  private async rotate(properties: Properties): Promise<string> {
    const { SecretId: arn, RotationLambdaARN: lambdaArn, RotationRules: rules, HostedRotationLambda } = properties;
    if (HostedRotationLambda) throw new Error('The local CloudFormation knows no hosted rotation function');
    const immediately = String(properties.RotateImmediatelyOnUpdate ?? true) === 'true';
    this.secretsManager.rotate(arn, { lambdaArn, rules: rules && withNumbers(rules), immediately });
    // A rotation is not waited for: it is asynchronous. Of a trial nobody says.
    if (this.secretsManager.settings.stackWaitsForTrial && !await this.secretsManager.trialOf(arn)) {
      throw new ResourceFailure('The rotation function failed in testSecret.', arn);
    }
    return arn;
  }
}

function withNumbers({ AutomaticallyAfterDays: days, ...rules }: Properties): Properties {
  return { ...rules, ...days !== undefined && { AutomaticallyAfterDays: Number(days) } };
}
