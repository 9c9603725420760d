// The quick way to run a history: the handler's entry and the local cloud's rules in one process, without synthesis,
// HTTP or DNS. A deployment takes a few milliseconds.
import {
  Account, ACCOUNTS, DOMAIN, Ending, HAND, IdentityPlace, identityOf, KeyName, Operation, otherRegion, placeName,
  placesOf, Region, SecretName, Topology, Wanted, ZONE_ACCOUNT,
} from './operations';
import { QuickCalls } from './quick-calls';
import { QuickClients } from './quick-clients';
import { QuickHandler } from './quick-handler';
import { bare, KEYS, publicKeyOf, QuickServices, ref, ZONE_ID } from './quick-services';
import { RequestSeen } from './witness';
import { Look, World } from './world';
import { ownerOf } from '../../lambda/base/owner';
import { ResourceProperties, SigningProperties } from '../../src/private/contract';
import { CustomResources } from '../cloud/cloudformation/custom-resource';
import { Stack } from '../cloud/cloudformation/engine';
import { planOf } from '../cloud/cloudformation/plan';
import { ResourceFailure, ResourceProvider, ResourceRequest } from '../cloud/cloudformation/resources/provider';
import type { TemplateResource } from '../cloud/cloudformation/stack';
import { Fault, Faults } from '../cloud/faults';
import { plainName } from '../cloud/record-name';
import { Random, randomUuid, seededRandom } from '../cloud/time/random';
import { SimulatedClock } from '../cloud/time/simulated-clock';

const BESIDE = 'Test::Beside';

export class QuickWorld implements World {
  readonly clock: SimulatedClock;
  protected readonly random: Random;
  private readonly faults = new Faults();
  protected readonly services: QuickServices;
  protected readonly calls: QuickCalls;
  protected readonly clients: QuickClients;
  private readonly handler: QuickHandler;
  protected readonly stacks: (Stack | undefined)[];
  private readonly provider: ResourceProvider;
  private readonly realRandom = Math.random;
  private deployments = 0;
  /** By owner. */
  private readonly lastProperties = new Map<number, string>();
  /** By stack id, also those that are gone. */
  private readonly byId = new Map<string, Stack>();

  constructor(readonly topology: Topology, seed: number) {
    this.random = seededRandom(seed, 'cloud');
    this.clock = new SimulatedClock(seededRandom(seed, 'clock'));
    Math.random = seededRandom(seed, 'handler'); // the handler's own jitter
    this.services = new QuickServices(this.clock, this.random, placesOf(topology));
    this.stacks = topology.stacks.map(() => undefined);
    this.calls = new QuickCalls(this.clock, this.random, this.faults, this.services.witness.broken);
    this.clients = new QuickClients(this.calls, this.services);
    this.handler = new QuickHandler(this.calls, this.clients, this.random, this.services, (id) => this.byId.get(id)!);
    this.provider = this.customResources();
  }

  get broken(): readonly string[] {
    return this.services.witness.broken;
  }

  get writes(): number {
    return this.services.witness.writes;
  }

  get logs(): readonly string[] {
    return this.calls.logs;
  }

  async stop(): Promise<void> {
    Math.random = this.realRandom;
  }

  // ---- looking

  look(): Look {
    const { places } = this.services;
    return {
      now: this.clock.now(),
      records: this.services.zone.recordSets.filter(({ Type }) => Type !== 'NS' && Type !== 'SOA')
        .map(({ Name, Type, TTL, ResourceRecords }) => ({
          name: plainName(Name!), type: Type!, ttl: TTL!, values: ResourceRecords!.map(({ Value }) => Value!),
        })),
      identities: Object.fromEntries(places.flatMap((place) => {
        const identity = this.services.identity(place);
        const tags = identity && Object.fromEntries(identity.tags.map(({ Key, Value }) => [Key, Value]));
        return identity ? [[placeName(place), { ...identity, tags: tags! }]] : [];
      })),
      stacks: this.stacks.map((stack) => stack && {
        status: stack.status,
        reason: stack.reason,
        owners: this.topology.owners.flatMap((_, owner) => stack.resources.has(this.logicalId(owner)) ? [owner] : []),
      }),
      labels: this.topology.owners.map(({ stack }, owner) => this.stacks[stack] && this.labelOf(owner)),
    };
  }

