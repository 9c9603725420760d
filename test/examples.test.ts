// cdk-nag's AwsSolutions rules on all stacks of the examples: what they find is acknowledged where it is made, and nothing else is found.
import { App, Aspects, Stage } from 'aws-cdk-lib';
import { SynthesisMessageLevel } from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks } from 'cdk-nag';
import { addMailStacks, DOMAINS } from '../examples/demo/app';
import { addStacks } from '../examples/pipeline/app';

/** CDK Pipelines' own: roles, buckets and projects that are not for an example to mend. What the pipeline deploys is in the stacks of its stages. */
const PIPELINE = ['MailPipeline', 'MailPipeline-support-eu-west-1'];

/** By stack: what is found, and not acknowledged. */
function findings(app: App): Record<string, string[]> {
  Aspects.of(app).add(new AwsSolutionsChecks({ reports: false }));
  return Object.fromEntries(app.synth().stacksRecursively.map(({ stackName, messages }) => [
    stackName,
    messages.filter(({ level }) => level !== SynthesisMessageLevel.INFO).map(({ id, entry }) => `${id}: ${String(entry.data)}`),
  ]));
}

/** An example that makes its app when it is loaded: the app, before it is synthesized. */
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

test('the demo', () => {
  const app = new App();
  addMailStacks(app, { zoneIds: Object.fromEntries(Object.values(DOMAINS).map((domain) => [domain, 'Z0EXAMPLE'])), selector: 'spring' });
  expect(findings(app)).toEqual({ Parent: [], Mail: [] });
});

test('the app that is the same in four languages', () => {
  expect(findings(appOf('../examples/typescript/app'))).toEqual({ Mail: [], Replica: [] });
});

test('the pipeline, without the stacks that CDK Pipelines makes for itself', () => {
  const app = new App();
  addStacks(app, 'Z0EXAMPLE');
  const found = findings(app);
  const [ofPipeline, ofOthers] = [true, false].map((own) => Object.entries(found).filter(([stackName]) => PIPELINE.includes(stackName) === own));
  expect(Object.fromEntries(ofOthers)).toEqual({ 'MailDnsRole': [], 'Primary-Mail': [], 'Replica-Mail': [] });
  expect(String(ofPipeline)).toContain('AwsSolutions-'); // or else nothing is found because nothing is looked at
});
