// Stacks for the tests of the construct, and helpers that read the synthesized template.
import { Stack, StackProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import { leanApp } from './lean-app';
import { RESOURCE_TYPE } from '../src/private/contract';

export const ACCOUNT = '111111111111';

/** A stack in a new app, in us-east-1 by default. */
export function mailStack(props: StackProps = { env: { account: ACCOUNT, region: 'us-east-1' } }, context = {}): Stack {
  return new Stack(leanApp({ context }), 'Mail', props);
}

export function imported(stack: Stack, domain: string): ses.IEmailIdentity {
  return ses.EmailIdentity.fromEmailIdentityName(stack, `Identity of ${domain}`, domain);
}

export function zone(stack: Stack, zoneName: string, hostedZoneId = 'Z0EXAMPLE'): route53.IHostedZone {
  return route53.HostedZone.fromHostedZoneAttributes(stack, `Zone ${zoneName}`, { hostedZoneId, zoneName });
}

export interface TemplateResource {
  readonly Type: string;
  readonly Properties: any;
  readonly DependsOn?: string[];
  readonly Metadata?: any;
  readonly [other: string]: unknown;
}

export function resourcesOf(stack: Stack, type?: string): { [logicalId: string]: TemplateResource } {
  const all = (Template.fromStack(stack).toJSON().Resources ?? {}) as { [logicalId: string]: TemplateResource };
  return Object.fromEntries(Object.entries(all).filter(([, resource]) => !type || resource.Type === type));
}

/** The only custom resource of the stack. */
export function customResourceOf(stack: Stack): TemplateResource {
  const found = Object.values(resourcesOf(stack, RESOURCE_TYPE));
  expect(found).toHaveLength(1);
  return found[0];
}

/** The properties of the custom resource for the handler, without those for CloudFormation. */
export function propertiesOf(stack: Stack): any {
  const { ServiceToken, ServiceTimeout, ...properties } = customResourceOf(stack).Properties;
  return properties;
}

/** All statements of the managed policies, in order. */
export function statementsOf(stack: Stack): any[] {
  return Object.values(resourcesOf(stack, 'AWS::IAM::ManagedPolicy')).flatMap(
    policy => policy.Properties.PolicyDocument.Statement,
  );
}

export function statementFor(stack: Stack, action: string): any {
  const found = statementsOf(stack).filter(statement => [statement.Action].flat().includes(action));
  expect(found).toHaveLength(1);
  return found[0];
}
