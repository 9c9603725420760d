// Deploys the app to the local CloudFormation and destroys it, stack by stack, and prints the progress.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { addMailStacks, addRotatingStack, MailProps } from './app';
import { expectThat } from './expectation';
import { Follower } from './follow';
import type { LocalCloud, StackResult } from '../../test/cloud';

export class Deployment {
  private readonly directory = mkdtempSync(join(tmpdir(), 'cdk-ses-dkim-demo-'));
  private assembly?: CloudAssembly;

  constructor(private readonly cloud: LocalCloud, private readonly follower: Follower) {}

  /** Gives the outputs of all stacks. */
  async deploy(props: MailProps): Promise<Readonly<Record<string, string>>> {
    const assembly = this.assembly = this.synthesized(props);
    const all: Record<string, string> = {};
    for (const { stackName } of assembly.stacks) {
      const { status, reason, outputs } = await this.deployStack(assembly, stackName);
      expectThat(`stack ${stackName} is deployed`, /^(CREATE|UPDATE)_COMPLETE$/.test(status), `${status}: ${reason}`);
      Object.assign(all, outputs);
    }
    return all;
  }

  /** Expects that the stack with the mail is rolled back. */
  async fails(props: MailProps): Promise<void> {
    const { status } = await this.deployStack(this.synthesized(props), 'Mail');
    expectThat('the deployment is rolled back', status === 'UPDATE_ROLLBACK_COMPLETE', status);
  }

  private deployStack(assembly: CloudAssembly, stackName: string): Promise<StackResult> {
    return this.follower.follow(assembly.getStackByName(stackName), () =>
      this.cloud.cloudFormation.deployAssembly(assembly, stackName));
  }

  private synthesized(props: MailProps): CloudAssembly {
    const app = new App({ outdir: mkdtempSync(join(this.directory, 'cdk.out-')), analyticsReporting: false });
    addMailStacks(app, props);
    addRotatingStack(app, props);
    return app.synth();
  }

  /** Deletes the stacks in the opposite order of the deployment. */
  async destroy(): Promise<void> {
    for (const stack of [...this.assembly?.stacks ?? []].reverse()) {
      const { stackName, environment: { region } } = stack;
      const { status, reason } = await this.follower.follow(stack, () =>
        this.cloud.cloudFormation.delete(stackName, { region }),
      );
      expectThat(`stack ${stackName} is deleted`, status === 'DELETE_COMPLETE', `${status}: ${reason}`);
    }
  }

  removeFiles(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
