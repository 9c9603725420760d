// Route 53 calls for one hosted zone.
import {
  Change as WireChange, ChangeResourceRecordSetsCommand, GetChangeCommand, GetHostedZoneCommand,
  ListResourceRecordSetsCommand, ListResourceRecordSetsCommandInput, ResourceRecordSet, Route53Client, RRType,
} from '@aws-sdk/client-route-53';
import { nameOf, NETWORK, textOf } from '../base/describe-error';
import { ZoneSettings } from '../base/desired-state';
import { canonicalName, isWithin, namesDownTo } from '../base/dns-text';
import { ChangeRefusedError, HandlerError, ZoneGoneError } from '../base/errors';
import { Change, HostedZone, RecordSet, ZoneDescription } from '../base/ports';
import { isAccessDenied, Retry } from '../base/retry';

/** Route 53 is usually done within 60 seconds, and never at once. It allows 5 calls a second for a whole account. */
const FIRST_LOOK_MS = 12_000;
const LOOK_EVERY_MS = 6_000;

/** Route 53 fails such a batch as a whole and changes nothing. */
const REFUSED = ['InvalidChangeBatch', 'InvalidInput'];

/** Route 53 has one name for all that it refuses, so its text decides. The first that fits counts. */
const ADVICE: readonly [RegExp, string][] = [
  [/protected|managed by|service[- ]managed/i,
    'A record that is protected or managed by a service has to be changed there'],
  [/conflict|routing policy|more than one value/i,
    'Another kind of record has that name: see who needs it, and remove it or choose another name, then deploy again'],
  [/already exists|not found|do not match|set of changes/i,
    'Somebody has changed the record at the same time. Deploy again, and the zone is read again'],
  [/not permitted in zone|at apex/i,
    'The hosted zone is not that of the domain: pass the zone of the domain or of a parent domain'],
  [/\bTTL\b/i, 'Set recordTtl to whole seconds, from 0 to 2147483647'],
  [/\b(?:limit|maximum|quota)/i, 'Delete records that nobody needs, or ask AWS for a higher quota of the hosted zone; a '
    + 'limit of one request cannot be raised'],
];
const ANY_ADVICE = 'Look at the record that Route 53 names, and at who manages the zone, then deploy again';

/** A name has about as many types at the most. */
const TYPES = 20;

type KnownZone = Omit<ZoneDescription, 'cut'>;

/** What a zone is for, by its id. It never changes. */
export type KnownZones = Map<string, KnownZone>;

