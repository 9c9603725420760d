// Bad input: a secret that cannot be read.
import { AtDeployment, Made, Refusal } from './refusal';
import { World } from './world';
import { ACCOUNT, DNS_ACCOUNT, PEM, REGION } from '../end-to-end/scene';

const NOT_THERE = "ResourceNotFoundException: Secrets Manager can't find the specified secret.";
const COMPLETE_ARN = 'A secret of another account is imported by its complete ARN, with the six characters that Secrets Manager '
  + 'has put at its end; one whose own name ends like that, by its name';

const DENIED = 'See whether the secret is there: for one that is not, the answer is the same. A secret of another account needs a resource '
  + "policy for the function's role, and a key policy if it has its own key";

const cannotBeRead = (
  title: string, error: string, make: (world: World, arn: string) => Partial<Made> & { arn?: string; note?: string },
): AtDeployment => ({
  title: `secret: ${title}`,
  make: (world) => {
    const own = world.scene.secret(PEM.one);
    const { arn = own, note = '', ...made } = make(world, own);
    const [name, text] = error.split(/: (.*)/s);
    return { build: world.byo(arn), parts: { secret: `The secret ${arn}${note}`, name, text }, ...made };
  },
});

const arnOf = (name: string, account = ACCOUNT) => `arn:aws:secretsmanager:${REGION}:${account}:secret:${name}`;

export const SECRETS: readonly Refusal[] = [
  {
    place: 'secret',
    says: '{secret} could not be read: ResourceNotFoundException: {text}',
    advises: `Check the ARN, and that this version or stage exists. ${COMPLETE_ARN}`,
    why: 'The secret was deleted, or is in another Region or account; or no version has that id or label. Secrets Manager takes '
      + 'a hyphen and six characters at the end of an ARN for its own suffix.',
    atDeployment: [
      cannotBeRead('not there', NOT_THERE, () => ({ arn: arnOf('mail/other-AbCdE1') })),
      cannotBeRead('deleted', NOT_THERE, (world, arn) => {
        world.cloud.secretsManager.delete(arn);
        return {};
      }),
      cannotBeRead('no version with that label',
        "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: BLUE.",
        (world, arn) => ({ build: world.byo(arn, { versionStage: 'BLUE' }), note: ' (stage BLUE)' })),
      cannotBeRead('no version with that id',
        `ResourceNotFoundException: Secrets Manager can't find the specified secret value for VersionId: ${'0'.repeat(32)}.`,
        (world, arn) => ({
          build: world.byo(arn, { versionId: '0'.repeat(32) }), note: ` (version ${'0'.repeat(32)})`,
        })),
      cannotBeRead('its name ends like a complete ARN', NOT_THERE, (world) => {
        world.scene.secret(PEM.one, 'mail/dkim-secret');
        return { arn: arnOf('mail/dkim-secret') };
      }),
    ],
  },
  {
    place: 'secret',
    says: '{secret} could not be read: InvalidRequestException: {text}',
    advises: 'A secret that is marked for deletion has to be restored first',
    why: '`aws secretsmanager restore-secret` does that.',
    atDeployment: [
      cannotBeRead('marked for deletion', 'InvalidRequestException: You can\'t perform this operation on the secret because it was '
        + 'marked for deletion.', (world, arn) => {
        world.cloud.secretsManager.delete(arn, { recoveryWindowInDays: 7 });
        return {};
      }),
    ],
  },
  {
    place: 'secret',
    says: '{secret} could not be read: AccessDeniedException: {text}',
    advises: DENIED,
    why: 'A policy of the secret, a permissions boundary or a service control policy forbids it: [Other accounts](other-accounts.md).',
    atDeployment: [
      cannotBeRead('refused by a service control policy', 'AccessDeniedException: it says so.', (world) => ({
        during: () => world.everyCallIs('secretsmanager', 'GetSecretValue', 'AccessDeniedException'),
      })),
    ],
  },
  {
    place: 'secret',
    says: '{secret} could not be read: DecryptionFailure: {text}',
    advises: DENIED,
    why: 'The KMS key of the secret is disabled, or its policy does not allow the function.',
    atDeployment: [
      cannotBeRead('cannot be decrypted', 'DecryptionFailure: it says so.', (world) => ({
        during: () => world.everyCallIs('secretsmanager', 'GetSecretValue', 'DecryptionFailure'),
      })),
    ],
  },
  {
    place: 'secret',
    says: '{secret} could not be read: AccessDeniedException: {text}',
    advises: 'If the secret has a customer managed key, import it with encryptionKey; the key policy has to let the account of '
      + 'the function use it',
    why: 'With `encryptionKey` the function gets `kms:Decrypt` on that key.',
    atDeployment: [
      cannotBeRead('with a key that the app does not know', 'AccessDeniedException: Access to KMS is not allowed.', (world) => ({
        arn: world.cloud.secretsManager.create({
          account: ACCOUNT,
          region: REGION,
          name: 'encrypted',
          value: PEM.one,
          kmsKeyArn: `arn:aws:kms:${REGION}:${ACCOUNT}:key/1`,
        }).arn,
      })),
    ],
  },
  {
    place: 'secret',
    says: '{secret} could not be read: {name}: {text}',
    advises: "Deploy again; if it stays, the function's log says what went before",
    why: 'Secrets Manager has an error that this library does not know.',
    atDeployment: [
      cannotBeRead('an error that nobody knows', 'NewException: it says so.', (world) => ({
        during: () => world.everyCallIs('secretsmanager', 'GetSecretValue', 'NewException'),
      })),
    ],
  },
  {
    place: 'secret',
    says: 'The secret {secret} is not in the account of the function, where {other} has that name',
    advises: COMPLETE_ARN,
    why: 'A name alone does not say which account. The function would use a wrong key.',
    atDeployment: [
      {
        title: 'secret: of another account, by its name',
        make: (world) => {
          const other = world.scene.secret(PEM.one, 'mail/dkim-shared');
          world.scene.secret(PEM.two, 'mail/dkim-shared', { account: DNS_ACCOUNT });
          const secret = arnOf('mail/dkim-shared', DNS_ACCOUNT);
          return {
            parts: { secret, other },
            build: world.withProperties(world.byo(other), { 'Signing.SecretArn': secret, 'Signing.SecretArnForm': 'PARTIAL' }),
          };
        },
      },
    ],
  },
  {
    place: 'secret',
    says: 'The secret {secret} is binary',
    advises: 'Store the private key as text (SecretString)',
    why: '`aws secretsmanager create-secret --secret-binary` stores bytes. Use `--secret-string file://dkim.pem`.',
    atDeployment: [
      {
        title: 'secret: binary',
        make: (world) => {
          const { arn: secret } = world.cloud.secretsManager.create({
            account: ACCOUNT, region: REGION, name: 'binary', value: Buffer.from(PEM.one),
          });
          return { build: world.byo(secret), parts: { secret } };
        },
      },
    ],
  },
];

