// Identity, zone, secret, key and role can be given as L2, as L1 or as a construct of somebody else, and mean the same.
import { App, CfnParameter, CfnResource, Fn, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { aws_iam, aws_kms, aws_route53, aws_secretsmanager, aws_ses } from 'aws-cdk-lib/interfaces';
import { Construct } from 'constructs';
import { exampleCom } from './example-com';
import { settingsOf } from './rotating';
import { DkimHostedZoneRole, DkimPrivateKey, DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';
import { ACCOUNT, customResourceOf, mailStack, propertiesOf, statementFor, statementsOf } from '../mail-stack';

const OTHER_ACCOUNT = { account: '222222222222', region: 'us-east-1' };
const KEY_ARN = `arn:aws:kms:us-east-1:${ACCOUNT}:key/1`;
const SECRET_ARN = `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:dkim-AbCdEf`;

/** What the app has besides the construct. */
interface Given {
  readonly identity: aws_ses.IEmailIdentityRef;
  readonly zone: aws_route53.IHostedZoneRef;
  readonly keysZone: aws_route53.IHostedZoneRef;
  readonly key: aws_kms.IKeyRef;
  readonly secret: aws_secretsmanager.ISecretRef;
  readonly encrypted: aws_secretsmanager.ISecretRef;
  readonly role: aws_iam.IRoleRef;
}

function asL2(stack: Stack): Given {
  const key = new kms.Key(stack, 'Key');
  const assumedBy = new iam.AccountRootPrincipal();
  return {
    identity: new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain('example.com') }),
    zone: new route53.PublicHostedZone(stack, 'Zone', { zoneName: 'example.com' }),
    keysZone: new route53.PublicHostedZone(stack, 'KeysZone', { zoneName: 'keys.example.net' }),
    key,
    secret: new secretsmanager.Secret(stack, 'Secret'),
    encrypted: new secretsmanager.Secret(stack, 'Encrypted', { encryptionKey: key }),
    role: new iam.Role(stack, 'Role', { assumedBy }),
  };
}

/** Each with the logical id that it has in the L2. */
function asL1(stack: Stack): Given {
  const inside = (id: string) => [new Construct(stack, id), 'Resource'] as const;
  const key = new kms.CfnKey(...inside('Key'), { keyPolicy: {} });
  return {
    identity: new ses.CfnEmailIdentity(...inside('Identity'), { emailIdentity: 'example.com' }),
    zone: new route53.CfnHostedZone(...inside('Zone'), { name: 'example.com.' }),
    keysZone: new route53.CfnHostedZone(...inside('KeysZone'), { name: 'keys.example.net.' }),
    key,
    secret: new secretsmanager.CfnSecret(...inside('Secret'), { generateSecretString: {} }),
    encrypted: new secretsmanager.CfnSecret(...inside('Encrypted'), { generateSecretString: {}, kmsKeyId: key.attrArn }),
    role: new iam.CfnRole(...inside('Role'), { assumeRolePolicyDocument: {} }),
  };
}

const warningsOf = (stack: Stack) => Annotations.fromStack(stack).findWarning('*', Match.anyValue()).map(({ entry }) => entry.data);

const byo = (secret: aws_secretsmanager.ISecretRef) =>
  DkimSigning.byoDkim({ selector: 'mail-2026', privateKey: DkimPrivateKey.fromSecret(secret) });

const METHODS: [string, (given: Given) => Partial<EmailIdentityDkimProps>][] = [
  ['Easy DKIM', ({ zone }) => ({ hostedZone: zone })],
  ['BYODKIM', ({ zone, secret }) => ({ hostedZone: zone, signing: byo(secret) })],
  ['BYODKIM with an encrypted secret', ({ zone, encrypted }) => ({ hostedZone: zone, signing: byo(encrypted) })],
  ['a rotating key', ({ zone }) => ({ hostedZone: zone, signing: DkimSigning.rotatingByoDkim(), watch: true })],
  ['a rotating key with a key for its secret', ({ zone, key }) => ({
    hostedZone: zone, signing: DkimSigning.rotatingByoDkim({ encryptionKey: key }),
  })],
  ['a rotating key elsewhere', ({ keysZone }) => ({ signing: DkimSigning.rotatingByoDkim({ delegatedTo: keysZone }) })],
  ['DEED', () => ({ signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }) })],
  ['a role for the zone', ({ zone, role }) => ({ hostedZone: zone, hostedZoneRole: role })],
];

