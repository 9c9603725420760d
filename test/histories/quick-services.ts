// SES, Route 53, Secrets Manager and public DNS of a quick history: the rules of the local cloud, called without HTTP.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import {
  Account, ACCOUNTS, DOMAIN, IdentityPlace, KeyName, placeName, Region, SECRETS, ZONE_ACCOUNT,
} from './operations';
import { QuickSecrets } from './quick-secrets';
import type { MailSent } from './rotation/mail-sent';
import { Witness } from './witness';
import { NameServerAnswer } from '../../lambda/base/ports';
import { compareRecordSets } from '../cloud/change-batch';
import type { LookupClient } from '../cloud/dns';
import { HostedZone } from '../cloud/hosted-zone';
import { pooledKey } from '../cloud/key-pool';
import { plainName } from '../cloud/record-name';
import { SecretVersions } from '../cloud/secrets-manager/secret-versions';
import { ServiceError } from '../cloud/service-error';
import { SesIdentities } from '../cloud/ses/identities';
import { IdentityRef } from '../cloud/ses/identity';
import { SES_DEFAULTS } from '../cloud/ses/settings';
import { signingFrom, WireSigningAttributes } from '../cloud/ses/signing';
import { Clock } from '../cloud/time/clock';
import { Random, randomUuid } from '../cloud/time/random';

export const ZONE_ID = 'ZQUICK';
const INSYNC_MS = 30_000;
const PROCESSING_MS = 2_000;
const NAME_SERVERS = ['ns-1.awsdns-01.com', 'ns-2.awsdns-02.com'];
/** SES looks less often than the local SES, or days would cost thousands of looks. */
const LOOKS = { ...SES_DEFAULTS, lookEvery: 300_000, recheckEvery: 6 * 3_600_000 };

/** Of the pool: a history cares that keys differ, not which they are. The fourth is what a secret is changed to. */
export const KEYS = {
  one: pooledKey(1024, 0), two: pooledKey(1024, 1), three: pooledKey(1024, 2), new: pooledKey(1024, 3),
};
/** By the base64 of the private key. */
const PUBLIC_KEYS = new Map<string, string>();

/** What SES takes: the base64 of a PEM. */
export function bare(pem: string): string {
  return pem.replace(/-----[^-]+-----|\s/g, '');
}

export function publicKeyOf(key: KeyName): string {
  return publicTextOf(bare(KEYS[key]));
}

/** Base64 of the public key, from that of the private key. */
export function publicTextOf(privateKey: string): string {
  const key = () => createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  const known = PUBLIC_KEYS.get(privateKey)
    ?? createPublicKey(key()).export({ type: 'spki', format: 'der' }).toString('base64');
  PUBLIC_KEYS.set(privateKey, known);
  return known;
}

export class QuickServices {
  readonly zone = new HostedZone({
    id: ZONE_ID, account: ZONE_ACCOUNT, name: `${DOMAIN}.`, privateZone: false, nameServers: NAME_SERVERS,
  });
  readonly ses: SesIdentities;
  readonly witness: Witness;
  /** Those that stacks have made. */
  readonly ownSecrets: QuickSecrets;
  /** SES finds nothing in DNS for now. */
  isBlind = false;
  /** Regions in which SES answers no call, and how. */
  readonly closed = new Map<Region, 'fails' | 'unreachable'>();
  /** Who notes the mail that is sent. */
  mail?: MailSent;
  /** Of the user, by account and name. Undefined: deleted. */
  private readonly secrets = new Map<string, SecretVersions | undefined>();
  /** Base64 of the public key of BYODKIM, by account and Region. */
  private readonly publicKeys = new Map<string, string>();
  private readonly changes = new Map<string, number>();

  constructor(
    private readonly clock: Clock, private readonly random: Random, readonly places: readonly IdentityPlace[],
  ) {
    this.ownSecrets = new QuickSecrets(clock, random);
    this.ses = new SesIdentities(
      { clock, random, authorize: () => undefined },
      { resolver: this.resolver(), publisher: { set: () => undefined, remove: () => undefined } }, LOOKS,
    );
    this.witness = new Witness(this, clock);
    for (const place of places) this.makeIdentity(place);
    for (const account of ACCOUNTS) {
      for (const name of SECRETS) this.setSecret(account, name, KEYS[name]);
    }
  }

  // ---- SES

  makeIdentity(place: IdentityPlace): void {
    this.ses.create(ref(place), { origin: 'AWS_SES', keyLength: undefined });
  }

