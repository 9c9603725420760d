// Bad input: properties that a parameter gives, that a template by hand has, or one of another version.
import { CfnParameter, Duration } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { HOSTILE, KEY_TEXT } from './app';
import { AtDeployment, Refusal } from './refusal';
import { DkimPrivateKey, DkimSigning, RotatingByoDkimSigningOptions } from '../../src';
import { PEM } from '../end-to-end/scene';

const FIX = 'Correct it in the app, and deploy with one version of cdk-ses-dkim';

/** How the message shows a value that CloudFormation sends. */
const json = (value: unknown) => JSON.stringify(value);

/** The template has this value. All scalars arrive as texts. */
const has = (
  path: string, value: unknown, form: string, found = json(value), title = found.slice(0, 60),
): AtDeployment => ({
  title: `property ${path}: ${title}`,
  make: (world) => ({
    build: world.withProperties(methodFor(path) === 'BYODKIM' ? world.byo(world.scene.secrets.one) : world.dkim(), {
      ...(methodFor(path) === 'DEED' ? { 'Signing.Method': 'DEED' } : {}), [path]: value,
    }),
    parts: { path, found, form },
  }),
});

function methodFor(path: string): 'BYODKIM' | 'DEED' | 'EASY_DKIM' {
  if (path === 'Signing.ParentRegion') return 'DEED';
  return /Selector|Secret|Field|Version/.test(path) ? 'BYODKIM' : 'EASY_DKIM';
}

/** A parameter has this value, for a rotating key. */
const ofRotating = (
  path: string, value: string, form: string, options: (given: CfnParameter) => RotatingByoDkimSigningOptions, Type = 'String',
): AtDeployment => ({
  title: `property ${path}: ${json(value)} for a rotating key`,
  make: (world) => ({
    parts: { path, found: json(value), form },
    parameters: { Given: value },
    build: (stack) => world.dkim(() => ({
      signing: DkimSigning.rotatingByoDkim(options(new CfnParameter(stack, 'Given', { type: Type }))),
    }))(stack),
  }),
});

/** The template lacks it. */
const lacks = (path: string, more: Record<string, unknown> = {}): AtDeployment => ({
  title: `property ${path}: missing`,
  make: (world) => ({
    build: world.withProperties(methodFor(path) === 'BYODKIM' ? world.byo(world.scene.secrets.one) : world.dkim(), {
      ...(methodFor(path) === 'DEED' ? { 'Signing.Method': 'DEED' } : {}), [path]: undefined, ...more,
    }),
    parts: { path },
  }),
});

