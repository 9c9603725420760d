// The demo: it signs four domains in four ways, verifies mail, changes keys, and removes everything again.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { makeSecret, makeZones, recordSets, Zone } from './account';
import { ACCOUNT, DOMAINS, REGION, ROTATING_DOMAIN, secretName } from './app';
import { showBadDeployments } from './bad-deployments';
import { Deployment } from './deployment';
import { expectThat, UnmetExpectation } from './expectation';
import { Follower } from './follow';
import { expectNoIdentities, Identity, showIdentities } from './identities';
import { Message, send, showVerdicts } from './mail';
import { showPlain } from './plain';
import { print, printHeading, printText } from './print';
import { printRecords, registryEntries } from './records';
import { RotatingKey } from './rotating-key';
import { showRotation } from './show-rotation';
import { LocalCloud } from '../../test/cloud';

/** The same tokens and ids in each run. */
const SEED = 1;
/** SES looks again for what it has verified: by default every five minutes, which is much in three weeks. */
const RECHECK_EVERY = 24 * 3_600_000;

const APP = readFileSync(join(__dirname, 'app.ts'), 'utf8');

const SELECTOR = 'spring';
const NEXT_SELECTOR = 'autumn';

async function demo(cloud: LocalCloud, deployment: Deployment, follower: Follower): Promise<void> {
  printText('This is a local double of AWS: nothing leaves this machine. Its time is simulated: waiting takes no time.');
  print('\nThe app says, for two of its domains:\n');
  for (const id of ['EasyDkim', 'ByoDkim']) print(linesOf(id));
  const zones = await makeZones(cloud);
  const zoneIds = Object.fromEntries(zones.map(({ domain, id }) => [domain, id]));

  printHeading('1. The account before: four hosted zones in use, and a secret with a key');
  print(`Secret with a new key: ${makeSecret(cloud, SELECTOR)}`);
  printRecords(cloud, zones);

  printHeading('2. Deploy: Easy DKIM, BYODKIM, a rotating key, and a replica (DEED)');
  const { SecretArn } = await deployment.deploy({ zoneIds, selector: SELECTOR });
  print();
  printRecords(cloud, zones);
  print();
  const identities = await showIdentities(cloud);

  printHeading('3. Send a message from each domain; an independent verifier looks in DNS');
  const early = await sendFromAll(cloud, identities);
  await showVerdicts(cloud, early);

  printHeading(`4. Change the key of ${DOMAINS.byo}: selector ${SELECTOR} becomes ${NEXT_SELECTOR}`);
  print(`Secret with a new key: ${makeSecret(cloud, NEXT_SELECTOR)}`);
  await deployment.deploy({ zoneIds, selector: NEXT_SELECTOR });
  print();
  const changed = zones.filter(({ domain }) => domain === DOMAINS.byo);
  printRecords(cloud, changed);
  expectOldRecordStays(cloud, changed[0]);
  print();
  const earlyByo = early
    .filter(({ domain }) => domain === DOMAINS.byo)
    .map((message) => ({ ...message, description: 'sent before' }));
  const later = await sendFromAll(cloud, await showIdentities(cloud));
  print();
  await showVerdicts(cloud, [...earlyByo, ...later]);

  await showBadDeployments(cloud, deployment, changed[0], zoneIds, NEXT_SELECTOR);
  await showPlain(cloud, follower, [SELECTOR, NEXT_SELECTOR]);

  const rotatingZone = zones.find(({ domain }) => domain === ROTATING_DOMAIN)!;
  await showRotation(cloud, new RotatingKey(cloud, follower, SecretArn), rotatingZone);

  printHeading('12. Destroy');
  await deployment.destroy();
  print();
  printRecords(cloud, zones);
  expectEverythingAsBefore(cloud, zones);
  print();
  printText('The zones are exactly as they were before, and SES has none of the identities any more.');
}

/** The lines of the app that make this construct. */
function linesOf(id: string): string {
  const [lines] = new RegExp(`^.*EmailIdentityDkim\\(this, '${id}'[^]*?^    }\\);$`, 'm').exec(APP)!;
  return lines;
}

async function sendFromAll(cloud: LocalCloud, identities: readonly Identity[]): Promise<Message[]> {
  const messages: Message[] = [];
  for (const { domain, region, tokens } of identities) {
    if (region === REGION) messages.push(await send(cloud, domain, tokens));
  }
  return messages;
}

function expectOldRecordStays(cloud: LocalCloud, zone: Zone): void {
  const old = registryEntries(cloud, zone).find(({ label }) => label === SELECTOR);
  expectThat(
    `the record of the selector ${SELECTOR} is marked to stay until a later date`,
    Date.parse(old?.until ?? '') > cloud.clock.now(),
    old,
  );
}

function expectEverythingAsBefore(cloud: LocalCloud, zones: readonly Zone[]): void {
  for (const { id, domain, before } of zones) {
    const now = recordSets(cloud, id);
    const differing = [
      ...without(now, before).map((each) => ({ leftOver: each })),
      ...without(before, now).map((each) => ({ missing: each })),
    ];
    expectThat(`the zone ${domain} is as it was before`, differing.length === 0, differing);
  }
  expectNoIdentities(cloud, ACCOUNT);
  const secrets = cloud.secretsManager.described().map(({ name }) => name);
  expectThat('only the secrets of before are left', isDeepStrictEqual(secrets, [SELECTOR, NEXT_SELECTOR, 'taken', 'wrong'].map(secretName)), secrets);
}

function without(records: readonly ResourceRecordSet[], others: readonly ResourceRecordSet[]): ResourceRecordSet[] {
  return records.filter((record) => !others.some((other) => isDeepStrictEqual(record, other)));
}

async function main(): Promise<void> {
  // On Node 20 the SDK would print a warning about Node 22 in the middle of the progress.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const cloud = await LocalCloud.start({ seed: SEED, ses: { recheckEvery: RECHECK_EVERY } });
  const follower = new Follower(cloud);
  const deployment = new Deployment(cloud, follower);
  const startedAt = cloud.clock.now();
  try {
    await demo(cloud, deployment, follower);
    const minutes = Math.round((cloud.clock.now() - startedAt) / 60_000);
    print(`All as expected, in ${(performance.now() / 1000).toFixed(1)} seconds (${minutes} minutes in the cloud).`);
  } catch (error) {
    print(`\nFAILED. ${error instanceof UnmetExpectation ? error.message : (error as Error).stack}`);
    process.exitCode = 1;
  } finally {
    deployment.removeFiles();
    await cloud.stop();
  }
}

void main();
