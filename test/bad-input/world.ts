// What a case of bad input finds on the local cloud: a domain and an identity of its own, in a zone that all share.
import { Stack } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';
import { LocalCloud, ServiceError } from '../cloud';
import { ACCOUNT, DOMAIN, REGION, Scene } from '../end-to-end/scene';

type Props = Partial<EmailIdentityDkimProps>;
type KeyOptions = Parameters<typeof DkimPrivateKey.fromSecret>[1];

export class World {
  readonly domain: string;

  constructor(readonly scene: Scene, readonly stackName: string) {
    this.domain = `${stackName.toLowerCase()}.${DOMAIN}`;
    scene.identityExists(REGION, this.domain);
  }

  get cloud(): LocalCloud {
    return this.scene.cloud;
  }

  /** The name of a record below `_domainkey` of the domain. */
  recordName(selector = 's1'): string {
    return `${selector}._domainkey.${this.domain}`;
  }

  /** The construct for the domain, in the shared zone unless told otherwise. */
  dkim(props: (stack: Stack) => Props = () => ({})): (stack: Stack) => EmailIdentityDkim {
    return (stack) => {
      const given = props(stack);
      return new EmailIdentityDkim(stack, 'Dkim', {
        identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', this.domain),
        ...'hostedZone' in given ? {} : { hostedZone: this.scene.zoneIn(stack, this.scene.zoneId, DOMAIN) },
        ...given,
      });
    };
  }

  /** BYODKIM with the key in the secret of that ARN. */
  byo(secretArn: string, options?: KeyOptions, props: Props = {}, selector = 's1', zoneId = this.scene.zoneId) {
    return this.dkim((stack) => ({
      hostedZone: this.scene.zoneIn(stack, zoneId, DOMAIN),
      ...props,
      signing: DkimSigning.byoDkim({
        selector,
        privateKey: DkimPrivateKey.fromSecret(
          secretsmanager.Secret.fromSecretCompleteArn(stack, 'Secret', secretArn), options),
      }),
    }));
  }

  replicaOf(parentRegion: string, props: Props = {}) {
    const signing = DkimSigning.deterministicEasyDkim({ parentRegion });
    return this.dkim(() => ({ ...props, hostedZone: undefined, signing }));
  }

  /** The same with properties as a template by hand, or of another version, could have them. */
  withProperties(build: (stack: Stack) => EmailIdentityDkim, properties: Record<string, unknown>) {
    return (stack: Stack) => {
      const resource = build(stack).node.findChild('Resource') as ses.CfnEmailIdentity;
      for (const [path, value] of Object.entries(properties)) resource.addPropertyOverride(path, value);
    };
  }

  /** Publishes the records of Easy DKIM, so that SES finds them when it looks. */
  signsNow(): void {
    const { tokens, signingHostedZone } = this.scene.identity(REGION, this.domain)!;
    for (const token of tokens) this.scene.write(this.recordName(token), 'CNAME', `${token}.${signingHostedZone}`);
  }

  /** Deploys the stack of the case, before what is wrong. */
  async deployed(build: (stack: Stack) => void): Promise<void> {
    await this.scene.deployed(this.stackName, build);
  }

  /** In so much time of the cloud, while others work. */
  later(ms: number, what: () => void): void {
    void this.cloud.clock.sleep(ms).then(what);
  }

  /** Another domain in place of the case's own, with another DNS provider; its mail is signed with Easy DKIM. */
  async signsElsewhere(family: 'ipv4' | 'ipv6' = 'ipv4'): Promise<{ domain: string; nameServers: string[] }> {
    const name = this.stackName.toLowerCase();
    const domain = `${name}.example.net`;
    const provider = this.cloud.dns.provider(`provider-${name}`, family);
    const { nameServers } = await provider.createZone(domain);
    this.scene.identityExists(REGION, domain);
    const { tokens, signingHostedZone } = this.scene.identity(REGION, domain)!;
    for (const token of tokens) provider.set(`${token}._domainkey.${domain}`, 'CNAME', [`${token}.${signingHostedZone}`]);
    return { domain, nameServers };
  }

  identityIsGone(region = REGION): void {
    this.cloud.ses.deleteIdentity({ account: ACCOUNT, region, name: this.domain });
  }

  /** Each call of that kind is answered with this error. */
  everyCallIs(service: string, operation: string, code: string, message = 'it says so', status = 400): void {
    this.cloud.faults.add({ service, operation, kind: new ServiceError(code, status, message), times: 10_000 });
  }
}

/**
 * All that deployments can change, one thing a line: zones, identities with their tags, secrets and schedules.
 *
 * @param except an identity that somebody changes
 */
export function stateOf(cloud: LocalCloud, except?: string): string {
  const zones = cloud.route53.hostedZones();
  return [
    ...zones.map((zone) => JSON.stringify(zone)),
    ...zones.flatMap(({ id }) => cloud.route53.recordSets(id).map((record) => `${id} ${JSON.stringify(record)}`)),
    ...cloud.ses.allIdentities().filter(({ name }) => name !== except).map((identity) => JSON.stringify(identity)),
    ...cloud.secretsManager.allSecrets(),
    ...cloud.scheduler.schedules(),
  ].join('\n');
}
