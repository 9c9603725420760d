// A scene in which the DNS of example.com is at another provider, and two CNAMEs there lead into a zone of Route 53.
import { App, Stack } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { RotatingScene } from './rotating-scene';
import { ACCOUNT, DOMAIN, Scene } from './scene';
import { DkimSigning, EmailIdentityDkimProps, RotatingByoDkimSigningOptions } from '../../src';
import { LocalCloudOptions } from '../cloud';

/** The name of the zone with the keys, and what the records of example.com are below in it. */
export const KEYS_ZONE = 'keys.example.net';
export const PLACE = `${DOMAIN}.${KEYS_ZONE}`;
export const SLOTS = ['dkim-1', 'dkim-2'];

export class DelegatedScene extends RotatingScene {
  /** With both CNAMEs published. */
  static async started(cloud: LocalCloudOptions = {}): Promise<DelegatedScene> {
    const scene = await Scene.withIdentity(cloud);
    await scene.cloud.dns.provider('elsewhere').createZone(DOMAIN);
    const { id } = await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: KEYS_ZONE });
    const delegated = new DelegatedScene(scene, id);
    for (const slot of SLOTS) delegated.lead(slot);
    return delegated;
  }

  static override async deployed(
    options: RotatingByoDkimSigningOptions = {},
    props: Partial<EmailIdentityDkimProps> = {},
    cloud: LocalCloudOptions = {},
  ): Promise<DelegatedScene> {
    const delegated = await DelegatedScene.started(cloud);
    await delegated.deploy(options, props);
    await delegated.scene.verified();
    return delegated;
  }

  constructor(scene: Scene, /** The zone with the keys. */ readonly keysZoneId: string) {
    super(scene);
  }

  get provider() {
    return this.cloud.dns.provider('elsewhere');
  }

  /** Publishes a CNAME at the other provider. */
  lead(slot: string, to = `${slot}._domainkey.${PLACE}`): void {
    this.provider.set(`${slot}._domainkey.${DOMAIN}`, 'CNAME', [to]);
  }

  unlead(slot: string): void {
    this.provider.remove(`${slot}._domainkey.${DOMAIN}`, 'CNAME');
  }

  override dkim(options: RotatingByoDkimSigningOptions = {}, props: Partial<EmailIdentityDkimProps> = {}) {
    return (stack: Stack) => this.scene.dkim(() => DkimSigning.rotatingByoDkim({
      delegatedTo: route53.HostedZone.fromHostedZoneAttributes(stack, 'Keys', {
        hostedZoneId: this.keysZoneId, zoneName: KEYS_ZONE,
      }),
      ...options,
    }), { hostedZone: undefined, ...props })(stack);
  }

  /** Slots that have a record in the zone with the keys. */
  override get published(): string[] {
    return this.scene.records(this.keysZoneId).map((line) => line.split(' ')[1].replace(`._domainkey.${PLACE}.`, ''));
  }

  /** Its CNAMEs as the construct gives them, without a deployment. */
  get records() {
    return this.dkim()(new Stack(new App(), 'Synthesized')).dkimRecords;
  }
}
