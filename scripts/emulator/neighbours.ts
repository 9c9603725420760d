// Starts what MiniStack lacks: an SES that looks in DNS and signs mail, and the public DNS.
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { ACCOUNT, DOMAINS } from '../../examples/demo/app';
import { Credentials, CredentialSet, Principal } from '../../test/cloud/credentials';
import { DnsProvider, DnsWorld } from '../../test/cloud/dns';
import { Faults } from '../../test/cloud/faults';
import { Network } from '../../test/cloud/network';
import { Ses } from '../../test/cloud/ses';
import { RealClock } from '../../test/cloud/time/real-clock';

/** MiniStack issues the access keys, so every key belongs to its account. */
class AnyKey extends Credentials {
  find(accessKeyId: string): Principal | undefined {
    return accessKeyId ? { account: ACCOUNT } : undefined;
  }
}

/** Domains of the example app: one in a hosted zone, and one at a provider outside AWS. */
export const EXAMPLE = { hosted: 'example.com', elsewhere: 'example.org' } as const;
/** All domains that have a hosted zone. */
export const HOSTED_DOMAINS = [...Object.values(DOMAINS), EXAMPLE.hosted];

/** SES looks in DNS often, because MiniStack and the functions use the real clock. */
const QUICK = { firstLook: 500, lookEvery: 1_000 };

export class Neighbours {
  static async start(directory: string): Promise<Neighbours> {
    const dns = new DnsWorld();
    await dns.start();
    await dns.provider('amazonses').createZone('amazonses.com');
    // The zones must exist before any function starts, because a function gets their addresses only at its
    // start.
    for (const domain of HOSTED_DOMAINS) await dns.provider('ministack').createZone(domain);
    await dns.provider('elsewhere').createZone(EXAMPLE.elsewhere);
    const neighbours = new Neighbours(dns, directory);
    await neighbours.ses.start();
    return neighbours;
  }

  readonly ses: Ses;
  private readonly credentials = new AnyKey();

  private constructor(readonly dns: DnsWorld, private readonly directory: string) {
    const context = {
      clock: new RealClock(),
      random: Math.random,
      network: new Network(),
      abandonConnection: () => undefined,
      faults: new Faults(),
      credentials: this.credentials,
      calls: [],
      killProcess: () => undefined,
      authorize: () => undefined,
    };
    this.ses = new Ses(context, { resolver: dns.memoryClient(), publisher: dns.provider('amazonses'), ...QUICK });
  }

  /** The name servers for the zones in the Route 53 of MiniStack. */
  get zones(): DnsProvider {
    return this.dns.provider('ministack');
  }

  /** A DNS provider outside AWS, where the user writes the records. */
  get elsewhere(): DnsProvider {
    return this.dns.provider('elsewhere');
  }

  issueCredentials(): CredentialSet {
    return this.credentials.issue({ account: ACCOUNT });
  }

  /** Environment variables with which a function in MiniStack uses this SES and this DNS. */
  functionEnvironment(): Record<string, string> {
    const preload = join(this.directory, 'in-function.js');
    buildSync({
      entryPoints: [join(__dirname, 'in-function.ts')],
      outfile: preload,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
    });
    return {
      AWS_ENDPOINT_URL_SESV2: this.ses.endpoint,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      EMULATOR_RESOLVER: this.dns.resolverAddress,
      EMULATOR_NAT: JSON.stringify(this.dns.natOfFunctions()),
      NODE_OPTIONS: `--require ${JSON.stringify(preload)}`,
    };
  }

  async stop(): Promise<void> {
    await this.ses.stop();
    await this.dns.stop();
  }
}
