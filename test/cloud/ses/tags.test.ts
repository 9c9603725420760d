// Tags of identities in the local SES, through the real SDK client.
import {
  CreateEmailIdentityCommand, ListTagsForResourceCommand, SESv2Client, Tag, TagResourceCommand, UntagResourceCommand,
} from '@aws-sdk/client-sesv2';
import { identityArn } from './identity';
import { ACCOUNT, DOMAIN, ref, SesStage } from './stage';
import { refusal } from '../minimal-context';

const ARN = identityArn(ref());
const DENIED = { name: 'AccessDeniedException', $metadata: { httpStatusCode: 403 } };

let stage: SesStage;

beforeEach(async () => {
  stage = await SesStage.start();
});
afterEach(() => stage.stop());

function tag(tags: Tag[], by: SESv2Client = stage.client, arn = ARN) {
  return by.send(new TagResourceCommand({ ResourceArn: arn, Tags: tags }));
}

function untag(keys: string[], by: SESv2Client = stage.client, arn = ARN) {
  return by.send(new UntagResourceCommand({ ResourceArn: arn, TagKeys: keys }));
}

async function list(by: SESv2Client = stage.client, arn = ARN): Promise<Tag[] | undefined> {
  return (await by.send(new ListTagsForResourceCommand({ ResourceArn: arn }))).Tags;
}

test('tags that are put on are listed, and GetEmailIdentity shows them', async () => {
  stage.ses.createIdentity(ref());
  expect(await list()).toEqual([]);
  await tag([{ Key: 'team', Value: 'mail' }, { Key: 'stage', Value: '' }]);
  const expected = [{ Key: 'team', Value: 'mail' }, { Key: 'stage', Value: '' }];
  expect(await list()).toEqual(expected);
  expect((await stage.get()).Tags).toEqual(expected);
});

test('a key has one value, the last one, and keys differ by their case', async () => {
  stage.ses.createIdentity(ref());
  await tag([{ Key: 'team', Value: 'mail' }]);
  await tag([{ Key: 'team', Value: 'web' }, { Key: 'Team', Value: 'other' }]);
  expect(await list()).toEqual([{ Key: 'team', Value: 'web' }, { Key: 'Team', Value: 'other' }]);
});

test('tags are taken off by their keys, and a key that is not there is no error', async () => {
  stage.ses.createIdentity({ ...ref(), tags: ['a', 'b', 'c'].map((Key) => ({ Key, Value: '1' })) });
  await untag(['a', 'c', 'unknown']);
  expect(await list()).toEqual([{ Key: 'b', Value: '1' }]);
});

test('an identity can be made with tags', async () => {
  const Tags = [{ Key: 'team', Value: 'mail' }];
  await stage.client.send(new CreateEmailIdentityCommand({ EmailIdentity: DOMAIN, Tags }));
  expect(await list()).toEqual(Tags);
});

test('fifty tags are taken and one more is refused, and then none of the call is put on', async () => {
  stage.ses.createIdentity(ref());
  const tags = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: '1' }));
  await tag(tags.slice(0, 49));
  expect(await refusal(tag([{ Key: 'k49', Value: '1' }, { Key: 'k50', Value: '1' }])))
    .toMatchObject({ name: 'BadRequestException', $metadata: { httpStatusCode: 400 } });
  expect(await list()).toEqual(tags.slice(0, 49));
  await tag([{ Key: 'k49', Value: '1' }]);
  await tag([{ Key: 'k0', Value: 'another value and no further tag' }]);
  expect(await list()).toHaveLength(50);
});

test.each([
  ['the longest key and value', { Key: 'k'.repeat(128), Value: 'v'.repeat(256) }],
  ['letters of other scripts, digits, white space and the symbols', { Key: 'Größe 鍵 9', Value: '_ . : / = + -' }],
  ['a prefix that only looks like the reserved one', { Key: 'aws-tag', Value: 'awsome' }],
])('%s: taken', async (_, one) => {
  stage.ses.createIdentity(ref());
  await tag([one]);
  expect(await list()).toEqual([one]);
});

