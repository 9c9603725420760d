// Bad input: what the change of a rotating key finds, and what is asked of the function by hand.
import { createHash } from 'node:crypto';
import { AtRotation, Refusal } from './refusal';
import { ServiceError } from '../cloud';
import { ACCOUNT, DOMAIN, HOUR, MINUTE, REGION, RotatingScene } from '../end-to-end/rotating-scene';

const TOKEN = 'e'.repeat(32);
const OTHER = 'f'.repeat(32);

const secretIn = ({ cloud, arn }: RotatingScene) => cloud.secretsManager.described().find((each) => each.arn === arn)!;

/** The function is called for a step, as Secrets Manager calls it. */
const step = (Step: string, ClientRequestToken = TOKEN) => ({ arn: SecretId }: RotatingScene) =>
  ({ Step, SecretId, ClientRequestToken });

/** Secrets Manager begins a rotation: a version without a value. */
const begun = (rotating: RotatingScene) => secretIn(rotating).versions.begin(TOKEN, rotating.clock.now());

/** The steps up to this one are done. */
const done = (...names: string[]) => async (rotating: RotatingScene) => {
  begun(rotating);
  for (const name of names) await rotating.run(step(name)(rotating));
};

const put = (fields: Record<string, unknown> | string) => (rotating: RotatingScene) => {
  const text = typeof fields === 'string' ? fields : JSON.stringify(fields);
  secretIn(rotating).versions.add(OTHER, text, ['AWSCURRENT'], rotating.clock.now());
};

/** Somebody changes a tag of the secret, or takes it off. */
const withTag = (name: string, Value?: string) => (rotating: RotatingScene) => {
  const secret = secretIn(rotating);
  const Key = `cdk-ses-dkim:${name}`;
  secret.tags = [...secret.tags.filter((tag) => tag.Key !== Key), ...Value === undefined ? [] : [{ Key, Value }]];
};

const identityIsGone = ({ cloud }: RotatingScene) =>
  cloud.ses.deleteIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN });

/** Somebody has deleted the identity, and created it again. */
const signsOtherwise = (rotating: RotatingScene) => {
  identityIsGone(rotating);
  rotating.scene.identityExists();
};

const nextSelector = (rotating: RotatingScene) => {
  const day = new Date(rotating.clock.now()).toISOString().slice(0, 10).replaceAll('-', '');
  return `dkim-${day}-${createHash('sha256').update(TOKEN).digest('hex').slice(0, 6)}`;
};

/** What SES says of the identity, as the messages have it. */
const seen = (rotating: RotatingScene, selector: string, { looked = '<time>', status = 'PENDING', error = 'none' } = {}) => {
  const { origin, tokens } = rotating.scene.identity()!;
  const named = origin === 'EXTERNAL' ? ` with the selector ${tokens.join()}` : '';
  return `SES in ${REGION} has ${origin}${named}, status ${status}, last error ${error}, last looked ${looked}; the selector of the key is ${selector}`;
};

const each = (title: string, made: Omit<AtRotation, 'title'>): AtRotation => ({ title: `rotation: ${title}`, ...made });

/** SES looks for no record any more. */
const BLIND = { firstLook: 365 * 24 * HOUR };

const CHANGED = 'Nothing was changed. The secret, its tags or the records were changed by hand, or the stack signs otherwise now. '
  + 'Deploy the stack again with a change of the construct';

const noKey = (title: string, why: string, fields: Record<string, unknown> | string) => each(title, {
  before: (rotating) => {
    put(fields)(rotating);
    begun(rotating);
  },
  event: step('createSecret'),
  parts: ({ arn: secret }) => ({ version: OTHER, secret, why }),
});

const MADE = new Date(0).toISOString();

