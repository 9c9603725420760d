// The rules of a Route 53 change batch: all of it or nothing, and the words of a refusal. Knows no time and no HTTP.
import { isDeepStrictEqual } from 'node:util';
import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { AWS_LIMITS, ChangeBatchLimits, requireSmallEnough, requireValidTtl } from './change-batch-limits';
import { canonicalName, compareNames, compareText, recordNameProblems } from './record-name';
import { recordValueProblem } from './record-value';
import { ServiceError } from './service-error';

/** The record sets after the batch, in listing order. Throws InvalidChangeBatch with all that is wrong. */
export function applyChangeBatch(
  zoneName: string, recordSets: readonly ResourceRecordSet[], changes: readonly Change[],
  limits: ChangeBatchLimits = AWS_LIMITS,
): ResourceRecordSet[] {
  if (changes.length === 0) throw invalidInput('Changes must have at least one element');
  requireSmallEnough(changes, limits);
  const problems = contradictions(changes);
  let current = [...recordSets];
  for (const change of changes) {
    const wanted = normalized(change);
    // Against what the changes before it left: Route 53 takes DELETE of an A and CREATE of a CNAME in this order only.
    const refused = problemsOf(change.Action!, wanted, zoneName, current);
    problems.push(...refused);
    if (refused.length === 0) current = applied(change.Action!, wanted, current);
  }
  if (problems.length > 0) throw new ServiceError('InvalidChangeBatch', 400, `[${problems.join(', ')}]`);
  return current.sort(compareRecordSets);
}

/** What tells record sets of one zone apart. */
interface RecordSetKey {
  readonly Name?: string;
  readonly Type?: string;
  readonly SetIdentifier?: string;
}

export function compareRecordSets(a: RecordSetKey, b: RecordSetKey): number {
  return compareNames(a.Name ?? '', b.Name ?? '') || compareText(a.Type ?? '', b.Type ?? '')
    || compareText(a.SetIdentifier ?? '', b.SetIdentifier ?? '');
}

function invalidInput(problem: string): ServiceError {
  return new ServiceError('InvalidInput', 400, `Invalid request: ${problem}`);
}

function normalized({ Action, ResourceRecordSet: set }: Change): ResourceRecordSet {
  if (!Action || !set?.Name || !set.Type) throw invalidInput('Action, Name and Type are required');
  if (!['CREATE', 'DELETE', 'UPSERT'].includes(Action)) {
    throw invalidInput(`'${Action}' is not one of CREATE, DELETE, UPSERT`);
  }
  requireValidTtl(set.TTL);
  const records = set.ResourceRecords?.length && set.TTL !== undefined;
  if (Number(Boolean(records)) + Number(Boolean(set.AliasTarget)) !== 1) {
    throw invalidInput('Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or '
      + `TrafficPolicyInstanceId], but found ${set.AliasTarget ? 'more than one' : 'none'} in Change with `
      + `[Action=${Action}, Name=${set.Name}, Type=${set.Type}, SetIdentifier=${set.SetIdentifier ?? 'null'}]`);
  }
  const given = Object.entries(set).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), Name: canonicalName(set.Name), Type: set.Type };
}

/** One record set may be changed once in a batch, or deleted and made anew. */
function contradictions(changes: readonly Change[]): string[] {
  const actions = new Map<string, string[]>();
  for (const { Action, ResourceRecordSet: set } of changes) {
    const key = `${set?.Type} ${canonicalName(set?.Name ?? '')} ${set?.SetIdentifier ?? ''}`.trim();
    actions.set(key, [...actions.get(key) ?? [], Action!]);
  }
  return [...actions].filter(([, each]) => each.length > 1 && each.join() !== 'DELETE,CREATE')
    .map(([key]) => `The request contains an invalid set of changes for a resource record set '${key}'`);
}

