// The credentials of a role, from STS: for a hosted zone in another account.
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';

export async function assumeRole(client: STSClient, RoleArn: string, ExternalId?: string) {
  const command = new AssumeRoleCommand({ RoleArn, ExternalId, RoleSessionName: 'cdk-ses-dkim' });
  const { Credentials: given } = await client.send(command);
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = given ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}
