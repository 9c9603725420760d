// What a caller has to acknowledge before CloudFormation makes IAM resources of a template.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
import { Template, TemplateResource } from './stack';

/** The property that gives an IAM resource a name of its maker's choice. */
const NAMED_BY: Record<string, string> = {
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::IAM::Role': 'RoleName',
};

export function requiredCapability({ Resources }: Template): 'CAPABILITY_IAM' | 'CAPABILITY_NAMED_IAM' | undefined {
  const resources = Object.values(Resources);
  const isNamed = ({ Type, Properties = {} }: TemplateResource) => NAMED_BY[Type] && NAMED_BY[Type] in Properties;
  if (resources.some(isNamed)) return 'CAPABILITY_NAMED_IAM';
  return resources.some(({ Type }) => Type.startsWith('AWS::IAM::')) ? 'CAPABILITY_IAM' : undefined;
}
