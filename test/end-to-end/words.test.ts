// What a failed deployment says of a service: what it really answered, by its name, and a way out that does no harm.
// The bundle has no classes of the SDK's errors, so all that is told apart by name is shown to arrive with it.
import { Duration } from 'aws-cdk-lib';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Scene } from './scene';
import { ServiceError } from '../cloud';

const PAGE = '<html><head><title>Blocked</title></head><body><p>Ask your administrator</p></body></html>';
const RUNTIME = /Unexpected token|hidden field|UnknownError|is a fault in cdk-ses-dkim|undefined/;

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

/** The reason of a Create that fails, and how long it took, in minutes. */
async function refused(): Promise<{ reason: string; minutes: number }> {
  const began = scene.cloud.clock.now();
  const result = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one));
  expect(result.status).toMatch(/^ROLLBACK_(COMPLETE|FAILED)$/);
  expect(result.reason).not.toMatch(RUNTIME);
  const answered = scene.cloud.calls.find(({ service, at }) => service === 's3' && at > began)!;
  return { reason: result.reason!, minutes: (answered.at - began) / 60_000 };
}

function everyCallIs(service: string, operation: string, code: string, message = 'it says so', status = 400): void {
  const kind = new ServiceError(code, status, message);
  scene.cloud.faults.add({ service, operation, kind, times: 10_000 });
}

describe('an error of a service is said by its name, with its text and what to do', () => {
  test.each([
    ['ses', 'GetEmailIdentity', 'BadRequestException', /BadRequestException: it says so\. SES does not take this signing/],
    ['ses', 'GetEmailIdentity', 'NotFoundException', /SES has no identity example\.com/],
    ['ses', 'GetEmailIdentity', 'AccessDeniedException', /AccessDeniedException: it says so\. A policy, permission bound/],
    ['ses', 'GetEmailIdentity', 'TooManyRequestsException', /last answered TooManyRequestsException: it says so/],
    ['ses', 'GetEmailIdentity', 'UnrecognizedClientException', /The Region may not be enabled/],
    ['ses', 'PutEmailIdentityDkimSigningAttributes', 'NotFoundException', /NotFoundException: it says so\. The identity/],
    ['ses', 'PutEmailIdentityDkimSigningAttributes', 'NewException', /NewException: it says so\. Deploy again; if it stays/],
    ['route53', 'GetHostedZone', 'NoSuchHostedZone', /There is no hosted zone Z/],
    ['route53', 'GetHostedZone', 'AccessDenied', /The function has no access to the hosted zone Z\w+: it says so\./],
    ['route53', 'ChangeResourceRecordSets', 'InvalidInput', /Route 53 refused the change of zone Z\w+: it says so\. Look at/],
    ['route53', 'ChangeResourceRecordSets', 'PriorRequestNotComplete', /last answered PriorRequestNotComplete: it says so/],
    ['route53', 'ListResourceRecordSets', 'Throttling', /last answered Throttling: it says so/],
    ['secretsmanager', 'GetSecretValue', 'ResourceNotFoundException', /ResourceNotFoundException: it says so\. Check the ARN/],
    ['secretsmanager', 'GetSecretValue', 'InvalidRequestException', /InvalidRequestException: it says so\. A secret that is/],
    ['secretsmanager', 'GetSecretValue', 'DecryptionFailure', /DecryptionFailure: it says so\. See whether/],
    ['secretsmanager', 'GetSecretValue', 'InternalServiceError', /last answered InternalServiceError: it says so/],
  ])('%s %s: %s', async (service, operation, code, said) => {
    everyCallIs(service, operation, code);
    expect((await refused()).reason).toMatch(said);
  });

  test('STS: a role that is refused', async () => {
    everyCallIs('sts', 'AssumeRole', 'AccessDenied', 'it says so', 403);
    const role = `arn:aws:iam::${'2'.repeat(12)}:role/Dns`;
    const result = await scene.deploy('Mail', (stack) => void scene.byo('s1', scene.secrets.one, {
      hostedZoneRole: Role.fromRoleArn(stack, 'Role', role),
    })(stack));
    expect(result.reason).toMatch(/The role arn:aws:iam::222222222222:role\/Dns gives no access to the .*: it says so/);
    expect(result.reason).toMatch(/trust policy/);
    expect(result.reason).not.toMatch(/Use the id of a hosted zone/);
  });

  test('CloudFormation: what it does not say keeps no stack from being deleted, and is in the log', async () => {
    await scene.deployed('Mail', scene.easy());
    everyCallIs('cloudformation', 'DescribeStackResource', 'ValidationError');
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(scene.log().join('\n')).toMatch(/stack-unknown.*it says so/);
  });

  test('Lambda: a function that may not start itself', async () => {
    everyCallIs('lambda', 'Invoke', 'ResourceNotFoundException');
    everyCallIs('ses', 'GetEmailIdentity', 'TooManyRequestsException');
    expect((await refused()).reason).toMatch(/could not start itself again: it says so/);
  });
});

