// What may stay behind although nothing should: each case is a decision that is written down.
import type { PlannedFault } from './cell';
import { Deployment, domainOf } from './deployments';
import { Flow } from './flows';
import { DOMAIN } from '../scene';

export interface Exception {
  readonly why: string;
  readonly isFor: (flow: Flow, planned: PlannedFault | undefined) => boolean;
  /** Whether this may stay. `all` is what is there of the domain that is not as it was before any stack. */
  readonly mayStay: (line: string, all: readonly string[], domain: string) => boolean;
  /** The next deletion takes it along. */
  readonly isTemporary?: boolean;
  /** It is so without a fault, too. */
  readonly isUsual?: boolean;
  /** The stack cannot be deleted: a policy that CloudFormation has forgotten keeps the role. */
  readonly keepsRole?: boolean;
}

const isOurRecord = (line: string) => line.startsWith('of ours: ');
const isEmptyTag = (line: string) => /^a tag of ours: cdk-ses-dkim-[0-9a-f]{32}=leaves$/.test(line);

export const EXCEPTIONS: readonly Exception[] = [
  {
    why: 'A stack that no longer names the zone leaves its records there, marked: docs/adr/0007-zone-changes.md',
    isFor: leavesZone,
    mayStay: (line, all) => isOurRecord(line) && isMarked(line, all),
    isUsual: true,
  },
  {
    why: 'The same, and the zone does not let them be marked: that does not keep a deployment from its end',
    isFor: (flow, planned) => leavesZone(flow) && isRefused(planned, 'route53'),
    mayStay: isOurRecord,
  },
  {
    why: 'A Delete goes on when SES does not let its tag be taken off: docs/adr/0022-who-set-the-signing.md',
    isFor: (flow, planned) => !deletesInCleanUp(flow) && isRefused(planned, 'ses', 'UntagResource'),
    mayStay: isEmptyTag,
    isTemporary: true,
  },
  {
    why: 'A Create that was cancelled, or had told SES nothing when a later run of it failed, may never have had access to '
      + 'the zone. So its roll-back goes on without that',
    isFor: ({ name }, planned) => /^cancelled create|in two runs/.test(name) && isRefused(planned, 'route53'),
    mayStay: isOurRecord,
  },
  {
    why: 'A zone of another account that is closed keeps nobody from deleting a stack. SES was led back before',
    isFor: ({ name, target }, planned) => name.startsWith('delete') && target.zoneRole === true
      && (isRefused(planned, 'route53') || isRefused(planned, 'sts')),
    mayStay: isOurRecord,
  },
  {
    why: 'What cannot be deleted in the clean-up of an update, CloudFormation forgets, with the policies for it',
    isFor: (flow, planned) => deletesInCleanUp(flow) && planned?.kind.isLasting === true,
    mayStay: (_line, _all, domain) => domain === DOMAIN,
    keepsRole: true,
  },
];

/** It replaces the resource, or a Region leaves. */
function deletesInCleanUp({ before, target }: Flow): boolean {
  if (!before) return false;
  const leavesRegion = before.furtherRegion === true && !target.furtherRegion;
  return domainOf(before) !== domainOf(target) || leavesRegion;
}

function leavesZone({ before, target }: Flow): boolean {
  return before !== undefined && hasZone(before) && !(hasZone(target) && before.slots === target.slots);
}

function hasZone({ method, zone = method !== 'DEED' }: Deployment): boolean {
  return zone;
}

function isRefused(planned: PlannedFault | undefined, service: string, operation?: string): boolean {
  return planned?.kind.isLasting === true && planned.point.service === service
    && (operation === undefined || planned.point.operation === operation);
}

/** A registry record that lists only what is superseded, and what such a record lists. */
function isMarked(line: string, all: readonly string[]): boolean {
  const entriesOf = (text: string) => text.match(/record=[^"]+/g) ?? [];
  if (line.includes(' cdk-ses-dkim-')) return entriesOf(line).every((entry) => entry.includes('until='));
  return all.flatMap(entriesOf).some((entry) =>
    entry.includes('until=') && line.includes(` ${/record=([^;]+)/.exec(entry)![1]}._domainkey.`));
}
