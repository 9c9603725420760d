// The local cloud: a test double of AWS, with all its services on loopback and one clock. It is not in the package.
import { cloudCore } from './cloud-core';
import { CloudFormation } from './cloudformation';
import { Credentials, CredentialSet, Principal } from './credentials';
import { DnsWorld, DnsWorldOptions } from './dns';
import { DnsQueries } from './dns-queries';
import { EventBridge } from './event-bridge';
import { Faults } from './faults';
import { healthEvent } from './health';
import { CallRecord, CloudContext } from './http-service';
import { Iam } from './iam';
import { FunctionMode, Lambda } from './lambda';
import { Datum, metricsIn } from './metrics';
import { Route53, Route53Settings } from './route53';
import { Scheduler } from './scheduler';
import { SecretsManager } from './secrets-manager';
import { Ses, SesOptions } from './ses';
import { Sts } from './sts';
import { DEFAULT_LATENCY, Latency } from './time/function-time';
import { seededRandom } from './time/random';
import { seedOfThisRun } from './time/seed';
import { SimulatedClock } from './time/simulated-clock';

export * from './cloudformation';
export type { FaultKind } from './faults';
export type { CallRecord } from './http-service';
export type { FunctionMode } from './lambda';
export { ServiceError } from './service-error';

export interface LocalCloudOptions {
  /** One seed always gives the same calls in the same order. @default `LOCAL_CLOUD_SEED`, or a random number */
  readonly seed?: number;
  /** How long a call of a function takes. @default 20 to 200 ms */
  readonly latency?: Latency;
  /** How functions run. @default 'process' */
  readonly functions?: FunctionMode;
  /** Is told of each request to a service, as it is on the wire. */
  readonly onRequest?: CloudContext['onRequest'];
  readonly dns?: Pick<DnsWorldOptions, 'random'> & {
    /** Whether SES asks the functions' resolver, which caches. Otherwise its resolver caches nothing. @default false */
    readonly sesSharesResolver?: boolean;
    /** Whether the queries of functions are in the log of calls, as service `dns`. @default false */
    readonly logged?: boolean;
  };
  readonly route53?: Partial<Route53Settings>;
  readonly ses?: Partial<Omit<SesOptions, 'onSearchEnd' | 'publisher' | 'resolver'>>;
}

/** The DNS provider with the name servers of SES itself, which have the public keys of Easy DKIM. */
const SES_DNS = 'amazonses';

export class LocalCloud {
  static async start(options: LocalCloudOptions = {}): Promise<LocalCloud> {
    const cloud = new LocalCloud(options);
    await cloud.dns.start();
    await cloud.dns.provider(SES_DNS).createZone('amazonses.com');
    await Promise.all([...cloud.httpServices, cloud.lambda].map((service) => service.start()));
    await cloud.cloudFormation.start();
    globalThis.LOCAL_CLOUDS?.push(cloud);
    return cloud;
  }

  readonly seed: number;
  readonly clock: SimulatedClock;
  readonly faults: Faults;
  /** All calls of all services until now, oldest first. */
  readonly calls: CallRecord[];
  readonly iam: Iam;
  readonly dns: DnsWorld;
  readonly route53: Route53;
  readonly ses: Ses;
  readonly secretsManager: SecretsManager;
  readonly sts: Sts;
  readonly lambda: Lambda;
  readonly eventBridge: EventBridge;
  readonly scheduler: Scheduler;
  readonly cloudFormation: CloudFormation;
  private readonly credentials: Credentials;

  private constructor(options: LocalCloudOptions) {
    const { seed = seedOfThisRun(), latency = DEFAULT_LATENCY, functions: mode = 'process' } = options;
    this.seed = seed;
    const core = cloudCore(seed);
    const { clock, network, iam } = core;
    this.clock = clock;
    this.faults = core.faults;
    this.calls = core.calls;
    this.iam = iam;
    this.credentials = core.credentials;
    const context: CloudContext = {
      ...core,
      onRequest: options.onRequest,
      abandonConnection: (processId, port) => this.lambda.abandonConnection(processId, port),
      killProcess: (processId) => this.lambda.kill(processId),
    };
    const queries = new DnsQueries(core, options.dns?.logged ?? false, () => {
      if (clock.atWork !== undefined) this.lambda.kill(clock.atWork);
    });
    this.dns = new DnsWorld({
      clock,
      random: options.dns?.random ?? seededRandom(seed, 'dns'),
      meet: (question, answer) => queries.meet(question, answer),
    });
    this.route53 = new Route53(context, this.dns, options.route53);
    const publisher = this.dns.provider(SES_DNS);
    const resolver = options.dns?.sesSharesResolver ? this.dns.cachingMemoryClient() : this.dns.memoryClient();
    this.ses = new Ses(context, {
      resolver,
      publisher,
      onSearchEnd: (identity) => {
        const { healthEvents } = this.eventBridge.settings;
        if (healthEvents) this.eventBridge.send(healthEvent(identity, this.clock.date()));
      },
      ...options.ses,
    });
    this.sts = new Sts(context, iam);
    this.lambda = new Lambda(context, {
      simulation: { clock, seed, latency, network },
      mode,
      dns: this.dns,
      endpointEnvironment: () => this.endpointEnvironment(),
    });
    this.eventBridge = new EventBridge(context, this.lambda);
    this.secretsManager = new SecretsManager(context, {
      functions: this.lambda, send: (event) => this.eventBridge.send(event),
    });
    this.scheduler = new Scheduler(context, iam, this.lambda);
    this.cloudFormation = new CloudFormation(context, clock, this);
  }

  /** Ends all processes, servers and timers. */
  async stop(): Promise<void> {
    await this.cloudFormation.stop();
    this.eventBridge.stop();
    await this.lambda.stop(); // before the others, as functions call them
    await Promise.all(this.httpServices.map((service) => service.stop()));
    await this.dns.stop();
    this.clock.stop('the local cloud was stopped');
    globalThis.LOCAL_CLOUDS?.splice(globalThis.LOCAL_CLOUDS.indexOf(this), 1);
  }

  /**
   * What functions have written to their logs in the embedded metric format, oldest first. Throws for a line that means
   * to be such and is not valid: CloudWatch would pass over it in silence.
   */
  metrics(functionName?: string): Datum[] {
    const names = functionName === undefined ? this.lambda.functionNames() : [functionName];
    return names.flatMap((name) => metricsIn(this.lambda.logEvents(name))).sort((one, other) => one.at - other.at);
  }

  /** Its seed, its time, and who waits for what. */
  describe(): string {
    return `LOCAL_CLOUD_SEED=${this.seed}\n${this.clock.describe()}`;
  }

  /** The environment variables with which an AWS SDK calls this cloud. */
  endpointEnvironment(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL_CLOUDFORMATION: this.cloudFormation.endpoint,
      AWS_ENDPOINT_URL_LAMBDA: this.lambda.endpoint,
      AWS_ENDPOINT_URL_ROUTE_53: this.route53.endpoint,
      AWS_ENDPOINT_URL_SCHEDULER: this.scheduler.endpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: this.secretsManager.endpoint,
      AWS_ENDPOINT_URL_SESV2: this.ses.endpoint,
      AWS_ENDPOINT_URL_STS: this.sts.endpoint,
    };
  }

  /** Credentials for a client of the test. By default they are those of the account's administrator. */
  issueCredentials(principal: Principal = { account: '111111111111' }): CredentialSet {
    return this.credentials.issue(principal);
  }

  private get httpServices() {
    return [this.route53, this.scheduler, this.ses, this.secretsManager, this.sts];
  }
}
