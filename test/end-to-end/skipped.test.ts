// Whose signing it is when a roll-back has skipped a resource, or has brought back a domain that was replaced.
//
// Each failing test names the kind and the invariant, and says what happens today. What leads there is in `beforeEach`,
// where a failure is a failure.
import { CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { ACCOUNT, byoDkim, DOMAIN, PEM, REGION, Scene } from './scene';
import { DkimSigning, EmailIdentityDkim } from '../../src';
import { ServiceError, StackResult } from '../cloud';

const OTHER = 'example.org';
const PARENT = 'eu-west-1';

let scene: Scene;
/** The zone of the other domain. */
let otherZone: string;

beforeEach(async () => {
  scene = await Scene.withIdentity();
  scene.identityExists(REGION, OTHER);
  otherZone = (await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: OTHER })).id;
});
afterEach(() => scene.stop());

/** Fails, as its identity does not exist. */
function failing(stack: Stack): EmailIdentityDkim {
  return new EmailIdentityDkim(stack, 'Failing', {
    identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Missing', 'missing.example'),
  });
}

/** The construct under test, and one that fails when that is done. */
function beforeOneThatFails(build: (stack: Stack) => EmailIdentityDkim): (stack: Stack) => void {
  return (stack) => failing(stack).node.addDependency(build(stack));
}

/** The construct under test, and one that fails meanwhile. */
function besideOneThatFails(build: (stack: Stack) => EmailIdentityDkim): (stack: Stack) => void {
  return (stack) => {
    build(stack);
    failing(stack);
  };
}

/** A construct whose domain is a parameter: with another value CloudFormation replaces the resource. */
function ofParameter(signing: (stack: Stack) => DkimSigning): (stack: Stack) => EmailIdentityDkim {
  return (stack) => {
    const domain = new CfnParameter(stack, 'Domain').valueAsString;
    const zoneId = new CfnParameter(stack, 'ZoneId').valueAsString;
    return new EmailIdentityDkim(stack, 'Dkim', {
      identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', domain),
      hostedZone: scene.zoneIn(stack, zoneId, domain),
      signing: signing(stack),
    });
  };
}

/** The same without a zone, as a replica has no records of its own. */
function replicaOfParameter(stack: Stack): EmailIdentityDkim {
  const domain = new CfnParameter(stack, 'Domain').valueAsString;
  return new EmailIdentityDkim(stack, 'Dkim', {
    identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', domain),
    signing: DkimSigning.deterministicEasyDkim({ parentRegion: PARENT }),
  });
}

const first = () => ({ parameters: { Domain: DOMAIN, ZoneId: scene.zoneId } });
const other = () => ({ parameters: { Domain: OTHER, ZoneId: otherZone } });

/** The logical ids of what could not be rolled back. */
function logicalIdsThatFailedIn({ events }: StackResult): string[] {
  return [...new Set(events.filter(({ status }) => status === 'UPDATE_FAILED').map(({ logicalId }) => logicalId))];
}

describe('a roll-back that failed and was skipped: SES signs with s2, and the stack believes in s1', () => {
  beforeEach(async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one));
    // The first of these calls is the update's, the second the roll-back's.
    scene.cloud.faults.add({
      service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', skip: 1, kind: Scene.refusal(),
    });
    const failed = await scene.deploy('Mail', beforeOneThatFails(scene.byo('s2', scene.secrets.two)));
    expect(failed.status).toBe('UPDATE_ROLLBACK_FAILED');
    const skipped = await scene.continueRollback('Mail', logicalIdsThatFailedIn(failed));
    expect(skipped.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(scene.identity()?.tokens).toEqual(['s2']);
  });

  test('B1 what SES signs with stays published: a Delete leads the signing back first', async () => {
    await scene.destroy('Mail');
    expect({ origin: scene.identity()?.origin, records: scene.all() }).toEqual({ origin: 'AWS_SES', records: [] });
  });

  test('the next update brings it to what the properties say', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, { recordTtl: Duration.minutes(20) }));
    await scene.verified();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });
});

describe('an update that replaces the domain and is rolled back, with a newer key in the secret', () => {
  let result: StackResult;

  beforeEach(async () => {
    const secret = scene.secret(PEM.one, 'dkim');
    const build = ofParameter((stack) => byoDkim(stack, 's1', secret));
    await scene.deployed('Mail', build, first());
    await scene.verified();
    scene.cloud.secretsManager.put(secret, PEM.two);
    result = await scene.deploy('Mail', beforeOneThatFails(build), other());
    expect(result.reason).toContain('SES has no identity missing.example');
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test('B6 a roll-back restores: the stack is where it was', () => {
    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
  });
});

describe('an update that replaces the domain and is cancelled', () => {
  beforeEach(async () => {
    const build = ofParameter((stack) => byoDkim(stack, 's1', scene.secrets.one));
    await scene.deployed('Mail', build, first());
    scene.cloud.route53.settings.insyncAfter = 60_000;
    const result = await scene.deploy('Mail', besideOneThatFails(build), other());
    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    await scene.cloud.clock.pass(600_000);
  });

  test('B6 nothing grows without end: the new domain has nothing of ours', () => {
    const { origin } = scene.identity(REGION, OTHER)!;
    expect({ origin, records: scene.all(otherZone) }).toEqual({ origin: 'AWS_SES', records: [] });
  });
});

describe('a replica that is replaced, and brought back by a roll-back', () => {
  beforeEach(async () => {
    for (const name of [DOMAIN, OTHER]) scene.identityExists(PARENT, name);
    await scene.deployed('Mail', replicaOfParameter, { parameters: { Domain: DOMAIN } });
    const options = { parameters: { Domain: OTHER } };
    const { status } = await scene.deploy('Mail', beforeOneThatFails(replicaOfParameter), options);
    expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
  });

  test('B6 a failed deployment forgets nothing: the Delete leads our signing back', () => {
    expect(scene.identity()?.origin).toBe('AWS_SES');
  });
});

describe('a roll-back from a replica that failed and was skipped: the stack believes in BYODKIM', () => {
  beforeEach(async () => {
    scene.identityExists(PARENT);
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one));
    const operation = 'PutEmailIdentityDkimSigningAttributes';
    scene.cloud.faults.add({ service: 'ses', operation, skip: 1, kind: Scene.refusal() });
    const failed = await scene.deploy('Mail', beforeOneThatFails(scene.replicaOf(PARENT)));
    await scene.continueRollback('Mail', logicalIdsThatFailedIn(failed));
    expect(scene.identity()?.origin).toBe('AWS_SES_EU_WEST_1');
    const kind = new ServiceError('BadRequestException', 400, 'a replica stays one');
    scene.cloud.faults.add({ service: 'ses', operation, times: 100, kind });
  });

  // Nobody says whether SES leads a replica back.
  test('B1 what SES says counts: a Delete leaves the replica that SES does not lead back', async () => {
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect({ tags: scene.identity()?.tags, records: scene.all() }).toEqual({ tags: [], records: [] });
  });
});
