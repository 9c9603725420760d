// Asks other implementations about our records, our mail and our calls. Run by `npx projen judges`.
// A judge that is not on this machine is left out by name. What one of the others finds fails the run.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { RecordedCalls } from './calls';
import { Case, casesWith, Domains } from './cases';
import { MissingError, run } from './command';
import { dkimpy, MAILAUTH, MailJudge, msgauth } from './mail';
import { OpenDkim, PublishedKey } from './opendkim';
import { pooledKey } from '../../test/cloud/key-pool';
import { publicKeyOf, REGION, Scene } from '../../test/end-to-end/scene';
import { NoPythonError, pythonEnvironment } from '../python-environment';

interface Message {
  readonly of: Case;
  readonly signer: string;
  readonly raw: Buffer;
}

const SES = 'the local SES';
const GET_IDENTITY = { service: 'ses', operation: 'GetEmailIdentity' };
const LONGER_THAN_A_RUN = 16 * 60_000;
const findings: string[] = [];

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'cdk-ses-dkim-judges-'));
  const python = await optional('dkimpy and botocore', () => join(
    pythonEnvironment(join(directory, 'python'), join(__dirname, 'requirements.txt')), 'python'));
  const go = await optional('go-msgauth', () => msgauth(directory));
  const openDkim = await optional('opendkim-tools', async () => {
    await run({ command: 'opendkim-testkey', args: ['-h'] });
    mkdirSync(join(directory, 'opendkim'));
    return new OpenDkim(join(directory, 'opendkim'));
  });
  const judges = [MAILAUTH, ...python ? [dkimpy(python)] : [], ...go ? [go] : []];
  const made = await openDkim?.generate(2048);

  const recorded = new RecordedCalls();
  const scene = await Scene.start({ functions: 'in-process', seed: 1, onRequest: recorded.take });
  try {
    const domains = await Domains.in(scene, casesWith(made?.privateKey));
    const messages: Message[] = [];
    for (const key of [0, 1]) {
      // Once a run ends before SES has answered, so that the function starts itself again.
      if (key > 0) scene.cloud.faults.add({ ...GET_IDENTITY, kind: 'throttle', forMs: LONGER_THAN_A_RUN });
      await scene.deployed('judged', domains.stackWith(key));
      if (key > 0) await domains.rotate();
      messages.push(...await newMail(scene, domains, judges));
      if (openDkim) await judgeRecords(scene, domains, openDkim, made?.publicKey);
    }
    await judgeMail(scene, messages, judges);
    await scene.destroy('judged');
    if (python) await judgeCalls(recorded, python);
  } finally {
    await scene.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  for (const finding of findings) console.log(`FOUND: ${finding}`);
  console.log(`${findings.length} findings, in ${Math.round(performance.now() / 1000)} s`);
  if (findings.length > 0) process.exitCode = 1;
}

/** A message of SES from each domain, and one that each judge has signed with the very key. */
async function newMail(scene: Scene, domains: Domains, judges: readonly MailJudge[]): Promise<Message[]> {
  const messages: Message[] = [];
  for (const each of domains.cases) {
    messages.push({ of: each, signer: SES, raw: await scene.sent(REGION, each.domain) });
  }
  const signable = domains.cases.flatMap((each) => domains.published(each).flatMap(({ domain, selector, privateKey }) =>
    privateKey ? [{ of: each, domain, selector, privateKey, message: unsigned(domain) }] : []));
  for (const { name, sign } of judges) {
    const signed = await sign?.(scene, signable) ?? [];
    messages.push(...signed.map((raw, index) => ({ of: signable[index].of, signer: name, raw })));
  }
  return messages;
}

function unsigned(domain: string): Buffer {
  return Buffer.from([
    `From: news@${domain}`, 'To: reader@example.net', 'Subject: News', 'Date: Thu, 26 Nov 2026 10:00:00 +0000',
    `Message-ID: <1@${domain}>`, '', 'It is signed, is it not?', '',
  ].join('\r\n'));
}

