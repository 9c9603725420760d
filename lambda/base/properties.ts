// Parses the properties of an event. They come from a template: each is checked, and nothing is guessed.
import {
  Delegation, FollowedSecret, FurtherRegion, KeyLength, RotatingByoDkim, SecretSource, WantedState, ZoneSettings,
} from './desired-state';
import { HandlerError } from './errors';
import { isObject } from './hostile';
import {
  DEFAULT_RECORD_TTL, DEFAULT_ROTATING_KEY_LENGTH, DEFAULT_SELECTOR_FIELD, DEFAULT_SELECTOR_PREFIX,
  DOMAIN, EXTERNAL_ID, HOSTED_ZONE_ID, LABEL, MAX_SELECTOR_PREFIX, MAX_SLOT_TTL, placeIn, REGION, slotsOf,
} from '../../src/private/contract';

/** What a text has to be: as a check, and in words. */
type Form = readonly [RegExp, string];

const DOMAIN_NAME: Form = [DOMAIN, 'a domain name in lower case'];
const ZONE_ID: Form = [HOSTED_ZONE_ID, 'the id of a hosted zone'];
const REGION_CODE: Form = [REGION, 'the code of a Region'];
const SELECTOR: Form = [LABEL, '1 to 63 letters in lower case, digits and inner hyphens'];
/** A name has up to 512 characters, and Secrets Manager adds seven. */
export const SECRET_ARN = /^arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\x21-\x7e]{1,519}$/;
const SECRET: Form = [SECRET_ARN, 'the ARN of a secret'];
/** A path has up to 512 characters, with the slash before it, and a name 64. */
const ROLE: Form = [/^arn:[a-z0-9-]+:iam::\d{12}:role\/[\x21-\x7e]{1,575}$/, 'the ARN of a role'];
const ROLE_EXTERNAL_ID: Form = [EXTERNAL_ID, '2 to 256 letters, digits and _+=.@:/-'];
const SELECTOR_PREFIX: Form = [
  new RegExp(`^(?=.{1,${MAX_SELECTOR_PREFIX}}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$`),
  `1 to ${MAX_SELECTOR_PREFIX} letters in lower case, digits and inner hyphens`,
];
export const LOGICAL_ID = /^[A-Za-z0-9]{1,255}$/;
const LOGICAL_ID_FORM: Form = [LOGICAL_ID, 'a logical id'];
const ANY: Form = [/^[\s\S]{1,512}$/, '1 to 512 characters'];
const SECONDS: Form = [/^\d{1,10}$/, 'whole seconds'];
const MOST_SHOWN = 200;
const KEY_LENGTHS: readonly KeyLength[] = ['RSA_1024_BIT', 'RSA_2048_BIT'];

/** Throws with the property and the value found. `functionRegion` is the Region of an identity that names none. */
export function parseProperties(properties: Record<string, unknown>, functionRegion: string): WantedState {
  const top = new Reader(properties);
  const zoneId = top.optional('HostedZoneId', ZONE_ID);
  const domain = top.required('Identity', DOMAIN_NAME);
  const signing = parseSigning(top.child('Signing'));
  return {
    domain,
    region: top.optional('Region', REGION_CODE) ?? functionRegion,
    signing,
    zone: zoneId === undefined ? undefined : parseZone(zoneId, parseDelegation(domain, signing, top), top),
    waitSeconds: top.seconds('WaitForVerification') ?? 0,
    retain: top.choice('RemovalPolicy', ['DESTROY', 'RETAIN']) === 'RETAIN',
  };
}

/** Other methods have no slots: they write nothing into a zone that does not hold the domain. */
function parseDelegation(domain: string, signing: WantedState['signing'], top: Reader): Delegation | undefined {
  const zoneName = top.optional('DelegatedTo', DOMAIN_NAME);
  if (zoneName === undefined || signing.method !== 'ROTATING_BYODKIM') return undefined;
  return { place: placeIn(zoneName, domain), slots: slotsOf(signing.selectorPrefix) };
}

function parseZone(id: string, delegation: Delegation | undefined, top: Reader): ZoneSettings {
  const ttl = top.seconds('RecordTtl') ?? DEFAULT_RECORD_TTL;
  return {
    id,
    delegation,
    roleArn: top.optional('HostedZoneRoleArn', ROLE),
    externalId: top.optional('HostedZoneRoleExternalId', ROLE_EXTERNAL_ID),
    ttl: delegation ? Math.min(ttl, MAX_SLOT_TTL) : ttl,
    overwrite: top.choice('RecordConflict', ['FAIL', 'OVERWRITE']) === 'OVERWRITE',
    overlapSeconds: top.seconds('RecordOverlap'),
  };
}

