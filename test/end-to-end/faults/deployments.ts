// What the stacks of the fault matrix say. Each is synthesized once: all names in it are the same every time.
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps } from '../../../src';
import { StackResult } from '../../cloud';
import { KEYS_ZONE } from '../delegated-scene';
import { Method as FixedMethod, ORIGINS, PARENT } from '../methods';
import { ACCOUNT, byoDkim, DOMAIN, REGION, Scene } from '../scene';
import { FURTHER_REGION, World, ZONE_ROLE } from './world';

export const STACK = 'Mail';
/** There is no such identity. */
export const FAILING_DOMAIN = 'missing.example';

export type Method = FixedMethod | 'rotating key';

/** What a stack says, and how SES signs then. */
export interface Deployment {
  readonly method: Method;
  /** @default DOMAIN */
  readonly domain?: string;
  /** Of BYODKIM: the selector and which key. */
  readonly selector?: string;
  readonly key?: 'one' | 'two';
  /** @default true, but for a replica */
  readonly zone?: boolean;
  /** Of a rotating key: its records are in another zone. */
  readonly slots?: boolean;
  /** Of a rotating key: the user makes the keys, in a secret that is followed. */
  readonly follows?: boolean;
  /** Of a rotating key: it is for another Region too. */
  readonly furtherRegion?: boolean;
  readonly zoneRole?: boolean;
  readonly waitMinutes?: number;
  readonly retain?: boolean;
  /** In seconds. */
  readonly ttl?: number;
  /** Another resource of the stack fails: when this one is done, or at once. */
  readonly fails?: 'after it' | 'beside it';
}

export function domainOf({ domain = DOMAIN }: Deployment): string {
  return domain;
}

export function originOf({ method }: Deployment): string {
  return method === 'rotating key' ? ORIGINS.BYODKIM : ORIGINS[method];
}

const assemblies = new Map<string, CloudAssembly>();

export function deploy(
  world: World, deployment: Deployment, options: { disableRollback?: boolean } = {},
): Promise<StackResult> {
  const key = `${world.key} ${JSON.stringify(deployment)}`;
  const assembly = assemblies.get(key) ?? synthesize(world, deployment);
  assemblies.set(key, assembly);
  return world.scene.cloud.cloudFormation.deployAssembly(assembly, STACK, options);
}

function synthesize(world: World, deployment: Deployment): CloudAssembly {
  const app = Scene.newApp();
  build(world, deployment, new Stack(app, STACK, { env: { account: ACCOUNT, region: REGION } }));
  return app.synth();
}

function build(world: World, deployment: Deployment, stack: Stack): void {
  const { fails, waitMinutes, retain } = deployment;
  const dkim = new EmailIdentityDkim(stack, 'Dkim', {
    identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', domainOf(deployment)),
    signing: signing(world, deployment, stack),
    ...zoneProps(world, deployment, stack),
    ...waitMinutes !== undefined && { waitForVerification: Duration.minutes(waitMinutes) },
    ...retain && { removalPolicy: RemovalPolicy.RETAIN },
  });
  if (!fails) return;
  const failing = new EmailIdentityDkim(stack, 'Failing', {
    identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Missing', FAILING_DOMAIN),
  });
  if (fails === 'after it') failing.node.addDependency(dkim);
}

function signing(world: World, deployment: Deployment, stack: Stack): DkimSigning {
  const { method, selector = 's1', key = 'one', slots, furtherRegion, follows } = deployment;
  if (follows) {
    const secret = secretsmanager.Secret.fromSecretCompleteArn(stack, 'Followed', world.followed);
    return DkimSigning.byoDkim({ followSecret: true, privateKey: DkimPrivateKey.fromSecret(secret, { jsonField: 'privateKey' }) });
  }
  switch (method) {
    case 'Easy DKIM': return DkimSigning.easyDkim();
    case 'DEED': return DkimSigning.deterministicEasyDkim({ parentRegion: PARENT });
    // A short key is made in a tenth of the time.
    case 'rotating key': return DkimSigning.rotatingByoDkim({
      keyLength: 1024,
      overlap: Duration.days(1),
      ...slots && { delegatedTo: world.scene.zoneIn(stack, world.keysZoneId, KEYS_ZONE) },
      ...furtherRegion && { furtherRegions: [FURTHER_REGION] },
    });
    case 'BYODKIM':
      return byoDkim(stack, selector, world.secrets[key], key === 'two' ? { jsonField: 'key' } : undefined);
  }
}

function zoneProps(world: World, deployment: Deployment, stack: Stack): Partial<EmailIdentityDkimProps> {
  const { method, slots, zone = method !== 'DEED' && !slots, zoneRole, ttl } = deployment;
  const recordTtl = ttl === undefined ? {} : { recordTtl: Duration.seconds(ttl) };
  if (!zone) return slots ? recordTtl : {};
  const { name, zoneId } = world.domain(domainOf(deployment));
  return {
    hostedZone: world.scene.zoneIn(stack, zoneId, name),
    ...recordTtl,
    ...zoneRole && { hostedZoneRole: iam.Role.fromRoleArn(stack, 'ZoneRole', ZONE_ROLE) },
  };
}
