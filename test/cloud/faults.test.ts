// Faults of calls and of DNS queries: which calls they hit, for how long, and what a stale read shows.
import {
  ChangeResourceRecordSetsCommand, GetChangeCommand, ListResourceRecordSetsCommand, Route53Client,
} from '@aws-sdk/client-route-53';
import { GetEmailIdentityCommand, TagResourceCommand } from '@aws-sdk/client-sesv2';
import { DnsAnswer, RCODE } from './dns/dns-server';
import { DnsWorld } from './dns/dns-world';
import { DnsQueries } from './dns-queries';
import { FaultKind, Faults, STALE_MS } from './faults';
import { MinimalContext, minimalContext, refusal } from './minimal-context';
import { Route53 } from './route53';
import { SesStage } from './ses/stage';

describe('which calls fail', () => {
  const hits = (fault: Partial<Parameters<Faults['add']>[0]>, moments: number[]) => {
    const faults = new Faults();
    faults.add({ service: 'ses', operation: 'Read', kind: 'error', ...fault });
    return moments.map((now) => {
      const { kind, refused } = faults.next('ses', 'Read', now);
      if (kind === undefined) refused(); // all of them failed for another reason
      return kind !== undefined;
    });
  };

  test('nth: just that one, whatever came of those before', () => {
    expect(hits({ nth: 3 }, [0, 0, 0, 0])).toEqual([false, false, true, false]);
  });

  test('skip: those that failed for another reason do not count', () => {
    expect(hits({ skip: 2 }, [0, 0, 0, 0])).toEqual([false, false, false, false]);
  });

  test('forMs: all, for so long after the first that failed', () => {
    expect(hits({ nth: 2, forMs: 60_000 }, [0, 5_000, 64_999, 65_000])).toEqual([false, true, true, false]);
  });
});

describe('what a stale read shows', () => {
  test('SES: the identity as it was, and only in that call', async () => {
    const stage = await SesStage.start();
    stage.ses.createIdentity({ account: '111111111111', region: 'us-east-1', name: 'example.com' });
    await stage.client.send(new TagResourceCommand({
      ResourceArn: 'arn:aws:ses:us-east-1:111111111111:identity/example.com', Tags: [{ Key: 'new', Value: 'tag' }],
    }));
    const tags = async () => (await stage.client.send(new GetEmailIdentityCommand({ EmailIdentity: 'example.com' }))).Tags;
    stage.context.faults.add({ service: 'ses', kind: 'stale', times: 1 });
    expect(await tags()).toEqual([]);
    expect(await tags()).toEqual([{ Key: 'new', Value: 'tag' }]);

    stage.context.faults.add({ service: 'ses', kind: 'stale' });
    await stage.context.clock.pass(STALE_MS);
    expect(await tags()).toEqual([{ Key: 'new', Value: 'tag' }]);
    await stage.stop();
  });

  describe('Route 53', () => {
    let context: MinimalContext;
    let dns: DnsWorld;
    let route53: Route53;
    let client: Route53Client;
    let HostedZoneId: string;
    /** Resolves when a connection will get no answer. */
    let abandoned: Promise<void>;

    beforeEach(async () => {
      abandoned = new Promise((resolve) => {
        context = { ...minimalContext(), abandonConnection: () => resolve() };
      });
      dns = new DnsWorld();
      await dns.start();
      route53 = new Route53(context, dns, { insyncAfter: 5_000 });
      await route53.start();
      const credentials = context.credentials.issue({ account: '111111111111', processId: 'function' });
      client = new Route53Client({ region: 'us-east-1', endpoint: route53.endpoint, credentials, maxAttempts: 1 });
      HostedZoneId = (await route53.createHostedZone({ account: '111111111111', name: 'example.com' })).id;
    });
    afterEach(async () => {
      await route53.stop();
      await dns.stop();
    });

    const write = async (abortSignal?: AbortSignal) => (await client.send(new ChangeResourceRecordSetsCommand({
      HostedZoneId,
      ChangeBatch: {
        Changes: [{
          Action: 'CREATE',
          ResourceRecordSet: { Name: 'a.example.com', Type: 'TXT', TTL: 60, ResourceRecords: [{ Value: '"a"' }] },
        }],
      },
    }), { abortSignal })).ChangeInfo!.Id!;

    test('the records as they were', async () => {
      await write();
      const count = async () =>
        (await client.send(new ListResourceRecordSetsCommand({ HostedZoneId }))).ResourceRecordSets!.length;
      context.faults.add({ service: 'route53', operation: 'ListResourceRecordSets', kind: 'stale' });
      expect([await count(), await count()]).toEqual([2, 3]);
    });

    test('a change that is in sync as one that is not', async () => {
      const Id = await write();
      await context.clock.pass(6_000);
      const status = async () => (await client.send(new GetChangeCommand({ Id }))).ChangeInfo!.Status;
      context.faults.add({ service: 'route53', operation: 'GetChange', kind: 'stale' });
      expect([await status(), await status()]).toEqual(['PENDING', 'INSYNC']);
    });

    test('503 is an answer of the service that did nothing', async () => {
      context.faults.add({ service: 'route53', kind: 'unavailable' });
      const error = await refusal(write());
      expect([error.name, error.$metadata?.httpStatusCode]).toEqual(['ServiceUnavailable', 503]);
      expect(route53.recordSets(HostedZoneId)).toHaveLength(2);
    });

    test('hang-after: the change is made, and no answer comes', async () => {
      context.faults.add({ service: 'route53', kind: 'hang-after' });
      const given = new AbortController();
      const sent = write(given.signal);
      await abandoned;
      given.abort();
      await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
      expect(route53.recordSets(HostedZoneId)).toHaveLength(3);
    });
  });
});

describe('DNS queries of functions', () => {
  const FOUND: DnsAnswer = {
    rcode: RCODE.noError, authoritative: true, answers: [{ type: 'TXT', name: 'a.example', ttl: 60, data: 'text' }],
  };

  function meet(kind: FaultKind | undefined, isLogged = true) {
    const context = minimalContext();
    const killed = jest.fn();
    if (kind) context.faults.add({ service: 'dns', operation: 'TXT', kind });
    const answer = new DnsQueries(context, isLogged, killed).meet({ name: 'a.example', type: 'TXT' }, () => FOUND);
    return { answer, killed: killed.mock.calls.length, calls: context.calls };
  }

  test('they are in the log of calls where that is asked for', () => {
    expect(meet(undefined).calls).toMatchObject([{ service: 'dns', operation: 'TXT', body: 'a.example' }]);
    expect(meet(undefined, false).calls).toEqual([]);
  });

  test.each<[FaultKind | undefined, DnsAnswer | undefined, number]>([
    [undefined, FOUND, 0],
    ['error', { rcode: RCODE.serverFailure }, 0],
    ['access-denied', { rcode: RCODE.refused }, 0],
    ['hang', undefined, 0],
    ['kill-before', undefined, 1],
    ['stale', { rcode: RCODE.noSuchName, authoritative: true }, 0],
  ])('%s', (kind, answer, killed) => {
    expect(meet(kind)).toMatchObject({ answer, killed });
  });
});
