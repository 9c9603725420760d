// Easy DKIM: SES makes the keys, and CNAMEs point to them. The tokens come from SES, so SES is told first.
import { easyDkimHostedZone } from './ses-rules';
import { needsRearming, publishInZone, put, Signing, signsNow, Task } from './task';
import { EasyDkimProperties } from '../../src/private/contract';
import { Desired } from '../base/desired';
import { withoutKeys } from '../base/log';
import { IdentityState } from '../base/ports';
import { cnameRecords, DkimRecord } from '../records/dkim-record';
import { requireAnswered } from '../records/public-answer';
import { digestOf } from '../records/registry';
import { registryName } from '../records/zone-plan';

/** What SES says of Easy DKIM, when it is read and when it is told. */
type EasyDkimState = Pick<IdentityState, 'status' | 'tokens' | 'signingHostedZone'>;

export async function signWithEasyDkim(task: Task, signing: EasyDkimProperties): Promise<Signing> {
  const { desired, identity, zone, world } = task;
  const lengthHolds = identity.nextKeyLength === undefined || identity.nextKeyLength === signing.KeyLength;
  let state: EasyDkimState = identity;
  if (identity.origin === 'AWS_SES' && lengthHolds && !needsRearming(task)) {
    world.log('signing-held', { method: identity.origin });
  } else {
    // The new tokens come with the change itself. Before a domain that signs is touched, the registry record shows whether what is
    // written to this zone can be looked up at all.
    if (zone && signsNow(identity)) await requireZoneIsPublic(task);
    state = await putEasyDkim(task, signing, lengthHolds);
  }
  if (state.tokens.length === 0) throw new Error(`SES has made no DKIM tokens for ${desired.identity} yet. Deploy again in a minute.`);
  const result = easyDkimSigning(desired, state);
  await publishInZone(task, { wanted: result.records });
  return result;
}

export function easyDkimSigning(
  { identity, region }: Desired, { status, tokens, signingHostedZone = easyDkimHostedZone(region) }: EasyDkimState,
): Signing {
  return { records: cnameRecords(identity, tokens, signingHostedZone), status, attributes: { SigningHostedZone: signingHostedZone } };
}

async function requireZoneIsPublic(task: Task): Promise<void> {
  const records = await publishInZone(task, { wanted: [], supersedes: false }) ?? [];
  const name = registryName(task.owner);
  const values = records.find((record) => record.name === name)?.values ?? [];
  const registry: DkimRecord = { name, type: 'TXT', value: 'the registry record', data: '' };
  await requireAnswered(registry, (found) => digestOf('TXT', found) === digestOf('TXT', values), task.desired, task.world);
}

/** SES refuses the length that an identity already has, so it is only sent when it differs; after BYODKIM that cannot be known. */
async function putEasyDkim(task: Task, signing: EasyDkimProperties, lengthHolds: boolean) {
  const { identity, world } = task;
  const wasEasy = identity.origin === 'AWS_SES';
  if (wasEasy && lengthHolds) return put(task, { origin: 'AWS_SES' });
  try {
    return await put(task, { origin: 'AWS_SES', keyLength: signing.KeyLength });
  } catch (error) {
    if ((error as Error).name !== 'BadRequestException') throw error;
    let state: EasyDkimState = identity;
    if (!wasEasy) {
      state = await put(task, { origin: 'AWS_SES' });
      if ((await world.ses.read())?.nextKeyLength === signing.KeyLength) return state;
    }
    // The length stays, and so do the tokens that SES has now. They need not be published yet, where a change to them has failed half-way.
    await publishInZone(task, { wanted: easyDkimSigning(task.desired, state).records });
    const last = identity.lastKeyGeneration ? ` The last key was made at ${identity.lastKeyGeneration.toISOString()}.` : '';
    throw new Error(`SES refused to change the key length of ${task.desired.identity} to ${signing.KeyLength}: ${withoutKeys((error as Error).message)} `
      + `SES allows that once in 24 hours, the first change to 1024 bits excepted.${last} Deploy again later.`);
  }
}
