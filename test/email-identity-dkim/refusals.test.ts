// What the construct refuses at synthesis, and the error that the user sees.
import { App, Aws, CfnParameter, CustomResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { byoDkim, created, exampleCom, ZONE_ROLE } from './example-com';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';
import { RESOURCE_TYPE } from '../../src/private/contract';
import { ACCOUNT, imported, mailStack, resourcesOf, zone } from '../mail-stack';

/** The props that are refused, and the error. */
type Refusal = [title: string, props: (stack: Stack) => Partial<EmailIdentityDkimProps>, error: RegExp];

const replicaOf = (parentRegion: string) => DkimSigning.deterministicEasyDkim({ parentRegion });

const importedByArn = (stack: Stack, arn: string) => ses.EmailIdentity.fromEmailIdentityArn(stack, 'Identity', arn);

const vpc = (stack: Stack) => ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
  vpcId: 'vpc-1', availabilityZones: ['us-east-1a'],
});

describe('identity', () => {
  const refusals: Refusal[] = [
    ['an imported e-mail address',
      of => ({ identity: imported(of, 'user@example.com') }),
      /'user@example.com' is an e-mail address/],
    ['an e-mail address that the app creates',
      of => ({ identity: new ses.EmailIdentity(of, 'Identity', { identity: ses.Identity.email('user@example.com') }) }),
      /'user@example.com' is an e-mail address/],
    ['a domain in upper case',
      of => ({ identity: created(of, 'Example.com') }),
      /'Example.com' has upper-case letters. Write 'example.com'/],
    ['a domain with a trailing dot',
      of => ({ identity: created(of, 'example.com.') }),
      /'example.com.' is not a domain name/],
    ['an identity of another account',
      of => ({ identity: importedByArn(of, 'arn:aws:ses:us-east-1:222222222222:identity/example.com') }),
      new RegExp("identity is in account '222222222222', and the stack is deployed to account '111111111111'. "
        + 'Put the EmailIdentityDkim into a stack of')],
    ['an identity that sets its own signing',
      of => ({
        identity: new ses.EmailIdentity(of, 'Identity', {
          identity: ses.Identity.domain('example.com'),
          dkimIdentity: ses.DkimIdentity.easyDkim(ses.EasyDkimSigningKeyLength.RSA_1024_BIT),
        }),
      }),
      /identity 'example.com' sets its signing itself.*Leave both out of the identity/],
    ['another Region than that of an identity that the app creates',
      of => ({ identity: created(of, 'example.com'), region: 'eu-west-1' }),
      /region is 'eu-west-1', and the identity 'example.com' is in 'us-east-1'/],
    ['another Region than that in the ARN of an imported identity',
      of => ({
        identity: importedByArn(of, 'arn:aws:ses:eu-central-1:111111111111:identity/example.com'), region: 'us-east-1',
      }),
      /region is 'us-east-1', and the identity 'example.com' is in 'eu-central-1'/],
    ['a Region that does not exist', () => ({ region: 'Ireland' }), /region 'Ireland' is not an AWS Region/],
    ['H an identity whose signing is switched off',
      of => ({
        identity: new ses.EmailIdentity(of, 'Identity', {
          identity: ses.Identity.domain('example.com'), dkimSigning: false,
        }),
      }),
      /identity 'example.com' has dkimSigning: false.*Leave dkimSigning out/],
    ['H the name of an identity whose signing is switched off',
      of => {
        const { emailIdentityName } = new ses.EmailIdentity(of, 'Identity', {
          identity: ses.Identity.domain('example.com'), dkimSigning: false,
        });
        return { identity: ses.EmailIdentity.fromEmailIdentityName(of, 'Named', emailIdentityName) };
      },
      /has dkimSigning: false/],
    ['H a Region of another partition',
      () => ({ region: 'cn-north-1' }),
      /region 'cn-north-1' is in partition 'aws-cn' of AWS, and the rest is in 'aws'/],
    ['H an identity of another partition',
      of => ({ identity: importedByArn(of, 'arn:aws-us-gov:ses:us-gov-west-1:111111111111:identity/example.com') }),
      /partition 'aws-us-gov'/],
    ['H a domain in place of the identity', () => ({ identity: 'example.com' as any }), /^identity is a string/],
  ];

  test.each(refusals)('%s is refused', (_, props, error) => {
    expect(() => exampleCom(props)).toThrow(error);
  });

  test('H the name of an identity is that of another one in another Region', () => {
    const stack = mailStack();
    const { emailIdentityName } = new ses.EmailIdentity(stack, 'Identity', {
      identity: ses.Identity.domain('example.com'), dkimSigning: false,
    });
    const identity = ses.EmailIdentity.fromEmailIdentityName(stack, 'Named', emailIdentityName);
    expect(() => new EmailIdentityDkim(stack, 'Dkim', { identity })).toThrow(/^identity 'example.com' has dkimSigning: false/);
    expect(() => new EmailIdentityDkim(stack, 'There', { identity, region: 'eu-west-1' })).not.toThrow();
  });

  test.each([undefined, null, {}])('H no identity, or no properties: %s', identity => {
    const advice = /^identity is undefined. Pass an EmailIdentity/;
    expect(() => new EmailIdentityDkim(mailStack(), 'Dkim', { identity: identity as any })).toThrow(
      /^identity is (undefined|null|another object). Pass an EmailIdentity/);
    expect(() => new EmailIdentityDkim(mailStack(), 'Dkim', undefined as any)).toThrow(advice);
  });

  test('a second construct for one identity in one Region is refused', () => {
    const { stack } = exampleCom();

    expect(() => new EmailIdentityDkim(stack, 'Second', { identity: created(stack, 'example.com') })).toThrow(
      /identity 'example.com' already has an EmailIdentityDkim in its Region: 'Mail\/Dkim'/);
    expect(() => new EmailIdentityDkim(stack, 'Third', {
      identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Elsewhere', 'example.com'), region: 'eu-west-1',
    })).not.toThrow();
    expect(() => new EmailIdentityDkim(stack, 'Fourth', {
      identity: created(stack, 'example.com', 'Again'), region: Aws.REGION,
    })).toThrow(/already has/);
  });
});

