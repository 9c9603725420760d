// Tests of the local IAM: what policies allow, and who may assume a role.
import { Iam } from './iam';
import { PolicyStatement } from './iam-policy';

const ROLE = 'arn:aws:iam::111111111111:role/Handler';
const OTHER_ROLE = 'arn:aws:iam::222222222222:role/DnsWriter';
const ZONE = 'arn:aws:route53:::hostedzone/Z1';
const NAMES = 'route53:ChangeResourceRecordSetsNormalizedRecordNames';

const administrator = { account: '111111111111' };
const handler = { account: '111111111111', roleArn: ROLE };

function iamWith(...statements: PolicyStatement[]): Iam {
  const iam = new Iam();
  iam.putRole({ arn: ROLE, assumeRolePolicy: { Statement: [] } });
  iam.putRolePolicy(ROLE, 'policy', { Version: '2012-10-17', Statement: statements });
  return iam;
}

function allowed(iam: Iam, action: string, resource: string, context?: Record<string, string[]>): boolean {
  try {
    iam.authorize(handler, action, resource, context);
    return true;
  } catch {
    return false;
  }
}

describe('authorize', () => {
  test('an administrator may do everything', () => {
    expect(() => new Iam().authorize(administrator, 'ses:SendEmail', '*')).not.toThrow();
  });

  test('a role may do nothing that no policy allows, and the refusal names caller, action and resource', () => {
    const iam = iamWith();
    expect(() => iam.authorize(handler, 'route53:GetHostedZone', ZONE)).toThrow(expect.objectContaining({
      code: 'AccessDeniedException',
      status: 403,
      message: 'User: arn:aws:sts::111111111111:assumed-role/Handler/session is not authorized to perform: '
        + `route53:GetHostedZone on resource: ${ZONE}`,
    }));
  });

  test('an Allow counts for its actions and resources only', () => {
    const iam = iamWith({
      Effect: 'Allow', Action: ['route53:Get*', 'ROUTE53:ListResourceRecordSets'], Resource: ZONE,
    });
    expect(allowed(iam, 'route53:GetHostedZone', ZONE)).toBe(true);
    expect(allowed(iam, 'route53:ListResourceRecordSets', ZONE)).toBe(true);
    expect(allowed(iam, 'route53:ChangeResourceRecordSets', ZONE)).toBe(false);
    expect(allowed(iam, 'route53:GetHostedZone', `${ZONE}2`)).toBe(false);
  });

  test('a pattern matches its wildcards and nothing else literally', () => {
    const iam = iamWith({ Effect: 'Allow', Action: 'ses:*', Resource: 'arn:aws:ses:us-?ast-1:*:identity/a.example' });
    expect(allowed(iam, 'ses:GetEmailIdentity', 'arn:aws:ses:us-east-1:1:identity/a.example')).toBe(true);
    expect(allowed(iam, 'ses:GetEmailIdentity', 'arn:aws:ses:us-east-1:1:identity/abexample')).toBe(false);
    expect(allowed(iam, 'ses:GetEmailIdentity', 'arn:aws:ses:us-east-1:1:identity/a.example.com')).toBe(false);
  });

  test('NotAction and NotResource match all others', () => {
    const iam = iamWith({ Effect: 'Allow', NotAction: 'iam:*', NotResource: ZONE });
    expect(allowed(iam, 'route53:GetChange', 'arn:aws:route53:::change/C1')).toBe(true);
    expect(allowed(iam, 'iam:PassRole', 'arn:aws:route53:::change/C1')).toBe(false);
    expect(allowed(iam, 'route53:GetHostedZone', ZONE)).toBe(false);
  });

  test('a Deny in any policy beats every Allow', () => {
    const iam = iamWith({ Effect: 'Allow', Action: '*', Resource: '*' });
    iam.putRolePolicy(ROLE, 'guard', { Statement: { Effect: 'Deny', Action: 'route53:*', Resource: ZONE } });
    expect(allowed(iam, 'route53:GetHostedZone', ZONE)).toBe(false);
    expect(allowed(iam, 'route53:GetHostedZone', `${ZONE}2`)).toBe(true);
  });

  test('a removed policy and a deleted role allow nothing any more', () => {
    const iam = iamWith({ Effect: 'Allow', Action: '*', Resource: '*' });
    iam.removeRolePolicy(ROLE, 'policy');
    expect(allowed(iam, 'ses:SendEmail', '*')).toBe(false);

    iam.putRolePolicy(ROLE, 'policy', { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } });
    iam.deleteRole(ROLE);
    expect(allowed(iam, 'ses:SendEmail', '*')).toBe(false);
    expect(iam.hasRole(ROLE)).toBe(false);
    expect(() => iam.removeRolePolicy(ROLE, 'policy')).not.toThrow();
    expect(() => iam.putRolePolicy(ROLE, 'policy', { Statement: [] })).toThrow('Handler cannot be found');
  });

  test('a new trust leaves the role its policies', () => {
    const iam = iamWith({ Effect: 'Allow', Action: '*', Resource: '*' });
    iam.putRole({ arn: ROLE, assumeRolePolicy: { Statement: [] } });
    expect(allowed(iam, 'ses:SendEmail', '*')).toBe(true);
  });
});

