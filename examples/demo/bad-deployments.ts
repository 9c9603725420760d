// Two deployments that fail: somebody else's record is in the way, and a secret holds no key. Mail passes all the same.
import { makeSecret, Zone } from './account';
import { Deployment } from './deployment';
import { send, showVerdicts } from './mail';
import { print, printHeading } from './print';
import type { LocalCloud } from '../../test/cloud';

/** @param selector with which mail is signed, before and after */
export async function showBadDeployments(
  cloud: LocalCloud, deployment: Deployment, zone: Zone, zoneIds: Readonly<Record<string, string>>, selector: string,
): Promise<void> {
  const record = {
    Name: `taken._domainkey.${zone.domain}`, Type: 'TXT' as const, TTL: 60, ResourceRecords: [{ Value: '"of somebody else"' }],
  };
  const stillPasses = async () => {
    print();
    await showVerdicts(cloud, [await send(cloud, zone.domain, [selector])]);
  };

  printHeading('5. A bad deployment: another key, but its record is taken by somebody else');
  cloud.route53.change(zone.id, [{ Action: 'CREATE', ResourceRecordSet: record }]);
  makeSecret(cloud, 'taken');
  await deployment.fails({ zoneIds, selector: 'taken' });
  await stillPasses();
  cloud.route53.change(zone.id, [{ Action: 'DELETE', ResourceRecordSet: record }]);

  printHeading('6. Another bad deployment: the secret holds no private key');
  makeSecret(cloud, 'wrong', '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----');
  await deployment.fails({ zoneIds, selector: 'wrong' });
  await stillPasses();
}
