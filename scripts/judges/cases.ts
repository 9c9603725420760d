// The domains that are judged: each is signed in its own way, and first with one key, then with another.
import { Duration, Stack } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { PublishedKey } from './opendkim';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim } from '../../src';
import { pooledKey } from '../../test/cloud/key-pool';
import { ACCOUNT, REGION, Scene } from '../../test/end-to-end/scene';

export interface Case {
  readonly name: string;
  readonly domain: string;
  /** The private keys of BYODKIM, in PEM. Their selectors are `s1` and `s2`. */
  readonly keys?: readonly string[];
  readonly rotating?: boolean;
}

const BITS = [1024, 1536, 2047, 2048];

export function casesWith(ofOpenDkim?: string): Case[] {
  const keys = (bits: number) => [0, 1].map((index) => pooledKey(bits, index));
  return [
    ...BITS.map((bits): Case => ({ name: `BYODKIM, ${bits} bits`, domain: `bits${bits}.com`, keys: keys(bits) })),
    { name: 'BYODKIM, punycode', domain: 'xn--bcher-kva.com', keys: keys(2048) },
    ...ofOpenDkim === undefined ? []
      : [{ name: 'BYODKIM, key of opendkim-genkey', domain: 'genkey.com', keys: [ofOpenDkim, keys(2048)[1]] }],
    { name: 'BYODKIM, rotating', domain: 'rotating.com', rotating: true },
    { name: 'Easy DKIM', domain: 'easy.com' },
    { name: 'Easy DKIM, punycode', domain: 'xn--mnchen-3ya.com' },
  ];
}

/** All of them, in the account before a stack comes. */
export class Domains {
  static async in(scene: Scene, cases: readonly Case[]): Promise<Domains> {
    const zoneIds = new Map<string, string>();
    for (const { domain } of cases) {
      scene.identityExists(REGION, domain);
      zoneIds.set(domain, (await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: domain })).id);
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
      hostedZone: this.scene.zoneIn(stack, this.zoneIds.get(each.domain)!, each.domain),
      waitForVerification: Duration.minutes(30),
      signing: this.signing(stack, each, key),
    }));
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

  private signing(stack: Stack, { keys, rotating }: Case, key: number): DkimSigning | undefined {
    if (rotating) return DkimSigning.rotatingByoDkim();
    if (!keys) return undefined;
    const secretArn = this.secrets.get(this.cases.find((each) => each.keys === keys)!)![key];
    const secret = secretsmanager.Secret.fromSecretCompleteArn(stack, `Secret${secretArn.slice(-6)}`, secretArn);
    return DkimSigning.byoDkim({ selector: `s${key + 1}`, privateKey: DkimPrivateKey.fromSecret(secret) });
  }

  /** A rotating key is kept as JSON, with the selector that it is published at. */
  private rotatingKey(selector: string): string | undefined {
    const values = this.scene.cloud.secretsManager.described()
      .map(({ versions }) => versions.holderOf('AWSCURRENT')?.value.toString() ?? '')
      .filter((value) => value.startsWith('{'))
      .map((value) => JSON.parse(value));
    return values.find((value) => value.selector === selector)?.privateKey;
  }
}

