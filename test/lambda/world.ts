// A world in memory behind the handler's ports, for unit tests: an SES, hosted zones, public DNS and a clock that jumps.
import { generateKeyPairSync } from 'node:crypto';
import { Desired } from '../../lambda/desired';
import { unquote } from '../../lambda/dns-text';
import { KeyPair, parseKey } from '../../lambda/key';
import { logTo } from '../../lambda/log';
import { Owner, ownerOf } from '../../lambda/owner';
import { Patience } from '../../lambda/patience';
import {
  ChangeRefusedError, HostedZone, IdentityState, NameServerAnswer, PublicDns, Ses, SigningAttributes, ZoneGoneError,
  Change, RecordSet,
} from '../../lambda/ports';
import { bring } from '../../lambda/reconcile';
import { release } from '../../lambda/release';
import { Progress, World } from '../../lambda/task';
import { SigningProperties } from '../../src/private/contract';

export const DOMAIN = 'example.com';
export const REGION = 'us-east-1';
export const ZONE = 'ZONE1';

/** Keys by the name of the secret that holds them. */
export const KEYS = Object.fromEntries(['one', 'two', 'three'].map((name) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  return [name, parseKey(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)];
})) as Record<'one' | 'two' | 'three', KeyPair>;

export const EASY: SigningProperties = { Method: 'EASY_DKIM', KeyLength: 'RSA_2048_BIT' };
export const DEED: SigningProperties = { Method: 'DEED', ParentRegion: 'eu-west-1' };
export const byo = (selector: string, key: 'one' | 'two' = 'one'): SigningProperties =>
  ({ Method: 'BYODKIM', Selector: selector, SecretArn: `arn:aws:secretsmanager:us-east-1:111111111111:secret:${key}` });

export const wanting = (signing: SigningProperties, more: Partial<Desired> = {}): Desired => ({
  identity: DOMAIN,
  region: REGION,
  signing,
  wait: 0,
  retain: false,
  ...(signing.Method === 'DEED' ? {} : { zone: { id: ZONE, ttl: 1800, overwrite: false } }),
  ...more,
});

export const owner = (logicalId = 'Dkim', region = REGION): Owner => ownerOf({ stackId: 'stack', logicalId, region, domain: DOMAIN });

export const record = (name: string, type: string, ...values: string[]): RecordSet => ({ name, type, ttl: 300, values });

/** The function's process dies here. */
export class Crash extends Error {}

export class MemoryZone implements HostedZone {
  gone = false;
  privateZone = false;
  name = DOMAIN;
  /** Runs before each batch, as somebody else who works in the zone. */
  meanwhile?: () => void;

  constructor(public records: RecordSet[], private readonly step: (call: string) => void) {}

  async describe() {
    this.step('GetHostedZone');
    if (this.gone) throw new ZoneGoneError('There is no hosted zone.');
    return { name: this.name, privateZone: this.privateZone };
  }

  async list(below: string) {
    this.step('List');
    if (this.gone) throw new ZoneGoneError('There is no hosted zone.');
    return this.records.filter(({ name }) => name.endsWith(`.${below}`));
  }

  async change(changes: readonly Change[]) {
    this.step('Change');
    this.meanwhile?.();
    let records = [...this.records];
    for (const { action, record: { name, type, ttl, values } } of changes) {
      const at = records.findIndex((one) => one.name === name && one.type === type);
      if (action === 'CREATE') {
        const clash = records.some((one) => one.name === name && (one.type === type || 'CNAME' === type || one.type === 'CNAME'));
        if (clash) throw new ChangeRefusedError(`${name} exists`);
        records.push({ name, type, ttl, values });
      } else {
        const same = at >= 0 && records[at].ttl === ttl && JSON.stringify(records[at].values) === JSON.stringify(values);
        if (!same) throw new ChangeRefusedError(`${name} is not as given`);
        records = records.filter((_, index) => index !== at);
      }
    }
    this.records = records;
    this.step('Changed');
  }

  /** What is in the zone besides registry records, as `TYPE name value`. */
  get contents(): string[] {
    return this.records.filter(({ name }) => !name.startsWith('cdk-ses-dkim-')).map(({ name, type, values }) => `${type} ${name} ${values.join(' ')}`).sort();
  }

  get registries(): string[][] {
    return this.records.filter(({ name }) => name.startsWith('cdk-ses-dkim-')).map(({ values }) => values.map(unquote));
  }
}

export class MemoryWorld {
  readonly zones = new Map<string, MemoryZone>();
  readonly identities = new Map<string, IdentityState>();
  readonly puts: SigningAttributes[] = [];
  readonly lines: string[] = [];
  time = Date.UTC(2026, 10, 23);
  /** Runs at every pause, for what happens while the handler waits. */
  onPause?: () => unknown;
  /** Which call crashes: counted over all ports, before and after each effect. */
  crashAt = Infinity;
  calls = 0;
  publicAnswer?: (name: string) => NameServerAnswer[];
  putRefused?: Error;
  /** What each secret held before. */
  previousKey?: KeyPair;
  /** What SES answers on the length of Easy DKIM keys. */
  private generation = 0;

