// What has to be true of records, identities and mail after each deployment.
import { isDeepStrictEqual } from 'node:util';
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { Checks } from './checks';
import { Scene } from './scene';
import { DOMAINS, PARENT_REGION, REGION } from '../../examples/demo/app';
import { signingMethod } from '../../examples/demo/signing-method';
import { unquote } from '../../lambda/dkim-record';
import { isRegistryLabel, parseRegistry } from '../../lambda/registry';
import { mailVerdict } from '../../test/cloud/mail-verdict';
import { sendMail } from '../../test/end-to-end/send-mail';

type Snapshot = ReadonlyMap<string, readonly ResourceRecordSet[]>;

export async function snapshot(scene: Scene): Promise<Snapshot> {
  const zones = new Map<string, ResourceRecordSet[]>();
  for (const domain of Object.values(DOMAINS)) zones.set(domain, await scene.records(domain));
  return zones;
}

export async function expectUnchanged(scene: Scene, checks: Checks, before: Snapshot, what: string): Promise<void> {
  for (const [domain, records] of before) {
    const now = await scene.records(domain);
    checks.that(`the zone ${domain} ${what}`, isDeepStrictEqual(now, records), now);
  }
}

/** The record of BYODKIM with `selector`, those of Easy DKIM, and who wrote them. */
export async function expectRecords(scene: Scene, checks: Checks, selector: string, superseded?: string): Promise<void> {
  for (const [domain, region] of [[DOMAINS.easy, REGION], [DOMAINS.replica, PARENT_REGION]]) {
    const { tokens, signingHostedZone } = scene.identity(domain, region)!;
    const cnames = (await scene.records(domain)).filter(({ Type }) => Type === 'CNAME').map(({ Name, ResourceRecords }) => [Name, ResourceRecords![0].Value]);
    const wanted = tokens.map((token) => [`${token}._domainkey.${domain}.`, `${token}.${signingHostedZone}`]);
    checks.that(`${domain} has the three CNAMEs of Easy DKIM`, isDeepStrictEqual(cnames.sort(), wanted.sort()), cnames);
  }
  const records = await scene.records(DOMAINS.byo);
  const text = textOf(records, selector);
  checks.that(`${DOMAINS.byo} has the public key under ${selector}`, /^v=DKIM1; k=rsa; p=[A-Za-z0-9+/]{300,}=*$/.test(text ?? ''), text);
  const registered = records.filter(({ Name }) => isRegistryLabel(Name!.split('.')[0])).flatMap((record) => [...parseRegistry(valuesOf(record)).entries]);
  checks.that('the registry record lists the record as ours', registered.some(({ label, origin, until }) => label === selector && origin === 'ours' && !until), registered);
  if (superseded === undefined) return;
  checks.that(`the record of ${superseded} stays`, textOf(records, superseded) !== undefined, records);
  const until = registered.find(({ label }) => label === superseded)?.until;
  checks.that('and is marked with a date to stay until', Date.parse(until ?? '') > Date.now(), registered);
}

/** Every identity verified, with the method that the app says. Gives the message that was sent from each. */
export async function expectSigning(scene: Scene, checks: Checks, selector: string): Promise<Map<string, Buffer>> {
  const origins = [
    { domain: DOMAINS.replica, region: PARENT_REGION, origin: 'AWS_SES' },
    { domain: DOMAINS.easy, region: REGION, origin: 'AWS_SES' },
    { domain: DOMAINS.byo, region: REGION, origin: 'EXTERNAL' },
    { domain: DOMAINS.replica, region: REGION, origin: `AWS_SES_${PARENT_REGION.toUpperCase().replaceAll('-', '_')}` },
  ];
  for (const { domain, region, origin } of origins) {
    const { status, origin: found } = scene.identity(domain, region)!;
    checks.that(`SES has verified ${domain} in ${region} with ${signingMethod(origin)}`, status === 'SUCCESS' && found === origin, { status, found });
  }
  const sent = new Map<string, Buffer>();
  for (const domain of Object.values(DOMAINS)) {
    const message = await sendMail(scene.neighbours, REGION, domain);
    sent.set(domain, message);
    await expectPass(scene, checks, domain, message, domain === DOMAINS.byo ? [selector] : scene.identity(domain)!.tokens);
  }
  return sent;
}

export async function expectPass(
  scene: Scene, checks: Checks, domain: string, message: Buffer, selectors: readonly string[], what = 'mail',
): Promise<void> {
  const verdict = await mailVerdict(message, scene.neighbours.dns.client());
  const { result, signingDomain, selector = '' } = verdict;
  checks.that(`${what} from ${domain} has dkim=pass`, result === 'pass' && signingDomain === domain && selectors.includes(selector), verdict);
}

/** Signing is what it is for an identity that nobody configured: Easy DKIM, so that SES has forgotten the key. */
export function expectEasyDkim(scene: Scene, checks: Checks, domains: readonly string[]): void {
  for (const domain of domains) {
    const origin = scene.identity(domain)?.origin;
    checks.that(`${domain} is set to Easy DKIM in SES`, origin === 'AWS_SES', origin);
  }
}

function textOf(records: readonly ResourceRecordSet[], label: string): string | undefined {
  const record = records.find(({ Name, Type }) => Type === 'TXT' && Name === `${label}._domainkey.${DOMAINS.byo}.`);
  return record && valuesOf(record).map(unquote).join('');
}

function valuesOf({ ResourceRecords = [] }: ResourceRecordSet): string[] {
  return ResourceRecords.map(({ Value }) => Value!);
}