describe('conditions', () => {
  const change = 'route53:ChangeResourceRecordSets';
  const holds = (condition: PolicyStatement['Condition'], context?: Record<string, string[]>) =>
    allowed(iamWith({ Effect: 'Allow', Action: change, Resource: '*', Condition: condition }), change, ZONE, context);

  test('ForAllValues asks all values of the request to match, and holds without any', () => {
    const condition = {
      'ForAllValues:StringEquals': { [NAMES]: ['a._domainkey.example.com', 'b._domainkey.example.com'] },
    };
    expect(holds(condition, { [NAMES]: ['a._domainkey.example.com'] })).toBe(true);
    expect(holds(condition, { [NAMES]: ['a._domainkey.example.com', 'www.example.com'] })).toBe(false);
    expect(holds(condition, {})).toBe(true);
  });

  test('ForAnyValue asks for one value that matches', () => {
    const condition = { 'ForAnyValue:StringLike': { [NAMES]: '*._domainkey.example.com' } };
    expect(holds(condition, { [NAMES]: ['www.example.com', 'a._domainkey.example.com'] })).toBe(true);
    expect(holds(condition, { [NAMES]: ['www.example.com'] })).toBe(false);
    expect(holds(condition, {})).toBe(false);
  });

  test('keys are compared without regard to case, values with', () => {
    expect(holds({ StringEquals: { 'SES:ReplicaRegion': 'us-west-2' } }, { 'ses:ReplicaRegion': ['us-west-2'] }))
      .toBe(true);
    expect(holds({ StringEquals: { 'ses:ReplicaRegion': 'US-WEST-2' } }, { 'ses:ReplicaRegion': ['us-west-2'] }))
      .toBe(false);
    expect(holds({
      StringEqualsIgnoreCase: { 'ses:ReplicaRegion': 'US-WEST-2' },
    }, { 'ses:ReplicaRegion': ['us-west-2'] })).toBe(true);
  });

  test('all operators and keys of a statement must hold', () => {
    const condition = { StringEquals: { a: '1', b: '2' }, ArnLike: { c: 'arn:aws:ses:*' } };
    expect(holds(condition, { a: ['1'], b: ['2'], c: ['arn:aws:ses:x'] })).toBe(true);
    expect(holds(condition, { a: ['1'], b: ['3'], c: ['arn:aws:ses:x'] })).toBe(false);
    expect(holds(condition, { a: ['1'], b: ['2'], c: ['arn:aws:sns:x'] })).toBe(false);
  });

  test('without the key a positive condition fails, a negated one and one with IfExists hold', () => {
    expect(holds({ StringEquals: { a: '1' } })).toBe(false);
    expect(holds({ StringNotEquals: { a: '1' } })).toBe(true);
    expect(holds({ StringNotEquals: { a: '1' } }, { a: ['1'] })).toBe(false);
    expect(holds({ StringEqualsIfExists: { a: '1' } })).toBe(true);
    expect(holds({ StringEqualsIfExists: { a: '1' } }, { a: ['2'] })).toBe(false);
  });

  test('Null and Bool', () => {
    expect(holds({ Null: { [NAMES]: 'false' } }, { [NAMES]: ['x'] })).toBe(true);
    expect(holds({ Null: { [NAMES]: false } })).toBe(false);
    expect(holds({ Bool: { 'aws:SecureTransport': true } }, { 'aws:SecureTransport': ['true'] })).toBe(true);
  });

  test('who calls can be asked for', () => {
    expect(holds({ ArnEquals: { 'aws:PrincipalArn': ROLE }, StringEquals: { 'aws:PrincipalAccount': '111111111111' } }))
      .toBe(true);
  });

  test('an operator that is not known is an error and not an Allow', () => {
    const iam = iamWith({
      Effect: 'Allow', Action: change, Resource: '*', Condition: { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } },
    });
    expect(() => iam.authorize(handler, change, ZONE)).toThrow("does not know the condition operator 'IpAddress'");
  });
});

