// The account as it is before the app: hosted zones with records in use, keys in Secrets Manager, and the identities in SES.
import { generateKeyPairSync } from 'node:crypto';
import { ChangeResourceRecordSetsCommand, CreateHostedZoneCommand, ResourceRecordSet, Route53Client } from '@aws-sdk/client-route-53';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ACCOUNT, DOMAINS, PARENT_REGION, REGION, secretName } from '../../examples/demo/app';
import type { Ses } from '../../test/cloud/ses';

/** Gives the ids of the zones by domain. */
export async function makeZones(route53: Route53Client): Promise<Record<string, string>> {
  const zoneIds: Record<string, string> = {};
  for (const domain of Object.values(DOMAINS)) {
    const { HostedZone } = await route53.send(new CreateHostedZoneCommand({ Name: domain, CallerReference: domain }));
    zoneIds[domain] = HostedZone!.Id!.replace('/hostedzone/', '');
    await write(route53, zoneIds[domain], { Name: domain, Type: 'MX', TTL: 3600, ResourceRecords: [{ Value: '10 mx.example.net' }] });
  }
  return zoneIds;
}

export async function write(route53: Route53Client, zoneId: string, record: ResourceRecordSet): Promise<void> {
  const change = { Action: 'CREATE' as const, ResourceRecordSet: record };
  await route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch: { Changes: [change] } }));
}

/** What `aws secretsmanager create-secret` would do. */
export async function makeSecret(secrets: SecretsManagerClient, selector: string, privateKey: string): Promise<void> {
  await secrets.send(new CreateSecretCommand({ Name: secretName(selector), SecretString: privateKey }));
}

export function rsaKey(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** DKIM knows Ed25519 (RFC 8463), SES does not. */
export function ed25519Key(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** MiniStack's `AWS::SES::EmailIdentity` makes identities in its own SES, which neither looks in DNS nor signs: these are in the one that does. */
export function makeIdentities(ses: Ses): void {
  for (const domain of Object.values(DOMAINS)) ses.createIdentity({ account: ACCOUNT, region: REGION, name: domain });
  ses.createIdentity({ account: ACCOUNT, region: PARENT_REGION, name: DOMAINS.replica });
}
