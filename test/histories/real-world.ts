// The real way to run a history: synthesis, the bundle, HTTP and DNS, through a scene of the end-to-end tests.
import { CfnResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import {
  Account, ACCOUNTS, DOMAIN, Ending, HAND, IdentityPlace, identityOf, KeyName, Operation, otherRegion, placeName,
  placesOf, SecretName, SECRETS, Topology, Wanted, ZONE_ACCOUNT,
} from './operations';
import { bare, KEYS, publicKeyOf } from './quick-services';
import { Look, StackSeen, World } from './world';
import { ownerOf } from '../../lambda/base/owner';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim, RecordConflict } from '../../src';
import { FunctionMode, StackResult } from '../cloud';
import { Fault } from '../cloud/faults';
import { plainName } from '../cloud/record-name';
import { Scene } from '../end-to-end/scene';

const ROLE = `arn:aws:iam::${ZONE_ACCOUNT}:role/dkim-dns`;
/** An identity that SES never verifies: a resource that waits for that fails when its time is over. */
const NEVER_VERIFIED = 'never.example';

export class RealWorld implements World {
  static async start(topology: Topology, seed: number, functions: FunctionMode): Promise<RealWorld> {
    const scene = await Scene.start({ seed, functions });
    for (const place of placesOf(topology)) {
      for (const name of [DOMAIN, NEVER_VERIFIED]) scene.cloud.ses.createIdentity({ ...place, name });
    }
    scene.cloud.iam.putRole({
      arn: ROLE,
      assumeRolePolicy: {
        Statement: [{ Effect: 'Allow', Principal: { AWS: [...ACCOUNTS] }, Action: 'sts:AssumeRole' }],
      },
    });
    scene.cloud.iam.putRolePolicy(ROLE, 'records', {
      Statement: [
        { Effect: 'Allow', Action: 'route53:*', Resource: '*' },
      ],
    });
    return new RealWorld(topology, scene);
  }

  readonly broken: readonly string[] = [];
  private readonly secrets: ReadonlyMap<string, string>;
  /** How each stack was when an operation on it ended, with its id. */
  private readonly results: (StackResult | undefined)[];
  private readonly wanted: ReadonlyMap<number, Wanted>[];
  private readonly logicalIds = new Map<number, string>();
  private deployments = 0;

  private constructor(readonly topology: Topology, private readonly scene: Scene) {
    this.results = topology.stacks.map(() => undefined);
    this.wanted = topology.stacks.map(() => new Map());
    this.secrets = new Map(ACCOUNTS.flatMap((account) => SECRETS.map((name) =>
      [`${account}/${name}`, scene.secret(KEYS[name], name, { account })] as const)));
  }

  /** All calls until now: what two ways of running a function have in common. */
  get calls(): string[] {
    return this.scene.cloud.calls.map(({ at, service, operation, region, status, error = '' }) =>
      [Math.round(at), service, operation, region, status, error].join(' '));
  }

  get writes(): number {
    return this.scene.cloud.calls.filter(({ service, operation, status }) => status === 200
      && ['ses', 'route53'].includes(service) && /^(Put|Change|Tag|Untag)/.test(operation)).length;
  }

  stop(): Promise<void> {
    return this.scene.stop();
  }

  // ---- looking

  look(): Look {
    const places = placesOf(this.topology);
    return {
      now: this.scene.cloud.clock.now(),
      records: this.scene.cloud.route53.recordSets(this.scene.zoneId)
        .filter(({ Type }) => Type !== 'NS' && Type !== 'SOA')
        .map(({ Name, Type, TTL, ResourceRecords }) => ({
          name: plainName(Name!), type: Type!, ttl: TTL!, values: ResourceRecords!.map(({ Value }) => Value!),
        })),
      identities: Object.fromEntries(places.flatMap((place) => {
        const identity = this.scene.cloud.ses.identity({ ...place, name: DOMAIN });
        const tags = identity && Object.fromEntries(identity.tags.map(({ Key, Value }) => [Key, Value]));
        return identity ? [[placeName(place), { ...identity, tags: tags! }]] : [];
      })),
      stacks: this.results.map((result, number) => result && this.seen(result, number)),
      labels: this.topology.owners.map(({ stack }, owner) => this.results[stack] && this.labelOf(owner)),
    };
  }

  publicKey(key: KeyName): string {
    return publicKeyOf(key);
  }

  private seen({ status, reason, resources }: StackResult, number: number): StackSeen {
    const owners = this.topology.owners.flatMap((of, owner) =>
      of.stack === number && this.logicalIdIn(resources, owner) ? [owner] : []);
    return { status, reason, owners };
  }

