// Where things are: Regions, zones and stacks, and values that are known only at deployment.
import { App, CfnParameter, Duration, Fn, Lazy, NestedStack, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { created, exampleCom } from './example-com';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim } from '../../src';
import { RESOURCE_TYPE } from '../../src/private/contract';
import {
  ACCOUNT, customResourceOf, imported, mailStack, propertiesOf, resourcesOf, statementFor, zone,
} from '../mail-stack';

describe('identity in another Region', () => {
  test('the Region of an identity can be given as a property', () => {
    const { stack } = exampleCom(() => ({ region: 'eu-west-1' }));

    expect(propertiesOf(stack).Region).toBe('eu-west-1');
    expect(JSON.stringify(statementFor(stack, 'ses:GetEmailIdentity'))).toContain(
      ':ses:eu-west-1:111111111111:identity/example.com');
  });

  test('the Region of an identity that is imported by its ARN is the one in the ARN', () => {
    const arn = 'arn:aws:ses:eu-west-1:111111111111:identity/example.com';

    const { stack } = exampleCom(of => ({ identity: ses.EmailIdentity.fromEmailIdentityArn(of, 'Identity', arn) }));

    expect(propertiesOf(stack)).toMatchObject({ Identity: 'example.com', Region: 'eu-west-1' });
  });

  test('the Region of an identity that the app creates is the Region of its stack', () => {
    const app = new App();
    const env = { account: ACCOUNT, region: 'eu-west-1' };
    const identity = created(new Stack(app, 'Identities', { env }), 'example.com');
    const stack = new Stack(app, 'Signing', { env: { ...env, region: 'us-east-1' } });

    new EmailIdentityDkim(stack, 'Dkim', { identity });

    expect(propertiesOf(stack).Region).toBe('eu-west-1');
  });
});

describe('hosted zone', () => {
  test.each([['its own zone', 'example.com'], ['the zone of a parent domain', 'com']])(
    'a domain is accepted in %s', (_, zoneName) => {
      const { stack } = exampleCom(of => ({ hostedZone: zone(of, zoneName) }));

      expect(propertiesOf(stack).HostedZoneId).toBe('Z0EXAMPLE');
    });

  test('a zone that is imported by its id is accepted', () => {
    const { stack } = exampleCom(of => ({ hostedZone: route53.HostedZone.fromHostedZoneId(of, 'Zone', 'Z0BYID') }));

    expect(propertiesOf(stack).HostedZoneId).toBe('Z0BYID');
  });

  test('a zone of another stack is imported from that stack', () => {
    const app = new App();
    const hostedZone = new route53.PublicHostedZone(new Stack(app, 'Zones'), 'Zone', { zoneName: 'example.com' });
    const { stack } = exampleCom(() => ({ hostedZone }), new Stack(app, 'Signing'));

    expect(propertiesOf(stack).HostedZoneId).toEqual({ 'Fn::ImportValue': expect.stringMatching(/^Zones:/) });
    expect(JSON.stringify(statementFor(stack, 'route53:GetHostedZone').Resource)).toContain('Fn::ImportValue');
    const [policyId] = Object.keys(resourcesOf(stack, 'AWS::IAM::ManagedPolicy'));
    expect(customResourceOf(stack).DependsOn).toEqual([policyId]);
  });
});

test('the construct can be in a nested stack', () => {
  const nested = new NestedStack(mailStack(), 'Nested');

  new EmailIdentityDkim(nested, 'Dkim', { identity: imported(nested, 'example.com') });

  expect(propertiesOf(nested).Identity).toBe('example.com');
});

