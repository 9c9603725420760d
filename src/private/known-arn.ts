// What can be known at synthesis about an ARN that somebody else gave.
import { ArnComponents, ArnFormat, Stack } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';

/** The parts of an ARN, some of which can be tokens. An ARN that is one token has no parts at synthesis. */
export function partsOfArn(scope: IConstruct, arn: string, format: ArnFormat): Partial<ArnComponents> {
  return arn.startsWith('arn:') ? Stack.of(scope).splitArn(arn, format) : {};
}
