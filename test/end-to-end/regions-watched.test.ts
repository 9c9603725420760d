// A key of several Regions, watched: its alarm is silent while the key is changed in one Region after the other.
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { FURTHER, IN_ALL, RegionsScene, REGIONS } from './regions-scene';
import { DOMAIN, MINUTE } from './rotating-scene';
import { HOUR, nextReport, reportsOn, WATCHED } from './watched';

let regions: RegionsScene;

afterEach(() => regions.stop());

/** The alarms over metrics, by their properties. */
function alarms(): Record<string, any>[] {
  const stack = new Stack(undefined, 'mail', { env: { account: '111111111111', region: REGIONS[0] } });
  regions.dkim(IN_ALL, WATCHED)(stack).addProblemAlarm('Alarm');
  return Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
}

/**
 * Whether an alarm sounds at a moment. CloudWatch evaluates it each minute, over whole hours that end there. Where an
 * hour has no value, it goes further back. But FILL gives it a value:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
 */
function sounds(alarm: Record<string, any>, now: number): boolean {
  const text = JSON.stringify(alarm);
  const fill = text.includes('FILL(') ? 1 : undefined;
  const watched = REGIONS.filter((region) => text.includes(`"${region}"`));
  const reports = watched.map((region) => reportsOn(regions.scene, DOMAIN, region));
  const hours = Array.from({ length: 6 }, (_, index) => reports.flatMap((each) => {
    const end = now - index * HOUR;
    const values = each.filter(({ at }) => at < end && at >= end - HOUR).map(({ metrics }) => metrics.Problem);
    return values.length > 0 ? values : fill ?? [];
  })).filter((values) => values.length > 0).slice(0, alarm.EvaluationPeriods);
  return hours.every((values) => values.includes(1));
}

test('no Region has a problem for two looks, while SES needs its time in each', async () => {
  regions = await RegionsScene.inAll(WATCHED);
  const { scene, clock, cloud } = regions;
  for (const region of REGIONS) await nextReport(scene, DOMAIN, region);
  cloud.ses.settings.firstLook = 40 * MINUTE;
  regions.rotate();
  const began = clock.now();
  await clock.pass(6 * HOUR);

  const problemsIn = (region: string) => reportsOn(scene, DOMAIN, region).filter(({ metrics }) => metrics.Problem);
  expect(FURTHER.map((region) => problemsIn(region).length)).toEqual([1, 1]);
  const minutes = Array.from({ length: 6 * 60 }, (_, index) => began + index * MINUTE);
  for (const alarm of alarms()) expect(minutes.filter((now) => sounds(alarm, now))).toEqual([]);
});
