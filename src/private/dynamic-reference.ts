// Dynamic references of CloudFormation, such as `{{resolve:ssm:/mail/domain:1}}`: synthesis has their text, and only
// the deployment has their values.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html

/** Whether the text has one in it. The colons in it are not those of an ARN, so what is left of one counts as well. */
export function hasDynamicReference(text: string): boolean {
  return text.includes('{{resolve');
}

/** What is around the references in the text. */
export function aroundDynamicReferences(text: string): string[] {
  return text.split(/\{\{resolve:[^}]*\}\}/);
}
