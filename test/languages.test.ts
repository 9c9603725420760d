// Checks what counts as a difference between the templates of the same app in two languages.
import { problemsOf } from '../scripts/languages/documents';
import { differences, Template, Templates } from '../scripts/languages/templates';

const FUNCTION = {
  Type: 'AWS::Lambda::Function',
  Properties: { Code: { S3Key: 'abc.zip' }, Layers: ['one'] },
  Metadata: { 'aws:asset:path': 'asset.abc' },
};

function mail(resources: Template['Resources'], sections: Record<string, unknown> = {}): Templates {
  return { Mail: { Resources: resources, ...sections } };
}

test('equal templates have no differences', () => {
  expect(differences(mail({ Function: FUNCTION }), mail({ Function: structuredClone(FUNCTION) }))).toEqual([]);
});

test('the path of an asset and the library versions that CDK reports are no differences', () => {
  const other = { ...FUNCTION, Metadata: { 'aws:asset:path': '/elsewhere/asset.abc' } };
  const metadata = { Type: 'AWS::CDK::Metadata', Properties: { Analytics: 'jsii' } };
  const withMetadata = mail({ Function: other, CDKMetadata: metadata }, { Conditions: { CDKMetadataAvailable: true } });
  expect(differences(mail({ Function: FUNCTION }), withMetadata)).toEqual([]);
});

test('another acknowledged finding is a difference', () => {
  const policy = (reason: string) => ({
    Policy: {
      Type: 'AWS::IAM::ManagedPolicy',
      Metadata: { cdk_nag: { rules_to_suppress: [{ id: 'AwsSolutions-IAM5', reason }] } },
    },
  });
  expect(differences(mail(policy('one')), mail(policy('two'))))
    .toEqual(['/Mail/Resources/Policy/Metadata/cdk_nag/rules_to_suppress/0/reason: "one", "two"']);
});

test('other code of the function is a difference, and is reported with its place and both values', () => {
  const other = { ...FUNCTION, Properties: { ...FUNCTION.Properties, Code: { S3Key: 'def.zip' } } };
  expect(differences(mail({ Function: FUNCTION }), mail({ Function: other })))
    .toEqual(['/Mail/Resources/Function/Properties/Code/S3Key: "abc.zip", "def.zip"']);
});

test('an item, resource, section or stack that is missing or additional is a difference', () => {
  const shorter = { ...FUNCTION, Properties: { ...FUNCTION.Properties, Layers: [] } };
  expect(differences(mail({ Function: FUNCTION }), mail({ Function: shorter }))).toEqual([
    '/Mail/Resources/Function/Properties/Layers/0: "one", undefined',
  ]);
  expect(differences(mail({}), mail({ Function: FUNCTION }))[0]).toMatch('/Mail/Resources/Function: undefined, {');
  expect(differences(mail({}, { Outputs: {} }), mail({}))).toEqual(['/Mail/Outputs: {}, undefined']);
  expect(differences(mail({}), {})).toEqual(['/Mail: {"Resources":{}}, undefined']);
});

test('a README with an example in TypeScript is reported, and so is one without an example in its language', () => {
  const document = { name: 'README', example: 'EmailIdentityDkim(self, "Dkim",' };
  expect(problemsOf(document, '```python\nEmailIdentityDkim(self, "Dkim",\n```')).toEqual([]);
  expect(problemsOf(document, "```python\nnew EmailIdentityDkim(this, 'Dkim', { identity });\n```")).toEqual([
    'README: no example with "EmailIdentityDkim(self, \\"Dkim\\","', 'README: an example in TypeScript',
  ]);
  expect(problemsOf({ name: 'comment', example: '' }, 'DkimSigning.byoDkim({ selector })')).toEqual(['comment: an example in TypeScript']);
});
