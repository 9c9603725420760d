// All resource types that the local CloudFormation knows.
import { RuleProvider } from './events';
import { ManagedPolicyProvider, PolicyProvider, RoleProvider } from './iam';
import { IamEntities, IamSettings } from './iam-entities';
import { EventInvokeConfigProvider, FunctionProvider } from './lambda';
import { PermissionProvider } from './lambda-permission';
import { KeyProvider, LogGroupProvider } from './logs';
import { NetworkInterfaces, SecurityGroupProvider } from './network';
import { physicalName, ResourceProvider } from './provider';
import { RotationScheduleProvider } from './rotation-schedule';
import { HostedZoneProvider, RecordSetProvider } from './route53';
import { ScheduleGroupProvider, ScheduleProvider } from './scheduler';
import { SecretPolicyProvider, SecretProvider } from './secrets-manager';
import { EmailIdentityProvider } from './ses';
import { Store } from './store';
import { EventBridge } from '../../event-bridge';
import { CloudContext } from '../../http-service';
import { Iam } from '../../iam';
import { Lambda } from '../../lambda';
import { Route53 } from '../../route53';
import { Scheduler } from '../../scheduler';
import { SecretsManager } from '../../secrets-manager';
import { Ses } from '../../ses';

export type { IamSettings } from './iam-entities';

export interface Services {
  readonly eventBridge: EventBridge;
  readonly iam: Iam;
  readonly lambda: Lambda;
  readonly route53: Route53;
  readonly scheduler: Scheduler;
  readonly secretsManager: SecretsManager;
  readonly ses: Ses;
}

/** @param stopped aborted when the cloud stops */
export function resourceProviders(
  context: CloudContext, services: Services, iamSettings: IamSettings, stopped: AbortSignal,
): Record<string, ResourceProvider> {
  const { eventBridge, iam, lambda, route53, scheduler, secretsManager, ses } = services;
  const entities = new IamEntities(context.clock, iam, iamSettings, stopped);
  const interfaces = new NetworkInterfaces(iam);
  const keys = new KeyProvider();
  const alarms = new Store({
    replacedBy: ['AlarmName'],
    physicalId: (request) => request.properties.AlarmName ?? physicalName(request, 255),
    attributes: ({ stack: { partition, region, account } }, name) =>
      ({ Arn: `arn:${partition}:cloudwatch:${region}:${account}:alarm:${name}` }),
  });
  return {
    'AWS::CDK::Metadata': new Store(),
    'AWS::CloudFormation::WaitConditionHandle': new Store(),
    'AWS::CloudWatch::Alarm': alarms,
    'AWS::CloudWatch::CompositeAlarm': alarms,
    'AWS::EC2::SecurityGroup': new SecurityGroupProvider(interfaces),
    'AWS::Events::Rule': new RuleProvider(eventBridge),
    'AWS::IAM::ManagedPolicy': new ManagedPolicyProvider(entities),
    'AWS::IAM::Policy': new PolicyProvider(entities),
    'AWS::IAM::Role': new RoleProvider(entities),
    'AWS::KMS::Alias': new Store({ replacedBy: ['AliasName'], physicalId: ({ properties }) => properties.AliasName }),
    'AWS::KMS::Key': keys,
    'AWS::Lambda::EventInvokeConfig': new EventInvokeConfigProvider(lambda),
    'AWS::Lambda::Function': new FunctionProvider(lambda, iam, interfaces),
    'AWS::Lambda::Permission': new PermissionProvider(lambda),
    'AWS::Logs::LogGroup': new LogGroupProvider(keys),
    'AWS::Route53::HostedZone': new HostedZoneProvider(route53),
    'AWS::Route53::RecordSet': new RecordSetProvider(route53),
    'AWS::SES::EmailIdentity': new EmailIdentityProvider(context, ses),
    'AWS::Scheduler::Schedule': new ScheduleProvider(scheduler),
    'AWS::Scheduler::ScheduleGroup': new ScheduleGroupProvider(scheduler),
    'AWS::SecretsManager::ResourcePolicy': new SecretPolicyProvider(secretsManager),
    'AWS::SecretsManager::RotationSchedule': new RotationScheduleProvider(secretsManager),
    'AWS::SecretsManager::Secret': new SecretProvider(secretsManager),
  };
}