describe('values that are known only at deployment', () => {
  test('domain, selector, secret, zone, role, Region, TTL and wait can be tokens', () => {
    const { stack } = exampleCom(of => {
      const parameter = (id: string, type = 'String') => new CfnParameter(of, id, { type });
      const text = (id: string) => parameter(id).valueAsString;
      const secret = secretsmanager.Secret.fromSecretNameV2(of, 'Secret', text('SecretName'));
      const privateKey = DkimPrivateKey.fromSecret(secret, { jsonField: text('Field') });
      return {
        identity: imported(of, text('Domain')),
        signing: DkimSigning.byoDkim({ selector: text('Selector'), privateKey }),
        hostedZone: route53.HostedZone.fromHostedZoneAttributes(of, 'Zone', {
          hostedZoneId: text('ZoneId'), zoneName: text('ZoneName'),
        }),
        hostedZoneRole: iam.Role.fromRoleArn(of, 'Role', Fn.importValue('RoleArn')),
        region: text('Region'),
        recordTtl: Duration.seconds(parameter('Ttl', 'Number').valueAsNumber),
        waitForVerification: Duration.seconds(parameter('Wait', 'Number').valueAsNumber),
      };
    });

    expect(propertiesOf(stack)).toMatchObject({
      Identity: { Ref: 'Domain' },
      Region: { Ref: 'Region' },
      Signing: { Selector: { Ref: 'Selector' }, JsonField: { Ref: 'Field' } },
      HostedZoneId: { Ref: 'ZoneId' },
      HostedZoneRoleArn: { 'Fn::ImportValue': 'RoleArn' },
      RecordTtl: { Ref: 'Ttl' },
      WaitForVerification: { Ref: 'Wait' },
    });
    expect(customResourceOf(stack).Properties.ServiceTimeout).toBe('3600');
  });

  test('dummy values of context look-ups are accepted, because the CLI looks nothing up for an app that throws', () => {
    const { stack } = exampleCom(of => {
      const lookedUp = (name: string) => ssm.StringParameter.valueFromLookup(of, name);
      const privateKey = DkimPrivateKey.fromSecret(new secretsmanager.Secret(of, 'Secret'));
      return {
        identity: imported(of, lookedUp('/mail/domain')),
        hostedZone: zone(of, lookedUp('/mail/zone-name'), lookedUp('/mail/zone')),
        signing: DkimSigning.byoDkim({ selector: lookedUp('/mail/selector'), privateKey }),
      };
    });

    expect(propertiesOf(stack)).toMatchObject({
      Identity: 'dummy-value-for-/mail/domain', HostedZoneId: 'dummy-value-for-/mail/zone',
    });
  });

  test('so are texts with a dummy value in them', () => {
    const { stack } = exampleCom(of => {
      const lookedUp = (name: string) => ssm.StringParameter.valueFromLookup(of, name);
      return {
        identity: imported(of, `mail.${lookedUp('/mail/domain')}`),
        hostedZone: zone(of, lookedUp('/mail/domain'), lookedUp('/mail/zone')),
        hostedZoneRole: iam.Role.fromRoleArn(of, 'ZoneRole', `arn:aws:iam::${lookedUp('/mail/dns-account')}:role/dkim`),
        signing: DkimSigning.rotatingByoDkim({ selectorPrefix: `dkim-${lookedUp('/mail/stage')}` }),
      };
    });

    expect(propertiesOf(stack)).toMatchObject({ Identity: 'mail.dummy-value-for-/mail/domain' });
  });

  test('so are dynamic references, of which synthesis has a text', () => {
    const { stack } = exampleCom(of => {
      const stored = (name: string) => ssm.StringParameter.fromStringParameterAttributes(of, name, {
        parameterName: `/mail/${name}`, version: 1,
      }).stringValue;
      const privateKey = DkimPrivateKey.fromSecret(secretsmanager.Secret.fromSecretNameV2(of, 'Secret', stored('secret')));
      return {
        identity: imported(of, stored('domain')),
        hostedZone: zone(of, stored('zone-name'), stored('zone')),
        hostedZoneRole: iam.Role.fromRoleArn(of, 'ZoneRole', `arn:aws:iam::${stored('dns-account')}:role/dkim`),
        region: stored('region'),
        signing: DkimSigning.byoDkim({ selector: stored('selector'), privateKey }),
      };
    });

    expect(propertiesOf(stack)).toMatchObject({
      Identity: '{{resolve:ssm:/mail/domain:1}}',
      Region: '{{resolve:ssm:/mail/region:1}}',
      HostedZoneId: '{{resolve:ssm:/mail/zone:1}}',
      Signing: { Selector: '{{resolve:ssm:/mail/selector:1}}' },
    });
  });

  test('a dynamic reference that was written by hand is one as well', () => {
    const { stack } = exampleCom(of => ({
      hostedZone: zone(of, 'example.com', '{{resolve:ssm:/mail/zone}}'),
      signing: DkimSigning.rotatingByoDkim({ selectorPrefix: '{{resolve:ssm:/mail/prefix}}' }),
    }));

    expect(propertiesOf(stack).HostedZoneId).toBe('{{resolve:ssm:/mail/zone}}');
  });

  test('values that CloudFormation computes with Fn::Join and Fn::Split are accepted for several identities', () => {
    const stack = mailStack();
    const zoneId = Fn.join('', Fn.split('/hostedzone/', new CfnParameter(stack, 'ZoneId').valueAsString));
    const domain = Fn.join('.', new CfnParameter(stack, 'Labels', { type: 'CommaDelimitedList' }).valueAsList);
    const hostedZoneRole = iam.Role.fromRoleArn(stack, 'ZoneRole', Lazy.string({ produce: () => undefined }));
    const hostedZone = zone(stack, 'example.com', zoneId);

    new EmailIdentityDkim(stack, 'One', { identity: imported(stack, 'one.example.com'), hostedZone });
    new EmailIdentityDkim(stack, 'Two', { identity: imported(stack, domain), hostedZone });
    new EmailIdentityDkim(stack, 'Three', {
      identity: imported(stack, 'three.example.com'), hostedZone, hostedZoneRole,
    });

    expect(Object.keys(resourcesOf(stack, RESOURCE_TYPE))).toHaveLength(3);
  });
});
