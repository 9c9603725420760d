// Many identities in one stack, and rules of organizations: what can be created has to be updatable, too.
//
// Each failing test names the kind and the invariant, and says what happens today. What leads there is in `beforeEach`,
// where a failure is a failure.
import { AspectPriority, Aspects, Aws, IAspect, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as ses from 'aws-cdk-lib/aws-ses';
import { IConstruct } from 'constructs';
import { REGION, Scene } from './scene';
import { EmailIdentityDkim } from '../../src';
import { StackResult } from '../cloud';

let scene: Scene;

afterEach(() => scene.stop());

/** Easy DKIM for each domain, without records: SES is asked once for each and told nothing. */
function easyDkimFor(domains: readonly string[]): (stack: Stack) => void {
  return (stack) => {
    for (const domain of domains) {
      const identity = ses.EmailIdentity.fromEmailIdentityName(stack, `Identity${domain}`, domain);
      new EmailIdentityDkim(stack, domain, { identity });
    }
  };
}

function identitiesExist(domains: readonly string[]): void {
  for (const domain of domains) scene.identityExists(REGION, domain);
}

describe('more identities than five managed policies hold', () => {
  /** Names so long that about eighteen of them fill a policy. */
  const parent = [...['a', 'b', 'c'].map((letter) => letter.repeat(60)), 'd'.repeat(50), 'com'].join('.');
  const longName = (index: number) => `d${index}.${parent}`;
  const domains = Array.from({ length: 115 }, (_, index) => longName(index));

  beforeEach(async () => {
    scene = await Scene.start({ ses: { requestsPerSecond: 1000 }, functions: 'in-process' });
    identitiesExist(domains);
    const { resources } = await scene.deployed('Mail', easyDkimFor(domains));
    expect(policiesIn(resources).length).toBeGreaterThan(5);
  });

  // Today: each policy from the removed identity on gets other rights, and so a new logical id. The old ones go only
  // when the new ones are there, and a role takes 10.
  test.failing('E2 a stack that can be created can be updated: an early identity is removed', async () => {
    const { status, reason } = await scene.deploy('Mail', easyDkimFor(domains.slice(1)));
    expect({ status, reason }).toEqual({ status: 'UPDATE_COMPLETE', reason: undefined });
  });
});

describe.each<[string, (policy: iam.CfnManagedPolicy, name: string) => void]>([
  ['by their property', (policy, name) => { policy.managedPolicyName = name; }],
  ['by an override', (policy, name) => policy.addPropertyOverride('ManagedPolicyName', name)],
  ['by a name with a pseudo parameter', (policy, name) => { policy.managedPolicyName = `${Aws.STACK_NAME}-${name}`; }],
  ['by a name as long as IAM allows', (policy, name) => { policy.managedPolicyName = name.padEnd(128, 'x'); }],
])('G2 an aspect that names managed policies by their path: %s', (_, rename) => {
  const named: IAspect = {
    visit: (node: IConstruct) => {
      if (node instanceof iam.CfnManagedPolicy) rename(node, node.node.path.replace(/\W/g, '-'));
    },
  };
  const withNames = (domains: readonly string[]) => (stack: Stack) => {
    easyDkimFor(domains)(stack);
    Aspects.of(stack).add(named, { priority: AspectPriority.READONLY });
  };

  beforeEach(async () => {
    scene = await Scene.start();
    identitiesExist(['one.example', 'two.example']);
    await scene.deployed('Mail', withNames(['one.example']));
  });

  test('a stack that can be created can be updated: an identity is added and taken away again', async () => {
    for (const domains of [['one.example', 'two.example'], ['one.example']]) {
      const { status, reason, resources } = await scene.deploy('Mail', withNames(domains));
      expect({ status, reason }).toEqual({ status: 'UPDATE_COMPLETE', reason: undefined });
      const names = policiesIn(resources).map(({ physicalId }) => physicalId);
      expect(names).toEqual([
        expect.stringMatching(/:policy\/(Mail-)?Mail-cdk-ses-dkim-Policy1-Resource.*-[0-9A-F]{8}$/),
      ]);
    }
  });
});

function policiesIn(resources: StackResult['resources']) {
  return Object.values(resources).filter(({ type }) => type === 'AWS::IAM::ManagedPolicy');
}