describe.each(METHODS)('%s', (_, propsOf) => {
  /** The resources of the construct, and what it says to the deployment and to the user. */
  function madeOf(make: (stack: Stack) => Given, stack: Stack, identities = stack) {
    const { identity, ...given } = make(identities);
    const { dkim } = exampleCom(() => ({ ...propsOf({ identity, ...given }), identity }), stack);
    const own = [identity, ...Object.values(given)].map(each =>
      stack.resolve(((CfnResource.isCfnResource(each) ? each : each.node.defaultChild) as CfnResource).logicalId));
    const { Resources, ...others } = Template.fromStack(stack).toJSON();
    return {
      ...others,
      Resources: Object.fromEntries(Object.entries(Resources).filter(([id]) => !own.includes(id))),
      records: stack.resolve(dkim.dkimRecords),
      warnings: warningsOf(stack).map(text => `${text}`.replace('/Resource', '')), // the L1 has the path of that in an L2
    };
  }

  test.each([
    ['of the stack', () => [mailStack()]],
    ['of a stack that knows neither account nor Region', () => [mailStack({})]],
    ['of another stack', () => {
      const stack = mailStack();
      return [stack, new Stack(stack.node.root as App, 'Others', { env: { account: ACCOUNT, region: 'us-east-1' } })];
    }],
  ] as [string, () => [Stack, Stack?]][])('L1s %s give the template that L2s give', (__, stacks) => {
    const fromL2s = madeOf(asL2, ...stacks());

    expect(Object.keys(fromL2s.Resources).length).toBeGreaterThanOrEqual(5);
    expect(madeOf(asL1, ...stacks())).toEqual(fromL2s);
  });
});

test('DkimHostedZoneRole takes the L1 of a zone', () => {
  const roleFor = (make: (stack: Stack) => Given) => {
    const stack = mailStack();
    const { keysZone } = make(stack);
    new DkimHostedZoneRole(stack, 'Dns', {
      hostedZone: keysZone, domains: ['example.com', 'mail.keys.example.net'], mailAccount: ACCOUNT,
    });
    return statementsOf(stack);
  };

  expect(JSON.stringify(roleFor(asL1))).toContain('*._domainkey.example.com.keys.example.net');
  expect(roleFor(asL1)).toEqual(roleFor(asL2));
});

test('the secret of a rotating key is an ISecret with its key, whatever the key was given as', () => {
  const { stack, dkim } = exampleCom(of => {
    const { zone, key } = asL1(of);
    return { hostedZone: zone, signing: DkimSigning.rotatingByoDkim({ encryptionKey: key }) };
  });

  expect(stack.resolve(dkim.secret!.encryptionKey!.keyArn)).toEqual({ 'Fn::GetAtt': ['Key961B73FD', 'Arn'] });
});

