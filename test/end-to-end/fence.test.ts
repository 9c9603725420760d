// Who may still write: a request that CloudFormation has cancelled, given up or been answered for must change nothing.
//
// Each failing test names the kind and the invariant, and says what happens today. What leads there is in `beforeEach`,
// where a failure is a failure.
import { Duration, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { failing, failingAfter } from './hand-made';
import { byoDkim, PEM, REGION, Scene } from './scene';
import { EmailIdentityDkim } from '../../src';
import { StackResult } from '../cloud';

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

/** The construct under test, and one that fails meanwhile. */
function besideOneThatFails(build: (stack: Stack) => unknown): (stack: Stack) => void {
  return (stack) => {
    build(stack);
    failing(stack);
  };
}

/** Long enough for all that was cancelled to come to its end. */
async function settled(): Promise<void> {
  await scene.cloud.clock.pass(900_000);
}

/** What there is of ours in the end. */
function left() {
  return { origin: scene.identity()?.origin, records: scene.all() };
}

const NOTHING = { origin: 'AWS_SES', records: [] };

describe('one update that is cancelled while SES throttles it', () => {
  beforeEach(async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one));
    await scene.verified();
    // With the pauses between the calls this is more than six minutes, in which the request writes nothing.
    scene.cloud.faults.add({
      service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', kind: 'throttle', times: 20,
    });
    const result = await scene.deploy('Mail', besideOneThatFails(scene.byo('s2', scene.secrets.two)));
    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    await settled();
  });

  test('A1 a request that no longer stands writes nothing: the old signing is at work', () => {
    expect(scene.identity()).toMatchObject({ origin: 'EXTERNAL', tokens: ['s1'] });
  });
});

describe('fifty requests that are cancelled, and share the one call a second that SES takes', () => {
  const domains = Array.from({ length: 50 }, (_, index) => `d${index}.example.com`);

  const all = (selector: string, secret: 'one' | 'two') => (stack: Stack) => {
    const hostedZone = scene.zoneIn(stack);
    const signing = byoDkim(stack, selector, scene.secrets[secret]);
    for (const domain of domains) {
      const identity = ses.EmailIdentity.fromEmailIdentityName(stack, `Identity${domain}`, domain);
      new EmailIdentityDkim(stack, domain, { identity, hostedZone, signing });
    }
  };

  beforeEach(async () => {
    await scene.stop();
    // How long a request goes without a write is chance. With this seed two of the fifty go long enough, creates as
    // updates. Of creates, some did with each of seven seeds; of updates, with one of two.
    scene = await Scene.withIdentity({ functions: 'in-process', seed: 1 });
    // In an account of some age all requests are at work at once.
    scene.cloud.lambda.settings.concurrency = 1000;
    for (const domain of domains) scene.identityExists(REGION, domain);
  });

  describe('creates', () => {
    beforeEach(async () => {
      const result = await scene.deploy('Mail', besideOneThatFails(all('s1', 'one')));
      expect(result.status).toBe('ROLLBACK_COMPLETE');
      await settled();
    });

    test('A1 a request that no longer stands writes nothing: nothing of ours is left', () => {
      const signing = domains.filter((domain) => scene.identity(REGION, domain)?.origin !== 'AWS_SES');
      expect({ signing, records: scene.all() }).toEqual({ signing: [], records: [] });
    });
  });

  describe('updates', () => {
    beforeEach(async () => {
      await scene.deployed('Mail', all('s1', 'one'));
      const result = await scene.deploy('Mail', besideOneThatFails(all('s2', 'two')));
      expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
      await settled();
    });

    test('A1 a request that no longer stands writes nothing: every identity has its old signing', () => {
      expect(domains.map((domain) => scene.identity(REGION, domain)?.tokens[0])).toEqual(domains.map(() => 's1'));
    });
  });
});