function problemsOf(
  action: string, wanted: ResourceRecordSet, zoneName: string, current: readonly ResourceRecordSet[],
): string[] {
  const existing = current.find((each) => sameKey(each, wanted));
  const identifier = wanted.SetIdentifier ? `, set identifier='${wanted.SetIdentifier}'` : '';
  const set = `resource record set [name='${wanted.Name}', type='${wanted.Type}'${identifier}]`;
  if (action === 'DELETE') {
    if (!existing) return [`Tried to delete ${set} but it was not found`];
    if (!sameContent(existing, wanted)) {
      return [`Tried to delete ${set} but the values provided do not match the current values`];
    }
    return apexProblems(wanted, zoneName);
  }
  return [
    ...action === 'CREATE' && existing ? [`Tried to create ${set} but it already exists`] : [],
    ...nameProblems(wanted, zoneName),
    ...valueProblems(wanted),
    ...conflicts(wanted, zoneName, current),
  ];
}

/** A zone keeps its own NS and SOA as long as it lives. */
function apexProblems(wanted: ResourceRecordSet, zoneName: string): string[] {
  if (wanted.Name !== zoneName) return [];
  if (wanted.Type === 'SOA') return ['A HostedZone must contain exactly one SOA record.'];
  if (wanted.Type === 'NS') return ['A HostedZone must contain at least one NS record for the zone itself.'];
  return [];
}

function nameProblems(wanted: ResourceRecordSet, zoneName: string): string[] {
  const name = wanted.Name!;
  const isInZone = name === zoneName || name.endsWith(`.${zoneName}`);
  return [
    ...isInZone ? [] : [`RRSet with DNS name ${name} is not permitted in zone ${zoneName}`],
    ...recordNameProblems(name),
  ];
}

function valueProblems(wanted: ResourceRecordSet): string[] {
  const values = wanted.ResourceRecords?.map((each) => each.Value ?? '') ?? [];
  const problems = values.map((value) => recordValueProblem(wanted.Type!, value)).filter((each) => each !== undefined);
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  const moreThanOne = `RRSet of type CNAME with DNS name ${wanted.Name} has more than one value`;
  return [
    ...problems.map((problem) => `Invalid Resource Record: '${problem}'`),
    ...twice === undefined ? [] : [`Duplicate Resource Record: '${twice}'`],
    ...wanted.Type === 'CNAME' && values.length > 1 ? [moreThanOne] : [],
  ];
}

function conflicts(wanted: ResourceRecordSet, zoneName: string, current: readonly ResourceRecordSet[]): string[] {
  const namesakes = current.filter((each) => each.Name === wanted.Name);
  const rrset = `RRSet of type ${wanted.Type} with DNS name ${wanted.Name} is not permitted`;
  const problems: string[] = [];
  if (wanted.Type === 'CNAME' && wanted.Name === zoneName) {
    problems.push(`${rrset} at apex in zone ${zoneName}`);
  } else if (wanted.Type === 'CNAME' && namesakes.some((each) => each.Type !== 'CNAME')) {
    problems.push(`${rrset} as it conflicts with other records with the same DNS name in zone ${zoneName}`);
  } else if (wanted.Type !== 'CNAME' && namesakes.some((each) => each.Type === 'CNAME')) {
    problems.push(`${rrset} because a conflicting RRSet of type CNAME with the same DNS name already exists `
      + `in zone ${zoneName}`);
  }
  const routed = (each: ResourceRecordSet) => each.SetIdentifier !== undefined;
  if (namesakes.some((each) => each.Type === wanted.Type && routed(each) !== routed(wanted))) {
    const { Name, Type, SetIdentifier = 'null' } = wanted;
    problems.push(`RRSet with DNS name ${Name}, type ${Type}, SetIdentifier ${SetIdentifier} `
      + 'cannot be created because a RRSet with the same name and type but another routing policy already exists');
  }
  return problems;
}

function applied(
  action: string, wanted: ResourceRecordSet, current: readonly ResourceRecordSet[],
): ResourceRecordSet[] {
  const others = current.filter((each) => !sameKey(each, wanted));
  return action === 'DELETE' ? others : [...others, wanted];
}

function sameKey(a: RecordSetKey, b: RecordSetKey): boolean {
  return a.Name === b.Name && a.Type === b.Type && a.SetIdentifier === b.SetIdentifier;
}

/** Values in any order, all else as it is. */
function sameContent(a: ResourceRecordSet, b: ResourceRecordSet): boolean {
  const values = (set: ResourceRecordSet) => set.ResourceRecords?.map((each) => each.Value).sort();
  return isDeepStrictEqual({ ...a, ResourceRecords: values(a) }, { ...b, ResourceRecords: values(b) });
}
