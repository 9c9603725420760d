// Limits that a deployment can run into: the size of a Route 53 batch, the length of a name, and who else writes.
import { App, Stack } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import { ACCOUNT, byoDkim, REGION, Scene } from './scene';
import { EmailIdentityDkim } from '../../src';
import { StackResult } from '../cloud';
import { AWS_LIMITS } from '../cloud/change-batch-limits';

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

/** Changes to that selector. All have one key of 2048 bits. */
function changeSelector(index: number, region = REGION): Promise<StackResult> {
  return scene.deploy('Mail', scene.byo(`s${index}`, scene.secrets.one), { region });
}

/** Deploys the selectors `s1` to `s<last>`, one after the other, each in all Regions. */
async function changeSelectorUpTo(last: number, regions = [REGION]): Promise<void> {
  for (let index = 1; index <= last; index++) {
    const status = index === 1 ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE';
    for (const region of regions) expect(await changeSelector(index, region)).toMatchObject({ status });
  }
  expect(scene.records()).toHaveLength(last);
}

describe('one batch of Route 53 has at most 32,000 characters', () => {
  beforeEach(() => begin(AWS_LIMITS.valueCharacters));
  afterEach(() => scene.stop());

  test('60 changes of the selector have left 61 records, and Delete takes them all', async () => {
    await changeSelectorUpTo(61);
    expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
    expect(scene.all()).toEqual([]);
  });

  describe('61 changes of the selector have left 62 records', () => {
    let result: StackResult;

    beforeEach(async () => {
      await changeSelectorUpTo(62);
      result = await scene.destroy('Mail');
    });

    // Today: DELETE_FAILED, "[RDATA character limit of 32000 exceeded.]". SES has been set back to Easy DKIM already.
    test('E1 Delete never sticks', () => {
      expect({ ...result, left: scene.all() }).toMatchObject({ status: 'DELETE_COMPLETE', left: [] });
    });
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

    // Today: UPDATE_ROLLBACK_COMPLETE, "[RDATA character limit of 3200 exceeded.]". The registry record is in the batch
    // twice: as it was, and as it is to be. With AWS's own limit it is the 152nd selector.
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

    // Today: the last Region gets UPDATE_ROLLBACK_COMPLETE, as above. It writes the registry records of all three anew.
    test('E1 the next change is taken as the first was', () => {
      expect(statuses).toEqual(REGIONS.map(() => 'UPDATE_COMPLETE'));
    });
  });
});

describe('a record\'s name has at most 253 characters, and one that is longer is refused at synthesis', () => {
  const SELECTOR = 'x'.repeat(63);
  const AROUND = `${SELECTOR}._domainkey.`;
  /** A domain with that many characters, in labels of at most 59. */
  const domainOf = (length: number) => `${`${'x'.repeat(59)}.`.repeat(4).slice(0, length - '.com'.length)}.com`;

  function synthesize(domain: string, withZone: boolean): void {
    const app = new App({ outdir: Scene.newDirectory(), analyticsReporting: false });
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

      // Today: it is taken, and the deployment fails or nobody can publish the record.
      test('E4 are refused, and the reason says how long the name would be', () => {
        expect(String(refusal?.message)).toContain('254');
      });
    });
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

  // Today: "Route 53 refused the change of zone". Each round one of them writes, and the others are refused. Whoever is
  // refused begins again at once, and gives up after five times.
  test('E5 each of them gets its turn', () => {
    expect(results.map(({ status, reason }) => ({ status, reason })))
      .toEqual(REGIONS.map(() => ({ status: 'CREATE_COMPLETE', reason: undefined })));
  });
});
