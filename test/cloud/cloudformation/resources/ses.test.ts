// The tags of an identity that a stack makes, and those that somebody else has put on it.
import { LocalCloud } from '../..';
import { Tag } from '../../ses';

const IDENTITY = { account: '111111111111', region: 'us-east-1', name: 'example.com' };
const tag = (Key: string, Value = '1'): Tag => ({ Key, Value });

let cloud: LocalCloud;

afterEach(() => cloud.stop());

async function deploy(properties: { Tags?: Tag[]; DkimAttributes?: { SigningEnabled: boolean } }): Promise<void> {
  const Properties = { EmailIdentity: IDENTITY.name, ...properties };
  const template = { Resources: { Identity: { Type: 'AWS::SES::EmailIdentity', Properties } } };
  const { status } = await cloud.cloudFormation.deploy({ stackName: 'app', template, assetDirectory: '' });
  expect(status).toMatch(/^(CREATE|UPDATE)_COMPLETE$/);
}

const tags = () => cloud.ses.identity(IDENTITY)!.tags;

test('a stack puts the tags of its template on the identity, changes them and takes them off', async () => {
  cloud = await LocalCloud.start();
  await deploy({ Tags: [tag('a'), tag('b')] });
  expect(tags()).toEqual([tag('a'), tag('b')]);
  await deploy({ Tags: [tag('b', '2'), tag('c')] });
  expect(tags()).toEqual([tag('b', '2'), tag('c')]);
  await deploy({});
  expect(tags()).toEqual([]);
});

test.each([
  ['its own', [tag('a')]],
  ['all', [tag('foreign'), tag('a')]],
] as const)('set to keep %s, an update of another property leaves these tags: %j', async (kept, left) => {
  cloud = await LocalCloud.start({ ses: { stackUpdateKeepsTags: kept } });
  await deploy({ Tags: [tag('a')] });
  cloud.ses.tagIdentity(IDENTITY, [tag('foreign')]);
  await deploy({ Tags: [tag('a')], DkimAttributes: { SigningEnabled: false } });
  expect(tags()).toEqual(left);
});
