// Parses the properties of an event. They come from a template: each is checked, and nothing is guessed.
import {
  DEFAULT_KEY_LENGTH, DEFAULT_RECORD_TTL, DOMAIN, HOSTED_ZONE_ID, LABEL, REGION,
} from '../../src/private/contract';
import { DesiredSigning, DesiredState, KeyLength, SecretSource, ZoneSettings } from '../base/desired-state';
import { HandlerError } from '../base/errors';

const SECRET = /^arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\x21-\x7e]{1,512}$/;
const ROLE = /^arn:[a-z0-9-]+:iam::\d{12}:role\/[\x21-\x7e]{1,512}$/;
const ANY = /^[\s\S]{1,512}$/;
const KEY_LENGTHS: readonly KeyLength[] = ['RSA_1024_BIT', 'RSA_2048_BIT'];

/** Throws with the property and the value found. `functionRegion` is the Region of an identity that names none. */
export function parseProperties(properties: Record<string, unknown>, functionRegion: string): DesiredState {
  const top = new Reader(properties);
  const zoneId = top.optional('HostedZoneId', HOSTED_ZONE_ID);
  return {
    domain: top.required('Identity', DOMAIN),
    region: top.optional('Region', REGION) ?? functionRegion,
    signing: parseSigning(top.child('Signing')),
    zone: zoneId === undefined ? undefined : parseZone(zoneId, top),
    waitSeconds: top.seconds('WaitForVerification', 0),
    retain: top.choice('RemovalPolicy', ['DESTROY', 'RETAIN']) === 'RETAIN',
  };
}

function parseZone(id: string, top: Reader): ZoneSettings {
  return {
    id,
    roleArn: top.optional('HostedZoneRoleArn', ROLE),
    ttl: top.seconds('RecordTtl', DEFAULT_RECORD_TTL),
    overwrite: top.choice('RecordConflict', ['FAIL', 'OVERWRITE']) === 'OVERWRITE',
  };
}

function parseSigning(signing: Reader): DesiredSigning {
  const method = signing.choice('Method', ['EASY_DKIM', 'BYODKIM', 'DEED']) ?? signing.isMissing('Method');
  switch (method) {
    case 'EASY_DKIM': return { method, keyLength: signing.choice('KeyLength', KEY_LENGTHS) ?? DEFAULT_KEY_LENGTH };
    case 'DEED': return { method, parentRegion: signing.required('ParentRegion', REGION) };
    case 'BYODKIM': return { method, selector: signing.required('Selector', LABEL), secret: parseSecret(signing) };
  }
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

  required(name: string, form: RegExp): string {
    return this.optional(name, form) ?? this.isMissing(name);
  }

  optional(name: string, form: RegExp): string | undefined {
    const value = this.values.get(name);
    if (value === undefined || (typeof value === 'string' && form.test(value))) return value;
    return this.isNotOfForm(name, form.source);
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.values.get(name);
    if (value === undefined) return undefined;
    return choices.find((choice) => choice === value) ?? this.isNotOfForm(name, choices.join(' or '));
  }

  seconds(name: string, otherwise: number): number {
    return Number(this.optional(name, /^\d{1,10}$/) ?? otherwise);
  }

  child(name: string): Reader {
    const value = this.values.get(name);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.isMissing(name);
    return new Reader(value, `${this.path}${name}.`);
  }

  isMissing(name: string): never {
    throw new HandlerError(`The property ${this.path}${name} is missing`, 'Deploy with one version of cdk-ses-dkim');
  }

  private isNotOfForm(name: string, form: string): never {
    const found = JSON.stringify(this.values.get(name)).slice(0, 200);
    throw new HandlerError(`The property ${this.path}${name} is '${found}', which is not of the form ${form}`,
      'Correct it in the app and deploy again');
  }
}