/** Every judge verifies all messages. A message that was changed on its way none of them may pass. */
async function judgeMail(scene: Scene, messages: readonly Message[], judges: readonly MailJudge[]): Promise<void> {
  const sent = messages.map(({ raw }) => raw);
  const changed = sent.map((raw) => Buffer.from(raw.toString('latin1').replace('Subject: News', 'Subject: Nothing')));
  const verdicts: string[][] = [];
  for (const judge of judges) verdicts.push(await judge.verify(scene, [...sent, ...changed]));
  const cases = [...new Set(messages.map((each) => each.of))];
  const signers = [...new Set(messages.map(({ signer }) => signer))];
  const table = new Table({
    head: ['mail', 'signed by', ...judges.map(({ name }) => name)], style: { head: [], border: [] },
  });
  for (const of of cases) {
    for (const signer of signers) {
      const own = [...messages.keys()]
        .filter((index) => messages[index].of === of && messages[index].signer === signer);
      if (own.length === 0) continue;
      table.push([of.name, signer, ...judges.map(({ name }, judge) => {
        const wrong = own.map((index) => verdicts[judge][index]).filter((verdict) => verdict !== `pass ${of.domain}`);
        findings.push(...wrong.map((verdict) => `${name} on mail of '${of.name}', signed by ${signer}: ${verdict}`));
        return `${own.length - wrong.length} of ${own.length} pass`;
      })]);
    }
  }
  table.push(['all, changed on the way', 'any', ...judges.map(({ name }, judge) => {
    const passed = verdicts[judge].slice(messages.length).filter((verdict) => verdict.startsWith('pass')).length;
    if (passed > 0) findings.push(`${name} passed ${passed} messages that were changed on their way`);
    return `${passed} of ${changed.length} pass`;
  })]);
  console.log(table.toString());
}

/** Every record can be read, belongs to the key that SES was given, and to no other. */
async function judgeRecords(
  scene: Scene, domains: Domains, openDkim: OpenDkim, made: string | undefined,
): Promise<void> {
  const records = domains.cases.flatMap((each) => domains.published(each));
  for (const record of records) {
    const { privateKey } = record;
    const wrong = await openDkim.wrongWith(record, scene);
    // SES keeps two of the three records of Easy DKIM empty, for its own rotation.
    const isKept = !privateKey && wrong?.endsWith('Revoked key');
    if (wrong && !isKept) findings.push(`opendkim-testkey on ${nameOf(record)}: ${wrong}`);
    if (!privateKey) continue;
    if (await openDkim.wrongWith({ ...record, privateKey: pooledKey(2048, 2) }, scene) === undefined) {
      findings.push(`opendkim-testkey takes another key for that of ${nameOf(record)}`);
    }
    if (await domains.publicKey(record) !== publicKeyOf(privateKey)) {
      findings.push(`p= of ${nameOf(record)} is not the key's`);
    }
  }
  const ofOpenDkim = records.find(({ domain, selector }) => domain === 'genkey.com' && selector === 's1');
  if (ofOpenDkim && await domains.publicKey(ofOpenDkim) !== made) {
    findings.push('opendkim-genkey makes another p= of its key');
  }
  console.log(`opendkim-testkey has looked at ${records.length} records`);
}

function nameOf({ domain, selector }: PublishedKey): string {
  return `${selector}._domainkey.${domain}`;
}

async function judgeCalls(recorded: RecordedCalls, python: string): Promise<void> {
  const operations = await recorded.judgedBy(python);
  const table = new Table({ head: ['operation', 'calls', 'botocore'], style: { head: [], border: [] } });
  for (const { operation, calls, findings: wrong } of operations) {
    table.push([operation, calls, wrong.length === 0 ? 'valid, and the same request' : `${wrong.length} findings`]);
    findings.push(...wrong.map((each) => `botocore on ${operation}: ${each}`));
  }
  console.log(table.toString());
}

/** Undefined, and a line that says so, when the judge is not on this machine. */
async function optional<T>(name: string, prepare: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await prepare();
  } catch (error) {
    if (!(error instanceof MissingError || error instanceof NoPythonError)) throw error;
    console.log(`left out: ${name}, which is not on this machine: ${error.message.trim().split('\n').at(-1)}`);
    return undefined;
  }
}

void main();
