// The life of an app under the real CDK CLI: bootstrapped, deployed, changed, failed and rolled back, destroyed.
import { ed25519Key, makeSecret, rsaKey, write } from './account';
import { Checks, print } from './checks';
import { Ended } from './children';
import { expectEasyDkim, expectPass, expectRecords, expectSigning, expectUnchanged, snapshot } from './expected';
import { Scene } from './scene';
import { ACCOUNT, DOMAINS, PARENT_REGION, REGION } from '../../examples/demo/app';

const SELECTOR = 'spring';
const NEXT_SELECTOR = 'autumn';
/** Its key is of a type that SES cannot use. */
const UNUSABLE_SELECTOR = 'winter';
/** Somebody else has a record there. */
const TAKEN_SELECTOR = 'summer';

const DEPLOY = ['deploy', '--all', '--require-approval', 'never', '--progress', 'events'];
const DESTROY = ['destroy', '--all', '--force'];

export async function runScenario(scene: Scene, checks: Checks): Promise<void> {
  for (const selector of [SELECTOR, NEXT_SELECTOR, TAKEN_SELECTOR]) await makeSecret(scene.secrets, selector, rsaKey());
  await makeSecret(scene.secrets, UNUSABLE_SELECTOR, ed25519Key());
  await write(scene.route53, scene.zoneIds[DOMAINS.byo], {
    Name: `${TAKEN_SELECTOR}._domainkey.${DOMAINS.byo}`, Type: 'TXT', TTL: 3600, ResourceRecords: [{ Value: '"v=DKIM1; p=somebodyelse"' }],
  });
  const before = await snapshot(scene);

  await succeeds(scene, checks, ['bootstrap', ...[REGION, PARENT_REGION].map((region) => `aws://${ACCOUNT}/${region}`)], SELECTOR);

  // The parent's stack comes about, and stays.
  await fails(scene, checks, UNUSABLE_SELECTOR, 'ROLLBACK_COMPLETE', [/no private key that SES can use/i]);
  const withParent = new Map([...await snapshot(scene)].filter(([domain]) => domain === DOMAINS.replica));
  await expectUnchanged(scene, checks, new Map([...before].filter(([domain]) => domain !== DOMAINS.replica)), 'has nothing of the stack that was rolled back');
  expectEasyDkim(scene, checks, [DOMAINS.easy, DOMAINS.byo]);

  await succeeds(scene, checks, DEPLOY, SELECTOR); // the CLI deletes the stack that was rolled back, and creates it anew
  await expectStatus(scene, checks, 'Mail', REGION, 'CREATE_COMPLETE');
  await expectUnchanged(scene, checks, withParent, 'keeps the records of the parent');
  await expectRecords(scene, checks, SELECTOR);
  const early = await expectSigning(scene, checks, SELECTOR);

  // The identity signs now, so the handler asks the public name servers before it tells SES.
  await succeeds(scene, checks, DEPLOY, NEXT_SELECTOR);
  await expectStatus(scene, checks, 'Mail', REGION, 'UPDATE_COMPLETE');
  await expectRecords(scene, checks, NEXT_SELECTOR, SELECTOR);
  await expectSigning(scene, checks, NEXT_SELECTOR);
  await expectPass(scene, checks, DOMAINS.byo, early.get(DOMAINS.byo)!, [SELECTOR], 'mail that was sent before');

  const changed = await snapshot(scene);
  await fails(scene, checks, UNUSABLE_SELECTOR, 'UPDATE_ROLLBACK_COMPLETE', [/no private key that SES can use/i]);
  await expectUnchanged(scene, checks, changed, 'is as it was before the failed update');
  await expectSigning(scene, checks, NEXT_SELECTOR);

  await fails(scene, checks, TAKEN_SELECTOR, 'UPDATE_ROLLBACK_COMPLETE', [/was not written by this construct/i, /somebodyelse/]);
  await expectUnchanged(scene, checks, changed, 'is as it was before the failed update');
  await expectSigning(scene, checks, NEXT_SELECTOR);

  await succeeds(scene, checks, DESTROY, NEXT_SELECTOR);
  await expectStatus(scene, checks, 'Mail', REGION, undefined);
  await expectStatus(scene, checks, 'Parent', PARENT_REGION, undefined);
  await expectUnchanged(scene, checks, before, 'is as it was before the first deployment');
  expectEasyDkim(scene, checks, [DOMAINS.easy, DOMAINS.byo, DOMAINS.replica]);
}

async function succeeds(scene: Scene, checks: Checks, args: readonly string[], selector: string): Promise<void> {
  const { code, output } = await cdk(scene, args, selector);
  if (code !== 0) throw new Error(`cdk ${args[0]} failed, and nothing after it could be checked:\n${output}`);
  checks.that(`cdk ${args[0]} succeeds`, true, output);
}

/** @param status of the stack in the end @param says what the CLI shows of the handler's message */
async function fails(scene: Scene, checks: Checks, selector: string, status: string, says: readonly RegExp[]): Promise<void> {
  const { code, output } = await cdk(scene, DEPLOY, selector);
  checks.that('cdk deploy fails', code !== 0 && code !== undefined, output);
  checks.that("the CLI shows the handler's message", says.every((part) => part.test(output)), output);
  await expectStatus(scene, checks, 'Mail', REGION, status);
}

async function expectStatus(scene: Scene, checks: Checks, name: string, region: string, status: string | undefined): Promise<void> {
  const found = await scene.ministack.stackStatus(name, region);
  checks.that(`the stack ${name} is ${status ?? 'gone'}`, found === status, found);
}

async function cdk(scene: Scene, args: readonly string[], selector: string): Promise<Ended> {
  print(`\n$ cdk ${args.join(' ')}   (selector ${selector})`);
  const since = performance.now();
  const ended = await scene.cdk(args, selector);
  print(`  exit status ${ended.code} after ${Math.round((performance.now() - since) / 1000)} seconds`);
  return ended;
}
