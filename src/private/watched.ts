// Metrics, alarm and event of one identity that is watched.
import { CfnResource, Duration, Stack, Token } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledged-finding';
import { METRICS, ResourceAttributes, SigningProperties, WatchedIdentity, WatchedSigning } from './contract';
import type { ProblemAlarmOptions } from '../problem-alarm-options';

/** How often there is a look. */
const PERIOD = Duration.hours(1);

/**
 * CloudWatch takes an alarm over seven days at the most:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
 */
const MOST_LOOKS = 7 * 24;

export type MetricName = typeof METRICS[Exclude<keyof typeof METRICS, 'namespace' | 'dimensions'>][number];

/** 1 is good, or much time is left. Of the others, a high value is what to look at. */
const HIGH_IS_GOOD: readonly MetricName[] = [...METRICS.detailed, 'DaysToRotation'];

/** Secrets Manager says them of a key that it has changed. */
const OF_SCHEDULE: readonly MetricName[] = ['KeyAgeDays', 'DaysToRotation'];

/** How the stack has an identity signed, as far as it can be looked at without a key. */
export function watchedSigning(
  signing: SigningProperties, attribute: (name: keyof ResourceAttributes) => string,
): WatchedSigning {
  switch (signing.Method) {
    case 'EASY_DKIM': return { Method: signing.Method };
    case 'ROTATING_BYODKIM':
      return { Method: signing.Method, SecretArn: signing.SecretArn, Follows: signing.Follows && true };
    case 'DEED': return signing;
    case 'BYODKIM':
      return { Method: signing.Method, Selector: signing.Selector, PublicKeySha256: attribute('PublicKeySha256') };
  }
}

export class Watched {
  private alarm?: cloudwatch.AlarmBase;

  /** @param regions that of the identity first, then further ones with the same key */
  constructor(
    private readonly scope: Construct, private readonly identity: WatchedIdentity,
    private readonly regions: readonly string[],
  ) {}

  public metric(name: MetricName, props?: cloudwatch.MetricOptions, region = this.regions[0]): cloudwatch.Metric {
    const isUsual = (METRICS.usual as readonly MetricName[]).includes(name);
    const isOfRotation = (METRICS.rotating as readonly MetricName[]).includes(name);
    const { Signing } = this.identity;
    const hasIt = Signing.Method === 'ROTATING_BYODKIM' && !(Signing.Follows && OF_SCHEDULE.includes(name));
    if (isOfRotation && !hasIt) {
      throw new Error(`The key of '${this.scope.node.path}' does not rotate, so it has no metric ${name}. Use `
        + 'DkimSigning.rotatingByoDkim()');
    }
    if (!isUsual && !this.identity.DetailedMetrics) {
      throw new Error(`${this.scope.node.path} has no metric ${name}. Give it detailedMetrics: true`);
    }
    return new cloudwatch.Metric({
      namespace: METRICS.namespace,
      metricName: name,
      dimensionsMap: { Domain: this.identity.Identity, Region: region },
      period: PERIOD,
      statistic: HIGH_IS_GOOD.includes(name) ? cloudwatch.Stats.MINIMUM : cloudwatch.Stats.MAXIMUM,
      ...props,
    }).attachTo(this.scope);
  }

  public addAlarm(id: string, options: ProblemAlarmOptions): cloudwatch.AlarmBase {
    const described = {
      alarmDescription: `DKIM of ${this.identity.Identity} in ${this.regions.join(', ')}: mail may go out unsigned, or nobody can `
        + 'verify it, or nobody could look. The log of the function that watches (cdk-ses-dkim) says what to do.',
      ...options,
    };
    const [region, ...further] = this.regions;
    const alarm = further.length > 0 ? this.alarmOverParts(id, described) : this.alarmIn(region, id, described);
    this.alarm ??= alarm;
    return alarm;
  }

  private alarmIn(region: string, id: string, options: ProblemAlarmOptions): cloudwatch.Alarm {
    // While a key is changed, SES looks for the new one. That is no problem unless it lasts.
    const usual = this.identity.Signing.Method === 'ROTATING_BYODKIM' ? 2 : 1;
    const { evaluationPeriods = usual, ...others } = options;
    checkLooks(evaluationPeriods);
    return new cloudwatch.Alarm(this.scope, id, {
      ...others,
      metric: this.metric('Problem', undefined, region),
      threshold: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods,
      treatMissingData: cloudwatch.TreatMissingData.BREACHING, // who does not look sees no problem
    });
  }

  /**
   * Sounds when one of its parts does. Only the whole has a name, and actions.
   *
   * One metric of all Regions would not do. A key is changed in one Region after the other, so looks in a row see it,
   * in another Region each. And what fills in for a look that is missing fills in for the next one until it comes, as
   * CloudWatch evaluates the hour before each minute:
   * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
   */
  private alarmOverParts(
    id: string, { alarmName, alarmDescription, evaluationPeriods }: ProblemAlarmOptions,
  ): cloudwatch.CompositeAlarm {
    const parts = this.regions.map((region, index) => {
      const part = this.alarmIn(region, `${id}Part${index + 1}`, {
        alarmDescription: `A part of another alarm, which has the actions: DKIM of ${this.identity.Identity} in ${region}`,
        evaluationPeriods,
      });
      acknowledgeNoAction(part, 'The composite alarm has the actions');
      return part;
    });
    const whole = new cloudwatch.CompositeAlarm(this.scope, id, {
      compositeAlarmName: alarmName, alarmDescription, alarmRule: cloudwatch.AlarmRule.anyOf(...parts),
    });
    // With one Region it is an alarm of another type, and CloudFormation changes no type under a logical id.
    const resource = whole.node.defaultChild as CfnResource;
    resource.overrideLogicalId(`${Stack.of(whole).resolve(resource.logicalId)}OfParts`);
    return whole;
  }

  public onProblem(id: string, options: events.OnEventOptions): events.Rule {
    const rule = new events.Rule(options.crossStackScope ?? this.scope, id, options);
    rule.addEventPattern({
      source: ['aws.cloudwatch'],
      detailType: ['CloudWatch Alarm State Change'],
      resources: [(this.alarm ?? this.alarmForRules()).alarmArn],
      detail: { state: { value: ['ALARM'] } },
    });
    rule.addTarget(options.target);
    return rule;
  }

  private alarmForRules(): cloudwatch.AlarmBase {
    const alarm = this.addAlarm('AlarmForRules', {}); // not 'OnProblem': an app may well give that id to its rule
    acknowledgeNoAction(alarm, 'A rule of EventBridge tells of it');
    return alarm;
  }
}

function checkLooks(count: number): void {
  if (Token.isUnresolved(count) || (Number.isInteger(count) && count >= 1 && count <= MOST_LOOKS)) return;
  throw new Error(`evaluationPeriods is ${count}, and has to be a whole number from 1 to ${MOST_LOOKS}. There is one look `
    + 'each hour, and CloudWatch takes an alarm over seven days at the most');
}

function acknowledgeNoAction(alarm: cloudwatch.AlarmBase, reason: string): void {
  const packs = ['HIPAA.Security', 'NIST.800.53.R4', 'NIST.800.53.R5'];
  acknowledge(alarm.node.defaultChild as CfnResource, packs.map(pack => ({ rule: `${pack}-CloudWatchAlarmAction`, reason })));
}
