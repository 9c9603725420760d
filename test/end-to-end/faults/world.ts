// The world in which a cell of the fault matrix happens: zones, identities, secrets, and what strangers have there.
import { FunctionMode } from '../../cloud';
import { pooledKey } from '../../cloud/key-pool';
import { KEYS_ZONE, PLACE, SLOTS } from '../delegated-scene';
import { PARENT } from '../methods';
import { ACCOUNT, DNS_ACCOUNT, DOMAIN, REGION, Scene } from '../scene';

export const OTHER_DOMAIN = 'example.org';
export const FOREIGN_DOMAIN = 'example.net';

/** What a flow needs beside the domain and its zone. */
export type Need
  = 'another domain' | 'a zone in another account' | 'a zone for keys' | 'a parent' | 'another Region'
  | 'keys by hand' | 'tokens by hand';

export interface WorldOptions {
  readonly seed: number;
  readonly functions?: FunctionMode;
  readonly needs?: readonly Need[];
}

/** A domain that SES has an identity for, and its zone. */
export interface Domain {
  readonly name: string;
  readonly zoneId: string;
}

/** Nobody else's keys are like these. Short ones cost a tenth of the time, and nothing here depends on their length. */
export const CANARIES = { one: pooledKey(1024, 0), two: pooledKey(1024, 1) };

/** In which the first domain is an identity too, where a flow needs it. */
export const FURTHER_REGION = 'eu-west-1';

export const ZONE_ROLE = `arn:aws:iam::${DNS_ACCOUNT}:role/dns`;

export class World {
  static async start({ seed, functions = 'in-process', needs = [] }: WorldOptions): Promise<World> {
    const scene = await Scene.start({ seed, functions, dns: { logged: true } });
    const { iam, route53 } = scene.cloud;
    const domains: Domain[] = [{ name: DOMAIN, zoneId: scene.zoneId }];
    const add = async (name: string, account: string) =>
      domains.push({ name, zoneId: (await route53.createHostedZone({ account, name })).id });
    if (needs.includes('another domain')) await add(OTHER_DOMAIN, ACCOUNT);
    if (needs.includes('a zone in another account')) {
      await add(FOREIGN_DOMAIN, DNS_ACCOUNT);
      const Principal = { AWS: `arn:aws:iam::${ACCOUNT}:root` };
      const assumeRolePolicy = { Statement: [{ Effect: 'Allow' as const, Principal, Action: 'sts:AssumeRole' }] };
      iam.putRole({ arn: ZONE_ROLE, assumeRolePolicy });
      iam.putRolePolicy(ZONE_ROLE, 'dns', { Statement: [{ Effect: 'Allow', Action: 'route53:*', Resource: '*' }] });
    }
    const keysZone = needs.includes('a zone for keys') ? await route53.createHostedZone({ account: ACCOUNT, name: KEYS_ZONE }) : undefined;
    const world = new World(scene, domains, needs, keysZone?.id);
    await world.populate();
    return world;
  }

  /** One is stored as it is, the other in a field of JSON. */
  readonly secrets: Readonly<Record<keyof typeof CANARIES, string>>;
  /** One that a user writes: selector and key. */
  readonly followed: string;
  /** What is there before any stack of ours, by domain. */
  private readonly strangers = new Map<string, { records: string[]; tags: string[] }>();

  private constructor(
    readonly scene: Scene, readonly domains: readonly Domain[], private readonly needs: readonly Need[],
    /** CNAMEs of the first domain lead into it. */
    readonly keysZoneId?: string,
  ) {
    this.secrets = {
      one: scene.secret(CANARIES.one, 'canary-one'),
      two: scene.secret(JSON.stringify({ key: CANARIES.two }), 'canary-two'),
    };
    this.followed = scene.secret(followedValue('s1', 'one'), 'canary-followed');
  }

  /** Tells apart worlds in which the same stack would be another template. */
  get key(): string {
    const zoneIds = this.domains.map(({ zoneId }) => zoneId);
    return [...zoneIds, this.keysZoneId, ...Object.values(this.secrets), this.followed].join();
  }

  /** The user stores the other key. */
  storeOtherKey(): void {
    this.scene.cloud.secretsManager.put(this.followed, followedValue('s2', 'two'));
  }