test.each<[string, Tag[]]>([
  ['an empty key', [{ Key: '', Value: '1' }]],
  ['a key of 129 characters', [{ Key: 'k'.repeat(129), Value: '1' }]],
  ['a value of 257 characters', [{ Key: 'k', Value: 'v'.repeat(257) }]],
  ['a comma in the key', [{ Key: 'a,b', Value: '1' }]],
  ['a semicolon in the value', [{ Key: 'k', Value: 'a;b' }]],
  ['an at sign, which most other services take', [{ Key: 'k', Value: 'a@b' }]],
  ['a key with the prefix aws:', [{ Key: 'aws:team', Value: '1' }]],
  ['the same in upper case', [{ Key: 'AWS:team', Value: '1' }]],
  ['a value with the prefix aws:', [{ Key: 'k', Value: 'aws:1' }]],
  ['one key twice', [{ Key: 'k', Value: '1' }, { Key: 'k', Value: '2' }]],
])('%s: refused, and nothing is put on', async (_, tags) => {
  stage.ses.createIdentity(ref());
  expect(await refusal(tag([{ Key: 'good', Value: '1' }, ...tags]))).toMatchObject({ name: 'BadRequestException' });
  expect(await list()).toEqual([]);
});

test('a tag with the prefix aws: cannot be taken off', async () => {
  stage.ses.createIdentity(ref());
  expect(await refusal(untag(['aws:cloudformation:stack-name']))).toMatchObject({ name: 'BadRequestException' });
});

test.each([
  ['an identity that there is not', identityArn(ref('us-east-1', 'example.org'))],
  ['an identity of another Region', identityArn(ref('eu-west-1'))],
  ['an identity of another account', identityArn({ ...ref(), account: '222222222222' })],
  ['something else', `arn:aws:ses:us-east-1:${ACCOUNT}:configuration-set/${DOMAIN}`],
])('%s is not found', async (_, arn) => {
  for (const region of ['us-east-1', 'eu-west-1']) stage.ses.createIdentity(ref(region));
  stage.ses.createIdentity({ ...ref(), account: '222222222222' });
  const notFound = { name: 'NotFoundException', $metadata: { httpStatusCode: 404 } };
  expect(await refusal(tag([{ Key: 'k', Value: '1' }], undefined, arn))).toMatchObject(notFound);
  expect(await refusal(untag(['k'], undefined, arn))).toMatchObject(notFound);
  expect(await refusal(list(undefined, arn))).toMatchObject(notFound);
});

test('each call needs its own right on the identity', async () => {
  // GIVEN
  stage.ses.createIdentity(ref());
  const may = (action: string, resource = ARN) =>
    stage.clientIn('us-east-1', stage.roleWith([{ Effect: 'Allow', Action: action, Resource: resource }]));
  // THEN
  await tag([{ Key: 'k', Value: '1' }], may('ses:TagResource'));
  expect(await list(may('ses:ListTagsForResource'))).toHaveLength(1);
  await untag(['k'], may('ses:UntagResource'));
  expect(await refusal(tag([{ Key: 'k', Value: '1' }], may('ses:UntagResource')))).toMatchObject(DENIED);
  expect(await refusal(untag(['k'], may('ses:TagResource')))).toMatchObject(DENIED);
  expect(await refusal(list(may('ses:GetEmailIdentity')))).toMatchObject(DENIED);
  const elsewhere = identityArn(ref('us-east-1', 'example.org'));
  expect(await refusal(tag([{ Key: 'k', Value: '1' }], may('ses:TagResource', elsewhere)))).toMatchObject(DENIED);
});

test('a policy can say which keys and which values may be put on and taken off', async () => {
  // GIVEN
  stage.ses.createIdentity(ref());
  const limited = stage.clientIn('us-east-1', stage.roleWith([
    {
      Effect: 'Allow',
      Action: ['ses:TagResource', 'ses:UntagResource'],
      Resource: ARN,
      Condition: { 'ForAllValues:StringLike': { 'aws:TagKeys': 'dkim-*' } },
    },
    {
      Effect: 'Deny',
      Action: 'ses:TagResource',
      Resource: ARN,
      Condition: { StringEquals: { 'aws:RequestTag/dkim-a': 'no' } },
    },
  ]));
  // THEN
  await tag([{ Key: 'dkim-a', Value: 'yes' }], limited);
  await untag(['dkim-a'], limited);
  expect(await refusal(tag([{ Key: 'dkim-a', Value: 'no' }], limited))).toMatchObject(DENIED);
  expect(await refusal(tag([{ Key: 'team', Value: '1' }], limited))).toMatchObject(DENIED);
  expect(await refusal(untag(['team'], limited))).toMatchObject(DENIED);
});

test('calls about tags count for the limit of requests', async () => {
  await stage.restart({ requestsPerSecond: 0.001 });
  stage.ses.createIdentity(ref());
  await list();
  expect(await refusal(stage.get())).toMatchObject({ name: 'TooManyRequestsException' });
});
