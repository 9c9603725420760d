// What holds in any app, with all recommended feature flags of CDK on and with all of them off.
import { Aspects } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as cxapi from 'aws-cdk-lib/cx-api';
import {
  AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R4Checks, NIST80053R5Checks, PCIDSS321Checks,
} from 'cdk-nag';
import { SECRET_ARN, VERSION_ID, withEveryKind } from './every-kind';
import { ZONE_ROLE } from './example-com';
import { parseProperties } from '../../lambda/base/properties';
import { RESOURCE_TYPE } from '../../src/private/contract';
import { mailStack, resourcesOf, statementFor, statementsOf } from '../mail-stack';

const FLAGS: [string, { [flag: string]: unknown }][] = [
  ['feature flags off', {}], ['feature flags on', cxapi.CURRENTLY_RECOMMENDED_FLAGS],
];

const RULE_PACKS = { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R4Checks, NIST80053R5Checks, PCIDSS321Checks };

describe.each(FLAGS)('in any app, with %s', (_, context) => {
  test.each(Object.entries(RULE_PACKS))('cdk-nag finds nothing: %s', (_name, RulePack) => {
    const stack = withEveryKind(mailStack(undefined, context));
    Aspects.of(stack).add(new RulePack({ reports: false }));

    expect(Annotations.fromStack(stack).findError('*', Match.anyValue())).toEqual([]);
    expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
  });

  test("no permission is on the resource '*', and no action has a wildcard", () => {
    const stack = withEveryKind(mailStack(undefined, context));

    const statements = statementsOf(stack);
    expect(statements.length).toBeGreaterThan(5);
    expect(statements.flatMap(statement => statement.Resource)).not.toContain('*');
    expect(statements.flatMap(statement => statement.Action).filter(action => action.includes('*'))).toEqual([]);
  });

  test('no policy is inline', () => {
    const stack = withEveryKind(mailStack(undefined, context));

    expect(resourcesOf(stack, 'AWS::IAM::Policy')).toEqual({});
    const roles = Object.values(resourcesOf(stack, 'AWS::IAM::Role'));
    expect(roles.map(({ Properties }) => Properties.Policies)).toEqual([undefined, undefined]);
  });

  test('an environment-agnostic stack refers to its partition, Region and account by pseudo parameters only', () => {
    const stack = withEveryKind(mailStack({}, context));

    const [resource] = statementFor(stack, 'ses:UntagResource').Resource;
    expect(resource['Fn::Join'][1].filter((part: unknown) => typeof part === 'object')).toEqual(
      [{ Ref: 'AWS::Partition' }, { Ref: 'AWS::Region' }, { Ref: 'AWS::AccountId' }]);
    expect(Object.values(resourcesOf(stack, RESOURCE_TYPE)).map(({ Properties }) => Properties.Region)).toEqual(
      [undefined, undefined, undefined, undefined, undefined, 'eu-central-1', undefined, undefined]);
  });

  test('the handler understands every property', () => {
    const stack = withEveryKind(mailStack(undefined, context));

    const desired = Object.values(resourcesOf(stack, RESOURCE_TYPE))
      .map(({ Properties }) => parseProperties(asDelivered(Properties), 'us-east-1'));

    expect(desired).toEqual([
      {
        domain: 'example.com',
        region: 'us-east-1',
        signing: { method: 'EASY_DKIM' },
        zone: { id: 'Z0EXAMPLE', ttl: 1800, overwrite: false },
        waitSeconds: 0,
        retain: false,
      },
      {
        domain: 'byo.example.com',
        region: 'us-east-1',
        signing: {
          method: 'BYODKIM',
          selector: 's',
          secret: {
            arn: SECRET_ARN,
            jsonField: 'key',
            versionId: VERSION_ID,
          },
        },
        zone: { id: 'Z0EXAMPLE', ttl: 1800, overwrite: false },
        waitSeconds: 1800,
        retain: false,
      },
      {
        domain: 'short.example.com',
        region: 'us-east-1',
        signing: { method: 'EASY_DKIM', keyLength: 'RSA_1024_BIT' },
        waitSeconds: 0,
        retain: false,
      },
      {
        domain: 'staged.example.com',
        region: 'us-east-1',
        signing: {
          method: 'BYODKIM',
          selector: 't',
          secret: { arn: SECRET_ARN, versionStage: 'AWSPENDING' },
        },
        waitSeconds: 0,
        retain: false,
      },
      {
        domain: 'deed.example.com',
        region: 'us-east-1',
        signing: { method: 'DEED', parentRegion: 'eu-west-1' },
        waitSeconds: 0,
        retain: false,
      },
      {
        domain: 'role.example.com',
        region: 'eu-central-1',
        signing: { method: 'EASY_DKIM' },
        zone: { id: 'Z0EXAMPLE', roleArn: ZONE_ROLE, ttl: 3600, overwrite: true },
        waitSeconds: 0,
        retain: true,
      },
      {
        domain: 'rotating.example.com',
        region: 'us-east-1',
        signing: {
          method: 'ROTATING_BYODKIM',
          secretArn: KEYS_ARN,
          selectorPrefix: 'dkim',
          keyLength: 2048,
          schedule: 'cron(0 5 17 6/6 ? *)',
        },
        zone: { id: 'Z0EXAMPLE', ttl: 1800, overwrite: false },
        waitSeconds: 0,
        retain: false,
      },
      {
        domain: 'encrypted.example.com',
        region: 'us-east-1',
        signing: {
          method: 'ROTATING_BYODKIM', secretArn: KEYS_ARN, selectorPrefix: 'mail', keyLength: 1024, schedule: 'rate(30 days)',
        },
        zone: { id: 'Z0EXAMPLE', ttl: 1800, overwrite: false, overlapSeconds: 604_800 },
        waitSeconds: 0,
        retain: false,
      },
      {
        domain: 'followed.example.com',
        region: 'us-east-1',
        signing: {
          method: 'ROTATING_BYODKIM',
          secretArn: KEYS_ARN,
          selectorPrefix: 'dkim',
          keyLength: 2048,
          follows: { arn: SECRET_ARN, jsonField: 'key', selectorField: 'name' },
        },
        zone: { id: 'Z0EXAMPLE', ttl: 1800, overwrite: false },
        waitSeconds: 0,
        retain: false,
      },
    ]);
  });

  test('every property is a string, so that CloudFormation changes the type of none', () => {
    const scalars = (value: any): unknown[] => typeof value === 'object'
      ? Object.values(value).flatMap(scalars) : [value];
    const stack = withEveryKind(mailStack(undefined, context));

    const values = Object.values(resourcesOf(stack, RESOURCE_TYPE)).flatMap(({ Properties }) => scalars(Properties));

    expect(values.filter(value => typeof value !== 'string')).toEqual([]);
  });
});

const KEYS_ARN = 'arn:aws:secretsmanager:us-east-1:111111111111:secret:Keys-AbCdEf';

/**
 * The properties as CloudFormation delivers them to the handler: it turns numbers and booleans into strings, and a
 * reference to the secret into its ARN.
 */
function asDelivered(properties: any): any {
  const isScalar = (value: unknown) => typeof value === 'number' || typeof value === 'boolean';
  return JSON.parse(JSON.stringify(properties), (name, value) => {
    if (name === 'SecretArn' && value.Ref) return KEYS_ARN;
    return isScalar(value) ? String(value) : value;
  });
}
