// What the tags of a secret say of its rotation: the identity, the hosted zone, and who owns the records.
// CloudFormation has written them. Whoever may tag the secret can change them, so the registry record in the zone has
// to agree.
import { isBeside, STACK_ID } from './event';
import {
  FURTHER_REGION_TAG_PREFIX, ROTATION_TAG_PREFIX, ROTATION_TAGS, RotationTags,
} from '../../src/private/contract';
import { HandlerError } from '../base/errors';
import { LOGICAL_ID, parseProperties } from '../base/properties';
import { KnownMembers, membersOf } from '../signing/members';

export interface SecretSettings {
  readonly members: KnownMembers;
  readonly stackId: string;
}

/** A day, in seconds: the construct takes no less. */
const LEAST_OVERLAP = 86_400;

/** All that decides, of the tags: in one text, to compare. */
export function settingsIn(tags: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(tags).filter(([name]) => name.startsWith(ROTATION_TAG_PREFIX)).sort());
}

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
      'Deploy the stack again with a change of the construct, so that CloudFormation writes them. Nothing was changed');
  }
  const FurtherRegions = Object.entries(tags).flatMap(([name, LogicalResourceId]) =>
    name.startsWith(FURTHER_REGION_TAG_PREFIX)
      ? [{ Region: name.slice(FURTHER_REGION_TAG_PREFIX.length), LogicalResourceId }] : []);
  const Signing = { Method: 'ROTATING_BYODKIM', SecretArn: secretArn, SelectorPrefix, KeyLength, FurtherRegions };
  const { signing, ...wanted } = parseProperties({ ...properties, Signing }, functionRegion);
  if (signing.method !== 'ROTATING_BYODKIM') throw new Error('the method is the one above');
  // Nothing in the zone vouches for this tag, so it cannot take a record from mail on its way.
  const overlap = wanted.zone?.overlapSeconds;
  const overlapSeconds = overlap === undefined ? undefined : Math.max(overlap, LEAST_OVERLAP);
  const zone = wanted.zone && { ...wanted.zone, overlapSeconds };
  return { members: membersOf(stackId, logicalId, { ...wanted, zone, signing }), stackId };
}
