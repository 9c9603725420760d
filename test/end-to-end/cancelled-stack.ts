// A stack of many identities in which one resource fails at some moment, so that CloudFormation cancels the others.
// Says which identities are not as the stack says afterwards.
import { Duration, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { failingAfter } from './hand-made';
import { allowPolicies, tellQuota } from './many-identities';
import { byoDkim, REGION, Scene } from './scene';
import { EmailIdentityDkim } from '../../src';

export interface CancelledStack {
  readonly identities: number;
  readonly request: 'create' | 'update';
  /** When the resource beside them fails, after the deployment has begun. */
  readonly failsAfterSeconds: number;
  readonly seed: number;
}

export interface CancelledOutcome {
  readonly status: string;
  /** Domains that sign otherwise than the stack says, or with a key that has no record. */
  readonly wrong: readonly string[];
  /** Records and tags of ours that are left after a roll-back of a create. */
  readonly left: number;
}

const MINUTE = 60_000;

/** SES takes one call a second, and Route 53 five, as in every account. One of some age has places for all requests. */
export async function cancelledStack(
  { identities, request, failsAfterSeconds, seed }: CancelledStack,
): Promise<CancelledOutcome> {
  const scene = await Scene.start({ functions: 'in-process', seed });
  try {
    scene.cloud.lambda.settings.concurrency = 1000;
    if (identities > 200) allowPolicies(scene, 20);
    const domains = Array.from({ length: identities }, (_, index) => `d${index}.example.com`);
    for (const domain of domains) scene.identityExists(REGION, domain);
    const build = (selector: string, secret: 'one' | 'two', fails: boolean) => (stack: Stack) => {
      tellQuota(scene, stack);
      const hostedZone = scene.zoneIn(stack);
      const signing = byoDkim(stack, selector, scene.secrets[secret]);
      for (const domain of domains) {
        new EmailIdentityDkim(stack, domain, { identity: of(stack, domain), hostedZone, signing });
      }
      if (!fails) return;
      failingAfter(Duration.seconds(failsAfterSeconds), scene, stack);
    };
    if (request === 'update') await scene.deployed('Mail', build('s1', 'one', false));
    const { status } = await scene.deploy('Mail', build(request === 'update' ? 's2' : 's1', 'two', true));
    await scene.cloud.clock.pass(30 * MINUTE); // for all that was cancelled to come to its end
    const records = scene.all();
    const isRight = (domain: string): boolean => {
      const { origin, tokens, tags } = scene.identity(REGION, domain)!;
      if (request === 'create') return origin === 'AWS_SES' && tags.length === 0;
      return origin === 'EXTERNAL' && tokens[0] === 's1' && tags.length === 1
        && records.some((record) => record.startsWith(`TXT s1._domainkey.${domain}. `));
    };
    return {
      status,
      wrong: domains.filter((domain) => !isRight(domain)),
      left: request === 'create' ? records.length : 0,
    };
  } finally {
    await scene.stop();
  }
}

function of(stack: Stack, domain: string): ses.IEmailIdentity {
  return ses.EmailIdentity.fromEmailIdentityName(stack, `Identity-${domain}`, domain);
}