  private logicalIdIn(resources: StackResult['resources'], owner: number): string | undefined {
    const stack = this.topology.stacks[this.topology.owners[owner].stack];
    const { region } = identityOf(this.topology, owner);
    return Object.entries(resources).find(([, { type, properties }]) => type === 'Custom::EmailIdentityDkim'
      && properties.Identity === DOMAIN && (properties.Region ?? stack.region) === region)?.[0];
  }

  /** The logical id of a construct follows from its Region and domain. So it is known once it was deployed. */
  private labelOf(owner: number): string | undefined {
    const { stackId, resources } = this.results[this.topology.owners[owner].stack]!;
    const logicalId = this.logicalIdIn(resources, owner) ?? this.logicalIds.get(owner);
    if (!logicalId) return undefined;
    this.logicalIds.set(owner, logicalId);
    return ownerOf(stackId, logicalId, { region: identityOf(this.topology, owner).region, domain: DOMAIN }).label;
  }

  // ---- stacks

  async deploy(stack: number, wanted: ReadonlyMap<number, Wanted>, ending: Ending): Promise<void> {
    const { failsAfter, cancelledAfter, noRollback } = ending;
    const work = this.scene.deploy(nameOf(stack), this.build(wanted, failsAfter), {
      ...this.topology.stacks[stack], disableRollback: noRollback,
    });
    const isUpdate = this.results[stack]?.status.startsWith('DELETE') === false;
    const { clock, cloudFormation } = this.scene.cloud;
    const end = new AbortController();
    if (cancelledAfter !== undefined && isUpdate) {
      clock.sleep(cancelledAfter * 1000, end.signal).then(() =>
        cloudFormation.cancelUpdate(nameOf(stack), this.topology.stacks[stack])).catch(() => undefined);
    }
    this.results[stack] = await work.finally(() => end.abort());
    this.wanted[stack] = wanted;
  }

  async delete(stack: number, arrives: boolean): Promise<void> {
    const where = this.topology.stacks[stack];
    // After a first deployment that was rolled back nothing is there, and CloudFormation takes no update.
    if (!arrives && this.results[stack]?.status !== 'ROLLBACK_COMPLETE') {
      await this.scene.deploy(nameOf(stack), this.build(this.wanted[stack], undefined, true), where);
    }
    this.results[stack] = await this.scene.destroy(nameOf(stack), where);
  }

  async continueRollBack(stack: number, skips: boolean): Promise<void> {
    const { events } = this.results[stack]!;
    const failed = new Set(events.filter(({ status }) => status === 'UPDATE_FAILED').map(({ logicalId }) => logicalId));
    this.results[stack] = await this.scene.cloud.cloudFormation.continueRollback(nameOf(stack), {
      ...this.topology.stacks[stack], resourcesToSkip: skips ? [...failed] : [],
    });
  }

  async rollBack(stack: number): Promise<void> {
    this.results[stack] = await this.scene.cloud.cloudFormation.rollback(nameOf(stack), this.topology.stacks[stack]);
  }

  pass(ms: number): Promise<void> {
    return this.scene.cloud.clock.pass(ms);
  }

  addFault(fault: Fault): void {
    this.scene.cloud.faults.add(fault);
  }

  clearFaults(): void {
    this.scene.cloud.faults.clear();
  }

  private build(
    wanted: ReadonlyMap<number, Wanted>, failsAfter: number | undefined, keeps = false,
  ): (stack: Stack) => void {
    const run = ++this.deployments;
    return (stack) => {
      stack.templateOptions.description = `deployment ${run}`;
      for (const [owner, as] of wanted) {
        const { account, region } = identityOf(this.topology, owner);
        const dkim = new EmailIdentityDkim(stack, `Dkim${owner}`, {
          identity: ses.EmailIdentity.fromEmailIdentityName(stack, `Identity${owner}`, DOMAIN),
          region,
          signing: this.signing(stack, as.signing, account, otherRegion(region), owner),
          hostedZone: as.zone ? this.zoneIn(stack) : undefined,
          hostedZoneRole: as.zone && account !== ZONE_ACCOUNT
            ? iam.Role.fromRoleArn(stack, `Role${owner}`, ROLE, { mutable: false }) : undefined,
          recordTtl: as.zone ? Duration.seconds(as.ttl) : undefined,
          recordConflict: as.zone && as.overwrite ? RecordConflict.OVERWRITE : undefined,
          removalPolicy: as.retain ? RemovalPolicy.RETAIN : undefined,
          waitForVerification: as.wait > 0 ? Duration.seconds(as.wait) : undefined,
        });
        const resource = dkim.node.defaultChild as CfnResource;
        resource.addPropertyOverride('ServiceTimeout', as.timeout ?? 3600);
        if (keeps) resource.addOverride('DeletionPolicy', 'Retain');
      }
      if (failsAfter === undefined) return;
      new EmailIdentityDkim(stack, 'Fails', {
        identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Never', NEVER_VERIFIED),
        waitForVerification: Duration.seconds(failsAfter),
      });
    };
  }