  publicKey(key: KeyName): string {
    return publicKeyOf(key);
  }

  private labelOf(owner: number): string {
    const stack = this.stacks[this.topology.owners[owner].stack]!;
    const { region } = identityOf(this.topology, owner);
    return ownerOf(stack.identity.id, this.logicalId(owner), { region, domain: DOMAIN }).label;
  }

  protected logicalId(owner: number): string {
    return `Dkim${this.topology.owners[owner].region.replaceAll('-', '')}`;
  }

  // ---- stacks

  async deploy(number: number, wanted: ReadonlyMap<number, Wanted>, ending: Ending): Promise<void> {
    const found = this.stacks[number];
    const isNew = !found || ['DELETE_COMPLETE', 'ROLLBACK_COMPLETE'].includes(found.status);
    const stack = isNew ? this.newStack(number) : found;
    const plan = planOf(stack.identity, {
      stackName: stack.identity.name,
      parameters: {},
      capabilities: [],
      template: JSON.stringify({ Resources: this.resources(number, wanted, ending) }),
    }, () => undefined);
    const onFailure = ending.noRollback ? 'preserve' : 'roll back';
    await this.clock.drive(`stack ${number} to be deployed`, async () => {
      const work = isNew ? stack.create(plan, onFailure) : stack.update(plan, onFailure);
      const ended = new AbortController();
      if (ending.cancelledAfter !== undefined && !isNew) {
        this.clock.sleep(ending.cancelledAfter * 1000, ended.signal).then(() => {
          if (stack.status === 'UPDATE_IN_PROGRESS') stack.cancelUpdate();
        }, () => undefined);
      }
      await work.finally(() => ended.abort());
    });
    if (['CREATE_COMPLETE', 'UPDATE_COMPLETE'].includes(stack.status)) {
      for (const [owner, as] of wanted) this.note(owner, as);
    }
    this.forgetThoseGone(number);
  }

  async delete(number: number, arrives: boolean): Promise<void> {
    const stack = this.stacks[number]!;
    if (!arrives) {
      for (const each of stack.resources.values()) stack.put({ ...each, deletionPolicy: 'Retain' });
      stack.superseded = [];
    }
    await this.clock.drive(`stack ${number} to be deleted`, () => stack.delete(new Set()));
    this.forgetThoseGone(number);
  }

  async continueRollBack(number: number, skips: boolean): Promise<void> {
    const stack = this.stacks[number]!;
    const failed = [...stack.resources.values()].filter((each) => each.failed === 'rollback');
    const skipped = new Set(skips ? failed.map(({ logicalId }) => logicalId) : []);
    await this.clock.drive('a roll-back to go on', () => stack.continueRollBack(skipped));
  }

  async rollBack(number: number): Promise<void> {
    await this.clock.drive('a roll-back', () => this.stacks[number]!.rollBack());
  }

  pass(ms: number): Promise<void> {
    return this.clock.pass(ms);
  }

  addFault(fault: Fault): void {
    this.faults.add(fault);
  }

  clearFaults(): void {
    this.faults.clear();
  }

  private newStack(number: number): Stack {
    const { account, region } = this.topology.stacks[number];
    const name = `Stack${number}`;
    const id = `arn:aws:cloudformation:${region}:${account}:stack/${name}/${randomUuid(this.random)}`;
    const stack = new Stack({ id, name, account, region, partition: 'aws' }, {
      clock: this.clock,
      random: this.random,
      assets: new Map(),
      provider: (type) => type === BESIDE ? this.beside() : this.providerOf(type),
      importValue: () => '',
    });
    this.stacks[number] = stack;
    this.byId.set(id, stack);
    return stack;
  }

