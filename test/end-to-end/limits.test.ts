// Limits that a deployment can run into: the size of a Route 53 batch, the length of a name, and who else writes.
import { CfnParameter, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { signsByHand } from './hand-made';
import { ACCOUNT, byoDkim, DOMAIN, PEM, publicKeyOf, REGION, Scene } from './scene';
import { EmailIdentityDkim, RecordConflict } from '../../src';
import { LocalCloudOptions, StackResult } from '../cloud';
import { AWS_LIMITS } from '../cloud/change-batch-limits';
import { part, WHOLE } from '../whole-size';

let scene: Scene;

/** Nothing is waited for that is tested elsewhere: INSYNC, and calls a second. */
async function begin(valueCharacters: number): Promise<void> {
  scene = await Scene.withIdentity({
    functions: 'in-process',
    route53: {
      limits: { ...AWS_LIMITS, valueCharacters }, insyncAfter: 0, processingTime: 0, requestsPerSecond: 100,
    },
    ses: { requestsPerSecond: 100 },
  });
}

/** What was synthesized before: one seed gives each scene the same zone and secret, so most tests find theirs here. */
const assemblies = new Map<string, CloudAssembly>();

/** Changes to that selector. All have one key of 2048 bits. */
function changeSelector(index: number, region = REGION): Promise<StackResult> {
  const key = [index, region, scene.zoneId, scene.secrets.one].join();
  const assembly = assemblies.get(key) ?? scene.synthesize('Mail', scene.byo(`s${index}`, scene.secrets.one), { region });
  assemblies.set(key, assembly);
  return scene.cloud.cloudFormation.deployAssembly(assembly, 'Mail');
}

/** Deploys the selectors `s1` to `s<last>`, one after the other, each in all Regions. */
async function changeSelectorUpTo(last: number, regions = [REGION]): Promise<void> {
  for (let index = 1; index <= last; index++) {
    const status = index === 1 ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE';
    for (const region of regions) expect(await changeSelector(index, region)).toMatchObject({ status });
  }
  expect(scene.records()).toHaveLength(last);
}

// A tenth of the room is filled by a tenth of the changes.
const [PART, FIT] = WHOLE ? [1, 61] : [10, 6];

describe(`one batch of Route 53 has at most ${AWS_LIMITS.valueCharacters / PART} characters`, () => {
  beforeEach(() => begin(AWS_LIMITS.valueCharacters / PART));
  afterEach(() => scene.stop());

  test.each([FIT, FIT + 1])('E1 Delete takes the records of %d selectors', async (count) => {
    await changeSelectorUpTo(count);
    expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
    expect(scene.all()).toEqual([]);
  });
});

describe('one batch has a tenth of that, so that a tenth of the changes is enough', () => {
  beforeEach(() => begin(AWS_LIMITS.valueCharacters / 10));
  afterEach(() => scene.stop());

  describe('the registry record lists 13 selectors', () => {
    let result: StackResult;

    beforeEach(async () => {
      await changeSelectorUpTo(13);
      result = await changeSelector(14);
    });

    test('E1 the next change is taken as the first was', () => {
      expect(result).toMatchObject({ status: 'UPDATE_COMPLETE' });
    });
  });

  describe('the registry records of three Regions that share the zone list 5 selectors each', () => {
    const REGIONS = [REGION, 'eu-west-1', 'ap-southeast-2'];
    let statuses: string[];

    beforeEach(async () => {
      for (const region of REGIONS.slice(1)) scene.identityExists(region);
      await changeSelectorUpTo(5, REGIONS);
      statuses = [];
      for (const region of REGIONS) statuses.push((await changeSelector(6, region)).status);
    });

    test('E1 the next change is taken as the first was', () => {
      expect(statuses).toEqual(REGIONS.map(() => 'UPDATE_COMPLETE'));
    });
  });
});

describe('one batch has a tenth of that, and 15 selectors are listed in three Regions that share the zone', () => {
  const REGIONS = [REGION, 'eu-west-1', 'ap-southeast-2'];

  beforeEach(async () => {
    await begin(AWS_LIMITS.valueCharacters / 10);
    for (const region of REGIONS.slice(1)) scene.identityExists(region);
    await changeSelectorUpTo(15, REGIONS);
  });
  afterEach(() => scene.stop());

  test('E1 Delete takes all of it, in several batches', async () => {
    for (const region of REGIONS) {
      expect(await scene.destroy('Mail', { region })).toMatchObject({ status: 'DELETE_COMPLETE' });
    }
    expect(scene.all()).toEqual([]);
  });

  test('E1 what is retained stays, and the registry goes', async () => {
    for (const region of REGIONS) {
      const retained = scene.byo('s15', scene.secrets.one, { removalPolicy: RemovalPolicy.RETAIN });
      await scene.deployed('Mail', retained, { region });
      expect(await scene.destroy('Mail', { region })).toMatchObject({ status: 'DELETE_COMPLETE' });
    }
    expect(scene.all()).toEqual(scene.records());
    expect(scene.records()).toHaveLength(15);
  });

  test('E1 all of it is marked when the stack names the zone no longer', async () => {
    for (const region of REGIONS) {
      const elsewhere = scene.byo('s15', scene.secrets.one, { hostedZone: undefined });
      await scene.deployed('Mail', elsewhere, { region });
    }
    expect(scene.records()).toHaveLength(15);
    const lines = scene.all().filter((line) => line.includes(' cdk-ses-dkim-')).join(' ').match(/"record=[^"]*"/g)!;
    expect(lines).toHaveLength(45);
    expect(lines.filter((line) => !line.includes('until='))).toEqual([]);
  });
});

describe('a Delete that takes several batches', () => {
  afterEach(() => scene.stop());

  // The first ones are refused, as they are too large for this Route 53.
  test.each(part([0, 3, 4, 5, 6]))('E1 dies after %d calls, is repeated, and leaves nothing', async (skip) => {
    await begin(AWS_LIMITS.valueCharacters / 10);
    await changeSelectorUpTo(20);
    const since = scene.writes().length;
    scene.cloud.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', kind: 'kill-after', skip });
    expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
    expect(scene.all()).toEqual([]);
    expect(scene.writes().slice(since).length).toBeGreaterThan(skip + 1);
  });
});

test('1,200 records of others below _domainkey are neither in the way nor touched', async () => {
  await begin(AWS_LIMITS.valueCharacters);
  for (let index = 0; index < 1200; index++) scene.write(`other${index}._domainkey.${DOMAIN}`, 'TXT', '"v=DKIM1; p=x"');
  const before = scene.all();
  await changeSelector(1);
  await changeSelector(2);
  expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  expect(scene.all()).toEqual(before);
  await scene.stop();
});

describe('OVERWRITE of a record that fills a batch by itself', () => {
  beforeEach(() => begin(AWS_LIMITS.valueCharacters));
  afterEach(() => scene.stop());

  test('E1 replaces it', async () => {
    const values = Array.from({ length: 125 }, (_, index) => `"${String(index).padEnd(253, 'x')}"`);
    scene.cloud.route53.change(scene.zoneId, [{
      Action: 'CREATE',
      ResourceRecordSet: {
        Name: `s1._domainkey.${DOMAIN}`, Type: 'TXT', TTL: 300, ResourceRecords: values.map((Value) => ({ Value })),
      },
    }]);
    const overwriting = scene.byo('s1', scene.secrets.one, { recordConflict: RecordConflict.OVERWRITE });
    await scene.deployed('Mail', overwriting);
    expect(scene.records()).toEqual([expect.stringContaining(publicKeyOf(PEM.one).slice(0, 100))]);
  });
});

describe('what is superseded is retired by the first deployment after its 14 days', () => {
  const FORTNIGHT = 15 * 86_400_000;
  const selectors = () => scene.records().map((line) => line.split(/[ .]/)[1]);

  const start = (more: LocalCloudOptions['ses'] = {}) => Scene.withIdentity({
    functions: 'in-process', ses: { recheckEvery: 6 * 3600_000, ...more },
  });
  afterEach(() => scene.stop());

  /** Each change of the selector comes two weeks after the one before. */
  async function changeEachFortnight(selectorsInOrder: readonly number[]): Promise<void> {
    for (const index of selectorsInOrder) {
      await changeSelector(index);
      await scene.verified();
      expect(await scene.send()).toMatchObject({ result: 'pass', selector: `s${index}` });
      await scene.cloud.clock.pass(FORTNIGHT);
    }
  }

  test.each<[string, LocalCloudOptions['ses']]>([
    ['names the selector', {}], ['does not name the selector', { byoDkimTokens: 'none' }],
  ])('invariant 12 nothing piles up, when SES %s', async (_, settings) => {
    scene = await start(settings);
    await changeEachFortnight([1, 2, 3, 4, 5]);
    expect(selectors()).toEqual(['s4', 's5']);
    const registry = scene.all().filter((line) => line.includes(' cdk-ses-dkim-'));
    expect(registry).toHaveLength(1);
    expect(registry[0].match(/record=/g)).toHaveLength(2);
    await scene.destroy('Mail');
    expect(scene.all()).toEqual([]);
  });

  test('invariant 12 the tokens of Easy DKIM go when a key of one’s own has taken their place', async () => {
    scene = await start();
    await scene.deployed('Mail', scene.easy());
    await changeSelector(1);
    await scene.cloud.clock.pass(FORTNIGHT);
    await changeSelector(2);
    expect(selectors()).toEqual(['s1', 's2']);
  });

  test('invariant 10 what SES signs with stays, whatever the properties say', async () => {
    scene = await start();
    for (const index of [1, 2]) {
      await changeSelector(index);
      await scene.verified();
    }
    signsByHand(scene, 's1', PEM.one);
    await scene.verified();
    await scene.cloud.clock.pass(FORTNIGHT);
    const sent = await scene.sent();
    await changeSelector(3);
    expect(await scene.verdictOn(sent)).toMatchObject({ result: 'pass', selector: 's1' });
    await changeSelector(4);
    expect(await scene.verdictOn(sent)).toMatchObject({ result: 'pass', selector: 's1' });
    await scene.cloud.clock.pass(FORTNIGHT);
    await changeSelector(5);
    expect(selectors()).toEqual(['s4', 's5']);
  });

  test('invariant 2 what another owner uses stays, and what somebody has changed', async () => {
    scene = await start();
    scene.identityExists('eu-west-1');
    await changeSelector(1);
    await changeSelector(2);
    await changeSelector(2, 'eu-west-1');
    await changeSelector(3);
    scene.erase(`s1._domainkey.${DOMAIN}`);
    scene.write(`s1._domainkey.${DOMAIN}`, 'TXT', '"theirs"');
    await scene.cloud.clock.pass(FORTNIGHT);
    await changeSelector(4);
    expect(selectors()).toEqual(['s1', 's2', 's3', 's4']);
    await scene.destroy('Mail', { region: 'eu-west-1' });
    expect(selectors()).toEqual(['s1', 's3', 's4']);
  });
});

describe('a record\'s name has at most 253 characters, and one that is longer is refused at synthesis', () => {
  const SELECTOR = 'x'.repeat(63);
  const AROUND = `${SELECTOR}._domainkey.`;
  /** A domain with that many characters, in labels of at most 59. */
  const domainOf = (length: number) => `${`${'x'.repeat(59)}.`.repeat(4).slice(0, length - '.com'.length)}.com`;

  function synthesize(domain: string, withZone: boolean): void {
    const app = Scene.newApp();
    const stack = new Stack(app, 'Mail', { env: { account: ACCOUNT, region: REGION } });
    new EmailIdentityDkim(stack, 'Dkim', {
      identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', domain),
      hostedZone: withZone ? route53.HostedZone.fromHostedZoneId(stack, 'Zone', 'Z0123456789ABC') : undefined,
      signing: byoDkim(stack, SELECTOR, `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:dkim-AbCdEf`),
    });
    app.synth();
  }

  describe.each([['in a hosted zone', true], ['at another provider', false]])('%s', (_, withZone) => {
    test('253 are taken', () => {
      const domain = domainOf(253 - AROUND.length);
      expect(`${AROUND}${domain}`).toHaveLength(253);
      expect(() => synthesize(domain, withZone)).not.toThrow();
    });

    describe('254', () => {
      let refusal: Error | undefined;

      beforeEach(() => {
        const domain = domainOf(254 - AROUND.length);
        expect(`${AROUND}${domain}`).toHaveLength(254);
        try {
          synthesize(domain, withZone);
        } catch (error) {
          refusal = error as Error;
        }
      });

      test('E4 are refused, and the reason says how long the name would be', () => {
        expect(String(refusal?.message)).toContain('254');
      });
    });
  });
});

describe('a name of 254 characters that only the deployment knows is refused before anything is written', () => {
  const DOMAIN_OF_179 = `${`${'x'.repeat(59)}.`.repeat(4).slice(0, 175)}.com`;

  test('E4 of a selector', async () => {
    scene = await Scene.start();
    scene.identityExists(REGION, DOMAIN_OF_179);
    const since = scene.cloud.calls.length;
    const result = await scene.deploy('Mail', (stack) => {
      const domain = new CfnParameter(stack, 'Name', { default: DOMAIN_OF_179 }).valueAsString;
      new EmailIdentityDkim(stack, 'Dkim', {
        identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', domain),
        signing: byoDkim(stack, 'x'.repeat(63), scene.secrets.one),
      });
    });
    expect(result).toMatchObject({ status: 'ROLLBACK_COMPLETE', reason: expect.stringContaining('254 characters') });
    expect(scene.writes(since)).toEqual([]);
    await scene.stop();
  });

  test('E4 of a registry record', async () => {
    scene = await Scene.start();
    const name = `${`${'x'.repeat(59)}.`.repeat(4).slice(0, 197 - DOMAIN.length - 1).replace(/\.$/, 'x')}.${DOMAIN}`;
    expect(name).toHaveLength(197);
    scene.identityExists(REGION, name);
    const since = scene.cloud.calls.length;
    const result = await scene.deploy('Mail', (stack) => {
      const domain = new CfnParameter(stack, 'Name', { default: name }).valueAsString;
      new EmailIdentityDkim(stack, 'Dkim', {
        identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', domain),
        hostedZone: route53.HostedZone.fromHostedZoneId(stack, 'Zone', scene.zoneId),
      });
    });
    expect(result).toMatchObject({ status: 'ROLLBACK_COMPLETE', reason: expect.stringContaining('254 characters') });
    expect(scene.writes(since)).toEqual([]);
    await scene.stop();
  });
});

describe('one domain in six Regions, which are deployed at the same moment and share a zone', () => {
  const REGIONS = [REGION, 'eu-west-1', 'eu-central-1', 'ap-southeast-2', 'us-west-2', 'eu-north-1'];

  let results: StackResult[];

  beforeEach(async () => {
    // All of them read before one writes, in each round: every call takes the same time, and the zone is never busy.
    scene = await Scene.withIdentity({
      functions: 'in-process',
      latency: { least: 100, most: 100 },
      route53: { processingTime: 0, requestsPerSecond: 100 },
    });
    for (const region of REGIONS.slice(1)) scene.identityExists(region);
    results = await Promise.all(REGIONS.map((region) => changeSelector(1, region)));
  });
  afterEach(() => scene.stop());

  test('E5 each of them gets its turn', () => {
    expect(results.map(({ status, reason }) => ({ status, reason })))
      .toEqual(REGIONS.map(() => ({ status: 'CREATE_COMPLETE', reason: undefined })));
  });
});
