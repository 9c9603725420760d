// What stands beside MiniStack: the local cloud's SES, which looks in DNS and signs, and its public DNS.
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { ACCOUNT, DOMAINS } from '../../examples/demo/app';
import { Clock } from '../../test/cloud/clock';
import { Credentials, CredentialSet, Principal } from '../../test/cloud/credentials';
import { DnsProvider, DnsWorld } from '../../test/cloud/dns';
import { Faults } from '../../test/cloud/faults';
import { Ses } from '../../test/cloud/ses';

/** MiniStack gives out the keys: whoever has one belongs to its account. */
class AnyKey extends Credentials {
  find(accessKeyId: string): Principal | undefined {
    return accessKeyId ? { account: ACCOUNT } : undefined;
  }
}

/** Domains of the example app: one in a hosted zone, and one at a provider outside AWS. */
export const EXAMPLE = { hosted: 'example.com', elsewhere: 'example.org' } as const;
/** All that have a hosted zone. */
export const HOSTED_DOMAINS = [...Object.values(DOMAINS), EXAMPLE.hosted];

/** SES at its quickest, as the clock is the machine's: MiniStack and the functions know no other. */
const QUICK = { firstLook: 500, lookEvery: 1_000 };

export class Neighbours {
  static async start(directory: string): Promise<Neighbours> {
    const dns = new DnsWorld();
    await dns.start();
    await dns.provider('amazonses').createZone('amazonses.com');
    // Delegated before any function starts, as each of them is told the addresses only then.
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
      clock: Clock.running(1),
      faults: new Faults(),
      credentials: this.credentials,
      calls: [],
      killProcess: () => undefined,
      authorize: () => undefined,
    };
    this.ses = new Ses(context, { resolver: () => dns.client(), publisher: dns.provider('amazonses'), ...QUICK });
  }

  /** Where the zones of MiniStack's Route 53 are served. */
  get zones(): DnsProvider {
    return this.dns.provider('ministack');
  }

  /** A DNS provider that nobody but its customer writes to. */
  get elsewhere(): DnsProvider {
    return this.dns.provider('elsewhere');
  }

  issueCredentials(): CredentialSet {
    return this.credentials.issue({ account: ACCOUNT });
  }

  /** What makes a function of MiniStack's see them. */
  functionEnvironment(): Record<string, string> {
    const preload = join(this.directory, 'in-function.js');
    buildSync({ entryPoints: [join(__dirname, 'in-function.ts')], outfile: preload, bundle: true, platform: 'node', target: 'node20', format: 'cjs' });
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
