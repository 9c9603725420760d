// The two stacks of the app: the pipeline in the mail account, and its role in the DNS account.
import { App } from 'aws-cdk-lib';
import { DnsRoleStack } from './dns-role-stack';
import { PipelineStack } from './pipeline-stack';
import { DNS_ACCOUNT, MAIL_ACCOUNT, PRIMARY_REGION } from './settings';

export function addStacks(app: App, hostedZoneId: string): void {
  new DnsRoleStack(app, 'MailDnsRole', { env: { account: DNS_ACCOUNT, region: PRIMARY_REGION }, hostedZoneId });
  new PipelineStack(app, 'MailPipeline', { env: { account: MAIL_ACCOUNT, region: PRIMARY_REGION }, hostedZoneId });
}
