// What the tags of a secret say of its rotation: the identity, the hosted zone, and who owns the records.
// CloudFormation has written them. Whoever may tag the secret can change them, so the registry record in the zone has
// to agree.
import { isBeside, STACK_ID } from './event';
import { ROTATION_TAG_PREFIX, ROTATION_TAGS, RotationTags } from '../../src/private/contract';
import { RotatingByoDkim, WantedState } from '../base/desired-state';
import { HandlerError } from '../base/errors';
import { Owner, ownerOf } from '../base/owner';
import { parseProperties } from '../base/properties';

export interface SecretSettings {
  readonly wanted: WantedState & { readonly signing: RotatingByoDkim };
  readonly owner: Owner;
  readonly stackId: string;
}

/** A day, in seconds: the construct takes no less. */
const LEAST_OVERLAP = 86_400;
export const LOGICAL_ID = /^[A-Za-z0-9]{1,255}$/;

/** Throws with the tag that is missing or wrong. `functionRegion` is the Region of an identity that names none. */
export function settingsOf(
  secretArn: string, tags: Readonly<Record<string, string>>, functionRegion: string,
): SecretSettings {
  const values: RotationTags = Object.fromEntries(ROTATION_TAGS.flatMap((name) => {
    const value = tags[ROTATION_TAG_PREFIX + name];
    return value === undefined ? [] : [[name, value]];
  }));
  const { StackId: stackId = '', LogicalResourceId: logicalId = '', SelectorPrefix, KeyLength, ...properties } = values;
  if (!STACK_ID.test(stackId) || !isBeside(stackId, secretArn) || !LOGICAL_ID.test(logicalId)) {
    throw new HandlerError(`The tags of the secret ${secretArn} do not say which stack it belongs to`,
      'Deploy the stack again, so that CloudFormation writes them. Nothing was changed');
  }
  const Signing = { Method: 'ROTATING_BYODKIM', SecretArn: secretArn, SelectorPrefix, KeyLength };
  const { signing, ...wanted } = parseProperties({ ...properties, Signing }, functionRegion);
  if (signing.method !== 'ROTATING_BYODKIM') throw new Error('the method is the one above');
  // Nothing in the zone vouches for this tag, so it cannot take a record from mail on its way.
  const overlap = wanted.zone?.overlapSeconds;
  const overlapSeconds = overlap === undefined ? undefined : Math.max(overlap, LEAST_OVERLAP);
  const zone = wanted.zone && { ...wanted.zone, overlapSeconds };
  return { wanted: { ...wanted, zone, signing }, owner: ownerOf(stackId, logicalId, wanted), stackId };
}
