// A CloudFormation request as it arrives, and since when CloudFormation waits for its answer.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
import { Progress as SigningProgress } from '../signing/task';

/** What a request has done so far. An invocation that has no time left hands it to the next one. */
export interface Progress extends SigningProgress {
  /** Since when CloudFormation has the resource at this request, in ms since 1970. */
  standsSince?: number;
}

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

/** CloudFormation's event, or the same event from an earlier invocation that had no time left. */
export type HandlerEvent = CloudFormationEvent & { readonly Progress?: Progress };

/**
 * When CloudFormation's clock started, in ms since 1970. The event has no time of its own, and this invocation may be a
 * repeat, a continuation, or have stood in Lambda's queue. But the ResponseURL was signed when the request was made.
 * Not every form of signature says when. Then the time of the first invocation counts, which hands it on.
 */
export function requestedAt({ ResponseURL, Progress: progress }: HandlerEvent): number | undefined {
  const signed = /[?&]X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(ResponseURL);
  if (!signed) return progress?.requestedAt;
  const [year, month, day, hour, minute, second] = signed.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
