// What SES says of an identity, and whether that is a problem.
import { IdentityState } from '../../../lambda/base/ports';
import { SesView, sesFindings } from '../../../lambda/watch/ses-findings';
import { WatchedSigning } from '../../../src/private/contract';

const EASY: WatchedSigning = { Method: 'EASY_DKIM' };
const BYO: WatchedSigning = { Method: 'BYODKIM', Selector: 's1', PublicKeySha256: 'a1' };
const DEED: WatchedSigning = { Method: 'DEED', ParentRegion: 'eu-west-1' };

const ROTATING: WatchedSigning = { Method: 'ROTATING_BYODKIM', SecretArn: 'arn:secret' };

const easy: IdentityState = {
  status: 'SUCCESS', signingEnabled: true, origin: 'AWS_SES', tokens: ['t1', 't2', 't3'], tags: {},
};
const byo: IdentityState = { ...easy, origin: 'EXTERNAL', tokens: ['s1'] };
const deed: IdentityState = { ...easy, origin: 'AWS_SES_EU_WEST_1' };

const LEFT = { [`cdk-ses-dkim-${'1'.repeat(32)}`]: 'told=EXTERNAL:s3 leaves' };
const TAG = { [`cdk-ses-dkim-${'0'.repeat(32)}`]: 'told=EXTERNAL:s2 told=EXTERNAL:s0' };

function found(Signing: WatchedSigning, identity?: IdentityState, more: Partial<SesView> = {}): string[] {
  return sesFindings({ Identity: 'example.com', Signing }, { region: 'us-east-1', identity, ...more })
    .map(({ what, whatToDo }) => `${what}. ${whatToDo}`);
}

test.each<[string, string[]]>([
  ['Easy DKIM', found(EASY, easy)],
  ['BYODKIM', found(BYO, byo)],
  ['BYODKIM of which SES names no selector', found(BYO, { ...byo, tokens: [] })],
  ['a selector that SES shows in upper case', found(BYO, { ...byo, tokens: ['S1'] })],
  ['a replica', found(DEED, deed, { parent: easy })],
  ['a replica that has the tokens in another order', found(DEED, { ...deed, tokens: ['t3', 'T1', 't2'] }, { parent: easy })],
  ['a deployment at work, of which the event knows nothing', found(BYO, { ...byo, tokens: ['s2'], tags: TAG })],
  ['the same signing told by one that has left, and by one that stays', found(ROTATING, {
    ...byo, tokens: ['s2'], tags: { ...TAG, [Object.keys(LEFT)[0]]: 'told=EXTERNAL:s2 leaves' },
  })],
  ['a rotating key of which SES names no selector', found(ROTATING, { ...byo, tokens: [], tags: TAG })],
  ['a key that follows its secret, and that SES had before', found(ROTATING, {
    ...byo, tags: { [Object.keys(TAG)[0]]: 'follows=3afa40' },
  })],
  ['BYODKIM whose tag is gone', found(BYO, byo)],
])('no problem: %s', (_, findings) => {
  expect(findings).toEqual([]);
});

test.each<[string, string[], RegExp]>([
  ['no identity', found(EASY), /there is no identity example\.com in SES in us-east-1.*Create it again/],
  ['signing is off', found(EASY, { ...easy, signingEnabled: false }), /switched off.*--signing-enabled.*--region us-east-1/],
  ['another method', found(EASY, byo), /by EXTERNAL with selector s1, and the stack has set Easy DKIM/],
  ['no method', found(EASY, { ...easy, origin: undefined }), /by no method/],
  ['another selector', found(BYO, { ...byo, tokens: ['s2'] }), /by EXTERNAL with selector s2.*BYODKIM \(EXTERNAL\) with selector s1/],
  ['a selector that was told before the last', found(BYO, {
    ...byo, tokens: ['s0'], tags: TAG,
  }), /by EXTERNAL with selector s0/],
  ['a selector that a tag of somebody else names', found(BYO, {
    ...byo, tokens: ['s2'], tags: { note: 'told=EXTERNAL:s2' },
  }), /by EXTERNAL with selector s2/],
  ['a key of a stack that has left, in place of BYODKIM', found(BYO, { ...byo, tokens: ['s3'], tags: { ...TAG, ...LEFT } }),
    /by EXTERNAL with selector s3, as another stack has set it, which was removed or rolled back\. To have it as the stack says, deploy/],
  ['the same in place of a rotating key', found(ROTATING, { ...byo, tokens: ['s3'], tags: { ...TAG, ...LEFT } }),
    /by EXTERNAL with selector s3, as another stack has set it, which was removed or rolled back/],
  ['a rotating key, and all tags are gone', found(ROTATING, { ...byo, tags: { team: 'mail' } }),
    /by EXTERNAL with selector s1, and no tag of the identity says which stack has set it\. An update of the identity can/],
  ['the same, and SES names no selector', found(ROTATING, { ...byo, tokens: [] }),
    /by EXTERNAL, and no tag of the identity says which stack has set it/],
  ['Easy DKIM in place of a key that SES had before', found(ROTATING, {
    ...easy, tags: { [Object.keys(TAG)[0]]: 'follows=3afa40' },
  }), /by AWS_SES, and the stack has set a rotating key/],
  ['Easy DKIM in place of a rotating key', found(ROTATING, easy), /by AWS_SES, and the stack has set a rotating key/],
  ['Easy DKIM in place of BYODKIM', found(BYO, easy), /by AWS_SES, and the stack has set BYODKIM/],
  ['a replica of another Region', found(DEED, { ...deed, origin: 'AWS_SES_EU_CENTRAL_1' }, { parent: easy }),
    /by AWS_SES_EU_CENTRAL_1, and the stack has set a replica of eu-west-1/],
  ['it looks', found(EASY, { ...easy, status: 'PENDING' }), /is PENDING: SES still looks/],
  ['it has not begun', found(EASY, { ...easy, status: 'NOT_STARTED' }), /is NOT_STARTED: SES still looks/],
  ['it has given up', found(EASY, { ...easy, status: 'FAILED', errorType: 'HOST_NOT_FOUND' }),
    /is FAILED \(HOST_NOT_FOUND\): SES has given up.*does not look again by itself.*recordTtl/],
  ['it finds the records no more', found(EASY, { ...easy, status: 'TEMPORARY_FAILURE' }), /TEMPORARY_FAILURE.*stops signing/],
  ['a status that is new', found(EASY, { ...easy, status: 'REVOKED' }), /is REVOKED/],
  ['no parent', found(DEED, deed), /parent of example\.com in eu-west-1 is not there/],
  ['a parent with a key of its own', found(DEED, deed, { parent: byo }), /parent .* signs by EXTERNAL with selector s1, and a replica has the Easy DKIM keys/],
  ['a parent that is a replica', found(DEED, deed, { parent: deed }), /parent .* signs by AWS_SES_EU_WEST_1/],
  ['other tokens than the parent', found(DEED, { ...deed, tokens: ['t1', 't2', 't4'] }, { parent: easy }), /other DKIM tokens/],
])('a problem: %s', (_, findings, message) => {
  expect(findings).toEqual([expect.stringMatching(message)]);
});

test('each problem is said', () => {
  expect(found(BYO, { ...easy, signingEnabled: false, status: 'FAILED' })).toHaveLength(3);
});
