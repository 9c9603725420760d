// Reads the identities from SES: status, method and tokens.
import { GetEmailIdentityCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { DOMAINS, PARENT_REGION, REGION, ROTATING_DOMAIN } from './app';
import { expectThat } from './expectation';
import { printTable } from './print';
import { signingMethod } from './signing-method';
import type { LocalCloud } from '../../test/cloud';

export interface Identity {
  readonly domain: string;
  readonly region: string;
  readonly origin: string;
  readonly status: string;
  /** The selectors that SES can sign with. */
  readonly tokens: readonly string[];
}

const EXPECTED_ORIGINS = [
  { domain: DOMAINS.easy, region: REGION, origin: 'AWS_SES' },
  { domain: DOMAINS.byo, region: REGION, origin: 'EXTERNAL' },
  { domain: DOMAINS.replica, region: REGION, origin: `AWS_SES_${PARENT_REGION.toUpperCase().replaceAll('-', '_')}` },
  { domain: DOMAINS.replica, region: PARENT_REGION, origin: 'AWS_SES' },
  { domain: ROTATING_DOMAIN, region: REGION, origin: 'EXTERNAL' },
];

/** Prints and returns the identities. Expects each to be verified, with the method that the app sets. */
export async function showIdentities(cloud: LocalCloud): Promise<Identity[]> {
  const identities: Identity[] = [];
  for (const { domain, region } of EXPECTED_ORIGINS) identities.push(await readIdentity(cloud, region, domain));
  printTable(['IDENTITY', 'REGION', 'SIGNING', 'DKIM STATUS'],
    identities.map(({ domain, region, origin, status }) => [domain, region, signingMethod(origin), status]));
  for (const [index, { domain, region, origin, status }] of identities.entries()) {
    expectThat(`DKIM of ${domain} in ${region} has the status SUCCESS`, status === 'SUCCESS', status);
    expectThat(
      `${domain} in ${region} signs with ${signingMethod(EXPECTED_ORIGINS[index].origin)}`,
      origin === EXPECTED_ORIGINS[index].origin,
      origin,
    );
  }
  return identities;
}

export function expectNoIdentities(cloud: LocalCloud, account: string): void {
  for (const { domain, region } of EXPECTED_ORIGINS) {
    const left = cloud.ses.identity({ account, region, name: domain });
    expectThat(`SES in ${region} has no identity ${domain} any more`, left === undefined, left);
  }
}

async function readIdentity(cloud: LocalCloud, region: string, domain: string): Promise<Identity> {
  // SES allows one call a second, in the time of the local cloud.
  await cloud.clock.pass(1000);
  const client = new SESv2Client({ region, endpoint: cloud.ses.endpoint, credentials: cloud.issueCredentials() });
  const { DkimAttributes: dkim } = await client.send(new GetEmailIdentityCommand({ EmailIdentity: domain }));
  client.destroy();
  return { domain, region, origin: dkim!.SigningAttributesOrigin!, status: dkim!.Status!, tokens: dkim!.Tokens! };
}
