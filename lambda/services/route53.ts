// Route 53 calls for one hosted zone.
import {
  Change as WireChange, ChangeResourceRecordSetsCommand, GetChangeCommand, GetHostedZoneCommand,
  ListResourceRecordSetsCommand, ListResourceRecordSetsCommandInput, ResourceRecordSet, Route53Client, RRType,
} from '@aws-sdk/client-route-53';
import { nameOf, textOf } from '../base/describe-error';
import { ZoneSettings } from '../base/desired-state';
import { canonicalName, isWithin, namesDownTo } from '../base/dns-text';
import { ChangeRefusedError, ZoneGoneError } from '../base/errors';
import { Change, HostedZone, RecordSet } from '../base/ports';
import { backOff, isAccessDenied, Retry } from '../base/retry';

/**
 * Route 53 is usually done within 60 seconds. It allows 5 calls a second for a whole account, in which a hundred may
 * wait.
 */
const INSYNC_PAUSE_MS = 4_000;

/** Route 53 fails such a batch as a whole and changes nothing. */
const REFUSED = ['InvalidChangeBatch', 'InvalidInput'];

/** `connect` gives a client, with the credentials of the zone's role where there is one. */
export function hostedZone(
  { id: HostedZoneId, roleArn }: ZoneSettings, connect: () => Promise<Route53Client>, retry: Retry,
): HostedZone {
  async function call<T>(name: string, send: (client: Route53Client) => Promise<T>): Promise<T> {
    try {
      return await retry.call(name, async () => send(await connect()));
    } catch (error) {
      throw ourErrorFor(error, HostedZoneId, roleArn) ?? error;
    }
  }

  const page = (start: Omit<ListResourceRecordSetsCommandInput, 'HostedZoneId'>) =>
    call('ListResourceRecordSets', (client) =>
      client.send(new ListResourceRecordSetsCommand({ HostedZoneId, ...start })));

  /** The NS records of that very name: the first that Route 53 lists from there on. */
  async function nameServersOf(name: string): Promise<RecordSet[]> {
    const { ResourceRecordSets = [] } = await page({ StartRecordName: name, StartRecordType: 'NS', MaxItems: 1 });
    return ResourceRecordSets.map(toRecordSet).filter((found) => found.name === name && found.type === 'NS');
  }

  return {
    async describe(domain) {
      const { HostedZone: zone } = await call('GetHostedZone', (client) =>
        client.send(new GetHostedZoneCommand({ Id: HostedZoneId })));
      const name = canonicalName(zone?.Name ?? '');
      const [, ...belowApex] = namesDownTo(domain, name);
      const cuts = (await Promise.all(belowApex.map(nameServersOf))).flat();
      return { name, privateZone: zone?.Config?.PrivateZone ?? false, cut: cuts.at(0) };
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
        client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch })));
      for (let tries = 1; info?.Status !== 'INSYNC'; tries++) {
        await retry.pause(backOff(tries, INSYNC_PAUSE_MS), `Route 53 to bring the zone ${HostedZoneId} in sync`);
        ({ ChangeInfo: info } = await call('GetChange', (client) => client.send(new GetChangeCommand({ Id: info?.Id }))));
      }
    },
  };
}

function ourErrorFor(error: unknown, id: string, roleArn: string | undefined): Error | undefined {
  if (nameOf(error) === 'NoSuchHostedZone') return new ZoneGoneError(`There is no hosted zone ${id}`);
  // STS says the same for a role that is not there and one that may not be assumed.
  if (roleArn && isAccessDenied(error)) {
    return new ZoneGoneError(`The role ${roleArn} gives no access to the hosted zone ${id}: ${textOf(error)}`);
  }
  if (REFUSED.includes(nameOf(error))) {
    return new ChangeRefusedError(`Route 53 refused the change of zone ${id}: ${textOf(error)}`);
  }
  return undefined;
}

function toRecordSet(listed: ResourceRecordSet): RecordSet {
  return {
    name: canonicalName(listed.Name ?? ''),
    type: listed.Type ?? '',
    ttl: listed.TTL,
    values: (listed.ResourceRecords ?? []).map(({ Value }) => Value ?? ''),
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
