// An app that retains all its resources: what stays in SES and in DNS, and what goes in spite of it.
import { Aspects, CfnParameter, MissingRemovalPolicies, RemovalPolicies, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnManagedPolicy } from 'aws-cdk-lib/aws-iam';
import * as ses from 'aws-cdk-lib/aws-ses';
import { FollowingScene } from './following-scene';
import { REGIONS, RegionsScene } from './regions-scene';
import { HOUR, RotatingScene, SHORT } from './rotating-scene';
import { REGION, Scene } from './scene';
import { EmailIdentityDkim } from '../../src';

let scene: Scene;

afterEach(() => scene.stop());

type Change = (stack: Stack) => void;

const retained: [string, Change][] = [
  ['RemovalPolicies', (stack) => RemovalPolicies.of(stack).retain()],
  ['RemovalPolicies, but not after a failed create', (stack) => RemovalPolicies.of(stack).retainOnUpdateOrDelete()],
  ['MissingRemovalPolicies', (stack) => MissingRemovalPolicies.of(stack).retain()],
];

describe.each<[string, Change]>([
  ...retained,
  ['an aspect that overrides the template', (stack) => Aspects.of(stack).add({
    visit: (node) => {
      if (!(node instanceof CfnManagedPolicy)) return;
      node.addOverride('DeletionPolicy', 'Retain');
      node.addOverride('UpdateReplacePolicy', 'Retain');
    },
  })],
])('G4 retained by %s', (_, retain) => {
  test('nothing grows without end: no policy of an earlier deployment stays attached', async () => {
    scene = await Scene.start();
    const domains = Array.from({ length: 12 }, (__, index) => `d${index}.example`);
    for (const domain of domains) scene.identityExists(REGION, domain);
    for (const count of domains.keys()) {
      const { resources } = await scene.deployed('Mail', (stack) => {
        for (const domain of domains.slice(0, count + 1)) {
          const identity = ses.EmailIdentity.fromEmailIdentityName(stack, `Identity${domain}`, domain);
          new EmailIdentityDkim(stack, domain, { identity });
        }
        retain(stack);
      });
      expect(Object.values(resources).filter(({ type }) => type === 'AWS::IAM::ManagedPolicy')).toHaveLength(1);
    }
  });
});

describe.each(retained)('G4 retained by %s', (_, retain) => {
  beforeEach(async () => {
    scene = await Scene.withIdentity();
    await scene.deployed('Mail', (stack) => {
      scene.byo('s1', scene.secrets.one)(stack);
      retain(stack);
    });
    await scene.verified();
  });

  test.each<[string, () => Promise<unknown>]>([
    ['the construct is removed', () => scene.deployed('Mail', (stack) => scene.easy({
      identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Other', 'other.example'), hostedZone: undefined,
    })(stack))],
    ['the stack is deleted', () => scene.destroy('Mail')],
  ])('it means what removalPolicy: RETAIN means, when %s: signing and records stay, our notes go', async (__, remove) => {
    scene.identityExists(REGION, 'other.example');
    await remove();

    expect(scene.identity()).toMatchObject({ tokens: ['s1'], status: 'SUCCESS' });
    expect(await scene.send()).toMatchObject({ result: 'pass' });
    expect(scene.all()).toEqual(scene.records());
    expect(scene.all()).toHaveLength(1);
  });
});

describe('what the construct itself says', () => {
  test.each<[string, RemovalPolicy | undefined, Change, number]>([
    ['RETAIN stays, with a policy for what has none', RemovalPolicy.RETAIN, (of) => MissingRemovalPolicies.of(of).destroy(), 1],
    ['DESTROY stays, with a policy for what has none', RemovalPolicy.DESTROY, (of) => MissingRemovalPolicies.of(of).retain(), 0],
    ['RETAIN gives way to a policy for all', RemovalPolicy.RETAIN, (of) => RemovalPolicies.of(of).destroy(), 0],
    ['DESTROY gives way to a policy for all', RemovalPolicy.DESTROY, (of) => RemovalPolicies.of(of).retain(), 1],
  ])('G4 %s', async (_, removalPolicy, change, records) => {
    scene = await Scene.withIdentity();
    await scene.deployed('Mail', (stack) => {
      scene.byo('s1', scene.secrets.one, { removalPolicy })(stack);
      change(stack);
    });
    await scene.destroy('Mail');

    expect(scene.all()).toHaveLength(records);
  });
});

