// An answer of CloudFormation's DescribeStackResource that says nothing of the resource. For the handler its request
// stands then.
export const NOTHING_SAID = '<DescribeStackResourceResponse><DescribeStackResourceResult><StackResourceDetail>'
  + '</StackResourceDetail></DescribeStackResourceResult></DescribeStackResourceResponse>';
