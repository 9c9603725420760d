// The code of the function is the asset that CDK would make of the folder.
import { readFileSync } from 'fs';
import { App, Stack } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { ASSET_RESOURCE_METADATA_ENABLED_CONTEXT } from 'aws-cdk-lib/cx-api';
import { handlerAsset } from '../../src/private/handler-asset';
import { HandlerCode } from '../../src/private/handler-code';

/** The template, and what is to be uploaded. */
function assemblyWith(code: Code, context: Record<string, unknown>) {
  const app = new App({ context });
  new LambdaFunction(new Stack(app, 'Mail'), 'Handler', { code, handler: 'index.handler', runtime: Runtime.NODEJS_24_X });
  const assembly = app.synth();
  const uploads: unknown = JSON.parse(readFileSync(`${assembly.directory}/Mail.assets.json`, 'utf8'));
  return { template: assembly.getStackByName('Mail').template as unknown, uploads };
}

test.each([true, false])('as Code.fromAsset makes it, with metadata %s', (metadata) => {
  const context = { [ASSET_RESOURCE_METADATA_ENABLED_CONTEXT]: metadata };
  const asset = assemblyWith(new HandlerCode(), context);
  expect(asset).toEqual(assemblyWith(Code.fromAsset(handlerAsset()), context));
  expect(JSON.stringify(asset.template).includes('aws:asset:path')).toBe(metadata);
});
