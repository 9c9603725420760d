// What must hold after a flow, whatever failed in it: a check for each rule that can be looked at from outside.
import { Canary } from './canary';
import { Deployment, domainOf, originOf } from './deployments';
import { Exception } from './exceptions';
import { answersIn, CloudFormationRequest, requestFor, requestsOf, writesIn } from './requests';
import { Broken, Witness } from './witness';
import { CANARIES, World } from './world';
import { StackResult } from '../../cloud';

/** After so long no call comes any more of a request that no longer stands: see lambda/deployment/fence.ts. */
const FENCE_MS = 30_000;

const NEVER_OURS = /undefined|\[object|TypeError|ReferenceError|Cannot read|is not a function|is not iterable/;

/** What is to be there: a deployment's signing, or nothing of ours. */
export type Expected = Deployment | undefined;

/** All that can be looked at from outside. */
export interface Evidence {
  readonly world: World;
  readonly witness: Witness;
  /** Of all operations, oldest first. */
  readonly results: readonly StackResult[];
  /** What may stay behind although nothing should. */
  readonly exceptions: readonly Exception[];
  /** A rotation need not be complete yet. */
  readonly mayBePending?: boolean;
  /** Those that were needed. */
  readonly excused: Set<Exception>;
}

interface Check {
  readonly name: string;
  /** What of it does not hold. */
  readonly violations: (evidence: Evidence) => string[] | Promise<string[]>;
}

async function broken(checks: readonly Check[], evidence: Evidence): Promise<Broken[]> {
  const found: Broken[] = [];
  for (const { name: check, violations } of checks) {
    for (const what of await violations(evidence)) found.push({ check, what });
  }
  return found;
}

/** At any time. */
const ALWAYS: readonly Check[] = [
  { name: '3 the key stays put', violations: keysThatWereWritten },
  { name: '9 one answer', violations: answersThatAreMissingOrDiffer },
  { name: '9 a clean answer', violations: answersThatAreNotClean },
  { name: '11 a request that no longer stands writes nothing', violations: writesThatCameTooLate },
];

/** When all operations are over. */
const AT_REST: readonly Check[] = [{ name: '12 nothing is left', violations: schedulesThatAreLeft }];

export async function checkAlways(evidence: Evidence): Promise<Broken[]> {
  return [...evidence.witness.broken, ...await broken([...ALWAYS, ...AT_REST], evidence)];
}

/** Signing and records are as one of these says; undefined stands for nothing of ours. */
export async function checkState(evidence: Evidence, expected: readonly Expected[], check: string): Promise<Broken[]> {
  const problems = await Promise.all(expected.map((each) => each ? notSigningAs(evidence, each) : notGone(evidence)));
  if (problems.some((found) => found.length === 0)) return [];
  return problems[0].map((what) => ({ check, what }));
}

/** Mail that was signed before still verifies: its records are there. */
export function checkOldMail({ world, witness }: Evidence, domain: string): Broken[] {
  const now = world.linesOf(world.domain(domain));
  return [...witness.signedWith.get(domain) ?? []].filter((line) => !now.includes(line))
    .map((line) => ({ check: '6 old mail still verifies', what: `${line} is gone` }));
}

export const OLD_STATE = '5 roll-back restores';
export const NEW_STATE = 'the deployment has its effect';
export const DELETED = '7 delete never sticks';
export const NOTHING_LEFT = '12 nothing is left';

async function notSigningAs(evidence: Evidence, deployment: Deployment): Promise<string[]> {
  const { world } = evidence;
  const name = domainOf(deployment);
  const [first, ...further] = world.identities(world.domain(name));
  const identities = deployment.furtherRegion ? [first, ...further] : [first];
  return (await Promise.all(identities.map((identity) => notSigningIn(identity, evidence, deployment)))).flat();
}

async function notSigningIn(
  { region, origin, status, tokens }: ReturnType<World['identities']>[number], evidence: Evidence, deployment: Deployment,
): Promise<string[]> {
  const { selector = 's1', method } = deployment;
  const name = domainOf(deployment);
  const isSelected = method === 'rotating key' ? tokens.some((token) => selectorsOf(evidence).includes(token))
    : method !== 'BYODKIM' || tokens.includes(selector);
  if (origin !== originOf(deployment) || !isSelected || status !== 'SUCCESS') {
    return [`${name} in ${region} is to sign as ${originOf(deployment)} ${method === 'BYODKIM' ? selector : ''}: `
      + `${origin} ${tokens.join()} ${status}`];
  }
  const { result, selector: used } = await evidence.world.scene.send(region, name);
  return result === 'pass' ? [] : [`mail of ${name} in ${region} with selector ${used}: ${result}`];
}

/** The selector of the current key; while a fault lasts, that of a rotation which is not complete as well. */
function selectorsOf({ world, mayBePending }: Evidence): string[] {
  return world.rotating.flatMap(({ versions }) => {
    const pending = versions.incomplete;
    if (pending && !mayBePending) return [];
    return [versions.holderOf('AWSCURRENT'), pending].flatMap((version) =>
      version?.value ? [String(JSON.parse(version.value.toString()).selector)] : []);
  });
}

function notGone({ world, exceptions, excused }: Evidence): string[] {
  return world.domains.flatMap((domain) => {
    const others = world.identities(domain).filter(({ origin }) => origin !== 'AWS_SES');
    const secrets = domain === world.domains[0] ? world.rotating.map(({ arn }) => `a secret of ours: ${arn}`) : [];
    const found = [...secrets, ...world.differences(domain), ...others.map(({ origin }) => `${domain.name} signs as ${origin}`)];
    return found.filter((line) => {
      const exception = exceptions.find(({ mayStay }) => mayStay(line, found, domain.name));
      if (exception) excused.add(exception);
      return !exception;
    });
  });
}

// ---- the checks

/** By their keys. Functions make the same few again and again (`test/cloud/key-pool.ts`). */
const canaries = new Map<string, Canary>();

/** Only SES and Secrets Manager are told a key. What Secrets Manager answers is in no log. */
function keysThatWereWritten({ world: { scene }, results }: Evidence): string[] {
  const { calls, lambda } = scene.cloud;
  const places: Record<string, string> = {
    'logs': scene.log().join('\n'),
    'calls and answers to CloudFormation': calls.filter(({ operation }) =>
      !['PutEmailIdentityDkimSigningAttributes', 'PutSecretValue'].includes(operation)).map(({ body }) => body).join('\n'),
    'events of the function, and what comes of them': lambda.invocations.map(({ event, result }) =>
      event + JSON.stringify(result ?? '')).join('\n'),
    'events, outputs, properties and attributes of the stack': JSON.stringify(results),
    'DNS': scene.cloud.route53.hostedZones().flatMap(({ id }) => scene.all(id)).join('\n'),
    'tags': JSON.stringify(scene.identity()?.tags),
  };
  const values = scene.cloud.secretsManager.described().flatMap(({ versions }) => versions.all()).map(({ value = '' }) => `${value}`);
  const withoutKeys = values.filter((value) => value.includes('"follows":')).join('\n');
  const canary = canaryOf(values.flatMap((value) => /"made":.*"privateKey":/.test(value) ? [JSON.parse(value).privateKey] : []));
  return Object.entries({ ...places, 'a secret that only says where keys are': withoutKeys })
    .flatMap(([place, text]) => canary.isIn(text) ? [place] : []);
}

/** Of the keys that are there from the beginning, and of those that functions have made, if their secrets are there. */
function canaryOf(made: readonly string[]): Canary {
  const pems = [...new Set([CANARIES.one, CANARIES.two, ...made])];
  const canary = canaries.get(pems.join()) ?? Canary.ofAll(pems);
  canaries.set(pems.join(), canary);
  return canary;
}

function answersThatAreMissingOrDiffer({ world: { scene: { cloud } }, results }: Evidence): string[] {
  const answers = answersIn(cloud.calls);
  const requests = requestsOf(cloud);
  const events = results.flatMap((result) => result.events);
  const isCancelled = (request: CloudFormationRequest) => events.some(({ logicalId, at, reason = '' }) =>
    request.resource.endsWith(` ${logicalId}`) && / cancelled$/.test(reason) && at >= request.at
    && at <= (laterOf(request, requests)?.at ?? Infinity));
  // Nobody hears what comes when CloudFormation is long at something else with the resource.
  const heard = (request: CloudFormationRequest) => answers.filter(({ requestId, at }) =>
    requestId === request.id && at <= (laterOf(request, requests)?.at ?? Infinity) + FENCE_MS);
  const several = requests.filter((request) => new Set(heard(request).map(({ body }) => body)).size > 1);
  const none = requests.filter((request) =>
    !answers.some(({ requestId }) => requestId === request.id) && !isCancelled(request));
  const late = events.filter(({ reason = '' }) => reason.includes('did not receive a response'));
  return [
    ...several.map((request) => `${described(request)} has answers that differ`),
    ...none.map((request) => `${described(request)} has no answer`),
    ...late.map(({ logicalId }) => `CloudFormation has waited in vain for ${logicalId}`),
  ];
}

function answersThatAreNotClean({ world: { scene: { cloud } } }: Evidence): string[] {
  const reasons = answersIn(cloud.calls).map(({ body }) => JSON.parse(body)).filter(({ Status }) => Status === 'FAILED')
    .map(({ Reason }) => String(Reason));
  return [...new Set(reasons)].filter((reason) => NEVER_OURS.test(reason) || !/[.!?…]$/.test(reason));
}

function writesThatCameTooLate({ world: { scene: { cloud } } }: Evidence): string[] {
  const answers = answersIn(cloud.calls);
  const requests = requestsOf(cloud);
  return writesIn(cloud.calls).flatMap((call) => {
    const request = requestFor(cloud, call);
    if (!request) return [];
    const answered = answers.find(({ requestId }) => requestId === request.id)?.at ?? Infinity;
    const over = Math.min(answered, laterOf(request, requests)?.at ?? Infinity) + FENCE_MS;
    return call.at > over ? [`${call.operation} of ${described(request)}, ${(call.at - over) / 1000} s too late`] : [];
  });
}

function schedulesThatAreLeft({ world: { scene: { cloud } } }: Evidence): string[] {
  return cloud.scheduler.schedules();
}

function laterOf({ resource, at }: CloudFormationRequest, requests: readonly CloudFormationRequest[]) {
  return requests.find((each) => each.resource === resource && each.at > at);
}

function described({ type, resource }: CloudFormationRequest): string {
  return `${type} of ${resource.split(' ')[1].replace(/[0-9A-F]{8}$/, '')}`;
}