function parseSigning(signing: Reader): WantedState['signing'] {
  const method = signing.choice('Method', ['EASY_DKIM', 'BYODKIM', 'DEED', 'ROTATING_BYODKIM'])
    ?? signing.isMissing('Method');
  switch (method) {
    case 'EASY_DKIM': return { method, keyLength: signing.choice('KeyLength', KEY_LENGTHS) };
    case 'DEED': return { method, parentRegion: signing.required('ParentRegion', REGION_CODE) };
    case 'BYODKIM': return { method, selector: signing.required('Selector', SELECTOR), secret: parseSecret(signing) };
    case 'ROTATING_BYODKIM': return parseRotating(signing);
  }
}

function parseRotating(signing: Reader): RotatingByoDkim {
  return {
    method: 'ROTATING_BYODKIM',
    secretArn: signing.required('SecretArn', SECRET),
    selectorPrefix: signing.optional('SelectorPrefix', SELECTOR_PREFIX) ?? DEFAULT_SELECTOR_PREFIX,
    keyLength: Number(signing.choice('KeyLength', ['1024', '2048']) ?? DEFAULT_ROTATING_KEY_LENGTH),
    schedule: signing.optional('Schedule', ANY),
    furtherRegions: signing.list('FurtherRegions')?.map(parseFurtherRegion),
    isFurther: signing.choice('IsFurther', ['true']) && true,
    follows: parseFollows(signing.optionalChild('Follows')),
  };
}

function parseFollows(secret: Reader | undefined): FollowedSecret | undefined {
  return secret && {
    arn: secret.required('SecretArn', SECRET),
    arnForm: secret.choice('SecretArnForm', ['PARTIAL']),
    jsonField: secret.required('JsonField', ANY),
    selectorField: secret.optional('SelectorField', ANY) ?? DEFAULT_SELECTOR_FIELD,
  };
}

function parseFurtherRegion(further: Reader): FurtherRegion {
  return {
    region: further.required('Region', REGION_CODE), logicalId: further.required('LogicalResourceId', LOGICAL_ID_FORM),
  };
}

function parseSecret(signing: Reader): SecretSource {
  return {
    arn: signing.required('SecretArn', SECRET),
    arnForm: signing.choice('SecretArnForm', ['PARTIAL']),
    jsonField: signing.optional('JsonField', ANY),
    versionStage: signing.optional('VersionStage', ANY),
    versionId: signing.optional('VersionId', ANY),
  };
}

/** Reads values by name. All are strings: CloudFormation turns every scalar into one. */
class Reader {
  private readonly values: ReadonlyMap<string, unknown>;

  constructor(values: object, private readonly path = '') {
    this.values = new Map(Object.entries(values)); // what is inherited is no property
  }

  required(name: string, form: Form): string {
    return this.optional(name, form) ?? this.isMissing(name);
  }

  optional(name: string, [form, inWords]: Form): string | undefined {
    const value = this.values.get(name);
    if (value === undefined || (typeof value === 'string' && form.test(value))) return value;
    return this.isWrong(name, inWords);
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.values.get(name);
    if (value === undefined) return undefined;
    return choices.find((choice) => choice === value) ?? this.isWrong(name, choices.join(' or '));
  }

  seconds(name: string): number | undefined {
    const value = this.optional(name, SECONDS);
    return value === undefined ? undefined : Number(value);
  }

  child(name: string): Reader {
    return this.optionalChild(name) ?? this.isMissing(name);
  }

  optionalChild(name: string): Reader | undefined {
    const value = this.values.get(name);
    if (value === undefined) return undefined;
    if (!isObject(value)) return this.isWrong(name, 'an object');
    return new Reader(value, `${this.path}${name}.`);
  }

  list(name: string): Reader[] | undefined {
    const value = this.values.get(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every(isObject)) return this.isWrong(name, 'a list of objects');
    return value.map((each, index) => new Reader(each, `${this.path}${name}[${index}].`));
  }

  isMissing(name: string): never {
    return this.refuse(name, 'missing');
  }

  private isWrong(name: string, form: string): never {
    let found = JSON.stringify(this.values.get(name));
    if (found.includes('PRIVATE KEY')) found = 'a key'; // the redactor would take what comes after it as well
    else if (found.length > MOST_SHOWN) found = `${found.slice(0, MOST_SHOWN)}…`;
    return this.refuse(name, `${found} and has to be ${form}`);
  }

  private refuse(name: string, problem: string): never {
    throw new HandlerError(`The property ${this.path}${name} is ${problem}`,
      'Correct it in the app, and deploy with one version of cdk-ses-dkim');
  }
}
