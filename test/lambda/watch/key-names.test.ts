// The names that verifiers ask for are made of what SES does now, whatever the stack has set.
import { IdentityState } from '../../../lambda/base/ports';
import { keyNames } from '../../../lambda/watch/key-names';
import { WatchedSigning } from '../../../src/private/contract';

const OWN: WatchedSigning = { Method: 'BYODKIM', Selector: 's1', PublicKeySha256: 'digest' };
const EASY: WatchedSigning = { Method: 'EASY_DKIM' };
const ROTATING: WatchedSigning = { Method: 'ROTATING_BYODKIM', SecretArn: 'arn' };
const REPLICA: WatchedSigning = { Method: 'DEED', ParentRegion: 'eu-central-2' };
const easy: IdentityState = {
  status: 'SUCCESS', signingEnabled: true, origin: 'AWS_SES', tokens: ['t1', 't2'], tags: {},
};
const own = (...tokens: string[]): IdentityState => ({ ...easy, origin: 'EXTERNAL', tokens });

type More = { readonly parent?: IdentityState; readonly region?: string };
const names = (Signing: WatchedSigning, identity?: IdentityState, more: More = {}) =>
  keyNames({ Identity: 'example.com', Signing }, { region: 'us-east-1', identity, ...more });
const cnames = (zone: string) => ['t1', 't2'].map((token) =>
  ({ name: `${token}._domainkey.example.com`, target: `${token}.${zone}` }));

test.each([OWN, EASY, REPLICA])('where there is no identity, there are no names: %j', (signing) => {
  expect(names(signing)).toEqual([]);
});

test('a key of the own is at its selector, and its digest is known', () => {
  expect(names(OWN, own('s1'))).toEqual([{ name: 's1._domainkey.example.com', sha256: 'digest', isVerified: true }]);
  expect(names(OWN, own('S1'))).toEqual([{ name: 's1._domainkey.example.com', sha256: 'digest', isVerified: true }]);
});

test('where SES names no selector, it is the one that the stack has set', () => {
  expect(names(OWN, own())).toEqual([{ name: 's1._domainkey.example.com', sha256: 'digest', isVerified: true }]);
  expect(names(EASY, own())).toEqual([]);
});

describe('a rotating key, whose selector the stack does not know', () => {
  const label = (digit: string) => `cdk-ses-dkim-${digit.repeat(32)}`;
  const told = (tags: IdentityState['tags']): IdentityState => ({ ...own(), tags });

  test('is at the selector that SES names', () => {
    expect(names(ROTATING, { ...own('n1'), tags: { [label('a')]: 'told=EXTERNAL:n2' } }))
      .toEqual([{ name: 'n1._domainkey.example.com' }]);
  });

  test('where SES names none, is at the one that its owner has told SES last', () => {
    expect(names(ROTATING, told({ [label('a')]: 'told=EXTERNAL:n1 told=EXTERNAL:s1 replaced=AWS_SES', other: 'told=EXTERNAL:x' })))
      .toEqual([{ name: 'n1._domainkey.example.com' }]);
  });

  test('where SES names none, and owners have told it several things, nobody knows which it is', () => {
    const both = { [label('a')]: 'told=EXTERNAL:n1', [label('b')]: 'told=EXTERNAL:n2' };
    expect(names(ROTATING, told(both))).toEqual([]);
    expect(names(ROTATING, told({ ...both, [label('b')]: 'told=EXTERNAL:n1' }))).toHaveLength(1);
    expect(names(ROTATING, told({ [label('a')]: 'told=AWS_SES' }))).toEqual([]);
    expect(names(ROTATING, told({}))).toEqual([]);
  });
});

test.each([OWN, EASY, REPLICA, ROTATING])('of a key that somebody else has set, nobody knows the digest: %j', (signing) => {
  expect(names(signing, own('mail'))).toEqual([{ name: 'mail._domainkey.example.com' }]);
});

test('tokens lead to where SES says, or to where its rules say for the Region of the keys', () => {
  expect(names(EASY, { ...easy, signingHostedZone: 'x.amazonses.com' })).toEqual(cnames('x.amazonses.com'));
  expect(names(EASY, easy)).toEqual(cnames('dkim.amazonses.com'));
  expect(names(EASY, easy, { region: 'eu-central-2' })).toEqual(cnames('dkim.eu-central-2.amazonses.com'));
  expect(names(OWN, easy)).toEqual(cnames('dkim.amazonses.com'));
});

test("the keys of a replica are its parent's", () => {
  const replica = { ...easy, origin: 'AWS_SES_EU_CENTRAL_2' };
  expect(names(REPLICA, replica)).toEqual(cnames('dkim.eu-central-2.amazonses.com'));
  const parent = { ...easy, signingHostedZone: 'parent.amazonses.com' };
  const said = { ...replica, signingHostedZone: 'replica.amazonses.com' };
  expect(names(REPLICA, said, { parent })).toEqual(cnames('parent.amazonses.com'));
  expect(names(REPLICA, said, { parent: easy })).toEqual(cnames('replica.amazonses.com'));
});
