// EventBridge Scheduler's call that has this function called again later.
import { CreateScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { nameOf, textOf } from '../base/describe-error';
import { Scheduler } from '../base/ports';
import { Retry } from '../base/retry';

/** What the stack has for it: a group for the schedules, and the role that they call the function with. */
export interface Schedules {
  readonly group: string;
  readonly roleArn: string;
  readonly functionArn: string;
}

/** A time that has passed would be refused. */
const SOON_MS = 5_000;
/** No request is waited for longer. */
const MAX_AGE_SECONDS = 3_600;

export function schedulerOf(
  client: SchedulerClient, { group, roleArn, functionArn }: Schedules, retry: Retry,
): Scheduler {
  return {
    async wake(Name, at, event) {
      const create = () => client.send(new CreateScheduleCommand({
        Name,
        ClientToken: Name, // two that ask for one name want one schedule
        GroupName: group,
        ScheduleExpression: `at(${new Date(Math.max(at, retry.now() + SOON_MS)).toISOString().slice(0, 19)})`,
        FlexibleTimeWindow: { Mode: 'OFF' },
        ActionAfterCompletion: 'DELETE',
        Target: {
          Arn: functionArn,
          RoleArn: roleArn,
          // Scheduler replaces `<aws.scheduler.…>` in the text. The event has to come back as it is.
          Input: JSON.stringify(event).replaceAll('<', '\\u003c'),
          RetryPolicy: { MaximumEventAgeInSeconds: MAX_AGE_SECONDS },
        },
      })).catch((error: unknown) => {
        throw isNewRole(error) ? Object.assign(error as Error, { name: 'AccessDenied' }) : error;
      });
      try {
        await retry.write('CreateSchedule', create);
      } catch (error) {
        if (nameOf(error) !== 'ConflictException') throw error;
      }
    },
  };
}

/** A role that is seconds old is not known everywhere. It is a refusal like others, which `Retry` is patient with. */
function isNewRole(error: unknown): boolean {
  return nameOf(error) === 'ValidationException' && /assume the role/.test(textOf(error));
}
