// Deploys, changes and destroys the example app in one language, with failed deployments in between.
// The source is edited as a user would. The BYODKIM record goes to a DNS provider outside AWS.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeIdentities, putSecret, rsaKey } from './account';
import { Checks } from './checks';
import {
  expectEasyDkim,
  expectEasyDkimRecords,
  expectPass,
  expectSigning,
  expectUnchanged,
  replicaOf,
  Signing,
  snapshot,
  untilVerified,
} from './expected';
import { EXAMPLE } from './neighbours';
import { Scene } from './scene';
import { App, DEPLOY, DESTROY, expectStatus, fails, succeeds } from './steps';
import { unquote } from '../../lambda/base/dns-text';
import { Example } from '../languages/examples';
import { Workspace } from '../languages/workspace';

const PRIMARY_REGION = 'eu-west-1';
const REPLICA_REGION = 'us-east-1';

/** The texts in the source of the app, the same in every language. */
const ZONE_ID = 'Z0123456789ABC';
const SELECTOR = 'mail-2026';
const FIELD = 'privateKey';

const NEXT_SELECTOR = 'mail-2027';
const WRONG_FIELD = 'certificate';

const OWN = { domain: EXAMPLE.elsewhere, region: PRIMARY_REGION };

export async function runExample(scene: Scene, checks: Checks, example: Example, workspace: Workspace): Promise<void> {
  makeIdentities(scene.neighbours.ses, signings(SELECTOR));
  const secrets = scene.secretsIn(PRIMARY_REGION);
  await putSecret(secrets, 'mail/dkim', JSON.stringify({ [FIELD]: rsaKey().privateKey }));
  const before = await snapshot(scene, [EXAMPLE.hosted]);
  const app = new EditedApp(example, workspace);
  app.edit(ZONE_ID, scene.zoneIds[EXAMPLE.hosted]);

  app.edit(FIELD, WRONG_FIELD);
  await fails(scene, checks, app.as('a field that the secret has not'), [/it has no such field/i]);
  await expectStatus(scene, checks, 'Mail', PRIMARY_REGION, 'ROLLBACK_COMPLETE');
  await expectStatus(scene, checks, 'Replica', REPLICA_REGION, undefined);
  await expectUnchanged(scene, checks, before, 'has nothing of the stack that was rolled back');
  expectEasyDkim(scene, checks, signings(SELECTOR));

  app.edit(WRONG_FIELD, FIELD);
  const created = await succeeds(scene, checks, app.as(`selector ${SELECTOR}`), DEPLOY);
  await expectStatus(scene, checks, 'Mail', PRIMARY_REGION, 'CREATE_COMPLETE');
  await expectStatus(scene, checks, 'Replica', REPLICA_REGION, 'CREATE_COMPLETE');
  const { name, type, data } = recordIn(created);
  scene.neighbours.elsewhere.set(name, type, [data]);
  await untilVerified(scene, OWN);
  await expectEasyDkimRecords(scene, checks, EXAMPLE.hosted, PRIMARY_REGION);
  const early = await expectSigning(scene, checks, signings(SELECTOR));

  // The identity signs now, so the record of the next key is published first. docs/other-dns.md says how to
  // make it.
  const next = rsaKey();
  const record = {
    name: `${NEXT_SELECTOR}._domainkey.${EXAMPLE.elsewhere}`,
    type: 'TXT',
    data: `v=DKIM1; k=rsa; p=${next.publicKey}`,
  };
  scene.neighbours.elsewhere.set(record.name, record.type, [record.data]);
  await putSecret(secrets, 'mail/dkim', JSON.stringify({ [FIELD]: next.privateKey }));
  app.edit(SELECTOR, NEXT_SELECTOR);
  const changed = await succeeds(scene, checks, app.as(`selector ${NEXT_SELECTOR}, and its key`), DEPLOY);
  await expectStatus(scene, checks, 'Mail', PRIMARY_REGION, 'UPDATE_COMPLETE');
  const shown = recordIn(changed);
  checks.that(
    'the output is the record that was published',
    shown.name === record.name && plain(shown.data) === record.data,
    shown,
  );
  await untilVerified(scene, OWN);
  await expectSigning(scene, checks, signings(NEXT_SELECTOR));
  await expectPass(
    scene,
    checks,
    EXAMPLE.elsewhere,
    early.get(EXAMPLE.elsewhere)!,
    [SELECTOR],
    'mail that was sent before',
  );

  const zones = await snapshot(scene, [EXAMPLE.hosted]);
  app.edit(FIELD, WRONG_FIELD);
  await fails(scene, checks, app.as('a field that the secret has not'), [/it has no such field/i]);
  await expectStatus(scene, checks, 'Mail', PRIMARY_REGION, 'UPDATE_ROLLBACK_COMPLETE');
  await expectUnchanged(scene, checks, zones, 'is as it was before the failed update');
  await expectSigning(scene, checks, signings(NEXT_SELECTOR));

  await succeeds(scene, checks, app.as('as it is'), DESTROY);
  await expectStatus(scene, checks, 'Mail', PRIMARY_REGION, undefined);
  await expectStatus(scene, checks, 'Replica', REPLICA_REGION, undefined);
  await expectUnchanged(scene, checks, before, 'is as it was before the first deployment');
  expectEasyDkim(scene, checks, signings(NEXT_SELECTOR));
}

function signings(selector: string): Signing[] {
  return [
    { domain: EXAMPLE.hosted, region: PRIMARY_REGION, origin: 'AWS_SES' },
    { ...OWN, origin: 'EXTERNAL', selector },
    { domain: EXAMPLE.hosted, region: REPLICA_REGION, origin: replicaOf(PRIMARY_REGION) },
  ];
}

/** Reads the output that the CLI prints at the end of a deployment. */
function recordIn(printed: string): { name: string; type: string; data: string } {
  const [, name, type, data] = /^Mail\.DkimRecord = (\S+)\. (\S+) (.+)$/m.exec(printed) ?? [];
  if (data === undefined) throw new Error(`The CLI shows no output with the record:\n${printed}`);
  return { name, type, data };
}

/** The text of a TXT, from its quoted strings in a zone file. */
function plain(data: string): string {
  return (data.match(/"[^"]*"/g) ?? []).map(unquote).join('');
}

/** The source of the example, in the workspace. */
class EditedApp {
  private readonly directory: string;
  private readonly file: string;

  constructor(private readonly example: Example, workspace: Workspace) {
    this.directory = workspace.example(example.name);
    this.file = join(this.directory, example.source);
  }

  /** Replaces one string in the source by another. */
  edit(from: string, to: string): void {
    const source = readFileSync(this.file, 'utf8');
    const edited = source.replace(new RegExp(`(["'])${from}\\1`), `$1${to}$1`);
    if (edited === source) {
      throw new Error(`${this.example.source} of the ${this.example.name} example has no string '${from}'`);
    }
    writeFileSync(this.file, edited);
  }

  as(state: string): App {
    return {
      state: `${this.example.name}, ${state}`,
      directory: this.directory,
      environment: this.example.environment?.(this.directory) ?? {},
    };
  }
}