  private zoneIn(stack: Stack) {
    return stack.node.tryFindChild(`Zone${this.scene.zoneId}`) as ReturnType<Scene['zoneIn']> | undefined
      ?? this.scene.zoneIn(stack);
  }

  private signing(
    stack: Stack, signing: Wanted['signing'], account: Account, parentRegion: string, owner: number,
  ): DkimSigning {
    switch (signing) {
      case 'easy': return DkimSigning.easyDkim();
      case 'shorter': return DkimSigning.easyDkim({ keyLength: ses.EasyDkimSigningKeyLength.RSA_1024_BIT });
      case 'replica': return DkimSigning.deterministicEasyDkim({ parentRegion });
      default: {
        const arn = this.secrets.get(`${account}/${signing.secret}`)!;
        const secret = secretsmanager.Secret.fromSecretCompleteArn(stack, `Secret${owner}`, arn);
        return DkimSigning.byoDkim({ selector: signing.selector, privateKey: DkimPrivateKey.fromSecret(secret) });
      }
    }
  }

  // ---- somebody else's doing

  writeRecord(label: string, value: string): void {
    const name = `${label}._domainkey.${DOMAIN}`;
    this.removeRecord(name);
    this.scene.write(name, 'TXT', value);
  }

  removeRecord(name: string): void {
    const found = this.scene.cloud.route53.recordSets(this.scene.zoneId)
      .filter(({ Name }) => plainName(Name!) === name);
    if (found.length === 0) return;
    this.scene.cloud.route53.change(this.scene.zoneId,
      found.map((set) => ({ Action: 'DELETE' as const, ResourceRecordSet: set })));
  }

  changeSecret(secret: SecretName, to: Extract<Operation, { do: 'change secret' }>['to']): void {
    const values = { 'new key': KEYS.new, 'garbage': 'this is no key', 'gone': undefined, 'back': KEYS[secret] };
    for (const account of ACCOUNTS) {
      const arn = this.secrets.get(`${account}/${secret}`)!;
      const value = values[to];
      // One that is gone for good would come back with another ARN. Marked for deletion it cannot be read, either.
      const { secretsManager } = this.scene.cloud;
      secretsManager.restore(arn);
      if (value === undefined) secretsManager.delete(arn, { recoveryWindowInDays: 30 });
      else secretsManager.put(arn, value);
    }
  }

  changeIdentity(at: IdentityPlace, how: Extract<Operation, { do: 'change identity' }>['how']): void {
    const ref = { ...at, name: DOMAIN };
    const { ses: service } = this.scene.cloud;
    switch (how) {
      case 'sign':
        service.signIdentity(ref, 'EXTERNAL', {
          DomainSigningSelector: HAND, DomainSigningPrivateKey: bare(KEYS.three),
        });
        break;
      case 'switch off': case 'switch on': service.setSigningEnabled(ref, how === 'switch on'); break;
      case 'make anew':
        service.deleteIdentity(ref);
        service.createIdentity(ref);
        break;
      case 'take tags': service.untagIdentity(ref, service.identity(ref)!.tags.map(({ Key }) => Key)); break;
    }
  }
}

/**
 * Each operation is done in the test's process, and again with functions in processes of their own. One seed makes the
 * same calls in both.
 */
export async function inBothWays(topology: Topology, seed: number): Promise<World> {
  const [one, other] = await Promise.all([
    RealWorld.start(topology, seed, 'in-process'), RealWorld.start(topology, seed, 'process'),
  ]);
  return new Proxy<World>(one, {
    get: (_, name: keyof World) => {
      const own = one[name];
      if (typeof own !== 'function') return own;
      return (...given: unknown[]) => {
        const results = [one, other].map((each) => (each[name] as (...args: unknown[]) => unknown).apply(each, given));
        if (!results.some((result) => result instanceof Promise)) return results[0];
        return Promise.all(results).then(([result]) => {
          if (name !== 'stop') requireSameCalls(one, other);
          return result;
        });
      };
    },
  });
}

function requireSameCalls(one: RealWorld, other: RealWorld): void {
  const differs = one.calls.findIndex((call, index) => call !== other.calls[index]);
  if (differs < 0 && one.calls.length === other.calls.length) return;
  const at = differs < 0 ? one.calls.length : differs;
  throw new Error(`call ${at} is '${one.calls[at]}' in the test's process, and '${other.calls[at]}' in one of its own`);
}

function nameOf(stack: number): string {
  return `Stack${stack}`;
}
