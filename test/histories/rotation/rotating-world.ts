// A quick world with keys that rotate: the secret of each, its schedule, and the function that Secrets Manager calls.
import { FOLLOWED, FOLLOWED_ARN, FOLLOWED_KEYS, Stored, textOfStored } from './followed-secret';
import { canaryOfFunctions, poolKeysOfFunctions } from './function-keys';
import { MailSent } from './mail-sent';
import { AT, FURTHER, Settings } from './operations';
import { FUNCTION, RotationFunction } from './rotation-function';
import { ENDED } from '../../../lambda/base/ports';
import { FURTHER_REGION_TAG_PREFIX, ROTATION_TAG_PREFIX } from '../../../src/private/contract';
import { ResourceProvider } from '../../cloud/cloudformation/resources/provider';
import { RotationScheduleProvider } from '../../cloud/cloudformation/resources/rotation-schedule';
import { SecretProvider } from '../../cloud/cloudformation/resources/secrets-manager';
import { TemplateResource } from '../../cloud/cloudformation/stack';
import { Secret } from '../../cloud/secrets-manager/secret';
import { ServiceError } from '../../cloud/service-error';
import { Canary } from '../../end-to-end/faults/canary';
import { Ending, Region, Rotating, SecretName, SECRETS, SELECTORS, Topology, Wanted, DOMAIN } from '../operations';
import { bare, KEYS, publicKeyOf, ZONE_ID } from '../quick-services';
import { QuickWorld } from '../quick-world';

const DAY = 86_400_000;
const SECRET = 'AWS::SecretsManager::Secret';
const SCHEDULE = 'AWS::SecretsManager::RotationSchedule';
const DEFAULT_OVERLAP_DAYS = 14;
/** Another secret than that of a rotating key. */
const FOLLOWED_END = 'FollowedKeys';
/** A run looks at the labels, and then changes the zone. */
const SEEN_BY_ALL_MS = 30_000;

export class RotatingWorld extends QuickWorld {
  readonly mail: MailSent;
  readonly function: RotationFunction;
  /** As CloudFormation has written them, by secret. */
  private readonly tags = new Map<string, Secret['tags']>();
  private readonly endPool = poolKeysOfFunctions();
  private movedByHandAt = -Infinity;
  private readonly providers: Readonly<Record<string, ResourceProvider>>;

  constructor(topology: Topology, seed: number, readonly settings: Settings) {
    super(topology, seed);
    const { ownSecrets } = this.services;
    Object.assign(ownSecrets.settings, settings);
    this.calls.canaries.push(canaryOfFunctions(), Canary.ofAll(FOLLOWED_KEYS));
    this.services.setSecret(AT.account, FOLLOWED, textOfStored('f1'));
    ownSecrets.onCurrent = (secret, versionId) => this.requireVerified(secret, versionId);
    this.mail = new MailSent(this.services, this.clock, () => this.namedByLabels(), this.topology.stacks.length === 1);
    this.services.mail = this.mail;
    this.function = new RotationFunction(this.calls, this.clients, ownSecrets, this.mail, () => this.cared());
    this.providers = {
      [SECRET]: new SecretProvider(ownSecrets), [SCHEDULE]: new RotationScheduleProvider(ownSecrets),
    };
  }

  async stop(): Promise<void> {
    this.endPool();
    await super.stop();
  }

  // ---- stacks

  async deploy(number: number, wanted: ReadonlyMap<number, Wanted>, ending: Ending): Promise<void> {
    const overlaps = [...wanted.values()].map(({ rotating }) => (rotating?.overlap ?? DEFAULT_OVERLAP_DAYS) * DAY);
    // The one before counts as well, until it is known whether it is rolled back.
    for (const overlap of overlaps) this.mail.setOverlap(Math.min(overlap, this.mail.overlap));
    await super.deploy(number, this.inAllRegions(wanted), ending);
    const isComplete = ['CREATE_COMPLETE', 'UPDATE_COMPLETE'].includes(this.stacks[number]!.status);
    if (isComplete && this.topology.stacks.length === 1) for (const overlap of overlaps) this.mail.setOverlap(overlap);
  }

