// The account as it is before the app: three hosted zones with records in use, and a secret for each BYODKIM key.
import { generateKeyPairSync } from 'node:crypto';
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { ACCOUNT, DOMAINS, REGION, secretName } from './app';
import { LocalCloud } from '../../test/cloud';

export interface Zone {
  readonly id: string;
  readonly domain: string;
  /** All that was in it before the app, NS and SOA included. */
  readonly before: readonly ResourceRecordSet[];
}

/** A zone that is in use: its records have to be left alone. */
export async function makeZones(cloud: LocalCloud): Promise<Zone[]> {
  return Promise.all(Object.values(DOMAINS).map(async (domain) => {
    const { id } = await cloud.route53.createHostedZone({ account: ACCOUNT, name: domain });
    cloud.route53.change(id, [
      { Action: 'CREATE', ResourceRecordSet: { Name: domain, Type: 'MX', TTL: 3600, ResourceRecords: [{ Value: '10 mx.example.net' }] } },
      { Action: 'CREATE', ResourceRecordSet: { Name: `old._domainkey.${domain}`, Type: 'TXT', TTL: 3600, ResourceRecords: [{ Value: '"v=DKIM1; p="' }] } },
    ]);
    return { id, domain, before: recordSets(cloud, id) };
  }));
}

export function recordSets(cloud: LocalCloud, zoneId: string): ResourceRecordSet[] {
  return structuredClone(cloud.route53.recordSets(zoneId));
}

/** What `openssl genrsa 2048` and `aws secretsmanager create-secret` would do. */
export function makeSecret(cloud: LocalCloud, selector: string): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const name = secretName(selector);
  cloud.secretsManager.create({
    account: ACCOUNT, region: REGION, name, value: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
  return name;
}
