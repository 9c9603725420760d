// The rules of EventBridge by which a stack's identities are cared for every hour, without a deployment.
import { CfnResource, Lazy, Stack, Token } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { Construct, Dependable, IDependable } from 'constructs';
import { CaredIdentity, CareRequest } from './contract';

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html, less what stands beside the identities */
const INPUT_ROOM = 8192 - 350;

/** The longest values that only the deployment knows. */
const LONGEST: Readonly<Record<string, number>> = {
  Identity: 253,
  Region: 16,
  HostedZoneId: 32,
  HostedZoneRoleArn: 240,
  LogicalResourceId: 255,
  Selector: 63,
  ParentRegion: 16,
  SecretArn: 600,
  JsonField: 512,
  RecordTtl: 10,
  SecretArnForm: 7,
};

export interface Cared {
  readonly identity: CaredIdentity;
  /** Its custom resource: nobody cares before that has set the signing, or while it is deleted. */
  readonly resource: CfnResource;
}

/** What one rule is for: as many identities as its target has room for. */
interface Share {
  readonly cared: Cared[];
  readonly ready: IDependable[];
  inputRoom: number;
}

export class Care extends Construct {
  private readonly shares: Share[] = [];

  constructor(scope: Construct, id: string, private readonly functionArn: string) {
    super(scope, id);
  }

  /** @param rights of the function for the identity */
  public add(cared: Cared, rights: IDependable): void {
    const input = lengthOf(cared.identity);
    let share = this.shares.at(-1);
    if (!share || share.inputRoom < input) {
      share = { cared: [], ready: [], inputRoom: INPUT_ROOM };
      this.shares.push(share);
      this.addRule(share, this.shares.length);
    }
    share.cared.push(cared);
    share.ready.push(rights);
    share.inputRoom -= input;
  }

  private addRule(share: Share, number: number): void {
    const rule = new CfnRule(this, `Rule${number}`, {
      description: 'Retires superseded DKIM records (cdk-ses-dkim)',
      scheduleExpression: 'rate(1 hour)',
      targets: [{ id: 'Function', arn: this.functionArn, input: Lazy.string({ produce: () => this.inputFor(share) }) }],
    });
    rule.node.addDependency(dependableOf(() => [...share.ready, ...share.cared.map(({ resource }) => resource)]));
    new CfnPermission(this, `Rule${number}Permission`, {
      action: 'lambda:InvokeFunction',
      functionName: this.functionArn,
      principal: 'events.amazonaws.com',
      sourceArn: rule.attrArn,
    });
  }

  private inputFor({ cared }: Share): string {
    const stack = Stack.of(this);
    const request: CareRequest = { StackId: stack.stackId, Identities: cared.map(({ identity }) => identity) };
    return stack.toJsonString(request);
  }
}

function lengthOf(value: object): number {
  const atDeployment = (key: string, each: unknown) => Token.isUnresolved(each) ? 'x'.repeat(LONGEST[key]) : each;
  return JSON.stringify(value, atDeployment).length + ','.length;
}

/** What depends on it depends on what `find` gives when the app is synthesized. */
function dependableOf(find: () => IDependable[]): IDependable {
  const dependable: IDependable = {};
  Dependable.implement(dependable, {
    get dependencyRoots() { return find().flatMap(each => Dependable.of(each).dependencyRoots); },
  });
  return dependable;
}
