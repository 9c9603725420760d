// SES calls for one identity.
import { GetEmailIdentityCommand, PutEmailIdentityDkimSigningAttributesCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { withoutKeys } from '../base/log';
import { Patience } from '../base/patience';
import { IdentityState, Ses, SigningAttributes } from '../base/ports';

/** `clientFor` gives the client of a Region. */
export function sesOf(identity: string, region: string, clientFor: (region: string) => SESv2Client, patience: Patience): Ses {
  return {
    read: () => read(clientFor(region), identity, patience),
    readIn: (other) => read(clientFor(other), identity, patience),
    async putSigning(attributes) {
      const answer = await patience.insist('PutEmailIdentityDkimSigningAttributes', async () => {
        try {
          return await clientFor(region).send(new PutEmailIdentityDkimSigningAttributesCommand({
            EmailIdentity: identity,
            SigningAttributesOrigin: attributes.origin as 'EXTERNAL', // the enum names Regions; AWS states the rule for new ones
            SigningAttributes: signingAttributes(attributes),
          }));
        } catch (error) {
          // SES quotes what it refuses, and what it is sent here is the private key.
          (error as Error).message = withoutKeys((error as Error).message, 'privateKey' in attributes ? attributes.privateKey : undefined);
          throw error;
        }
      });
      return { status: answer.DkimStatus ?? 'PENDING', tokens: answer.DkimTokens ?? [], signingHostedZone: answer.SigningHostedZone };
    },
  };
}

function signingAttributes(attributes: SigningAttributes) {
  if (attributes.origin === 'EXTERNAL') {
    const { selector, privateKey } = attributes as Extract<SigningAttributes, { origin: 'EXTERNAL' }>;
    return { DomainSigningSelector: selector, DomainSigningPrivateKey: privateKey };
  }
  const { keyLength } = attributes as { keyLength?: string };
  return keyLength === undefined ? undefined : { NextSigningKeyLength: keyLength as 'RSA_2048_BIT' };
}

async function read(client: SESv2Client, identity: string, patience: Patience): Promise<IdentityState | undefined> {
  try {
    const answer = await patience.insist('GetEmailIdentity', () => client.send(new GetEmailIdentityCommand({ EmailIdentity: identity })));
    const dkim = answer.DkimAttributes ?? {};
    return {
      status: dkim.Status ?? 'NOT_STARTED',
      signingEnabled: dkim.SigningEnabled ?? false,
      origin: dkim.SigningAttributesOrigin,
      tokens: dkim.Tokens ?? [],
      signingHostedZone: dkim.SigningHostedZone,
      nextKeyLength: dkim.NextSigningKeyLength,
      lastKeyGeneration: dkim.LastKeyGenerationTimestamp,
      lastChecked: answer.VerificationInfo?.LastCheckedTimestamp,
      errorType: answer.VerificationInfo?.ErrorType,
    };
  } catch (error) {
    if ((error as Error).name === 'NotFoundException') return undefined;
    throw error;
  }
}