/** Only the deployment knows it. */
const byParameter = (
  path: string, value: string, form: string, what: 'Identity' | 'Region' | 'Selector' | 'Zone',
): AtDeployment => ({
  title: `property ${path}: ${json(value)} from a parameter`,
  make: (world) => ({
    parts: { path, found: json(value), form },
    parameters: { Given: value },
    build: (stack) => {
      const given = new CfnParameter(stack, 'Given').valueAsString;
      const secret = secretsmanager.Secret.fromSecretCompleteArn(stack, 'Secret', world.scene.secrets.one);
      const props = {
        Identity: { identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Late', given) },
        Region: { region: given },
        Selector: { signing: DkimSigning.byoDkim({ selector: given, privateKey: DkimPrivateKey.fromSecret(secret) }) },
        Zone: { hostedZone: route53.HostedZone.fromHostedZoneId(stack, 'LateZone', given) },
      };
      return world.dkim(() => props[what])(stack);
    },
  }),
});

const DOMAIN_NAME = 'a domain name in lower case';
const SELECTOR = '1 to 63 letters in lower case, digits and inner hyphens';
const REGION = 'the code of a Region';
const METHODS = 'EASY_DKIM or BYODKIM or DEED or ROTATING_BYODKIM';
const PREFIX = '1 to 47 letters in lower case, digits and inner hyphens';
/** Not a run that looks like a key. */
const LONG = 'x-.'.repeat(1_334);

export const PROPERTIES: readonly Refusal[] = [
  {
    place: 'properties',
    says: 'The property {path} is missing',
    advises: FIX,
    why: 'The template was written by hand, or by another version of the library than the function.',
    atDeployment: [
      lacks('Identity'), lacks('Signing'), lacks('Signing.Method', { 'Signing.Other': 'x' }), lacks('Signing.ParentRegion'), lacks('Signing.Selector'),
      lacks('Signing.SecretArn'),
    ],
  },
  {
    place: 'properties',
    says: 'The property {path} is {found} and has to be {form}',
    advises: FIX,
    why: 'The usual cause is a parameter with a wrong value, which synthesis cannot know. Or the template was written by hand, or by another version of the library than the function.',
    atDeployment: [
      byParameter('Identity', 'Example.com', DOMAIN_NAME, 'Identity'),
      byParameter('Identity', 'user@example.com', DOMAIN_NAME, 'Identity'),
      byParameter('Region', 'Ireland', REGION, 'Region'),
      byParameter('Signing.Selector', 'Mail_2026', SELECTOR, 'Selector'),
      byParameter('HostedZoneId', '/hostedzone/Z0EXAMPLE', 'the id of a hosted zone', 'Zone'),
      ofRotating('Signing.SelectorPrefix', 'Mail_1', PREFIX, (given) => ({ selectorPrefix: given.valueAsString })),
      ofRotating('Signing.KeyLength', '4096', '1024 or 2048', (given) => ({ keyLength: given.valueAsNumber }), 'Number'),
      ofRotating('RecordOverlap', '-1', 'whole seconds', (given) => ({ overlap: Duration.seconds(given.valueAsNumber) }), 'Number'),
      has('Identity', '', DOMAIN_NAME),
      has('Identity', ['example.com'], DOMAIN_NAME),
      has('Identity', 5, DOMAIN_NAME, '"5"'),
      has('Identity', HOSTILE, DOMAIN_NAME, '"a\\u001b[31m\\nb "', 'commands for a terminal'),
      has('Identity', LONG, DOMAIN_NAME, `"${LONG.slice(0, 199)}…`, '4,000 characters'),
      has('Identity', KEY_TEXT, DOMAIN_NAME, 'a key', 'the text of a key'),
      has('Identity', PEM.one, DOMAIN_NAME, 'a key', 'a whole key'),
      has('Signing', 'EASY_DKIM', 'an object'),
      has('Signing', [], 'an object'),
      ...['eu-west-1', ['eu-west-1']].map((value): AtDeployment => ({
        title: `property Signing.FurtherRegions: ${json(value)}`,
        make: (world) => ({
          parts: { path: 'Signing.FurtherRegions', found: json(value), form: 'a list of objects' },
          build: world.withProperties(
            world.dkim(() => ({ signing: DkimSigning.rotatingByoDkim() })), { 'Signing.FurtherRegions': value }),
        }),
      })),
      has('Signing.Method', 'ROTATING', METHODS),
      has('Signing.Method', { easy: true }, METHODS, '{"easy":"true"}'),
      has('Signing.KeyLength', 'RSA_4096_BIT', 'RSA_1024_BIT or RSA_2048_BIT'),
      has('Signing.ParentRegion', 'EU_WEST_1', REGION),
      has('Signing.Selector', 's.'.repeat(32), SELECTOR, undefined, '64 characters'),
      {
        title: 'property Signing.Selector: "s_2" in an update',
        make: async (world) => {
          await world.deployed(world.byo(world.scene.secrets.one));
          return {
            isUpdate: true,
            build: world.withProperties(world.byo(world.scene.secrets.two), { 'Signing.Selector': 's_2' }),
            parts: { path: 'Signing.Selector', found: '"s_2"', form: SELECTOR },
          };
        },
      },
      has('Signing.SecretArn', 'mail/dkim', 'the ARN of a secret'),
      has('Signing.SecretArn', 'arn:aws:s3:::bucket', 'the ARN of a secret'),
      has('Signing.SecretArn', KEY_TEXT, 'the ARN of a secret', 'a key', 'the text of a key'),
      has('Signing.SecretArnForm', 'COMPLETE', 'PARTIAL'),
      has('Signing.JsonField', '', '1 to 512 characters'),
      has('Signing.JsonField', LONG.slice(0, 513), '1 to 512 characters', `"${LONG.slice(0, 199)}…`, '513 characters'),
      has('Signing.VersionStage', ['AWSCURRENT'], '1 to 512 characters'),
      has('HostedZoneId', 'zone', 'the id of a hosted zone'),
      has('HostedZoneRoleArn', 'arn:aws:iam::111111111111:user/dns', 'the ARN of a role'),
      has('HostedZoneRoleExternalId', 'x', '2 to 256 letters, digits and _+=.@:/-'),
      has('RecordTtl', -1, 'whole seconds', '"-1"'),
      has('RecordTtl', '5 minutes', 'whole seconds'),
      has('RecordConflict', 'overwrite', 'FAIL or OVERWRITE'),
      has('RecordConflict', true, 'FAIL or OVERWRITE', '"true"'),
      has('WaitForVerification', 'PT1H', 'whole seconds'),
      has('RemovalPolicy', 'SNAPSHOT', 'DESTROY or RETAIN'),
    ],
  },
  {
    place: 'properties',
    says: 'The name of a record of {domain} would have {length} characters, and DNS takes 253',
    advises: '{way}',
    why: 'The names of the records start with a label and `._domainkey.`. Synthesis did not know the domain.',
    atDeployment: [['Use a shorter domain', 's1', 256], ['Use a shorter selector, or a shorter domain', 's'.repeat(63), 274]].map(
      ([way, selector, length]): AtDeployment => ({
        title: `property Identity: too long: ${way}`,
        make: (world) => {
          const domain = `${'a.'.repeat(94)}example.com`;
          return {
            parts: { domain, length: `${length}`, way: `${way}` },
            parameters: { Given: domain },
            build: (stack) => {
              const given = new CfnParameter(stack, 'Given').valueAsString;
              const secret = secretsmanager.Secret.fromSecretCompleteArn(stack, 'Secret', world.scene.secrets.one);
              return world.dkim(() => ({
                identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Late', given),
                signing: DkimSigning.byoDkim({ selector: `${selector}`, privateKey: DkimPrivateKey.fromSecret(secret) }),
              }))(stack);
            },
          };
        },
      })),
  },
];
