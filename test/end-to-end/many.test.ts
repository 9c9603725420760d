// Many identities in one stack, and rules of organizations: what can be created has to be updatable, too.
//
// Each failing test names the kind and the invariant, and says what happens today. What leads there is in `beforeEach`,
// where a failure is a failure.
import { AspectPriority, Aspects, Aws, CfnResource, IAspect, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as ses from 'aws-cdk-lib/aws-ses';
import { IConstruct } from 'constructs';
import { ACCOUNT, DOMAIN, REGION, Scene } from './scene';
import { EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';
import { StackResult } from '../cloud';
import { WHOLE } from '../whole-size';

let scene: Scene;

afterEach(() => scene.stop());

/** Easy DKIM for each domain, by default without records: SES is asked once for each and told nothing. */
function easyDkimFor(
  domains: readonly string[], props: Partial<EmailIdentityDkimProps> = {},
): (stack: Stack) => void {
  return (stack) => {
    for (const domain of domains) {
      const identity = ses.EmailIdentity.fromEmailIdentityName(stack, `Identity${domain}`, domain);
      new EmailIdentityDkim(stack, domain, { identity, ...props });
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
  });

  // A role takes 10 policies, and an update that changes 6 or more needs 12.
  test('E2 a stack that could not be updated is refused at synthesis', () => {
    expect(() => scene.deploy('Mail', easyDkimFor(domains))).toThrow(/need more than 5 managed policies/);
    expect(scene.cloud.calls).toEqual([]);
  });

  describe('in an account with a higher quota', () => {
    const build = (names: readonly string[], props?: Partial<EmailIdentityDkimProps>) => (stack: Stack) => {
      stack.node.setContext('cdk-ses-dkim:managedPoliciesPerRole', 20);
      easyDkimFor(names, props)(stack);
    };

    beforeEach(async () => {
      scene.cloud.cloudFormation.iamSettings.managedPoliciesPerRole = 20;
      const { resources } = await scene.deployed('Mail', build(domains));
      expect(policiesIn(resources).length).toBeGreaterThan(5);
    });

    test('E2 a stack that can be created can be updated: an early identity is removed', async () => {
      const { status, reason } = await scene.deploy('Mail', build(domains.slice(1)));
      expect({ status, reason }).toEqual({ status: 'UPDATE_COMPLETE', reason: undefined });
    });

    test('E2 a stack that can be created can be updated: half of the identities are removed', async () => {
      const { status, reason } = await scene.deploy('Mail', build(domains.filter((_, index) => index % 2)));
      expect({ status, reason }).toEqual({ status: 'UPDATE_COMPLETE', reason: undefined });
    });
  });
});

const describeWhole = WHOLE ? describe : describe.skip;

// With fewer identities and longer names, the tests above show the same.
describeWhole('as many identities with a shared zone as five managed policies hold', () => {
  const domains = Array.from({ length: 221 }, (_, index) => `customer-${index}.${DOMAIN}`);
  let otherZone: string;
  const build = (names: readonly string[], zoneId = scene.zoneId) => (stack: Stack) =>
    easyDkimFor(names, { hostedZone: scene.zoneIn(stack, zoneId) })(stack);

  beforeEach(async () => {
    scene = await Scene.start({
      ses: { requestsPerSecond: 1000 },
      route53: { requestsPerSecond: 1000, processingTime: 0, insyncAfter: 0 },
      functions: 'in-process',
    });
    otherZone = (await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: DOMAIN, delegate: false })).id;
    identitiesExist(domains);
    const { resources } = await scene.deployed('Mail', build(domains.slice(0, 220)));
    expect(policiesIn(resources)).toHaveLength(5);
  });

  test('E2 a stack that can be created can be updated: all move to another zone', async () => {
    const { status, reason } = await scene.deploy('Mail', build(domains.slice(0, 220), otherZone));
    expect({ status, reason }).toEqual({ status: 'UPDATE_COMPLETE', reason: undefined });
  });

  test('E2 a stack that can be created can be updated: one is removed, and another added', async () => {
    const before = policyIds((await scene.cloud.cloudFormation.describe('Mail'))!);
    const result = await scene.deploy('Mail', build(domains.slice(1)));
    expect(result).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(policyIds(result)).toHaveLength(5);
    expect(policyIds(result).filter((id) => before.includes(id)).length).toBeGreaterThanOrEqual(1);
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

test('G2 an aspect that gives resources other logical ids: what is removed is cleaned up', async () => {
  const withIds = (domains: readonly string[]) => (stack: Stack) => {
    easyDkimFor(domains, { hostedZone: scene.zoneIn(stack) })(stack);
    const visit = (node: IConstruct) => {
      if (CfnResource.isCfnResource(node)) node.overrideLogicalId(`Ours${stack.getLogicalId(node)}`);
    };
    Aspects.of(stack).add({ visit }, { priority: AspectPriority.READONLY });
  };
  scene = await Scene.start();
  const domains = ['one', 'two'].map((label) => `${label}.${DOMAIN}`);
  identitiesExist(domains);
  await scene.deployed('Mail', withIds(domains));

  const { resources } = await scene.deployed('Mail', withIds(domains.slice(0, 1)));

  expect(Object.keys(resources).filter((id) => !id.startsWith('Ours'))).toEqual([]);
  expect(scene.all().filter((record) => record.includes('two'))).toEqual([]);
});

function policiesIn(resources: StackResult['resources']) {
  return Object.values(resources).filter(({ type }) => type === 'AWS::IAM::ManagedPolicy');
}

function policyIds({ resources }: StackResult): string[] {
  return Object.keys(resources).filter((id) => resources[id].type === 'AWS::IAM::ManagedPolicy');
}
