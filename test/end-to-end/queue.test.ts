// Many identities in one stack, with Lambda's real queue: a new account has ten concurrent
// executions, and events back off.
import { Duration, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { byoDkim, DOMAIN, Scene } from './scene';
import { EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';
import { LocalCloudOptions } from '../cloud';

const MINUTE = 60_000;

let scene: Scene;

/** In the test's own process: hundreds of functions in processes of their own would take minutes. */
async function begin(options: LocalCloudOptions = {}): Promise<void> {
  scene = await Scene.start({ functions: 'in-process', ...options });
}
afterEach(() => scene.stop());

/** So many subdomains of example.com with a key of their own, all with records in its zone. */
function identities(count: number, props: Partial<EmailIdentityDkimProps> = {}): (stack: Stack) => void {
  const domains = Array.from({ length: count }, (_, index) => `d${index}.${DOMAIN}`);
  for (const domain of domains) scene.identityExists(undefined, domain);
  return (stack) => {
    const hostedZone = scene.zoneIn(stack);
    const signing = byoDkim(stack, 's1', scene.secrets.one);
    for (const domain of domains) {
      const identity = ses.EmailIdentity.fromEmailIdentityName(stack, `Identity-${domain}`, domain);
      new EmailIdentityDkim(stack, `Dkim-${domain}`, { identity, hostedZone, signing, ...props });
    }
  };
}

/**
 * Deploys until a resource fails, and gives the reason. Undefined when the stack is there. What follows a failure, the
 * roll-back of hundreds of resources, says nothing more and takes most of the time.
 */
async function firstFailure(build: (stack: Stack) => void): Promise<string | undefined> {
  const events = () => scene.cloud.cloudFormation.eventsNow('Mail');
  const failure = () => events().find(({ status }) => status === 'CREATE_FAILED');
  const isThere = () => events().some(({ logicalId, status }) => logicalId === 'Mail' && status === 'CREATE_COMPLETE');
  const deployment = scene.deploy('Mail', build);
  deployment.catch(() => undefined); // it is cut off when the scene stops
  await scene.cloud.clock.until('a resource to fail, or the stack to be there', () => isThere() || !!failure());
  return failure()?.reason;
}

test('10 identities are created and deleted without a failure', async () => {
  await begin();
  expect(await scene.deploy('Mail', identities(10))).toMatchObject({ status: 'CREATE_COMPLETE' });
  expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  expect(scene.all()).toEqual([]);
});

// Today: "there was no time left for: Route 53 to bring the zone … in sync". The events that find no place back off for
// minutes, while CloudFormation's half hour runs. About 220 are done in that time.
test.failing('E3 250 identities are created without a failure at ten concurrent executions', async () => {
  await begin({ route53: { insyncAfter: MINUTE } }); // what Route 53 usually takes at the most
  expect(await firstFailure(identities(250))).toBeUndefined();
});

test('E3 150 identities wait for verification without a failure when SES needs ten minutes', async () => {
  await begin({ ses: { firstLook: 10 * MINUTE } });
  expect(await firstFailure(identities(150, { waitForVerification: Duration.minutes(15) }))).toBeUndefined();
});
