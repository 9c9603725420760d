// AWS::SES::EmailIdentity
import {
  PutEmailIdentityDkimAttributesCommand, PutEmailIdentityDkimSigningAttributesCommand, SESv2Client,
} from '@aws-sdk/client-sesv2';
import { Physical, PreviousState, Properties, ResourceProvider, ResourceRequest } from './provider';
import { CloudContext } from '../../http-service';
import { IdentityState, NewIdentity, Ses, Tag } from '../../ses';

export class EmailIdentityProvider implements ResourceProvider {
  readonly replacedBy = ['EmailIdentity'];

  constructor(private readonly context: CloudContext, private readonly ses: Ses) {}

  create(request: ResourceRequest): Physical {
    const { DkimSigningAttributes: signing, DkimAttributes: dkim, Tags: tags } = request.properties;
    return physical(this.ses.createIdentity({
      ...refOf(request), dkim: signing && dkimOf(signing), signingEnabled: dkim?.SigningEnabled, tags,
    }));
  }

  async update(request: ResourceRequest, previous: PreviousState): Promise<Physical> {
    const { EmailIdentity, DkimSigningAttributes: signing, DkimAttributes: dkim } = request.properties;
    const client = this.client(request);
    if (changed(previous, request, 'DkimSigningAttributes')) {
      const told = new PutEmailIdentityDkimSigningAttributesCommand({
        EmailIdentity,
        SigningAttributesOrigin: signing?.DomainSigningSelector ? 'EXTERNAL' : 'AWS_SES',
        SigningAttributes: signing,
      });
      await this.untilAccepted(() => client.send(told));
    }
    if (changed(previous, request, 'DkimAttributes')) {
      const switched = new PutEmailIdentityDkimAttributesCommand({
        EmailIdentity, SigningEnabled: dkim?.SigningEnabled ?? true,
      });
      await this.untilAccepted(() => client.send(switched));
    }
    const state = this.ses.identity(refOf(request));
    if (!state) {
      throw new Error(`Resource of type 'AWS::SES::EmailIdentity' with identifier '${EmailIdentity}' was not found.`);
    }
    this.updateTags(request, previous, state);
    return physical(state);
  }

  delete(request: ResourceRequest): void {
    this.ses.deleteIdentity(refOf(request));
  }

  private client({ stack: { account, region } }: ResourceRequest): SESv2Client {
    const credentials = this.context.credentials.issue({ account });
    return new SESv2Client({ region, endpoint: this.ses.endpoint, credentials, maxAttempts: 1 });
  }

  /** CloudFormation's calls count in the account's one call a second, and are made again. */
  private async untilAccepted(call: () => Promise<unknown>): Promise<void> {
    const { clock } = this.context;
    for (;;) {
      try {
        return void await clock.hold('a call of CloudFormation to SES', call);
      } catch (error) {
        if ((error as Error).name !== 'TooManyRequestsException') throw error;
        await clock.sleep(1000);
      }
    }
  }

  /** The tags of the template are there afterwards; the others as the setting has it. */
  private updateTags(request: ResourceRequest, previous: PreviousState, { tags }: IdentityState): void {
    const ref = refOf(request);
    const wanted: Tag[] = request.properties.Tags ?? [];
    const before: Tag[] = this.ses.settings.stackUpdateKeepsTags === 'all' ? previous.properties.Tags ?? [] : tags;
    const dropped = before.filter(({ Key }) => !wanted.some((tag) => tag.Key === Key));
    if (dropped.length > 0) this.ses.untagIdentity(ref, dropped.map(({ Key }) => Key));
    if (wanted.length > 0) this.ses.tagIdentity(ref, wanted);
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

/** Tokens exist for Easy DKIM only. With BYODKIM, and while there are none yet, CloudFormation gives empty texts. */
function physical({ name, tokens, signingHostedZone }: IdentityState): Physical {
  const attributes: Record<string, string> = {};
  for (const index of [0, 1, 2]) {
    const token = signingHostedZone && tokens[index];
    attributes[`DkimDNSTokenName${index + 1}`] = token ? `${token}._domainkey.${name}` : '';
    attributes[`DkimDNSTokenValue${index + 1}`] = token ? `${token}.${signingHostedZone}` : '';
  }
  return { physicalId: name, attributes };
}

function changed(previous: PreviousState, request: ResourceRequest, property: string): boolean {
  return JSON.stringify(previous.properties[property]) !== JSON.stringify(request.properties[property]);
}
