// AWS::SES::EmailIdentity
import {
  PutEmailIdentityDkimAttributesCommand, PutEmailIdentityDkimSigningAttributesCommand, SESv2Client,
} from '@aws-sdk/client-sesv2';
import { Physical, PreviousState, Properties, ResourceProvider, ResourceRequest } from './provider';
import { CloudContext } from '../../http-service';
import { IdentityState, NewIdentity, Ses } from '../../ses';

export class EmailIdentityProvider implements ResourceProvider {
  readonly replacedBy = ['EmailIdentity'];

  constructor(private readonly context: CloudContext, private readonly ses: Ses) {}

  create(request: ResourceRequest): Physical {
    const { DkimSigningAttributes: signing, DkimAttributes: dkim } = request.properties;
    return physical(this.ses.createIdentity({
      ...refOf(request), dkim: signing && dkimOf(signing), signingEnabled: dkim?.SigningEnabled,
    }));
  }

  async update(request: ResourceRequest, previous: PreviousState): Promise<Physical> {
    const { EmailIdentity, DkimSigningAttributes: signing, DkimAttributes: dkim } = request.properties;
    const client = new SESv2Client({
      region: request.stack.region,
      endpoint: this.ses.endpoint,
      credentials: this.context.credentials.issue({ account: request.stack.account }),
    });
    if (changed(previous, request, 'DkimSigningAttributes')) {
      await client.send(new PutEmailIdentityDkimSigningAttributesCommand({
        EmailIdentity,
        SigningAttributesOrigin: signing?.DomainSigningSelector ? 'EXTERNAL' : 'AWS_SES',
        SigningAttributes: signing,
      }));
    }
    if (changed(previous, request, 'DkimAttributes')) {
      const SigningEnabled = dkim?.SigningEnabled ?? true;
      await client.send(new PutEmailIdentityDkimAttributesCommand({ EmailIdentity, SigningEnabled }));
    }
    const state = this.ses.identity(refOf(request));
    if (state) return physical(state);
    throw new Error(`Resource of type 'AWS::SES::EmailIdentity' with identifier '${EmailIdentity}' was not found.`);
  }

  delete(request: ResourceRequest): void {
    this.ses.deleteIdentity(refOf(request));
  }
}

function refOf({ stack, properties }: ResourceRequest) {
  return { account: stack.account, region: stack.region, name: properties.EmailIdentity };
}

function dkimOf(signing: Properties): NewIdentity['dkim'] {
  return signing.DomainSigningSelector
    ? { selector: signing.DomainSigningSelector, privateKey: signing.DomainSigningPrivateKey }
    : { nextKeyLength: signing.NextSigningKeyLength };
}

/** Tokens exist for Easy DKIM only; with BYODKIM CloudFormation gives empty texts. */
function physical({ name, tokens, signingHostedZone }: IdentityState): Physical {
  const attributes: Record<string, string> = {};
  for (const index of [0, 1, 2]) {
    attributes[`DkimDNSTokenName${index + 1}`] = signingHostedZone ? `${tokens[index]}._domainkey.${name}` : '';
    attributes[`DkimDNSTokenValue${index + 1}`] = signingHostedZone ? `${tokens[index]}.${signingHostedZone}` : '';
  }
  return { physicalId: name, attributes };
}

function changed(previous: PreviousState, request: ResourceRequest, property: string): boolean {
  return JSON.stringify(previous.properties[property]) !== JSON.stringify(request.properties[property]);
}