describe('a run that dies after its answer, and is repeated a minute later', () => {
  /** Both keys are in one secret, so that the function's rights are the same before and after. */
  let keys: string;
  const signingWith = (selector: string, jsonField: 'one' | 'two') =>
    scene.dkim((stack) => byoDkim(stack, selector, keys, { jsonField }));

  /** The construct under test, and one that fails soon after it: SES does not verify it in that time. */
  const beforeOneThatFailsLater = (build: (stack: Stack) => EmailIdentityDkim) => (stack: Stack) =>
    failingAfter(Duration.seconds(10), scene, stack).node.addDependency(build(stack));

  beforeEach(async () => {
    keys = scene.secret(JSON.stringify(PEM));
    await scene.deployed('Mail', signingWith('s1', 'one'));
    await scene.verified();
    // So long does the roll-back or the Delete wait for its change: the repeat comes meanwhile.
    scene.cloud.route53.settings.insyncAfter = 120_000;
    scene.cloud.faults.add({ service: 's3', operation: 'PutObject', kind: 'kill-after' });
  });

  describe('during a roll-back', () => {
    beforeEach(async () => {
      const result = await scene.deploy('Mail', beforeOneThatFailsLater(signingWith('s2', 'two')));
      expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
      await settled();
    });

    test('A2 a request that no longer stands writes nothing: the old signing is at work', () => {
      expect(scene.identity()).toMatchObject({ origin: 'EXTERNAL', tokens: ['s1'] });
    });
  });

  describe('during the deletion of the stack', () => {
    beforeEach(async () => {
      await scene.deployed('Mail', signingWith('s2', 'two'));
      await scene.cloud.clock.pass(10_000);
      expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
      await settled();
    });

    test('A2 a request that no longer stands writes nothing: nothing of ours is left', () => {
      expect(left()).toEqual(NOTHING);
    });
  });
});

describe('a Create that never answered, without a roll-back, and the next deployment', () => {
  beforeEach(async () => {
    // The run and its two repeats die.
    scene.cloud.faults.add({ service: 'secretsmanager', operation: 'GetSecretValue', kind: 'kill-before', times: 3 });
    const build = scene.byo('s1', scene.secrets.one);
    expect((await scene.deploy('Mail', build, { disableRollback: true })).status).toBe('CREATE_FAILED');
    await scene.deployed('Mail', build, { disableRollback: true });
    await scene.cloud.clock.pass(300_000);
  });

  test('A3 a Delete leaves alone what was made in place of the resource', async () => {
    expect(scene.identity()).toMatchObject({ origin: 'EXTERNAL', tokens: ['s1'] });
    expect(scene.records()).toEqual([expect.stringContaining('TXT s1._domainkey.')]);
  });
});

describe('a request that cannot end in time, and whose URL does not say when it began', () => {
  let result: StackResult;

  beforeEach(async () => {
    scene.cloud.cloudFormation.settings.responseUrlSignature = 'version 2';
    // More than the hour that CloudFormation waits for.
    scene.cloud.faults.add({ service: 'route53', operation: 'GetChange', kind: 'throttle', times: 3_000 });
    result = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one));
    expect(result.status).toBe('ROLLBACK_COMPLETE');
  });

  test('A4 CloudFormation always gets an answer, which says what the time was spent on', () => {
    expect(result.reason).toContain('GetChange');
  });
});

describe('a Create that sets the signing when its Delete is at work for 13 minutes', () => {
  beforeEach(async () => {
    // The Delete takes the record away at once. The Create waits for it to be in sync, and sets the signing then.
    scene.cloud.route53.settings.insyncAfter = 770_000;
    const result = await scene.deploy('Mail', besideOneThatFails(scene.byo('s1', scene.secrets.one)));
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    await settled();
  });

  test('A5 nothing of ours is left', () => {
    expect(left()).toEqual(NOTHING);
  });
});

describe('CloudFormation shows late what it does with a resource', () => {
  beforeEach(() => {
    scene.cloud.cloudFormation.settings.staleForMs = 7_000;
  });

  test('A CloudFormation always gets an answer, and a roll-back restores', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one));
    await scene.verified();
    const update = await scene.deploy('Mail', besideOneThatFails(scene.byo('s2', scene.secrets.two)));
    expect(update.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    await settled();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(left()).toEqual(NOTHING);
  });

  test('A a Create that is cancelled leaves nothing', async () => {
    const { status } = await scene.deploy('Mail', besideOneThatFails(scene.byo('s1', scene.secrets.one)));
    expect(status).toBe('ROLLBACK_COMPLETE');
    await settled();
    expect(left()).toEqual(NOTHING);
  });
});