describe('what Route 53 says of a batch decides the advice', () => {
  test.each([
    ["[Tried to create resource record set [name='s1._domainkey.example.com.', type='TXT'] but it already exists]",
      /Deploy again, and the zone is read again/],
    ['[RRSet of type TXT with DNS name x. is not permitted because a conflicting RRSet of type CNAME with the same DNS name '
      + 'already exists in zone example.com.]', /see who needs it, and remove it or choose another name/],
    ['[RRSet with DNS name x. is not permitted in zone example.com.]', /pass the zone of the domain/],
    ['Invalid XML ; the TTL is not valid', /Set recordTtl/],
    ['[Number of records limit of 1000 exceeded.]', /ask AWS for a higher quota/],
    ['[The record is protected and can be changed by its service only]', /has to be changed there/],
    ['[Something else is not right]', /Look at the record that Route 53 names/],
    ["[Tried to create resource record set [name='s1._domainkey.ttl-limit.protected.example.', type='TXT'] but it already exists]",
      /Deploy again, and the zone is read again/],
    ['[RRSet with DNS name s1._domainkey.conflict.example. is not permitted in zone conflict.example.]', /pass the zone of/],
  ])('%s', async (text, advice) => {
    everyCallIs('route53', 'ChangeResourceRecordSets', 'InvalidChangeBatch', text);
    const { reason } = await refused();
    expect(reason).toContain(text);
    expect(reason).toMatch(advice);
    if (!text.includes('is protected')) expect(reason).not.toMatch(/protected or|managed by/);
    expect(reason).not.toMatch(/OVERWRITE/);
  });
});

describe('a web page in place of an answer', () => {
  test.each([
    ['ses', 'GetEmailIdentity', 403], ['ses', 'GetEmailIdentity', 200], ['ses', 'GetEmailIdentity', 404],
    ['route53', 'GetHostedZone', 403], ['route53', 'GetHostedZone', 404], ['route53', 'GetHostedZone', 302],
    ['route53', 'GetHostedZone', 200], ['secretsmanager', 'GetSecretValue', 407],
    ['route53', 'ListResourceRecordSets', 200], ['route53', 'ChangeResourceRecordSets', 200], ['route53', 'GetChange', 200],
    ['secretsmanager', 'GetSecretValue', 200], ['ses', 'PutEmailIdentityDkimSigningAttributes', 200],
  ])('of %s %s with status %d is said in words for users', async (service, operation, status) => {
    everyCallIs(service, operation, 'Any', 'any', status);
    const cloud = { ses: scene.cloud.ses, route53: scene.cloud.route53, secretsmanager: scene.cloud.secretsManager };
    const answers = cloud[service as keyof typeof cloud] as unknown as { renderError(): unknown };
    jest.spyOn(answers, 'renderError')
      .mockReturnValue({ status, headers: { 'content-type': 'text/html' }, body: PAGE });
    const { reason } = await refused();
    expect(reason).toMatch(/Something between the function and AWS answers in its place, such as a proxy or a firewall/);
    expect(reason).not.toMatch(/Blocked|administrator/);
  });
});

describe('a service that cannot be reached fails after some minutes, with the network as the cause', () => {
  test.each([
    ['ses', 'GetEmailIdentity'], ['route53', 'GetHostedZone'], ['secretsmanager', 'GetSecretValue'],
  ])('%s: each connection is cut', async (service, operation) => {
    scene.cloud.faults.add({ service, operation, kind: 'cut-before', times: 10_000 });
    const { reason, minutes } = await refused();
    expect(reason).toMatch(new RegExp(`${operation} could not reach 127\\.0\\.0\\.1 for minutes: E\\w+: .*VPC endpoint`));
    expect(minutes).toBeLessThan(6);
  });

  test('nobody listens there', async () => {
    await scene.cloud.secretsManager.stop();
    const { reason, minutes } = await refused();
    expect(reason).toMatch(/GetSecretValue could not reach 127\.0\.0\.1 for minutes: ECONNREFUSED: .*VPC endpoint/);
    expect(minutes).toBeLessThan(6);
  });

  test('one that is away for two minutes is waited for', async () => {
    scene.cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', kind: 'cut-before', times: 8 });
    await scene.deployed('Mail', scene.easy({ waitForVerification: Duration.minutes(30) }));
    expect(await scene.send()).toMatchObject({ result: 'pass' });
  });
});