  /** With the constructs' resources of the further Region. */
  private inAllRegions(wanted: ReadonlyMap<number, Wanted>): ReadonlyMap<number, Wanted> {
    const { length } = this.topology.stacks;
    const further = [...wanted].filter(([, { rotating }]) => rotating?.further);
    return new Map([...wanted, ...further.map(([owner, as]) => [owner + length, as] as const)]);
  }

  protected resourcesOf(
    logicalId: string, as: Wanted, resource: TemplateResource,
  ): Record<string, TemplateResource> {
    if (as.follows) return followingResources(logicalId, as, resource);
    if (!as.rotating) return super.resourcesOf(logicalId, as, resource);
    const [firstId, furtherId] = [0, this.topology.stacks.length].map((owner) => this.logicalId(owner));
    const { rotating, ttl, retain } = as;
    const { prefix, bits, overlap, further } = rotating;
    const options = {
      ...prefix !== 'dkim' && { SelectorPrefix: prefix }, ...bits !== 2048 && { KeyLength: String(bits) },
    };
    const RecordOverlap = String(overlap * 86_400);
    const tags = {
      ...tagsOf(logicalId, ttl),
      RecordOverlap,
      ...options,
      ...further && { [`FurtherRegion:${FURTHER.region}`]: furtherId },
    };
    const secret = { Ref: `${firstId}Keys` };
    const common = { Method: 'ROTATING_BYODKIM', SecretArn: secret, ...options };
    if (logicalId === furtherId) {
      const Properties = { ...resource.Properties, Signing: { ...common, IsFurther: 'true' }, RecordOverlap };
      return { [furtherId]: { ...resource, Properties, DependsOn: [firstId] } };
    }
    const schedule = scheduleOf(rotating);
    const FurtherRegions = [{ Region: FURTHER.region, LogicalResourceId: furtherId }];
    const Signing = { ...common, Schedule: schedule, ...further && { FurtherRegions } };
    return {
      [`${logicalId}Keys`]: {
        Type: SECRET,
        Properties: {
          Tags: Object.entries(tags).map(([name, Value]) => ({ Key: ROTATION_TAG_PREFIX + name, Value })),
        },
        DeletionPolicy: retain ? 'RetainExceptOnCreate' : 'Delete',
      },
      [logicalId]: { ...resource, Properties: { ...resource.Properties, Signing, RecordOverlap } },
      [`${logicalId}Rotation`]: {
        Type: SCHEDULE,
        Properties: {
          SecretId: secret,
          RotationLambdaARN: FUNCTION,
          RotateImmediatelyOnUpdate: false,
          RotationRules: { ScheduleExpression: schedule },
        },
        DependsOn: [logicalId, ...further ? [furtherId] : []],
      },
    };
  }

  protected providerOf(type: string): ResourceProvider {
    return this.providers[type] ?? super.providerOf(type);
  }

  /** In the rule of the stacks: also what CloudFormation has not cleaned up yet. */
  private cared(): string[] {
    const all = this.stacks.flatMap((stack) => stack ? [...stack.resources.values(), ...stack.superseded] : []);
    const arns = all.filter(({ type }) => type === SECRET).map(({ physicalId }) => physicalId);
    return [...new Set(arns)].filter((arn) => this.services.ownSecrets.hasSecret(arn));
  }

  // ---- keys

  /** The secret of an owner, while there is one. */
  secretOf(owner: number): Secret | undefined {
    const stack = this.stacks[this.topology.owners[owner].stack];
    const id = this.logicalId(owner);
    const resource = stack?.resources.get(`${id}Keys`) ?? stack?.resources.get(id + FOLLOWED_END);
    return resource && this.services.ownSecrets.find(resource.physicalId);
  }

  /** The selector of the key under a label. */
  selectorOf(owner: number, label: string): string | undefined {
    return selectorIn(this.secretOf(owner)?.versions.holderOf(label)?.value);
  }

