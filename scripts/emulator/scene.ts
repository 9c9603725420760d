// All that a run needs, started and stopped together: MiniStack with an account in use, the neighbours, the bridge and the CLI.
import { join } from 'node:path';
import { ResourceRecordSet, Route53Client } from '@aws-sdk/client-route-53';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { makeIdentities, makeZones } from './account';
import { CdkCli } from './cdk-cli';
import { Children, Ended } from './children';
import { MiniStack } from './ministack';
import { Neighbours } from './neighbours';
import { installMiniStack } from './python';
import { recordSets, ZoneBridge } from './zone-bridge';
import { ACCOUNT, REGION } from '../../examples/demo/app';
import type { IdentityState } from '../../test/cloud/ses';

export class Scene {
  static async start(children: Children, directory: string): Promise<Scene> {
    const command = await installMiniStack(children, join(directory, 'python'));
    const neighbours = await Neighbours.start(directory);
    try {
      const ministack = await MiniStack.start(children, { command, directory, functionEnvironment: neighbours.functionEnvironment() });
      const route53 = new Route53Client(ministack.client);
      const zoneIds = await makeZones(route53);
      makeIdentities(neighbours.ses);
      const bridge = new ZoneBridge(route53, Object.values(zoneIds), neighbours.zones);
      await bridge.start();
      return new Scene(neighbours, ministack, route53, bridge, new CdkCli(children, ministack, directory), zoneIds);
    } catch (error) {
      await neighbours.stop();
      throw error;
    }
  }

  readonly secrets: SecretsManagerClient;

  private constructor(
    readonly neighbours: Neighbours, readonly ministack: MiniStack, readonly route53: Route53Client, private readonly bridge: ZoneBridge,
    private readonly cli: CdkCli, readonly zoneIds: Readonly<Record<string, string>>,
  ) {
    this.secrets = new SecretsManagerClient(ministack.client);
  }

  /** @param selector of BYODKIM in the app */
  cdk(args: readonly string[], selector: string): Promise<Ended> {
    return this.cli.run(args, { zoneIds: this.zoneIds, selector });
  }

  /** What is in the domain's hosted zone, as MiniStack's API says. */
  records(domain: string): Promise<ResourceRecordSet[]> {
    return recordSets(this.route53, this.zoneIds[domain]);
  }

  identity(domain: string, region = REGION): IdentityState | undefined {
    return this.neighbours.ses.identity({ account: ACCOUNT, region, name: domain });
  }

  async stop(): Promise<void> {
    this.bridge.stop();
    this.route53.destroy();
    this.secrets.destroy();
    await this.neighbours.stop();
  }
}
