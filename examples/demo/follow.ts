// Prints the progress while a stack is deployed or deleted, and of functions that are called otherwise.
import type { CloudFormationStackArtifact } from 'aws-cdk-lib/cx-api';
import { printProgress } from './print';
import { Decision, describeDecision, describeEvent } from './progress';
import type { LocalCloud, StackEvent, StackResult } from '../../test/cloud';

export class Follower {
  /** How many log lines of each function have been printed. */
  private readonly linesTold = new Map<string, number>();
  /** The last text of each subject. The handler asks SES many times for a status that stays the same. */
  private readonly lastTold = new Map<string, string>();

  constructor(private readonly cloud: LocalCloud) {}

  async follow(stack: CloudFormationStackArtifact, operation: () => Promise<StackResult>): Promise<StackResult> {
    const { stackName, environment: { region } } = stack;
    const domains = domainsByLogicalId(stack);
    const subjectOf = (logicalId = '') => domains.get(logicalId) ?? stackName;
    const eventsNow = () => this.cloud.cloudFormation.eventsNow(stackName, { region });
    const eventsBefore = eventsNow().length;
    let eventsTold = 0;
    const tell = (events: readonly StackEvent[]) => {
      // Decisions first: an event reports the end of the work that they belong to.
      for (const decision of this.newDecisions()) {
        this.tell(subjectOf(decision.logicalResourceId), describeDecision(decision));
      }
      for (const event of events.slice(eventsTold)) this.tell(subjectOf(event.logicalId), describeEvent(event));
      eventsTold = Math.max(eventsTold, events.length);
    };
    const stop = this.cloud.clock.watch(() => tell(eventsNow().slice(eventsBefore)));
    const result = await operation().finally(stop);
    if (result.changed) tell(result.events);
    else this.tell(stackName, 'nothing to change');
    return result;
  }

  /** Prints what functions decide, outside of a deployment. */
  async followFunctions<T>(subject: string, operation: () => Promise<T>): Promise<T> {
    const tell = () => this.newDecisions().forEach((decision) => this.tell(subject, describeDecision(decision)));
    const stop = this.cloud.clock.watch(tell);
    const result = await operation().finally(stop);
    tell();
    return result;
  }

  private tell(subject: string, text: string | undefined): void {
    if (!text || this.lastTold.get(subject) === text) return;
    this.lastTold.set(subject, text);
    printProgress(this.cloud.clock.date(), subject, text);
  }

  private newDecisions(): Decision[] {
    return this.cloud.lambda.functionNames().flatMap((name) => {
      const lines = this.cloud.lambda.logs(name);
      const news = lines.slice(this.linesTold.get(name));
      this.linesTold.set(name, lines.length);
      // A decision is a line of JSON. Other lines, such as the reason of a crash, are no decisions.
      return news.filter((line) => line.startsWith('{"decision":')).map((line): Decision => JSON.parse(line));
    });
  }
}

/** The domain of each resource that has one. */
function domainsByLogicalId({ template }: CloudFormationStackArtifact): Map<string, string> {
  const resources: [string, { Properties?: { Identity?: string; EmailIdentity?: string } }][] = Object.entries(
    template.Resources,
  );
  return new Map(resources.flatMap(([logicalId, { Properties }]) => {
    const domain = Properties?.Identity ?? Properties?.EmailIdentity;
    return domain ? [[logicalId, domain]] : [];
  }));
}
