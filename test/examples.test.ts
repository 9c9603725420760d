// Runs the AwsSolutions rules of cdk-nag on the examples. They find nothing that is not acknowledged.
import { App, Aspects, Stage } from 'aws-cdk-lib';
import { SynthesisMessageLevel } from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks } from 'cdk-nag';
import { addMailStacks, DOMAINS } from '../examples/demo/app';
import { addStacks } from '../examples/pipeline/app';

/**
 * Stacks with roles, buckets and projects of CDK Pipelines, which an example cannot change. The stages have
 * stacks of their own.
 */
const PIPELINE = ['MailPipeline', 'MailPipeline-support-eu-west-1'];

/** The findings of each stack that are not acknowledged. */
function findings(app: App): Record<string, string[]> {
  Aspects.of(app).add(new AwsSolutionsChecks({ reports: false }));
  return Object.fromEntries(app.synth().stacksRecursively.map(({ stackName, messages }) => [
    stackName,
    messages
      .filter(({ level }) => level !== SynthesisMessageLevel.INFO)
      .map(({ id, entry }) => `${id}: ${String(entry.data)}`),
  ]));
}

/** The app of an example that creates its app when it is loaded, before synthesis. */
function appOf(example: string): App {
  jest.doMock('cdk-ses-dkim', () => jest.requireActual('../src'), { virtual: true });
  const synth = jest.spyOn(Stage.prototype, 'synth').mockReturnValue(undefined as never);
  try {
    jest.requireActual(example);
    return synth.mock.contexts[0] as App;
  } finally {
    synth.mockRestore();
  }
}

test('cdk-nag finds nothing in the demo', () => {
  const app = new App();
  addMailStacks(app, {
    zoneIds: Object.fromEntries(Object.values(DOMAINS).map((domain) => [domain, 'Z0EXAMPLE'])),
    selector: 'spring',
  });
  expect(findings(app)).toEqual({ Parent: [], Mail: [] });
});

test('cdk-nag finds nothing in the example app that exists in four languages', () => {
  expect(findings(appOf('../examples/typescript/app'))).toEqual({ Mail: [], Replica: [] });
});

test('cdk-nag finds nothing in the pipeline example, except in the stacks of CDK Pipelines itself', () => {
  const app = new App();
  addStacks(app, 'Z0EXAMPLE');
  const found = findings(app);
  const [ofPipeline, ofOthers] = [true, false].map((own) =>
    Object.entries(found).filter(([stackName]) => PIPELINE.includes(stackName) === own),
  );
  expect(Object.fromEntries(ofOthers)).toEqual({ 'MailDnsRole': [], 'Primary-Mail': [], 'Replica-Mail': [] });
  expect(String(ofPipeline)).toContain('AwsSolutions-'); // proves that cdk-nag has run
});