  domain(name: string): Domain {
    return this.domains.find((each) => each.name === name)!;
  }

  /** The domain's identity, and those in further Regions. */
  identities({ name }: Domain) {
    return this.regionsOf(name).map((region) => this.scene.identity(region, name)!);
  }

  private regionsOf(name: string): string[] {
    return this.needs.includes('another Region') && name === DOMAIN ? [REGION, FURTHER_REGION] : [REGION];
  }

  /** Secrets that the stacks have made. */
  get rotating() {
    const { secretsManager } = this.scene.cloud;
    return secretsManager.described().filter(({ arn }) =>
      ![this.followed, ...Object.values(this.secrets), ...Object.values(this.scene.secrets)].includes(arn));
  }

  /** What is in the zones of the domain. */
  linesOf({ name, zoneId }: Domain): string[] {
    const ofKeys = this.keysZoneId !== undefined && name === DOMAIN ? this.scene.all(this.keysZoneId) : [];
    return [...this.scene.all(zoneId), ...ofKeys];
  }

  /** What strangers have in the zone of the domain. */
  strangersRecords({ name }: Domain): readonly string[] {
    return this.strangers.get(name)!.records;
  }

  /** What is in zone and identity now, as far as it is not a stranger's, and what is missing of theirs. */
  differences(domain: Domain): string[] {
    const { records, tags } = this.strangers.get(domain.name)!;
    const now = this.linesOf(domain);
    const tagsNow = this.tagsOf(domain);
    return [
      ...now.filter((line) => !records.includes(line)).map((line) => `of ours: ${line}`),
      ...records.filter((line) => !now.includes(line)).map((line) => `of theirs, gone: ${line}`),
      ...tagsNow.filter((tag) => !tags.includes(tag)).map((tag) => `a tag of ours: ${tag}`),
      ...tags.filter((tag) => !tagsNow.includes(tag)).map((tag) => `a tag of theirs, gone: ${tag}`),
    ];
  }

  private tagsOf(domain: Domain): string[] {
    return this.identities(domain).flatMap(({ tags }) => tags.map(({ Key, Value }) => `${Key}=${Value}`));
  }

  /** The texts that somebody in the world gets who looks the name up now. */
  textsOf(name: string): string[] {
    const { answers = [] } = this.scene.cloud.dns.freshAnswer({ name, type: 'TXT' });
    return answers.flatMap((answer) => answer.type === 'TXT' ? [[answer.data].flat().map(String).join('')] : []);
  }

  stop(): Promise<void> {
    return this.scene.stop();
  }

  private async populate(): Promise<void> {
    const { scene, needs } = this;
    for (const { name, zoneId } of this.domains) {
      const tags = [{ Key: 'team', Value: 'mail' }];
      for (const region of this.regionsOf(name)) {
        scene.cloud.ses.createIdentity({ account: ACCOUNT, region, name, tags });
      }
      scene.write(`_dmarc.${name}`, 'TXT', '"v=DMARC1; p=none"', zoneId);
      scene.write(`newsletter._domainkey.${name}`, 'CNAME', 'key.newsletter.example', zoneId);
      scene.write(`old._domainkey.${name}`, 'TXT', '"v=DKIM1; p="', zoneId);
    }
    if (needs.includes('keys by hand')) {
      scene.publishKey('s1', CANARIES.one);
      scene.publishKey('s2', CANARIES.two);
    }
    if (needs.includes('tokens by hand')) scene.publishTokens();
    if (needs.includes('a parent')) {
      scene.identityExists(PARENT);
      scene.publishTokens(PARENT);
      await scene.verified(PARENT);
    }
    if (this.keysZoneId !== undefined) {
      for (const slot of SLOTS) scene.write(`${slot}._domainkey.${DOMAIN}`, 'CNAME', `${slot}._domainkey.${PLACE}`);
    }
    for (const domain of this.domains) {
      this.strangers.set(domain.name, { records: this.linesOf(domain), tags: this.tagsOf(domain) });
    }
  }
}

/** As the user writes it. */
function followedValue(selector: string, key: keyof typeof CANARIES): string {
  return JSON.stringify({ selector, privateKey: CANARIES[key] });
}
