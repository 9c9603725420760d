// What synthesis knows about the ARN of an imported resource.
import { ArnComponents, ArnFormat, Stack } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';

/**
 * The parts of an ARN. A part can be a token. If the whole ARN is one token, its parts are known only
 * at deployment.
 */
export function partsOfArn(scope: IConstruct, arn: string, format: ArnFormat): Partial<ArnComponents> {
  return arn.startsWith('arn:') ? Stack.of(scope).splitArn(arn, format) : {};
}
