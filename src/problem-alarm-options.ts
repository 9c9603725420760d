// The options of an alarm for a watched identity.

/**
 * Options of an alarm that `EmailIdentityDkim.addProblemAlarm()` adds.
 */
export interface ProblemAlarmOptions {
  /**
   * Name of the alarm.
   *
   * With more than one Region, CloudFormation makes another alarm in place of the first. So change the name
   * then, as no two alarms have the same one.
   *
   * @default - a name that CloudFormation makes
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
   */
  readonly alarmName?: string;

  /**
   * Text that the alarm is sent with.
   *
   * @default - names the domain and the Region, and says where to read what is wrong
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
   */
  readonly alarmDescription?: string;

  /**
   * How many looks in a row have to find a problem. There is one look each hour.
   *
   * A whole number from 1 to 168, which are seven days.
   *
   * @default - 2 for a rotating key, as SES looks for each new one; 1 otherwise
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
   */
  readonly evaluationPeriods?: number;
}
