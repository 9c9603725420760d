// Faults at synthesis that are known and not yet mended: kinds G (rules of organizations) and H (found too late).
//
// Each test says what must hold, and its comment says what happens today. What is wrong has to be said at synthesis, by
// an error or by a warning: a user can read both before anything is deployed.
import { PropertyInjectors, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { imported, mailStack, resourcesOf, TemplateResource } from './mail-stack';
import { EmailIdentityDkim, EmailIdentityDkimProps } from '../src';

const POLICY = 'AWS::IAM::ManagedPolicy';

let stack: Stack;

beforeEach(() => {
  stack = mailStack();
});

/** The construct for a domain. It has Easy DKIM and no zone, unless the props say otherwise. */
function dkimOf(domain: string, props: Partial<EmailIdentityDkimProps> = {}): EmailIdentityDkim {
  return new EmailIdentityDkim(stack, `Dkim of ${domain}`, { identity: imported(stack, domain), ...props });
}

/** Their logical ids. */
function policies(of = stack): string[] {
  return Object.keys(resourcesOf(of, POLICY));
}

function functionOf(of: Stack): TemplateResource {
  return Object.values(resourcesOf(of, 'AWS::Lambda::Function'))[0];
}

describe('G5 a property injector for functions', () => {
  function inject(more: () => Partial<lambda.FunctionProps>): void {
    PropertyInjectors.of(stack).add({
      constructUniqueId: lambda.Function.PROPERTY_INJECTION_ID,
      inject: (props) => ({ ...props, ...more() }),
    });
  }

  // Today: the function is in the VPC, and its role may not make the network interfaces for that.
  test.failing('G5 a function that it puts into a VPC has the rights for that', () => {
    const vpc = new ec2.Vpc(stack, 'Vpc');
    inject(() => ({ vpc }));
    dkimOf('example.com');
    expect(functionOf(stack).Properties.VpcConfig).toBeDefined();
    const rights = [resourcesOf(stack, 'AWS::IAM::Role'), resourcesOf(stack, POLICY)];
    expect(JSON.stringify(rights)).toMatch(/ec2:CreateNetworkInterface|AWSLambdaVPCAccessExecutionRole/);
  });

  // Today: they are those of a role that nobody uses.
  test.failing('G5 the policies are those of the role that it gives to the function', () => {
    const role = new iam.Role(stack, 'Given', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    inject(() => ({ role }));
    dkimOf('example.com');
    const given = stack.getLogicalId(role.node.defaultChild as iam.CfnRole);
    expect(functionOf(stack).Properties.Role).toEqual({ 'Fn::GetAtt': [given, 'Arn'] });
    const roles = Object.values(resourcesOf(stack, POLICY)).map(({ Properties }) => Properties.Roles);
    expect(roles).toEqual([[{ Ref: given }]]);
  });
});

// Today: each policy holds the identities in the order in which the app creates them.
test.failing('H the order of the constructs does not decide which policies are replaced', () => {
  const domains = Array.from({ length: 31 }, (_, index) => `d${index}.example.com`);
  const policiesOf = (ordered: string[]) => {
    stack = mailStack();
    for (const domain of ordered) dkimOf(domain);
    return policies();
  };
  expect(policiesOf([...domains].reverse()).sort()).toEqual(policiesOf(domains).sort());
});
