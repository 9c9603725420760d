// Makes what the account has before the app: zones with records in use, and secrets with BYODKIM keys.
import { generateKeyPairSync } from 'node:crypto';
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { ACCOUNT, DOMAINS, REGION, ROTATING_DOMAIN, secretName } from './app';
import { LocalCloud } from '../../test/cloud';

export interface Zone {
  readonly id: string;
  readonly domain: string;
  /** All records of the zone before the app, also NS and SOA. */
  readonly before: readonly ResourceRecordSet[];
}

/** Makes hosted zones that are in use. The app must not change their records. */
export async function makeZones(cloud: LocalCloud): Promise<Zone[]> {
  return Promise.all([...Object.values(DOMAINS), ROTATING_DOMAIN].map(async (domain) => {
    const { id } = await cloud.route53.createHostedZone({ account: ACCOUNT, name: domain });
    cloud.route53.change(id, [
      {
        Action: 'CREATE',
        ResourceRecordSet: { Name: domain, Type: 'MX', TTL: 3600, ResourceRecords: [{ Value: '10 mx.example.net' }] },
      },
      {
        Action: 'CREATE',
        ResourceRecordSet: {
          Name: `old._domainkey.${domain}`,
          Type: 'TXT',
          TTL: 3600,
          ResourceRecords: [{ Value: '"v=DKIM1; p="' }],
        },
      },
    ]);
    return { id, domain, before: recordSets(cloud, id) };
  }));
}

export function recordSets(cloud: LocalCloud, zoneId: string): ResourceRecordSet[] {
  return structuredClone(cloud.route53.recordSets(zoneId));
}

/** Makes a key and a secret, as `openssl genrsa 2048` and `aws secretsmanager create-secret` do. */
export function makeSecret(cloud: LocalCloud, selector: string, value = newKey()): string {
  const name = secretName(selector);
  cloud.secretsManager.create({ account: ACCOUNT, region: REGION, name, value });
  return name;
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
