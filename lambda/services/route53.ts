// Route 53 calls for one hosted zone.
import {
  ChangeResourceRecordSetsCommand, GetChangeCommand, GetHostedZoneCommand, ListResourceRecordSetsCommand, ResourceRecordSet, Route53Client, RRType,
} from '@aws-sdk/client-route-53';
import { ZoneProperties } from '../base/desired';
import { canonicalName } from '../base/dns-text';
import { backOff, isAccessDenied, Patience } from '../base/patience';
import { Change, ChangeRefusedError, HostedZone, RecordSet, ZoneGoneError } from '../base/ports';

/** Route 53 is usually done within 60 seconds, and allows 5 calls a second for a whole account, in which a hundred may wait. */
const INSYNC_PAUSE_MS = 4_000;

/** Route 53 fails such a batch as a whole and changes nothing. */
const REFUSED = ['InvalidChangeBatch', 'InvalidInput'];

/** `connect` gives a client, with the credentials of the zone's role where there is one. */
export function hostedZone({ id, roleArn }: ZoneProperties, connect: () => Promise<Route53Client>, patience: Patience): HostedZone {
  const HostedZoneId = id;

  async function call<T>(name: string, send: (client: Route53Client) => Promise<T>): Promise<T> {
    try {
      return await patience.insist(name, async () => send(await connect()));
    } catch (error) {
      throw goneOr(error as Error, id, roleArn);
    }
  }

  return {
    async describe() {
      const { HostedZone: zone } = await call('GetHostedZone', (client) => client.send(new GetHostedZoneCommand({ Id: HostedZoneId })));
      return { name: canonicalName(zone!.Name!), privateZone: zone?.Config?.PrivateZone ?? false };
    },

    async list(below) {
      const records: RecordSet[] = [];
      // Route 53 sorts by reversed labels, so all names below one stand together, behind it.
      let start: { StartRecordName?: string; StartRecordType?: RRType; StartRecordIdentifier?: string } = { StartRecordName: below };
      for (;;) {
        const page = await call('ListResourceRecordSets', (client) =>
          client.send(new ListResourceRecordSetsCommand({ HostedZoneId, ...start })));
        const found = (page.ResourceRecordSets ?? []).map(toRecordSet);
        records.push(...found.filter(({ name }) => name.endsWith(`.${below}`)));
        const past = found.some(({ name }) => name !== below && !name.endsWith(`.${below}`));
        if (!page.IsTruncated || past) return records;
        start = { StartRecordName: page.NextRecordName, StartRecordType: page.NextRecordType, StartRecordIdentifier: page.NextRecordIdentifier };
      }
    },

    async change(changes) {
      const { ChangeInfo } = await call('ChangeResourceRecordSets', (client) => client.send(new ChangeResourceRecordSetsCommand({
        HostedZoneId,
        ChangeBatch: { Comment: 'DKIM records (cdk-ses-dkim)', Changes: changes.map(toChange) },
      })));
      let status = ChangeInfo?.Status;
      for (let tries = 1; status !== 'INSYNC'; tries++) {
        await patience.pause(backOff(tries, INSYNC_PAUSE_MS), `Route 53 to bring the zone ${id} in sync`);
        const answer = await call('GetChange', (client) => client.send(new GetChangeCommand({ Id: ChangeInfo!.Id! })));
        status = answer.ChangeInfo?.Status;
      }
    },
  };
}

function goneOr(error: Error, id: string, roleArn: string | undefined): Error {
  if (error.name === 'NoSuchHostedZone') return new ZoneGoneError(`There is no hosted zone ${id}.`);
  // STS says the same for a role that is not there and one that may not be assumed.
  if (roleArn && isAccessDenied(error)) return new ZoneGoneError(`The role ${roleArn} gives no access to the hosted zone ${id}: ${error.message}`);
  if (REFUSED.includes(error.name)) return new ChangeRefusedError(`Route 53 refused the change of zone ${id}: ${error.message}`);
  return error;
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

function toChange({ action, record }: Change) {
  const made: ResourceRecordSet = {
    Name: record.name, Type: record.type as RRType, TTL: record.ttl, ResourceRecords: record.values.map((Value) => ({ Value })),
  };
  // DELETE has to repeat exactly what is there, also what this library never writes itself.
  return { Action: action, ResourceRecordSet: action === 'DELETE' && record.listed ? record.listed as ResourceRecordSet : made };
}
