// Starts and stops all that a run needs: MiniStack with an account in use, SES, DNS and the CLI.
import { join } from 'node:path';
import { ResourceRecordSet, Route53Client } from '@aws-sdk/client-route-53';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { makeZones } from './account';
import { CdkCli } from './cdk-cli';
import { Children } from './children';
import { MiniStack } from './ministack';
import { HOSTED_DOMAINS, Neighbours } from './neighbours';
import { installMiniStack } from './python';
import { recordSets, ZoneBridge } from './zone-bridge';
import { ACCOUNT } from '../../examples/demo/app';
import type { IdentityState } from '../../test/cloud/ses';

export class Scene {
  static async start(children: Children, directory: string): Promise<Scene> {
    const command = await installMiniStack(children, join(directory, 'python'));
    const neighbours = await Neighbours.start(directory);
    try {
      const ministack = await MiniStack.start(children, {
        command,
        directory,
        functionEnvironment: neighbours.functionEnvironment(),
      });
      const route53 = new Route53Client(ministack.client);
      const zoneIds = await makeZones(route53, HOSTED_DOMAINS);
      const bridge = new ZoneBridge(route53, Object.values(zoneIds), neighbours.zones);
      await bridge.start();
      return new Scene(neighbours, ministack, route53, bridge, new CdkCli(children, ministack, directory), zoneIds);
    } catch (error) {
      await neighbours.stop();
      throw error;
    }
  }

  private readonly secrets = new Map<string, SecretsManagerClient>();

  private constructor(
    readonly neighbours: Neighbours,
    readonly ministack: MiniStack,
    readonly route53: Route53Client,
    private readonly bridge: ZoneBridge,
    readonly cli: CdkCli,
    readonly zoneIds: Readonly<Record<string, string>>,
  ) {}

  secretsIn(region: string): SecretsManagerClient {
    const client = this.secrets.get(region) ?? new SecretsManagerClient({ ...this.ministack.client, region });
    this.secrets.set(region, client);
    return client;
  }

  /** The records in the hosted zone of the domain, from the API of MiniStack. */
  records(domain: string): Promise<ResourceRecordSet[]> {
    return recordSets(this.route53, this.zoneIds[domain]);
  }

  identity(domain: string, region: string): IdentityState | undefined {
    return this.neighbours.ses.identity({ account: ACCOUNT, region, name: domain });
  }

  async stop(): Promise<void> {
    this.bridge.stop();
    this.route53.destroy();
    this.secrets.forEach((client) => client.destroy());
    await this.neighbours.stop();
  }
}