describe('signing', () => {
  const SECRET_ARN = 'arn:aws:secretsmanager:us-east-1:222222222222:secret:dkim';

  /** BYODKIM with a secret of another account. */
  const crossAccountKey = (stack: Stack, arn: secretsmanager.SecretAttributes, hasKey = true) => {
    const key = kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-east-1:222222222222:key/1');
    const secret = secretsmanager.Secret.fromSecretAttributes(stack, 'Secret', {
      ...arn, encryptionKey: hasKey ? key : undefined,
    });
    return DkimSigning.byoDkim({ selector: 'mail-2026', privateKey: DkimPrivateKey.fromSecret(secret) });
  };

  const keyIn = (stack: Stack, arn: string) => DkimSigning.byoDkim({
    selector: 's',
    privateKey: DkimPrivateKey.fromSecret(secretsmanager.Secret.fromSecretCompleteArn(stack, 'Imported', arn)),
  });

  const refusals: Refusal[] = [
    ['a selector with an underscore',
      of => ({ signing: byoDkim(of, 'mail_2026') }),
      /selector 'mail_2026' is not one that SES takes/],
    ['a selector in upper case',
      of => ({ signing: byoDkim(of, 'Mail') }),
      /selector 'Mail' has upper-case letters. Write 'mail'/],
    ['a secret of another account by its partial ARN',
      of => ({ signing: crossAccountKey(of, { secretPartialArn: SECRET_ARN }) }),
      /privateKey is in a secret of account '222222222222'.*secretCompleteArn and encryptionKey/],
    ['a secret of another account without its encryption key',
      of => ({ signing: crossAccountKey(of, { secretCompleteArn: `${SECRET_ARN}-AbCdEf` }, false) }),
      /privateKey is in a secret of account '222222222222'/],
    ['a replica whose parent is in the Region of the stack',
      () => ({ signing: replicaOf('us-east-1') }),
      /parentRegion 'us-east-1' is the identity's own Region/],
    ['a replica whose parent is in the Region of the identity',
      () => ({ region: 'eu-west-1', signing: replicaOf('eu-west-1') }),
      /parentRegion 'eu-west-1' is the identity's own Region/],
    ['H a replica whose parent is in the Region of the stack, written as a token',
      () => ({ signing: replicaOf(Aws.REGION) }),
      /parentRegion 'us-east-1' is the identity's own Region/],
    ['H a replica whose parent is in the Region of the identity, both from one parameter',
      of => {
        const region = new CfnParameter(of, 'Region').valueAsString;
        return { region, signing: replicaOf(region) };
      },
      /^parentRegion is the identity's own Region/],
    ['H a replica whose parent is in another partition',
      () => ({ signing: replicaOf('us-gov-west-1') }),
      /parentRegion 'us-gov-west-1' is in partition 'aws-us-gov' of AWS/],
    ['H a secret of another partition',
      of => ({ signing: keyIn(of, 'arn:aws-cn:secretsmanager:cn-north-1:111111111111:secret:dkim-AbCdEf') }),
      /privateKey is in partition 'aws-cn'/],
    ['H no selector', of => ({ signing: byoDkim(of, null as any) }), /selector is null. Give the name of the key in DNS/],
    ['H no parent Region', () => ({ signing: replicaOf(undefined as any) }), /parentRegion is undefined. Write the code/],
    ['H no private key',
      () => ({ signing: DkimSigning.byoDkim({ selector: 's', privateKey: undefined as any }) }),
      /privateKey is undefined. Pass what DkimPrivateKey.fromSecret\(\) gives/],
    ['H a secret in place of the private key',
      of => ({ signing: DkimSigning.byoDkim({ selector: 's', privateKey: new secretsmanager.Secret(of, 'Secret') as any }) }),
      /privateKey is another object/],
    ['H the key itself, which the error does not show',
      () => ({ signing: DkimSigning.byoDkim({ selector: 's', privateKey: DkimPrivateKey.fromSecret('KEY TEXT' as any) }) }),
      /^secret is a string. (?!.*KEY TEXT).*no way to pass the key itself/],
    ["H the class of CDK's own identity in place of a method",
      () => ({ signing: ses.DkimIdentity.easyDkim() as any }),
      /signing is another object. Pass what a method of DkimSigning gives/],
    ['a parent Region that does not exist', () => ({ signing: replicaOf('Ireland') }), /parentRegion 'Ireland'/],
  ];

  test.each(refusals)('%s is refused', (_, props, error) => {
    expect(() => exampleCom(props)).toThrow(error);
  });
});

describe('hosted zone', () => {
  const refusals: Refusal[] = [
    ['a private zone',
      of => ({ hostedZone: new route53.PrivateHostedZone(of, 'Zone', { zoneName: 'example.com', vpc: vpc(of) }) }),
      /hostedZone 'Mail\/Zone' is private.*Pass the public zone/],
    ['a zone that does not hold the domain',
      of => ({ hostedZone: zone(of, 'example.org') }),
      /'example.org' does not hold the domain 'example.com'/],
    ['a zone of a subdomain',
      of => ({ hostedZone: zone(of, 'mail.example.com') }),
      /'mail.example.com' does not hold the domain/],
    ['a zone of another account without a role',
      of => {
        const env = { account: '222222222222', region: 'us-east-1' };
        const zones = new Stack(of.node.root as App, 'Zones', { env });
        return { hostedZone: new route53.HostedZone(zones, 'Zone', { zoneName: 'example.com' }) };
      },
      /hostedZone is in account '222222222222'.*Give a hostedZoneRole of that account/],
    ['H a role of another partition',
      of => ({
        hostedZone: zone(of, 'example.com'),
        hostedZoneRole: iam.Role.fromRoleArn(of, 'Role', 'arn:aws-cn:iam::222222222222:role/dns'),
      }),
      /hostedZoneRole is in partition 'aws-cn'/],
    ['H the id of a zone in place of the zone', () => ({ hostedZone: 'Z0EXAMPLE' as any }), /hostedZone is a string/],
    ['a role without a zone',
      of => ({ hostedZoneRole: iam.Role.fromRoleArn(of, 'Role', ZONE_ROLE) }),
      /hostedZoneRole is given without hostedZone/],
    ['a replica with a zone',
      of => ({ hostedZone: zone(of, 'example.com'), signing: replicaOf('eu-west-1') }),
      /hostedZone is given for 'example.com', a replica, whose records are its parent's. Leave hostedZone out/],
    ['a zone id in the form of the Route 53 API',
      of => ({ hostedZone: zone(of, 'example.com', '/hostedzone/Z0EXAMPLE') }),
      /hostedZone has the id '\/hostedzone\/Z0EXAMPLE'.*by its id alone/],
    ['a domain that is too long for the names of its records',
      of => ({ identity: imported(of, `${'a.'.repeat(94)}example.com`), hostedZone: zone(of, 'example.com') }),
      /has 199 characters.*at most 196/],
  ];

  test.each(refusals)('%s is refused', (_, props, error) => {
    expect(() => exampleCom(props)).toThrow(error);
  });

  test('a zone that becomes private after the construct was created is refused at the end of synthesis', () => {
    const stack = mailStack();
    const hostedZone = new route53.HostedZone(stack, 'Zone', { zoneName: 'example.com' });
    exampleCom(() => ({ hostedZone }), stack);

    hostedZone.addVpc(vpc(stack));

    expect(() => Template.fromStack(stack)).toThrow(/hostedZone 'Mail\/Zone' is private/);
  });
});

describe('other properties', () => {
  const refusals: Refusal[] = [
    ['a wait longer than CloudFormation allows',
      () => ({ waitForVerification: Duration.minutes(61) }),
      /waitForVerification is 3660 seconds/],
    ['a wait of zero seconds',
      () => ({ waitForVerification: Duration.seconds(0) }),
      /waitForVerification is 0 seconds/],
    ['a TTL with a fraction of a second', () => ({ recordTtl: Duration.millis(1500) }), /recordTtl is 1.5 seconds/],
    ['the removal policy SNAPSHOT',
      () => ({ removalPolicy: RemovalPolicy.SNAPSHOT }),
      /removalPolicy 'snapshot' has no meaning/],
  ];

  test.each(refusals)('%s is refused', (_, props, error) => {
    expect(() => exampleCom(props)).toThrow(error);
  });
});

test.each<[string, (identity: ses.EmailIdentity) => string]>([
  ['its name', (identity) => identity.emailIdentityName],
  ['a reference to its resource', (identity) => (identity.node.defaultChild as ses.CfnEmailIdentity).ref],
])('one identity as it is, and imported by %s, is one identity', (_, nameOf) => {
  const stack = mailStack();
  const identity = new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain('example.com') });
  new EmailIdentityDkim(stack, 'First', { identity });
  const again = ses.EmailIdentity.fromEmailIdentityName(stack, 'Again', nameOf(identity));
  expect(() => new EmailIdentityDkim(stack, 'Second', { identity: again }))
    .toThrow(/already has an EmailIdentityDkim in its Region: 'Mail\/First'/);
});

test('domains below the name of an identity, or of one custom resource, are identities of their own', () => {
  const stack = mailStack();
  const identity = new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain('example.com') });
  const found = new CustomResource(stack, 'Domains', { serviceToken: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:find` });
  new EmailIdentityDkim(stack, 'First', { identity });
  const names = [`news.${identity.emailIdentityName}`, found.getAttString('One'), found.getAttString('Two')];
  for (const [index, name] of names.entries()) {
    const below = ses.EmailIdentity.fromEmailIdentityName(stack, `Identity${index}`, name);
    new EmailIdentityDkim(stack, `Dkim${index}`, { identity: below });
  }

  expect(Object.keys(resourcesOf(stack, RESOURCE_TYPE))).toHaveLength(4);
});
