// The services that a function of a quick history has: the real ones of the handler, over clients in memory.
import { Account, DOMAIN, Region } from './operations';
import { QuickCalls, Run } from './quick-calls';
import { QuickServices } from './quick-services';
import { RequestSeen } from './witness';
import { ServicesFor } from '../../lambda/base/ports';
import { keyStoreIn } from '../../lambda/services/key-store';
import { hostedZone, KnownZones } from '../../lambda/services/route53';
import { secretsFrom } from '../../lambda/services/secrets-manager';
import { sesOf } from '../../lambda/services/ses';
import { ServiceError } from '../cloud/service-error';

export interface Caller {
  readonly run: Run;
  readonly account: Account;
  /** What the work on an identity is for. */
  readonly requestFor: (region: Region) => RequestSeen;
}

export class QuickClients {
  constructor(private readonly calls: QuickCalls, private readonly services: QuickServices) {}

  servicesOf(caller: Caller): ServicesFor {
    const { calls, services } = this;
    const client = (service: string, handle: (operation: string, input: any) => any) =>
      calls.client(caller.run, service, handle);
    const sesIn = (region: string) => client('ses', (operation, input) =>
      this.ses(caller, region as Region, operation, input));
    const secrets = client('secretsmanager', (operation, input) => services.callSecrets(caller.account, operation, input));
    const known: KnownZones = new Map();
    return (wanted, common, stackId) => {
      const zone = client('route53', (operation, input) =>
        this.route53(caller.requestFor(wanted.region as Region), operation, input));
      return {
        ...common,
        ses: sesOf(wanted, stackId, sesIn, common.retry),
        dns: { ask: (name) => calls.call(caller.run, 'dns', 'Query', () => services.ask(name)) },
        secrets: secretsFrom(() => secrets, common.retry, common.redactor),
        keyStore: (arn) => keyStoreIn(arn, () => secrets, common.retry, common.redactor),
        hostedZone: (settings) => hostedZone(settings, async () => zone, common.retry, known),
      };
    };
  }

  private ses({ account, requestFor }: Caller, region: Region, operation: string, input: any): object {
    const { witness, closed } = this.services;
    if (closed.get(region) === 'fails') throw new ServiceError('InternalFailure', 500, `SES in ${region} is closed`);
    if (closed.has(region)) throw Object.assign(new Error(`no way to SES in ${region}`), { code: 'ECONNRESET' });
    const place = { account, region };
    const request = requestFor(region);
    const identity = this.services.identity(place);
    if (!identity) throw new ServiceError('NotFoundException', 404, `Email identity ${DOMAIN} does not exist.`);
    if (operation === 'GetEmailIdentity') witness.looking(request);
    else witness.writing(request, operation);
    const ref = { ...place, name: DOMAIN };
    switch (operation) {
      case 'GetEmailIdentity': return {
        DkimAttributes: {
          SigningEnabled: identity.signingEnabled,
          Status: identity.status,
          Tokens: identity.tokens,
          SigningHostedZone: identity.signingHostedZone,
          SigningAttributesOrigin: identity.origin,
          NextSigningKeyLength: identity.nextKeyLength,
        },
        VerificationInfo: { LastCheckedTimestamp: identity.lastChecked && new Date(identity.lastChecked) },
        Tags: identity.tags,
      };
      case 'PutEmailIdentityDkimSigningAttributes': {
        const { SigningAttributesOrigin: origin, SigningAttributes: attributes = {} } = input;
        witness.telling(request, origin, attributes);
        this.services.mail?.told(place, request.type);
        return this.services.putSigning(place, origin, attributes);
      }
      case 'TagResource': this.services.ses.tag(ref, input.Tags); return {};
      case 'UntagResource': this.services.ses.untag(ref, input.TagKeys); return {};
      default: throw new Error(`the quick SES does not know ${operation}`);
    }
  }

  private route53(request: RequestSeen, operation: string, input: any): object {
    const { witness, zone } = this.services;
    switch (operation) {
      case 'GetHostedZone': return { HostedZone: { Name: zone.info.name, Config: { PrivateZone: false } } };
      case 'ListResourceRecordSets': {
        const found = this.services.listFrom(input.StartRecordName, input.StartRecordType);
        return { ResourceRecordSets: found.slice(0, input.MaxItems ?? 300), IsTruncated: false };
      }
      case 'ChangeResourceRecordSets': {
        witness.writing(request, operation);
        const before = zone.recordSets;
        const { Changes: changes } = input.ChangeBatch;
        const Id = this.services.changeZone(changes);
        witness.changed(request, changes, before);
        return { ChangeInfo: { Id, Status: 'PENDING' } };
      }
      case 'GetChange': return { ChangeInfo: { Id: input.Id, Status: this.services.statusOfChange(input.Id) } };
      default: throw new Error(`the quick Route 53 does not know ${operation}`);
    }
  }
}
