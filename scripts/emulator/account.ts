// Makes what the account has before an app: hosted zones with records in use, secrets with keys, and identities.
import { generateKeyPairSync } from 'node:crypto';
import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  ResourceRecordSet,
  Route53Client,
} from '@aws-sdk/client-route-53';
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ACCOUNT } from '../../examples/demo/app';
import type { Ses } from '../../test/cloud/ses';

/** Makes the zones and returns their ids, by domain. */
export async function makeZones(route53: Route53Client, domains: readonly string[]): Promise<Record<string, string>> {
  const zoneIds: Record<string, string> = {};
  for (const domain of domains) {
    const { HostedZone } = await route53.send(new CreateHostedZoneCommand({ Name: domain, CallerReference: domain }));
    zoneIds[domain] = HostedZone!.Id!.replace('/hostedzone/', '');
    await write(route53, zoneIds[domain], {
      Name: domain,
      Type: 'MX',
      TTL: 3600,
      ResourceRecords: [{ Value: '10 mx.example.net' }],
    });
  }
  return zoneIds;
}

export async function write(route53: Route53Client, zoneId: string, record: ResourceRecordSet): Promise<void> {
  const change = { Action: 'CREATE' as const, ResourceRecordSet: record };
  await route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch: { Changes: [change] } }));
}

/** Creates the secret, or gives it a new value if it exists. */
export async function putSecret(secrets: SecretsManagerClient, name: string, value: string): Promise<void> {
  try {
    await secrets.send(new CreateSecretCommand({ Name: name, SecretString: value }));
  } catch (error) {
    if ((error as Error).name !== 'ResourceExistsException') throw error;
    await secrets.send(new PutSecretValueCommand({ SecretId: name, SecretString: value }));
  }
}

/** A new private key, and its public key in the form of a DKIM record. */
export function rsaKey(): { privateKey: string; publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  };
}

/** A key that SES does not support. DKIM does (RFC 8463). */
export function ed25519Key(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/**
 * Makes identities in the SES of the local cloud, which looks in DNS and signs. `AWS::SES::EmailIdentity`
 * makes them only in the SES of MiniStack, which does neither.
 */
export function makeIdentities(
  ses: Ses,
  identities: ReadonlyArray<{ readonly domain: string; readonly region: string }>,
): void {
  for (const { domain, region } of identities) {
    const identity = { account: ACCOUNT, region, name: domain };
    ses.deleteIdentity(identity); // from an earlier app
    ses.createIdentity(identity);
  }
}
