// What CloudTrail makes of calls and of a service's own steps: events for EventBridge, where the account has a trail.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
import { ServiceEvent } from './event';
import { Principal } from '../credentials';
import { callerArn } from '../iam';

export const VIA_CLOUDTRAIL = / via CloudTrail$/;

type Place = Pick<ServiceEvent, 'source' | 'account' | 'region'>;

interface ApiCall extends Place {
  readonly principal: Principal;
  readonly operation: string;
  readonly requestParameters: object;
  /** The ARN that the answer names. Undefined after an error. */
  readonly arn?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Calls that only read are no events, unless a rule asks for all of them: documented. */
export function isRecorded(operation: string): boolean {
  return !/^(Get|List|Describe|BatchGet)/.test(operation);
}

/** One call of an API. Never with a secret value: the caller leaves it out of the parameters. */
export function apiCallEvent({ principal, operation, requestParameters, arn, error, ...place }: ApiCall): ServiceEvent {
  return {
    ...place,
    detailType: 'AWS API Call via CloudTrail',
    resources: [],
    detail: {
      userIdentity: {
        type: principal.roleArn ? 'AssumedRole' : 'Root', accountId: principal.account, arn: callerArn(principal),
      },
      eventSource: eventSource(place),
      eventName: operation,
      awsRegion: place.region,
      requestParameters,
      responseElements: arn === undefined ? null : { arn },
      ...error && { errorCode: error.code, errorMessage: error.message },
    },
  };
}

/** What a service does by itself, such as `RotationFailed`. */
export function ownStepEvent(place: Place, eventName: string, additionalEventData: object): ServiceEvent {
  return {
    ...place,
    detailType: 'AWS Service Event via CloudTrail',
    resources: [],
    detail: { eventSource: eventSource(place), eventName, awsRegion: place.region, additionalEventData },
  };
}

function eventSource({ source }: Place): string {
  return `${source.replace('aws.', '')}.amazonaws.com`;
}
