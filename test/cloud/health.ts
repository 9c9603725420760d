// What AWS Health tells of an identity's DKIM, as an event of EventBridge.
//
// Documented is the form of a Health event. Seen, in mails of AWS to three projects, are the two names and the sentence
// "Your DKIM setup for the domain … is complete". Nobody has published the event itself: so it names no entities here,
// and the domain stands in the description only.
// https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html
import { ServiceEvent } from './event-bridge';
import { IdentityState } from './ses';

export function healthEvent({ account, region, name, status }: IdentityState, at: Date): ServiceEvent {
  const eventTypeCode = status === 'SUCCESS' ? 'AWS_SES_DKIM_PENDING_TO_VERIFIED' : 'AWS_SES_DKIM_PENDING_TO_FAILED';
  const time = at.toUTCString();
  const sentence = status === 'SUCCESS'
    ? `Your DKIM setup for the domain ${name} is complete.`
    : `The DKIM setup of the domain ${name} has failed.`;
  return {
    source: 'aws.health',
    detailType: 'AWS Health Event',
    account,
    region,
    resources: [],
    detail: {
      eventArn: `arn:aws:health:${region}::event/SES/${eventTypeCode}/${eventTypeCode}_${at.getTime()}`,
      service: 'SES',
      eventTypeCode,
      eventTypeCategory: 'accountNotification',
      eventScopeCode: 'ACCOUNT_SPECIFIC',
      statusCode: 'open',
      eventRegion: region,
      affectedAccount: account,
      startTime: time,
      lastUpdatedTime: time,
      eventDescription: [{ language: 'en_US', latestDescription: sentence }],
      page: '1',
      totalPages: '1',
    },
  };
}