  /** Selectors of all versions, oldest first. */
  selectorsOf(owner: number): string[] {
    return (this.secretOf(owner)?.versions.all() ?? []).flatMap(({ value }) => selectorIn(value) ?? []);
  }

  /**
   * The names of records of keys that AWSCURRENT or AWSPENDING is on, in the secrets that the owners sign with now.
   * A stack that stays as it failed can have that of the method before, too: a deployment has written to it that the
   * stack signs otherwise. Nobody has moved that label by hand in this moment, which a run that is at work may not have
   * seen.
   */
  private namedByLabels(): string[] {
    if (this.clock.now() - this.movedByHandAt <= SEEN_BY_ALL_MS) return [];
    return this.topology.owners.flatMap((_, owner) => this.isLeft(owner) ? []
      : ['AWSCURRENT', 'AWSPENDING'].flatMap((label) => this.selectorOf(owner, label) ?? []))
      .map((selector) => `${selector}._domainkey.${DOMAIN}`);
  }

  private isLeft(owner: number): boolean {
    const stages = this.secretOf(owner)?.versions.all().flatMap((version) => [...version.stages]) ?? [];
    return stages.some((stage) => stage.startsWith(ENDED));
  }

  /** A key becomes the current one after SES has verified it, but for one that is put back. */
  private requireVerified({ versions, tags }: Secret, versionId: string): void {
    const selector = selectorIn(versions.all().find(({ id }) => id === versionId)?.value);
    const isPutBack = versions.holderOf('AWSCURRENT') === versions.holderOf('cdk-ses-dkim:taken-back');
    // A deployment that meets the key before SES has verified it tells SES the same key once more. Another stack tells
    // SES its own.
    const isDeployed = this.stacks.some((stack) => stack?.status.endsWith('_IN_PROGRESS'));
    if (isPutBack || isDeployed) return;
    const isOfFurther = tags.some(({ Key }) => Key === FURTHER_REGION_TAG_PREFIX + FURTHER.region);
    for (const place of isOfFurther ? [AT, FURTHER] : [AT]) {
      const { status, tokens = [] } = this.services.identity(place) ?? {};
      if (tokens[0] === selector && status === 'SUCCESS') continue;
      this.services.witness.broken.push(
        `4: ${selector} becomes the current key, and SES in ${place.region} says ${status} of ${tokens.join()}`);
    }
  }

  /** As `aws secretsmanager` does. False when it is refused. */
  byHand(owner: number, change: (secrets: RotatingWorld['services']['ownSecrets'], secret: Secret) => unknown): boolean {
    const secret = this.secretOf(owner);
    if (!secret) return false;
    this.movedByHandAt = this.clock.now();
    try {
      change(this.services.ownSecrets, secret);
      return true;
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return false;
    } finally {
      this.function.noteOvertaken();
    }
  }

  changeTag(owner: number, how: 'no overlap' | 'no stack' | 'back'): void {
    if (how === 'no overlap') this.mail.limitOverlap(DAY); // which no tag can undercut
    this.byHand(owner, (secrets, { arn, tags }) => {
      const before = this.tags.get(arn) ?? tags;
      this.tags.set(arn, before);
      const without = (name: string) => tags.filter(({ Key }) => Key !== ROTATION_TAG_PREFIX + name);
      const overlap = { Key: `${ROTATION_TAG_PREFIX}RecordOverlap`, Value: '0' };
      secrets.change(arn, {
        tags: how === 'back' ? before : how === 'no stack' ? without('StackId') : [...without('RecordOverlap'), overlap],
      });
    });
  }

  /** Gives the reason when it fails. */
  call(event: Readonly<Record<string, unknown>>): Promise<string | undefined> {
    return this.clock.drive('the function that rotates', () => this.function.run(event));
  }

  writeRecord(label: string, value: string): void {
    this.mail.giveUp(`${label}._domainkey.${DOMAIN}`);
    super.writeRecord(label, value);
  }

  removeRecord(name: string): void {
    this.mail.giveUp(name);
    super.removeRecord(name);
  }

