// How SES looks in public DNS: the CNAMEs of Easy DKIM, the TXT of BYODKIM, and the SOA it reports.
import type { KeyObject } from 'node:crypto';
import type { SoaRecord } from 'node:dns';
import { publicTextOf } from './signing-key';
import { Look } from './verification';
import type { LookupClient } from '../dns';

export async function lookForCnames(
  resolver: LookupClient, domain: string, tokens: readonly string[], zone: string,
): Promise<Look> {
  for (const token of tokens) {
    const look = await lookFor(
      () => resolver.resolveCname(`${token}._domainkey.${domain}`),
      (targets) => targets.length === 1 && targets[0].toLowerCase() === `${token}.${zone}`,
    );
    if (look !== 'FOUND') return look;
  }
  return 'FOUND';
}

/** @param privateKey undefined when SES was given something that is no usable key: no record can ever match it */
export function lookForTxt(
  resolver: LookupClient, domain: string, selector: string, privateKey: KeyObject | undefined,
): Promise<Look> {
  const expected = privateKey && publicTextOf(privateKey);
  return lookFor(
    () => resolver.resolveTxt(`${selector}._domainkey.${domain}`),
    // With several records a verifier may take any of them (RFC 6376 3.6.2.2), so SES is not assumed to find ours.
    (records) => expected !== undefined && records.length === 1 && publishedKey(records[0].join('')) === expected,
  );
}

/** The SOA of the zone that holds the domain. */
export async function lookForSoa(resolver: LookupClient, domain: string): Promise<SoaRecord | undefined> {
  for (let name = domain; name.includes('.'); name = name.slice(name.indexOf('.') + 1)) {
    const soa = await resolver.resolveSoa(name).catch(() => undefined);
    if (soa) return soa;
  }
  return undefined;
}

async function lookFor<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<Look> {
  try {
    return isRight(await ask()) ? 'FOUND' : 'INVALID_VALUE';
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case 'ENOTFOUND': return 'HOST_NOT_FOUND';
      case 'ENODATA': return 'TYPE_NOT_FOUND';
      default: return 'DNS_SERVER_ERROR';
    }
  }
}

/** The `p=` of a DKIM key record (RFC 6376 3.6.1), unless the record is for something else than RSA. */
function publishedKey(text: string): string | undefined {
  const tags = text.split(';').map((tag) => tag.replace(/\s+/g, '')).filter((tag) => tag !== '');
  const value = (name: string) => tags.find((tag) => tag.startsWith(`${name}=`))?.slice(name.length + 1);
  const versionAt = tags.findIndex((tag) => tag.startsWith('v='));
  if (versionAt > 0 || (versionAt === 0 && tags[0] !== 'v=DKIM1') || (value('k') ?? 'rsa') !== 'rsa') return undefined;
  return value('p');
}
