// The three methods, as tests that go through all of them build a stack with each, and what SES says of them.
import { Duration, Stack } from 'aws-cdk-lib';
import { Scene } from './scene';

export type Method = 'Easy DKIM' | 'BYODKIM' | 'DEED';

export const METHODS: readonly Method[] = ['Easy DKIM', 'BYODKIM', 'DEED'];
export const ORIGINS: Readonly<Record<Method, string>> = {
  'Easy DKIM': 'AWS_SES', 'BYODKIM': 'EXTERNAL', 'DEED': 'AWS_SES_EU_WEST_1',
};

export const PARENT = 'eu-west-1';
export const WAIT = { waitForVerification: Duration.minutes(30) };

export function build(scene: Scene, method: Method): (stack: Stack) => void {
  switch (method) {
    case 'Easy DKIM': return scene.easy(WAIT);
    case 'BYODKIM': return scene.byo('s1', scene.secrets.one, WAIT);
    case 'DEED': return scene.replicaOf(PARENT, WAIT);
  }
}

/** The parent of a replica, signing with Easy DKIM in its own Region; gives its records, which are in the zone. */
export async function parentExists(scene: Scene): Promise<string[]> {
  scene.identityExists(PARENT);
  scene.publishTokens(PARENT);
  await scene.verified(PARENT);
  return scene.records();
}