  private resources(number: number, wanted: ReadonlyMap<number, Wanted>, { failsAfter }: Ending): object {
    const { account, region } = this.topology.stacks[number];
    const constructs = [...wanted].flatMap(([owner, as]) => {
      const where = this.topology.owners[owner].region;
      const resource = {
        Type: 'Custom::EmailIdentityDkim',
        Properties: {
          ...propertiesOf(as, account, where, where === region ? undefined : where),
          ServiceToken: 'arn:function',
          ServiceTimeout: as.timeout ?? 3600,
        },
      };
      if (!as.zone) this.note(owner, as);
      return Object.entries(this.resourcesOf(this.logicalId(owner), as, resource));
    });
    const run = ++this.deployments;
    const beside = { Type: BESIDE, Properties: { Run: run, FailsAfter: failsAfter } };
    return { ...Object.fromEntries(constructs), Beside: beside };
  }

  /** Of a construct, by logical id. */
  protected resourcesOf(logicalId: string, _as: Wanted, resource: TemplateResource): Record<string, TemplateResource> {
    return { [logicalId]: resource };
  }

  protected providerOf(_type: string): ResourceProvider {
    return this.provider;
  }

  /** What is new is looked at by the handler, which writes its registry record then. */
  private note(owner: number, as: Wanted): void {
    const properties = JSON.stringify(as);
    if (this.lastProperties.get(owner) === properties) return;
    this.lastProperties.set(owner, properties);
    const place = placeName(identityOf(this.topology, owner));
    this.services.witness.owners.set(owner, { place, hasZone: as.zone, label: this.labelOf(owner) });
  }

  private forgetThoseGone(stack: number): void {
    for (const [owner, { stack: of }] of this.topology.owners.entries()) {
      if (of !== stack || this.stacks[stack]!.resources.has(this.logicalId(owner))) continue;
      this.services.witness.owners.delete(owner);
      this.lastProperties.delete(owner);
    }
  }

  /** Without its registry record nobody knows what an owner uses. */
  private unnoteRegistry(name: string): void {
    this.unnote(this.topology.owners.findIndex(({ stack }, number) =>
      this.stacks[stack] && name.startsWith(this.labelOf(number))));
  }

  private unnote(owner: number): void {
    const known = this.services.witness.owners.get(owner);
    if (known) this.services.witness.owners.set(owner, { ...known, hasZone: false });
  }

  /** The resource beside, which fails when it is told to. */
  private beside(): ResourceProvider {
    const make = async ({ properties: { FailsAfter: seconds }, cancelled }: ResourceRequest) => {
      if (seconds !== undefined) {
        await this.clock.sleep(seconds * 1000, cancelled).catch(() => undefined);
        throw new ResourceFailure('the history wants it');
      }
      return { physicalId: 'beside', attributes: {} };
    };
    return { replacedBy: [], create: make, update: make, delete: () => undefined };
  }

  private customResources(): ResourceProvider {
    const { clock, random, handler } = this;
    let coming: RequestSeen | undefined;
    const made = new CustomResources({ clock, random }, {
      invocations: [],
      invokeAsync: (_, event) => {
        handler.invokeAsync(event);
        return '';
      },
    }, { expect: () => handler.expect(coming!) }, new AbortController().signal);
    const seen = async <T>(
      type: RequestSeen['type'], request: ResourceRequest, send: () => Promise<T>,
    ): Promise<T> => {
      const { account, region } = request.stack;
      const { Region: where = region, HostedZoneId } = request.properties as ResourceProperties;
      const identity = { account, region: where } as IdentityPlace;
      const one: RequestSeen = { type, identity, hasZone: HostedZoneId !== undefined };
      coming = one;
      try {
        return await send();
      } finally {
        if (one.answeredBy === undefined) one.cancelledAt = clock.now();
      }
    };
    return {
      replacedBy: [],
      create: (request) => seen('Create', request, async () => made.create(request)),
      update: (request, previous) => seen('Update', request, async () => made.update(request, previous)),
      delete: (request, previous) => seen('Delete', request, async () => made.delete(request, previous)),
    };
  }

