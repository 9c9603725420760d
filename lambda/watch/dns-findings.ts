// What is wrong with the keys that SES signs with, by what public DNS has. Pure.
import { DEPLOY_A_CHANGE, Finding } from './finding';
import { KeyName } from './key-names';
import { unquote } from '../base/dns-text';
import { NameServerAnswer } from '../base/ports';
import { flawOf, hasUsableKey, isRevoked, publicKeysIn } from '../records/key-record';
import { adviceOnSilence, isUnknown, saidBy } from '../records/public-answer';

/** What the name servers have said of a name. */
export interface KeyView extends KeyName {
  readonly answers: readonly NameServerAnswer[];
  /** Where SES itself leads on from the target: it may have a CNAME there. */
  readonly furtherTarget?: string;
}

const ANOTHER_KEY = 'rotate the key, or give the construct a new one under a new selector';

/** Why a verifier cannot take the key from the texts of a record. */
type Fault = readonly [what: string, remedy: string];

export function dnsFindings(keys: readonly KeyView[]): Finding[] {
  const findings = keys.flatMap((key) => findingsOf(key));
  const ofSes = keys.filter(({ target }) => target !== undefined);
  if (findings.length > 0 || ofSes.length === 0 || ofSes.some(hasKey)) return findings;
  // SES has a key behind one of the three, or more. The others are empty until it changes the key.
  const unheard = ofSes.find(({ answers }) => isUnknown(answers));
  if (unheard) return [blind(unheard)];
  return [{
    what: `none of ${ofSes.map(({ name }) => name).join(', ')} leads to a key that verifiers can use`,
    whatToDo: 'The keys are in the DNS of SES: if it stays so for some hours, ask AWS Support',
  }];
}

function findingsOf(key: KeyView): Finding[] {
  const { name, target, answers } = key;
  if (answers.length === 0) {
    return [{
      what: `${name} cannot be looked up: its domain is delegated to no name server`,
      whatToDo: 'Have the domain delegated to the name servers that hold it, at the registrar or in the zone above',
    }];
  }
  const known = answers.filter(({ values, alias }) => values !== undefined || (target !== undefined && alias));
  if (known.length === 0) return [blind(key)];
  for (const answer of known) {
    const fault = target === undefined ? faultOfKey(answer, key) : faultOfCname(answer, key);
    if (fault) {
      const [what, remedy] = fault;
      return [{ what: `${name} ${what}: ${saidBy(answers)}`, whatToDo: remedy }];
    }
  }
  return [];
}

function faultOfCname(
  { alias, values = [] }: NameServerAnswer, { name, target, furtherTarget }: KeyView,
): Fault | undefined {
  const remedy = `Write it as the CNAME ${name} to ${target}`;
  if (alias === undefined) return [values.length > 0 ? 'is no CNAME to SES' : 'has no record', remedy];
  return alias === target || alias === furtherTarget ? undefined : [`does not lead to ${target}`, remedy];
}

function faultOfKey(answer: NameServerAnswer, { name, placed = name, sha256, isVerified }: KeyName): Fault | undefined {
  const texts = textsOf(answer);
  const again = `Write the record again: ${DEPLOY_A_CHANGE}, or publish its attribute dkimRecords where your DNS is`;
  // A deployment does not change what somebody else has written. A wildcard can answer, which is not in its way.
  const instead = `Delete the record of exactly the name ${placed}, if there is one. ${again}`;
  if (texts.length === 0) {
    const { alias } = answer;
    return alias ? [`is a CNAME to ${alias}, which has no key`, instead] : ['has no record', again];
  }
  if (isRevoked(texts)) {
    return ['has no key, as a revoked one', `If the key has leaked, ${ANOTHER_KEY}. If not: ${instead}`];
  }
  if (!hasUsableKey(texts)) return ['has no key that can be read', instead];
  const keys = publicKeysIn(texts);
  if (sha256 !== undefined && !(keys.length > 0 && keys.every(({ publicKeySha256 }) => publicKeySha256 === sha256))) {
    // A deployment cannot know which of two keys SES has, and does not replace one that can be read.
    return isVerified
      ? ['has another key than the stack has set, and SES may have it', `Leave the record, and ${ANOTHER_KEY}`]
      : ['has another key than the one that SES signs with', instead];
  }
  const flaw = flawOf(texts);
  return flaw && [`has a key that verifiers do not take, as ${flaw.what}`, flaw.remedy];
}

function hasKey({ answers }: KeyView): boolean {
  const known = answers.filter(({ values }) => values !== undefined);
  return known.length > 0 && known.every((answer) => hasUsableKey(textsOf(answer)));
}

function blind({ name, answers }: KeyView): Finding {
  return {
    what: `nobody could see what ${name} has in public DNS: ${saidBy(answers)}`,
    whatToDo: adviceOnSilence(answers),
    isBlind: true,
  };
}

function textsOf({ values = [] }: NameServerAnswer): string[] {
  return values.map(unquote);
}
