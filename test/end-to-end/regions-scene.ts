// A scene in which example.com is an identity in three Regions, and signs with one rotating key in all of them.
import { REGION, RotatingScene, SHORT } from './rotating-scene';
import { Scene } from './scene';
import { EmailIdentityDkimProps, RotatingByoDkimSigningOptions } from '../../src';

export const [SYDNEY, EUROPE] = ['ap-southeast-2', 'eu-west-1'];
export const FURTHER = [SYDNEY, EUROPE];
/** In the order in which SES is told. */
export const REGIONS = [REGION, ...FURTHER];
export const IN_ALL: RotatingByoDkimSigningOptions = { ...SHORT, furtherRegions: FURTHER };

export class RegionsScene extends RotatingScene {
  static async started(): Promise<RegionsScene> {
    const regions = new RegionsScene(await Scene.start());
    REGIONS.forEach((region) => regions.scene.identityExists(region));
    return regions;
  }

  static async inAll(props?: Partial<EmailIdentityDkimProps>): Promise<RegionsScene> {
    const regions = await RegionsScene.started();
    await regions.deployIn(FURTHER, props);
    return regions;
  }

  /** Deploys, and waits until SES has verified the key in each Region. */
  async deployIn(furtherRegions: string[], props?: Partial<EmailIdentityDkimProps>): Promise<void> {
    await this.deploy({ ...SHORT, furtherRegions }, props);
    for (const region of [REGION, ...furtherRegions]) await this.scene.verified(region);
  }

  selectorIn(region: string): string {
    return this.scene.identity(region)!.tokens.join();
  }

  async expectMailPasses(): Promise<void> {
    for (const region of REGIONS) expect(await this.scene.send(region)).toMatchObject({ result: 'pass' });
  }
}