/** `connect` gives a client, with the credentials of the zone's role where there is one. */
export function hostedZone(
  { id: HostedZoneId, roleArn }: ZoneSettings, connect: () => Promise<Route53Client>, retry: Retry,
  known: KnownZones = new Map(),
): HostedZone {
  async function call<T>(
    name: string, send: (client: Route53Client) => Promise<T>, how: 'call' | 'write' = 'call',
  ): Promise<T> {
    try {
      return await retry[how](name, async () => send(await connect()));
    } catch (error) {
      throw ourErrorFor(error, HostedZoneId, roleArn) ?? error;
    }
  }

  const page = (start: Omit<ListResourceRecordSetsCommandInput, 'HostedZoneId'>) =>
    call('ListResourceRecordSets', (client) =>
      client.send(new ListResourceRecordSetsCommand({ HostedZoneId, ...start })));

  async function firstFrom(
    StartRecordName: string, MaxItems: number, StartRecordType?: 'NS' | 'SOA',
  ): Promise<RecordSet[]> {
    const { ResourceRecordSets = [] } = await page({ StartRecordName, StartRecordType, MaxItems });
    return ResourceRecordSets.map(toRecordSet);
  }

  /** The NS records of that very name: the first that Route 53 lists from there on. */
  async function nameServersOf(name: string): Promise<RecordSet[]> {
    return (await firstFrom(name, 1, 'NS')).filter((found) => found.name === name && found.type === 'NS');
  }

  async function isThere(name: string): Promise<boolean> {
    return (await firstFrom(name, 1)).some((found) => isWithin(found.name, name));
  }

  async function zoneItself(): Promise<KnownZone> {
    const zone = known.get(HostedZoneId) ?? await read();
    known.set(HostedZoneId, zone);
    return zone;
  }

  async function read(): Promise<KnownZone> {
    const { HostedZone: zone } = await call('GetHostedZone', (client) =>
      client.send(new GetHostedZoneCommand({ Id: HostedZoneId })));
    if (zone?.Name === undefined) throw noZoneIn(HostedZoneId);
    return { name: canonicalName(zone.Name), privateZone: zone.Config?.PrivateZone ?? false };
  }

  return {
    async describe(domain) {
      const zone = await zoneItself();
      const [, ...belowApex] = namesDownTo(domain, zone.name);
      const cuts = (await Promise.all(belowApex.map(nameServersOf))).flat();
      return { ...zone, cut: cuts.at(0) };
    },

    async wildcardFor(name) {
      const [, ...belowApex] = namesDownTo(name, (await zoneItself()).name);
      for (const each of belowApex) {
        const wildcard = each.replace(/^[^.]+/, '*');
        const records = (await firstFrom(wildcard, TYPES)).filter((found) => found.name === wildcard);
        if (records.length > 0 && !await isThere(each)) return records;
      }
      return [];
    },

    async negativeTtl() {
      const [soa] = await firstFrom((await zoneItself()).name, 1, 'SOA');
      const minimum = Number(soa?.values.at(0)?.split(' ').at(-1));
      if (Number.isNaN(minimum)) throw noZoneIn(HostedZoneId);
      return Math.min(soa.ttl ?? 0, minimum); // RFC 2308 section 5
    },

    async list(below) {
      const records: RecordSet[] = [];
      // Route 53 sorts by reversed labels, so a name and all names below it stand together.
      let start: Parameters<typeof page>[0] = { StartRecordName: below };
      for (;;) {
        const { ResourceRecordSets = [], IsTruncated, ...next } = await page(start);
        const found = ResourceRecordSets.map(toRecordSet);
        records.push(...found.filter(({ name, type }) => isWithin(name, below) && (name !== below || type === 'NS')));
        const isPast = found.some(({ name }) => !isWithin(name, below));
        if (!IsTruncated || isPast) return records;
        start = {
          StartRecordName: next.NextRecordName,
          StartRecordType: next.NextRecordType,
          StartRecordIdentifier: next.NextRecordIdentifier,
        };
      }
    },

    async change(changes) {
      const ChangeBatch = { Comment: 'DKIM records (cdk-ses-dkim)', Changes: changes.map(toWireChange) };
      let { ChangeInfo: info } = await call('ChangeResourceRecordSets', (client) =>
        client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch })), 'write');
      return {
        async inSync() {
          for (let pause = FIRST_LOOK_MS; info?.Status !== 'INSYNC'; pause = LOOK_EVERY_MS) {
            await retry.pause(pause, `Route 53 to bring the zone ${HostedZoneId} in sync`);
            ({ ChangeInfo: info } = await call('GetChange', (client) =>
              client.send(new GetChangeCommand({ Id: info?.Id }))));
          }
        },
      };
    },
  };
}

/** As in a web page that can be read as XML. */
function noZoneIn(id: string): Error {
  return new HandlerError(`The answer for the hosted zone ${id} has no zone in it`, NETWORK);
}

function ourErrorFor(error: unknown, id: string, roleArn: string | undefined): Error | undefined {
  if (nameOf(error) === 'NoSuchHostedZone') return new ZoneGoneError(`There is no hosted zone ${id}`);
  // STS says the same for a role that is not there and one that may not be assumed.
  if (roleArn && isAccessDenied(error)) {
    return new ZoneGoneError(`The role ${roleArn} gives no access to the hosted zone ${id}: ${textOf(error)}`, true);
  }
  if (REFUSED.includes(nameOf(error))) {
    const said = textOf(error);
    // A domain can be called protected.example.
    const words = said.split(/\s+/).filter((word) => !/.\../.test(word)).join(' ');
    const advice = ADVICE.find(([text]) => text.test(words))?.[1] ?? ANY_ADVICE;
    return new ChangeRefusedError(`Route 53 refused the change of zone ${id}: ${said}`, advice);
  }
  return undefined;
}

function toRecordSet(listed: ResourceRecordSet): RecordSet {
  return {
    name: canonicalName(listed.Name ?? ''),
    type: listed.Type ?? '',
    ttl: listed.TTL,
    values: (listed.ResourceRecords ?? []).map(({ Value }) => Value ?? ''),
    aliasOf: listed.AliasTarget?.DNSName && canonicalName(listed.AliasTarget.DNSName),
    ...(listed.SetIdentifier === undefined ? {} : { isRouted: true }),
    listed,
  };
}

function toWireChange({ action, record: { name, type, ttl, values, listed } }: Change): WireChange {
  // DELETE has to repeat exactly what is there, also what this library never writes itself.
  if (action === 'DELETE' && listed) return { Action: action, ResourceRecordSet: listed as ResourceRecordSet };
  return {
    Action: action,
    ResourceRecordSet: {
      Name: name, Type: type as RRType, TTL: ttl, ResourceRecords: values.map((Value) => ({ Value })),
    },
  };
}
