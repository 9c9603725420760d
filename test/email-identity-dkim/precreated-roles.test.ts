// An organization that makes all roles itself (iam.Role.customizeRoles): CDK writes a report of what they need, and no
// role or policy into the template.
import { readFileSync } from 'fs';
import { join } from 'path';
import { Stack, Stage } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { withEveryKind } from './every-kind';
import { DkimFunction } from '../../src';
import { resourcesOf, mailStack, customResourceOf, statementsOf } from '../mail-stack';
import { exampleCom } from './example-com';
import { rotating, statementsOfFunction } from './rotating';

const ROLE = 'Mail/cdk-ses-dkim/Role';
const ROTATION_ROLE = 'Mail/cdk-ses-dkim/Rotation/Role';

let stack: Stack;

beforeEach(() => {
  stack = mailStack();
});

interface Report {
  readonly roles: { roleConstructPath: string; managedPolicyStatements: any[]; identityPolicyStatements: any[] }[];
}

/** The statements that the report has for the role of a function. */
function reported(path = ROLE): any[] {
  const report: Report = JSON.parse(readFileSync(join(Stage.of(stack)!.synth().directory, 'iam-policy-report.json'), 'utf8'));
  const role = report.roles.find(({ roleConstructPath }) => roleConstructPath === path)!;
  return [...role.managedPolicyStatements, ...role.identityPolicyStatements];
}

const actionsOf = (statements: any[]) => [...new Set(statements.flatMap(({ Action }) => Action))].sort();

test('G1 no role and no policy is in the template, and the function has the role that was made before', () => {
  iam.Role.customizeRoles(stack, { usePrecreatedRoles: { [ROLE]: 'dkim-role' } });
  exampleCom(undefined, stack);

  expect(Object.keys(resourcesOf(stack)).filter((id) => /IAM/.test(resourcesOf(stack)[id].Type))).toEqual([]);
  expect(customResourceOf(stack).DependsOn).toBeUndefined();
  const [{ Properties }] = Object.values(resourcesOf(stack, 'AWS::Lambda::Function'));
  expect(JSON.stringify(Properties.Role)).toContain(':role/dkim-role');
});

test.each<[string, iam.CustomizeRolesOptions]>([
  ['that were made before', { usePrecreatedRoles: { [ROLE]: 'dkim-role', [ROTATION_ROLE]: 'rotation-role', 'Mail/Role': 'x' } }],
  ['that CDK still makes, with a report beside', { preventSynthesis: false }],
])('G1 the report has every right that the function has, with roles %s', (_, options) => {
  const needed = withEveryKind(mailStack());
  const inline = Object.values(resourcesOf(needed, 'AWS::IAM::Role'))
    .flatMap(({ Properties }) => Properties.Policies ?? []).flatMap(({ PolicyDocument }) => PolicyDocument.Statement);

  iam.Role.customizeRoles(stack, options);
  withEveryKind(stack);

  expect(actionsOf(reported())).toEqual(actionsOf([...statementsOf(needed), ...inline]));
  expect(actionsOf(reported(ROTATION_ROLE))).toEqual(actionsOf(statementsOfFunction(needed, 'rotation')));
  const zone = reported().find(({ Action }) => Action === 'route53:ChangeResourceRecordSets');
  expect(zone).toMatchObject({
    Resource: 'arn:(PARTITION):route53:::hostedzone/Z0EXAMPLE',
    Condition: {
      'ForAllValues:StringLike': {
        'route53:ChangeResourceRecordSetsNormalizedRecordNames': expect.arrayContaining(
          ['*._domainkey.example.com', '*._domainkey.byo.example.com', '*._domainkey.rotating.example.com']),
      },
    },
  });
});

test('the function of rotations has the role that was made before, and no policy is in the template', () => {
  iam.Role.customizeRoles(stack, { usePrecreatedRoles: { [ROLE]: 'dkim-role', [ROTATION_ROLE]: 'rotation-role' } });
  rotating({}, undefined, stack);
  const all = resourcesOf(stack);

  expect(Object.values(all).filter(({ Type }) => /IAM/.test(Type))).toEqual([]);
  const roles = Object.values(resourcesOf(stack, 'AWS::Lambda::Function')).map(({ Properties }) => JSON.stringify(Properties.Role));
  expect(roles).toEqual([expect.stringContaining(':role/dkim-role'), expect.stringContaining(':role/rotation-role')]);
  expect(Object.values(all).flatMap(({ DependsOn }) => DependsOn ?? []).filter(id => !(id in all))).toEqual([]);
});

test.each([true, false])('G1 the report has the rights of a function in a VPC if it is in one: %p', (isInVpc) => {
  iam.Role.customizeRoles(stack, { usePrecreatedRoles: { [ROLE]: 'dkim-role' } });
  if (isInVpc) DkimFunction.configure(stack, { vpc: new ec2.Vpc(stack, 'Vpc') });
  exampleCom(undefined, stack);

  expect(actionsOf(reported()).includes('ec2:CreateNetworkInterface')).toBe(isInVpc);
});
