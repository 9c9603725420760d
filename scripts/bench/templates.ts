// Measures what a stack of many identities costs in CloudFormation: resources and bytes of the template.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import * as cr from 'aws-cdk-lib/custom-resources';
import { EmailIdentityDkim } from '../../src';

interface TemplateSize {
  readonly resources: number;
  /**
   * The size as JSON without indentation, as with `suppressTemplateIndentation`. CloudFormation limits it.
   */
  readonly bytes: number;
  /** The size with the indentation that CDK writes by default. */
  readonly indentedBytes: number;
}

type Build = (stack: Stack, domain: string, id: string) => void;

/** This library, with one zone for all. The identities exist already, so only the signing counts. */
const ours: Build = (stack, domain, id) => new EmailIdentityDkim(stack, `Dkim${id}`, {
  identity: ses.EmailIdentity.fromEmailIdentityName(stack, `Identity${id}`, domain),
  hostedZone: zoneIn(stack, 'example.com'),
});

/**
 * The construct of CDK. The identity is a resource too, and each needs a zone of its own for its three
 * records.
 */
const emailIdentity: Build = (stack, domain, id) => new ses.EmailIdentity(stack, `Identity${id}`, {
  identity: ses.Identity.publicHostedZone(zoneIn(stack, domain)),
});

/** Only the call to SES, without records, waiting or rollback. */
const awsCustomResource: Build = (stack, domain, id) => {
  const call: cr.AwsSdkCall = {
    service: 'SESv2',
    action: 'PutEmailIdentityDkimSigningAttributes',
    parameters: { EmailIdentity: domain, SigningAttributesOrigin: 'AWS_SES' },
    physicalResourceId: cr.PhysicalResourceId.of(domain),
  };
  const resources = [stack.formatArn({ service: 'ses', resource: 'identity', resourceName: domain })];
  new cr.AwsCustomResource(stack, `Dkim${id}`, {
    onUpdate: call, policy: cr.AwsCustomResourcePolicy.fromSdkCalls({ resources }), installLatestAwsSdk: false,
  });
};

export const BUILDS = {
  'cdk-ses-dkim': ours,
  'ses.EmailIdentity': emailIdentity,
  'AwsCustomResource': awsCustomResource,
};

export function templateSize(build: Build, identities: number): TemplateSize {
  const outdir = mkdtempSync(join(tmpdir(), 'bench-'));
  const context = { '@aws-cdk/core:stackResourceLimit': 0 }; // no limit, so that larger stacks can be measured
  const stack = new Stack(new App({ outdir, analyticsReporting: false, context }), 'Mail', {
    env: { account: '111111111111', region: 'us-east-1' },
  });
  for (let number = 1; number <= identities; number++) build(stack, `customer-${number}.example.com`, String(number));
  const { templateFullPath } = (stack.node.root as App).synth().getStackByName('Mail');
  const text = readFileSync(templateFullPath, 'utf8');
  rmSync(outdir, { recursive: true });
  return {
    resources: Object.keys(JSON.parse(text).Resources).length,
    bytes: JSON.stringify(JSON.parse(text)).length,
    indentedBytes: text.length,
  };
}

function zoneIn(stack: Stack, zoneName: string): route53.IPublicHostedZone {
  const id = `Zone of ${zoneName}`;
  return (
    (stack.node.tryFindChild(id) as route53.IPublicHostedZone)
    ?? route53.PublicHostedZone.fromPublicHostedZoneAttributes(stack, id, {
      hostedZoneId: 'Z0123456789ABCDEFGHIJ',
      zoneName,
    })
  );
}