export const ROTATIONS: readonly Refusal[] = [
  {
    place: 'rotation',
    says: 'The event has no Step of a rotation',
    advises: 'This function is called by Secrets Manager',
    why: 'Somebody has called the function with another event.',
    atRotation: ['x', 'createsecret', '__proto__'].map((name) => each(`an event with the step ${name}`, { event: step(name) })),
  },
  {
    place: 'rotation',
    says: "The event's {name} is missing, or not of its form",
    advises: '',
    why: 'Somebody calls the function by hand. [How to](https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_now.html) '
      + 'change a key at once: `aws secretsmanager rotate-secret`.',
    atRotation: [
      each('an empty event', { event: () => ({}), parts: () => ({ name: 'SecretId' }) }),
      each('another ARN', { event: () => ({ Step: 'createSecret', SecretId: 'arn:aws:s3:::bucket' }), parts: () => ({ name: 'SecretId' }) }),
      each('a short token', { event: step('createSecret', 'x'), parts: () => ({ name: 'ClientRequestToken' }) }),
      each('a selector that is none', { event: ({ arn }) => ({ SecretId: arn, Revoke: '../x' }), parts: () => ({ name: 'Revoke' }) }),
      each('a list with something else in it', { event: () => ({ Secrets: [7] }), parts: () => ({ name: 'Secrets' }) }),
    ],
  },
  {
    place: 'rotation',
    says: "The event's StackId is of another account or Region than this function",
    advises: '',
    why: 'Somebody calls the function by hand, for a stack that is not here.',
    atRotation: [
      ['account', 'us-east-1:999999999999'], ['Region', 'eu-west-1:111111111111'],
    ].map(([what, where]) => each(`a stack of another ${what}`, {
      event: () => ({ StackId: `arn:aws:cloudformation:${where}:stack/mail/1`, Identities: [] }),
    })),
  },
  {
    place: 'rotation',
    says: 'The stack of the secret {secret} is being changed to sign otherwise',
    advises: 'Nothing more was changed',
    why: 'A deployment goes over to another way of signing, and no rotation may begin. If it is rolled back, rotate again.',
    testedBy: 'test/end-to-end/rotation-begins.test.ts',
  },
  {
    place: 'rotation',
    says: 'The rotation of the secret {secret} is switched off, or the secret is gone',
    advises: 'Nothing more was changed',
    why: 'A deployment has removed the schedule, or somebody has cancelled the rotation.',
    atRotation: [each('switched off', {
      before: (rotating) => {
        begun(rotating);
        const secret = secretIn(rotating);
        secret.rotation = { ...secret.rotation!, enabled: false };
      },
      event: step('createSecret'),
      parts: ({ arn: secret }) => ({ secret }),
    })],
  },
  {
    place: 'rotation',
    says: 'The version {version} of the secret {secret} has no label of a rotation, or is being taken back',
    advises: 'Nothing more was changed',
    why: 'The rotation was taken back, or a deployment has ended it.',
    atRotation: [each('a token without a label', {
      event: step('setSecret'), parts: ({ arn: secret }) => ({ secret, version: TOKEN }),
    })],
  },
  {
    place: 'rotation',
    says: 'A change of the key in the secret {secret} has begun or ended meanwhile',
    advises: 'Nothing more was changed. Try again',
    why: 'Somebody has revoked a key at that moment. The hourly care comes again by itself.',
    testedBy: 'test/end-to-end/rotation-pushed.test.ts',
  },
  {
    place: 'rotation',
    says: 'The tags of the secret {secret} were changed during this step',
    advises: 'Nothing more was changed',
    why: 'A deployment has begun. Secrets Manager tries the step again, with the new settings.',
    testedBy: 'test/end-to-end/further-regions.test.ts',
  },
  {
    place: 'rotation',
    says: 'The next key in {secret} is being taken back',
    advises: '',
    why: 'A deployment with a new schedule has begun, or one of several Regions has failed. The old key stays the current one.',
    testedBy: 'test/lambda/signing/rotation.test.ts',
  },
  {
    place: 'rotation',
    says: 'The tags of the secret {secret} do not say which stack it belongs to',
    advises: 'Deploy the stack again with a change of the construct, so that CloudFormation writes them. Nothing was changed',
    why: 'Somebody has changed the tags `cdk-ses-dkim:…`, by which a rotation knows its domain, its zone and its owner.',
    atRotation: [
      undefined, 'x', 'arn:aws:cloudformation:us-east-1:111111111111:stack/a b',
      'arn:aws:cloudformation:us-east-1:999999999999:stack/mail/1',
    ].map((value) =>
      each(`the tag StackId is ${value}`, {
        before: (rotating) => {
          begun(rotating);
          withTag('StackId', value)(rotating);
        },
        event: step('createSecret'),
        parts: ({ arn: secret }) => ({ secret }),
      })),
  },
  {
    place: 'rotation',
    says: 'The care for {failed} of {all} secrets failed',
    advises: '',
    why: 'The lines `care-failed` before it have the reason for each secret.',
    atRotation: [each('hourly care that one of two secrets stops', {
      before: withTag('StackId'),
      event: ({ arn }) => ({ Secrets: [arn, arn.replace(/-\w{6}$/, '-AAAAAA')] }),
      parts: () => ({ failed: '2', all: '2' }),
    })],
  },
  {
    place: 'rotation',
    says: 'The tags of the secret name no hosted zone for {domain}',
    advises: 'Deploy the stack again with a change of the construct',
    why: 'Somebody has removed the tag `cdk-ses-dkim:HostedZoneId`.',
    atRotation: [each('the tag HostedZoneId is gone', {
      before: (rotating) => {
        begun(rotating);
        withTag('HostedZoneId')(rotating);
      },
      event: step('createSecret'),
      parts: () => ({ domain: DOMAIN }),
    })],
  },
  {
    place: 'rotation',
    says: 'There is no hosted zone for {domain}',
    advises: 'Deploy the stack again with a change of the construct',
    why: 'The same, when you revoke a key.',
    atRotation: [each('revocation without the tag HostedZoneId', {
      before: withTag('HostedZoneId'), event: ({ arn }) => ({ SecretId: arn, Revoke: 'old' }), parts: () => ({ domain: DOMAIN }),
    })],
  },
  {
    place: 'rotation',
    says: 'The registry record of this stack in the hosted zone {zone} does not list the key of {domain}',
    advises: CHANGED,
    why: 'The function does not trust tags alone: who may tag the secret could publish a key in another zone.',
    atRotation: [['LogicalResourceId', 'Other'], ['StackId', 'arn:aws:cloudformation:us-east-1:111111111111:stack/Other/1']].map(([name, value]) =>
      each(`another ${name} in the tags`, {
        before: (rotating) => {
          begun(rotating);
          withTag(name, value)(rotating);
        },
        event: step('createSecret'),
        parts: ({ scene }) => ({ domain: DOMAIN, zone: scene.zoneId }),
      })),
  },
  {
    place: 'rotation',
    says: 'The version {version} of the secret {secret} is no key of cdk-ses-dkim: {why}',
    advises: 'Somebody has put it there by hand. Move the label AWSCURRENT back to the version before it',
    why: 'Only the functions write keys into this secret. Store your own key in another secret: [Your own key](byodkim.md).',
    atRotation: [
      noKey('a current version that is no JSON', 'its selector is not one', 'password'),
      noKey('a current version without a key', 'it has no privateKey', { selector: 'mine', made: MADE }),
      noKey('a current version that names no secret', 'it does not say which secret has the key',
        { selector: 'mine', made: MADE, follows: {} }),
      noKey('a current version without its time', 'it does not say when the key was made', { selector: 'mine', privateKey: 'x' }),
    ],
  },
  {
    place: 'rotation',
    says: 'The record {record} of the next key is there already',
    advises: 'Rotate again, which takes another selector. With delegatedTo, remove the record first if nobody needs it',
    why: 'No selector is used twice, and no record of somebody else is changed.',
    atRotation: [each('a record in the way of the next selector', {
      before: (rotating) => {
        begun(rotating);
        rotating.scene.write(`${nextSelector(rotating)}._domainkey.${DOMAIN}`, 'TXT', '"mine"');
      },
      event: step('createSecret'),
      parts: (rotating) => ({ record: `${nextSelector(rotating)}._domainkey.${DOMAIN}` }),
    })],
  },
  {
    place: 'rotation',
    says: 'The version {version} of the secret {secret} is not the next key',
    advises: 'Nothing was changed. Somebody has moved its labels, or the rotation was taken back: rotate again',
    why: 'A step comes after the rotation has ended.',
    atRotation: [each('a step for a version without a value', {
      before: begun, event: step('setSecret'), parts: ({ arn: secret }) => ({ secret, version: TOKEN }),
    })],
  },
  {
    place: 'rotation',
    says: 'SES has no identity {domain} in us-east-1',
    advises: 'Nothing was changed. Deploy the stack again with a change of the construct',
    why: 'Somebody has deleted the identity.',
    atRotation: [each('the identity is gone in us-east-1', {
      before: async (rotating) => {
        await done('createSecret')(rotating);
        identityIsGone(rotating);
      },
      event: step('setSecret'),
      parts: () => ({ domain: DOMAIN }),
    })],
  },
  {
    place: 'rotation',
    says: 'SES signs {domain} otherwise than this secret says: {seen}',
    advises: 'Nothing was changed. Deploy the stack again with a change of the construct, so that it says how the domain is signed',
    why: 'Somebody has changed the signing, by hand or with another stack.',
    atRotation: [each('the domain signs by Easy DKIM', {
      before: async (rotating) => {
        await done('createSecret')(rotating);
        signsOtherwise(rotating);
      },
      event: step('setSecret'),
      parts: (rotating) => ({ domain: DOMAIN, seen: seen(rotating, rotating.selectorOf('AWSCURRENT')!, { looked: 'never' }) }),
    })],
  },
  {
    place: 'rotation',
    says: 'SES has not verified the next key yet: {seen}',
    advises: 'It is published, so mail that is signed with it can be verified. It is tried again',
    why: 'SES usually needs minutes. After an hour, SES gets the old key again.',
    atRotation: [each('SES needs longer', {
      ses: BLIND,
      before: done('createSecret', 'setSecret'),
      event: step('testSecret'),
      parts: (rotating) => ({ seen: seen(rotating, nextSelector(rotating)) }),
    })],
  },
  {
    place: 'rotation',
    says: 'The key was not changed: {problem}. SES has the key before it again',
    advises: 'See what the public name servers answer for the selector, then rotate again',
    why: 'Mail is signed as before. The record of the key that was taken back stays for its overlap. The hourly run takes back a rotation that stopped: `it was left half-way`.',
    atRotation: [
      each('SES has not verified the key within an hour', {
        ses: BLIND,
        before: async (rotating) => {
          await done('createSecret', 'setSecret')(rotating);
          await rotating.clock.pass(61 * MINUTE);
        },
        event: step('testSecret'),
        parts: (rotating) => ({ problem: `SES has not verified the next key in time: ${seen(rotating, rotating.selectorOf('AWSPENDING')!)}` }),
        isTakenBack: true,
      }),
      each('somebody has removed the record, and SES has given up', {
        ses: { giveUpAfter: MINUTE },
        before: async (rotating) => {
          await done('createSecret', 'setSecret')(rotating);
          rotating.scene.erase(`${nextSelector(rotating)}._domainkey.${DOMAIN}`);
        },
        event: step('testSecret'),
        parts: (rotating) => ({
          problem: `SES gave up verifying the next key: ${seen(rotating, nextSelector(rotating), { status: 'FAILED', error: 'HOST_NOT_FOUND' })}`,
        }),
        isTakenBack: true,
      }),
      each('somebody has deleted the identity meanwhile', {
        before: async (rotating) => {
          await done('createSecret', 'setSecret')(rotating);
          identityIsGone(rotating);
        },
        event: step('testSecret'),
        parts: () => ({ problem: 'SES signs otherwise meanwhile: the identity is gone in us-east-1' }),
        isTakenBack: true,
      }),
    ],
  },
  {
    place: 'rotation',
    says: 'The next key was verified, and now is not: {seen}',
    advises: 'Secrets Manager tries again',
    why: 'SES looks regularly, and does not find the record any more.',
    atRotation: [each('the last step comes before SES has looked', {
      ses: BLIND,
      before: done('createSecret', 'setSecret'),
      event: step('finishSecret'),
      parts: (rotating) => ({ seen: seen(rotating, nextSelector(rotating)) }),
    })],
  },
  {
    place: 'rotation',
    says: 'No key could be stored in the secret {secret}: {name}: {text}',
    advises: 'See whether the secret is there: for one that is not, the answer is the same. A secret of another account needs a resource '
      + "policy for the function's role, and a key policy if it has its own key",
    why: 'A service control policy or a permissions boundary denies the call.',
    atRotation: [each('Secrets Manager stores nothing', {
      before: (rotating) => {
        begun(rotating);
        rotating.cloud.faults.add({
          service: 'secretsmanager', operation: 'PutSecretValue', kind: new ServiceError('AccessDeniedException', 400, 'it says so'), times: 10_000,
        });
      },
      event: step('createSecret'),
      parts: ({ arn: secret }) => ({ secret, name: 'AccessDeniedException', text: 'it says so' }),
    })],
  },
  {
    place: 'rotation',
    says: 'The label {label} of the secret {secret} could not be moved: {name}: {text}',
    advises: "Deploy again; if it stays, the function's log says what went before",
    why: 'The hourly run tries again.',
    atRotation: [each('Secrets Manager moves no label', {
      before: async (rotating) => {
        await done('createSecret', 'setSecret', 'testSecret')(rotating);
        rotating.cloud.faults.add({
          service: 'secretsmanager', operation: 'UpdateSecretVersionStage', kind: new ServiceError('NewException', 400, 'it says so'), times: 10_000,
        });
      },
      event: step('finishSecret'),
      parts: ({ arn: secret }) => ({ secret, name: 'NewException', label: 'AWSCURRENT', text: 'it says so' }),
    })],
  },
  {
    place: 'rotation',
    says: 'Mail of {domain} is signed with the selector {selector} now',
    advises: 'Change the key first (rotatingByoDkim: aws secretsmanager rotate-secret; followSecret: store another key). '
      + 'Revoke the old selector when the log has key-current for the new one',
    why: 'With an empty record, no mail could be verified.',
    atRotation: [each('revocation of the current key', {
      event: (rotating) => ({ SecretId: rotating.arn, Revoke: rotating.selector }),
      parts: ({ selector }) => ({ domain: DOMAIN, selector }),
    })],
  },
  {
    place: 'rotation',
    says: 'The secret {secret} is gone, or marked for deletion. Nothing was revoked',
    advises: 'Restore it: aws secretsmanager restore-secret. Or write an empty p= into the record of the key that leaked',
    why: 'The function goes by the tags of the secret.',
    atRotation: [each('revocation with a secret that is marked for deletion', {
      before: ({ cloud, arn }) => cloud.secretsManager.delete(arn, { recoveryWindowInDays: 7 }),
      event: ({ arn }) => ({ SecretId: arn, Revoke: 's1' }),
      parts: ({ arn }) => ({ secret: arn }),
    })],
  },
  {
    place: 'rotation',
    says: "The hosted zone has no superseded record of the selector {selector} that is this construct's alone",
    advises: 'Nothing was changed. A record of somebody else is theirs to revoke',
    why: 'Only a record that this library wrote, and that nobody else uses, is changed.',
    atRotation: [
      each('revocation of a selector that nobody has', {
        event: ({ arn }) => ({ SecretId: arn, Revoke: 'other' }), parts: () => ({ selector: 'other' }),
      }),
      each('revocation of a record of somebody else', {
        before: ({ scene }) => scene.write(`mine._domainkey.${DOMAIN}`, 'TXT', '"v=DKIM1; p=AAAA"'),
        event: ({ arn }) => ({ SecretId: arn, Revoke: 'mine' }),
        parts: () => ({ selector: 'mine' }),
      }),
    ],
  },
  {
    place: 'secret',
    says: 'The secret {secret} with the rotating key is gone',
    advises: 'Restore it if it is marked for deletion. Otherwise deploy the construct with DkimSigning.easyDkim(), and after that with '
      + 'rotatingByoDkim() again, which makes a new one',
    why: 'Somebody has deleted the secret, with its keys. SES still signs with the last of them.',
    testedBy: 'test/bad-input/rotation.test.ts',
  },
  {
    place: 'secret',
    says: 'The secret {secret} does not show its first key yet',
    advises: 'Deploy again in a minute',
    why: 'Secrets Manager may show a moment later what it has stored.',
    testedBy: 'test/bad-input/rotation.test.ts',
  },
];
