// The rules of EventBridge by which a stack's identities are cared for every hour, without a deployment.
import { CfnResource, Lazy, Stack } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { Construct, Dependable, IDependable } from 'constructs';
import { CaredIdentity, CareRequest } from './contract';
import { TargetInputs } from './target-input';

export interface Cared {
  readonly identity: CaredIdentity;
  /** Its custom resource: nobody cares before that has set the signing, or while it is deleted. */
  readonly resource: CfnResource;
}

interface Given extends Cared {
  /** Of the function for the identity. */
  readonly rights: IDependable;
}

export class Care extends Construct {
  /** One for each rule. The id of the stack stands beside the identities. The secret can be a foreign one. */
  private readonly inputs = new TargetInputs<Given>({ besides: 350, secretArn: 600 });
  private rules = 0;

  constructor(scope: Construct, id: string, private readonly functionArn: string) {
    super(scope, id);
  }

  /** @param rights of the function for the identity */
  public add(cared: Cared, rights: IDependable): void {
    this.inputs.add({ ...cared, rights }, cared.identity);
    const { lists } = this.inputs;
    for (; this.rules < lists.length; this.rules++) this.addRule(lists[this.rules], this.rules + 1);
  }

  /** @param list of the identities that it is for; more can still come */
  private addRule(list: readonly Given[], number: number): void {
    const id = `Rule${number}`;
    const rule = new CfnRule(this, id, {
      description: 'Retires superseded DKIM records (cdk-ses-dkim)',
      scheduleExpression: 'rate(1 hour)',
      targets: [{
        id: 'Function', arn: this.functionArn, input: Lazy.uncachedString({ produce: () => this.inputFor(list) }),
      }],
    });
    rule.node.addDependency(dependableOf(() => list.flatMap(({ rights, resource }) => [rights, resource])));
    new CfnPermission(this, `${id}Permission`, {
      action: 'lambda:InvokeFunction',
      functionName: this.functionArn,
      principal: 'events.amazonaws.com',
      sourceArn: rule.attrArn,
    });
  }

  private inputFor(list: readonly Given[]): string {
    const stack = Stack.of(this);
    const request: CareRequest = { StackId: stack.stackId, Identities: list.map(({ identity }) => identity) };
    return stack.toJsonString(request);
  }
}

/** What depends on it depends on what `find` gives when the app is synthesized. */
function dependableOf(find: () => IDependable[]): IDependable {
  const dependable: IDependable = {};
  Dependable.implement(dependable, {
    get dependencyRoots() { return find().flatMap(each => Dependable.of(each).dependencyRoots); },
  });
  return dependable;
}
