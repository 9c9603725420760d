// The properties of a resource as its template will have them, with all that aspects and overrides have changed.
import { CfnResource, Stack } from 'aws-cdk-lib';

export function renderedProperties(resource: CfnResource): { readonly [name: string]: any } {
  const { Resources } = Stack.of(resource).resolve(resource._toCloudFormation());
  return (Object.values(Resources ?? {}) as { Properties?: object }[])[0]?.Properties ?? {};
}
