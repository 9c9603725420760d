// Measures the processor time of a new process: until the handler can be called, and until its first BYODKIM create is
// done. It is compared with the same code without a bundled SDK, and with the single call of AwsCustomResource.
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { AddressInfo } from 'node:net';
import { dirname, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { build } from 'esbuild';
import { cpuOf, SAY_CPU } from './cpu-of-process';
import { ACCOUNT, DOMAIN, PEM, REGION, Scene } from '../../test/end-to-end/scene';
import { NOTHING_SAID } from '../nothing-said';

export const BUNDLE = 'assets/lambda/deployment/index.js';
const ROUNDS = 21;

/** How long Route 53 takes until a change is in sync is not measured. */
const WITHOUT_PAUSES = `{
  const timers = require("node:timers/promises");
  const pause = timers.setTimeout;
  timers.setTimeout = (ms, ...rest) => pause(ms / 1000, ...rest);
}`;

/** AwsCustomResource answers to port 443 only. Here both answer without TLS. */
const withoutTls = (port: string) => `{
  const { request } = require("node:http");
  require("https").request = (options, ...rest) => request({ ...options, port: ${port} }, ...rest);
}`;

const ENVIRONMENT = { AWS_REGION: REGION, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

/** Of each round, in milliseconds from the start of the process. */
export interface StartTimes {
  readonly bundledReady: readonly number[];
  readonly unbundledReady: readonly number[];
  readonly bundledCreate: readonly number[];
  readonly unbundledCreate: readonly number[];
  readonly awsCustomResourceCall: readonly number[];
}

/** Measures all variants in turn, so that a slow moment of the machine affects all of them. */
export async function startTimes(node: string): Promise<StartTimes> {
  const unbundled = await buildUnbundled();
  const unlimited = { requestsPerSecond: 1e6 };
  const scene = await Scene.start({
    functions: 'process', // the services have to be there for other processes
    route53: { insyncAfter: 0, processingTime: 0, ...unlimited },
    ses: unlimited,
  });
  // Takes the answers to CloudFormation, and is CloudFormation: in that of the local cloud nobody has asked for these
  // resources.
  const sink = createServer((_, response) => response.end(NOTHING_SAID));
  await new Promise<void>((listening) => sink.listen(0, '127.0.0.1', listening));
  const sinkUrl = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/`;
  try {
    scene.identityExists();
    const secret = scene.secret(PEM.one);
    const create = (round: string) => ({
      RequestType: 'Create',
      RequestId: round,
      LogicalResourceId: `Dkim${round}`,
      StackId: `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/Bench/1`,
      ResponseURL: sinkUrl,
      ResourceProperties: {
        Identity: DOMAIN,
        HostedZoneId: scene.zoneId,
        Signing: { Method: 'BYODKIM', Selector: `s${round}`, SecretArn: secret },
      },
    });
    const call = {
      ...create('call'),
      ResourceProperties: {
        Create: JSON.stringify({
          service: '@aws-sdk/client-sesv2',
          action: 'PutEmailIdentityDkimSigningAttributes',
          physicalResourceId: { id: DOMAIN },
          parameters: { EmailIdentity: DOMAIN, SigningAttributesOrigin: 'AWS_SES' },
        }),
      },
    };
    const handlers = resolve(dirname(require.resolve('aws-cdk-lib')), 'custom-resource-handlers/dist/custom-resources');
    const awsCustomResource = resolve(handlers, 'aws-custom-resource-handler/index.js');
    const times: Record<keyof StartTimes, number[]> = {
      bundledReady: [], unbundledReady: [], bundledCreate: [], unbundledCreate: [], awsCustomResourceCall: [],
    };
    for (let round = 0; round < ROUNDS; round++) {
      times.bundledReady.push(await untilReady(node, resolve(BUNDLE)));
      times.unbundledReady.push(await untilReady(node, unbundled));
      times.bundledCreate.push(await untilDone(node, resolve(BUNDLE), create(`${round}a`), scene, sinkUrl));
      times.unbundledCreate.push(await untilDone(node, unbundled, create(`${round}b`), scene, sinkUrl));
      times.awsCustomResourceCall.push(await untilDone(node, awsCustomResource, call, scene, sinkUrl));
    }
    return times;
  } finally {
    rmSync(unbundled);
    sink.close();
    await scene.stop();
  }
}

/** Builds the handler without the SDK, in a place where its `require` finds the SDK in node_modules. */
async function buildUnbundled(): Promise<string> {
  const outfile = resolve('assets/unbundled.js');
  await build({
    entryPoints: ['lambda/deployment/index.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    minify: true,
    packages: 'external',
  });
  return outfile;
}

async function untilReady(node: string, file: string): Promise<number> {
  return cpuOf(node, `require(${JSON.stringify(file)}).handler; ${SAY_CPU}`, ENVIRONMENT);
}

/** From the start of the process until SES was told and CloudFormation answered. */
async function untilDone(
  node: string, file: string, event: object, scene: Scene, cloudFormation: string,
): Promise<number> {
  const { calls, clock } = scene.cloud;
  const before = calls.length;
  const context = '{ getRemainingTimeInMillis: () => 9e6, invokedFunctionArn: "" }';
  const script = `${WITHOUT_PAUSES} ${withoutTls(new URL(cloudFormation).port)} require(${JSON.stringify(file)}).handler(${JSON.stringify(event)}, ${context})
    .then(() => { ${SAY_CPU}; process.exit(); })`;
  const { accessKeyId, secretAccessKey, sessionToken } = scene.cloud.issueCredentials();
  const done = cpuOf(node, script, {
    ...ENVIRONMENT,
    ...scene.cloud.endpointEnvironment(),
    AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    NODE_PATH: resolve('node_modules'),
  });
  let isDone = false;
  const ended = done.finally(() => void (isDone = true)).catch(() => undefined);
  while (!isDone) {
    await Promise.race([ended, setTimeout(1)]); // the services run in this process too, and need time to answer
    await clock.pass(1); // so that they take one more call
  }
  const isTold = calls.slice(before).some(({ operation }) => operation === 'PutEmailIdentityDkimSigningAttributes');
  if (!isTold) throw new Error(`SES was not told by ${file}`);
  return done;
}
