// Faults at synthesis that are known and not yet mended: kinds G (rules of organizations) and H (found too late).
//
// Each test says what must hold, and its comment says what happens today. What is wrong has to be said at synthesis, by
// an error or by a warning: a user can read both before anything is deployed.
import { readFileSync } from 'fs';
import { join } from 'path';
import { Aws, Lazy, RemovalPolicies, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { imported, mailStack, resourcesOf, zone } from './mail-stack';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps } from '../src';
import { MAX_POLICY_SIZE } from '../src/private/merged-policy';

const POLICY = 'AWS::IAM::ManagedPolicy';

let stack: Stack;

beforeEach(() => {
  stack = mailStack();
});

/** The construct for a domain. It has Easy DKIM and no zone, unless the props say otherwise. */
function dkimOf(domain: string, props: Partial<EmailIdentityDkimProps> = {}): EmailIdentityDkim {
  return new EmailIdentityDkim(stack, `Dkim of ${domain}`, { identity: imported(stack, domain), ...props });
}

/** BYODKIM with the key in that secret. */
function byoDkim(secret: secretsmanager.ISecret): DkimSigning {
  return DkimSigning.byoDkim({ selector: 's1', privateKey: DkimPrivateKey.fromSecret(secret) });
}

/** What a user reads of it: the error, or all warnings. */
function saidAtSynthesis(build: () => unknown): string {
  try {
    build();
    const { messages } = Stage.of(stack)!.synth().getStackByName(stack.stackName);
    return messages.map(({ entry }) => String(entry.data)).join('\n');
  } catch (error) {
    return String(error);
  }
}

/** Their logical ids. */
function policies(of = stack): string[] {
  return Object.keys(resourcesOf(of, POLICY));
}

describe('G1 roles that were made before, with iam.Role.customizeRoles', () => {
  beforeEach(() => {
    iam.Role.customizeRoles(stack, { usePrecreatedRoles: { 'Mail/cdk-ses-dkim/Role': 'dkim-role' } });
    dkimOf('example.com');
  });

  test('G1 no policy is in the template', () => {
    expect(policies()).toEqual([]);
  });

  // Today: the report has the rights of the inline policy only.
  test.failing('G1 the report of what the role needs has the rights on the identity', () => {
    const { directory } = Stage.of(stack)!.synth();
    const report = readFileSync(join(directory, 'iam-policy-report.json'), 'utf8');
    expect(report).toContain('ses:PutEmailIdentityDkimSigningAttributes');
  });
});

// Today: each change of rights leaves an attached policy behind, until the role is full.
test.failing('G4 with RemovalPolicies.retain(), a policy whose content has changed is not kept', () => {
  dkimOf('example.com');
  RemovalPolicies.of(stack).retain();
  const kept = Object.values(resourcesOf(stack, POLICY)).map(({ DeletionPolicy }) => DeletionPolicy);
  expect(kept).toEqual([undefined]);
});