  /** The user's key that has a record, and that SES does not sign with. */
  keyToSignAgain(): SecretName | undefined {
    return SECRETS.find((secret, index) => SELECTORS[index] !== this.signsWith()
      && this.services.seen(`${SELECTORS[index]}._domainkey.${DOMAIN}`, 'TXT')
        .some((text) => this.services.hasPublicKey(text, publicKeyOf(secret))));
  }

  /** Somebody tells SES that key by hand. */
  signAgain(): void {
    const secret = this.keyToSignAgain();
    if (!secret) return;
    const selector = SELECTORS[SECRETS.indexOf(secret)];
    this.mail.look();
    this.services.putSigning(AT, 'EXTERNAL', {
      DomainSigningSelector: selector, DomainSigningPrivateKey: bare(KEYS[secret]),
    });
    this.mail.setByHand(`${selector}._domainkey.${DOMAIN}`);
  }

  /** The selector of BYODKIM that SES has. */
  signsWith(): string | undefined {
    const { origin, tokens = [] } = this.services.identity(AT) ?? {};
    return origin === 'EXTERNAL' ? tokens[0] : undefined;
  }

  changeIdentity(...given: Parameters<QuickWorld['changeIdentity']>): void {
    const [, how] = given;
    this.mail.look();
    if (how === 'make anew') this.mail.madeAnew();
    super.changeIdentity(...given);
  }

  /** The user stores a version. If its event comes, the function is called within a minute. */
  store(what: Stored, isHeard: boolean): void {
    this.services.setSecret(AT.account, FOLLOWED, textOfStored(what));
    this.function.expectMore();
    if (!isHeard) return;
    const hears = () => this.cared().filter((arn) => arn.includes(FOLLOWED_END));
    void this.clock.sleep(this.random() * 60_000).then(async () => {
      if (hears().length > 0) await this.function.care(hears());
    });
  }

  /** The secret of the stack has a private key in it, where the user's own has it. */
  showsKey(owner: number): boolean {
    const { arn = '', versions } = this.secretOf(owner) ?? {};
    return arn.includes(FOLLOWED_END) && versions!.all().some(({ value }) => String(value).includes('PRIVATE KEY'));
  }

  closeRegion(region: Region, how: 'fails' | 'unreachable' | 'open'): void {
    if (how === 'open') this.services.closed.delete(region);
    else this.services.closed.set(region, how);
  }

  /** Whether SES finds nothing in DNS from now on. */
  setBlind(isBlind: boolean): void {
    this.mail.look();
    this.services.isBlind = isBlind;
  }
}

/** Of each secret of the stack. */
function tagsOf(logicalId: string, ttl: number) {
  return {
    StackId: { Ref: 'AWS::StackId' },
    LogicalResourceId: logicalId,
    Identity: DOMAIN,
    HostedZoneId: ZONE_ID,
    RecordTtl: String(ttl),
  };
}

/** Of a key that follows the user's secret. */
function followingResources(
  logicalId: string, { ttl, retain }: Wanted, resource: TemplateResource,
): Record<string, TemplateResource> {
  const tags = tagsOf(logicalId, ttl);
  const Follows = { SecretArn: FOLLOWED_ARN, JsonField: 'privateKey' };
  const Signing = { Method: 'ROTATING_BYODKIM', SecretArn: { Ref: logicalId + FOLLOWED_END }, Follows };
  return {
    [logicalId + FOLLOWED_END]: {
      Type: SECRET,
      Properties: { Tags: Object.entries(tags).map(([name, Value]) => ({ Key: ROTATION_TAG_PREFIX + name, Value })) },
      DeletionPolicy: retain ? 'RetainExceptOnCreate' : 'Delete',
    },
    [logicalId]: { ...resource, Properties: { ...resource.Properties, Signing } },
  };
}

function scheduleOf({ every }: Rotating): string {
  return `rate(${every} days)`;
}

function selectorIn(value: unknown): string | undefined {
  try {
    return (JSON.parse(String(value)) as { selector?: string }).selector;
  } catch {
    return undefined;
  }
}
