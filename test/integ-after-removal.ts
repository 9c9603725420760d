// Fails if the zone still has a record below `_domainkey.<domain>`. Run by integ-runner after the removal.
import { ListResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { DNS_ACCOUNT, ZONE } from './integ-settings';

/** Route 53 and STS need no Region, but the SDK does. */
const REGION = 'us-east-1';

async function main(domain: string, hosted: string): Promise<void> {
  const inDnsAccount = hosted === 'dns-account';
  const { hostedZoneId } = inDnsAccount ? DNS_ACCOUNT.zone : ZONE;
  const client = new Route53Client({
    region: REGION,
    credentials: inDnsAccount ? await credentialsOf(DNS_ACCOUNT.roleArn) : undefined,
  });
  // Route 53 lists records in the order of the domain, so the records below this name come first.
  const { ResourceRecordSets = [] } = await client.send(new ListResourceRecordSetsCommand({
    HostedZoneId: hostedZoneId,
    StartRecordName: `_domainkey.${domain}`,
  }));
  const left = ResourceRecordSets.map(({ Type, Name }) => `${Type} ${Name}`).filter((record) =>
    record.endsWith(`_domainkey.${domain}.`),
  );
  if (left.length) throw new Error(`After the removal, zone ${hostedZoneId} still has:\n${left.join('\n')}`);
}

async function credentialsOf(RoleArn: string) {
  const { Credentials } = await new STSClient({ region: REGION }).send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'cdk-ses-dkim-integ' }),
  );
  return {
    accessKeyId: Credentials!.AccessKeyId!,
    secretAccessKey: Credentials!.SecretAccessKey!,
    sessionToken: Credentials!.SessionToken,
  };
}

const [domain, hosted] = process.argv.slice(2);
main(domain, hosted).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
