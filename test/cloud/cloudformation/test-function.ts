// A function for tests of CloudFormation: a custom resource that does what its properties say, and
// the resources around it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCloud } from '..';
import { StackResult, Template, TemplateResource } from './stack';

/** What to do on Create, Update or Delete. */
type Behaviour =
  | 'SUCCESS'
  | 'FAILED'
  /** No answer at all. */
  | 'SILENT'
  /** Answers with a content type, and when that is refused without. */
  | 'TYPED_FIRST'
  /** More than 4096 bytes. */
  | 'LONG'
  /** For another request. */
  | 'MISMATCH'
  /** Not JSON. */
  | 'GARBAGE'
  /** Tries again when the PUT fails. */
  | 'RETRIES';

const CODE = `
  const timers = require('node:timers/promises');
  exports.handler = async (event) => {
    const { ResourceProperties: properties, RequestType: type } = event;
    const behaviour = properties['On' + type] ?? 'SUCCESS';
    if (behaviour === 'SILENT') return;
    const { StackId, RequestId, LogicalResourceId } = event;
    const answer = {
      Status: behaviour === 'FAILED' ? 'FAILED' : 'SUCCESS',
      Reason: 'the test wants it',
      PhysicalResourceId: properties.Id ?? event.PhysicalResourceId ?? 'made-' + LogicalResourceId,
      StackId, RequestId: behaviour === 'MISMATCH' ? 'another' : RequestId, LogicalResourceId,
      Data: { Echo: properties.Value ?? '', Long: behaviour === 'LONG' ? 'x'.repeat(5000) : '' },
    };
    const body = Buffer.from(behaviour === 'GARBAGE' ? 'oops' : JSON.stringify(answer));
    const put = (headers) => fetch(event.ResponseURL, { method: 'PUT', headers, body });
    if (behaviour === 'TYPED_FIRST') await put({ 'content-type': 'application/json' });
    for (;;) {
      try {
        const { status } = await put();
        if (status === 200 || behaviour !== 'RETRIES') return;
      } catch (error) {
        if (behaviour !== 'RETRIES') throw error;
      }
      await timers.setTimeout(1000);
    }
  };
`;

/** A directory with the code, for `DeployRequest.assetDirectory`; it goes when the tests around it are done. */
export function functionAssets(code = CODE): string {
  const directory = mkdtempSync(join(tmpdir(), 'cloudformation-'));
  mkdirSync(join(directory, 'code'));
  writeFileSync(join(directory, 'code', 'index.js'), code);
  afterAll(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** The function and its role. */
export const FUNCTION_RESOURCES: Record<string, TemplateResource> = {
  Role: {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
      },
    },
  },
  Function: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Code: { S3Bucket: 'assets', S3Key: 'code.zip' },
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Timeout: 900,
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
    },
  },
};

export interface CustomProperties {
  readonly OnCreate?: Behaviour;
  readonly OnUpdate?: Behaviour;
  readonly OnDelete?: Behaviour;
  /** The physical id to answer. */
  readonly Id?: unknown;
  readonly Value?: unknown;
  readonly [other: string]: unknown;
}

export function custom(
  properties: CustomProperties = {}, attributes: Partial<TemplateResource> = {},
): TemplateResource {
  return {
    Type: 'Custom::Thing', Properties: { ServiceToken: { 'Fn::GetAtt': 'Function.Arn' }, ...properties }, ...attributes,
  };
}

/** A template with the function and these resources. */
export function templateWith(resources: Record<string, TemplateResource>, sections: Partial<Template> = {}): Template {
  return { Resources: { ...FUNCTION_RESOURCES, ...resources }, ...sections };
}

/** The custom-resource events so far, such as `Update Thing id=old Value=1`. */
export function requests(cloud: LocalCloud): string[] {
  return cloud.lambda.invocations.map(({ event }) => {
    const { RequestType, LogicalResourceId, PhysicalResourceId, ResourceProperties, OldResourceProperties } =
      JSON.parse(event);
    const old = OldResourceProperties ? ` was=${OldResourceProperties.Value ?? ''}` : '';
    const value = ResourceProperties.Value ?? '';
    return `${RequestType} ${LogicalResourceId} id=${PhysicalResourceId ?? ''} value=${value}${old}`;
  });
}

/** The stack's events of these resources, such as `Thing CREATE_COMPLETE`. */
export function happened({ events }: StackResult, ...logicalIds: string[]): string[] {
  return events.filter(({ logicalId }) => logicalIds.includes(logicalId)).map(({ logicalId, status }) =>
    `${logicalId} ${status}`);
}

/** The reason of the first event of that kind. */
export function reasonOf({ events }: StackResult, logicalId: string, status: string): string | undefined {
  return events.find((event) => event.logicalId === logicalId && event.status === status)?.reason;
}

/** The stack's own course. */
export function stackStatuses({ events }: StackResult): string[] {
  return events.filter(({ type }) => type === 'AWS::CloudFormation::Stack').map(({ status }) => status);
}
