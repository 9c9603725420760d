// Bad input that a deployment refuses: the exact message, nothing written, nothing left, and no key text anywhere.
import { App, Stack } from 'aws-cdk-lib';
import { AtDeployment, Made, Refusal, wholeMessage } from './refusal';
import { REFUSALS } from './refusals';
import { stateOf, World } from './world';
import { bareKey } from '../end-to-end/hand-made';
import { DOMAIN, PEM, REGION, Scene } from '../end-to-end/scene';
import { sized } from '../whole-size';

/** SES looks once. So no state changes by itself afterwards, and each can be compared with what was before. */
const NEVER = 365 * 86_400_000;

/** The answer to CloudFormation. */
const ANSWER = 's3 PutObject';

/** What changes something. CloudFormation is told by the test. */
const WRITES = /^(?!s3)\w+ (?:Put|Change|Create|Delete|Update|Tag|Untag|Rotate|Restore)/;

/** CloudFormation takes no longer answer: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html */
const MAX_ANSWER = 4096;

/** What CloudFormation puts before the reason. */
const BEFORE = 'Received response status [FAILED] from custom resource. Message returned: ';

/** By then SES has looked. */
const AFTER_LOOKS = 120_000;

interface Case extends AtDeployment {
  readonly refusal: Refusal;
  readonly stackName: string;
}

/** Of each message so many cases, and all of them in the whole size. Keys have tests of their own. */
const most = ({ place }: Refusal) => sized(place === 'key' ? 1 : 2, Infinity);

const CASES = REFUSALS
  .flatMap((refusal) => (refusal.atDeployment ?? []).slice(0, most(refusal)).map((each) => ({ ...each, refusal })))
  .map((each, index): Case => ({ ...each, stackName: `Case${index}` }));

const made = new Map<string, Made>();
let scene: Scene;
/** The state after the case before. */
let last: string | undefined;
let assembly: ReturnType<App['synth']>;

beforeAll(async () => {
  scene = await Scene.start({ functions: 'in-process', ses: { firstLook: 30_000, lookEvery: NEVER, recheckEvery: NEVER } });
  const app = Scene.newApp();
  for (const { stackName, make } of CASES) {
    const each = await make(new World(scene, stackName));
    made.set(stackName, each);
    each.build(new Stack(app, stackName, { env: { account: '111111111111', region: 'us-east-1' } }));
  }
  assembly = app.synth();
  await scene.cloud.clock.pass(AFTER_LOOKS);
});
afterAll(() => scene.stop());

test.each(CASES)('$title', async ({ stackName, refusal, writes }) => {
  const { parts, parameters, during, after, isUpdate, identityAfter } = made.get(stackName)!;
  const { cloud } = scene;
  const domain = `${stackName.toLowerCase()}.${DOMAIN}`;
  const state = () => stateOf(cloud, identityAfter ? domain : undefined);
  const before = identityAfter ? state() : last ??= state();
  const since = cloud.calls.length;
  during?.();
  const { status, reason } = await cloud.cloudFormation.deployAssembly(assembly, stackName, { parameters });
  after?.();
  cloud.faults.clear();
  const message = wholeMessage(refusal, parts);
  expect({ reason: reason?.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>'), status })
    .toEqual({ reason: `${BEFORE}${message}`, status: isUpdate ? 'UPDATE_ROLLBACK_COMPLETE' : 'ROLLBACK_COMPLETE' });
  expect(Buffer.byteLength(JSON.stringify({ Reason: message }))).toBeLessThan(MAX_ANSWER);
  const calls = cloud.calls.slice(since).filter(({ service }) => !['cloudformation', 'lambda'].includes(service))
    .map(({ service, operation }) => `${service} ${operation}`);
  if (!writes) expect(calls.filter((call) => WRITES.test(call))).toEqual([]);
  if (refusal.place === 'properties') expect(calls[0]).toBe(ANSWER);
  last = undefined;
  expect(state()).toBe(before);
  last = identityAfter ? undefined : before;
  if (!identityAfter) return;
  expect(scene.identity(REGION, domain) ?? { origin: 'gone', tags: [] }).toMatchObject({ origin: identityAfter, tags: [] });
  await cloud.clock.pass(AFTER_LOOKS);
  const logs = cloud.lambda.functionNames().filter((name) => name.startsWith(`${stackName}-`))
    .flatMap((name) => cloud.lambda.logs(name)).join('\n');
  expect(secretIn(`${reason}${logs}`)).toEqual([]);
});

/** Pieces of the private halves of the keys, which come after what the public key has too. */
const PIECE = 16;
const PIECES = new Set([PEM.one, PEM.two].map(bareKey).flatMap((key) =>
  Array.from({ length: key.length - 420 - PIECE }, (_, at) => key.slice(420 + at, 420 + at + PIECE))));

/** What a text has that nobody may read, or that a terminal would obey. */
function secretIn(text: string): string[] {
  const runs = text.match(/[A-Za-z0-9+/]{16,}/g) ?? [];
  const pieces = runs.flatMap((run) =>
    Array.from({ length: run.length - PIECE + 1 }, (_, at) => run.slice(at, at + PIECE)));
  return [...pieces.filter((piece) => PIECES.has(piece)), ...text.match(/-----BEGIN|[\u001b\u202e]/g) ?? []];
}