describe('what no deployment can do is said at synthesis', () => {
  // Today: SES verifies the records, and signs nothing.
  test.failing('H an identity whose DKIM signing is switched off', () => {
    const identity = new ses.EmailIdentity(stack, 'Identity', {
      identity: ses.Identity.domain('example.com'), dkimSigning: false,
    });
    expect(saidAtSynthesis(() => dkimOf('example.com', { identity }))).toMatch(/dkimSigning/);
  });

  // Today: the deployment fails, as a generated password is no key.
  test.failing('H a key in a secret that the app creates with a generated value', () => {
    const signing = byoDkim(new secretsmanager.Secret(stack, 'Secret'));
    expect(saidAtSynthesis(() => dkimOf('example.com', { signing }))).toMatch(/generate/);
  });

  // Today: the deployment fails, as an identity cannot be a replica of itself.
  test.failing('H a replica whose parent is in its own Region, written as Aws.REGION', () => {
    const signing = DkimSigning.deterministicEasyDkim({ parentRegion: Aws.REGION });
    expect(saidAtSynthesis(() => dkimOf('example.com', { signing }))).toMatch(/parentRegion/);
  });

  test.failing.each<[string, () => Partial<EmailIdentityDkimProps>]>([
    ['the identity', () => ({ region: 'cn-north-1' })],
    ['the parent of a replica', () => ({ signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'cn-north-1' }) })],
    // Today: the deployment fails. No credentials are good for two partitions.
  ])('H a Region of another partition: that of %s', (_, props) => {
    expect(saidAtSynthesis(() => dkimOf('example.com', props()))).toMatch(/partition/);
  });

  // Today: it is not checked, and the permissions do not fit to the name that SES and Route 53 have.
  test.failing('H a domain in upper case that a Lazy gives', () => {
    const identity = imported(stack, Lazy.string({ produce: () => 'Example.com' }));
    expect(saidAtSynthesis(() => dkimOf('Lazy', { identity }))).toMatch(/upper-case/);
  });

  // Today: "Cannot read properties of undefined".
  test.failing('H no identity, as JavaScript allows', () => {
    const identity = undefined as unknown as ses.IEmailIdentity;
    expect(saidAtSynthesis(() => dkimOf('nothing', { identity }))).toMatch(/^Error: identity/);
  });

  // Today: CDK synthesizes a record and a custom resource that depend on each other. CloudFormation refuses them.
  test.failing('H a record below the identity that has a name of the construct', () => {
    const identity = new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain('example.com') });
    const { dkimRecords: [{ name, value }] } = dkimOf('example.com', { identity });
    const said = saidAtSynthesis(() => new route53.CnameRecord(identity, 'Record', {
      zone: zone(stack, 'example.com'), recordName: name, domainName: value,
    }));
    expect(said || cycleIn(stack)).not.toMatch(/dependency cycle/);
  });
});

/** What is said of resources that depend on each other, if any do. */
function cycleIn(of: Stack): string {
  try {
    Template.fromStack(of);
    return '';
  } catch (error) {
    return String(error);
  }
}

test('H two domains that Lazy values give are two identities', () => {
  for (const domain of ['one.example', 'two.example']) {
    const identity = imported(stack, Lazy.string({ produce: () => domain }));
    expect(() => dkimOf(`Lazy ${domain}`, { identity })).not.toThrow();
  }
});

// Today: both are unknown when they are compared, so the second is refused as the first once more.
test.failing('H two domains that Lazy values give later are two identities', () => {
  const later: Record<string, string> = {};
  for (const key of ['one', 'two']) {
    const identity = imported(stack, Lazy.string({ produce: () => later[key] ?? 'not.known.yet' }));
    expect(() => dkimOf(`Lazy ${key}`, { identity })).not.toThrow();
  }
  for (const key of ['one', 'two']) later[key] = `${key}.example`;
  expect(saidAtSynthesis(() => undefined)).toBe('');
});

// Today: a secret that the app creates is reckoned with a name of 80 characters.
test.failing('H a policy has room for the secrets in it, whose names can have 512 characters', () => {
  const arn = `arn:aws:secretsmanager:us-east-1:111111111111:secret:${'x'.repeat(512)}-AbCdEf`;
  for (let index = 0; index < 12; index += 1) {
    const secretName = `${index}`.padEnd(512, 'x');
    const secret = new secretsmanager.Secret(stack, `Secret${index}`, { secretName });
    dkimOf(`d${index}.example.com`, { signing: byoDkim(secret) });
  }
  const sizes = Object.values(resourcesOf(stack, POLICY)).map(({ Properties: { PolicyDocument } }) =>
    JSON.stringify(PolicyDocument).replace(/\{"Ref":"Secret\w+"\}/g, JSON.stringify(arn)).length);
  expect(sizes.filter((size) => size > MAX_POLICY_SIZE)).toEqual([]);
});

// Today: the name ends in no dot, and CDK adds the zone's name once more.
test.failing('H a record of the app gets the name of a DKIM record as it is', () => {
  const { dkimRecords: [{ name, value }] } = dkimOf('example.com');
  new route53.CnameRecord(stack, 'Record', { zone: zone(stack, 'example.com'), recordName: name, domainName: value });
  const [record] = Object.values(resourcesOf(stack, 'AWS::Route53::RecordSet'));
  expect(JSON.stringify(record.Properties.Name)).not.toContain('example.com');
});
