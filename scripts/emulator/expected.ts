// What must be true of records, identities and mail after each deployment.
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { Checks } from './checks';
import { Scene } from './scene';
import { signingMethod } from '../../examples/demo/signing-method';
import { unquote } from '../../lambda/base/dns-text';
import { isRegistryLabel } from '../../lambda/base/owner';
import { parseRegistry } from '../../lambda/records/registry';
import { mailVerdict } from '../../test/cloud/mail-verdict';
import { sendMail } from '../../test/end-to-end/send-mail';

/**
 * Enough time here: SES looks every second, and DNS serves a record a fifth of a second after it was written.
 */
const VERIFIED_WITHIN_MS = 30_000;

type Snapshot = ReadonlyMap<string, readonly ResourceRecordSet[]>;

/** How SES should sign for an identity. */
export interface Signing {
  readonly domain: string;
  readonly region: string;
  /** `SigningAttributesOrigin` of SES. */
  readonly origin: string;
  /** The selector of BYODKIM. For the other methods SES chooses the tokens. */
  readonly selector?: string;
}

/** `SigningAttributesOrigin` of a replica. */
export function replicaOf(region: string): string {
  return `AWS_SES_${region.toUpperCase().replaceAll('-', '_')}`;
}

/** The records of hosted zones, by domain. */
export async function snapshot(scene: Scene, domains: readonly string[]): Promise<Snapshot> {
  const zones = new Map<string, ResourceRecordSet[]>();
  for (const domain of domains) zones.set(domain, await scene.records(domain));
  return zones;
}

export async function expectUnchanged(scene: Scene, checks: Checks, before: Snapshot, what: string): Promise<void> {
  for (const [domain, records] of before) {
    const now = await scene.records(domain);
    checks.that(`the zone ${domain} ${what}`, isDeepStrictEqual(now, records), now);
  }
}

export async function expectEasyDkimRecords(
  scene: Scene,
  checks: Checks,
  domain: string,
  region: string,
): Promise<void> {
  const { tokens, signingHostedZone } = scene.identity(domain, region)!;
  const cnames = (await scene.records(domain))
    .filter(({ Type }) => Type === 'CNAME')
    .map(({ Name, ResourceRecords }) => [Name, ResourceRecords![0].Value]);
  const wanted = tokens.map((token) => [`${token}._domainkey.${domain}.`, `${token}.${signingHostedZone}`]);
  checks.that(
    `${domain} has the three CNAMEs of Easy DKIM`,
    wanted.length === 3 && isDeepStrictEqual(cnames.sort(), wanted.sort()),
    cnames,
  );
}

/** Checks the BYODKIM record of a selector, and who wrote it. */
export async function expectOwnRecord(
  scene: Scene,
  checks: Checks,
  domain: string,
  selector: string,
  superseded?: string,
): Promise<void> {
  const records = await scene.records(domain);
  const textOf = (label: string) => {
    const record = records.find(({ Name, Type }) => Type === 'TXT' && Name === `${label}._domainkey.${domain}.`);
    return record && valuesOf(record).map(unquote).join('');
  };
  checks.that(
    `${domain} has the public key under ${selector}`,
    /^v=DKIM1; k=rsa; p=[A-Za-z0-9+/]{300,}=*$/.test(textOf(selector) ?? ''),
    textOf(selector),
  );
  const registered = records
    .filter(({ Name }) => isRegistryLabel(Name!.split('.')[0]))
    .flatMap((record) => [...parseRegistry(valuesOf(record)).entries]);
  checks.that(
    'the registry record lists the record as ours',
    registered.some(({ label, origin, until }) => label === selector && origin === 'ours' && !until),
    registered,
  );
  if (superseded === undefined) return;
  checks.that(`the record of ${superseded} stays`, textOf(superseded) !== undefined, records);
  const until = registered.find(({ label }) => label === superseded)?.until;
  checks.that('and is marked with a date to stay until', Date.parse(until ?? '') > Date.now(), registered);
}

/** Checks that every identity is verified with the method of the app. Returns a message from each domain. */
export async function expectSigning(
  scene: Scene,
  checks: Checks,
  signings: readonly Signing[],
): Promise<Map<string, Buffer>> {
  for (const { domain, region, origin } of signings) {
    const { status, origin: found } = scene.identity(domain, region)!;
    checks.that(
      `SES has verified ${domain} in ${region} with ${signingMethod(origin)}`,
      status === 'SUCCESS' && found === origin,
      { status, found },
    );
  }
  const sent = new Map<string, Buffer>();
  for (const { domain, region, selector } of signings) {
    const message = await sendMail(scene.neighbours, region, domain);
    sent.set(domain, message);
    await expectPass(
      scene,
      checks,
      domain,
      message,
      selector === undefined ? scene.identity(domain, region)!.tokens : [selector],
    );
  }
  return sent;
}

export async function expectPass(
  scene: Scene, checks: Checks, domain: string, message: Buffer, selectors: readonly string[], what = 'mail',
): Promise<void> {
  const verdict = await mailVerdict(message, scene.neighbours.dns.client());
  const { result, signingDomain, selector = '' } = verdict;
  checks.that(
    `${what} from ${domain} has dkim=pass`,
    result === 'pass' && signingDomain === domain && selectors.includes(selector),
    verdict,
  );
}

/** Waits until SES has verified an identity, if the deployment does not wait for it. */
export async function untilVerified(
  scene: Scene,
  { domain, region }: Pick<Signing, 'domain' | 'region'>,
): Promise<void> {
  for (const since = Date.now(); Date.now() - since < VERIFIED_WITHIN_MS; await sleep(200)) {
    if (scene.identity(domain, region)?.status === 'SUCCESS') return;
  }
}

/** Checks that identities sign with Easy DKIM, the default. Then SES has deleted a BYODKIM key. */
export function expectEasyDkim(
  scene: Scene,
  checks: Checks,
  identities: ReadonlyArray<Pick<Signing, 'domain' | 'region'>>,
): void {
  for (const { domain, region } of identities) {
    const origin = scene.identity(domain, region)?.origin;
    checks.that(`${domain} in ${region} is set to Easy DKIM in SES`, origin === 'AWS_SES', origin);
  }
}

function valuesOf({ ResourceRecords = [] }: ResourceRecordSet): string[] {
  return ResourceRecords.map(({ Value }) => Value!);
}
