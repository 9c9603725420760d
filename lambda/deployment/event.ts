// A CloudFormation request as it arrives, and since when CloudFormation waits for its answer.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
import { Progress } from '../signing/task';

export interface CloudFormationEvent {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: Record<string, unknown>;
  readonly OldResourceProperties?: Record<string, unknown>;
}

/**
 * CloudFormation's event, or the same event from an earlier invocation that had no time left. That may have been an
 * invocation of an older version, which called `acceptedKey` `taken`.
 */
export type HandlerEvent = CloudFormationEvent & { readonly Progress?: Progress & { readonly taken?: string } };

/**
 * When CloudFormation's clock started, in ms since 1970. The event has no time of its own, and this invocation may be a
 * repeat, a continuation, or have stood in Lambda's queue. But the ResponseURL was signed when the request was made.
 * Where it does not say when, the time of the first invocation counts, which hands it on.
 */
export function requestedAt({ ResponseURL, Progress: progress }: HandlerEvent, now: number): number {
  const signed = /[?&]X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(ResponseURL);
  if (!signed) return progress?.requestedAt ?? now;
  const [year, month, day, hour, minute, second] = signed.slice(1).map(Number);
  return Math.min(Date.UTC(year, month - 1, day, hour, minute, second), now);
}
