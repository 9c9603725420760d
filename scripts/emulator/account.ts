// The account as it is before an app: hosted zones with records in use, keys in Secrets Manager, and identities in SES.
import { generateKeyPairSync } from 'node:crypto';
import { ChangeResourceRecordSetsCommand, CreateHostedZoneCommand, ResourceRecordSet, Route53Client } from '@aws-sdk/client-route-53';
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ACCOUNT } from '../../examples/demo/app';
import type { Ses } from '../../test/cloud/ses';

/** Gives the ids of the zones by domain. */
export async function makeZones(route53: Route53Client, domains: readonly string[]): Promise<Record<string, string>> {
  const zoneIds: Record<string, string> = {};
  for (const domain of domains) {
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

/** What `aws secretsmanager create-secret` or, for one that is there, `put-secret-value` would do. */
export async function putSecret(secrets: SecretsManagerClient, name: string, value: string): Promise<void> {
  try {
    await secrets.send(new CreateSecretCommand({ Name: name, SecretString: value }));
  } catch (error) {
    if ((error as Error).name !== 'ResourceExistsException') throw error;
    await secrets.send(new PutSecretValueCommand({ SecretId: name, SecretString: value }));
  }
}

/** The private key, and the public one as a DKIM record has it. */
export function rsaKey(): { privateKey: string; publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  };
}

/** DKIM knows Ed25519 (RFC 8463), SES does not. */
export function ed25519Key(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** MiniStack's `AWS::SES::EmailIdentity` makes identities in its own SES, which neither looks in DNS nor signs: these are in the one that does. */
export function makeIdentities(ses: Ses, identities: ReadonlyArray<{ readonly domain: string; readonly region: string }>): void {
  for (const { domain, region } of identities) {
    const identity = { account: ACCOUNT, region, name: domain };
    ses.deleteIdentity(identity); // of the app before
    ses.createIdentity(identity);
  }
}