describe('what synthesis knows of an L1 is checked', () => {
  type Refusal = [title: string, props: (stack: Stack) => Partial<EmailIdentityDkimProps>, error: RegExp];

  const identity = (scope: Construct, props: Partial<ses.CfnEmailIdentityProps> = {}) =>
    new ses.CfnEmailIdentity(scope, 'Identity', { emailIdentity: 'example.com', ...props });
  const zone = (scope: Construct, props: route53.CfnHostedZoneProps = { name: 'example.com' }) =>
    new route53.CfnHostedZone(scope, 'Zone', props);
  const inOtherAccount = (stack: Stack) => new Stack(stack.node.root as App, 'Others', { env: OTHER_ACCOUNT });
  const rotating = (delegatedTo: route53.CfnHostedZone) => ({ signing: DkimSigning.rotatingByoDkim({ delegatedTo }) });

  test.each<Refusal>([
    ['an e-mail address', of => ({ identity: identity(of, { emailIdentity: 'user@example.com' }) }), /is an e-mail address/],
    ['a domain in upper case', of => ({ identity: identity(of, { emailIdentity: 'Example.com' }) }), /has upper-case letters/],
    ['an identity that sets its own signing',
      of => ({ identity: identity(of, { dkimSigningAttributes: { nextSigningKeyLength: 'RSA_2048_BIT' } }) }),
      /sets its signing itself, by dkimIdentity or dkimSigningAttributes/],
    ['an identity whose signing is switched off',
      of => ({ identity: identity(of, { dkimAttributes: { signingEnabled: false } }) }), /has dkimSigning: false/],
    ['an identity of another account', of => ({ identity: identity(inOtherAccount(of)) }),
      /identity is in account '222222222222', and the stack is deployed to account '111111111111'/],
    ['another Region than that of the identity', of => ({ identity: identity(of), region: 'eu-west-1' }),
      /region is 'eu-west-1', and the identity 'example.com' is in 'us-east-1'/],
    ['a zone that does not hold the domain', of => ({ hostedZone: zone(of, { name: 'example.org' }) }),
      /hostedZone 'example.org' does not hold the domain/],
    ['a private zone', of => ({ hostedZone: zone(of, { name: 'example.com', vpcs: [{ vpcId: 'vpc-1', vpcRegion: 'us-east-1' }] }) }),
      /hostedZone 'Mail\/Zone' is private/],
    ['a zone of another account', of => ({ hostedZone: zone(inOtherAccount(of)) }), /hostedZone is in account '222222222222'/],
    ['keys in a zone without a name', of => rotating(zone(of, {})), /whose name is not known in this app/],
    ['keys in a private zone',
      of => rotating(zone(of, { name: 'keys.example.net', vpcs: [{ vpcId: 'vpc-1', vpcRegion: 'us-east-1' }] })), /is private/],
    ['a secret of another account',
      of => ({ signing: byo(new secretsmanager.CfnSecret(inOtherAccount(of), 'Secret', { kmsKeyId: KEY_ARN })) }),
      /privateKey is in a secret of account '222222222222'/],
    ['a key of another account',
      of => ({
        hostedZone: zone(of),
        signing: DkimSigning.rotatingByoDkim({ encryptionKey: new kms.CfnKey(inOtherAccount(of), 'Key') }),
      }),
      /encryptionKey .* is not of the account and Region of the stack/],
  ])('%s is refused', (_, props, error) => {
    expect(() => exampleCom(props)).toThrow(error);
  });

  test.each<[string, (stack: Stack) => void, RegExp]>([
    ['another name', of => {
      const hostedZone = zone(of);
      exampleCom(() => ({ hostedZone }), of);
      hostedZone.name = 'example.org';
    }, /hostedZone 'example.org' does not hold the domain/],
    ['a VPC', of => {
      const hostedZone = zone(of);
      exampleCom(() => ({ hostedZone }), of);
      hostedZone.vpcs = [{ vpcId: 'vpc-1', vpcRegion: 'us-east-1' }];
    }, /hostedZone 'Mail\/Zone' is private/],
    ['a signing of its own', of => {
      const own = identity(of);
      exampleCom(() => ({ identity: own }), of);
      own.addPropertyOverride('DkimSigningAttributes.NextSigningKeyLength', 'RSA_1024_BIT');
    }, /sets its signing itself/],
  ])('%s that an L1 gets later is refused at the end of synthesis', (_, build, error) => {
    const stack = mailStack();
    build(stack);

    expect(() => Template.fromStack(stack)).toThrow(error);
  });

  test('an L1, and the L2 that it is in, are one identity', () => {
    const stack = mailStack();
    const name = new CfnParameter(stack, 'Domain').valueAsString;
    const l2 = new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain(name) });
    exampleCom(() => ({ identity: l2 }), stack);
    const elsewhere = new Stack(stack.node.root as App, 'Elsewhere', { env: { account: ACCOUNT, region: 'us-east-1' } });

    expect(() => new EmailIdentityDkim(elsewhere, 'Second', { identity: l2.node.defaultChild as ses.CfnEmailIdentity }))
      .toThrow(/already has an EmailIdentityDkim/);
  });

  test('what is below the L1 of an identity is created first, as the L1 is', () => {
    const { stack } = exampleCom(of => {
      const own = identity(of);
      new CfnResource(own, 'Record', { type: 'AWS::Route53::RecordSet' });
      return { identity: own };
    });

    expect(customResourceOf(stack).DependsOn).toEqual(expect.arrayContaining(['Identity', expect.stringMatching(/^IdentityRecord/)]));
  });

  test.each<[string, secretsmanager.CfnSecretProps, number]>([
    ['generated', { generateSecretString: {} }, 1],
    ['left out', {}, 1],
    ['given', { secretString: 'x' }, 0],
  ])('a secret whose value is %s has a warning, or none', (_, props, count) => {
    const { stack } = exampleCom(of => ({ signing: byo(new secretsmanager.CfnSecret(of, 'Secret', props)) }));

    expect(warningsOf(stack).filter(text => `${text}`.startsWith("The app creates secret 'Mail/Secret' and generates its value")))
      .toHaveLength(count);
  });
});