describe('role trust', () => {
  const trusting = (principal: PolicyStatement['Principal'], extra: Partial<PolicyStatement> = {}) =>
    ({ Statement: [{ Effect: 'Allow' as const, Principal: principal, Action: 'sts:AssumeRole', ...extra }] });
  const mayAssume = (
    roleArn: string,
    principal: PolicyStatement['Principal'],
    own: PolicyStatement[],
    extra?: Partial<PolicyStatement>,
    externalId?: string,
  ) => {
    const iam = iamWith(...own);
    iam.putRole({ arn: roleArn, assumeRolePolicy: trusting(principal, extra) });
    try {
      iam.authorizeAssumeRole(handler, roleArn, externalId ? { 'sts:ExternalId': [externalId] } : {});
      return true;
    } catch {
      return false;
    }
  };
  const SIBLING = 'arn:aws:iam::111111111111:role/Sibling';
  const right = (resource: string): PolicyStatement => ({
    Effect: 'Allow', Action: 'sts:AssumeRole', Resource: resource,
  });

  test('in one account, trust in the caller itself is enough', () => {
    expect(mayAssume(SIBLING, { AWS: ROLE }, [])).toBe(true);
    expect(mayAssume(SIBLING, '*', [])).toBe(true);
  });

  test.each([
    ['arn:aws:iam::111111111111:root'], ['111111111111'],
  ])('trust in the account as %s needs a policy of the caller too', (account) => {
    expect(mayAssume(SIBLING, { AWS: [account] }, [])).toBe(false);
    expect(mayAssume(SIBLING, { AWS: [account] }, [right(SIBLING)])).toBe(true);
  });

  test('across accounts both sides must agree', () => {
    expect(mayAssume(OTHER_ROLE, { AWS: ROLE }, [])).toBe(false);
    expect(mayAssume(OTHER_ROLE, { AWS: ROLE }, [right(OTHER_ROLE)])).toBe(true);
    expect(mayAssume(OTHER_ROLE, { AWS: '222222222222' }, [right(OTHER_ROLE)])).toBe(false);
  });

  test('a policy of the caller is not enough without trust', () => {
    expect(mayAssume(SIBLING, { Service: 'lambda.amazonaws.com' }, [right('*')])).toBe(false);
  });

  test('a Deny of either side wins', () => {
    expect(mayAssume(SIBLING, { AWS: ROLE }, [{ Effect: 'Deny', Action: 'sts:AssumeRole', Resource: '*' }]))
      .toBe(false);
    const iam = iamWith(right('*'));
    iam.putRole({
      arn: SIBLING,
      assumeRolePolicy: {
        Statement: [...trusting('*').Statement, { Effect: 'Deny', Principal: { AWS: ROLE }, Action: 'sts:AssumeRole' }],
      },
    });
    expect(() => iam.authorizeAssumeRole(handler, SIBLING)).toThrow('not authorized to perform: sts:AssumeRole');
  });

  test('a condition of the trust must hold', () => {
    const condition = { Condition: { StringEquals: { 'sts:ExternalId': 'secret-handshake' } } };
    expect(mayAssume(SIBLING, { AWS: ROLE }, [], condition)).toBe(false);
    expect(mayAssume(SIBLING, { AWS: ROLE }, [], condition, 'secret-handshake')).toBe(true);
  });

  test('a role that is not there is refused like one that does not trust', () => {
    expect(() => iamWith(right('*')).authorizeAssumeRole(handler, OTHER_ROLE))
      .toThrow('not authorized to perform: sts:AssumeRole');
  });
});
