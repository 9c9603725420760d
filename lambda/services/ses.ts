// SES calls for one identity.
import {
  DkimSigningAttributesOrigin, GetEmailIdentityCommand, GetEmailIdentityCommandOutput,
  PutEmailIdentityDkimSigningAttributesCommand, SESv2Client, TagResourceCommand, UntagResourceCommand,
} from '@aws-sdk/client-sesv2';
import { nameOf } from '../base/describe-error';
import { DesiredState } from '../base/desired-state';
import { IdentityState, Ses, SigningAttributes } from '../base/ports';
import { Retry } from '../base/retry';

/** `clientFor` gives the client of a Region. The identity is in the account of the stack. */
export function sesOf(
  { domain: EmailIdentity, region }: Pick<DesiredState, 'domain' | 'region'>, stackId: string,
  clientFor: (region: string) => SESv2Client, retry: Retry,
): Ses {
  const [, partition, , , account] = stackId.split(':');
  const ResourceArn = `arn:${partition}:ses:${region}:${account}:identity/${EmailIdentity}`;
  const readIn = identityReader(EmailIdentity, clientFor, retry);
  return {
    read: () => readIn(region),
    readIn,
    async putSigning(attributes) {
      const answer = await retry.write('PutEmailIdentityDkimSigningAttributes', () =>
        clientFor(region).send(new PutEmailIdentityDkimSigningAttributesCommand({
          EmailIdentity,
          // The SDK lists the Regions that it knows; AWS states the rule for new ones.
          SigningAttributesOrigin: attributes.origin as DkimSigningAttributesOrigin,
          SigningAttributes: wireAttributes(attributes),
        })));
      const { DkimStatus, DkimTokens, SigningHostedZone } = answer;
      return { status: DkimStatus ?? 'PENDING', tokens: DkimTokens ?? [], signingHostedZone: SigningHostedZone };
    },
    async tag(Key, Value) {
      await retry.write('TagResource', () =>
        clientFor(region).send(new TagResourceCommand({ ResourceArn, Tags: [{ Key, Value }] })));
    },
    async untag(key) {
      await retry.write('UntagResource', () =>
        clientFor(region).send(new UntagResourceCommand({ ResourceArn, TagKeys: [key] })));
    },
  };
}

/** Reads the identity in a Region. Gives nothing when there is no such identity. */
export function identityReader(
  EmailIdentity: string, clientFor: (region: string) => SESv2Client, retry: Retry,
): Ses['readIn'] {
  return async (region) => {
    try {
      return stateOf(await retry.call('GetEmailIdentity', () =>
        clientFor(region).send(new GetEmailIdentityCommand({ EmailIdentity }))));
    } catch (error) {
      if (nameOf(error) === 'NotFoundException') return undefined;
      throw error;
    }
  };
}

function wireAttributes(attributes: SigningAttributes) {
  if ('privateKey' in attributes) {
    return { DomainSigningSelector: attributes.selector, DomainSigningPrivateKey: attributes.privateKey };
  }
  if (!('keyLength' in attributes) || attributes.keyLength === undefined) return undefined;
  return { NextSigningKeyLength: attributes.keyLength };
}

function stateOf(answer: GetEmailIdentityCommandOutput): IdentityState {
  const { DkimAttributes: dkim = {}, VerificationInfo: seen = {}, Tags: tags = [] } = answer;
  return {
    status: dkim.Status ?? 'NOT_STARTED',
    signingEnabled: dkim.SigningEnabled ?? false,
    origin: dkim.SigningAttributesOrigin,
    tokens: dkim.Tokens ?? [],
    signingHostedZone: dkim.SigningHostedZone,
    nextKeyLength: dkim.NextSigningKeyLength,
    lastKeyGeneration: dkim.LastKeyGenerationTimestamp,
    lastChecked: seen.LastCheckedTimestamp,
    errorType: seen.ErrorType,
    tags: Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value])),
  };
}