describe('the key of a CfnSecret', () => {
  const decrypted = (kmsKeyId: (stack: Stack) => string | aws_kms.IKeyRef) => {
    const { stack } = exampleCom(of =>
      ({ signing: byo(new secretsmanager.CfnSecret(of, 'Secret', { secretString: 'x', kmsKeyId: kmsKeyId(of) })) }));
    const { Resource, Condition } = statementFor(stack, 'kms:Decrypt');
    expect(Condition).toEqual({ StringLike: { 'kms:ViaService': 'secretsmanager.us-east-1.*' } });
    return Resource;
  };
  const arnOf = (id: string) => ({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:kms:us-east-1:${ACCOUNT}:key/${id}`]] });

  test.each<[string, (stack: Stack) => string | aws_kms.IKeyRef, unknown]>([
    ['its ARN', () => KEY_ARN, KEY_ARN],
    ['its id', () => '00000000-0000-4000-8000-000000000001', arnOf('00000000-0000-4000-8000-000000000001')],
    ['the id of a key of several Regions', () => 'mrk-1234abcd', arnOf('mrk-1234abcd')],
    ['a reference to its id', of => new kms.CfnKey(of, 'Key').ref, { 'Fn::GetAtt': ['Key', 'Arn'] }],
    ['a reference to its ARN', of => new kms.CfnKey(of, 'Key').attrArn, { 'Fn::GetAtt': ['Key', 'Arn'] }],
    ['its L1', of => new kms.CfnKey(of, 'Key'), { 'Fn::GetAtt': ['Key', 'Arn'] }],
    ['its L2', of => new kms.Key(of, 'Key'), { 'Fn::GetAtt': ['Key961B73FD', 'Arn'] }],
    ['an imported key', of => kms.Key.fromKeyArn(of, 'Key', KEY_ARN), KEY_ARN],
    ['an alias of a key of the app', of =>
      new kms.CfnAlias(of, 'Alias', { aliasName: 'alias/dkim', targetKeyId: new kms.CfnKey(of, 'Key').ref }).ref,
    { 'Fn::GetAtt': ['Key', 'Arn'] }],
  ])('named by %s: the function may decrypt with it', (_, kmsKeyId, resource) => {
    expect(decrypted(kmsKeyId)).toEqual(resource);
  });

  test.each(['alias/aws/secretsmanager', `arn:aws:kms:us-east-1:${ACCOUNT}:alias/aws/secretsmanager`])(
    "that is the account's own, %s, needs no permission", (kmsKeyId) => {
      const { stack } = exampleCom(of =>
        ({ signing: byo(new secretsmanager.CfnSecret(of, 'Secret', { secretString: 'x', kmsKeyId })) }));

      expect(JSON.stringify(statementsOf(stack))).not.toContain('kms:');
    });

  test.each<[string, (stack: Stack) => string | aws_kms.IKeyRef]>([
    ['an alias', () => 'alias/dkim'],
    ['the ARN of an alias', () => `arn:aws:kms:us-east-1:${ACCOUNT}:alias/dkim`],
    ['an alias whose key is named by another', of =>
      new kms.CfnAlias(of, 'Alias', { aliasName: 'alias/dkim', targetKeyId: 'alias/other' }).ref],
    ['a parameter', of => new CfnParameter(of, 'Key').valueAsString],
    ['an export', () => Fn.importValue('Key')],
  ])('named by %s is not known, and the error says what to do', (_, kmsKeyId) => {
    expect(() => decrypted(kmsKeyId)).toThrow(
      /^kmsKeyId of secret 'Mail\/Secret' is .*, and the ARN of that key is not known in this app\. Give kmsKeyId the ARN/);
  });
});

describe('a construct of somebody else', () => {
  class Foreign extends Construct {
    readonly env: { account: string; region: string };

    constructor(scope: Construct, id: string, env = OTHER_ACCOUNT) {
      super(scope, id);
      this.env = env;
    }
  }
  class ForeignIdentity extends Foreign implements aws_ses.IEmailIdentityRef {
    readonly emailIdentityRef = { emailIdentity: 'example.com' };
  }
  class ForeignZone extends Foreign implements aws_route53.IHostedZoneRef {
    readonly hostedZoneRef = { hostedZoneId: 'Z0FOREIGN' };
  }
  class ForeignSecret extends Foreign implements aws_secretsmanager.ISecretRef {
    readonly secretRef = { secretId: SECRET_ARN };
  }
  class ForeignKey extends Foreign implements aws_kms.IKeyRef {
    readonly keyRef = { keyId: '1', keyArn: KEY_ARN };
  }
  const here = { account: ACCOUNT, region: 'us-east-1' };

  test('is taken for what its reference says', () => {
    const { stack } = exampleCom(of => ({
      identity: new ForeignIdentity(of, 'Identity', { account: ACCOUNT, region: 'eu-west-1' }),
      hostedZone: new ForeignZone(of, 'Zone', here),
      signing: byo(new ForeignSecret(of, 'Secret', here)),
    }));

    expect(propertiesOf(stack)).toEqual({
      Identity: 'example.com',
      Region: 'eu-west-1',
      HostedZoneId: 'Z0FOREIGN',
      Signing: { Method: 'BYODKIM', Selector: 'mail-2026', SecretArn: SECRET_ARN },
    });
    expect(statementFor(stack, 'secretsmanager:GetSecretValue').Resource).toBe(SECRET_ARN);
  });

  test('encrypts the secret of a rotating key', () => {
    const { stack, dkim } = exampleCom(of => ({
      hostedZone: new ForeignZone(of, 'Zone', here),
      signing: DkimSigning.rotatingByoDkim({ encryptionKey: new ForeignKey(of, 'ForeignKey', here) }),
    }));

    expect(settingsOf(stack).HostedZoneId).toBe('Z0FOREIGN');
    expect(dkim.secret!.encryptionKey!.keyArn).toBe(KEY_ARN);
  });

  test('with a resource inside is known as an L2 is', () => {
    class Around extends Foreign implements aws_route53.IHostedZoneRef {
      readonly hostedZoneRef = { hostedZoneId: new route53.CfnHostedZone(this, 'Resource', { name: 'example.org' }).ref };
    }

    expect(() => exampleCom(of => ({ hostedZone: new Around(of, 'Zone', here) }))).toThrow(/'example.org' does not hold/);
  });

  test.each<[string, (stack: Stack) => Partial<EmailIdentityDkimProps>, RegExp]>([
    ['an identity of another account', of => ({ identity: new ForeignIdentity(of, 'Identity') }), /identity is in account '222222222222'/],
    ['a zone of another account', of => ({ hostedZone: new ForeignZone(of, 'Zone') }), /hostedZone is in account '222222222222'/],
    ['keys in a zone whose name it does not say', of =>
      ({ signing: DkimSigning.rotatingByoDkim({ delegatedTo: new ForeignZone(of, 'Zone', here) }) }),
    /delegatedTo is the hosted zone 'Z0FOREIGN', whose name is not known in this app/],
    ['what is no construct', () => ({ identity: { emailIdentityRef: { emailIdentity: 'example.com' } } as any }),
      /^identity is another object\. Pass an EmailIdentity/],
    ['a reference that says nothing', of =>
      ({ hostedZone: Object.assign(new Foreign(of, 'Zone'), { hostedZoneRef: {} }) as any }), /^hostedZone is another object\. Pass/],
    ['the wrong L1', of => ({ identity: new route53.CfnHostedZone(of, 'Zone') as any }), /^identity is another object/],
  ])('%s is refused', (_, props, error) => {
    expect(() => exampleCom(props)).toThrow(error);
  });
});

describe('a secret by its id', () => {
  const arnFor = (secretId: (stack: Stack) => string) => {
    const { stack } = exampleCom(of => ({ signing: byo(secretsmanager.CfnSecret.fromSecretId(of, 'Secret', secretId(of))) }));
    return statementFor(stack, 'secretsmanager:GetSecretValue').Resource;
  };

  test('is known by its complete ARN, by a part of it, or by an ARN that only the deployment knows', () => {
    expect(arnFor(() => SECRET_ARN)).toBe(SECRET_ARN);
    expect(arnFor(() => SECRET_ARN.replace('-AbCdEf', ''))).toBe(SECRET_ARN.replace('AbCdEf', '??????'));
    expect(arnFor(() => Fn.importValue('Secret'))).toEqual({ 'Fn::ImportValue': 'Secret' });
  });

  test('that is a name is refused', () => {
    expect(() => arnFor(() => 'mail/dkim')).toThrow(
      "secret 'Mail/Secret' has the id 'mail/dkim', which is no ARN. Import it by its ARN, or by its name with "
      + 'Secret.fromSecretNameV2()');
  });
});

test("CDK's import of a public zone says the name of the zone in place of its id, and is used by its id", () => {
  const { stack } = exampleCom(of => ({
    hostedZone: route53.PublicHostedZone.fromPublicHostedZoneAttributes(of, 'Zone', {
      hostedZoneId: 'Z0EXAMPLE', zoneName: 'example.com',
    }),
  }));

  expect(propertiesOf(stack).HostedZoneId).toBe('Z0EXAMPLE');
});
