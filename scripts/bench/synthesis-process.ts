// Measures the processor time of a whole `cdk synth` as its user has it: a new process that loads CDK and the library,
// and synthesizes one app. What is compiled is measured, as it is in the package.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cpuOf, SAY_CPU } from './cpu-of-process';

const ROUNDS = 21;
const MANY = 150;

const BEGIN = `
  const { App, Stack } = require('aws-cdk-lib');
  const stack = new Stack(new App({ outdir: process.env.OUTDIR, analyticsReporting: false }), 'Mail', {
    env: { account: '111111111111', region: 'us-east-1' },
  });`;
const END = `stack.node.root.synth(); ${SAY_CPU}`;

/** Each sets how SES signs so many identities, which exist already. */
const WITH: Record<string, (identities: number) => string> = {
  'cdk-ses-dkim': (identities) => `
    const ses = require('aws-cdk-lib/aws-ses');
    const { PublicHostedZone } = require('aws-cdk-lib/aws-route53');
    const { EmailIdentityDkim } = require(${JSON.stringify(resolve('.'))});
    const hostedZone = PublicHostedZone.fromPublicHostedZoneAttributes(stack, 'Zone', {
      hostedZoneId: 'Z0123456789ABCDEFGHIJ', zoneName: 'example.com',
    });
    for (let number = 1; number <= ${identities}; number++) {
      const identity = ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity' + number, 'mail' + number + '.example.com');
      new EmailIdentityDkim(stack, 'Dkim' + number, { identity, hostedZone });
    }`,
  'AwsCustomResource': (identities) => `
    const cr = require('aws-cdk-lib/custom-resources');
    for (let number = 1; number <= ${identities}; number++) {
      const domain = 'mail' + number + '.example.com';
      new cr.AwsCustomResource(stack, 'Dkim' + number, {
        onUpdate: {
          service: 'SESv2',
          action: 'PutEmailIdentityDkimSigningAttributes',
          parameters: { EmailIdentity: domain, SigningAttributesOrigin: 'AWS_SES' },
          physicalResourceId: cr.PhysicalResourceId.of(domain),
        },
        policy: cr.AwsCustomResourcePolicy.fromSdkCalls({
          resources: [stack.formatArn({ service: 'ses', resource: 'identity', resourceName: domain })],
        }),
        installLatestAwsSdk: false,
      });
    }`,
};

/** Milliseconds of each round. */
export interface ProcessTimes {
  readonly empty: readonly number[];
  readonly one: Readonly<Record<string, readonly number[]>>;
  readonly many: Readonly<Record<string, readonly number[]>>;
}

/** All in turn, so that a slow moment of the machine affects all of them. */
export async function processTimes(): Promise<ProcessTimes> {
  const outdir = mkdtempSync(join(tmpdir(), 'bench-'));
  const measured = (build: string) => cpuOf(process.execPath, `${BEGIN} ${build}; ${END}`, {
    NODE_PATH: resolve('node_modules'), OUTDIR: outdir,
  });
  const names = Object.keys(WITH);
  const none = () => Object.fromEntries(names.map((name): [string, number[]] => [name, []]));
  const times = { empty: [] as number[], one: none(), many: none() };
  for (let round = 0; round < ROUNDS; round++) {
    times.empty.push(await measured(''));
    for (const name of names) {
      times.one[name].push(await measured(WITH[name](1)));
      times.many[name].push(await measured(WITH[name](MANY)));
    }
  }
  rmSync(outdir, { recursive: true });
  return times;
}
