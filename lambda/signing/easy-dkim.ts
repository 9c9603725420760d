// Easy DKIM: SES makes the keys, and CNAMEs point to them. The tokens come from SES, so SES is told first.
import { easyDkimHostedZone, signsNow } from './ses-rules';
import { needsRestart, noteTaken, publishRecords, putSigning, SigningResult, Task } from './task';
import { nameOf, textOf } from '../base/describe-error';
import { DesiredState, EasyDkim } from '../base/desired-state';
import { HandlerError, sentence } from '../base/errors';
import { IdentityState, RecordSet, SigningAnswer } from '../base/ports';
import { SHOWN_AFTER_MS } from '../base/retry';
import { cnameRecords, DkimRecord, recordName, recordsAt } from '../records/dkim-record';
import { requireAnswered } from '../records/public-answer';
import { digestOf } from '../records/registry';
import { entriesOf, registryName } from '../records/zone-view';

export async function signWithEasyDkim(task: Task, signing: EasyDkim): Promise<SigningResult> {
  const { desired, identity, services } = task;
  const { keyLength = identity.nextKeyLength } = signing;
  const isBegun = isAskedFor(identity) || task.progress.signingPut;
  const hasLength = identity.nextKeyLength === keyLength || (isBegun && identity.nextKeyLength === undefined);
  let answer: SigningAnswer = identity;
  if (identity.origin === 'AWS_SES' && isBegun && hasLength && !needsRestart(task)) {
    services.log('signing-unchanged', { method: identity.origin });
  } else {
    // The new tokens come with the change itself. So before a domain that signs is touched, the registry record shows
    // whether what is written to this zone can be looked up at all.
    const records = task.zone && signsNow(identity) ? await requireZoneIsPublic(task) : [];
    answer = await putEasyDkim(noteReplaced(task, records), signing, hasLength);
  }
  if (answer.tokens.length === 0) {
    throw new HandlerError(`SES has made no DKIM tokens for ${desired.domain} yet`, 'Deploy again in a minute');
  }
  const result = easyDkimResult(desired, answer);
  await publishRecords(task, { wanted: result.records });
  await noteTaken(task); // not before: a roll-back that is refused here has to find what SES was told
  return result;
}

/**
 * False for a domain that was made by the first API of SES (VerifyDomainIdentity), and for which nobody has asked for
 * DKIM since. SES makes no tokens for it before that, however long one waits.
 */
function isAskedFor({ status, tokens }: IdentityState): boolean {
  return status !== 'NOT_STARTED' || tokens.length > 0;
}

export function easyDkimResult({ domain, region }: DesiredState, answer: SigningAnswer): SigningResult {
  const { status, tokens, signingHostedZone = easyDkimHostedZone(region) } = answer;
  return {
    records: cnameRecords(domain, tokens, signingHostedZone),
    status,
    attributes: { SigningHostedZone: signingHostedZone },
  };
}

/** New keys take the place of those whose records somebody else has published. SES cannot give them back. */
function noteReplaced(task: Task, records: readonly RecordSet[]): Task {
  const { identity: { origin, tokens }, owner, signingTag } = task;
  const isOurs = entriesOf(records, owner, tokens).some((entry) => entry.origin === 'ours');
  const isPublished = tokens.some((token) => recordsAt(recordName(token, owner.domain), records).length > 0);
  if (origin !== 'AWS_SES' || !isPublished || isOurs || signingTag.replaced) return task;
  return { ...task, signingTag: { ...signingTag, replaced: 'AWS_SES' } };
}

async function requireZoneIsPublic(task: Task): Promise<readonly RecordSet[]> {
  const records = await publishRecords(task, { wanted: [], supersedes: false });
  const name = registryName(task.owner);
  const values = records.find((record) => record.name === name)?.values ?? [];
  const registry: DkimRecord = { name, type: 'TXT', value: 'the registry record', data: '' };
  const isRegistry = (found: readonly string[]) => digestOf('TXT', found) === digestOf('TXT', values);
  await requireAnswered(registry, isRegistry, task.desired, task.services);
  return records;
}

/**
 * SES refuses the key length that an identity has already, so the call has it only when it differs. After BYODKIM, and
 * before anybody has asked for DKIM, the length is unknown. Then the call has it, and is made again without it if SES
 * refuses it.
 */
async function putEasyDkim(task: Task, { keyLength }: EasyDkim, hasLength: boolean): Promise<SigningAnswer> {
  const { desired, identity, services } = task;
  const wasEasy = identity.origin === 'AWS_SES';
  if (keyLength === undefined || (wasEasy && hasLength)) return putSigning(task, { origin: 'AWS_SES' });
  try {
    return await putSigning(task, { origin: 'AWS_SES', keyLength });
  } catch (refusal) {
    if (nameOf(refusal) !== 'BadRequestException') throw refusal;
    if (!wasEasy || !isAskedFor(identity)) await putSigning(task, { origin: 'AWS_SES' });
    // SES has the length already, also where an earlier try has set it and its answer was lost.
    await services.retry.pause(SHOWN_AFTER_MS, 'SES to show the key length that it has');
    const now = await services.ses.read();
    if (now?.origin !== 'AWS_SES') throw refusal;
    if (now.nextKeyLength === keyLength) return now;
    // The length stays, and so do the tokens that SES has now. They need not be published yet, where a change to them
    // has failed half-way.
    await publishRecords(task, { wanted: easyDkimResult(desired, now).records });
    const last = identity.lastKeyGeneration;
    throw new HandlerError(
      `SES refused to change the key length of ${desired.domain} to ${keyLength}: ${sentence(textOf(refusal))} `
      + 'SES allows that once in 24 hours, the first change to 1024 bits excepted.'
      + (last ? ` The last key was made at ${last.toISOString()}` : ''),
      'Deploy again later');
  }
}
