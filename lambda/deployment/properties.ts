// Reads the properties of an event. They are strings from a template that somebody else wrote: each is checked, and nothing is guessed.
import {
  DEFAULT_KEY_LENGTH, DEFAULT_RECORD_TTL, DOMAIN, EasyDkimProperties, HOSTED_ZONE_ID, LABEL, REGION, SigningProperties,
} from '../../src/private/contract';
import { Desired, ZoneProperties } from '../base/desired';

const SECRET = /^arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\x21-\x7e]{1,512}$/;
const ROLE = /^arn:[a-z0-9-]+:iam::\d{12}:role\/[\x21-\x7e]{1,512}$/;
const KEY_LENGTH = /^RSA_(1024|2048)_BIT$/;
const ANY = /^[\s\S]{1,512}$/;

/** Throws with the property and the value found. `functionRegion` is the Region of an identity that names none. */
export function parseProperties(properties: Record<string, unknown>, functionRegion: string): Desired {
  const top = new Reader(properties, '');
  const zoneId = top.optional('HostedZoneId', HOSTED_ZONE_ID);
  return {
    identity: top.required('Identity', DOMAIN),
    region: top.optional('Region', REGION) ?? functionRegion,
    signing: parseSigning(top.child('Signing')),
    ...(zoneId !== undefined ? { zone: parseZone(zoneId, top) } : {}),
    wait: top.seconds('WaitForVerification') ?? 0,
    retain: top.optional('RemovalPolicy', /^(DESTROY|RETAIN)$/) === 'RETAIN',
  };
}

function parseZone(id: string, top: Reader): ZoneProperties {
  const roleArn = top.optional('HostedZoneRoleArn', ROLE);
  return {
    id,
    ...(roleArn !== undefined ? { roleArn } : {}),
    ttl: top.seconds('RecordTtl') ?? DEFAULT_RECORD_TTL,
    overwrite: top.optional('RecordConflict', /^(FAIL|OVERWRITE)$/) === 'OVERWRITE',
  };
}

function parseSigning(signing: Reader): SigningProperties {
  const method = signing.required('Method', /^(EASY_DKIM|BYODKIM|DEED)$/) as SigningProperties['Method'];
  switch (method) {
    case 'EASY_DKIM':
      return { Method: method, KeyLength: signing.optional('KeyLength', KEY_LENGTH) as EasyDkimProperties['KeyLength'] ?? DEFAULT_KEY_LENGTH };
    case 'DEED':
      return { Method: method, ParentRegion: signing.required('ParentRegion', REGION) };
    case 'BYODKIM':
      return {
        Method: method,
        Selector: signing.required('Selector', LABEL),
        SecretArn: signing.required('SecretArn', SECRET),
        JsonField: signing.optional('JsonField', ANY),
        VersionStage: signing.optional('VersionStage', ANY),
        VersionId: signing.optional('VersionId', ANY),
      };
  }
}

class Reader {
  constructor(private readonly values: Record<string, unknown>, private readonly path: string) {}

  required(name: string, form: RegExp): string {
    const value = this.optional(name, form);
    if (value === undefined) throw new Error(`The property ${this.path}${name} is missing. Deploy with one version of cdk-ses-dkim.`);
    return value;
  }

  optional(name: string, form: RegExp): string | undefined {
    const value = Object.hasOwn(this.values, name) ? this.values[name] : undefined;
    if (value === undefined || (typeof value === 'string' && form.test(value))) return value;
    throw new Error(`The property ${this.path}${name} is '${JSON.stringify(value).slice(0, 200)}', which is not of the form ${form.source}. Correct it in the app and deploy again.`);
  }

  seconds(name: string): number | undefined {
    const value = this.optional(name, /^\d{1,10}$/);
    return value === undefined ? undefined : Number(value);
  }

  child(name: string): Reader {
    const value = this.values[name];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Error(`The property ${this.path}${name} is missing. Deploy with one version of cdk-ses-dkim.`);
    }
    return new Reader(value as Record<string, unknown>, `${this.path}${name}.`);
  }
}
