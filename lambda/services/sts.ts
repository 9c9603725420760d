// The credentials of a role, from STS: for a hosted zone in another account.
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';

export async function assumeRole(client: STSClient, roleArn: string) {
  const { Credentials: given } = await client.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'cdk-ses-dkim' }));
  return { accessKeyId: given!.AccessKeyId!, secretAccessKey: given!.SecretAccessKey!, sessionToken: given!.SessionToken! };
}