  putSigning(place: IdentityPlace, origin: unknown, attributes: WireSigningAttributes): object {
    this.mail?.look();
    const state = this.ses.putSigning(ref(place), signingFrom(origin, attributes, { account: place.account }));
    const { DomainSigningPrivateKey: key } = attributes;
    if (key) this.publicKeys.set(placeName(place), publicTextOf(key));
    else this.publicKeys.delete(placeName(place));
    return {
      DkimStatus: LOOKS.firstStatus, DkimTokens: state.tokens, SigningHostedZone: state.signingHostedZone,
    };
  }

  identity(place: IdentityPlace) {
    const state = this.ses.state(ref(place));
    return state && { ...state, publicKey: this.publicKeys.get(placeName(place)) };
  }

  // ---- Route 53

  listFrom(name: string, type = ''): readonly ResourceRecordSet[] {
    const from = `${plainName(name)}.`;
    return this.zone.recordSets.filter((set) => compareRecordSets(set, { Name: from, Type: type }) >= 0);
  }

  changeZone(changes: Parameters<HostedZone['change']>[0]): string {
    const now = this.clock.now();
    const times = { now, busyUntil: now + PROCESSING_MS, visibleAt: now + INSYNC_MS };
    this.zone.change(changes, times);
    const id = `C${this.changes.size}`;
    this.changes.set(id, times.visibleAt);
    return id;
  }

  changeByHand(changes: Parameters<HostedZone['change']>[0]): void {
    this.zone.change(changes, { now: Infinity, busyUntil: -Infinity, visibleAt: -Infinity });
  }

  statusOfChange(id: string): string {
    return this.clock.now() >= this.changes.get(id)! ? 'INSYNC' : 'PENDING';
  }

  // ---- Secrets Manager

  setSecret(account: Account, name: string, value: string | undefined): void {
    const key = `${account}/${name}`;
    const versions = value === undefined ? undefined : this.secrets.get(key) ?? new SecretVersions();
    if (value !== undefined) versions!.add(randomUuid(this.random), value, ['AWSCURRENT'], this.clock.now());
    this.secrets.set(key, versions);
  }

  /** What a function asks of Secrets Manager. */
  callSecrets(account: Account, operation: string, input: any): unknown {
    const { SecretId: arn, VersionId: id, VersionStage: stage } = input;
    const name = nameIn(arn);
    if (!this.secrets.has(name)) return this.ownSecrets.call(account, operation, input);
    const versions = this.secrets.get(name);
    if (!versions) {
      throw new ServiceError('ResourceNotFoundException', 400, "Secrets Manager can't find the specified secret.");
    }
    if (operation !== 'GetSecretValue') this.witness.broken.push(`2: ${operation} changes the user's secret ${arn}`);
    const { value, id: VersionId } = versions.get(id, stage);
    return { ARN: arn, SecretString: String(value), VersionId };
  }

  // ---- public DNS

  /** The values of a name that the world sees now. */
  seen(name: string, type: string): string[] {
    return this.zone.visibleRecords(this.clock.now())
      .filter((record) => record.name === name && record.type === type).flatMap(({ values }) => [...values]);
  }

  /** Whether a TXT value has the public key of that private key, in base64. */
  holds(text: string, privateKey: string): boolean {
    return this.hasPublicKey(text, publicTextOf(privateKey));
  }

  hasPublicKey(text: string, publicKey: string): boolean {
    return textOf(text).join('').includes(`p=${publicKey}`);
  }

  ask(name: string): NameServerAnswer[] {
    return NAME_SERVERS.map((nameServer) => ({ nameServer, values: this.seen(name, 'TXT') }));
  }

  private resolver(): LookupClient {
    const found = async (name: string, type: string) => {
      const values = this.isBlind ? [] : this.seen(name, type);
      if (values.length === 0) throw Object.assign(new Error('nothing'), { code: 'ENOTFOUND' });
      return values;
    };
    return {
      resolveTxt: async (name: string) => (await found(name, 'TXT')).map((value) => textOf(value)),
      resolveCname: async (name: string) => (await found(name, 'CNAME')).map((value) => value.replace(/\.$/, '')),
      resolveSoa: async () => {
        throw new Error('There is no SOA record');
      },
    };
  }
}

/** Account and name of a secret of the user. */
function nameIn(arn: string): string {
  const [,,,, account,, name] = arn.split(':');
  return `${account}/${name.replace(/-[A-Za-z]{6}$/, '')}`;
}

export function ref({ account, region }: IdentityPlace): IdentityRef {
  return { account, region, name: DOMAIN };
}

/** The strings of a TXT value. */
function textOf(value: string): string[] {
  return [...value.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text);
}

