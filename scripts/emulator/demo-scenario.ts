// Deploys, changes and destroys the app of the demo, with failed deployments in between.
// Its BYODKIM record is in a hosted zone.
import { ed25519Key, makeIdentities, putSecret, rsaKey, write } from './account';
import { PROJECT } from './cdk-cli';
import { Checks } from './checks';
import {
  expectEasyDkim,
  expectEasyDkimRecords,
  expectOwnRecord,
  expectPass,
  expectSigning,
  expectUnchanged,
  replicaOf,
  Signing,
  snapshot,
} from './expected';
import { Scene } from './scene';
import { App, DEPLOY, DESTROY, expectStatus, fails, succeeds } from './steps';
import { DOMAINS, PARENT_REGION, REGION, secretName } from '../../examples/demo/app';

const SELECTOR = 'spring';
const NEXT_SELECTOR = 'autumn';
/** A selector whose key has a type that SES does not support. */
const UNUSABLE_SELECTOR = 'winter';
/** A selector at which somebody else has a record. */
const TAKEN_SELECTOR = 'summer';

export async function runDemo(scene: Scene, checks: Checks): Promise<void> {
  makeIdentities(scene.neighbours.ses, signings(SELECTOR));
  const secrets = scene.secretsIn(REGION);
  for (const selector of [SELECTOR, NEXT_SELECTOR, TAKEN_SELECTOR]) {
    await putSecret(secrets, secretName(selector), rsaKey().privateKey);
  }
  await putSecret(secrets, secretName(UNUSABLE_SELECTOR), ed25519Key());
  await write(scene.route53, scene.zoneIds[DOMAINS.byo], {
    Name: `${TAKEN_SELECTOR}._domainkey.${DOMAINS.byo}`,
    Type: 'TXT',
    TTL: 3600,
    ResourceRecords: [{ Value: '"v=DKIM1; p=somebodyelse"' }],
  });
  const before = await snapshot(scene, Object.values(DOMAINS));

  // The stack of the parent is created and stays.
  await fails(scene, checks, appWith(scene, UNUSABLE_SELECTOR), [/no private key that SES can use/i]);
  await expectStatus(scene, checks, 'Mail', REGION, 'ROLLBACK_COMPLETE');
  const withParent = await snapshot(scene, [DOMAINS.replica]);
  await expectUnchanged(
    scene,
    checks,
    new Map([...before].filter(([domain]) => domain !== DOMAINS.replica)),
    'has nothing of the stack that was rolled back',
  );
  expectEasyDkim(scene, checks, [
    { domain: DOMAINS.easy, region: REGION },
    { domain: DOMAINS.byo, region: REGION },
  ]);

  // The CLI deletes the stack that was rolled back, and creates it again.
  await succeeds(scene, checks, appWith(scene, SELECTOR), DEPLOY);
  await expectStatus(scene, checks, 'Mail', REGION, 'CREATE_COMPLETE');
  await expectUnchanged(scene, checks, withParent, 'keeps the records of the parent');
  await expectRecords(scene, checks, SELECTOR);
  const early = await expectSigning(scene, checks, signings(SELECTOR));

  // The identity signs now, so the handler asks the public name servers before it calls SES.
  await succeeds(scene, checks, appWith(scene, NEXT_SELECTOR), DEPLOY);
  await expectStatus(scene, checks, 'Mail', REGION, 'UPDATE_COMPLETE');
  await expectRecords(scene, checks, NEXT_SELECTOR, SELECTOR);
  await expectSigning(scene, checks, signings(NEXT_SELECTOR));
  await expectPass(scene, checks, DOMAINS.byo, early.get(DOMAINS.byo)!, [SELECTOR], 'mail that was sent before');

  const changed = await snapshot(scene, Object.values(DOMAINS));
  for (const [selector, says] of [
    [UNUSABLE_SELECTOR, [/no private key that SES can use/i]],
    [TAKEN_SELECTOR, [/was not written by this construct/i, /somebodyelse/]],
  ] as const) {
    await fails(scene, checks, appWith(scene, selector), says);
    await expectStatus(scene, checks, 'Mail', REGION, 'UPDATE_ROLLBACK_COMPLETE');
    await expectUnchanged(scene, checks, changed, 'is as it was before the failed update');
    await expectSigning(scene, checks, signings(NEXT_SELECTOR));
  }

  await succeeds(scene, checks, appWith(scene, NEXT_SELECTOR), DESTROY);
  await expectStatus(scene, checks, 'Mail', REGION, undefined);
  await expectStatus(scene, checks, 'Parent', PARENT_REGION, undefined);
  await expectUnchanged(scene, checks, before, 'is as it was before the first deployment');
  expectEasyDkim(scene, checks, signings(NEXT_SELECTOR));
}

function appWith(scene: Scene, selector: string): App {
  return {
    state: `demo, selector ${selector}`,
    command: 'node --import tsx scripts/emulator/demo-app.ts',
    directory: PROJECT,
    environment: { ZONE_IDS: JSON.stringify(scene.zoneIds), SELECTOR: selector },
  };
}

function signings(selector: string): Signing[] {
  return [
    { domain: DOMAINS.replica, region: PARENT_REGION, origin: 'AWS_SES' },
    { domain: DOMAINS.easy, region: REGION, origin: 'AWS_SES' },
    { domain: DOMAINS.byo, region: REGION, origin: 'EXTERNAL', selector },
    { domain: DOMAINS.replica, region: REGION, origin: replicaOf(PARENT_REGION) },
  ];
}

async function expectRecords(scene: Scene, checks: Checks, selector: string, superseded?: string): Promise<void> {
  await expectEasyDkimRecords(scene, checks, DOMAINS.easy, REGION);
  await expectEasyDkimRecords(scene, checks, DOMAINS.replica, PARENT_REGION);
  await expectOwnRecord(scene, checks, DOMAINS.byo, selector, superseded);
}
