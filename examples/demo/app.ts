// The CDK app of the demo, as a user would write it: four domains, one for each method of DKIM signing.
import { App, CfnOutput, Duration, Stack, StackProps } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim } from '../../src'; // in an app of your own: 'cdk-ses-dkim'

export const ACCOUNT = '111111111111';
export const REGION = 'us-east-1';
/** The Region of the parent of the replica. */
export const PARENT_REGION = 'eu-west-1';

export const DOMAINS = { easy: 'easy.example', byo: 'byo.example', replica: 'replica.example' } as const;
/** It has a stack of its own: the emulator takes the others only (docs/emulator.md). */
export const ROTATING_DOMAIN = 'rotate.example';

/** The deployment ends when SES has verified the records. */
const waitForVerification = Duration.minutes(30);

export interface MailProps extends StackProps {
  /** The ids of the hosted zones, by domain. The zones are there before the app. */
  readonly zoneIds: Readonly<Record<string, string>>;
  /** The selector of BYODKIM. Each selector has a key and a secret of its own. */
  readonly selector: string;
}

/** A replica needs its parent: the same domain in another Region, with Easy DKIM. */
class ParentStack extends Stack {
  constructor(scope: Construct, id: string, { zoneIds, ...props }: MailProps) {
    super(scope, id, props);

    new EmailIdentityDkim(this, 'Dkim', {
      identity: identityFor(this, DOMAINS.replica),
      hostedZone: zoneOf(this, DOMAINS.replica, zoneIds),
      waitForVerification,
    });
  }
}

class MailStack extends Stack {
  constructor(scope: Construct, id: string, { zoneIds, selector, ...props }: MailProps) {
    super(scope, id, props);

    new EmailIdentityDkim(this, 'EasyDkim', {
      identity: identityFor(this, DOMAINS.easy),
      hostedZone: zoneOf(this, DOMAINS.easy, zoneIds),
      waitForVerification,
    });

    const secret = secretsmanager.Secret.fromSecretNameV2(this, 'Key', secretName(selector));
    const privateKey = DkimPrivateKey.fromSecret(secret);
    new EmailIdentityDkim(this, 'ByoDkim', {
      identity: identityFor(this, DOMAINS.byo),
      signing: DkimSigning.byoDkim({ selector, privateKey }),
      hostedZone: zoneOf(this, DOMAINS.byo, zoneIds),
      waitForVerification,
    });

    new EmailIdentityDkim(this, 'ReplicaDkim', {
      identity: identityFor(this, DOMAINS.replica),
      signing: DkimSigning.deterministicEasyDkim({ parentRegion: PARENT_REGION }),
      waitForVerification,
    });
  }
}

/** A key that the deployment makes and Secrets Manager changes. */
class RotatingStack extends Stack {
  constructor(scope: Construct, id: string, { zoneIds, ...props }: Pick<MailProps, 'zoneIds' | 'env'>) {
    super(scope, id, props);

    const dkim = new EmailIdentityDkim(this, 'Dkim', {
      identity: identityFor(this, ROTATING_DOMAIN),
      signing: DkimSigning.rotatingByoDkim(),
      hostedZone: zoneOf(this, ROTATING_DOMAIN, zoneIds),
      waitForVerification,
    });
    new CfnOutput(this, 'SecretArn', { value: dkim.secret!.secretArn });
  }
}

export function secretName(selector: string): string {
  return `dkim/${DOMAINS.byo}/${selector}`;
}

export function addMailStacks(app: App, props: MailProps): void {
  const parent = new ParentStack(app, 'Parent', { ...props, env: { account: ACCOUNT, region: PARENT_REGION } });
  const mail = new MailStack(app, 'Mail', { ...props, env: { account: ACCOUNT, region: REGION } });
  mail.addDependency(parent);
}

export function addRotatingStack(app: App, { zoneIds }: Pick<MailProps, 'zoneIds'>): void {
  new RotatingStack(app, 'Rotating', { zoneIds, env: { account: ACCOUNT, region: REGION } });
}

function identityFor(scope: Construct, domain: string): ses.EmailIdentity {
  return new ses.EmailIdentity(scope, `Identity-${domain}`, { identity: ses.Identity.domain(domain) });
}

function zoneOf(scope: Construct, zoneName: string, zoneIds: MailProps['zoneIds']): route53.IHostedZone {
  return route53.HostedZone.fromHostedZoneAttributes(scope, `Zone-${zoneName}`, {
    hostedZoneId: zoneIds[zoneName],
    zoneName,
  });
}