  // ---- somebody else's doing

  writeRecord(label: string, value: string): void {
    const name = `${label}._domainkey.${DOMAIN}`;
    this.removeRecord(name);
    this.services.changeByHand([{
      Action: 'CREATE', ResourceRecordSet: { Name: name, Type: 'TXT', TTL: 300, ResourceRecords: [{ Value: value }] },
    }]);
  }

  removeRecord(name: string): void {
    this.unnoteRegistry(name);
    this.services.witness.removesByHand(name);
    const found = this.services.zone.recordSets.filter(({ Name }) => plainName(Name!) === name);
    if (found.length === 0) return;
    this.services.changeByHand(found.map((set) => ({ Action: 'DELETE' as const, ResourceRecordSet: set })));
  }

  changeSecret(secret: SecretName, to: Extract<Operation, { do: 'change secret' }>['to']): void {
    const values = { 'new key': KEYS.new, 'garbage': 'this is no key', 'gone': undefined, 'back': KEYS[secret] };
    for (const account of ACCOUNTS) this.services.setSecret(account, secret, values[to]);
  }

  changeIdentity(at: IdentityPlace, how: Extract<Operation, { do: 'change identity' }>['how']): void {
    const { ses } = this.services;
    switch (how) {
      case 'sign':
        this.services.putSigning(at, 'EXTERNAL', {
          DomainSigningSelector: HAND, DomainSigningPrivateKey: bare(KEYS.three),
        });
        break;
      case 'switch off': case 'switch on': ses.setSigningEnabled(ref(at), how === 'switch on'); break;
      case 'make anew':
        ses.delete(ref(at));
        this.services.makeIdentity(at);
        break;
      case 'take tags':
        // Who finds its tag gone leaves the signing alone when another owner lists the record.
        for (const owner of this.topology.owners.keys()) {
          if (placeName(identityOf(this.topology, owner)) === placeName(at)) this.unnote(owner);
        }
        ses.untag(ref(at), ses.state(ref(at))!.tags.map(({ Key }) => Key));
        break;
    }
  }
}

/** As the construct has them in the template. */
function propertiesOf(
  { signing, zone, ttl, overwrite, retain, wait }: Wanted, account: Account, region: Region, given: Region | undefined,
): ResourceProperties {
  return {
    Identity: DOMAIN,
    ...given && { Region: given },
    Signing: signingProperties(signing, account, region),
    ...zone && {
      HostedZoneId: ZONE_ID,
      RecordTtl: String(ttl),
      ...overwrite && { RecordConflict: 'OVERWRITE' },
      ...account !== ZONE_ACCOUNT && { HostedZoneRoleArn: `arn:aws:iam::${ZONE_ACCOUNT}:role/dkim-dns` },
    },
    ...wait > 0 && { WaitForVerification: String(wait) },
    ...retain && { RemovalPolicy: 'RETAIN' },
  };
}

function signingProperties(signing: Wanted['signing'], account: Account, region: Region): SigningProperties {
  switch (signing) {
    case 'easy': return { Method: 'EASY_DKIM' };
    case 'shorter': return { Method: 'EASY_DKIM', KeyLength: 'RSA_1024_BIT' };
    case 'replica': return { Method: 'DEED', ParentRegion: otherRegion(region) };
    default: return {
      Method: 'BYODKIM',
      Selector: signing.selector,
      SecretArn: `arn:aws:secretsmanager:us-east-1:${account}:secret:${signing.secret}-AbCdEf`,
    };
  }
}