describe('a rotating key that is retained while it is changed', () => {
  async function inRotation(firstLook?: number): Promise<RotatingScene> {
    const rotating = await RotatingScene.deployed(SHORT, { removalPolicy: RemovalPolicy.RETAIN });
    scene = rotating.scene;
    if (firstLook) scene.cloud.ses.settings.firstLook = firstLook;
    const { selector } = rotating;
    rotating.rotate();
    await rotating.clock.until('SES to be told the next key', () => rotating.selector !== selector);
    return rotating;
  }

  test('5 SES has not verified the next key: it signs with the one before again, which the secret names', async () => {
    const rotating = await inRotation(100 * HOUR);
    const current = rotating.selectorOf('AWSCURRENT');
    await scene.destroy('mail');
    expect(rotating.labels.AWSPENDING).toBeUndefined();
    expect(rotating.selectorOf('AWSCURRENT')).toBe(current);
    expect(scene.identity()).toMatchObject({ origin: 'EXTERNAL', tokens: [current] });
    expect(scene.records().join()).toContain(`${current}._domainkey`);
  });

  test('5 SES has verified the next key: the secret names that', async () => {
    const rotating = await inRotation();
    await scene.verified();
    await scene.destroy('mail');
    expect(rotating.labels.AWSPENDING ?? rotating.labels.AWSCURRENT).toBe(rotating.labels.AWSCURRENT);
    expect(scene.identity()).toMatchObject({ tokens: [rotating.selectorOf('AWSCURRENT')] });
    expect(await scene.send()).toMatchObject({ result: 'pass' });
  });

  test.each([0, 1, 2])('5 in several Regions, when the one of number %s does not verify the next key', async (number) => {
    const regions = await RegionsScene.inAll({ removalPolicy: RemovalPolicy.RETAIN });
    scene = regions.scene;
    const { selector } = regions;
    const told = (index: number) => regions.clock.until('SES to be told', () => regions.selectorIn(REGIONS[index]) !== selector);
    regions.rotate();
    if (number > 0) await told(number - 1);
    const { firstLook } = scene.cloud.ses.settings;
    scene.cloud.ses.settings.firstLook = 100 * HOUR;
    await told(number);
    scene.cloud.ses.settings.firstLook = firstLook;
    await scene.destroy('mail');
    await regions.clock.pass(HOUR);
    await regions.expectMailPasses();
    expect(regions.labels.AWSPENDING ?? regions.labels.AWSCURRENT).toBe(regions.labels.AWSCURRENT);
    expect(regions.selector).toBe(regions.selectorOf('AWSCURRENT'));
  });

  test('5 a Region leaves the stack before it has verified the next key', async () => {
    const retain = { removalPolicy: RemovalPolicy.RETAIN };
    const regions = await RegionsScene.inAll(retain);
    scene = regions.scene;
    const [first, leaving, staying] = REGIONS;
    const { selector } = regions;
    const { firstLook } = scene.cloud.ses.settings;
    regions.rotate();
    await regions.clock.until('SES to be told', () => regions.selectorIn(first) !== selector);
    scene.cloud.ses.settings.firstLook = 100 * HOUR;
    await regions.clock.until('SES to be told', () => regions.selectorIn(leaving) !== selector);
    scene.cloud.ses.settings.firstLook = firstLook;
    await regions.deploy({ ...SHORT, furtherRegions: [staying] }, retain);
    await regions.clock.pass(3 * HOUR);
    expect(regions.selectorIn(leaving)).toBe(selector);
    await regions.expectMailPasses();
    expect(regions.selectorIn(staying)).toBe(regions.selectorOf('AWSCURRENT'));
  });

  test('5 the stack goes on in another Region: the secret names the key of that', async () => {
    scene = await Scene.withIdentity();
    const other = REGIONS[2];
    scene.identityExists(other);
    const rotating = new RotatingScene(scene);
    const build = (stack: Stack) => {
      const region = new CfnParameter(stack, 'Region', { default: REGION }).valueAsString;
      rotating.dkim(SHORT, { removalPolicy: RemovalPolicy.RETAIN, region })(stack);
    };
    await scene.deployed('mail', build);
    await scene.verified();
    const { selector } = rotating;
    rotating.rotate();
    await rotating.clock.until('SES to be told the next key', () => rotating.selector !== selector);
    await scene.deployed('mail', build, { parameters: { Region: other } });
    await rotating.clock.pass(2 * HOUR);
    expect(scene.identity(other)).toMatchObject({ status: 'SUCCESS', tokens: [rotating.selectorOf('AWSCURRENT')] });
    await rotating.rotated();
    expect(scene.identity(other)).toMatchObject({ status: 'SUCCESS', tokens: [rotating.selectorOf('AWSCURRENT')] });
    for (const region of [REGION, other]) expect(await scene.send(region)).toMatchObject({ result: 'pass' });
  });

  test('5 the stack goes on with another domain: the secret names the key of that', async () => {
    scene = await Scene.start();
    const [before, other] = ['before.example.com', 'other.example.com'];
    for (const domain of [before, other]) scene.identityExists(REGION, domain);
    const rotating = new RotatingScene(scene);
    const build = (stack: Stack) => {
      const domain = new CfnParameter(stack, 'Domain', { default: before }).valueAsString;
      const identity = ses.EmailIdentity.fromEmailIdentityName(stack, 'OfParameter', domain);
      rotating.dkim(SHORT, { removalPolicy: RemovalPolicy.RETAIN, identity })(stack);
    };
    await scene.deployed('mail', build);
    await scene.verified(REGION, before);
    const selectors = () => [before, other].map((domain) => scene.identity(REGION, domain)!.tokens.join());
    const [selector] = selectors();
    rotating.rotate();
    await rotating.clock.until('SES to be told the next key', () => selectors()[0] !== selector);
    await scene.deployed('mail', build, { parameters: { Domain: other } });
    await rotating.clock.pass(2 * HOUR);
    expect(selectors()[1]).toBe(rotating.selectorOf('AWSCURRENT'));
    await rotating.rotated();
    expect(selectors()[1]).toBe(rotating.selectorOf('AWSCURRENT'));
    for (const domain of [before, other]) expect(await scene.send(REGION, domain)).toMatchObject({ result: 'pass' });
  });

  test('5 SES has not verified a key that follows its secret', async () => {
    const following = await FollowingScene.deployed({ removalPolicy: RemovalPolicy.RETAIN });
    scene = following.scene;
    const hears = following.deaf();
    following.store('s2');
    await following.clock.until('SES to be told', () => following.selector === 's2', 2 * HOUR);
    hears();
    await scene.destroy('mail');
    await following.clock.pass(HOUR);
    await following.expectSigned('s1');
  });
});
