// Route 53 calls for one hosted zone.
import {
  Change as WireChange, ChangeResourceRecordSetsCommand, GetChangeCommand, GetHostedZoneCommand,
  ListResourceRecordSetsCommand, ListResourceRecordSetsCommandInput, ResourceRecordSet, Route53Client, RRType,
} from '@aws-sdk/client-route-53';
import { nameOf, textOf } from '../base/describe-error';
import { ZoneSettings } from '../base/desired-state';
import { canonicalName } from '../base/dns-text';
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

  return {
    async describe() {
      const { HostedZone: zone } = await call('GetHostedZone', (client) =>
        client.send(new GetHostedZoneCommand({ Id: HostedZoneId })));
      return { name: canonicalName(zone?.Name ?? ''), privateZone: zone?.Config?.PrivateZone ?? false };
    },

    async list(below) {
      const records: RecordSet[] = [];
      // Route 53 sorts by reversed labels, so all names below one stand together, behind it.
      let start: Omit<ListResourceRecordSetsCommandInput, 'HostedZoneId'> = { StartRecordName: below };
      for (;;) {
        const page = await call('ListResourceRecordSets', (client) =>
          client.send(new ListResourceRecordSetsCommand({ HostedZoneId, ...start })));
        const found = (page.ResourceRecordSets ?? []).map(toRecordSet);
        records.push(...found.filter(({ name }) => name.endsWith(`.${below}`)));
        const isPast = found.some(({ name }) => name !== below && !name.endsWith(`.${below}`));
        if (!page.IsTruncated || isPast) return records;
        start = {
          StartRecordName: page.NextRecordName,
          StartRecordType: page.NextRecordType,
          StartRecordIdentifier: page.NextRecordIdentifier,
        };
      }
    },

    async change(changes, isAwaited = true) {
      const ChangeBatch = { Comment: 'DKIM records (cdk-ses-dkim)', Changes: changes.map(toWireChange) };
      let { ChangeInfo: info } = await call('ChangeResourceRecordSets', (client) =>
        client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch })));
      for (let tries = 1; isAwaited && info?.Status !== 'INSYNC'; tries++) {
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
