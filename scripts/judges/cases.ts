// The domains that are judged: each is signed in its own way, and first with one key, then with another.
import { Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { PublishedKey } from './opendkim';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim } from '../../src';
import { pooledKey } from '../../test/cloud/key-pool';
import { PARENT } from '../../test/end-to-end/methods';
import { ACCOUNT, DNS_ACCOUNT, REGION, Scene } from '../../test/end-to-end/scene';

export interface Case {
  readonly name: string;
  readonly domain: string;
  /** The private keys of BYODKIM, in PEM. Their selectors are `s1` and `s2`. */
  readonly keys?: readonly string[];
  /** @default Easy DKIM, where there are no keys */
  readonly method?: 'rotating' | 'DEED';
  /** The account of the hosted zone, which is changed through a role, when it is not the stack's. */
  readonly zoneAccount?: string;
}

const ZONE_ROLE = `arn:aws:iam::${DNS_ACCOUNT}:role/dns`;
const BITS = [1024, 1536, 2047, 2048];

export function casesWith(ofOpenDkim?: string): Case[] {
  const keys = (bits: number) => [0, 1].map((index) => pooledKey(bits, index));
  return [
    ...BITS.map((bits): Case => ({ name: `BYODKIM, ${bits} bits`, domain: `bits${bits}.com`, keys: keys(bits) })),
    { name: 'BYODKIM, punycode', domain: 'xn--bcher-kva.com', keys: keys(2048) },
    ...ofOpenDkim === undefined ? []
      : [{ name: 'BYODKIM, key of opendkim-genkey', domain: 'genkey.com', keys: [ofOpenDkim, keys(2048)[1]] }],
    { name: 'BYODKIM, zone of another account', domain: 'foreign.com', keys: keys(2048), zoneAccount: DNS_ACCOUNT },
    { name: 'BYODKIM, rotating', domain: 'rotating.com', method: 'rotating' },
    { name: 'DEED', domain: 'replica.com', method: 'DEED' },
    { name: 'Easy DKIM', domain: 'easy.com' },
    { name: 'Easy DKIM, punycode', domain: 'xn--mnchen-3ya.com' },
  ];
}

/** All of them, in the account before a stack comes. */
export class Domains {
  static async in(scene: Scene, cases: readonly Case[]): Promise<Domains> {
    const zoneIds = new Map<string, string>();
    zoneRoleExists(scene);
    for (const { domain, method, zoneAccount: account = ACCOUNT } of cases) {
      const { id } = await scene.cloud.route53.createHostedZone({ account, name: domain });
      zoneIds.set(domain, id);
      scene.identityExists(REGION, domain);
      if (method === 'DEED') await parentExists(scene, domain, id);
    }
    return new Domains(scene, cases, zoneIds);
  }

  private readonly secrets: ReadonlyMap<Case, string[]>;

  private constructor(
    private readonly scene: Scene, readonly cases: readonly Case[], private readonly zoneIds: Map<string, string>,
  ) {
    this.secrets = new Map(cases.map((each) => [each, (each.keys ?? []).map((key) => scene.secret(key))]));
  }

  /** A stack that signs all of them, with the keys of that number. */
  stackWith(key: number): (stack: Stack) => void {
    return (stack) => this.cases.forEach((each, index) => new EmailIdentityDkim(stack, `Dkim${index}`, {
      identity: ses.EmailIdentity.fromEmailIdentityName(stack, `Identity${index}`, each.domain),
      hostedZone: each.method === 'DEED' ? undefined
        : this.scene.zoneIn(stack, this.zoneIds.get(each.domain)!, each.domain),
      hostedZoneRole: each.zoneAccount ? iam.Role.fromRoleArn(stack, `Role${index}`, ZONE_ROLE) : undefined,
      waitForVerification: Duration.minutes(30),
      signing: this.signing(stack, each, key),
    }));
  }

  /** Changes the key that rotates, and waits until SES signs with the next one. */
  async rotate(): Promise<void> {
    const { cloud } = this.scene;
    const { domain } = this.cases.find(({ method }) => method === 'rotating')!;
    const selector = () => this.scene.identity(REGION, domain)!.tokens.join();
    const before = selector();
    cloud.secretsManager.rotate(this.rotatingSecret().arn, {});
    await cloud.clock.until('the next key', () => selector() !== before && this.rotatingKey(selector()) !== undefined);
    await this.scene.verified(REGION, domain);
  }

  /** What is published for a domain now: with its private key, where it is ours. */
  published({ domain, keys }: Case): PublishedKey[] {
    return this.scene.identity(REGION, domain)!.tokens.map((selector) => {
      const privateKey = keys?.[Number(selector.slice(1)) - 1] ?? this.rotatingKey(selector);
      return { domain, selector, privateKey };
    });
  }

  /** `p=` of a record, as the domain's name servers give it. */
  async publicKey({ domain, selector }: PublishedKey): Promise<string | undefined> {
    const texts = await this.scene.cloud.clock.hold('a record to be looked up', () =>
      this.scene.cloud.dns.client().resolveTxt(`${selector}._domainkey.${domain}`));
    return /p=([^;\s]+)/.exec(texts[0].join(''))?.[1];
  }

  private signing(stack: Stack, each: Case, key: number): DkimSigning | undefined {
    if (each.method === 'rotating') return DkimSigning.rotatingByoDkim();
    if (each.method === 'DEED') return DkimSigning.deterministicEasyDkim({ parentRegion: PARENT });
    if (!each.keys) return undefined;
    const secretArn = this.secrets.get(each)![key];
    const secret = secretsmanager.Secret.fromSecretCompleteArn(stack, `Secret${secretArn.slice(-6)}`, secretArn);
    return DkimSigning.byoDkim({ selector: `s${key + 1}`, privateKey: DkimPrivateKey.fromSecret(secret) });
  }

  /** A rotating key is kept as JSON, with the selector that it is published at. */
  private rotatingKey(selector: string): string | undefined {
    const value = JSON.parse(this.rotatingSecret().versions.holderOf('AWSCURRENT')!.value!.toString());
    return value.selector === selector ? value.privateKey : undefined;
  }

  private rotatingSecret() {
    return this.scene.cloud.secretsManager.described().find(({ rotation }) => rotation)!;
  }
}

/** What the role may do is not what is judged here. */
function zoneRoleExists({ cloud }: Scene): void {
  cloud.iam.putRole({
    arn: ZONE_ROLE,
    assumeRolePolicy: {
      Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } },
    },
  });
  cloud.iam.putRolePolicy(ZONE_ROLE, 'records', { Statement: { Effect: 'Allow', Action: 'route53:*', Resource: '*' } });
}

/** The parent of a replica signs with Easy DKIM already; its records are in the zone. */
async function parentExists(scene: Scene, domain: string, zoneId: string): Promise<void> {
  scene.identityExists(PARENT, domain);
  const { tokens, signingHostedZone } = scene.identity(PARENT, domain)!;
  for (const token of tokens) {
    scene.write(`${token}._domainkey.${domain}`, 'CNAME', `${token}.${signingHostedZone}`, zoneId);
  }
  await scene.verified(PARENT, domain);
}