  constructor(records: RecordSet[] = []) {
    this.addZone(ZONE, records);
    this.identities.set(REGION, easyState(0));
  }

  addZone(id: string, records: RecordSet[] = []): MemoryZone {
    const zone = new MemoryZone(records, (call) => this.step(call));
    this.zones.set(id, zone);
    return zone;
  }

  get zone(): MemoryZone {
    return this.zones.get(ZONE)!;
  }

  get identity(): IdentityState {
    return this.identities.get(REGION)!;
  }

  set(state: Partial<IdentityState>, region = REGION): void {
    this.identities.set(region, { ...easyState(this.generation), ...this.identities.get(region), ...state });
  }

  async bring(desired: Desired, previous?: Desired, more: { owner?: Owner; progress?: Progress; seconds?: number } = {}) {
    const world = this.ports(desired, more.seconds);
    const { attributes } = await bring(desired, previous, more.owner ?? owner('Dkim', desired.region), world, more.progress ?? { signingPut: false });
    return attributes;
  }

  release(previous: Desired, more: { owner?: Owner; untouched?: boolean } = {}) {
    return release(previous, more.owner ?? owner('Dkim', previous.region), this.ports(previous), more.untouched ? 'untouched' : 'told');
  }

  ports(desired: Desired, seconds = 840): World {
    const log = logTo((line) => this.lines.push(line));
    const sleep = async (ms: number) => {
      this.time += ms;
      await this.onPause?.();
    };
    return {
      log,
      ses: this.ses(desired.region),
      dns: this.dns(),
      secrets: {
        read: async ({ arn, versionStage }) => {
          const key = versionStage === 'AWSPREVIOUS' ? this.previousKey : KEYS[arn.split(':').at(-1) as 'one'];
          return key?.privateKey ?? this.fail('no such secret');
        },
      },
      zone: ({ id }) => this.zones.get(id) ?? this.fail(`no zone ${id}`),
      patience: new Patience({ now: () => this.time, sleep }, log, this.time + seconds * 1000, 1000),
    };
  }

  private ses(region: string): Ses {
    const readIn = async (where: string) => {
      this.step('Get');
      return this.identities.get(where);
    };
    return {
      read: () => readIn(region),
      readIn,
      putSigning: async (attributes) => {
        this.step('Put');
        if (this.putRefused) throw this.putRefused;
        const before = this.identities.get(region)!;
        this.puts.push(attributes);
        const state = stateAfter(attributes, before, ++this.generation);
        this.identities.set(region, state);
        this.step('Putted');
        return state;
      },
    };
  }

  /** By default the first zone is the public one: each name server answers what is in it. */
  private dns(): PublicDns {
    return {
      ask: async (name) => {
        this.step('Ask');
        if (this.publicAnswer) return this.publicAnswer(name);
        const values = this.zone.records.filter((one) => one.name === name && one.type === 'TXT');
        return ['ns1', 'ns2'].map((nameServer) => ({ nameServer, values: values.flatMap((one) => one.values) }));
      },
    };
  }

  private step(call: string): void {
    if (++this.calls === this.crashAt) throw new Crash(`crash at ${call}`);
  }

  private fail(message: string): never {
    throw new Error(message);
  }
}

function easyState(generation: number): IdentityState {
  return {
    status: 'PENDING',
    signingEnabled: true,
    origin: 'AWS_SES',
    signingHostedZone: 'dkim.amazonses.com',
    nextKeyLength: 'RSA_2048_BIT',
    tokens: ['a', 'b', 'c'].map((letter) => letter.repeat(30) + generation.toString().padStart(2, '0')),
  };
}

/** As the real SES, in the worse case: each change starts anew with PENDING. */
function stateAfter(attributes: SigningAttributes, before: IdentityState, generation: number): IdentityState {
  if (attributes.origin === 'AWS_SES') {
    const { keyLength } = attributes as { keyLength?: string };
    const same = before.origin === 'AWS_SES' && (keyLength === undefined || keyLength === before.nextKeyLength);
    const state = easyState(generation);
    return { ...state, nextKeyLength: keyLength ?? before.nextKeyLength ?? state.nextKeyLength, tokens: same ? before.tokens : state.tokens };
  }
  const { origin } = attributes;
  const tokens = 'selector' in attributes ? [attributes.selector] : ['p1', 'p2', 'p3'];
  return { status: 'PENDING', signingEnabled: before.signingEnabled, origin, tokens };
}
